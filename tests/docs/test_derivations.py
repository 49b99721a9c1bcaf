"""What docs/derivations.md claims beyond other tests, and its equations, symbols and questions.

Where a formula is checked, it is written out again here, from the page: these tests know the
library's functions by their results alone.
"""

import itertools
import re
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize

from utils.gradcheck import gradcheck_naive
from word2vec import (
    cbow,
    log_sigmoid,
    naive_softmax_loss_and_gradient,
    neg_sampling_loss_and_gradient,
    sigmoid,
    skipgram,
    softmax,
    softmax_cross_entropy,
    two_layer_net,
)
from word2vec.engine.units import bounded_steps
from word2vec.sampling import keep_probabilities, noise_distribution
from word2vec.vectors.nearest import unit

ROOT = Path(__file__).parents[2]
DERIVATIONS = ROOT / "docs" / "derivations.md"
QUESTIONS = ROOT / "docs" / "questions.md"
ERRATA = ROOT / "docs" / "errata.md"
DOCUMENTS = [DERIVATIONS, QUESTIONS, ERRATA]
OUTSIDE = 2

every_document = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)


@pytest.fixture
def vectors():
    """A center vector (3,) and outside vectors (5, 3)."""
    rng = np.random.default_rng(1)
    return rng.normal(size=3), rng.normal(size=(5, 3))


def jacobian(f, x, step=1e-6):
    """Central differences of a vector f(x): a row for each output, a column for each entry of x."""
    return np.stack(
        [(f(x + step * e) - f(x - step * e)) / (2 * step) for e in np.eye(len(x))], axis=1
    )


# Softmax and the network


def test_jacobian_of_the_softmax_passes_the_gradient_check():
    z = np.random.default_rng(2).normal(size=4)
    y_hat = softmax(z)
    matrix = np.diag(y_hat) - np.outer(y_hat, y_hat)
    for i in range(4):
        gradcheck_naive(lambda z, i=i: (softmax(z)[i], matrix[i]), z.copy())


def test_jacobian_of_the_softmax_gives_variances():
    rng = np.random.default_rng(2)
    y_hat, a = softmax(rng.normal(size=4)), rng.normal(size=4)
    matrix = np.diag(y_hat) - np.outer(y_hat, y_hat)
    assert_allclose(matrix @ np.ones(4), 0, atol=1e-16)
    assert_allclose(a @ matrix @ a, y_hat @ (a - y_hat @ a) ** 2)


def test_jacobian_of_the_softmax_carries_the_loss_to_the_scores():
    rng = np.random.default_rng(2)
    z, y = rng.normal(size=4), rng.dirichlet(np.ones(4))
    y_hat = softmax(z)
    through = (-y / y_hat) @ (np.diag(y_hat) - np.outer(y_hat, y_hat))
    assert_allclose(through, y_hat - y)
    assert_allclose(through, softmax_cross_entropy(z, y)[1])


@pytest.fixture
def network():
    """One row (4,), a target (2,), weights and biases of three hidden units, and what they give."""
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=4), np.array([0.0, 1.0])
    w1, b1, w2, b2 = (rng.normal(size=shape) for shape in [(4, 3), 3, (3, 2), 2])
    h = sigmoid(x @ w1 + b1)
    return x, y, w1, b1, w2, b2, h, softmax(h @ w2 + b2)


def test_every_jacobian_of_the_network_is_what_differences_measure(network):
    x, _, w1, b1, w2, b2, h, y_hat = network
    z1, z2 = x @ w1 + b1, h @ w2 + b2
    for measured, derived in [
        (jacobian(softmax, z2), np.diag(y_hat) - np.outer(y_hat, y_hat)),
        (jacobian(lambda h: h @ w2 + b2, h), w2.T),
        (jacobian(sigmoid, z1), np.diag(h * (1 - h))),
        (jacobian(lambda x: x @ w1 + b1, x), w1.T),
    ]:
        assert_allclose(measured, derived, atol=1e-9)


def test_product_of_the_jacobians_is_the_gradient_for_the_input(network):
    x, y, w1, b1, w2, b2, h, y_hat = network
    product = (y_hat - y) @ w2.T @ np.diag(h * (1 - h)) @ w1.T
    grads = two_layer_net(x[np.newaxis], y[np.newaxis], w1, b1, w2, b2)[1]
    assert_allclose(product, grads["x"][0])
    assert_allclose((((y_hat - y) @ w2.T) * h * (1 - h)) @ w1.T, product)


def test_derivative_for_the_weights_has_three_axes_and_contracts_to_an_outer_product(network):
    x, y, w1, b1, w2, b2, h, y_hat = network
    axes = np.einsum("i,jk->jik", x, np.eye(3))  # dz_j / dW_ik = x_i [j = k]
    measured = jacobian(lambda w: x @ w.reshape(4, 3) + b1, w1.ravel()).reshape(3, 4, 3)
    assert_allclose(measured, axes, atol=1e-9)

    delta1 = ((y_hat - y) @ w2.T) * h * (1 - h)
    grads = two_layer_net(x[np.newaxis], y[np.newaxis], w1, b1, w2, b2)[1]
    assert_allclose(np.einsum("j,jik->ik", delta1, axes), grads["w1"])
    assert_allclose(delta1, grads["b1"])


