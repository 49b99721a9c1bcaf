"""Training ends where the formulas say: at the optimum that is known in closed form.

With vectors as long as the vocabulary is large, every matrix of scores can be reached, and so can
the optimum of negative sampling, equation (41) of docs/derivations.md,

    u_w . v_c = log( p(w | c) / (K p_noise(w)) )

and that of naive softmax, softmax(U v_c) = p(. | c). p(w | c) counts the pairs as training weighs
them: a word at distance j by the chance (m + 1 - j) / m to be within reach.
"""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from word2vec import (
    Word2Vec,
    hierarchical_softmax_loss_and_gradient,
    naive_softmax_loss_and_gradient,
    neg_sampling_loss_and_gradient,
    sgd,
    softmax,
)
from word2vec.sampling import AliasTable, noise_distribution
from word2vec.sgd import linear_schedule

WORDS = ["a", "b", "c"]
V, WINDOW, K = len(WORDS), 3, 2


@pytest.fixture(scope="module")
def sentences():
    """A chain in which some words like to follow others, but all pairs occur."""
    rng = np.random.default_rng(0)
    follows = rng.dirichlet(np.full(V, 1.5), size=V) + 0.05
    follows /= follows.sum(axis=1, keepdims=True)
    ids = [0]
    while len(ids) < 3000:
        ids.append(rng.choice(V, p=follows[ids[-1]]))
    return [[WORDS[i] for i in ids[start : start + 20]] for start in range(0, len(ids), 20)]


def count_pairs(sentences):
    """Weighted number of pairs of each center word (row) and outside word (column)."""
    pairs = np.zeros((V, V))
    for sentence in sentences:
        ids = [WORDS.index(word) for word in sentence]
        for i, center in enumerate(ids):
            for j, outside in enumerate(ids):
                if 0 < abs(i - j) <= WINDOW:
                    pairs[center, outside] += (WINDOW + 1 - abs(i - j)) / WINDOW
    return pairs


@pytest.fixture(scope="module")
def text(sentences):
    """p(w | c), a row for each c; p_noise; and the share of each pair."""
    pairs = count_pairs(sentences)
    counts = [sum(sentence.count(word) for sentence in sentences) for word in WORDS]
    given_center = pairs / pairs.sum(axis=1, keepdims=True)
    return given_center, noise_distribution(counts), pairs / pairs.sum()


def trained(sentences, loss):
    return Word2Vec(
        loss=loss,
        vector_size=2 * V,
        window=WINDOW,
        negative=K,
        min_count=1,
        sample=None,
        alpha=0.05,
        min_alpha=0,
        epochs=100,
        workers=1,
    ).fit(sentences)


def scores_of_engine(sentences, loss):
    model = trained(sentences, loss)
    order = [model.wv.key_to_index[word] for word in WORDS]
    return model.wv.vectors[order] @ model.outside_vectors[order].T


def scores_of_sgd(pair_loss, shares, step, iterations):
    """Scores that `sgd` finds: f adds up the losses of all pairs of words by their shares."""

    def f(x):
        center_vectors, outside_vectors = x
        loss, gradient = 0.0, np.zeros_like(x)
        for (center, outside), share in np.ndenumerate(shares):
            parts = pair_loss(center_vectors[center], outside, outside_vectors)
            loss += share * parts[0]
            gradient[0, center] += share * parts[1]
            gradient[1] += share * parts[2]
        return loss, gradient

    start = np.random.default_rng(1).normal(size=(2, V, 2 * V)) / V
    x = sgd(f, start, linear_schedule(step, 0, iterations), iterations)
    return x[0] @ x[1].T


def test_engine_converges_to_the_optimum_of_negative_sampling(sentences, text):
    given_center, noise, _ = text
    found = scores_of_engine(sentences, "neg_sampling")
    assert_allclose(found, np.log(given_center / (K * noise)), atol=0.1)


def test_sgd_converges_to_the_optimum_of_negative_sampling(text):
    given_center, noise, shares = text
    rng = np.random.default_rng(2)
    table = AliasTable(noise)

    def pair_loss(center_vec, outside, outside_vectors):
        negatives = table.draw(rng, K)
        return neg_sampling_loss_and_gradient(center_vec, outside, outside_vectors, negatives)

    found = scores_of_sgd(pair_loss, shares, step=2.0, iterations=1500)
    assert_allclose(found, np.log(given_center / (K * noise)), atol=0.1)


def test_engine_converges_to_the_probabilities_with_naive_softmax(sentences, text):
    found = softmax(scores_of_engine(sentences, "naive_softmax"))
    assert_allclose(found, text[0], atol=0.005)


def test_engine_converges_to_the_probabilities_with_hierarchical_softmax(sentences, text):
    model = trained(sentences, "hierarchical_softmax")
    vectors, nodes = model.wv, model.outside_vectors
    found = [
        [
            np.exp(-hierarchical_softmax_loss_and_gradient(v, row, nodes, model.tree)[0])
            for row in map(vectors.key_to_index.get, WORDS)
        ]
        for v in map(vectors.get_vector, WORDS)
    ]
    assert_allclose(found, text[0], atol=0.01)


def test_sgd_converges_to_the_probabilities_with_naive_softmax(text):
    given_center, _, shares = text
    found = softmax(scores_of_sgd(naive_softmax_loss_and_gradient, shares, 4.0, iterations=600))
    assert_allclose(found, given_center, atol=0.001)
