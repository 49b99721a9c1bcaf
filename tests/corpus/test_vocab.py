import numpy as np
import pytest
from numpy.testing import assert_array_equal

from word2vec import Word2Vec
from word2vec.classic.train import train_classic
from word2vec.classic.windows import MAX_SENTENCE_LENGTH, Sentences
from word2vec.corpus import Vocab, encode

SENTENCES = [["b", "a", "c"], ["a", "b"], ["d", "a"]]


@pytest.fixture
def encoded(tmp_path):
    """A function that encodes sentences."""
    return lambda sentences=SENTENCES, min_count=1: encode(sentences, tmp_path, min_count)


def test_most_frequent_word_comes_first_and_equal_counts_in_alphabetical_order(encoded):
    vocab = encoded().vocab
    assert vocab.words == ("a", "b", "c", "d")
    assert_array_equal(vocab.counts, [3, 2, 1, 1])


def test_vocabulary_does_not_depend_on_the_order_of_the_sentences(encoded):
    assert encoded(SENTENCES[::-1]).vocab.words == encoded().vocab.words


def test_words_below_min_count_are_left_out(encoded):
    assert encoded(min_count=2).vocab.words == ("a", "b")


def test_index_gives_the_row_of_each_word(encoded):
    vocab = encoded().vocab
    assert vocab.index == {"a": 0, "b": 1, "c": 2, "d": 3}
    assert "c" in vocab
    assert "e" not in vocab
    assert len(vocab) == 4


def test_encoding_leaves_out_unknown_words(encoded):
    corpus = encoded([["c", "b", "a", "nothing"], ["a", "b"]], min_count=2)
    assert_array_equal(corpus.tokens, [1, 0, 2, 0, 1, 2])


def test_empty_vocabulary_is_refused_with_the_cure(encoded):
    message = "No word occurs at least 4 times among 4 distinct words.* Lower min_count"
    with pytest.raises(ValueError, match=message):
        encoded(min_count=4)


def test_vocabulary_of_nothing_is_refused(encoded):
    with pytest.raises(ValueError, match="corpus: there are no words. Is it empty, or all white"):
        encoded([[], []])


def test_plain_string_as_sentence_is_refused(encoded):
    with pytest.raises(TypeError, match=r"Sentence 1 is a string.* Use text.split\(\)"):
        encoded([["a"], "a b"])


def test_word_that_is_no_string_is_refused(encoded):
    with pytest.raises(TypeError, match="Words must be str. Got 3 of int"):
        encoded([["a", 3]])


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


def test_sentences_in_memory_are_one_array_of_rows_with_their_starts(encoded):
    tokens, starts = Sentences.of(encoded())
    assert_array_equal(tokens, [1, 0, 2, 0, 1, 3, 0])
    assert_array_equal(starts, [0, 3, 5, 7])


def test_sentences_without_known_words_disappear(encoded):
    sentences = Sentences.of(encoded([[], ["c"], ["a", "a"]], min_count=2))
    assert_array_equal(sentences.starts, [0, 2])


def test_long_sentences_are_cut(encoded):
    sentences = Sentences.of(encoded([["a"] * (2 * MAX_SENTENCE_LENGTH + 1)]))
    assert_array_equal(np.diff(sentences.starts), [MAX_SENTENCE_LENGTH, MAX_SENTENCE_LENGTH, 1])


# -------------------------------------------------------------------- text that was not tokenized

RAW = "The cat, a dog, and a bird. A cat sees a dog. Is the bird a cat? No bird is!".lower().split()


def fit(corpus):
    return Word2Vec(vector_size=4, min_count=1, sample=0, epochs=1, workers=1).fit(corpus)


def classic(corpus):
    return train_classic(corpus, iterations=2, batch_size=2, sample=None)


@pytest.mark.parametrize("train", [fit, classic])
def test_text_that_looks_untokenized_is_warned_of_where_training_was_asked_for(train):
    message = "corpus looks as if it was not tokenized: 'bird.' beside 'bird', .* word2vec.tokenize"
    with pytest.warns(UserWarning, match=message) as caught:
        train([RAW] * 10)
    assert [warning.filename for warning in caught] == [__file__]


def test_warning_names_the_file(tmp_path):
    path = tmp_path / "raw.txt"
    path.write_text(" ".join(RAW))
    with pytest.warns(UserWarning, match=r"raw\.txt looks as if it was not tokenized"):
        encode(path, tmp_path, min_count=1)


@pytest.mark.parametrize(
    "sentence",
    [
        " ".join(RAW).replace(",", " ,").replace(".", " .").replace("?", " ?").replace("!", " !"),
        "u.s. no. 3 . . . ... dr. who",
        "etc. etc mr. mr and so on",  # two may be abbreviations
        " ".join(["a. a b. b c. c", *(f"w{i}" for i in range(200))]),
    ],
)
def test_tokenized_text_is_not_warned_of(encoded, sentence):
    encoded([sentence.split()])
