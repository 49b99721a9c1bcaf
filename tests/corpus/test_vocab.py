import numpy as np
import pytest
from numpy.testing import assert_array_equal

from word2vec.corpus.sentences import MAX_SENTENCE_LENGTH, encode_corpus
from word2vec.corpus.vocab import Vocab

SENTENCES = [["b", "a", "c"], ["a", "b"], ["d", "a"]]


def test_most_frequent_word_comes_first_and_equal_counts_in_alphabetical_order():
    vocab = Vocab.from_sentences(SENTENCES)
    assert vocab.words == ("a", "b", "c", "d")
    assert_array_equal(vocab.counts, [3, 2, 1, 1])


def test_vocabulary_does_not_depend_on_the_order_of_the_sentences():
    assert Vocab.from_sentences(SENTENCES[::-1]).words == Vocab.from_sentences(SENTENCES).words


def test_words_below_min_count_are_left_out():
    assert Vocab.from_sentences(SENTENCES, min_count=2).words == ("a", "b")


def test_index_gives_the_row_of_each_word():
    vocab = Vocab.from_sentences(SENTENCES)
    assert vocab.index == {"a": 0, "b": 1, "c": 2, "d": 3}
    assert "c" in vocab
    assert "e" not in vocab
    assert len(vocab) == 4


def test_encoding_leaves_out_unknown_words():
    vocab = Vocab.from_sentences(SENTENCES, min_count=2)
    assert_array_equal(vocab.encode(["c", "b", "a", "nothing"]), [1, 0])


def test_empty_vocabulary_is_refused_with_the_cure():
    message = "No word occurs at least 4 times among 4 distinct words.* Lower min_count"
    with pytest.raises(ValueError, match=message):
        Vocab.from_sentences(SENTENCES, min_count=4)


def test_vocabulary_of_nothing_is_refused():
    with pytest.raises(ValueError, match="sentences: there are no words. Is it empty, or all whit"):
        Vocab.from_sentences([[], []])


def test_plain_string_as_sentence_is_refused():
    with pytest.raises(TypeError, match=r"Sentence 1 is a string.* Use text.split\(\)"):
        Vocab.from_sentences([["a"], "a b"])


def test_word_that_is_no_string_is_refused():
    with pytest.raises(TypeError, match="Words must be str. Got 3 of int"):
        Vocab.from_sentences([["a", 3]])


@pytest.mark.parametrize(
    ("words", "counts", "message"),
    [
        ([], [], "vocabulary is empty"),
        (["a", "a"], [2, 1], "must be distinct"),
        (["a", "b"], [2], r"for each of the 2 words. Got shape \(1,\)"),
        (["a", "b"], [2, 0], "a number >= 1"),
    ],
)
def test_words_and_counts_that_make_no_vocabulary_are_refused(words, counts, message):
    with pytest.raises(ValueError, match=message):
        Vocab(words, counts)


def test_corpus_is_one_array_of_rows_with_the_starts_of_its_sentences():
    vocab = Vocab.from_sentences(SENTENCES)
    tokens, starts = encode_corpus(SENTENCES, vocab)
    assert_array_equal(tokens, [1, 0, 2, 0, 1, 3, 0])
    assert_array_equal(starts, [0, 3, 5, 7])


def test_sentences_without_known_words_disappear():
    vocab = Vocab.from_sentences(SENTENCES, min_count=2)
    corpus = encode_corpus([[], ["c"], ["a"]], vocab)
    assert_array_equal(corpus.starts, [0, 1])


def test_long_sentences_are_cut():
    vocab = Vocab(["a"], [1])
    corpus = encode_corpus([["a"] * (2 * MAX_SENTENCE_LENGTH + 1)], vocab)
    assert_array_equal(np.diff(corpus.starts), [MAX_SENTENCE_LENGTH, MAX_SENTENCE_LENGTH, 1])


def test_corpus_without_sentences_is_empty():
    tokens, starts = encode_corpus([], Vocab(["a"], [1]))
    assert len(tokens) == 0
    assert_array_equal(starts, [0])