# Naive softmax and negative sampling


def test_naive_softmax_is_the_cross_entropy_of_the_scores(vectors):
    v, u = vectors
    loss, _, _ = naive_softmax_loss_and_gradient(v, OUTSIDE, u)
    y = np.eye(5)[OUTSIDE]
    assert_allclose(loss, -(y * np.log(softmax(u @ v))).sum())
    assert_allclose(loss, softmax_cross_entropy(u @ v, y)[0])


def test_center_gradient_is_expected_minus_observed_outside_vector(vectors):
    v, u = vectors
    _, grad, _ = naive_softmax_loss_and_gradient(v, OUTSIDE, u)
    expected = sum(p * row for p, row in zip(softmax(u @ v), u, strict=True))
    assert_allclose(grad, expected - u[OUTSIDE])


def test_center_gradient_vanishes_without_a_perfect_prediction():
    # All scores are equal, and the outside word's vector is the average of all.
    u = np.array([[1.0, 0], [-1.0, 0], [0.0, 0]])
    loss, grad, _ = naive_softmax_loss_and_gradient(np.array([0.0, 1]), OUTSIDE, u)
    assert_array_equal(grad, [0, 0])
    assert_allclose(loss, np.log(3))


def test_step_leads_away_from_the_average_of_the_other_words(vectors):
    v, u = vectors
    _, grad, _ = naive_softmax_loss_and_gradient(v, OUTSIDE, u)
    p = softmax(u @ v)
    others = np.delete(np.arange(5), OUTSIDE)
    average = p[others] @ u[others] / p[others].sum()
    assert_allclose(-grad, (1 - p[OUTSIDE]) * (u[OUTSIDE] - average))


def test_step_raises_the_score_of_the_outside_word_above_the_average(vectors):
    v, u = vectors
    _, grad, _ = naive_softmax_loss_and_gradient(v, OUTSIDE, u)
    p, step = softmax(u @ v), 0.1

    def lead(v):
        return u[OUTSIDE] @ v - p @ (u @ v)

    distance = u[OUTSIDE] - p @ u
    assert_allclose(lead(v - step * grad) - lead(v), step * distance @ distance)


def test_outside_gradients_are_the_two_cases_stacked(vectors):
    v, u = vectors
    p = softmax(u @ v)
    rows = [(p[w] - 1) * v if w == OUTSIDE else p[w] * v for w in range(5)]
    assert_allclose(naive_softmax_loss_and_gradient(v, OUTSIDE, u)[2], rows)


def test_one_vector_gives_the_loss_and_all_gradients_of_negative_sampling(vectors):
    v, u = vectors
    negatives = [4, 0, 3]
    stacked = np.stack([u[OUTSIDE], *-u[negatives]])
    q = sigmoid(stacked @ v) - 1
    loss, grad_center, grad_outside = neg_sampling_loss_and_gradient(v, OUTSIDE, u, negatives)
    assert_allclose(loss, -np.log(q + 1).sum())
    assert_allclose(grad_center, stacked.T @ q)
    grad_stacked = np.outer(q, v)
    assert_allclose(grad_outside[OUTSIDE], grad_stacked[0])
    assert_allclose(grad_outside[negatives], -grad_stacked[1:])


def test_negative_sampling_touches_k_plus_one_rows(vectors):
    v, u = vectors
    negatives, untouched = [4, 0], [1, 3]
    loss, grad_center, grad_outside = neg_sampling_loss_and_gradient(v, OUTSIDE, u, negatives)
    assert_array_equal(np.flatnonzero(grad_outside.any(axis=1)), sorted([OUTSIDE, *negatives]))
    u[untouched] = np.nan  # whoever read these rows would show it
    again = neg_sampling_loss_and_gradient(v, OUTSIDE, u, negatives)
    assert_array_equal(again[0], loss)
    assert_array_equal(again[1], grad_center)


def test_gradient_of_negative_sampling_vanishes_where_pull_and_push_are_equal():
    # One negative with the vector of the outside word, and score 0.
    u = np.array([[0.0, 2.0], [0.0, 2.0]])
    assert_array_equal(neg_sampling_loss_and_gradient(np.array([3.0, 0.0]), 0, u, [1])[1], [0, 0])
    # Four negatives around the outside word: a minimum with weights that are all different.
    rng = np.random.default_rng(4)
    u = rng.normal(size=(5, 2))
    u[0] = 0.1
    found = minimize(
        lambda v: neg_sampling_loss_and_gradient(v, 0, u, [1, 2, 3, 4])[:2], [0, 0], jac=True
    )
    pull = (1 - sigmoid(u[0] @ found.x)) * u[0]
    push = sigmoid(u[1:] @ found.x) @ u[1:]
    assert_allclose(pull, push, atol=1e-5)
    assert np.abs(pull).max() > 0.01


