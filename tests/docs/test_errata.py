"""docs/errata.md: its quotations stand in the documents, and its mathematical errors are errors.

A mathematical error has one or more functions here, each of which builds a `Case`: the formula as
the document has it, under the document's own conventions and shapes, and the right one. Nearly all
are settled by the gradient checker, with the loss from the library (or the one step of a derivation
that is at stake); what is no gradient is compared with the true value.
"""

import os
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
    sigmoid,
    skipgram,
    softmax,
    softmax_cross_entropy,
    two_layer_net,
)

PAGE = (Path(__file__).parents[2] / "docs" / "errata.md").read_text("utf-8")


class Case(NamedTuple):
    """Two checks: `wrong` must raise `error` with `message`, `right` must return."""

    wrong: Callable
    right: Callable
    error: type
    message: str


VALUES = (GradientCheckError, "gradient check failed")
SHAPE = (GradientCheckError, "the gradient must have the shape of x")
DOES_NOT_FIT = (ValueError, "mismatch in its core dimension|could not be broadcast")

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
        assert_allclose(value, truth, rtol=1e-9)

    return Case(
        lambda: check(wrong), lambda: check(right), AssertionError, "Not equal to tolerance"
    )


# Words, five of them, with vectors of size three. `ROWS` has words as rows, `COLUMNS` as columns;
# single vectors are columns, and so are y and y_hat.

RNG = np.random.default_rng(11)
V, D = 5, 3
OUT, NEGATIVES, REPEATED = 2, [4, 0, 3], [3, 3, 0, 3]
v_c, ROWS = RNG.normal(size=(D, 1)), RNG.normal(size=(V, D))
COLUMNS = ROWS.T.copy()
u = [COLUMNS[:, [w]] for w in range(V)]
y, y_hat = np.eye(V)[:, [OUT]], softmax(ROWS @ v_c, axis=0)
s = sigmoid(ROWS @ v_c)[:, 0]  # sigma(u_w . v_c) of every word

# A text of word numbers; the window around position t reaches m to both sides.
TEXT, t, m = np.array([1, 4, 2, 0, 3]), 2, 2
c, CONTEXT = TEXT[t], TEXT[[0, 1, 3, 4]]
CENTER = RNG.normal(size=(V, D))

theta, TRUE_CLASS = RNG.normal(size=4), 2
target = np.eye(4)[TRUE_CLASS]


def naive(v=v_c, rows=ROWS):
    return naive_softmax_loss_and_gradient(v[:, 0], OUT, rows)[0]


def naive_of_columns(columns):
    return naive(rows=columns.T)


def sampled(v=v_c, rows=ROWS, negatives=NEGATIVES):
    return neg_sampling_loss_and_gradient(v[:, 0], OUT, rows, negatives)[0]


def cross_entropy(scores):
    return softmax_cross_entropy(scores, TRUE_CLASS)[0]


def only_row(row, vector):
    """A (V, d) matrix that is zero but for one row."""
    matrix = np.zeros((V, D))
    matrix[row] = vector
    return matrix


def only_column(column, vector):
    """A (d, V) matrix that is zero but for one column, itself (d, 1)."""
    matrix = np.zeros((D, V))
    matrix[:, [column]] = vector
    return matrix


class Net:
    """A network at a random point, with what its passes forwards and backwards compute.

    Rows: z1 = x w1 + b1, z2 = h w2 + b2. `columns` is the same network with everything transposed.
    """

    def __init__(self, d_in, d_hidden, d_out, columns=False):
        rng = np.random.default_rng(12)
        arrays = {
            "x": rng.normal(size=(1, d_in)),
            "w1": rng.normal(size=(d_in, d_hidden)),
            "b1": rng.normal(size=(1, d_hidden)),
            "w2": rng.normal(size=(d_hidden, d_out)),
            "b2": rng.normal(size=(1, d_out)),
            "y": np.eye(d_out)[[1]],
        }
        arrays["z1"] = arrays["x"] @ arrays["w1"] + arrays["b1"]
        arrays["h"] = sigmoid(arrays["z1"])
        arrays["y_hat"] = softmax(arrays["h"] @ arrays["w2"] + arrays["b2"])
        arrays["delta2"] = arrays["y_hat"] - arrays["y"]
        arrays["slope"] = arrays["h"] * (1 - arrays["h"])
        arrays["delta1"] = arrays["delta2"] @ arrays["w2"].T * arrays["slope"]
        self.columns = columns
        for name, array in arrays.items():
            setattr(self, name, array.T.copy() if columns else array)

    def loss_of(self, name):
        arrays = {key: getattr(self, key) for key in ("x", "y", "w1", "b1", "w2", "b2")}

        def loss(array):
            given = {**arrays, name: array}
            if self.columns:
                given = {key: value.T for key, value in given.items()}
            return two_layer_net(targets=given.pop("y"), **given)[0]

        return loss


