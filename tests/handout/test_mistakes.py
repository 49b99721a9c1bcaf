"""A mistake costs the points of what it breaks, and nothing else, and the grader names it.

Each is put into a solution that is otherwise right. Many are those of tests/test_seeded_mistakes.py
and of docs/errata.md, under the names that they have there and in tests/docs/test_errata.py.
"""

import re
from pathlib import Path
from typing import NamedTuple

import pytest

TESTS = Path(__file__).parents[1]

SOFTMAX, SIGMOID, ROWS, ENTROPY, NAIVE, NEGATIVE, SKIPGRAM, CBOW, NETWORK, SGD = (
    2, 4, 5, 7, 9, 11, 13, 14, 16, 17,
)  # fmt: skip


class Mistake(NamedTuple):
    """Text of the solution, what stands in its place, and what the grader makes of it."""

    name: str
    file: str
    right: str
    wrong: str
    question: int
    lost: int  # points
    message: str  # of the first test that fails


MISTAKES = [
    Mistake(
        "exponential_of_a_large_number",
        "functions",
        "np.exp(x - np.max(x, axis=axis, keepdims=True))",
        "np.exp(x)",
        SOFTMAX,
        2,
        "softmax of large scores neither overflows nor divides zero by zero: "
        "softmax of scores near 800 warns: overflow",
    ),
    Mistake(
        "softmax_of_all_rows_together",
        "functions",
        "np.sum(exps, axis=axis, keepdims=True)",
        "np.sum(exps)",
        SOFTMAX,
        2,
        "softmax of a matrix works along the axis asked for: softmax of a matrix is",
    ),
    Mistake(
        "softmax_that_changes_its_argument",
        "functions",
        "exps = np.exp(x - np.max(x, axis=axis, keepdims=True))",
        "x -= np.max(x, axis=axis, keepdims=True)\n    exps = np.exp(x)",
        SOFTMAX,
        2,
        "softmax of a matrix works along the axis asked for: ",
    ),
    Mistake(
        "logarithm_of_an_underflowed_softmax",
        "functions",
        "return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))",
        "return np.log(softmax(x, axis))",
        SOFTMAX,
        1,
        "log softmax is exact where the probability rounds to zero: log_softmax([-800, 800]) warns",
    ),
    Mistake(
        "sigmoid_derivative_at_the_output",
        "functions",
        "return s * (1 - s)",
        "return sigmoid(s) * (1 - sigmoid(s))",
        SIGMOID,
        2,
        "sigmoid grad is the derivative of the sigmoid given the value of the sigmoid: "
        "sigmoid_grad: gradient check failed at index",
    ),
    Mistake(
        "sigmoid_equated_with_its_derivative",
        "functions",
        "return s * (1 - s)",
        "return s",
        SIGMOID,
        2,
        "sigmoid grad is the derivative of the sigmoid given the value of the sigmoid: ",
    ),
    Mistake(
        "sigmoid_large_where_its_argument_is_small",
        "functions",
        "np.where(x > 0,",
        "np.where(x < 0,",
        SIGMOID,
        3,
        "sigmoid has the values worked by hand: sigmoid([[0, log 3], [-log 3, log 9]]) is 0.25",
    ),
    Mistake(
        "sigmoid_that_overflows",
        "functions",
        "np.where(x > 0, 1 / (1 + small), small / (1 + small))",
        "1 / (1 + np.exp(-x))",
        SIGMOID,
        2,
        "sigmoid of large numbers gives no overflow warning: sigmoid([-800, 0, 800]) warns",
    ),
    Mistake(
        "logarithm_equated_with_its_derivative",
        "functions",
        "return -np.logaddexp(0, -x)",
        "return 1 - sigmoid(x)",
        SIGMOID,
        2,
        "log sigmoid is the logarithm of the sigmoid: log_sigmoid([0, log 3, -log 3]) is 0.5",
    ),
    Mistake(
        "logarithm_of_an_underflowed_sigmoid",
        "functions",
        "return -np.logaddexp(0, -x)",
        "return np.log(sigmoid(x))",
        SIGMOID,
        1,
        "log sigmoid is exact where the sigmoid rounds to zero: log_sigmoid([-800, 800]) warns: "
        "divide by zero",
    ),
    Mistake(
        "row_of_zeros_divided_by_zero",
        "functions",
        "    length[length == 0] = 1\n",
        "",
        ROWS,
        1,
        "a row of zeros stays zero: normalize_rows([[0, 0], [3, 4]]) warns: invalid value",
    ),
    Mistake(
        "loss_without_its_minus",
        "losses",
        "loss = -np.sum(y * log_softmax(logits))",
        "loss = np.sum(y * log_softmax(logits))",
        ENTROPY,
        6,
        "cross entropy is minus the log probability of the true class: the loss of logits",
    ),
    Mistake(
        "loss_without_its_minus_and_the_gradient_of_that",
        "losses",
        "loss = -np.sum(y * log_softmax(logits))\n    return loss, softmax(logits) - y",
        "loss = np.sum(y * log_softmax(logits))\n    return loss, y - softmax(logits)",
        ENTROPY,
        8,
        "cross entropy is minus the log probability of the true class: the loss of logits",
    ),
    Mistake(
        "mean_over_rows_and_the_gradient_of_that",
        "losses",
        "loss = -np.sum(y * log_softmax(logits))\n    return loss, softmax(logits) - y",
        "n = 1 if logits.ndim == 1 else len(logits)\n"
        "    return -np.sum(y * log_softmax(logits)) / n, (softmax(logits) - y) / n",
        ENTROPY,
        5,
        "cross entropy is summed over rows: the loss of four rows is",
    ),
    Mistake(
        "minus_one_read_into_the_subscript",
        "losses",
        "return loss, softmax(logits) - y",
        "return loss, np.where(y == 1, np.roll(softmax(logits), 1, -1), softmax(logits))",
        ENTROPY,
        5,
        "gradient of the logits passes the gradient check: "
        "grad_logits: gradient check failed at index",
    ),
    Mistake(
        "probability_of_the_true_class_minus_the_target",
        "losses",
        "return loss, softmax(logits) - y",
        "return loss, np.sum(softmax(logits) * y, axis=-1, keepdims=True) - y",
        ENTROPY,
        5,
        "gradient of the logits passes the gradient check: ",
    ),
    Mistake(
        "outside_word_without_its_minus_one",
        "losses",
        "    delta[outside_idx] -= 1\n",
        "",
        NAIVE,
        7,
        "gradient of the center vector passes the gradient check with naive softmax: "
        "grad_center_vec: gradient check failed",
    ),
    Mistake(
        "word_zero_for_the_outside_word",
        "losses",
        "delta[outside_idx] -= 1",
        "delta[0] -= 1",
        NAIVE,
        7,
        "gradient of the center vector passes the gradient check with naive softmax: ",
    ),
    Mistake(
        "one_probability_for_all",
        "losses",
        "grad_center_vec = outside_vectors.T @ delta\n",
        "p, u_o = y_hat[outside_idx], outside_vectors[outside_idx]\n"
        "    grad_center_vec = p * outside_vectors.sum(axis=0) - u_o\n",
        NAIVE,
        4,
        "gradient of the center vector passes the gradient check with naive softmax: ",
    ),
    Mistake(
        "average_without_the_outside_word",
        "losses",
        "grad_center_vec = outside_vectors.T @ delta\n",
        "others = np.arange(len(y_hat)) != outside_idx\n"
        "    u_o = outside_vectors[outside_idx]\n"
        "    grad_center_vec = y_hat[others] @ outside_vectors[others] - u_o\n",
        NAIVE,
        3,
        "gradient of the center vector passes the gradient check with naive softmax: ",
    ),
    Mistake(
        "gradient_for_columns_where_words_are_rows",
        "losses",
        "np.outer(delta, center_vec)",
        "np.outer(center_vec, delta)",
        NAIVE,
        4,
        "gradient of the outside vectors passes the gradient check with naive softmax: "
        "grad_outside_vectors: the gradient must have the shape of x, (6, 3). "
        "Got shape (3, 6) instead. It is the right one transposed.",
    ),
    Mistake(
        "transpose_left_out",
        "losses",
        "outside_vectors.T @ delta",
        "outside_vectors @ delta",
        NAIVE,
        9,  # all: nothing comes out
        "naive softmax loss is minus the log probability of the outside word: ValueError: matmul",
    ),
    Mistake(
        "negatives_counted_once",
        "losses",
        "    for weight, word in zip(weights, negative_indices, strict=True):\n"
        "        grad_outside_vectors[word] += weight * center_vec\n",
        "    grad_outside_vectors[negative_indices] += np.outer(weights, center_vec)\n",
        NEGATIVE,
        2,
        "a negative that is drawn twice counts twice: grad_outside_vectors, outside word 2 with "
        "negatives [3, 3, 0]: gradient check failed at index (3,",
    ),
    Mistake(
        "outside_word_among_the_negatives",
        "losses",
        "    for weight, word in zip(weights, negative_indices, strict=True):\n"
        "        grad_outside_vectors[word] += weight * center_vec\n",
        "    for weight, word in zip(weights, negative_indices, strict=True):\n"
        "        if word != outside_idx:\n"
        "            grad_outside_vectors[word] += weight * center_vec\n",
        NEGATIVE,
        1,
        "the outside word may be among the negatives: grad_outside_vectors, outside word 2 with "
        "negatives [2, 4]: gradient check failed at index (2,",
    ),
    Mistake(
        "number_of_the_draw_for_the_word_drawn",
        "losses",
        "for weight, word in zip(weights, negative_indices, strict=True):",
        "for word, weight in enumerate(weights):",
        NEGATIVE,
        5,
        "gradient of the outside vectors passes the gradient check with negative sampling: ",
    ),
    Mistake(
        "all_zero_gradient",
        "losses",
        "    grad_outside_vectors[outside_idx] += weight_o * center_vec\n"
        "    for weight, word in zip(weights, negative_indices, strict=True):\n"
        "        grad_outside_vectors[word] += weight * center_vec\n",
        "",
        NEGATIVE,
        6,
        "gradient of the outside vectors passes the gradient check with negative sampling: ",
    ),
    Mistake(
        "complement_of_the_weight_of_a_negative",
        "losses",
        "weights = sigmoid(negatives @ center_vec)",
        "weights = 1 - sigmoid(negatives @ center_vec)",
        NEGATIVE,
        8,
        "gradient of the center vector passes the gradient check with negative sampling: ",
    ),
    Mistake(
        "weight_of_the_outside_word_for_the_negatives",
        "losses",
        "weights = sigmoid(negatives @ center_vec)",
        "weights = np.full(len(negatives), 1 - sigmoid(u_o @ center_vec))",
        NEGATIVE,
        7,
        "gradient of the center vector passes the gradient check with negative sampling: ",
    ),
    Mistake(
        "minus_one_inside_the_sigmoid",
        "losses",
        "weights = sigmoid(negatives @ center_vec)",
        "weights = -sigmoid(-negatives @ center_vec - 1)",
        NEGATIVE,
        8,
        "gradient of the center vector passes the gradient check with negative sampling: ",
    ),
    Mistake(
        "minus_of_the_inner_derivative_lost",
        "losses",
        "grad_outside_vectors[word] += weight * center_vec",
        "grad_outside_vectors[word] -= weight * center_vec",
        NEGATIVE,
        6,
        "gradient of the outside vectors passes the gradient check with negative sampling: ",
    ),
    Mistake(
        "sign_of_the_negatives_lost_in_the_loss",
        "losses",
        "np.sum(log_sigmoid(-negatives @ center_vec))",
        "np.sum(log_sigmoid(negatives @ center_vec))",
        NEGATIVE,
        7,
        "negative sampling loss counts the outside word and every negative: the loss with "
        "negatives [4] is",
    ),
    Mistake(
        "word_zero_for_the_center_word",
        "models",
        "grad_center_vectors[center_idx] += grad_center",
        "grad_center_vectors[0] += grad_center",
        SKIPGRAM,
        3,
        "gradient of the center vectors passes the gradient check with skip gram: "
        "grad_center_vectors, center word 2, outside words [1, 4, 3]: gradient check failed",
    ),
    Mistake(
        "zero_for_the_center_word_too",
        "models",
        "        grad_center_vectors[center_idx] += grad_center\n",
        "",
        SKIPGRAM,
        3,
        "gradient of the center vectors passes the gradient check with skip gram: ",
    ),
    Mistake(
        "gradient_of_the_center_word_on_the_outside_words",
        "models",
        "grad_center_vectors[center_idx] += grad_center",
        "grad_center_vectors[outside_idx] += grad_center",
        SKIPGRAM,
        3,
        "gradient of the center vectors passes the gradient check with skip gram: ",
    ),
    Mistake(
        "loss_of_a_pair_for_that_of_the_window",
        "models",
        "loss += one_loss",
        "loss = one_loss",
        SKIPGRAM,
        4,
        "skip gram loss is summed over the outside words: the loss of outside words [1, 4, 3] is",
    ),
    Mistake(
        "negatives_of_the_first_outside_word_for_all",
        "models",
        "negative_indices[j]",
        "negative_indices[0]",
        SKIPGRAM,
        5,
        "each outside word has its own row of negatives: the loss of outside words [1, 4, 3] with",
    ),
    Mistake(
        "gradients_of_the_window_replaced_not_added",
        "models",
        "grad_outside_vectors += grad_outside",
        "grad_outside_vectors = grad_outside",
        SKIPGRAM,
        3,
        "gradient of the outside vectors passes the gradient check with skip gram: ",
    ),
    Mistake(
        "cbow_gradient_on_the_center_word",
        "models",
        "    for outside_idx in outside_indices:\n"
        "        grad_center_vectors[outside_idx] += grad_v_hat / m\n",
        "    grad_center_vectors[center_idx] += grad_v_hat / m\n",
        CBOW,
        5,
        "every outside word receives the gradient of the sum: grad_center_vectors, center word 2, "
        "outside words [1, 4, 3]: gradient check failed at index",
    ),
    Mistake(
        "cbow_without_gradient_on_the_outside_words",
        "models",
        "        grad_center_vectors[outside_idx] += grad_v_hat / m\n",
        "        pass\n",
        CBOW,
        5,
        "every outside word receives the gradient of the sum: ",
    ),
    Mistake(
        "cbow_mean_without_its_division",
        "models",
        "grad_center_vectors[outside_idx] += grad_v_hat / m",
        "grad_center_vectors[outside_idx] += grad_v_hat",
        CBOW,
        1,
        "the gradient of the mean is divided by the number of outside words: ",
    ),
    Mistake(
        "cbow_repeated_outside_word_counted_once",
        "models",
        "    for outside_idx in outside_indices:\n"
        "        grad_center_vectors[outside_idx] += grad_v_hat / m\n",
        "    grad_center_vectors[outside_indices] += grad_v_hat / m\n",
        CBOW,
        1,
        "an outside word that occurs twice receives the gradient twice: grad_center_vectors, "
        "center word 2, outside words [4, 1, 4]: gradient check failed at index (4,",
    ),
    Mistake(
        "cbow_that_always_takes_the_sum",
        "models",
        'len(outside_indices) if reduction == "mean" else 1',
        "1",
        CBOW,
        2,
        "cbow predicts the center word from their mean if told so: the loss of outside words",
    ),
    Mistake(
        "hidden_layer_without_its_sigmoid_derivative",
        "network",
        "(delta2 @ w2.T) * sigmoid_grad(h)",
        "delta2 @ w2.T",
        NETWORK,
        4,
        "gradient of w1 passes the gradient check: the gradient of w1: ",
    ),
    Mistake(
        "derivative_of_a_derivative_in_the_gradient_of_w1",
        "network",
        "sigmoid_grad(h)",
        "sigmoid_grad(sigmoid_grad(h))",
        NETWORK,
        4,
        "gradient of w1 passes the gradient check: ",
    ),
    Mistake(
        "argument_of_the_sigmoid_for_its_output",
        "network",
        "sigmoid_grad(h)",
        "sigmoid_grad(x @ w1 + b1)",
        NETWORK,
        4,
        "gradient of w1 passes the gradient check: ",
    ),
    Mistake(
        "first_layer_does_not_depend_on_the_second_weights",
        "network",
        '"w2": h.T @ delta2',
        '"w2": 0 * w2',
        NETWORK,
        1,
        "gradient of w2 passes the gradient check: the gradient of w2: gradient check failed",
    ),
    Mistake(
        "product_after_both_layers_is_wrong_where_it_fits",
        "network",
        '"x": delta1 @ w1.T',
        '"x": (delta2 @ w2.T @ w1.T) * (h * (1 - h))[:, :1]',
        NETWORK,
        1,
        "gradient of x passes the gradient check: the gradient of x: gradient check failed",
    ),
    Mistake(
        "jacobian_not_transposed",
        "network",
        '"x": delta1 @ w1.T',
        '"x": delta1 @ w1',
        NETWORK,
        8,  # all: nothing comes out
        "network loss is the cross entropy summed over rows: ValueError: matmul",
    ),
    Mistake(
        "minus_before_the_gradient",
        "network",
        '"x": delta1 @ w1.T',
        '"x": -delta1 @ w1.T',
        NETWORK,
        1,
        "gradient of x passes the gradient check: ",
    ),
    Mistake(
        "hidden_activations_for_the_first_weights",
        "network",
        '"w1": x.T @ delta1',
        '"w1": h.T @ delta1',
        NETWORK,
        2,
        "gradient of w1 passes the gradient check: the gradient of w1: "
        "the gradient must have the shape of x, (4, 2). Got shape (2, 2) instead.",
    ),
    Mistake(
        "output_error_as_the_gradient_of_the_first_bias",
        "network",
        '"b1": delta1.sum(axis=0)',
        '"b1": delta2.sum(axis=0)',
        NETWORK,
        1,
        "gradient of b1 passes the gradient check: ",
    ),
    Mistake(
        "bias_gradient_of_several_rows_without_a_sum",
        "network",
        '"b2": delta2.sum(axis=0)',
        '"b2": delta2',
        NETWORK,
        1,
        "gradient of b2 passes the gradient check: ",
    ),
    Mistake(
        "bias_gradient_averaged_over_rows",
        "network",
        '"b2": delta2.sum(axis=0)',
        '"b2": delta2.mean(axis=0)',
        NETWORK,
        1,
        "gradient of b2 passes the gradient check: ",
    ),
    Mistake(
        "ascent_for_descent",
        "sgd",
        "x -= step * grad",
        "x += step * grad",
        SGD,
        5,
        "plain sgd steps against the gradient as often as it is told: x after 1 iterations",
    ),
    Mistake(
        "start_changed",
        "sgd",
        "x = np.array(x0, dtype=float)",
        "x = np.asarray(x0, dtype=float)",
        SGD,
        1,
        "plain sgd leaves the start as it was: x0 afterwards is 0.125 at [0]; it should be 1.",
    ),
    Mistake(
        "whole_numbers_kept",
        "sgd",
        "np.array(x0, dtype=float)",
        "np.array(x0)",
        SGD,
        1,
        "plain sgd may start from whole numbers: ",
    ),
    Mistake(
        "gradient_of_the_start_throughout",
        "sgd",
        "    for _ in range(iterations):\n        _, grad = f(x)\n",
        "    _, grad = f(x)\n    for _ in range(iterations):\n",
        SGD,
        5,
        "plain sgd steps against the gradient as often as it is told: x after 7 iterations",
    ),
    Mistake(
        "one_iteration_too_few",
        "sgd",
        "range(iterations)",
        "range(iterations - 1)",
        SGD,
        5,
        "plain sgd steps against the gradient as often as it is told: x after 1 iterations",
    ),
]