def test_gradient_of_negative_sampling_never_vanishes_for_independent_vectors():
    u = np.random.default_rng(4).normal(size=(3, 3))
    away = np.linalg.solve(u, [1.0, -1.0, -1.0])  # o on one side, the negatives on the other
    along = [neg_sampling_loss_and_gradient(s * away, 0, u, [1, 2])[0] for s in (1, 10, 30)]
    assert along[0] > along[1] > along[2] > 0
    assert_allclose(along[2], 3 * np.exp(-30), rtol=1e-9)
    grad = neg_sampling_loss_and_gradient(30 * away, 0, u, [1, 2])[1]
    assert np.linalg.norm(grad) > 0


def test_step_of_negative_sampling_raises_the_observed_score_above_the_drawn_ones(vectors):
    v, u = vectors
    negatives, step = [4, 0, 3], 0.1
    grad = neg_sampling_loss_and_gradient(v, OUTSIDE, u, negatives)[1]
    weights = np.append(1 - sigmoid(u[OUTSIDE] @ v), -sigmoid(u[negatives] @ v))

    def lead(v):
        return weights @ u[[OUTSIDE, *negatives]] @ v

    assert_allclose(lead(v - step * grad) - lead(v), step * grad @ grad)


@pytest.mark.parametrize("seed", range(20))
def test_step_below_the_bound_lowers_the_loss_of_negative_sampling(seed):
    rng = np.random.default_rng(seed)
    v, u = 3 * rng.normal(size=4), rng.normal(size=(6, 4))
    negatives = rng.integers(1, 6, size=5)
    squares = np.sum(u[[0, *negatives]] ** 2)
    before, grad, _ = neg_sampling_loss_and_gradient(v, 0, u, negatives)
    for share in (0.1, 0.5, 0.99):
        step = share * 8 / squares
        after = neg_sampling_loss_and_gradient(v - step * grad, 0, u, negatives)[0]
        assert after <= before - step * (1 - step * squares / 8) * grad @ grad + 1e-12


def test_negative_like_the_outside_word_may_push_it_away():
    v, u = np.array([2.0, 0.0]), np.array([[1.0, 0.0], [1.0, 0.1]])
    grad = neg_sampling_loss_and_gradient(v, 0, u, [1])[1]
    assert u[0] @ (v - 0.1 * grad) < u[0] @ v


# The optimum of negative sampling


@pytest.fixture
def text():
    """Weights of pairs (4, 4), noise (4,), K, and the scores of the optimum."""
    rng = np.random.default_rng(5)
    pairs, noise, num_negatives = rng.uniform(1, 9, (4, 4)), rng.dirichlet(np.ones(4)), 2
    given_center = pairs / pairs.sum(axis=1, keepdims=True)
    return pairs, noise, num_negatives, np.log(given_center / (num_negatives * noise))


def expected_gradients(pairs, draws_against, scores):
    """Sum over all pairs and all draws of the library's gradients, each as probable as it is.

    The vectors have as many entries as there are words, and give `scores` (center, outside).
    """
    size = len(pairs)
    center, outside = scores, np.eye(size)  # u_w . v_c = scores[c, w]
    grad_center, grad_outside = np.zeros((size, size)), np.zeros((size, size))
    for c, o in np.ndindex(pairs.shape):
        for draw in itertools.product(range(size), repeat=2):
            chance = pairs[c, o] * draws_against[o, draw[0]] * draws_against[o, draw[1]]
            if chance:
                _, grad_v, grad_u = neg_sampling_loss_and_gradient(center[c], o, outside, draw)
                grad_center[c] += chance * grad_v
                grad_outside += chance * grad_u
    return grad_center, grad_outside


def test_expected_gradient_of_negative_sampling_vanishes_at_its_optimum(text):
    pairs, noise, _, scores = text
    for grad in expected_gradients(pairs, np.tile(noise, (4, 1)), scores):
        assert_allclose(grad, 0, atol=1e-12)
    elsewhere = expected_gradients(pairs, np.tile(noise, (4, 1)), scores + 0.1)
    assert min(np.abs(grad).max() for grad in elsewhere) > 0.1


def test_minimum_of_the_expected_loss_has_the_scores_derived(text):
    pairs, noise, num_negatives, scores = text
    draws = num_negatives * pairs.sum(axis=1, keepdims=True) * noise

    def expected_loss(parameters):
        center, outside = parameters.reshape(2, 4, 4)
        z = center @ outside.T
        loss = -(pairs * log_sigmoid(z) + draws * log_sigmoid(-z)).sum()
        cell = -pairs * (1 - sigmoid(z)) + draws * sigmoid(z)
        return loss, np.concatenate([(cell @ outside).ravel(), (cell.T @ center).ravel()])

    start = np.random.default_rng(6).normal(size=32)
    gradcheck_naive(expected_loss, start.copy())
    found = minimize(expected_loss, start, jac=True, options={"gtol": 1e-8, "maxiter": 5000})
    center, outside = found.x.reshape(2, 4, 4)
    assert_allclose(center @ outside.T, scores, atol=1e-5)


