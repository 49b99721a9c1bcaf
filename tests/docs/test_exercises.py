"""Each exercise's hidden test fails on the blank and on a mistake, and passes on the answer."""

import ast
import inspect
import json
import re
from pathlib import Path

import numpy as np
import pytest

from notebooks import answers, exercises
from word2vec import cbow, softmax

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def blanks():
    """From the name of each exercise to the function in the notebook that a learner fills in."""
    found = {}
    for path in NOTEBOOKS:
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            source = "".join(cell["source"])
            for name in re.findall(r'^check\("(\w+)"', source, re.MULTILINE):
                tree = ast.parse(source)
                definition = next(
                    node
                    for node in tree.body
                    if isinstance(node, ast.FunctionDef) and node.name == name
                )
                assert name not in found
                space = {"np": np}
                exec(compile(ast.Module([definition], []), path.name, "exec"), space)
                found[name] = space[name]
    return found


BLANKS = blanks()


def one_sided(f, x, h=1e-5):
    gradient = np.empty_like(x)
    for index in np.ndindex(x.shape):
        moved = x.copy()
        moved[index] += h
        gradient[index] = (f(moved) - f(x)) / h
    return gradient


def only_the_first_row(f, x, h=1e-5):
    return answers.numeric_gradient(f, x, h)[0]


def moves_x_and_leaves_it_there(f, x, h=1e-5):
    gradient = answers.numeric_gradient(f, x, h)
    x += h
    return gradient


def temperature_left_out_of_the_gradient(z, o, temperature):
    loss, gradient = answers.softmax_with_temperature(z, o, temperature)
    return loss, gradient * temperature


def exponentials_overflow(z, o, temperature):
    with np.errstate(all="ignore"):
        exps = np.exp(z / temperature)
        y_hat = exps / exps.sum()
        return -np.log(y_hat[o]), (y_hat - np.eye(len(z))[o]) / temperature


def only_as_outside_vectors(w, c, o):
    loss, _ = answers.tied_softmax(w, c, o)
    return loss, np.outer(softmax(w @ w[c]) - np.eye(len(w))[o], w[c])


def slice_that_begins_below_zero(words, t, m):
    return words[t - m : t] + words[t + 1 : t + m + 1]


def leaves_out_the_word_and_not_the_place(words, t, m):
    return [word for word in words[max(0, t - m) : t + m + 1] if word != words[t]]


def mean_without_its_division(c, outside, v, u, negatives):
    loss, grad_v, grad_u = answers.cbow_mean(c, outside, v, u, negatives)
    return loss, grad_v * len(outside), grad_u


def repeated_words_counted_once(c, outside, v, u, negatives):
    loss, grad_v, grad_u = cbow(c, outside, v, u, negatives, reduction="mean")
    once = np.zeros_like(grad_v)
    once[outside] = cbow(c, sorted(set(outside)), v, u, negatives, reduction="mean")[1][outside]
    return loss, once, grad_u


def weights_that_do_not_sum_to_one(counts, power=0.75):
    return counts**power


def power_forgotten(counts, power=0.75):
    return counts / counts.sum()


def by_the_dot_product(word, vectors, n):
    order = np.argsort(-vectors @ vectors[word])
    return [int(other) for other in order if other != word][:n]


def with_the_word_itself(word, vectors, n):
    return [word, *answers.nearest(word, vectors, n)][:n]


def asked_words_allowed(a, b, c, vectors):
    target = vectors[b] - vectors[a] + vectors[c]
    return int((vectors @ target / np.linalg.norm(vectors, axis=1)).argmax())


def steps_turned(a, b, c, vectors):
    return answers.analogy(b, a, c, vectors)


def mean_of_the_exponentials(log_p):
    return np.exp(-log_p).mean()


def each_by_its_own_numbers(train, other):
    return answers.standardise(train, train)[0], answers.standardise(other, other)[0]


def penalty_left_out_of_the_gradient(x, y, w1, b1, w2, b2, l2):
    loss, _ = answers.two_layer(x, y, w1, b1, w2, b2, l2)
    return loss, answers.two_layer(x, y, w1, b1, w2, b2, 0.0)[1]


