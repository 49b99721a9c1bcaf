"""Joined text and sentences are what plain Python says, which is written out here."""

import bz2
import gzip
import itertools
import lzma
import sys

import numpy as np
import pytest

from word2vec import Phrases
from word2vec.corpus import joining
from word2vec.corpus.joining import Joiner
from word2vec.corpus.sentences import split_lines

COMPRESS = {".txt": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}
DELIMITERS = ["_", "", "+-", "·", " ", "\t", "a\0b", "\u2003"]
# Alike in their first eight bytes, of several bytes a character, with white space of Unicode only.
WORDS = [
    "a",
    "b",
    "wordwordA",
    "wordwordB",
    "ä",
    "über",
    "\U0001f600",
    "c\xa0d",
    "x" * 40,
    "e\x1cf",
]
INNER = ["of", "the", "in-between"]
SPACES = [" ", " ", " ", "  ", "\t", " \t ", "\v", "\f"]


def random_phrases(rng):
    """Two words each, some with inner words between them."""
    phrases = set()
    for _ in range(25):
        first, last = rng.choice(WORDS, 2)
        inner = rng.choice(INNER, rng.choice([0, 0, 0, 1, 2, 3])).tolist()
        phrases.add((str(first), *inner, str(last)))
    return sorted(phrases)


def random_sentences(rng):
    words = np.array(WORDS * 2 + INNER)
    return [rng.choice(words, rng.choice([0, 1, 5, 30])).tolist() for _ in range(30)]


def reference_joined(sentence, phrases):
    """From left to right, the phrase that begins at each word that is still free."""
    joined, place = [], 0
    while place < len(sentence):
        found = [p for p in phrases if tuple(sentence[place : place + len(p)]) == p]
        joined.append(phrases[found[0]] if found else sentence[place])
        place += len(found[0]) if found else 1
    return joined


def written(rng, sentences, spaces):
    lines = ["".join(w + str(rng.choice(spaces)) for w in sentence) for sentence in sentences]
    return "".join(str(rng.choice(["", spaces[-1]])) + line + "\n" for line in lines).encode()


@pytest.mark.parametrize("delimiter", DELIMITERS, ids=ascii)
@pytest.mark.parametrize("spaces", [[" "], SPACES], ids=["single spaces", "all white space"])
@pytest.mark.parametrize("seed", range(5))
def test_text_and_sentences_are_joined_as_by_the_reference(
    tmp_path, monkeypatch, seed, spaces, delimiter
):
    rng = np.random.default_rng(seed)
    phrases = {words: delimiter.join(words) for words in random_phrases(rng)}
    sentences = random_sentences(rng)
    expected = [reference_joined(sentence, phrases) for sentence in sentences]
    assert expected != sentences
    joiner = Joiner(phrases, delimiter)
    assert list(joiner.join_sentences([list(sentence) for sentence in sentences])) == expected
    path = tmp_path / "text.txt"
    path.write_bytes(written(rng, sentences, spaces))
    assert list(joiner.join_text(path)) == expected
    monkeypatch.setattr("word2vec.corpus.textfile.PIECE_BYTES", 50)
    assert list(joiner.join_text(path)) == expected


@pytest.mark.parametrize("suffix", COMPRESS)
def test_compressed_text_is_joined_as_plain_text(tmp_path, suffix):
    rng = np.random.default_rng(1)
    phrases = {words: "_".join(words) for words in random_phrases(rng)}
    sentences = random_sentences(rng)
    path = tmp_path / f"text{suffix}"
    path.write_bytes(COMPRESS[suffix](written(rng, sentences, [" "]) + b"\r\nend"))
    joined = list(Joiner(phrases, "_").join_text(path))
    assert joined == [reference_joined(sentence, phrases) for sentence in sentences] + [[], ["end"]]