def test_optimum_where_targets_are_never_drawn_against_themselves(text):
    pairs, noise, num_negatives, _ = text
    against = noise / (1 - noise)[:, np.newaxis]  # row o: the noise given that o is not drawn
    np.fill_diagonal(against, 0)
    assert_allclose(against.sum(axis=1), 1)
    given_center = pairs / pairs.sum(axis=1, keepdims=True)
    scores = np.log(given_center / (num_negatives * given_center @ against))
    for grad in expected_gradients(pairs, against, scores):
        assert_allclose(grad, 0, atol=1e-12)


def test_noise_put_back_makes_probabilities_of_the_optimum(text):
    pairs, noise, _, scores = text
    assert_allclose(softmax(scores + np.log(noise)), pairs / pairs.sum(axis=1, keepdims=True))


# Hierarchical softmax, written out from the page


def huffman(counts):
    """Inner nodes and turns on the way to each word: paths, codes."""
    paths, codes = [[] for _ in counts], [[] for _ in counts]
    trees = [(count, word, [word]) for word, count in enumerate(counts)]
    for node in range(len(counts) - 1):
        trees.sort()
        (least, _, zeros), (second, _, ones), *rest = trees
        for word in zeros + ones:
            paths[word].insert(0, node)
            codes[word].insert(0, int(word in ones))
        trees = [*rest, (least + second, len(counts) + node, zeros + ones)]
    return paths, codes


def hierarchical_softmax(v, word, nodes, tree):
    """Loss of one word, and its gradients for the center vector and the vectors of the nodes."""
    path, code = tree[0][word], np.array(tree[1][word])
    z = (1 - 2 * code) * (nodes[path] @ v)
    delta = sigmoid(nodes[path] @ v) - (1 - code)
    grad_nodes = np.zeros_like(nodes)
    grad_nodes[path] = np.outer(delta, v)
    return -log_sigmoid(z).sum(), delta @ nodes[path], grad_nodes


COUNTS = [50, 20, 11, 9, 5, 3, 2]


@pytest.mark.parametrize("scale", [0.1, 1, 10])
def test_hierarchical_softmax_is_a_distribution(scale):
    rng = np.random.default_rng(7)
    v, nodes, tree = rng.normal(size=3), scale * rng.normal(size=(6, 3)), huffman(COUNTS)
    losses = [hierarchical_softmax(v, word, nodes, tree)[0] for word in range(7)]
    assert_allclose(np.exp(-np.array(losses)).sum(), 1)


def test_gradients_of_hierarchical_softmax_pass_the_gradient_check():
    rng = np.random.default_rng(7)
    v, nodes, tree = rng.normal(size=3), rng.normal(size=(6, 3)), huffman(COUNTS)
    for word in range(7):
        gradcheck_naive(lambda v, w=word: hierarchical_softmax(v, w, nodes, tree)[:2], v)
        gradcheck_naive(lambda u, w=word: hierarchical_softmax(v, w, u, tree)[::2], nodes)


def test_huffman_tree_is_as_short_as_its_bounds_say_and_as_any_other():
    share = np.array(COUNTS) / sum(COUNTS)
    mean_length = share @ [len(path) for path in huffman(COUNTS)[0]]
    entropy = -share @ np.log2(share)
    assert entropy <= mean_length < entropy + 1
    assert entropy <= np.log2(len(COUNTS))

    # All lengths that a binary tree of four words can have.
    share = np.array([0.4, 0.3, 0.2, 0.1])
    lengths = [*itertools.permutations([1, 2, 3, 3]), (2, 2, 2, 2)]
    shortest = min(share @ length for length in lengths)
    assert_allclose(share @ [len(path) for path in huffman([4, 3, 2, 1])[0]], shortest)


# Sampling, steps and penalties


def test_word_sixteen_times_as_frequent_is_drawn_eight_times_as_often():
    rare, frequent = noise_distribution([1, 16])
    assert_allclose(frequent, 8 * rare)


def test_words_up_to_the_golden_ratio_squared_are_all_kept():
    edge = ((np.sqrt(5) + 1) / 2) ** 2
    assert_allclose(edge, 2.618, atol=5e-4)
    for share, all_kept in [(edge - 1e-6, True), (edge + 1e-6, False)]:
        t = 1e-3
        kept = keep_probabilities([share * t, 1 - share * t], t)[0]
        assert (kept == 1) == all_kept
    f = 0.05  # a frequent word keeps sqrt(t f) + t
    assert_allclose(f * keep_probabilities([f, 1 - f], t)[0], np.sqrt(t * f) + t)


