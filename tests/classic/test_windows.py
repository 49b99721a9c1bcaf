import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from word2vec.classic.windows import Sentences, WindowSampler

# Every token is a word of its own, so that a word tells its place. Sentences of 5, 1, 4 and 2.
STARTS = np.array([0, 5, 6, 10, 12])
CORPUS = Sentences(np.arange(12), STARTS)
COUNTS = np.ones(12, dtype=int)
SENTENCE = np.searchsorted(STARTS, np.arange(12), "right") - 1


def draw(num_windows=2000, window=2, corpus=CORPUS, counts=COUNTS, threshold=None, seed=0):
    sampler = WindowSampler(corpus, counts, window, threshold)
    return sampler.draw(num_windows, np.random.default_rng(seed))


def test_there_are_as_many_windows_as_asked_for_and_none_is_empty():
    windows = draw()
    assert len(windows.center_idx) == 2000
    assert_array_equal(np.unique(windows.window_of), np.arange(2000))


def test_outside_words_come_from_the_sentence_of_their_center():
    windows = draw(window=20)
    centers = windows.center_idx[windows.window_of]
    assert_array_equal(SENTENCE[windows.outside_idx], SENTENCE[centers])


def test_outside_words_are_all_words_within_a_reach_of_one_to_the_window():
    windows = draw(window=3)
    reaches = set()
    for number, center in enumerate(windows.center_idx):
        outside = windows.outside_idx[windows.window_of == number]
        same = [w for w in np.flatnonzero(SENTENCE[center] == SENTENCE) if w != center]
        fitting = [
            reach
            for reach in (1, 2, 3)
            if {w for w in same if abs(w - center) <= reach} == {*outside}
        ]
        assert fitting
        reaches.update(fitting[:1])
    assert reaches == {1, 2, 3}


def test_every_reach_is_equally_likely():
    corpus = Sentences(np.arange(101), np.array([0, 101]))
    windows = draw(6000, window=3, corpus=corpus, counts=np.ones(101, dtype=int))
    inner = np.abs(windows.center_idx - 50) <= 47
    reach = np.bincount(windows.window_of)[inner] // 2
    assert_allclose(np.bincount(reach)[1:] / inner.sum(), 1 / 3, atol=0.02)


def test_every_sentence_with_neighbors_is_equally_likely_and_so_is_every_token_in_it():
    windows = draw(20_000)
    expected = np.repeat([1 / 3 / 5, 0, 1 / 3 / 4, 1 / 3 / 2], np.diff(STARTS))
    shares = np.bincount(windows.center_idx, minlength=12) / 20_000
    assert_allclose(shares, expected, atol=0.01)


def test_same_word_twice_in_a_sentence_may_be_its_own_outside_word():
    corpus = Sentences(np.array([0, 0]), np.array([0, 2]))
    windows = draw(1, corpus=corpus, counts=np.array([2]))
    assert_array_equal(windows.outside_idx, [0])


def test_windows_reach_across_dropped_words():
    # Word 1 makes up nearly all of the corpus, so that it is nearly always dropped.
    corpus = Sentences(np.array([0] + [1] * 8 + [2]), np.array([0, 10]))
    windows = draw(200, window=1, corpus=corpus, counts=np.array([1, 10**9, 1]), threshold=1e-9)
    assert {0, 2} <= set(windows.outside_idx[windows.center_idx[windows.window_of] != 1])


def test_frequent_words_are_drawn_less_often_with_subsampling():
    tokens = np.tile([0, 1, 0, 2], 100)
    corpus = Sentences(tokens, np.arange(0, 401, 4))
    counts = np.bincount(tokens)
    kept, thinned = (
        draw(corpus=corpus, counts=counts, threshold=threshold) for threshold in (None, 0.05)
    )
    assert np.mean(thinned.center_idx == 0) < np.mean(kept.center_idx == 0)
    assert np.mean(thinned.outside_idx == 0) < np.mean(kept.outside_idx == 0)


def test_windows_repeat_with_the_generator():
    for first, second in zip(draw(seed=3), draw(seed=3), strict=True):
        assert_array_equal(first, second)


@pytest.mark.parametrize("starts", [[0, 1, 2], [0]])
def test_corpus_without_neighbors_is_refused(starts):
    corpus = Sentences(np.arange(starts[-1]), np.array(starts))
    with pytest.raises(ValueError, match="No sentence has two words of the vocabulary"):
        draw(corpus=corpus)


def test_subsampling_that_leaves_nothing_is_refused():
    corpus = Sentences(np.array([0, 0]), np.array([0, 2]))
    with pytest.raises(ValueError, match=r"Raise subsample_threshold"):
        draw(corpus=corpus, counts=np.array([2]), threshold=1e-30)


def test_window_of_nothing_is_refused():
    with pytest.raises(ValueError, match="window must be an integer >= 1. Got 0"):
        draw(window=0)
