"""The hidden tests of the exercises: ``check("nearest", nearest)`` says what is wrong, or "right".

They look at what an answer returns and never at how. Read them only after your own attempt;
answers that pass are in `answers`.
"""

import copy

import numpy as np

from word2vec import cbow, log_softmax, softmax, two_layer_net
from word2vec.gradcheck import GradientCheckError, gradcheck_naive

CLOSE = {"rtol": 1e-6, "atol": 1e-9}


class Wrong(Exception):
    """An answer that is not right; the message says why."""


def check(name, answer):
    """Print what the hidden test of the exercise `name` says of an answer."""
    wrong = problem(name, answer)
    print(f"{name}: right" if wrong is None else f"{name}: not yet. {wrong}")


def problem(name, answer):
    """What is wrong with an answer, as text; None if it is right."""
    if name not in TESTS:
        raise ValueError(f"There is no exercise {name!r}; there are: {', '.join(TESTS)}.")
    try:
        TESTS[name](answer)
    except (Wrong, GradientCheckError) as wrong:
        return str(wrong)
    return None


# -------------------------------------------------------------------- asking an answer


def ask(answer, *arguments):
    """What the answer returns; what it was given must not have changed meanwhile."""
    given = copy.deepcopy(arguments)
    try:
        result = answer(*given)
    except Exception as error:  # whatever a learner's code may raise
        raise Wrong(f"It raises {type(error).__name__}: {error}") from error
    if result is None or result is ...:
        raise Wrong("It returns nothing: write it where the three dots are.")
    for number, (now, before) in enumerate(zip(given, arguments, strict=True), start=1):
        if isinstance(now, np.ndarray) and not np.array_equal(now, before):
            raise Wrong(f"It changes its argument number {number}: work on a copy.")
    return result


def ask_for(count, what, answer, *arguments):
    """The same for an answer of several parts."""
    result = ask(answer, *arguments)
    if not isinstance(result, (tuple, list)) or len(result) != count:
        raise Wrong(f"It must return {what}. It returns {result!r}.")
    return result


def expect(result, wanted, what):
    """Raise `Wrong` unless the result is the wanted array or number."""
    wanted = np.asarray(wanted)
    if np.shape(result) != wanted.shape:
        raise Wrong(f"{what}: the shape must be {wanted.shape}. It is {np.shape(result)}.")
    if not np.allclose(result, wanted, **CLOSE):
        raise Wrong(f"{what} must be\n{wanted}\nIt is\n{np.asarray(result)}")


