"""Small trainings, held to stored values: a change of bits must raise TRAINING_VERSION.

A checkpoint of one training version is not continued by another, so the version must be raised
whenever the same corpus, settings and seed give other vectors. These trainings are too short for
the rounding of another processor or BLAS build to grow into more than the tolerance; a change of
what is drawn or computed is far larger.

After a change that is meant: raise the version in word2vec/saving/checkpoint.py, say in
CHANGELOG.md what changed, and put here what ``python tests/test_training_version.py`` prints.
"""

import pytest
from numpy.testing import assert_allclose

from word2vec import Word2Vec
from word2vec.classic import train_classic
from word2vec.saving.checkpoint import TRAINING_VERSION

VERSION = 6
# Loss at the end and some entries of the vectors of each training.
EXPECTED = {
    "engine skipgram neg_sampling": [2.30279, -0.147232, -1.3082, 0.797585],
    "engine skipgram naive_softmax": [1.86774, 0.679817, -1.28801, 0.503201],
    "engine cbow neg_sampling": [2.21681, -0.0199559, -0.97581, 0.966373],
    "engine cbow naive_softmax": [0.952555, 1.12215, -1.54024, 1.24906],
    "classic skipgram neg_sampling": [6.92004, -0.471439, -0.865853, 0.931821],
    "classic skipgram naive_softmax": [3.48463, 0.253865, -0.701719, -0.250913],
    "classic cbow neg_sampling": [5.50873, -0.086201, -0.412042, 1.02584],
    "classic cbow naive_softmax": [2.76003, 0.177694, -0.118789, -0.0746314],
    "engine skipgram hierarchical_softmax": [1.88456, 0.239005, -0.682902, 1.41505],
    "engine cbow hierarchical_softmax": [1.07538, 0.289561, -0.319312, 2.04803],
}

PATTERNS = ("she drinks hot {} every morning", "today heavy {} falls outside again")
WORDS = (("coffee", "tea", "milk"), ("rain", "snow", "hail"))
SENTENCES = [
    PATTERNS[number % 2].format(WORDS[number % 2][number // 2 % 3]).split() for number in range(300)
]


def engine(**options):
    model = Word2Vec(vector_size=6, min_count=1, sample=0.05, epochs=2, workers=1, **options)
    model.fit(SENTENCES)
    return [model.losses[-1], *model.wv.vectors[[0, 5, 9], [0, 3, 5]].tolist()]


def classic(**options):
    losses = []
    vectors = train_classic(
        SENTENCES,
        vector_size=6,
        iterations=20,
        callback=lambda progress: losses.append(progress.smoothed_loss),
        **options,
    )
    return [losses[-1], *vectors.vectors[[0, 5, 9], [0, 3, 5]].tolist()]


TRAININGS = {
    f"{train.__name__} {model} {loss}": (train, {"model": model, "loss": loss})
    for train in (engine, classic)
    for model in ("skipgram", "cbow")
    for loss in ("neg_sampling", "naive_softmax")
} | {
    f"engine {model} hierarchical_softmax": (
        engine,
        {"model": model, "loss": "hierarchical_softmax"},
    )
    for model in ("skipgram", "cbow")
}


def test_version_of_the_stored_values_is_that_of_checkpoints():
    assert VERSION == TRAINING_VERSION


@pytest.mark.parametrize("name", TRAININGS)
def test_training_still_gives_the_stored_values(name):
    train, options = TRAININGS[name]
    assert_allclose(train(**options), EXPECTED[name], rtol=1e-3, atol=1e-4)


if __name__ == "__main__":
    for name, (train, options) in TRAININGS.items():
        print(f'    "{name}": {[float(f"{value:.6g}") for value in train(**options)]},')
