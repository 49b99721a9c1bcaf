import numpy as np
import pytest
from numpy.testing import assert_array_equal

from word2vec.classic.train import train_classic
from word2vec.saving.checkpoint import CheckpointError

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
        ({"seed": 5}, "seed is 5, was 1"),
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


# Bad input that is bad only here; the rest is in test_bad_input.py


def test_step_that_is_too_large_is_told():
    with pytest.raises(FloatingPointError, match="The step is too large: lower it"):
        train(step=1e6)


def test_subsampling_that_leaves_nothing_is_refused():
    with pytest.raises(ValueError, match=r"Subsampling leaves hardly any word.* \(sample\)"):
        train(sample=1e-12)


@pytest.mark.parametrize("seed", range(12))
def test_no_legal_settings_end_in_nan(seed):
    rng = np.random.default_rng(seed)
    options = {
        "model": rng.choice(["skipgram", "cbow"]).item(),
        "loss": rng.choice(["neg_sampling", "naive_softmax"]).item(),
        "cbow_reduction": rng.choice(["mean", "sum"]).item(),
        "vector_size": rng.integers(1, 30),
        "window": rng.choice([1, 5, 1000]),
        "negative": rng.integers(1, 40),
        "ns_exponent": rng.choice([rng.uniform(-1, 2), -30, 30]),
        "sample": rng.choice([None, 1e-2, 1e9]),
        "min_count": rng.integers(1, 6),
        "step": rng.choice([1e-9, 0.1]),
        "anneal_every": rng.choice([None, 1]),
        "batch_size": rng.integers(1, 60),
    }
    vectors = train(**options, seed=seed).vectors
    assert np.isfinite(vectors).all()
    assert np.abs(vectors).max() < 1e3