def test_shared_negatives_have_the_expectation_of_own_ones_and_the_variance_derived(vectors):
    v, u = vectors
    noise = np.random.default_rng(8).dirichlet(np.ones(5))
    term = log_sigmoid(-u @ v)
    num_pairs, num_negatives, num_shared = 3, 2, 4
    mean = noise @ term
    variance = noise @ (term - mean) ** 2

    draws = np.array(list(itertools.product(range(5), repeat=num_shared)))
    chance = noise[draws].prod(axis=1)
    shared = num_pairs * num_negatives / num_shared * term[draws].sum(axis=1)
    assert_allclose(chance @ shared, num_pairs * num_negatives * mean)
    own = num_pairs * num_negatives * variance
    factor = num_pairs * num_negatives / num_shared
    assert_allclose(chance @ (shared - chance @ shared) ** 2, own * factor)


@pytest.mark.parametrize("matrix", ["tall", "zero"])
def test_first_loss_of_a_pair_is_that_of_zero_scores(matrix):
    v, u = np.array([0.3, -0.1]), np.zeros((7, 2))
    v = v if matrix == "tall" else 0 * v
    assert_allclose(naive_softmax_loss_and_gradient(v, 0, u)[0], np.log(7))
    assert_allclose(neg_sampling_loss_and_gradient(v, 0, u, [1, 2, 1])[0], 4 * np.log(2))
    tree = huffman(COUNTS)
    loss = hierarchical_softmax(v, 6, u[:6], tree)[0]
    assert_allclose(loss, len(tree[0][6]) * np.log(2))


def test_both_forms_of_the_bound_agree_and_lead_downhill():
    grad, alpha, tau = np.array([[3.0, 4.0], [0.03, 0.04], [0.0, 0.0]]), 0.1, 0.2
    moves = -bounded_steps(grad, alpha, tau)[:, np.newaxis] * grad
    assert_allclose(moves, [[-0.12, -0.16], [-0.003, -0.004], [0, 0]])
    for move, g in zip(moves[:2], grad[:2], strict=True):
        assert_allclose(move, -alpha * g * min(1, tau / np.linalg.norm(alpha * g)))
        assert_allclose(move @ g, -np.linalg.norm(move) * np.linalg.norm(g))


def test_penalty_shrinks_the_weights_by_the_same_share():
    from utils.sentiment import loss_and_gradients

    rng = np.random.default_rng(9)
    classifier = {"w1": rng.normal(size=(4, 3)), "b1": rng.normal(size=3)}
    x, targets, alpha, strength = rng.normal(size=(5, 4)), [0, 1, 2, 1, 0], 0.1, 0.5
    delta = softmax(x @ classifier["w1"] + classifier["b1"]) - np.eye(3)[targets]
    grads = loss_and_gradients(classifier, x, targets, strength)[1]
    step = classifier["w1"] - alpha * grads["w1"]
    assert_allclose(step, (1 - alpha * strength) * classifier["w1"] - alpha / 5 * x.T @ delta)
    assert_allclose(grads["b1"], delta.mean(axis=0))


# Phrases, perplexity, cosine, principal components


def phrase_score(pair, first, second, least, entries):
    return (pair - least) * entries / (first * second)


def npmi(pair, first, second, tokens):
    together = pair / tokens
    return np.log(together / (first / tokens * second / tokens)) / -np.log(together)


def test_scores_of_phrases_are_those_of_gensim():
    models = pytest.importorskip("gensim.models.phrases")
    text = [s.split() for s in ["new york is new", "in new york", "york is old", "new york"]]
    options = {"min_count": 1, "threshold": 1e-9}
    # 4 times new, 4 times york, 3 times new york, 12 tokens; 5 words and 5 pairs, all distinct.
    entries = len({item for s in text for item in [*s, *itertools.pairwise(s)]})
    assert entries == 10
    default = models.Phrases(text, **options).export_phrases()
    assert_allclose(default["new_york"], phrase_score(3, 4, 4, 1, entries))
    normalised = models.Phrases(text, **options, scoring="npmi").export_phrases()
    assert_allclose(normalised["new_york"], npmi(3, 4, 4, 12))


def test_normalised_information_of_a_pair_lies_between_its_bounds():
    tokens = 100
    for first, second in itertools.product([1, 5, 40], repeat=2):
        for pair in range(1, min(first, second) + 1):
            assert -1 <= npmi(pair, first, second, tokens) <= 1 + 1e-12
    assert_allclose(npmi(7, 7, 7, tokens), 1)  # never but together
    assert_allclose(npmi(4, 20, 20, tokens), 0, atol=1e-12)  # as often as chance has it
    assert npmi(1, 5e8, 5e8, 1e9) < -0.9  # frequent, and hardly ever together


