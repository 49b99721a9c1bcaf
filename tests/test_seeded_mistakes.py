"""Mistakes that people make in these very formulas; the gradient checker must catch each."""

import numpy as np
import pytest

from utils.gradcheck import GradientCheckError, gradcheck_naive
from word2vec import (
    HuffmanTree,
    cbow,
    hierarchical_softmax_loss_and_gradient,
    neg_sampling_loss_and_gradient,
    sigmoid,
    softmax,
    two_layer_net,
)

RNG_SEED = 6


def negatives_counted_once(u):
    v, negatives = np.array([0.5, -1.0, 2.0]), [3, 3, 0]
    loss, _, grad = neg_sampling_loss_and_gradient(v, 2, u, negatives)
    wrong = np.zeros_like(u)
    rows = np.array([2, *negatives])
    wrong[rows] += np.outer(sigmoid(u[rows] @ v) - (rows == 2), v)
    return loss, wrong, grad


def cbow_mean_without_its_division(center_vectors):
    outside, rng = [0, 1, 3], np.random.default_rng(RNG_SEED)
    u = rng.normal(size=center_vectors.shape)
    loss, grad, _ = cbow(2, outside, center_vectors, u, reduction="mean")
    return loss, len(outside) * grad, grad


def cbow_repeated_outside_word_counted_once(center_vectors):
    u = np.random.default_rng(RNG_SEED).normal(size=center_vectors.shape)
    loss, grad, _ = cbow(2, [1, 1, 3], center_vectors, u)
    wrong = grad.copy()
    wrong[1] /= 2
    return loss, wrong, grad


def hidden_layer_without_its_sigmoid_derivative(w1):
    rng = np.random.default_rng(RNG_SEED)
    x, w2, b1, b2 = (rng.normal(size=shape) for shape in [(4, 5), (3, 2), (3,), (2,)])
    targets = np.eye(2)[[0, 1, 1, 0]]
    loss, grads = two_layer_net(x, targets, w1, b1, w2, b2)
    delta2 = softmax(sigmoid(x @ w1 + b1) @ w2 + b2) - targets
    return loss, x.T @ (delta2 @ w2.T), grads["w1"]


def turns_mistaken_for_labels(nodes):
    tree = HuffmanTree.from_counts([8, 5, 3, 2, 1, 1])
    v, word = np.array([0.5, -1.0, 2.0]), 2
    loss, _, grad = hierarchical_softmax_loss_and_gradient(v, word, nodes, tree)
    wrong, path = np.zeros_like(nodes), tree.paths[word]
    wrong[path] = np.outer(sigmoid(nodes[path] @ v) - tree.codes[word], v)
    return loss, wrong, grad


def root_left_out(nodes):
    tree = HuffmanTree.from_counts([8, 5, 3, 2, 1, 1])
    v = np.array([0.5, -1.0, 2.0])
    loss, _, grad = hierarchical_softmax_loss_and_gradient(v, 2, nodes, tree)
    wrong = grad.copy()
    wrong[tree.paths[2][0]] = 0
    return loss, wrong, grad


def all_zero_gradient(u):
    loss, _, grad = neg_sampling_loss_and_gradient(np.ones(3), 2, u, [0, 1])
    return loss, np.zeros_like(u), grad


MISTAKES = [
    negatives_counted_once,
    cbow_mean_without_its_division,
    cbow_repeated_outside_word_counted_once,
    hidden_layer_without_its_sigmoid_derivative,
    turns_mistaken_for_labels,
    root_left_out,
    all_zero_gradient,
]


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistake_is_caught(mistake):
    x = np.random.default_rng(RNG_SEED).normal(size=(5, 3))
    with pytest.raises(GradientCheckError, match=f"{mistake.__name__}: gradient check failed"):
        gradcheck_naive(lambda x: mistake(x)[:2], x, mistake.__name__)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_without_the_mistake_the_gradient_passes(mistake):
    x = np.random.default_rng(RNG_SEED).normal(size=(5, 3))
    gradcheck_naive(lambda x: mistake(x)[::2], x, mistake.__name__)
