"""Every word has one number, whatever its length and its neighbors in the table."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from word2vec.corpus import keytable
from word2vec.corpus.wordtable import PackedWords, WordTable

# At, below and above the lengths at which words are packed in another way; words that begin alike.
LENGTHS = [1, 2, 7, 8, 9, 15, 16, 17, 23, 24, 25, 40]
WORDS = [letter * length for letter in (b"a", b"b", "\u00e4".encode()) for length in LENGTHS]
SPACES = [b" ", b"\t", b"\r", b"\v", b"\f", b"  ", b"\n", b"\n\n", b" \n "]


def random_text(rng, num_words):
    words, spaces = rng.integers(len(WORDS), size=num_words), rng.integers(9, size=num_words)
    return b"".join(SPACES[s] + WORDS[w] for w, s in zip(words, spaces, strict=True))


@pytest.mark.parametrize("seed", range(10))
def test_numbers_stand_for_the_words_that_splitting_gives(seed):
    rng = np.random.default_rng(seed)
    table = WordTable()
    for _ in range(3):
        text = random_text(rng, 200)
        tokens, lengths = table.number(PackedWords.of(text))
        assert [table.words()[token] for token in tokens] == text.split()
        assert lengths.tolist() == [len(line.split()) for line in text.split(b"\n")]
    assert len(set(table.words())) == len(table)


@pytest.mark.parametrize("text", [b"", b"\n", b" ", b"a", b"\na\n", b"a ", b" a", b"x" * 100])
def test_short_texts_have_their_lines_too(text):
    tokens, lengths = WordTable().number(PackedWords.of(text))
    assert tokens.tolist() == list(range(len(text.split())))
    assert lengths.tolist() == [len(line.split()) for line in text.split(b"\n")]


def test_table_grows_and_keeps_its_numbers():
    table = WordTable()
    texts = [b" ".join(b"w%d" % i for i in range(n, n + 3000)) for n in range(0, 30_000, 2000)]
    first = [table.number(PackedWords.of(text))[0] for text in texts]
    assert len(table) == 31_000
    for text, numbers in zip(texts, first, strict=True):
        assert_array_equal(table.number(PackedWords.of(text))[0], numbers)


def test_words_that_all_meet_in_one_slot_are_told_apart(monkeypatch):
    monkeypatch.setattr(keytable, "_MULTIPLIERS", np.zeros(3, np.uint64))
    words = [b"w%d" % i for i in range(300)]
    table = WordTable()
    tokens, _ = table.number(PackedWords.of(b" ".join(words + words)))
    assert tokens.tolist() == [*range(300), *range(300)]
    assert table.words() == words


def test_given_words_come_first_in_their_order():
    given = [b"of", b"", b"a b", b"the", b"x" * 30, b"a\0"]
    table = WordTable(given)
    tokens, _ = table.number(PackedWords.of(b"the a of " + b"x" * 30))
    assert table.words()[:6] == given
    assert tokens.tolist() == [3, 6, 0, 4]


def test_words_can_be_had_from_a_number_on():
    table = WordTable()
    table.number(PackedWords.of(b"a " + b"x" * 30))
    seen = len(table)
    table.number(PackedWords.of(b"b a " + b"y" * 30 + b" c"))
    assert table.words(seen) == table.words()[2:]
    assert set(table.words(seen)) == {b"b", b"c", b"y" * 30}