def test_perplexity_of_equally_likely_words_is_their_number():
    losses = [naive_softmax_loss_and_gradient(np.ones(2), o, np.zeros((7, 2)))[0] for o in range(7)]
    assert_allclose(np.exp(np.mean(losses)), 7)
    p = np.array([0.5, 0.125])
    assert_allclose(np.exp(-np.log(p).mean()), np.sqrt(np.prod(1 / p)))


def test_distance_on_the_sphere_is_told_by_the_cosine():
    a, b = np.random.default_rng(10).normal(size=(2, 4))
    cosine = a @ b / (np.linalg.norm(a) * np.linalg.norm(b))
    assert_allclose(np.sum((unit(a) - unit(b)) ** 2), 2 - 2 * cosine)
    assert_allclose(unit(3 * a) @ unit(b), cosine)


def test_no_plane_shows_more_of_the_variance():
    rng = np.random.default_rng(11)
    x = rng.normal(size=(9, 5)) * [3, 1, 2, 1, 1]
    x -= x.mean(axis=0)
    left, s, right = np.linalg.svd(x, full_matrices=False)
    assert_allclose(x @ right.T, left * s, atol=1e-12)
    assert_allclose(np.sum((x @ right[:2].T) ** 2), np.sum(s[:2] ** 2))
    for _ in range(200):
        plane = np.linalg.qr(rng.normal(size=(5, 2)))[0]
        assert np.sum((x @ plane) ** 2) < np.sum(s[:2] ** 2)


# Columns instead of rows


def test_results_in_columns_are_those_in_rows_transposed(vectors):
    v, u = vectors
    columns, y = u.T, np.eye(5)[OUTSIDE]  # (d, V): a column for each word
    y_hat = softmax(columns.T @ v)
    loss, grad_v, grad_u = naive_softmax_loss_and_gradient(v, OUTSIDE, u)
    assert_allclose(-np.log(y_hat[OUTSIDE]), loss)
    assert_allclose(columns @ (y_hat - y), grad_v)
    assert_allclose(np.outer(v, y_hat - y), grad_u.T)

    negatives = [4, 0, 3]
    stacked = np.column_stack([columns[:, OUTSIDE], -columns[:, negatives]])  # (d, K + 1)
    delta = sigmoid(stacked.T @ v) - 1
    loss, grad_v, grad_u = neg_sampling_loss_and_gradient(v, OUTSIDE, u, negatives)
    assert_allclose(-np.log(delta + 1).sum(), loss)
    assert_allclose(stacked @ delta, grad_v)
    grad_stacked = np.outer(v, delta)
    assert_allclose(grad_stacked[:, 0], grad_u[OUTSIDE])
    assert_allclose(-grad_stacked[:, 1:], grad_u.T[:, negatives])


def test_models_in_columns_are_those_in_rows_transposed(vectors):
    _, u = vectors
    center, outside = np.random.default_rng(12).normal(size=(5, 3)), [1, 4, 1]
    columns = center.T
    grad = sum(naive_softmax_loss_and_gradient(columns[:, 2], o, u)[1] for o in outside)
    assert_allclose(np.outer(grad, np.eye(5)[2]), skipgram(2, outside, center, u)[1].T)

    v_hat = columns[:, outside].sum(axis=1)
    grad = naive_softmax_loss_and_gradient(v_hat, 2, u)[1]
    occurrences = np.bincount(outside, minlength=5)
    assert_allclose(np.outer(grad, occurrences), cbow(2, outside, center, u)[1].T)


def test_network_in_columns_is_that_in_rows_transposed():
    rng = np.random.default_rng(13)
    x, y = rng.normal(size=(4, 6)), np.eye(2)[:, [0, 1, 1, 0, 1, 0]]  # six examples, a column each
    w1, b1, w2, b2 = (rng.normal(size=shape) for shape in [(3, 4), (3, 1), (2, 3), (2, 1)])
    h = sigmoid(w1 @ x + b1)
    delta2 = softmax(w2 @ h + b2, axis=0) - y
    delta1 = (w2.T @ delta2) * h * (1 - h)
    columns = {
        "w2": delta2 @ h.T,
        "b2": delta2.sum(axis=1),
        "w1": delta1 @ x.T,
        "b1": delta1.sum(axis=1),
        "x": w1.T @ delta1,
    }
    rows = two_layer_net(x.T, y.T, w1.T, b1[:, 0], w2.T, b2[:, 0])[1]
    for name, grad in columns.items():
        assert_allclose(grad.T, rows[name], err_msg=name)


# The worked example


def tables_of_the_example():
    """All rows of the tables of the worked example: what a row names, and its numbers."""
    text = DERIVATIONS.read_text("utf-8")
    section = text[text.index("## A worked example") : text.index("## References")]
    rows = re.findall(r"^\| (.+?) \| `([^`]+)` \|$", section, re.MULTILINE)
    return [
        (name, np.array([part.split() for part in numbers.split(";")], float))
        for name, numbers in rows
    ]