def test_a_student_who_does_not_know_the_library_can_get_all_points(grade, students):
    assert {number: wrong for number, (_, _, wrong) in grade(students).items() if wrong} == {}


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_mistake_costs_its_points_and_is_named(grade, students, mistake):
    path = students / "word2vec" / f"{mistake.file}.py"
    text = path.read_text("utf-8")
    assert text.count(mistake.right) == 1
    path.write_text(text.replace(mistake.right, mistake.wrong), "utf-8")

    grades = grade(students)
    lost = {number: total - got for number, (got, total, _) in grades.items() if got < total}
    wrong = grades[mistake.question][2]
    assert lost == {mistake.question: mistake.lost}, wrong
    assert wrong[0].startswith(mistake.message)


def test_mistakes_of_the_library_s_own_tests_are_among_them():
    seeded = (TESTS / "test_seeded_mistakes.py").read_text("utf-8")
    seeded = re.search(r"^MISTAKES = \[(.*?)\]", seeded, re.DOTALL | re.MULTILINE).group(1)
    names = {mistake.name for mistake in MISTAKES}
    assert len(names) == len(MISTAKES)
    of_the_tree = {"turns_mistaken_for_labels", "root_left_out"}  # no question asks for it
    assert set(re.findall(r"\w+", seeded)) - of_the_tree <= names
    errata = (TESTS / "docs" / "test_errata.py").read_text("utf-8")
    assert len(names.intersection(re.findall(r"^def (\w+)", errata, re.MULTILINE))) >= 15
