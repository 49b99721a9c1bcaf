import unicodedata

import pytest

from word2vec import tokenize
from word2vec.corpus import TokenizedLines


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        (" \n\t ", []),
        ("The cat, the CAT. The cat?", ["the", "cat", "the", "cat", "the", "cat"]),
        ("don't o'clock's", ["don't", "o'clock's"]),
        ("don\u2019t", ["don't"]),
        ("'tis the players' 'best'", ["tis", "the", "players", "best"]),
        ("rock 'n' roll ''", ["rock", "n", "roll"]),
        ("well-known \u2014 or not\u2026", ["well", "known", "or", "not"]),
        ("snake_case __init__", ["snake", "case", "init"]),
        ("1,000 at 3.50!", ["1", "000", "at", "3", "50"]),
        ("Caf\u00e9 na\u00efve \u00dcBER", ["caf\u00e9", "na\u00efve", "\u00fcber"]),
        ("\u041f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440!", ["привет", "мир"]),
        ("\u0939\u093f\u0928\u094d\u0926\u0940 \u092e\u0947\u0902", ["हिन्दी", "में"]),
        (
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
            ["\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"],
        ),
        ("\u6771\u4eac", ["東京"]),
        ("\U0001f600 fun \u2122", ["fun"]),
    ],
)
def test_text_is_divided_into_these_words(text, words):
    assert tokenize(text) == words


def test_composed_and_decomposed_accents_are_the_same_word():
    text = "\u00e9t\u00e9 \u1e69"
    assert tokenize(unicodedata.normalize("NFD", text)) == tokenize(text)


def test_words_are_left_as_they_are_by_tokenizing_again():
    words = tokenize("The caf\u00e9\u2019s well-known \u0130stanbul cat didn't pay $3.50!")
    assert tokenize(" ".join(words)) == words


@pytest.mark.parametrize("text", [None, ["a b"], b"a b", 3])
def test_what_is_no_text_is_refused_with_the_cure(text):
    with pytest.raises(TypeError, match=r"text must be a str. Got .* \[tokenize\(text\) for text"):
        tokenize(text)


def test_lines_of_a_file_are_tokenized_again_and_again(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("The cat, the dog.\n\n\u201cDon\u2019t!\u201d\n", encoding="utf-8")
    lines = TokenizedLines(path)
    assert list(lines) == list(lines) == [["the", "cat", "the", "dog"], [], ["don't"]]


def test_line_that_is_no_text_is_named(tmp_path):
    path = tmp_path / "text.txt"
    path.write_bytes(b"good\nb\xe4d\n")
    with pytest.raises(ValueError, match=r"text\.txt, line 2: .* is not UTF-8"):
        list(TokenizedLines(path))