def worked_example(given):
    """What the tables of the worked example must hold, in their order."""
    v, u_coffee, u_tea, u_hot, alpha, root, drink = given
    u, tea, hot, alpha = np.array([u_coffee, u_tea, u_hot]), 1, 2, alpha[0]
    y, y_hat = np.eye(3)[tea], softmax(u @ v)
    loss, grad_v, grad_u = naive_softmax_loss_and_gradient(v, tea, u)
    new = v - alpha * grad_v
    yield r"scores $`z = U v_c`$", u @ v
    yield r"probabilities $`\hat y`$", y_hat
    yield r"loss $`J = -\log \hat y_o`$", loss
    yield r"$`\delta = \hat y - y`$", y_hat - y
    yield r"$`\partial J / \partial v_c = U^\top \delta`$", grad_v
    yield r"$`\partial J / \partial U = \delta \, v_c^\top`$", grad_u
    yield r"$`v_c - \alpha \, \partial J / \partial v_c`$", new
    yield "scores after the step", u @ new
    yield "loss after the step", naive_softmax_loss_and_gradient(new, tea, u)[0]

    stacked, negatives = np.array([u_tea, -u_hot, -u_hot]), [hot, hot]
    loss, grad_v, grad_u = neg_sampling_loss_and_gradient(v, tea, u, negatives)
    new = v - alpha * grad_v
    yield r"scores $`U_\pm v_c`$", stacked @ v
    yield r"answers $`\sigma(U_\pm v_c)`$", sigmoid(stacked @ v)
    yield r"loss $`J`$", loss
    yield r"$`\delta = \sigma(U_\pm v_c) - \mathbf 1`$", sigmoid(stacked @ v) - 1
    yield r"$`\partial J / \partial v_c = U_\pm^\top \delta`$", grad_v
    yield r"$`\partial J / \partial U`$", grad_u
    yield r"$`v_c - \alpha \, \partial J / \partial v_c`$", new
    yield "loss after the step", neg_sampling_loss_and_gradient(new, tea, u, negatives)[0]

    tree, nodes = huffman([6, 3, 2]), np.array([drink, root])  # in the order of joining
    assert tree == ([[1], [1, 0], [1, 0]], [[1], [0, 1], [0, 0]])
    way = nodes[tree[0][tea]]
    probabilities = [np.exp(-hierarchical_softmax(v, word, nodes, tree)[0]) for word in range(3)]
    loss, grad_v, grad_nodes = hierarchical_softmax(v, tea, nodes, tree)
    new = v - alpha * grad_v
    yield r"products $`u_\nu^\top v_c`$ on the way to tea", way @ v
    yield "probabilities of coffee, tea, hot", probabilities
    yield r"loss $`J`$", loss
    yield r"$`\delta`$ on the way to tea", sigmoid(way @ v) - [1, 0]
    yield r"$`\partial J / \partial v_c`$", grad_v
    yield (
        r"$`\partial J / \partial u_{\text{root}}`$; $`\partial J / \partial u_{\text{drink}}`$",
        grad_nodes[::-1],
    )
    yield r"$`v_c - \alpha \, \partial J / \partial v_c`$", new
    yield "loss after the step", hierarchical_softmax(new, tea, nodes, tree)[0]


def test_worked_example_has_the_values_that_the_library_computes():
    rows = tables_of_the_example()
    given = [numbers[0] for name, numbers in rows if name in GIVEN]
    printed = [row for row in rows if row[0] not in GIVEN]
    for (name, numbers), (expected_name, expected) in zip(
        printed, worked_example(given), strict=True
    ):
        assert name == expected_name
        assert_allclose(numbers, np.atleast_2d(expected), rtol=0, atol=5.1e-5, err_msg=name)


GIVEN = [
    r"$`v_{\text{coffee}}`$",
    r"$`u_{\text{coffee}}`$",
    r"$`u_{\text{tea}}`$",
    r"$`u_{\text{hot}}`$",
    r"$`\alpha`$",
    r"$`u_{\text{root}}`$",
    r"$`u_{\text{drink}}`$",
]


# Markdown


@every_document
def test_mathematics_is_fenced_against_markdown(path):
    # Plain $...$ loses underscores to emphasis on GitHub, so inline mathematics is $`...`$; and a
    # vertical bar would end a cell of a table.
    text = re.sub(r"```math\n.*?```", "", path.read_text("utf-8"), flags=re.DOTALL)
    inline = re.findall(r"\$`([^`$]+)`\$", text)
    assert inline
    assert "$" not in re.sub(r"\$`[^`$]+`\$", "", text)
    assert not [formula for formula in inline if "|" in formula]
    assert not re.findall(r"[\w-]\$`|`\$\w", text), "GitHub does not render what is glued to a word"


# Symbols and numbers of equations