def derivative_of_the_sigmoid_forgotten(x, y, w1, b1, w2, b2, l2):
    loss, grads = answers.two_layer(x, y, w1, b1, w2, b2, l2)
    n = len(x)
    h = 1 / (1 + np.exp(-x @ w1 - b1))
    delta2 = (softmax(h @ w2 + b2) - np.eye(len(b2))[y]) / n
    return loss, grads | {"w1": x.T @ (delta2 @ w2.T) + l2 * w1}


def rows_and_columns_confused(matrix):
    precision, recall = answers.precision_and_recall(matrix)
    return recall, precision


# From each exercise to typical mistakes, and a part of what the hidden test must say of them.
MISTAKES = {
    "numeric_gradient": {
        one_sided: "what one side gives",
        only_the_first_row: r"shape must be that of x, \(2, 3\)",
        moves_x_and_leaves_it_there: "changes its argument number 2",
    },
    "softmax_with_temperature": {
        temperature_left_out_of_the_gradient: "T = 0.5: gradient check failed",
        exponentials_overflow: "overflows",
    },
    "tied_softmax": {only_as_outside_vectors: r"two words: gradient check failed at index \(1, "},
    "context": {
        slice_that_begins_below_zero: r"number 1 are \['a', 'and', .*It returns \['and', ",
        leaves_out_the_word_and_not_the_place: "Another place with the same word",
    },
    "cbow_mean": {
        mean_without_its_division: "distinct words the gradient of the center vectors",
        repeated_words_counted_once: "a word twice the gradient of the center vectors",
    },
    "noise_probabilities": {
        weights_that_do_not_sum_to_one: "must be",
        power_forgotten: r"counts \[81, 16, 1\] and power 0.75",
    },
    "nearest": {
        by_the_dot_product: r"nearest of word 0 are \[3, 4\]. It returns \[1, ",
        with_the_word_itself: r"It returns \[0, 3\]",
    },
    "analogy": {
        asked_words_allowed: "one of the words that were asked with",
        steps_turned: "0 is to 1 as 2 is to 3. It answers",
    },
    "perplexity": {mean_of_the_exponentials: "0.5 and 0.02"},
    "standardise": {each_by_its_own_numbers: "by the first one's numbers"},
    "two_layer": {
        penalty_left_out_of_the_gradient: "Gradient of w1: gradient check failed",
        derivative_of_the_sigmoid_forgotten: "Gradient of w1: gradient check failed",
    },
    "precision_and_recall": {rows_and_columns_confused: "The precision of each class"},
}

each_exercise = pytest.mark.parametrize("name", exercises.TESTS)


def test_each_hidden_test_belongs_to_an_exercise_in_a_notebook():
    assert set(BLANKS) == set(exercises.TESTS) == set(MISTAKES)


@each_exercise
def test_hidden_test_fails_on_the_blank(name):
    assert exercises.problem(name, BLANKS[name]).startswith("It returns nothing")


@each_exercise
def test_hidden_test_passes_on_the_reference_answer(name):
    assert exercises.problem(name, getattr(answers, name)) is None


@each_exercise
def test_reference_answer_has_the_arguments_of_the_blank(name):
    parameters = inspect.signature(BLANKS[name]).parameters
    assert list(inspect.signature(getattr(answers, name)).parameters) == list(parameters)


@pytest.mark.parametrize(
    ("name", "mistake", "message"),
    [(name, *case) for name, cases in MISTAKES.items() for case in cases.items()],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_hidden_test_finds_the_mistake_and_says_what_is_wrong(name, mistake, message):
    assert re.search(message, exercises.problem(name, mistake))


@each_exercise
def test_an_answer_that_raises_is_told_what(name):
    def answer(*_):
        raise IndexError("too far")

    assert exercises.problem(name, answer) == "It raises IndexError: too far"


def test_verdict_is_printed(capsys):
    exercises.check("perplexity", answers.perplexity)
    exercises.check("perplexity", lambda log_p: None)
    assert capsys.readouterr().out == (
        "perplexity: right\n"
        "perplexity: not yet. It returns nothing: write it where the three dots are.\n"
    )


def test_unknown_exercise_is_refused():
    with pytest.raises(ValueError, match=r"no exercise 'nearset'; there are: numeric_gradient"):
        exercises.check("nearset", None)