NET, IN_COLUMNS = Net(4, 3, 2), Net(4, 3, 2, columns=True)
# All sizes agree, so a formula may fit and still be wrong.
SQUARE, SQUARE_IN_COLUMNS = Net(3, 3, 3), Net(3, 3, 3, columns=True)


# 000: the network in rows; words as rows


@entry("000-1")
def product_after_both_layers_does_not_fit():
    return gradients(
        NET.loss_of("x"),
        NET.x,
        lambda: (NET.delta2 @ NET.w2.T @ NET.w1.T) * NET.h * (1 - NET.h),
        lambda: ((NET.delta2 @ NET.w2.T) * NET.h * (1 - NET.h)) @ NET.w1.T,
        DOES_NOT_FIT,
    )


@entry("000-1")
def product_after_both_layers_is_wrong_where_it_fits():
    net = SQUARE
    return gradients(
        net.loss_of("x"),
        net.x,
        lambda: (net.delta2 @ net.w2.T @ net.w1.T) * net.h * (1 - net.h),
        lambda: ((net.delta2 @ net.w2.T) * net.h * (1 - net.h)) @ net.w1.T,
    )


@entry("000-2")
def position_zero_left_out_instead_of_the_center():
    window = range(t - m, t + m + 1)

    def gradient(left_out):
        outside = [TEXT[j] for j in window if j != left_out]
        error = sum(softmax(ROWS @ CENTER[c]) - np.eye(V)[o] for o in outside)
        return only_row(c, ROWS.T @ error)

    return gradients(
        lambda center: skipgram(c, CONTEXT, center, ROWS)[0],
        CENTER,
        lambda: gradient(0),
        lambda: gradient(t),
    )


@entry("000-3")
def cbow_gradient_on_the_center_word():
    v_hat = CENTER[CONTEXT].sum(axis=0)
    grad_v_hat = ROWS.T @ (softmax(ROWS @ v_hat) - np.eye(V)[c])
    return gradients(
        lambda center: cbow(c, CONTEXT, center, ROWS)[0],
        CENTER,
        lambda: only_row(c, grad_v_hat),
        lambda: sum(only_row(o, grad_v_hat) for o in CONTEXT),
    )


# 002: the network in rows; words as columns


@entry("002-1")
def number_minus_the_whole_target():
    p = softmax(theta)
    return gradients(
        cross_entropy,
        theta,
        lambda: np.stack([p[i] - target for i in range(4)]),
        lambda: np.stack([p[i] - target[i] for i in range(4)]),
        SHAPE,
    )


@entry("002-1")
def probability_of_the_true_class_minus_the_target():
    true_probability = NET.y_hat[NET.y == 1]
    return gradients(
        NET.loss_of("x"),
        NET.x,
        lambda: (((true_probability - NET.y) @ NET.w2.T) * NET.slope) @ NET.w1.T,
        lambda: (((NET.y_hat - NET.y) @ NET.w2.T) * NET.slope) @ NET.w1.T,
    )


@entry("002-2", "004-3")
def transpose_too_many_where_words_are_columns():
    return gradients(
        naive, v_c, lambda: COLUMNS.T @ (y_hat - y), lambda: COLUMNS @ (y_hat - y), DOES_NOT_FIT
    )


@entry("002-3")
def vector_of_errors_for_one_score():
    return gradients(
        naive_of_columns,
        COLUMNS,
        lambda: np.hstack([(y_hat - y) * v_c for _ in range(V)]),
        lambda: np.hstack([(y_hat[w] - y[w]) * v_c for w in range(V)]),
        DOES_NOT_FIT,
    )


@entry("002-3")
def chain_rule_without_the_sum():
    # theta_k = u_k . v_c depends on u_k alone, so that other columns get nothing from one k.
    def through_one_score(k):
        return only_column(k, (y_hat[k] - y[k]) * v_c)

    return gradients(
        naive_of_columns,
        COLUMNS,
        lambda: through_one_score(OUT),
        lambda: sum(through_one_score(k) for k in range(V)),
    )


# 003, question 2: the network in rows


