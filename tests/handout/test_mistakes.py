"""A mistake costs the points of what it breaks, and nothing else, and the grader names it.

The mistakes are those of tests/test_seeded_mistakes.py and of docs/errata.md, whose numbers stand
beside them, and others that students make. Each is put into a solution that is otherwise right.
"""

from typing import NamedTuple

import pytest

SOFTMAX, SIGMOID, ROWS, ENTROPY, NAIVE, NEGATIVE, SKIPGRAM, CBOW, NETWORK, SGD = (
    2, 4, 5, 7, 9, 11, 13, 14, 16, 17,
)  # fmt: skip


class Mistake(NamedTuple):
    """Text of the solution, what stands in its place, and what the grader makes of it."""

    name: str  # with the number in docs/errata.md
    file: str
    right: str
    wrong: str
    question: int
    lost: int  # points
    message: str  # of the first test that fails


MISTAKES = [
    Mistake(
        "scores not shifted before the softmax",
        "functions",
        "np.exp(x - np.max(x, axis=axis, keepdims=True))",
        "np.exp(x)",
        SOFTMAX,
        2,
        "softmax of large scores neither overflows nor divides zero by zero: "
        "softmax of scores near 800 warns: overflow",
    ),
    Mistake(
        "softmax of all rows together",
        "functions",
        "np.sum(exps, axis=axis, keepdims=True)",
        "np.sum(exps)",
        SOFTMAX,
        2,
        "softmax of a matrix works along the axis asked for: softmax of a matrix is",
    ),
    Mistake(
        "softmax that changes its argument",
        "functions",
        "exps = np.exp(x - np.max(x, axis=axis, keepdims=True))",
        "x -= np.max(x, axis=axis, keepdims=True)\n    exps = np.exp(x)",
        SOFTMAX,
        2,
        "softmax of a matrix works along the axis asked for: ",
    ),
    Mistake(
        "logarithm of the rounded softmax",
        "functions",
        "return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))",
        "return np.log(softmax(x, axis))",
        SOFTMAX,
        1,
        "log softmax is exact where the probability rounds to zero: log_softmax([-800, 800]) warns",
    ),
    Mistake(
        "003-27 sigmoid derivative at the activation",
        "functions",
        "return s * (1 - s)",
        "return sigmoid(s) * (1 - sigmoid(s))",
        SIGMOID,
        2,
        "sigmoid grad is the derivative of the sigmoid given the value of the sigmoid: "
        "sigmoid_grad: gradient check failed at index",
    ),
    Mistake(
        "003-01 sigmoid equated with its derivative",
        "functions",
        "return s * (1 - s)",
        "return s",
        SIGMOID,
        2,
        "sigmoid grad is the derivative of the sigmoid given the value of the sigmoid: ",
    ),
    Mistake(
        "004-18 sigmoid large where its argument is small",
        "functions",
        "np.where(x > 0,",
        "np.where(x < 0,",
        SIGMOID,
        3,
        "sigmoid has the values worked by hand: sigmoid([[0, log 3], [-log 3, log 9]]) is 0.25",
    ),
    Mistake(
        "sigmoid that overflows",
        "functions",
        "np.where(x > 0, 1 / (1 + small), small / (1 + small))",
        "1 / (1 + np.exp(-x))",
        SIGMOID,
        2,
        "sigmoid of large numbers gives no overflow warning: sigmoid([-800, 0, 800]) warns",
    ),
    Mistake(
        "002-18 logarithm equated with its derivative",
        "functions",
        "return -np.logaddexp(0, -x)",
        "return 1 - sigmoid(x)",
        SIGMOID,
        2,
        "log sigmoid is the logarithm of the sigmoid: log_sigmoid([0, log 3, -log 3]) is 0.5",
    ),
    Mistake(
        "row of zeros divided by zero",
        "functions",
        "    length[length == 0] = 1\n",
        "",
        ROWS,
        1,
        "a row of zeros stays zero: normalize_rows([[0, 0], [3, 4]]) warns: invalid value",
    ),
    Mistake(
        "003-05 loss without its minus",
        "losses",
        "loss = -np.sum(y * log_softmax(logits))",
        "loss = np.sum(y * log_softmax(logits))",
        ENTROPY,
        6,
        "cross entropy is minus the log probability of the true class: the loss of logits",
    ),
    Mistake(
        "003-05 loss without its minus, with the gradient that belongs to it",
        "losses",
        "loss = -np.sum(y * log_softmax(logits))\n    return loss, softmax(logits) - y",
        "loss = np.sum(y * log_softmax(logits))\n    return loss, y - softmax(logits)",
        ENTROPY,
        8,
        "cross entropy is minus the log probability of the true class: the loss of logits",
    ),
    Mistake(
        "mean over rows, with the gradient that belongs to it",
        "losses",
        "loss = -np.sum(y * log_softmax(logits))\n    return loss, softmax(logits) - y",
        "n = 1 if logits.ndim == 1 else len(logits)\n"
        "    return -np.sum(y * log_softmax(logits)) / n, (softmax(logits) - y) / n",
        ENTROPY,
        5,
        "cross entropy is summed over rows: the loss of four rows is",
    ),
    Mistake(
        "002-05 minus one read into the subscript",
        "losses",
        "return loss, softmax(logits) - y",
        "return loss, np.where(y == 1, np.roll(softmax(logits), 1, -1), softmax(logits))",
        ENTROPY,
        5,
        "gradient of the logits passes the gradient check: "
        "grad_logits: gradient check failed at index",
    ),
    Mistake(
        "004-12 outside word without its minus one",
        "losses",
        "    delta[outside_idx] -= 1\n",
        "",
        NAIVE,
        7,
        "gradient of the center vector passes the gradient check with naive softmax: "
        "grad_center_vec: gradient check failed",
    ),
    Mistake(
        "004-10 word zero for the outside word",
        "losses",
        "delta[outside_idx] -= 1",
        "delta[0] -= 1",
        NAIVE,
        7,
        "gradient of the center vector passes the gradient check with naive softmax: ",
    ),
    Mistake(
        "004-06 one probability for all",
        "losses",
        "grad_center_vec = outside_vectors.T @ delta\n",
        "p, u_o = y_hat[outside_idx], outside_vectors[outside_idx]\n"
        "    grad_center_vec = p * outside_vectors.sum(axis=0) - u_o\n",
        NAIVE,
        4,
        "gradient of the center vector passes the gradient check with naive softmax: ",
    ),
    Mistake(
        "004-08 average without the outside word",
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
        "001-06 gradient of all outside vectors transposed",
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
        "001-03 columns assumed where words are rows",
        "losses",
        "outside_vectors.T @ delta",
        "outside_vectors @ delta",
        NAIVE,
        9,  # all: nothing comes out
        "naive softmax loss is minus the log probability of the outside word: ValueError: matmul",
    ),
    Mistake(
        "000-05 repeated negative counted once (seeded: negatives_counted_once)",
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
        "002-19 outside word among the negatives",
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
        "000-04 number of the draw for the word drawn",
        "losses",
        "for weight, word in zip(weights, negative_indices, strict=True):",
        "for word, weight in enumerate(weights):",
        NEGATIVE,
        5,
        "gradient of the outside vectors passes the gradient check with negative sampling: ",
    ),
    Mistake(
        "seeded: all_zero_gradient",
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
        "004-17 complement for the weight of a negative",
        "losses",
        "weights = sigmoid(negatives @ center_vec)",
        "weights = 1 - sigmoid(negatives @ center_vec)",
        NEGATIVE,
        8,
        "gradient of the center vector passes the gradient check with negative sampling: ",
    ),
    Mistake(
        "004-19 weight of the outside word for the negatives",
        "losses",
        "weights = sigmoid(negatives @ center_vec)",
        "weights = np.full(len(negatives), 1 - sigmoid(u_o @ center_vec))",
        NEGATIVE,
        7,
        "gradient of the center vector passes the gradient check with negative sampling: ",
    ),
    Mistake(
        "004-29 minus one inside the sigmoid",
        "losses",
        "weights = sigmoid(negatives @ center_vec)",
        "weights = -sigmoid(-negatives @ center_vec - 1)",
        NEGATIVE,
        8,
        "gradient of the center vector passes the gradient check with negative sampling: ",
    ),
    Mistake(
        "004-25 minus of the inner derivative lost",
        "losses",
        "grad_outside_vectors[word] += weight * center_vec",
        "grad_outside_vectors[word] -= weight * center_vec",
        NEGATIVE,
        6,
        "gradient of the outside vectors passes the gradient check with negative sampling: ",
    ),
    Mistake(
        "sign of the negatives lost in the loss",
        "losses",
        "np.sum(log_sigmoid(-negatives @ center_vec))",
        "np.sum(log_sigmoid(negatives @ center_vec))",
        NEGATIVE,
        7,
        "negative sampling loss counts the outside word and every negative: the loss with "
        "negatives [4] is",
    ),
    Mistake(
        "002-21 word zero for the center word",
        "models",
        "grad_center_vectors[center_idx] += grad_center",
        "grad_center_vectors[0] += grad_center",
        SKIPGRAM,
        3,
        "gradient of the center vectors passes the gradient check with skip gram: "
        "grad_center_vectors, center word 2, outside words [1, 4, 3]: gradient check failed",
    ),
    Mistake(
        "001-13 zero for the center word too",
        "models",
        "        grad_center_vectors[center_idx] += grad_center\n",
        "",
        SKIPGRAM,
        3,
        "gradient of the center vectors passes the gradient check with skip gram: ",
    ),
    Mistake(
        "gradient to the outside words of skip-gram",
        "models",
        "grad_center_vectors[center_idx] += grad_center",
        "grad_center_vectors[outside_idx] += grad_center",
        SKIPGRAM,
        3,
        "gradient of the center vectors passes the gradient check with skip gram: ",
    ),
    Mistake(
        "004-26 loss of a pair for that of the window",
        "models",
        "loss += one_loss",
        "loss = one_loss",
        SKIPGRAM,
        4,
        "skip gram loss is summed over the outside words: the loss of outside words [1, 4, 3] is",
    ),
    Mistake(
        "negatives of the first outside word for all",
        "models",
        "negative_indices[j]",
        "negative_indices[0]",
        SKIPGRAM,
        5,
        "each outside word has its own row of negatives: the loss of outside words [1, 4, 3] with",
    ),
    Mistake(
        "gradients of the window replaced, not added",
        "models",
        "grad_outside_vectors += grad_outside",
        "grad_outside_vectors = grad_outside",
        SKIPGRAM,
        3,
        "gradient of the outside vectors passes the gradient check with skip gram: ",
    ),
    Mistake(
        "000-09 CBOW gradient on the center word",
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
        "000-10 CBOW without gradient on the outside words",
        "models",
        "        grad_center_vectors[outside_idx] += grad_v_hat / m\n",
        "        pass\n",
        CBOW,
        5,
        "every outside word receives the gradient of the sum: ",
    ),
    Mistake(
        "000-11 CBOW mean with the gradient of the sum (seeded: cbow_mean_without_its_division)",
        "models",
        "grad_center_vectors[outside_idx] += grad_v_hat / m",
        "grad_center_vectors[outside_idx] += grad_v_hat",
        CBOW,
        1,
        "the gradient of the mean is divided by the number of outside words: ",
    ),
    Mistake(
        "002-23 CBOW outside word that occurs twice counted once "
        "(seeded: cbow_repeated_outside_word_counted_once)",
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
        "CBOW that always takes the sum",
        "models",
        'len(outside_indices) if reduction == "mean" else 1',
        "1",
        CBOW,
        2,
        "cbow predicts the center word from their mean if told so: the loss of outside words",
    ),
    Mistake(
        "seeded: hidden_layer_without_its_sigmoid_derivative",
        "network",
        "(delta2 @ w2.T) * sigmoid_grad(h)",
        "delta2 @ w2.T",
        NETWORK,
        4,
        "gradient of w1 passes the gradient check: the gradient of w1: ",
    ),
    Mistake(
        "003-19 derivative of a derivative",
        "network",
        "sigmoid_grad(h)",
        "sigmoid_grad(sigmoid_grad(h))",
        NETWORK,
        4,
        "gradient of w1 passes the gradient check: ",
    ),
    Mistake(
        "000-02 sigmoid derivative after both layers",
        "network",
        '"x": delta1 @ w1.T',
        '"x": (delta2 @ w2.T @ w1.T) * (h * (1 - h))[:, :1]',
        NETWORK,
        1,
        "gradient of x passes the gradient check: the gradient of x: gradient check failed",
    ),
    Mistake(
        "003-18 Jacobian not transposed",
        "network",
        '"x": delta1 @ w1.T',
        '"x": delta1 @ w1',
        NETWORK,
        8,  # all: nothing comes out
        "network loss is the cross entropy summed over rows: ValueError: matmul",
    ),
    Mistake(
        "003-23 minus before the gradient",
        "network",
        '"x": delta1 @ w1.T',
        '"x": -delta1 @ w1.T',
        NETWORK,
        1,
        "gradient of x passes the gradient check: ",
    ),
    Mistake(
        "003-33 hidden activations for the first weights",
        "network",
        '"w1": x.T @ delta1',
        '"w1": h.T @ delta1',
        NETWORK,
        2,
        "gradient of w1 passes the gradient check: the gradient of w1: "
        "the gradient must have the shape of x, (4, 2). Got shape (2, 2) instead.",
    ),
    Mistake(
        "003-35 output error as the gradient of the hidden bias",
        "network",
        '"b1": delta1.sum(axis=0)',
        '"b1": delta2.sum(axis=0)',
        NETWORK,
        1,
        "gradient of b1 passes the gradient check: ",
    ),
    Mistake(
        "003-36 bias gradient of several rows without a sum",
        "network",
        '"b2": delta2.sum(axis=0)',
        '"b2": delta2',
        NETWORK,
        1,
        "gradient of b2 passes the gradient check: ",
    ),
    Mistake(
        "bias gradient averaged over rows",
        "network",
        '"b2": delta2.sum(axis=0)',
        '"b2": delta2.mean(axis=0)',
        NETWORK,
        1,
        "gradient of b2 passes the gradient check: ",
    ),
    Mistake(
        "ascent for descent",
        "sgd",
        "x -= step * grad",
        "x += step * grad",
        SGD,
        5,
        "sgd steps against the gradient as often as it is told: x after 1 iterations",
    ),
    Mistake(
        "start changed",
        "sgd",
        "x = x0.copy()",
        "x = x0",
        SGD,
        1,
        "sgd leaves the start as it was: x0 afterwards is 0.125 at [0]; it should be 1.",
    ),
    Mistake(
        "step never halved",
        "sgd",
        "step /= 2",
        "pass",
        SGD,
        1,
        "sgd halves the step as often as it is told: x after steps of 0.8, 0.8, 0.4, 0.4, 0.2",
    ),
    Mistake(
        "one iteration too few",
        "sgd",
        "range(iterations)",
        "range(iterations - 1)",
        SGD,
        5,
        "sgd steps against the gradient as often as it is told: x after 1 iterations",
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
