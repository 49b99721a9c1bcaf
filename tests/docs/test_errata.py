"""Every entry of docs/errata.md, proved both ways: what is wrong is rejected, what is right passes.

An entry is a function that builds a `Case`. Nearly all are settled by the gradient checker, with
the loss from the library (or the one step of a derivation that is at stake) and the gradient as the
formula has it; a count, a probability or a shape is compared with the true value instead.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from numpy.testing import assert_allclose

from benchmarks.scatter_add import RIGHT, WRONG
from utils.gradcheck import GradientCheckError, gradcheck_naive
from word2vec import (
    cbow,
    log_sigmoid,
    naive_softmax_loss_and_gradient,
    neg_sampling_loss_and_gradient,
    num_parameters,
    relu,
    sigmoid,
    skipgram,
    softmax,
    softmax_cross_entropy,
    two_layer_net,
)

ERRATA = Path(__file__).parents[2] / "docs" / "errata.md"


class Case(NamedTuple):
    """Two checks: `wrong` must raise `error` with `message`, `right` must return."""

    wrong: Callable
    right: Callable
    error: type
    message: str


VALUES = (GradientCheckError, "gradient check failed")
SHAPE = (GradientCheckError, "the gradient must have the shape of x")
DOES_NOT_FIT = (ValueError, "mismatch in its core dimension|could not be broadcast|not aligned")

ENTRIES = []  # (number, builder of its case)


def entry(*numbers):
    """Register the builder of a case under the entries of docs/errata.md that it proves."""

    def register(build):
        ENTRIES.extend((number, build) for number in numbers)
        return build

    return register


def gradients(loss, at, wrong, right, rejection=VALUES):
    """Which of two gradients is that of `loss` at this point? Both are functions of nothing."""

    def check(gradient):
        gradcheck_naive(lambda x: (loss(x), gradient()), at.copy())

    return Case(lambda: check(wrong), lambda: check(right), *rejection)


def values(truth, wrong, right):
    """Which of two values is the true one?"""

    def check(value):
        assert np.shape(value) == np.shape(truth), "another shape"
        assert_allclose(value, truth, rtol=1e-9)

    return Case(lambda: check(wrong), lambda: check(right), AssertionError, "equal|another shape")


# The place of all checks: five words with vectors of size three, and three networks.

RNG = np.random.default_rng(11)
V, D = 5, 3
OUT, NEGATIVES, REPEATED = 2, [4, 0, 3], [3, 3, 0, 3]
v_c, U = RNG.normal(size=D), RNG.normal(size=(V, D))
y, y_hat = np.eye(V)[OUT], softmax(U @ v_c)
s = sigmoid(U @ v_c)  # of every word

# A text of word numbers; the window around position t reaches m to both sides.
TEXT, t, m = np.array([1, 4, 2, 0, 3]), 2, 2
c, OUTSIDE = TEXT[t], TEXT[[0, 1, 3, 4]]
CENTER = RNG.normal(size=(V, D))

logits, TRUE_CLASS = RNG.normal(size=4), 2
target = np.eye(4)[TRUE_CLASS]
WEIGHTS = RNG.normal(size=4)


def naive(v=v_c, u=U):
    return naive_softmax_loss_and_gradient(v, OUT, u)[0]


def sampled(v=v_c, u=U, negatives=NEGATIVES):
    return neg_sampling_loss_and_gradient(v, OUT, u, negatives)[0]


def cross_entropy(z):
    return softmax_cross_entropy(z, TRUE_CLASS)[0]


def skipgram_loss(center, center_word=c, outside=OUTSIDE):
    return skipgram(center_word, outside, center, U)[0]


def only_row(row, vector):
    """A (V, d) matrix that is zero but for one row."""
    matrix = np.zeros((V, D))
    matrix[row] = vector
    return matrix


class Net:
    """A network at a random point, with what its passes forwards and backwards compute."""

    def __init__(self, d_in, d_hidden, d_out, rows=1):
        rng = np.random.default_rng(12)
        self.x, self.y = rng.normal(size=(rows, d_in)), np.eye(d_out)[[1] * rows]
        self.w1, self.b1 = rng.normal(size=(d_in, d_hidden)), rng.normal(size=d_hidden)
        self.w2, self.b2 = rng.normal(size=(d_hidden, d_out)), rng.normal(size=d_out)
        self.z1 = self.x @ self.w1 + self.b1
        self.h = sigmoid(self.z1)
        self.z2 = self.h @ self.w2 + self.b2
        self.delta2 = softmax(self.z2) - self.y
        self.slope = self.h * (1 - self.h)
        self.delta1 = (self.delta2 @ self.w2.T) * self.slope
        self.slope_of_slope = self.slope * (1 - self.slope)

    def loss_of(self, name):
        arrays = {key: getattr(self, key) for key in ("x", "w1", "b1", "w2", "b2")}
        return lambda array: two_layer_net(targets=self.y, **{**arrays, name: array})[0]


NET = Net(4, 3, 2)
SQUARE = Net(3, 3, 3)  # all sizes agree, so a formula may fit and still be wrong
ROWS = Net(4, 3, 2, rows=5)


# Softmax, sigmoid, ReLU


@entry("002-01", "003-04")
def softmax_of_a_single_number_is_one():
    one_by_one = np.concatenate([softmax(logits[[i]]) for i in range(4)])
    return gradients(
        cross_entropy, logits, lambda: one_by_one - target, lambda: softmax(logits) - target
    )


@entry("002-02")
def constant_added_to_one_entry_alone():
    shifted = logits + 3 * np.eye(4)[0]
    return values(softmax(logits)[0], softmax(shifted)[0], softmax(logits + 3)[0])


@entry("002-03")
def numerator_multiplied_once_more_by_the_constant():
    x, const = 0.7, 1.5
    return values(np.exp(x + const), np.exp(x + const) * np.exp(const), np.exp(x) * np.exp(const))


@entry("004-28")
def constant_added_instead_of_multiplied():
    exp_scores, const = np.exp(U @ v_c), 0.5
    return values(
        naive(),
        -np.log((const + exp_scores[OUT]) / (const + exp_scores).sum()),
        -np.log((const * exp_scores[OUT]) / (const * exp_scores).sum()),
    )


@entry("003-01")
def sigmoid_equated_with_its_derivative():
    sigma = sigmoid(logits)
    return gradients(lambda x: sigmoid(x).sum(), logits, lambda: sigma, lambda: sigma * (1 - sigma))


@entry("003-02")
def quotient_rule_with_derivatives_in_place_of_functions():
    e = np.exp(-logits)

    def quotient_rule(numerator, denominator):
        return (0 * denominator - numerator * -e) / denominator**2

    return gradients(
        lambda x: sigmoid(x).sum(),
        logits,
        lambda: quotient_rule(1, -e),  # the denominator as it is named
        lambda: quotient_rule(1, 1 + e),
    )


@entry("003-03")
def minus_of_the_inner_derivative_lost():
    e = np.exp(-logits)
    return gradients(lambda x: (1 + np.exp(-x)).sum(), logits, lambda: 0 + e, lambda: 0 + (-e))


@entry("001-07")
def jacobian_with_the_same_index_twice():
    slope = sigmoid(logits) * (1 - sigmoid(logits))
    return gradients(
        lambda x: WEIGHTS @ sigmoid(x),
        logits,
        lambda: WEIGHTS @ np.tile(slope[:, np.newaxis], 4),
        lambda: WEIGHTS @ np.diag(slope),
    )


@entry("001-07")
def matrix_as_the_gradient_of_one_component():
    slope = sigmoid(logits) * (1 - sigmoid(logits))
    return gradients(
        lambda x: sigmoid(x)[0], logits, lambda: np.diag(slope), lambda: np.diag(slope)[0], SHAPE
    )


@entry("002-18")
def logarithm_equated_with_its_derivative():
    # d(log sigma) from "log sigma = 1 - sigma" is -sigma'.
    sigma = sigmoid(logits)
    return gradients(
        lambda x: log_sigmoid(x).sum(), logits, lambda: -sigma * (1 - sigma), lambda: 1 - sigma
    )


@entry("004-14")
def relu_without_a_value_at_zero():
    x = np.array([-1.0, 0.0, 2.0])
    return values(relu(x), np.select([x < 0, x > 0], [0, x], np.nan), np.where(x > 0, x, 0))


@entry("004-18")
def sigmoid_large_where_its_argument_is_small():
    scores = np.array([-5.0, 5.0])
    return values(sigmoid(scores), 1 / (1 + np.exp(scores)), 1 / (1 + np.exp(-scores)))


# Cross-entropy


@entry("000-01")
def inner_sum_with_the_index_of_the_outer():
    # Each fraction is then exp(z_i) / (C exp(z_i)) = 1 / C, whatever z.
    return gradients(cross_entropy, logits, lambda: np.zeros(4), lambda: softmax(logits) - target)


@entry("002-04")
def sum_read_as_a_probability():
    # d/dz_i of log(y_hat_i exp(z_i)) - z_k
    p = softmax(logits)
    return gradients(cross_entropy, logits, lambda: 2 - p - target, lambda: p - target)


@entry("002-05")
def minus_one_read_into_the_subscript():
    p = softmax(logits)
    shifted = np.where(target == 1, np.roll(p, 1), p)
    return gradients(
        cross_entropy, logits, lambda: shifted, lambda: np.where(target == 1, p - 1, p)
    )


@entry("002-06")
def number_minus_the_whole_target():
    p = softmax(logits)
    return gradients(
        cross_entropy, logits, lambda: p[:, np.newaxis] - target, lambda: p - target, SHAPE
    )


@entry("003-05")
def loss_without_its_minus():
    p = softmax(logits)
    return gradients(cross_entropy, logits, lambda: target - p, lambda: p - target)


@entry("003-06")
def first_term_without_its_sign():
    return gradients(lambda z: -(target @ z), logits, lambda: target, lambda: -target)


@entry("003-07")
def gradient_of_the_logits_given_to_a_bias():
    delta2 = NET.delta2[0]
    hidden, output = NET.loss_of("b1"), NET.loss_of("b2")
    return Case(
        lambda: gradcheck_naive(lambda b: (hidden(b), delta2), NET.b1.copy()),
        # b2 is added to the logits, so its gradient is theirs.
        lambda: gradcheck_naive(lambda b: (output(b), delta2), NET.b2.copy()),
        *SHAPE,
    )


# The two-layer network


@entry("000-02")
def product_after_both_layers_does_not_fit():
    return gradients(
        NET.loss_of("x"),
        NET.x,
        lambda: (NET.delta2 @ NET.w2.T @ NET.w1.T) * NET.h * (1 - NET.h),
        lambda: ((NET.delta2 @ NET.w2.T) * NET.h * (1 - NET.h)) @ NET.w1.T,
        DOES_NOT_FIT,
    )


@entry("000-02")
def product_after_both_layers_is_wrong_where_it_fits():
    net = SQUARE
    return gradients(
        net.loss_of("x"),
        net.x,
        lambda: (net.delta2 @ net.w2.T @ net.w1.T) * net.h * (1 - net.h),
        lambda: ((net.delta2 @ net.w2.T) * net.h * (1 - net.h)) @ net.w1.T,
    )


@entry("002-08", "003-21")
def matrix_product_with_the_sigmoid_derivative():
    return gradients(
        NET.loss_of("x"),
        NET.x,
        lambda: NET.delta2 @ NET.w2.T @ NET.slope @ NET.w1.T,
        lambda: NET.delta2 @ NET.w2.T @ np.diag(NET.slope[0]) @ NET.w1.T,
        DOES_NOT_FIT,
    )


@entry("002-07")
def probability_of_the_true_class_minus_the_target():
    true_probability = softmax(NET.z2)[0, 1]
    return gradients(
        NET.loss_of("x"),
        NET.x,
        lambda: (((true_probability - NET.y) @ NET.w2.T) * NET.slope) @ NET.w1.T,
        lambda: (((softmax(NET.z2) - NET.y) @ NET.w2.T) * NET.slope) @ NET.w1.T,
    )


@entry("003-19")
def derivative_of_a_derivative_in_the_gradient_of_x():
    return gradients(
        NET.loss_of("x"),
        NET.x,
        lambda: ((NET.delta2 @ NET.w2.T) * NET.slope_of_slope) @ NET.w1.T,
        lambda: ((NET.delta2 @ NET.w2.T) * NET.slope) @ NET.w1.T,
    )


@entry("003-19")
def derivative_of_a_derivative_in_the_gradient_of_w1():
    return gradients(
        NET.loss_of("w1"),
        NET.w1,
        lambda: NET.x.T @ ((NET.delta2 @ NET.w2.T) * NET.slope_of_slope),
        lambda: NET.x.T @ ((NET.delta2 @ NET.w2.T) * NET.slope),
    )


@entry("003-19")
def derivative_of_a_derivative_in_the_gradient_of_b1():
    return gradients(
        NET.loss_of("b1"),
        NET.b1,
        lambda: ((NET.delta2 @ NET.w2.T) * NET.slope_of_slope)[0],
        lambda: ((NET.delta2 @ NET.w2.T) * NET.slope)[0],
    )


@entry("003-20")
def derivative_of_the_argument_by_itself():
    weights = WEIGHTS[:3]
    return gradients(
        lambda z: weights @ z, NET.z1[0], lambda: weights * NET.slope[0], lambda: weights
    )


@entry("003-08")
def gradient_of_the_input_announced_for_the_weights():
    grad_x = NET.delta1 @ NET.w1.T
    of_weights, of_input = NET.loss_of("w1"), NET.loss_of("x")
    return Case(
        lambda: gradcheck_naive(lambda w1: (of_weights(w1), grad_x), NET.w1.copy()),
        lambda: gradcheck_naive(lambda x: (of_input(x), grad_x), NET.x.copy()),
        *SHAPE,
    )


@entry("003-09")
def one_hidden_unit_for_all():
    return gradients(
        NET.loss_of("x"),
        NET.x,
        lambda: NET.delta1[:, :1] @ NET.w1[:, :1].T,
        lambda: NET.delta1 @ NET.w1.T,
    )


@entry("003-10")
def error_of_one_class_for_the_vector_of_errors():
    return gradients(
        lambda z2: softmax_cross_entropy(z2, NET.y)[0],
        NET.z2,
        lambda: NET.delta2[0, 0],
        lambda: NET.delta2,
        SHAPE,
    )


@entry("003-11")
def chain_of_jacobians_has_the_shape_of_the_input():
    chain = NET.delta2 @ NET.w2.T @ np.diag(NET.slope[0]) @ NET.w1.T
    m_by_m = (len(NET.b1), len(NET.b1))
    return values(NET.x.shape, m_by_m, chain.shape)


@entry("003-12")
def first_row_of_the_jacobian_runs_down_the_diagonal():
    net = SQUARE
    return gradients(
        lambda h: (h @ net.w2 + net.b2)[0], net.h[0], lambda: np.diag(net.w2), lambda: net.w2[:, 0]
    )


@entry("003-13")
def error_of_the_logits_equated_with_the_logits():
    return gradients(
        lambda z2: softmax_cross_entropy(z2, NET.y)[0],
        NET.z2,
        lambda: NET.z2,
        lambda: softmax(NET.z2) - NET.y,
    )


@entry("003-14")
def first_bias_at_the_output():
    def check(size):
        two_layer_net(NET.x, NET.y, NET.w1, np.zeros(size), NET.w2, NET.b2)

    return Case(lambda: check(2), lambda: check(3), ValueError, "b1 must have shape")


@entry("003-15")
def weights_indexed_unit_first():
    net = SQUARE
    by_unit = [sum(net.w1[j, i] * net.x[0, i] for i in range(3)) for j in range(3)]
    by_input = [sum(net.w1[i, j] * net.x[0, i] for i in range(3)) for j in range(3)]
    return values((net.x @ net.w1)[0], by_unit, by_input)


@entry("003-16")
def weights_of_the_other_layer():
    return gradients(
        NET.loss_of("x"),
        NET.x,
        lambda: NET.delta1 @ NET.w2.T,
        lambda: NET.delta1 @ NET.w1.T,
        DOES_NOT_FIT,
    )


@entry("003-17")
def weights_of_shape_hidden_by_input():
    def check(w1):
        two_layer_net(NET.x, NET.y, w1, NET.b1, NET.w2, NET.b2)

    message = "x and w1 transposed must hold vectors of the same size"
    return Case(lambda: check(NET.w1.T), lambda: check(NET.w1), ValueError, message)


@entry("003-18")
def jacobian_written_out_is_not_transposed():
    net = SQUARE
    return gradients(
        net.loss_of("x"), net.x, lambda: net.delta1 @ net.w1, lambda: net.delta1 @ net.w1.T
    )


@entry("003-22")
def product_of_the_partial_derivatives_of_all_inputs():
    net = SQUARE
    return gradients(
        net.loss_of("x"),
        net.x,
        lambda: net.delta1 * net.w1.prod(axis=0),
        lambda: np.stack([net.delta1[0] @ net.w1[i] for i in range(3)])[np.newaxis],
    )


@entry("003-23")
def minus_before_the_gradient():
    right = NET.delta1 @ NET.w1.T
    return gradients(NET.loss_of("x"), NET.x, lambda: -right, lambda: right)


@entry("003-26")
def column_layout_with_the_gradient_of_the_row_layout():
    # Columns: z = W h, with W = w2.T of shape (C, H).
    h, delta2 = NET.h.T, NET.delta2.T
    loss = NET.loss_of("w2")
    return gradients(
        lambda w: loss(w.T), NET.w2.T, lambda: h.T @ delta2, lambda: delta2 @ h.T, DOES_NOT_FIT
    )


@entry("003-26")
def column_layout_in_the_forward_pass():
    return Case(
        lambda: sigmoid(NET.w1 @ NET.x.T),
        lambda: sigmoid(NET.x @ NET.w1),
        *DOES_NOT_FIT,
    )


@entry("003-27")
def sigmoid_derivative_at_the_activation():
    at_activation = sigmoid(NET.h) * (1 - sigmoid(NET.h))
    return gradients(
        NET.loss_of("w1"),
        NET.w1,
        lambda: NET.x.T @ ((NET.delta2 @ NET.w2.T) * at_activation),
        lambda: NET.x.T @ ((NET.delta2 @ NET.w2.T) * NET.slope),
    )


@entry("003-28")
def first_layer_does_not_depend_on_the_second_weights():
    return gradients(
        NET.loss_of("w2"), NET.w2, lambda: np.zeros_like(NET.w2), lambda: NET.h.T @ NET.delta2
    )


@entry("003-28")
def output_error_as_the_error_of_the_first_layer():
    def loss(z1):
        return softmax_cross_entropy(sigmoid(z1) @ NET.w2 + NET.b2, NET.y)[0]

    return gradients(loss, NET.z1, lambda: NET.delta2, lambda: NET.delta1, SHAPE)


@entry("003-29")
def derivative_by_a_matrix_has_three_axes():
    # dz_j / dW_ik = x_i where k = j, else 0.
    jacobian = np.einsum("i,jk->jik", NET.x[0], np.eye(3))
    as_a_matrix = np.tile(NET.x, (3, 1))
    return gradients(
        NET.loss_of("w1"),
        NET.w1,
        lambda: NET.delta1 @ as_a_matrix,
        lambda: np.einsum("j,jik->ik", NET.delta1[0], jacobian),
        SHAPE,
    )


@entry("003-30")
def probabilities_for_logits():
    grad_y_hat = -NET.y / softmax(NET.z2)
    return gradients(
        NET.loss_of("w2"), NET.w2, lambda: NET.h.T @ grad_y_hat, lambda: NET.h.T @ NET.delta2
    )


@entry("003-31")
def identity_of_the_hidden_size():
    return gradients(
        NET.loss_of("b2"),
        NET.b2,
        lambda: (NET.delta2 @ np.eye(3))[0],
        lambda: (NET.delta2 @ np.eye(2))[0],
        DOES_NOT_FIT,
    )


@entry("003-32")
def identity_as_the_derivative_by_the_weights():
    return gradients(
        NET.loss_of("w1"),
        NET.w1,
        lambda: NET.delta1 @ np.eye(3),
        lambda: NET.x.T @ NET.delta1,
        SHAPE,
    )


@entry("003-33")
def hidden_activations_for_the_first_weights():
    return gradients(
        NET.loss_of("w1"),
        NET.w1,
        lambda: NET.h.T @ NET.delta1,
        lambda: NET.x.T @ NET.delta1,
        SHAPE,
    )


@entry("003-34")
def matrix_of_ones_after_the_input():
    return gradients(
        NET.loss_of("w1"),
        NET.w1,
        lambda: NET.x.T @ np.ones((1, 3)) @ NET.delta1,
        lambda: NET.x.T @ NET.delta1,
        DOES_NOT_FIT,
    )


@entry("003-35")
def output_error_as_the_gradient_of_the_hidden_bias():
    return gradients(NET.loss_of("b1"), NET.b1, lambda: NET.delta2[0], lambda: NET.delta1[0], SHAPE)


@entry("003-35")
def output_error_as_the_gradient_of_the_hidden_bias_where_it_fits():
    net = SQUARE
    return gradients(net.loss_of("b1"), net.b1, lambda: net.delta2[0], lambda: net.delta1[0])


@entry("003-36")
def bias_gradient_of_several_rows_without_a_sum():
    return gradients(
        ROWS.loss_of("b2"),
        ROWS.b2,
        lambda: ROWS.delta2,
        lambda: ROWS.delta2.sum(axis=0),
        SHAPE,
    )


@entry("003-37")
def number_of_a_unit_for_the_number_of_a_layer():
    return gradients(
        NET.loss_of("b1"), NET.b1, lambda: NET.delta1[0, 0], lambda: NET.delta1[0], SHAPE
    )


# The number of parameters


@entry("002-09")
def output_units_counted_with_themselves():
    d_x, h, d_y = 10, 5, 3
    return values(
        num_parameters(d_x, h, d_y), (d_x + 1) * h + (d_y + 1) * d_y, (d_x + 1) * h + (h + 1) * d_y
    )


@entry("002-10")
def norm_for_the_number_of_parameters():
    theta = np.concatenate([NET.w1.ravel(), NET.b1, NET.w2.ravel(), NET.b2])
    return values(num_parameters(4, 3, 2), np.linalg.norm(theta), theta.size)


@entry("003-24")
def sizes_read_as_numbers():
    d_x, h, d_y = 10, 5, 3
    return values(
        num_parameters(d_x, h, d_y), (2 + 1) * 11 + (11 + 1) * 1, (d_x + 1) * h + (h + 1) * d_y
    )


@entry("003-25")
def bias_itself_for_the_number_of_biases():
    d_x, h, d_y = 4, 3, 2
    weights_and_hidden = d_x * h + h + h * d_y
    return values(
        num_parameters(d_x, h, d_y), weights_and_hidden + NET.b1, weights_and_hidden + d_y
    )


# Naive softmax


@entry("000-03")
def probabilities_in_a_row_before_which_nothing_fits():
    row = (y_hat - y)[np.newaxis]
    return gradients(naive, v_c, lambda: U.T @ row, lambda: (U.T @ row.T)[:, 0], DOES_NOT_FIT)


@entry("001-01", "004-03")
def derivative_sign_followed_by_a_minus():
    # Read as it stands: nothing is differentiated, and the bracket is subtracted from nothing.
    log_p = U[OUT] @ v_c - np.log(np.exp(U @ v_c).sum())
    return gradients(naive, v_c, lambda: -log_p, lambda: -U[OUT] + y_hat @ U, SHAPE)


@entry("001-02")
def inner_sum_with_the_word_of_the_outer():
    same_word = sum(np.exp(U[w] @ v_c) * U[w] / (V * np.exp(U[w] @ v_c)) for w in range(V))
    return gradients(naive, v_c, lambda: -U[OUT] + same_word, lambda: -U[OUT] + y_hat @ U)


@entry("001-02")
def denominator_with_the_word_of_the_numerator():
    exp_scores = np.exp(U @ v_c)
    return gradients(
        lambda u: naive(u=u),
        U,
        lambda: np.outer(exp_scores / (V * exp_scores) - y, v_c),
        lambda: np.outer(exp_scores / exp_scores.sum() - y, v_c),
    )


@entry("001-03")
def columns_assumed_where_words_are_rows():
    column = (y_hat - y)[np.newaxis].T
    return gradients(naive, v_c, lambda: U @ column, lambda: (U.T @ column)[:, 0], DOES_NOT_FIT)


@entry("001-04")
def differentiation_by_every_word_at_once():
    # Every term of the sum is then differentiated, and the sum of all probabilities is one.
    return gradients(
        lambda u: naive(u=u), U, lambda: np.outer(1 - y, v_c), lambda: np.outer(y_hat - y, v_c)
    )


@entry("001-05")
def vector_inside_the_exponential():
    inside = np.exp((U[OUT] @ v_c) * v_c) / np.exp(U @ v_c).sum()
    rows = np.outer(y_hat, v_c)
    return gradients(
        lambda u: naive(u=u),
        U,
        lambda: rows + only_row(OUT, -rows[OUT] - v_c + inside),
        lambda: rows + only_row(OUT, -v_c),
    )


@entry("001-06", "004-13")
def gradient_of_all_outside_vectors_transposed():
    return gradients(
        lambda u: naive(u=u),
        U,
        lambda: np.outer(v_c, y_hat - y),
        lambda: np.outer(y_hat - y, v_c),
        SHAPE,
    )


@entry("001-06")
def product_that_only_fits_a_row_of_probabilities():
    # In the document's layout, words in columns: (d, 1) (1, V) fits, (d, 1) (V, 1) does not.
    v_column, error = v_c[:, np.newaxis], (y_hat - y)[:, np.newaxis]
    return gradients(
        lambda u: naive(u=u.T),
        U.T,
        lambda: v_column @ error,
        lambda: v_column @ error.T,
        DOES_NOT_FIT,
    )


@entry("002-12")
def transpose_too_many_where_words_are_columns():
    columns = U.T  # (n, |D|)
    return gradients(
        naive, v_c, lambda: columns.T @ (y_hat - y), lambda: columns @ (y_hat - y), DOES_NOT_FIT
    )


@entry("002-13")
def vector_of_errors_times_the_center_vector():
    return gradients(
        lambda u: naive(u=u),
        U,
        lambda: np.stack([(y_hat - y) @ v_c for _ in range(V)]),
        lambda: np.stack([(y_hat[w] - y[w]) * v_c for w in range(V)]),
        DOES_NOT_FIT,
    )


@entry("002-14")
def vector_minus_one_times_the_center_vector():
    rows = np.outer(y_hat, v_c)
    return gradients(
        lambda u: naive(u=u),
        U,
        lambda: rows + only_row(OUT, (y_hat - 1) * v_c - rows[OUT]),
        lambda: rows + only_row(OUT, (y_hat[OUT] - 1) * v_c - rows[OUT]),
        DOES_NOT_FIT,
    )


@entry("002-15")
def target_for_the_probability_of_the_other_words():
    is_outside = y == 1
    return gradients(
        lambda u: naive(u=u),
        U,
        lambda: np.outer(np.where(is_outside, y_hat - 1, y), v_c),
        lambda: np.outer(np.where(is_outside, y_hat - 1, y_hat), v_c),
    )


@entry("002-16")
def chain_rule_without_the_sum():
    # dtheta_k / du_w is zero for k != w: with one k alone, all other rows would get nothing.
    error = y_hat - y
    return gradients(
        lambda u: naive(u=u),
        U,
        lambda: only_row(OUT, error[OUT] * v_c),
        lambda: sum(only_row(k, error[k] * v_c) for k in range(V)),
    )


@entry("002-11")
def loss_without_the_outside_word():
    truth = [naive_softmax_loss_and_gradient(v_c, o, U)[0] for o in range(V)]
    return values(truth, [truth[0]] * V, -np.log(y_hat))


@entry("004-01")
def probabilities_over_the_center_words():
    p = np.exp(
        [[-naive_softmax_loss_and_gradient(v, o, U)[0] for o in range(V)] for v in CENTER]
    )  # (center word, outside word)
    return values(np.ones(V), p.sum(axis=0), p.sum(axis=1))


@entry("004-01")
def scores_for_probabilities():
    return gradients(naive, v_c, lambda: U.T @ (U @ v_c - y), lambda: U.T @ (y_hat - y))


@entry("004-02")
def running_index_as_the_last_word():
    # With the w of the sum for the last word, and that the outside word: its term stands twice.
    terms = -y * np.log(y_hat)
    return values(naive(), terms[0] + terms[OUT] + terms[OUT], terms.sum())


@entry("004-04")
def row_vector_added_to_a_column():
    columns = -U[OUT][:, np.newaxis], (y_hat @ U)[:, np.newaxis]
    return gradients(
        naive,
        v_c,
        lambda: columns[0] + columns[1].T,
        lambda: (columns[0] + columns[1])[:, 0],
        SHAPE,
    )


@entry("004-05")
def sum_of_probabilities_for_the_probabilities():
    exp_scores = np.exp(U @ v_c)
    return values(y_hat, exp_scores.sum() / exp_scores.sum(), exp_scores / exp_scores.sum())


@entry("004-06")
def one_probability_for_all():
    return gradients(
        naive,
        v_c,
        lambda: -U.T @ y + U.T * y_hat[OUT],
        lambda: -U.T @ y + U.T @ y_hat,
        DOES_NOT_FIT,
    )


@entry("004-07")
def gradient_zero_though_the_prediction_is_not_perfect():
    u = np.array([[1.0, 0, 0], [-1.0, 0, 0], [0.0, 0, 0], [0, 1.0, 0], [0, -1.0, 0]])
    v = np.array([0.0, 0, 1])
    p = softmax(u @ v)
    is_zero = np.allclose(naive_softmax_loss_and_gradient(v, OUT, u)[1], 0)
    return values(is_zero, np.allclose(p, y), np.allclose(p @ u, u[OUT]))


@entry("004-08")
def average_without_the_outside_word():
    others = y == 0
    return gradients(
        naive, v_c, lambda: -U[OUT] + y_hat[others] @ U[others], lambda: -U[OUT] + y_hat @ U
    )


@entry("004-09")
def words_told_apart_by_their_vectors():
    u = np.zeros((V, D))  # as in the C program before the first step
    p = softmax(u @ v_c)
    same_vector = (u == u[OUT]).all(axis=1)
    return gradients(
        lambda u: naive(u=u),
        u,
        lambda: np.outer(p - same_vector, v_c),
        lambda: np.outer(p - y, v_c),
    )


@entry("004-10")
def word_zero_for_the_outside_word():
    return gradients(
        lambda u: naive(u=u),
        U,
        lambda: np.outer(y_hat, v_c) - only_row(0, v_c),
        lambda: np.outer(y_hat, v_c) - only_row(OUT, v_c),
    )


@entry("004-11")
def vector_of_errors_for_one_word():
    return gradients(
        lambda u: naive(u=u),
        U,
        lambda: np.stack([v_c * (y_hat - y) for _ in range(V)]),
        lambda: np.stack([v_c * (y_hat[j] - y[j]) for j in range(V)]),
        DOES_NOT_FIT,
    )


@entry("004-12")
def outside_word_without_its_minus_one():
    return gradients(
        lambda u: naive(u=u), U, lambda: np.outer(y_hat, v_c), lambda: np.outer(y_hat - y, v_c)
    )


# Negative sampling


@entry("000-04", "001-08", "002-20")
def number_of_the_draw_for_the_word_drawn():
    by_draw = range(len(NEGATIVES))
    return gradients(
        sampled,
        v_c,
        lambda: (s[OUT] - 1) * U[OUT] + sum(s[k] * U[k] for k in by_draw),
        lambda: (s[OUT] - 1) * U[OUT] + sum(s[w] * U[w] for w in NEGATIVES),
    )


@entry("000-05", "001-10", "002-19")
def repeated_negative_counted_once():
    return gradients(
        lambda u: sampled(u=u, negatives=REPEATED),
        U,
        lambda: (
            only_row(OUT, (s[OUT] - 1) * v_c) + sum(only_row(w, s[w] * v_c) for w in set(REPEATED))
        ),
        lambda: only_row(OUT, (s[OUT] - 1) * v_c) + sum(only_row(w, s[w] * v_c) for w in REPEATED),
    )


@entry("000-05", "002-19")
def outside_word_among_the_negatives():
    with_outside = [OUT, 4]
    return gradients(
        lambda u: sampled(u=u, negatives=with_outside),
        U,
        lambda: only_row(OUT, (s[OUT] - 1) * v_c) + only_row(4, s[4] * v_c),
        lambda: only_row(OUT, (s[OUT] - 1 + s[OUT]) * v_c) + only_row(4, s[4] * v_c),
    )


@entry("000-06", "001-11", "004-24")
def outside_word_not_counted():
    _, _, grad = neg_sampling_loss_and_gradient(v_c, OUT, U, NEGATIVES)
    num_rows = np.count_nonzero(grad.any(axis=1))
    return values(num_rows, len(NEGATIVES), len(NEGATIVES) + 1)


@entry("001-09", "004-20")
def differentiation_by_every_draw_at_once():
    outside_row = only_row(OUT, (s[OUT] - 1) * v_c)
    all_draws = sum(s[w] * v_c for w in NEGATIVES)
    return gradients(
        lambda u: sampled(u=u),
        U,
        lambda: outside_row + sum(only_row(w, all_draws) for w in NEGATIVES),
        lambda: outside_row + sum(only_row(w, s[w] * v_c) for w in NEGATIVES),
    )


@entry("002-17")
def word_zero_for_the_outside_word_in_negative_sampling():
    negatives = sum(only_row(w, s[w] * v_c) for w in NEGATIVES)
    return gradients(
        lambda u: sampled(u=u),
        U,
        lambda: only_row(0, (s[0] - 1) * v_c) + negatives,
        lambda: only_row(OUT, (s[OUT] - 1) * v_c) + negatives,
    )


@entry("004-15")
def other_loss_named():
    return Case(
        lambda: gradcheck_naive(lambda v: (naive(v), sampled_gradient()), v_c.copy()),
        lambda: gradcheck_naive(lambda v: (sampled(v), sampled_gradient()), v_c.copy()),
        *VALUES,
    )


def sampled_gradient():
    """Gradient of `sampled` for the center vector."""
    return (s[OUT] - 1) * U[OUT] + s[NEGATIVES] @ U[NEGATIVES]


@entry("004-16")
def bracket_lost_in_the_condition_for_zero():
    return gradients(
        sampled,
        v_c,
        lambda: -(-s[OUT] - 1) * U[OUT] + s[NEGATIVES] @ U[NEGATIVES],
        lambda: (s[OUT] - 1) * U[OUT] + s[NEGATIVES] @ U[NEGATIVES],
    )


@entry("004-17")
def complement_for_the_weight_of_a_negative():
    return gradients(
        sampled,
        v_c,
        lambda: (s[OUT] - 1) * U[OUT] + (1 - s[NEGATIVES]) @ U[NEGATIVES],
        lambda: (s[OUT] - 1) * U[OUT] + s[NEGATIVES] @ U[NEGATIVES],
    )


@entry("004-19")
def weight_of_the_outside_word_for_the_negatives():
    const = 1 - s[OUT]
    return gradients(
        sampled,
        v_c,
        lambda: -const * U[OUT] + const * U[NEGATIVES].sum(axis=0),
        lambda: -const * U[OUT] + s[NEGATIVES] @ U[NEGATIVES],
    )


@entry("004-21")
def stacked_columns_without_a_transpose():
    stacked = np.stack([U[OUT], *-U[NEGATIVES]], axis=1)  # (d, K + 1)
    return gradients(
        sampled,
        v_c,
        lambda: stacked @ (sigmoid(stacked @ v_c) - 1),
        lambda: stacked @ (sigmoid(stacked.T @ v_c) - 1),
        DOES_NOT_FIT,
    )


@entry("004-22")
def reused_quantity_without_minus_one():
    stacked = np.stack([U[OUT], *-U[NEGATIVES]], axis=1)  # (d, K + 1)
    return gradients(
        sampled,
        v_c,
        lambda: stacked @ sigmoid(stacked.T @ v_c),
        lambda: stacked @ (sigmoid(stacked.T @ v_c) - 1),
    )


@entry("004-30")
def reference_to_a_part_that_has_another_answer():
    # Part (ii) gives sigma of all scores; the gradients are from part (i).
    rows = [OUT, *NEGATIVES]
    of_part_ii = sigmoid(np.stack([U[OUT], *-U[NEGATIVES]]) @ v_c)
    return gradients(
        lambda u: sampled(u=u),
        U,
        lambda: sum(only_row(w, sigma * v_c) for w, sigma in zip(rows, of_part_ii, strict=True)),
        lambda: only_row(OUT, (s[OUT] - 1) * v_c) + sum(only_row(w, s[w] * v_c) for w in NEGATIVES),
    )


@entry("004-23")
def softmax_gradient_is_not_what_enough_negatives_give():
    others = [w for w in range(V) if w != OUT]
    return gradients(
        naive,
        v_c,
        lambda: neg_sampling_loss_and_gradient(v_c, OUT, U, others)[1],
        lambda: U.T @ (y_hat - y),
    )


@entry("004-25")
def minus_of_the_inner_derivative_lost_in_the_repeated_negatives():
    outside_row = only_row(OUT, (s[OUT] - 1) * v_c)
    minus_s = sigmoid(-(U @ v_c))
    return gradients(
        lambda u: sampled(u=u, negatives=REPEATED),
        U,
        lambda: outside_row - sum(only_row(w, (1 - minus_s[w]) * v_c) for w in REPEATED),
        lambda: outside_row - sum(only_row(w, (1 - minus_s[w]) * -v_c) for w in REPEATED),
    )


@entry("004-29")
def minus_one_inside_the_sigmoid():
    scores = U[NEGATIVES] @ v_c
    return gradients(
        sampled,
        v_c,
        lambda: (s[OUT] - 1) * U[OUT] + sigmoid(-scores - 1) @ -U[NEGATIVES],
        lambda: (s[OUT] - 1) * U[OUT] + (sigmoid(-scores) - 1) @ -U[NEGATIVES],
    )


@entry("004-31")
def gradient_of_the_stack_with_the_signs_of_its_words():
    stacked = np.stack([U[OUT], *-U[NEGATIVES]])  # (K + 1, d)
    scores_sig = sigmoid(stacked @ v_c)
    return gradients(
        lambda stacked: -log_sigmoid(stacked @ v_c).sum(),
        stacked,
        lambda: np.outer(np.append(scores_sig[0] - 1, 1 - scores_sig[1:]), v_c),
        lambda: np.outer(scores_sig - 1, v_c),
    )


@entry("004-32")
def gradient_of_the_center_after_the_scores_were_overwritten():
    stacked = np.stack([U[OUT], *-U[NEGATIVES]])  # (K + 1, d)
    scores_sig = sigmoid(stacked @ v_c)
    overwritten = np.append(scores_sig[0] - 1, 1 - scores_sig[1:])
    return gradients(
        sampled, v_c, lambda: stacked.T @ (overwritten - 1), lambda: stacked.T @ (scores_sig - 1)
    )


@entry("004-33")
def repeated_rows_added_by_plain_indexing():
    rows = np.array([OUT, *REPEATED])
    pair_gradients = np.outer(s[rows] - (np.arange(len(rows)) == 0), v_c)

    def added_by(way):
        matrix = np.zeros((V, D))
        way(matrix, rows, pair_gradients)
        return matrix

    return gradients(
        lambda u: sampled(u=u, negatives=REPEATED),
        U,
        lambda: added_by(*WRONG.values()),
        lambda: added_by(RIGHT["np.add.at"]),
    )


# Windows


@entry("000-07")
def position_zero_left_out_instead_of_the_center():
    window = range(t - m, t + m + 1)
    zero_left_out, center_left_out = ([TEXT[j] for j in window if j != out] for out in (0, t))

    def gradient(outside):
        return sum(only_row(c, U.T @ (softmax(U @ CENTER[c]) - np.eye(V)[o])) for o in outside)

    return gradients(
        skipgram_loss, CENTER, lambda: gradient(zero_left_out), lambda: gradient(center_left_out)
    )


@entry("000-08")
def position_for_a_word():
    # The center word occurs again at position 0: that is not its position, but it is its word.
    text = np.array([2, 4, 2, 0, 3])
    outside = text[[0, 1, 3, 4]]
    right = skipgram(c, outside, CENTER, U)[1]
    wrong = right.copy()
    wrong[text[[j for j in range(5) if j != t]]] = 0
    return gradients(
        lambda center: skipgram_loss(center, outside=outside), CENTER, lambda: wrong, lambda: right
    )


@entry("001-12")
def not_lost_before_an_equals_sign():
    p = softmax(U @ CENTER[c])
    return gradients(
        skipgram_loss,
        CENTER,
        lambda: only_row(c, U.T @ (p - np.eye(V)[TEXT[t]])),
        lambda: only_row(c, sum(U.T @ (p - np.eye(V)[TEXT[t + j]]) for j in (-2, -1, 1, 2))),
    )


@entry("001-13", "004-27")
def zero_for_the_center_word_too():
    row = sum(U.T @ (softmax(U @ CENTER[c]) - np.eye(V)[o]) for o in OUTSIDE)
    return gradients(skipgram_loss, CENTER, lambda: np.zeros((V, D)), lambda: only_row(c, row))


@entry("002-21")
def word_zero_for_the_center_word():
    def gradient(word):
        p = softmax(U @ CENTER[word])
        return only_row(word, sum(U.T @ (p - np.eye(V)[o]) for o in OUTSIDE))

    return gradients(skipgram_loss, CENTER, lambda: gradient(0), lambda: gradient(c))


@entry("002-22")
def word_number_for_its_position():
    text, position, reach = np.array([1, 4, 2, 0, 3, 1, 0]), 4, 2
    word = text[position]

    def window_around(place):
        return text[[place + j for j in range(-reach, reach + 1) if j != 0]]

    return gradients(
        lambda center: skipgram_loss(center, word, window_around(position)),
        CENTER,
        lambda: skipgram(word, window_around(word), CENTER, U)[1],
        lambda: skipgram(word, window_around(position), CENTER, U)[1],
    )


@entry("004-26")
def loss_of_a_pair_named_for_that_of_the_window():
    negatives = [[0, 3], [1, 1]]

    def window_gradient():
        return skipgram(c, [4, 1], CENTER, U, negatives)[2]

    def check(loss):
        gradcheck_naive(lambda u: (loss(u), window_gradient()), U.copy())

    return Case(
        lambda: check(lambda u: neg_sampling_loss_and_gradient(CENTER[c], 4, u, negatives[0])[0]),
        lambda: check(lambda u: skipgram(c, [4, 1], CENTER, u, negatives)[0]),
        *VALUES,
    )


def cbow_gradient(outside=OUTSIDE, weight=1):
    """Gradient of the loss for the vector that predicts."""
    v_hat = weight * CENTER[outside].sum(axis=0)
    return U.T @ (softmax(U @ v_hat) - np.eye(V)[c])


@entry("000-09")
def cbow_gradient_on_the_center_word():
    outside_rows = sum(only_row(o, cbow_gradient()) for o in OUTSIDE)
    return gradients(
        lambda center: cbow(c, OUTSIDE, center, U)[0],
        CENTER,
        lambda: outside_rows + only_row(c, cbow_gradient()),
        lambda: outside_rows,
    )


@entry("000-10")
def cbow_without_gradient_on_the_outside_words():
    return gradients(
        lambda center: cbow(c, OUTSIDE, center, U)[0],
        CENTER,
        lambda: sum(only_row(o, 0) for o in OUTSIDE),
        lambda: sum(only_row(o, cbow_gradient()) for o in OUTSIDE),
    )


@entry("000-11", "002-24")
def cbow_mean_with_the_gradient_of_the_sum():
    grad = cbow_gradient(weight=1 / len(OUTSIDE))
    return gradients(
        lambda center: cbow(c, OUTSIDE, center, U, reduction="mean")[0],
        CENTER,
        lambda: sum(only_row(o, grad) for o in OUTSIDE),
        lambda: sum(only_row(o, grad / len(OUTSIDE)) for o in OUTSIDE),
    )


@entry("002-23")
def cbow_outside_word_that_occurs_twice_counted_once():
    repeated = [4, 1, 4]
    grad = cbow_gradient(repeated)
    return gradients(
        lambda center: cbow(c, repeated, center, U)[0],
        CENTER,
        lambda: sum(only_row(o, grad) for o in set(repeated)),
        lambda: sum(only_row(o, grad) for o in repeated),
    )


# The tests


every_case = pytest.mark.parametrize(
    "build", [pytest.param(build, id=f"{number}-{build.__name__}") for number, build in ENTRIES]
)


@every_case
def test_what_is_wrong_is_rejected(build):
    case = build()
    with pytest.raises(case.error, match=case.message):
        case.wrong()


@every_case
def test_what_is_right_is_accepted(build):
    build().right()


def test_every_entry_of_the_document_has_its_cases_and_every_case_its_entry():
    rows = re.findall(
        r"^\| (\d{3}-\d\d) \|.*\| ([^|]+) \|$", ERRATA.read_text("utf-8"), re.MULTILINE
    )
    documented = [
        (number, name) for number, names in rows for name in re.findall(r"`(\w+)`", names)
    ]
    assert sorted(documented) == sorted((number, build.__name__) for number, build in ENTRIES)
    assert {number for number, _ in rows} == {number for number, _ in ENTRIES}


def test_entries_are_numbered_without_gaps():
    numbers = sorted({number for number, _ in ENTRIES})
    for document in ("000", "001", "002", "003", "004"):
        own = [number for number in numbers if number.startswith(document)]
        assert own == [f"{document}-{i:02}" for i in range(1, len(own) + 1)]


@pytest.mark.parametrize("way", RIGHT.values(), ids=RIGHT)
def test_every_way_adds_up_repeated_rows(way):
    rng = np.random.default_rng(0)
    rows, g = rng.integers(V, size=20), rng.normal(size=(20, D))
    matrix, expected = np.ones((V, D)), np.ones((V, D))
    for row, row_gradient in zip(rows, g, strict=True):
        expected[row] += row_gradient
    way(matrix, rows, g)
    assert_allclose(matrix, expected, rtol=1e-12)


def test_for_one_center_word_it_suffices_to_add_up_the_numbers():
    rows = np.array([OUT, *REPEATED])
    grad_scores = s[rows] - (np.arange(len(rows)) == 0)
    by_number = np.outer(np.bincount(rows, grad_scores, minlength=V), v_c)
    assert_allclose(by_number, neg_sampling_loss_and_gradient(v_c, OUT, U, REPEATED)[2], rtol=1e-12)