@entry("003-1")
def first_row_of_the_jacobian_runs_down_the_diagonal():
    net = SQUARE
    return gradients(
        lambda h: (h @ net.w2 + net.b2)[0, 0],
        net.h,
        lambda: np.diag(net.w2)[np.newaxis],
        lambda: net.w2[:, 0][np.newaxis],
    )


@entry("003-2")
def derivative_of_a_derivative_in_the_gradient_of_x():
    return gradients(
        NET.loss_of("x"),
        NET.x,
        lambda: (NET.delta2 @ NET.w2.T * NET.slope * (1 - NET.slope)) @ NET.w1.T,
        lambda: (NET.delta2 @ NET.w2.T * NET.h * (1 - NET.h)) @ NET.w1.T,
    )


@entry("003-2")
def derivative_of_a_derivative_in_the_gradient_of_w1():
    return gradients(
        NET.loss_of("w1"),
        NET.w1,
        lambda: NET.x.T @ (NET.delta2 @ NET.w2.T * NET.slope * (1 - NET.slope)),
        lambda: NET.x.T @ (NET.delta2 @ NET.w2.T * NET.h * (1 - NET.h)),
    )


@entry("003-2")
def derivative_of_a_derivative_in_the_gradient_of_b1():
    return gradients(
        NET.loss_of("b1"),
        NET.b1,
        lambda: NET.delta2 @ NET.w2.T * NET.slope * (1 - NET.slope),
        lambda: NET.delta2 @ NET.w2.T * NET.h * (1 - NET.h),
    )


@entry("003-3")
def product_of_the_derivatives_by_all_inputs():
    net = SQUARE
    derivatives = list(net.w1)  # of z_1, by one input each
    return gradients(
        net.loss_of("x"),
        net.x,
        lambda: net.delta1 * np.prod(derivatives, axis=0),
        lambda: np.hstack([net.delta1 @ derivative for derivative in derivatives])[np.newaxis],
    )


# 003, question 3: the network in columns, z_1 the output of the hidden layer


@entry("003-4")
def argument_of_the_sigmoid_for_its_output():
    net = IN_COLUMNS
    linear = net.w1 @ net.x + net.b1

    def loss(z_1):
        return -np.log(softmax(net.w2 @ z_1 + net.b2, axis=0)[net.y == 1])

    return values(net.loss_of("x")(net.x), loss(linear), loss(sigmoid(linear)))


@entry("003-4")
def sigmoid_derivative_at_the_output():
    net = IN_COLUMNS

    def gradient(at):
        slope = sigmoid(at) * (1 - sigmoid(at))
        return (net.w2.T @ net.delta2 * slope) @ net.x.T

    return gradients(net.loss_of("w1"), net.w1, lambda: gradient(net.h), lambda: gradient(net.z1))


@entry("003-5")
def gradient_of_the_row_layout_for_the_second_weights():
    net = IN_COLUMNS
    return gradients(
        net.loss_of("w2"),
        net.w2,
        lambda: net.h.T @ net.delta2,
        lambda: net.delta2 @ net.h.T,
        DOES_NOT_FIT,
    )


@entry("003-5")
def gradient_of_the_row_layout_for_the_first_weights():
    # NET has the same numbers in rows, where x^T delta_1 fits and is (inputs, hidden units).
    return gradients(
        IN_COLUMNS.loss_of("w1"),
        IN_COLUMNS.w1,
        lambda: NET.x.T @ NET.delta1,
        lambda: IN_COLUMNS.delta1 @ IN_COLUMNS.x.T,
        SHAPE,
    )


@entry("003-6")
def first_layer_does_not_depend_on_the_second_weights():
    net = IN_COLUMNS
    return gradients(
        net.loss_of("w2"),
        net.w2,
        lambda: np.zeros_like(net.w2),  # anything times dz_1 / dw_2
        lambda: net.delta2 @ net.h.T,
    )


@entry("003-6")
def output_error_as_the_error_of_the_first_layer():
    net = SQUARE_IN_COLUMNS

    def loss(z_1):
        return softmax_cross_entropy((net.w2 @ z_1 + net.b2)[:, 0], net.y[:, 0])[0]

    return gradients(loss, net.h, lambda: net.delta2, lambda: net.w2.T @ net.delta2)


@entry("003-6")
def output_error_as_the_gradient_of_the_first_bias():
    net = SQUARE_IN_COLUMNS
    return gradients(net.loss_of("b1"), net.b1, lambda: net.delta2, lambda: net.delta1)