def formulas(path):
    """All mathematics of a page, displayed and inline."""
    text = path.read_text("utf-8")
    return re.findall(r"```math\n(.*?)```", text, re.DOTALL) + re.findall(r"\$`([^`]+)`\$", text)


def letters(formula):
    """The letters of a formula, Greek ones by name: not words, operators or names of commands."""
    formula = re.sub(r"\\(?:text|mathrm|begin|end|tag)\{[^}]*\}", " ", formula)
    formula = re.sub(r"_\{?\\(?:text|min)\b(?:\{[^}]*\})?\}?", " ", formula)
    greek = set(re.findall(r"\\(" + "|".join(GREEK) + r")(?![a-zA-Z])", formula))
    return greek | set(re.sub(r"\\[a-zA-Z]+|\\.", " ", formula)) & set(ALPHABET)


ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
GREEK = (
    "alpha beta gamma delta Delta varepsilon theta lambda nu sigma tau ell rho mu pi eta".split()
)


def symbol_table():
    """The letters of each row of the table of symbols."""
    text = DERIVATIONS.read_text("utf-8")
    section = text[text.index("### Symbols") : text.index("### The gradient check")]
    rows = [line.split(" | ")[0] for line in section.splitlines() if line.startswith("| $")]
    symbols = [re.findall(r"\$`([^`]+)`\$", row) for row in rows]
    # What a symbol names is its first letter; the others are in its subscript.
    first = re.compile(r"\\(" + "|".join(GREEK) + r")|(?<![\\a-zA-Z])([a-zA-Z])")
    return [{next(filter(None, first.search(s).groups())) for s in row} for row in symbols]


def test_no_letter_stands_for_two_things():
    rows = symbol_table()
    assert len(rows) > 30
    for one, other in itertools.combinations(rows, 2):
        assert not one & other


@pytest.mark.parametrize("path", [DERIVATIONS, QUESTIONS], ids=lambda path: path.name)
def test_every_letter_of_a_formula_is_in_the_table_of_symbols(path):
    known = set.union(*symbol_table()) | {"e", "O"}  # explained below the table
    for formula in formulas(path):
        unknown = letters(formula.replace(r"\mathbb E", " ")) - known
        assert not unknown, f"{unknown} in {formula}"


def tags():
    return [int(n) for n in re.findall(r"\\tag\{(\d+)\}", DERIVATIONS.read_text("utf-8"))]


def test_equations_are_numbered_one_after_the_other():
    blocks = re.findall(r"```math\n(.*?)```", DERIVATIONS.read_text("utf-8"), re.DOTALL)
    assert all(block.count(r"\tag{") == 1 for block in blocks)
    assert tags() == list(range(1, len(blocks) + 1))


@pytest.mark.parametrize("path", [DERIVATIONS, QUESTIONS], ids=lambda path: path.name)
def test_every_equation_referred_to_exists(path):
    text = re.sub(r"```.*?```|\$`[^`]*`\$|`[^`]*`", "", path.read_text("utf-8"), flags=re.DOTALL)
    numbers = {int(n) for n in re.findall(r"\((\d+)\)", text)}
    assert len(numbers) > 10
    assert numbers <= set(tags())


# Questions


QUESTIONS_OF = {  # as they are numbered there
    "000_4485799a282cc057.txt": "1a 2a 2b 2c 2d 3a 3b 3c 3d 3g".split(),
    "001_a6544ced7a39c042.txt": "a b c d e f".split(),
    "002_59dfd95620e315ef.txt": "1a 2a 2b 2c 2d 3a 3b 3c 3d".split(),
    "003_d7249269a4b7edd8.txt": "1a 2a 2b 2c (a) (b)".split(),
    "004_83175876e322ebe7.txt": "A B C D E F G.i G.ii G.iii H I 2.1 2.2 2.3".split(),
}


def equations_below(anchor):
    """Numbers of the equations between a heading and the next."""
    for part in re.split(r"^#+ ", DERIVATIONS.read_text("utf-8"), flags=re.MULTILINE):
        if part.split("\n")[0].lower().replace(" ", "-") == anchor:
            return [int(n) for n in re.findall(r"\\tag\{(\d+)\}", part)]
    return []


@pytest.mark.parametrize("document", QUESTIONS_OF)
def test_every_question_has_a_row_that_leads_to_its_answer(document):
    text = QUESTIONS.read_text("utf-8")
    section = text[text.index(f"### {document}") :].split("\n### ")[0]
    rows = re.findall(r"^\| (.+?) \| .+ \| (.+) \|$", section, re.MULTILINE)
    answers = rows[2:]  # below the head of the table
    asked = {question.split(",")[0] for question, _ in answers}
    assert asked == set(QUESTIONS_OF[document])
    for question, answer in answers:
        linked = re.findall(r"derivations\.md#([\w-]+)", answer)
        there = {n for heading in linked for n in equations_below(heading)}
        assert linked, question
        assert {int(n) for n in re.findall(r"\((\d+)\)", answer)} <= there, question