def random(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


# -------------------------------------------------------------------- 01, from formula to proof


def numeric_gradient(answer):
    x = random(2, 3)

    def cubes(x):
        return float(np.sum(x**3))

    gradient = ask(answer, cubes, x)
    if np.shape(gradient) != x.shape:
        raise Wrong(f"The shape must be that of x, {x.shape}. It is {np.shape(gradient)}.")
    error = np.abs(gradient - 3 * x**2).max()
    if error > 1e-7:
        raise Wrong(
            f"The gradient of sum(x^3) must be 3 x^2. An entry is off by {error:.1e}, which is "
            f"{'what one side gives' if error < 1e-3 else 'more than a small step can cause'}."
        )


def softmax_with_temperature(answer):
    z = random(4)
    for temperature in (1.0, 0.5, 2.0):
        loss, _ = ask_for(2, "the loss and the gradient", answer, z, 2, temperature)
        wanted = -log_softmax(z / temperature)[2]
        expect(loss, wanted, f"The loss for T = {temperature}")
        gradcheck_naive(lambda z, t=temperature: answer(z, 2, t), z.copy(), f"T = {temperature}")
    loss, gradient = ask(answer, 1000 * z, 2, 0.5)
    if not (np.isfinite(loss) and np.isfinite(gradient).all()):
        raise Wrong("For scores in the thousands it overflows: use log_softmax or softmax.")


def tied_softmax(answer):
    w = random(5, 3)
    for center, outside, what in ((1, 4, "two words"), (2, 2, "a word beside itself")):
        loss, _ = ask_for(2, "the loss and the gradient", answer, w, center, outside)
        expect(loss, -np.log(softmax(w @ w[center])[outside]), f"The loss of {what}")
        gradcheck_naive(lambda w, c=center, o=outside: answer(w, c, o), w.copy(), what)


# -------------------------------------------------------------------- 02, skip-gram and CBOW


def context(answer):
    words = "a kind and clever film".split()
    for position, reach, wanted in (
        (2, 1, "kind clever"),
        (2, 2, "a kind clever film"),
        (0, 2, "kind and"),
        (1, 3, "a and clever film"),
        (4, 2, "and clever"),
    ):
        result = ask(answer, words, position, reach)
        if list(result) != wanted.split():
            raise Wrong(
                f"Of {words} the words at most {reach} from number {position} are "
                f"{wanted.split()}. It returns {list(result)}."
            )
    result = list(ask(answer, ["so", "so", "film"], 0, 1))
    if result != ["so"]:
        raise Wrong(f"Another place with the same word belongs to the context. Got {result}.")


def cbow_mean(answer):
    center_vectors, outside_vectors = random(2, 6, 3)
    for outside, negatives, what in (
        ([0, 4, 5], [1, 3], "distinct words"),
        ([4, 4, 0], [1, 3], "a context with a word twice"),
        ([0, 4], [1, 1, 2], "a negative drawn twice, the center word among them"),
    ):
        given = (2, outside, center_vectors, outside_vectors, negatives)
        result = ask_for(3, "the loss and two gradients", answer, *given)
        names = ("loss", "gradient of the center vectors", "gradient of the outside vectors")
        wanted = cbow(*given, reduction="mean")
        for name, got, right in zip(names, result, wanted, strict=True):
            expect(got, right, f"With {what} the {name}")


def noise_probabilities(answer):
    for counts, power in (([81, 16, 1], 0.75), ([4, 1], 1.0), ([9, 3, 1], 0.0)):
        weights = np.array(counts) ** power
        result = ask(answer, np.array(counts), power)
        expect(result, weights / weights.sum(), f"For counts {counts} and power {power} it")


# -------------------------------------------------------------------- 03, word vectors


def nearest(answer):
    # Word 3 points where word 0 points, word 1 is longest, word 2 points the other way.
    vectors = np.array([[1.0, 0.2], [3.0, 4.0], [-2.0, 0.5], [0.2, 0.04], [0.5, 0.4]])
    for word, count, wanted in ((0, 2, [3, 4]), (0, 4, [3, 4, 1, 2]), (1, 1, [4])):
        result = list(ask(answer, word, vectors, count))
        if result != wanted:
            raise Wrong(f"The {count} nearest of word {word} are {wanted}. It returns {result}.")


def analogy(answer):
    vectors = np.array(
        [[1, 0, 0.1], [1, 0.3, 0.1], [1, 0, 2], [1, 1.6, 2], [1, -1, 2], [0, 1, 0], [-1, 0.3, 0]]
    )
    for a, b, c, wanted in ((0, 1, 2, 3), (1, 0, 3, 2)):
        result = ask(answer, a, b, c, vectors)
        if result in (a, b, c):
            raise Wrong(f"It answers {result}, one of the words that were asked with.")
        if result != wanted:
            raise Wrong(f"{a} is to {b} as {c} is to {wanted}. It answers {result}.")


def perplexity(answer):
    expect(ask(answer, np.log([0.25, 0.25, 0.25])), 4.0, "For probabilities of 1/4 it")
    expect(ask(answer, np.log([0.5, 0.02])), 10.0, "For probabilities 0.5 and 0.02 it")


# -------------------------------------------------------------------- 04, sentiment


def standardise(answer):
    train, other = 2 + 3 * random(6, 2), random(4, 2, seed=1)
    center, scale = train.mean(axis=0), train.std(axis=0)
    result = ask_for(2, "both matrices", answer, train, other)
    expect(result[0], (train - center) / scale, "The first matrix")
    expect(result[1], (other - center) / scale, "The second matrix, by the first one's numbers,")


def two_layer(answer):
    rng = np.random.default_rng(0)
    x, y, l2 = rng.normal(size=(6, 4)), rng.integers(3, size=6), 0.3
    shapes = {"w1": (4, 5), "b1": (5,), "w2": (5, 3), "b2": (3,)}
    layers = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    loss, grads = ask_for(2, "the loss and the gradients", answer, x, y, *layers.values(), l2)
    penalty = l2 / 2 * sum((layers[name] ** 2).sum() for name in ("w1", "w2"))
    expect(loss, two_layer_net(x, y, **layers)[0] / len(x) + penalty, "The loss")
    if not isinstance(grads, dict) or set(grads) != set(layers):
        raise Wrong(f"The gradients must be a dict with the keys {list(layers)}. Got {grads!r}.")
    for name in layers:

        def f(array, name=name):
            loss, grads = answer(x, y, *(layers | {name: array}).values(), l2)
            return loss, grads[name]

        gradcheck_naive(f, layers[name].copy(), f"Gradient of {name}")


def precision_and_recall(answer):
    matrix = np.array([[6, 2], [1, 11]])  # rows: true; columns: predicted
    precision, recall = ask_for(2, "precision and recall", answer, matrix)
    expect(precision, [6 / 7, 11 / 13], "The precision of each class")
    expect(recall, [6 / 8, 11 / 12], "The recall of each class")


TESTS = {
    test.__name__: test
    for test in (
        *(numeric_gradient, softmax_with_temperature, tied_softmax),
        *(context, cbow_mean, noise_probabilities),
        *(nearest, analogy, perplexity),
        *(standardise, two_layer, precision_and_recall),
    )
}