@entry("003-7")
def derivative_by_a_matrix_has_three_indices():
    # dz_j / dw_ki is x_i where k = j, else 0; as an m x n matrix there is room for k = j alone.
    net = IN_COLUMNS
    with_three_indices = np.einsum("jk,i->jki", np.eye(3), net.x[:, 0])
    as_a_matrix = np.tile(net.x.T, (3, 1))
    return gradients(
        net.loss_of("w1"),
        net.w1,
        lambda: net.delta1.T @ as_a_matrix,
        lambda: np.einsum("j,jki->ki", net.delta1[:, 0], with_three_indices),
        SHAPE,
    )


@entry("003-7")
def each_probability_by_one_weight():
    net = IN_COLUMNS
    p, grad_p = net.y_hat[:, 0], (-net.y / net.y_hat)[:, 0]
    jacobian = np.diag(p) - np.outer(p, p)  # of the softmax
    all_weights = np.einsum("kj,i->kji", jacobian, net.h[:, 0])
    one_weight_each = np.zeros_like(all_weights)
    for k in range(2):
        one_weight_each[k, 1, k] = all_weights[k, 1, k]  # y_hat_k by w_2k
    return gradients(
        net.loss_of("w2"),
        net.w2,
        lambda: np.einsum("k,kji->ji", grad_p, one_weight_each),
        lambda: np.einsum("k,kji->ji", grad_p, all_weights),
    )


@entry("003-8")
def probabilities_for_scores():
    net = IN_COLUMNS
    grad_y_hat = -net.y / net.y_hat
    return gradients(
        net.loss_of("w2"), net.w2, lambda: grad_y_hat @ net.h.T, lambda: net.delta2 @ net.h.T
    )


@entry("003-9")
def identity_as_the_derivative_by_the_weights():
    # Row j of J: the derivatives of z_j by the weights of unit j.
    net = SQUARE_IN_COLUMNS

    def gradient(rows):
        return net.delta1 * rows

    return gradients(
        net.loss_of("w1"),
        net.w1,
        lambda: gradient(np.eye(3)),
        lambda: gradient(np.tile(net.x.T, (3, 1))),
    )


# 004: naive softmax, words as rows where nothing else is said


@entry("004-1")
def probabilities_over_the_center_words():
    p = np.exp(
        [[-naive_softmax_loss_and_gradient(v, o, ROWS)[0] for o in range(V)] for v in CENTER]
    )  # (center word, outside word)
    return values(np.ones(V), p.sum(axis=0), p.sum(axis=1))


@entry("004-2")
def row_added_to_a_column():
    return gradients(
        naive,
        v_c,
        lambda: -u[OUT] + sum(y_hat[j] * u[j].T for j in range(V)),
        lambda: -u[OUT] + sum(y_hat[j] * u[j] for j in range(V)),
        SHAPE,
    )


@entry("004-2")
def one_probability_for_all():
    return gradients(
        naive,
        v_c,
        lambda: -ROWS.T @ y + ROWS.T * y_hat[OUT],
        lambda: -ROWS.T @ y + ROWS.T @ y_hat,
        SHAPE,
    )


@entry("004-3")
def gradient_for_columns_where_words_are_rows():
    return gradients(
        lambda rows: naive(rows=rows),
        ROWS,
        lambda: v_c @ (y_hat - y).T,
        lambda: (y_hat - y) @ v_c.T,
        SHAPE,
    )


@entry("004-4")
def average_without_the_outside_word():
    others = [w for w in range(V) if w != OUT]
    return gradients(
        naive,
        v_c,
        lambda: -u[OUT] + sum(y_hat[w] * u[w] for w in others) / sum(y_hat[w] for w in others),
        lambda: -u[OUT] + sum(y_hat[w] * u[w] for w in range(V)),
    )


@entry("004-5")
def vector_of_errors_for_one_word():
    return gradients(
        naive_of_columns,
        COLUMNS,
        lambda: np.hstack([v_c @ (y_hat - y) for _ in range(V)]),
        lambda: np.hstack([v_c * (y_hat[j] - y[j]) for j in range(V)]),
        DOES_NOT_FIT,
    )


@entry("004-6")
def outside_word_without_its_minus_one():
    return gradients(
        naive_of_columns,
        COLUMNS,
        lambda: np.hstack([v_c * y_hat[j] for j in range(V)]),
        lambda: np.hstack([v_c * (y_hat[j] - y[j]) for j in range(V)]),
    )


# 004: negative sampling


