import numpy as np
import pytest
from numpy.testing import assert_array_equal

from word2vec.checkpoint import CheckpointError
from word2vec.classic import train_classic

SENTENCES = [
    "the good film is great".split(),
    "a bad film is boring".split(),
    "the king and the queen drink tea".split(),
] * 5
QUICK = {"iterations": 30, "batch_size": 5, "sample": None, "step": 0.3}


class Killed(Exception):
    pass


def train(sentences=SENTENCES, **options):
    return train_classic(sentences, **{**QUICK, **options})


@pytest.mark.parametrize("model", ["skipgram", "cbow"])
@pytest.mark.parametrize("loss", ["neg_sampling", "naive_softmax"])
def test_loss_falls_for_every_model_and_loss(model, loss):
    losses = []
    train(
        model=model,
        loss=loss,
        iterations=600,
        callback=lambda progress: losses.append(progress.smoothed_loss),
    )
    assert losses[-1] < 0.9 * losses[0]


def test_words_in_like_contexts_become_alike():
    drinks = [f"she drinks hot {word} every morning".split() for word in ("coffee", "tea")]
    weather = [f"today heavy {word} falls outside".split() for word in ("rain", "snow")]
    vectors = train((drinks + weather) * 10, iterations=3000, step=0.5)
    assert vectors.similarity("coffee", "tea") > vectors.similarity("coffee", "rain")
    assert vectors.similarity("rain", "snow") > vectors.similarity("tea", "snow")


def test_result_has_the_words_with_their_counts_the_most_frequent_first():
    vectors = train(min_count=10, vector_size=4)
    assert vectors.index_to_key == ["the", "film", "is"]
    assert vectors.get_vecattr("the", "count") == 15
    assert vectors.vectors.shape == (3, 4)


def test_seed_decides_the_result():
    first, again, other = (train(seed=seed).vectors for seed in (1, 1, 2))
    assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_killed_and_resumed_training_ends_with_the_same_bits(tmp_path):
    def kill(progress):
        if progress.iteration == 17:
            raise Killed

    options = {"checkpoint_dir": tmp_path, "checkpoint_every": 5}
    with pytest.raises(Killed):
        train(callback=kill, **options)
    assert_array_equal(train(**options).vectors, train().vectors)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": 5}, "seed is 5, was 0"),
        ({"window": 2}, "window is 2, was 5"),
        ({"min_count": 6}, "vocabulary is"),
        ({"sentences": SENTENCES[::-1]}, "corpus is"),
        ({"sample": 0.1}, "sample is 0.1, was None"),
    ],
)
def test_checkpoint_of_other_training_is_refused_by_name(tmp_path, change, message):
    train(checkpoint_dir=tmp_path)
    with pytest.raises(CheckpointError, match=message):
        train(checkpoint_dir=tmp_path, **{"iterations": 40, **change})


def test_generator_that_can_be_read_once_is_refused():
    with pytest.raises(ValueError, match="sentences can be read only once, but are needed twice"):
        train(iter(SENTENCES))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"loss": "hinge"}, ValueError, "loss must be 'neg_sampling' or 'naive_softmax'"),
        ({"model": "glove"}, ValueError, "model must be 'skipgram' or 'cbow'"),
        ({"cbow_reduction": "max"}, ValueError, "cbow_reduction must be 'mean' or 'sum'"),
        ({"window": 0}, ValueError, "window must be an integer >= 1. Got 0"),
        ({"min_count": 1000}, ValueError, "No word occurs at least 1000 times"),
        ({"sample": 0.0}, ValueError, "threshold must be positive"),
        ({"vector_size": 0}, ValueError, "vector_size must be an integer >= 1. Got 0"),
        ({"batch_size": 0}, ValueError, "batch_size must be an integer >= 1. Got 0"),
        ({"negative": 0}, ValueError, "negative must be an integer >= 1. Got 0"),
        ({"negative": 2.5}, ValueError, "negative must be an integer >= 1. Got 2.5"),
        ({"seed": -1}, ValueError, "seed must be an integer >= 0. Got -1"),
        ({"ns_exponent": np.nan}, ValueError, "ns_exponent must be a finite number. Got nan"),
        ({"step": 1e6}, FloatingPointError, "The step is too large: lower it"),
    ],
)
def test_argument_that_cannot_be_is_refused(options, error, message):
    with pytest.raises(error, match=message):
        train(**options)


@pytest.mark.parametrize(
    ("sentences", "message"),
    [
        ([], "No word occurs at least 1 times among 0 distinct words"),
        ([["alone"], ["alone"]], "No sentence has two words of the vocabulary"),
        ([["same", "same"]], "vocabulary of at least two words"),
    ],
)
def test_corpus_with_nothing_to_learn_is_refused(sentences, message):
    with pytest.raises(ValueError, match=message):
        train(sentences)