def test_words_that_all_share_one_id_are_told_apart(tmp_path, monkeypatch):
    monkeypatch.setattr(joining, "_MULTIPLIERS", np.zeros(2, np.uint64))
    rng = np.random.default_rng(2)
    phrases = {words: "_".join(words) for words in random_phrases(rng)}
    sentences = random_sentences(rng)
    expected = [reference_joined(sentence, phrases) for sentence in sentences]
    (tmp_path / "text").write_bytes(written(rng, sentences, [" "]))
    joiner = Joiner(phrases, "_")
    assert list(joiner.join_text(tmp_path / "text")) == expected
    assert list(joiner.join_sentences(sentences)) == expected


def test_phrase_does_not_reach_over_the_end_of_a_sentence(tmp_path):
    joiner = Joiner({("a", "b"): "a_b", ("a", "of", "b"): "a_of_b"}, "_")
    sentences = [["a"], ["b", "a", "of"], ["b", "a"], [], ["b", "a"]]
    (tmp_path / "text").write_text("\n".join(map(" ".join, sentences)))
    assert list(joiner.join_text(tmp_path / "text")) == sentences
    assert list(joiner.join_sentences([list(s) for s in sentences])) == sentences


def test_words_with_white_space_in_them_are_no_phrase_in_text(tmp_path):
    odd = {
        ("a b", "c"): "1",
        ("a", ""): "2",
        ("", "c"): "3",
        ("a b", ""): "4",
        ("", "\t", "a"): "5",
    }
    joiner = Joiner(odd | {("d", "e"): "6"}, "_")
    (tmp_path / "text").write_text("a b c\n a  c \nd e\n")
    assert list(joiner.join_text(tmp_path / "text")) == [["a", "b", "c"], ["a", "c"], ["d_e"]]
    assert list(joiner.join_sentences([["a b", "c"], ["a", "", "c"]])) == [["1"], ["2", "c"]]


def test_chain_of_phrases_is_joined_two_by_two(tmp_path):
    joiner = Joiner({("a", "a"): "a_a"}, "_")
    for length in range(8):
        expected = ["a_a"] * (length // 2) + ["a"] * (length % 2)
        assert list(joiner.join_sentences([["a"] * length])) == [expected]
        (tmp_path / "text").write_text(" ".join(["a"] * length) + "\n")
        assert list(joiner.join_text(tmp_path / "text")) == [expected]


def test_without_phrases_nothing_is_joined(tmp_path):
    (tmp_path / "text").write_text("a b\n\nc\n")
    assert list(Joiner({}, "_").join_text(tmp_path / "text")) == [["a", "b"], [], ["c"]]
    assert list(Joiner({}, "_").join_sentences([["a", "b"], []])) == [["a", "b"], []]


def test_sentences_of_the_caller_are_left_as_they_were():
    sentences = [["a", "b"], ["c"]]
    phrases = Phrases([["a", "b"]] * 3, min_count=1, threshold=1e-9)
    for sentence in phrases.apply(sentences):
        sentence.append("more")
    assert sentences == [["a", "b"], ["c"]]


def test_second_pass_over_text_is_that_over_its_sentences(tmp_path):
    rng = np.random.default_rng(3)
    sentences = [rng.choice(["a", "b", "c", "of"], 12).tolist() for _ in range(60)]
    (tmp_path / "text").write_text("\n".join(map(" ".join, sentences)))
    options = {"min_count": 2, "threshold": 0.02, "connector_words": {"of"}}
    texts = []
    for corpus in (tmp_path / "text", sentences):
        first = Phrases(corpus, **options)
        second = Phrases(first.apply(corpus), **options)
        texts.append(list(second.apply(first.apply(corpus))))
    assert texts[0] == texts[1]
    assert max(word.count("_") for word in itertools.chain.from_iterable(texts[0])) > 1


def test_lines_are_split_at_ascii_white_space_whatever_else_they_hold():
    odd = [c for c in map(chr, range(sys.maxunicode + 1)) if c.isspace()]
    for space in odd:
        text = f"a{space}b c\n\nd".encode()
        expected = [[w.decode() for w in line.split()] for line in text.split(b"\n")]
        assert list(split_lines(text)) == expected