@entry("004-7")
def complement_of_the_weight_of_a_negative():
    return gradients(
        sampled,
        v_c,
        lambda: (s[OUT] - 1) * u[OUT] + sum((1 - s[w]) * u[w] for w in NEGATIVES),
        lambda: (s[OUT] - 1) * u[OUT] + sum(s[w] * u[w] for w in NEGATIVES),
    )


@entry("004-8")
def sigmoid_large_where_its_argument_is_small():
    scores = np.array([-5.0, 5.0])
    return values(sigmoid(scores) > 0.5, scores < 0, scores > 0)


@entry("004-9")
def stacked_columns_without_a_transpose():
    stacked = np.hstack([u[OUT], *(-u[w] for w in NEGATIVES)])  # (d, K + 1)
    return gradients(
        sampled,
        v_c,
        lambda: stacked @ (sigmoid(stacked @ v_c) - 1),
        lambda: stacked @ (sigmoid(stacked.T @ v_c) - 1),
        DOES_NOT_FIT,
    )


@entry("004-10")
def gradient_of_naive_softmax_from_many_negatives():
    truth = ROWS.T @ (y_hat - y)
    others = [w for w in range(V) if w != OUT]
    many = neg_sampling_loss_and_gradient(v_c[:, 0], OUT, ROWS, others * 1000)[1][:, np.newaxis]
    best_multiple = np.vdot(many, truth) / np.vdot(many, many)
    return gradients(naive, v_c, lambda: best_multiple * many, lambda: truth)


@entry("004-11")
def minus_of_the_inner_derivative_lost():
    outside_row = only_row(OUT, (s[OUT] - 1) * v_c[:, 0])
    minus_s = sigmoid(-ROWS @ v_c)

    def gradient(inner_derivative):
        rows = (only_row(w, (1 - minus_s[w]) * inner_derivative[:, 0]) for w in REPEATED)
        return outside_row - sum(rows)

    return gradients(
        lambda rows: sampled(rows=rows, negatives=REPEATED),
        ROWS,
        lambda: gradient(v_c),
        lambda: gradient(-v_c),
    )


@entry("004-12")
def minus_one_inside_the_sigmoid():
    scores = (ROWS @ v_c)[:, 0]
    return gradients(
        sampled,
        v_c,
        lambda: (s[OUT] - 1) * u[OUT] + sum(sigmoid(-scores[w] - 1) * -u[w] for w in NEGATIVES),
        lambda: (s[OUT] - 1) * u[OUT] + sum((sigmoid(-scores[w]) - 1) * -u[w] for w in NEGATIVES),
    )


# 004: floating point


@np.errstate(over="raise")
def sigmoid_by_sign(x):
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, e) / (1 + e)


@entry("004-13")
def exponential_of_a_large_number():
    x = np.array([-800.0, 800.0])

    @np.errstate(over="raise")
    def first_fraction():
        return 1 / (1 + np.exp(-x))

    return Case(first_fraction, lambda: sigmoid_by_sign(x), FloatingPointError, "overflow")


@entry("004-13")
def infinity_divided_by_infinity():
    x = np.array([-800.0, 800.0])
    with np.errstate(over="ignore", invalid="ignore"):
        second_fraction = np.exp(x) / (np.exp(x) + 1)
    return values([0, 1], second_fraction, sigmoid_by_sign(x))


@entry("004-14")
def logarithm_of_an_underflowed_softmax():
    scores = np.array([0.0, -3.0, -800.0])
    log_c = -scores.max()
    p = np.exp(scores + log_c) / np.exp(scores + log_c).sum()
    with np.errstate(divide="ignore"):
        minus_log_p = -np.log(p)
    log_of_sum = np.log(np.exp(scores + log_c).sum())
    truth = [softmax_cross_entropy(scores, o)[0] for o in range(3)]
    return values(truth, minus_log_p, log_of_sum - scores - log_c)


@entry("004-15")
def logarithm_of_an_underflowed_sigmoid():
    x = np.array([-800.0, 3.0])
    with np.errstate(divide="ignore"):
        minus_log = -np.log(sigmoid(x))
    return values(-log_sigmoid(x), minus_log, np.log1p(np.exp(-np.abs(x))) + np.maximum(-x, 0))


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


# The page


def table_rows(heading):
    """The cells of every row, below its head, of the tables in one part of the page."""
    part = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)[1]
    return [
        [cell.strip() for cell in row.split(" | ")]
        for row in re.findall(r"^\| (\d{3}.*) \|$", part, re.MULTILINE)
    ]


KINDS = ["Mathematical errors", "Notation that misleads", "Damage of conversion"]
ENTRIES_OF_PAGE = {kind: table_rows(kind) for kind in KINDS}
NUMBERS = [row[0] for rows in ENTRIES_OF_PAGE.values() for row in rows]
ROWS_WITH_QUOTATIONS = [
    *(row for rows in ENTRIES_OF_PAGE.values() for row in rows),
    *table_rows("Looks wrong and is right"),
]
DOCUMENTS = re.findall(r"^- \*\*(\d{3})\*\*, `(\w+\.txt)`", PAGE, re.MULTILINE)
WRITEUPS = "WORD2VEC_WRITEUPS"


def quotations(cell):
    """(lines, what each of them says) for each quotation in the cell of a table."""
    found = [re.fullmatch(r"(\d[\d, ]*): `([^`]+)`", part) for part in cell.split("<br>")]
    return [([int(line) for line in match[1].split(", ")], match[2]) for match in found]


@pytest.mark.skipif(WRITEUPS not in os.environ, reason=f"needs the documents, in {WRITEUPS}")
@pytest.mark.parametrize("row", ROWS_WITH_QUOTATIONS, ids=lambda row: row[0])
def test_every_quotation_stands_in_its_line(row):
    path = Path(os.environ[WRITEUPS], dict(DOCUMENTS)[row[0][:3]])
    lines_of_document = path.read_text("utf-8").split("\n")
    missing = [
        (line, quotation)
        for lines, quotation in quotations(row[1])
        for line in lines
        if quotation not in lines_of_document[line - 1]
    ]
    assert missing == []


def test_the_table_of_counts_counts_the_entries():
    stated = re.findall(r"^\| (\d{3}|all) \| (\d+) \| (\d+) \| (\d+) \|$", PAGE, re.MULTILINE)
    counts = {row: [int(count) for count in rest] for row, *rest in stated}
    expected = {
        document: [
            sum(row[0].startswith(document) for row in rows) for rows in ENTRIES_OF_PAGE.values()
        ]
        for document, _ in DOCUMENTS
    }
    expected["all"] = [len(rows) for rows in ENTRIES_OF_PAGE.values()]
    assert counts == expected


@pytest.mark.parametrize("document", [document for document, _ in DOCUMENTS])
def test_the_entries_of_a_document_are_numbered_through(document):
    numbers = [number for number in NUMBERS if number.startswith(document)]
    assert numbers == [f"{document}-{i}" for i in range(1, len(numbers) + 1)]


def test_the_page_names_the_proofs_of_every_mathematical_error():
    named = [
        (number, name)
        for number, _, _, proofs in ENTRIES_OF_PAGE["Mathematical errors"]
        for name in re.findall(r"`(\w+)`", proofs)
    ]
    assert sorted(named) == sorted((number, build.__name__) for number, build in ENTRIES)


def test_every_mathematical_error_has_a_proof():
    errors = {row[0] for row in ENTRIES_OF_PAGE["Mathematical errors"]}
    assert errors == {number for number, _ in ENTRIES}


# Line 430 of document 004: how to add up repeated rows without a loop


def added_by(way, rows, values, start=0.0):
    matrix = np.full((V, D), start)
    way(matrix, rows, values)
    return matrix


@pytest.mark.parametrize("way", RIGHT.values(), ids=RIGHT)
def test_every_way_adds_up_repeated_rows(way):
    rng = np.random.default_rng(0)
    rows, g = rng.integers(V, size=20), rng.normal(size=(20, D))
    expected = np.ones((V, D))
    for row, row_gradient in zip(rows, g, strict=True):
        expected[row] += row_gradient
    assert_allclose(added_by(way, rows, g, start=1.0), expected, rtol=1e-12)


@pytest.mark.parametrize("way", WRONG.values(), ids=WRONG)
def test_plain_indexing_keeps_one_of_each_repeated_row(way):
    assert_allclose(added_by(way, np.array(REPEATED), np.ones((4, D))).sum(axis=1), [D, 0, 0, D, 0])


def test_for_one_center_word_it_suffices_to_add_up_the_numbers():
    rows = np.array([OUT, *REPEATED])
    grad_scores = s[rows] - (np.arange(len(rows)) == 0)
    by_number = np.outer(np.bincount(rows, grad_scores, minlength=V), v_c)
    truth = neg_sampling_loss_and_gradient(v_c[:, 0], OUT, ROWS, REPEATED)[2]
    assert_allclose(by_number, truth, rtol=1e-12)
