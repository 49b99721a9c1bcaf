"""Sentiment of sentences: features from word vectors, classifiers on them, how good they are.

A classifier is a dict of arrays, and `logits` says what it computes:

``w1 b1``                    softmax regression
``w1 b1 w2 b2``              the two-layer network of `word2vec.two_layer_net`
``vectors w1 b1 w2 b2``      the averaging network: the word vectors below it are trained as well

`loss_and_gradients` is the objective of all three; `fit_lbfgs` and `fit_sgd` minimise it.
"""

import re
from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_array

from word2vec import KeyedVectors, sgd, sigmoid, softmax, softmax_cross_entropy, two_layer_net
from word2vec.checks import (
    FloatArray,
    IntArray,
    as_float_array,
    as_indices,
    check_choice,
    check_finite,
)
from word2vec.rowsparse import RowSparse
from word2vec.sgd import linear_schedule

Classifier = dict[str, FloatArray]
Features = Any  # an ndarray or a sparse array, for which SciPy has no hints

NEUTRAL = 2  # of the five classes 0 to 4
# The treebank writes "it 's" and "do n't" as two words, most other corpora as one.
_CLITICS = frozenset("'s n't 're 've 'll 'd 'm".split())
_JOINTS = re.compile(r"[-\\/]+")
# Sums of words are divided by the square root of their number: the sum grows with the length and
# the mean forgets it. Larger scales train vectors faster, compared with the layers above them.
BAG_SCALE = np.sqrt(3)
# Standard deviation of the entries of the vectors when training begins, chosen on dev.
VECTOR_SPREAD = 0.2
MIN_PAIR_COUNT = 2


# -------------------------------------------------------------------- features


def match_words(sentence: Iterable[str], known: Container[str]) -> list[str]:
    """Write the words of the treebank as the vectors spell them.

    Parameters
    ----------
    sentence : sequence of str
    known : container of str
        The words that have a vector.

    Returns
    -------
    list of str
        A clitic is joined to the word before it if that makes a known word, and an unknown word is
        replaced by those of its parts between hyphens and slashes that are known. Words without
        such parts stay as they are, known or not.

    Examples
    --------
    >>> match_words("it 's a well-made heist film".split(), {"it's", "a", "well", "made", "film"})
    ["it's", 'a', 'well', 'made', 'heist', 'film']
    """
    words: list[str] = []
    for word in sentence:
        if word in _CLITICS and words and words[-1] + word in known:
            words[-1] += word
        elif word in known:
            words.append(word)
        else:
            words += [part for part in _JOINTS.split(word) if part in known] or [word]
    return words


def bags(
    sentences: Iterable[Iterable[str]], row_of: Mapping[str, int], scale: str = "mean"
) -> csr_array:
    """Sparse matrix that makes sentence features of word vectors: ``bags(...) @ vectors``.

    Parameters
    ----------
    sentences : sequence of sequences of str
    row_of : dict of str to int
        Row of each word in the matrix of vectors, and, as "very good", of pairs of neighbors; what
        is not in it is left out.
    scale : {"mean", "root"}
        Divide the sum of the n vectors by n, or by sqrt(n / 3). A sentence of which no word is
        known has zeros only.

    Returns
    -------
    csr_array of shape (number of sentences, number of rows)
        A repeated word has a repeated entry.

    Raises
    ------
    ValueError
        If `scale` is neither of the two.
    """
    check_choice("scale", scale, ("mean", "root"))
    found = [
        [row_of[term] for term in _words_and_pairs(match_words(sentence, row_of)) if term in row_of]
        for sentence in sentences
    ]
    starts = np.concatenate([[0], np.cumsum([len(rows) for rows in found], dtype=np.int64)])
    rows = np.array([row for rows in found for row in rows], dtype=np.int32)
    return _weighted(rows, starts, len(row_of), scale)


def mean_features(sentences: Iterable[Iterable[str]], vectors: KeyedVectors) -> NDArray[np.float64]:
    """Mean of the word vectors of each sentence; zeros where no word has one.

    Parameters
    ----------
    sentences : sequence of sequences of str
    vectors : KeyedVectors

    Returns
    -------
    ndarray of float64, shape (number of sentences, d)
    """
    return bags(sentences, vectors.key_to_index) @ vectors.vectors.astype(np.float64)


def word_table(
    sentences: Iterable[Iterable[str]], vectors: KeyedVectors
) -> tuple[dict[str, int], NDArray[np.float32]]:
    """Rows and start values of the vectors that the averaging network trains.

    Parameters
    ----------
    sentences : iterable of sequences of str
        Their words without a vector get one, and so do pairs of neighbors that occur in at least
        `MIN_PAIR_COUNT` of the sentences: zeros, to be trained.
    vectors : KeyedVectors

    Returns
    -------
    row_of : dict of str to int
    table : ndarray of float32, shape (number of rows, d)
        The vectors less their mean, scaled so that their entries spread by `VECTOR_SPREAD`.
    """
    row_of = dict(vectors.key_to_index)
    pair_counts: Counter[str] = Counter()
    for sentence in sentences:
        words = match_words(sentence, vectors.key_to_index)
        for word in words:
            row_of.setdefault(word, len(row_of))
        pair_counts.update(set(_words_and_pairs(words)[len(words) :]))
    for pair, count in pair_counts.items():
        if count >= MIN_PAIR_COUNT:
            row_of.setdefault(pair, len(row_of))
    known = vectors.vectors - vectors.vectors.mean(axis=0)
    table = np.zeros((len(row_of), known.shape[1]), dtype=np.float32)
    table[: len(known)] = known * (VECTOR_SPREAD / (known.std() or 1))
    return row_of, table


def _words_and_pairs(words):
    return [*words, *map(" ".join, pairwise(words))]


def _weighted(rows, starts, num_words, scale):
    counts = np.diff(starts)
    divisors = np.maximum(counts, 1) if scale == "mean" else np.sqrt(counts) / BAG_SCALE
    weights = np.repeat(1 / np.where(counts > 0, divisors, 1), counts)
    return csr_array((weights, rows, starts), shape=(len(counts), num_words))


def _drop_words(batch, share, rng):
    """Leave out a random share of the words of each bag, but never all of them."""
    counts = np.diff(batch.indptr)
    bag_of = np.repeat(np.arange(len(counts)), counts)
    kept = rng.random(len(bag_of)) >= share
    kept |= (np.bincount(bag_of, kept, len(counts)) == 0)[bag_of]
    starts = np.concatenate([[0], np.cumsum(np.bincount(bag_of[kept], minlength=len(counts)))])
    return _weighted(batch.indices[kept], starts, batch.shape[1], "root")


# -------------------------------------------------------------------- objectives


def start_classifier(
    num_features: int, num_hidden: int, num_classes: int, rng: np.random.Generator
) -> Classifier:
    """Start values of a classifier.

    Parameters
    ----------
    num_features, num_hidden, num_classes : int
        D, H and C; H = 0 is softmax regression.
    rng : numpy.random.Generator

    Returns
    -------
    dict of str to ndarray
        Weights normal with variance 1 / (number of inputs), zero in softmax regression; biases
        zero.
    """
    if num_hidden == 0:
        return {"w1": np.zeros((num_features, num_classes)), "b1": np.zeros(num_classes)}
    return {
        "w1": rng.normal(size=(num_features, num_hidden)) / np.sqrt(num_features),
        "b1": np.zeros(num_hidden),
        "w2": rng.normal(size=(num_hidden, num_classes)) / np.sqrt(num_hidden),
        "b2": np.zeros(num_classes),
    }


def softmax_regression(
    x: FloatArray, targets: ArrayLike, w1: FloatArray, b1: FloatArray
) -> tuple[np.floating, dict[str, FloatArray]]:
    """Cross-entropy of softmax regression, **summed** over rows, and its gradients.

    Parameters
    ----------
    x : ndarray of shape (N, D)
    targets : array_like
        Class indices (N,), or target distributions (N, C).
    w1, b1 : ndarrays of shape (D, C) and (C,)

    Returns
    -------
    loss : float
    grads : dict
        Gradients under the keys ``"x"``, ``"w1"``, ``"b1"``.

    Notes
    -----
    With delta = softmax(x W + b) - y: dJ/dW = x^T delta, dJ/db = sum of the rows of delta,
    dJ/dx = delta W^T.
    """
    loss, delta = softmax_cross_entropy(x @ w1 + b1, targets)
    return loss, {"x": delta @ w1.T, "w1": x.T @ delta, "b1": delta.sum(axis=0)}


def logits(classifier: Classifier, x: Features) -> FloatArray:
    """Scores of the classes, (N, C), for features (N, D), or bags for the averaging network."""
    if "vectors" in classifier:
        x = x @ classifier["vectors"]
    scores = x @ classifier["w1"] + classifier["b1"]
    if "w2" in classifier:
        scores = sigmoid(scores) @ classifier["w2"] + classifier["b2"]
    return scores


def loss_and_gradients(
    classifier: Classifier, x: Features, targets: ArrayLike, l2: float
) -> tuple[np.floating, dict[str, FloatArray]]:
    """Regularised cross-entropy of a classifier, **mean** over rows, and its gradients.

    Parameters
    ----------
    classifier : dict of str to ndarray
    x : ndarray of shape (N, D), or sparse array (N, V) for the averaging network
    targets : array_like
        Class indices (N,), or target distributions (N, C).
    l2 : float
        Strength of the penalty.

    Returns
    -------
    loss : float
    grads : dict
        Under the keys of `classifier`.

    Notes
    -----
    J = (1/N) sum_n -log p(y_n | x_n) + (l2 / 2) (|W1|^2 + |W2|^2). Biases and word vectors are not
    penalised. In the averaging network the features are B E, with B the bags and E the vectors:
    dJ/dE = B^T dJ/d(B E).
    """
    layers = {name: array for name, array in classifier.items() if name != "vectors"}
    features = x @ classifier["vectors"] if "vectors" in classifier else x
    model = two_layer_net if "w2" in classifier else softmax_regression
    loss, grads = model(features, targets, **layers)
    grad_features = grads.pop("x")
    if "vectors" in classifier:
        grads["vectors"] = x.T @ grad_features

    num_rows = x.shape[0]
    loss = loss / num_rows
    for name in classifier:
        grads[name] = grads[name] / num_rows
        if name.startswith("w"):
            loss += l2 / 2 * np.square(classifier[name]).sum()
            grads[name] += l2 * classifier[name]
    return loss, grads


def pack(arrays: Mapping[str, FloatArray], names: Iterable[str]) -> FloatArray:
    """The arrays of these names as one vector."""
    return np.concatenate([arrays[name].ravel() for name in names])


def unpack(vector: FloatArray, like: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """The inverse of `pack`: views of `vector` in the shapes of the dict `like`."""
    ends = np.cumsum([array.size for array in like.values()])[:-1]
    parts = zip(like.items(), np.split(vector, ends), strict=True)
    return {name: part.reshape(array.shape) for (name, array), part in parts}


# -------------------------------------------------------------------- training


def fit_lbfgs(
    start: Classifier, x: Features, targets: ArrayLike, l2: float, *, max_iterations: int = 200
) -> Classifier:
    """Minimise `loss_and_gradients` over all examples at once with SciPy's L-BFGS-B.

    Parameters
    ----------
    start : dict of str to ndarray
        As `start_classifier` returns it; left unchanged.
    x, targets, l2
        As in `loss_and_gradients`.
    max_iterations : int

    Returns
    -------
    dict of str to ndarray
        The classifier.

    Raises
    ------
    ValueError
        If there are no examples, or `l2` is negative.
    """
    _check_examples(x, targets, l2)

    def f(parameters):
        loss, grads = loss_and_gradients(unpack(parameters, start), x, targets, l2)
        return loss, pack(grads, start)

    found = minimize(
        f, pack(start, start), jac=True, method="L-BFGS-B", options={"maxiter": max_iterations}
    )
    return unpack(found.x, start)


def fit_sgd(
    start: Classifier,
    x: Features,
    targets: ArrayLike,
    l2: float,
    *,
    step: float,
    epochs: int,
    rng: np.random.Generator,
    batch_size: int = 64,
    word_dropout: float = 0.0,
) -> Classifier:
    """Minimise `loss_and_gradients` with `word2vec.sgd` on random batches.

    Parameters
    ----------
    start : dict of str to ndarray
        Left unchanged. For the averaging network, ``"vectors"`` must come first.
    x, targets, l2
        As in `loss_and_gradients`.
    step : float
        At first; it falls on a straight line to a hundredth. It multiplies the gradient of the
        mean over a batch.
    epochs, batch_size : int
        Batches are drawn with replacement, so many that each example comes `epochs` times on
        average.
    rng : numpy.random.Generator
    word_dropout : float
        Averaging network: share of the words of each bag left out at random.

    Returns
    -------
    dict of str to ndarray
        The classifier.

    Raises
    ------
    FloatingPointError
        If training diverges.
    ValueError
        If there are no examples, or arguments do not fit.
    """
    targets = _check_examples(x, targets, l2)
    if "vectors" in list(start)[1:]:
        raise ValueError(f"start must have its vectors first. Got {list(start)} instead.")
    num_examples = len(targets)
    iterations = max(1, epochs * num_examples // batch_size)

    def f(parameters):
        chosen = rng.integers(num_examples, size=batch_size)
        classifier, batch = unpack(parameters, start), x[chosen]
        if "vectors" not in start:
            loss, grads = loss_and_gradients(classifier, batch, targets[chosen], l2)
            return loss, pack(grads, start)
        batch = _drop_words(batch, word_dropout, rng)
        # A batch has a few hundred words: only their vectors have a gradient.
        words, columns = np.unique(batch.indices, return_inverse=True)
        batch = csr_array(
            (batch.data.astype(parameters.dtype), columns, batch.indptr),
            shape=(batch_size, len(words)),
        )
        classifier["vectors"] = classifier["vectors"][words]
        loss, grads = loss_and_gradients(classifier, batch, targets[chosen], l2)
        num_entries, d = start["vectors"].size, start["vectors"].shape[1]
        entries = (words[:, np.newaxis] * d + np.arange(d)).ravel()
        rest = np.arange(num_entries, len(parameters))
        return loss, RowSparse(np.concatenate([entries, rest]), pack(grads, start))

    schedule = linear_schedule(step, step / 100, iterations)
    return unpack(sgd(f, pack(start, start), schedule, iterations), start)


def sweep(
    strengths: Sequence[float],
    fit: Callable[[float], Classifier],
    dev_x: Features,
    dev_labels: ArrayLike,
) -> tuple[int, list[Classifier], list[float]]:
    """Fit with every strength of L2 and find the one that is best on dev.

    Parameters
    ----------
    strengths : sequence of float
    fit : callable
        From a strength to a classifier.
    dev_x, dev_labels
        Features (or bags) and labels of the sentences that decide.

    Returns
    -------
    best : int
        Index of the strength with the highest accuracy on dev; the largest of equally good ones.
    classifiers : list of dict
    accuracies : list of float
        On dev, one for each strength.
    """
    if not len(strengths):
        raise ValueError("strengths must not be empty: there is nothing to choose from.")
    classifiers = [fit(l2) for l2 in strengths]
    accuracies = [
        accuracy(softmax(logits(classifier, dev_x)), dev_labels) for classifier in classifiers
    ]
    best = max(range(len(strengths)), key=lambda i: (accuracies[i], strengths[i]))
    return best, classifiers, accuracies


def _check_examples(x: Features, targets: ArrayLike, l2: float) -> np.ndarray:
    check_finite("l2", l2)
    if l2 < 0:
        raise ValueError(f"l2 must not be negative. Got {l2} instead.")
    targets = np.asarray(targets)
    if x.shape[0] == 0 or x.shape[0] != len(targets):
        raise ValueError(
            "x and targets must have the same number of rows, at least one. "
            f"Got {x.shape[0]} and {len(targets)} instead."
        )
    return targets


# -------------------------------------------------------------------- evaluation


def accuracy(probabilities: FloatArray, labels: ArrayLike) -> float:
    """Share of rows whose most probable class is the label."""
    return float(np.mean(probabilities.argmax(axis=1) == labels))


def binary_accuracy(probabilities: FloatArray, labels: ArrayLike) -> float:
    """Accuracy for two classes, from five: neutral sentences are left out.

    A sentence is called positive if both positive classes together are more probable than both
    negative ones. NaN if every label is neutral.
    """
    labels = np.asarray(labels)
    used = labels != NEUTRAL
    if not used.any():
        return float("nan")
    negative = probabilities[used, :NEUTRAL].sum(axis=1)
    positive = probabilities[used, NEUTRAL + 1 :].sum(axis=1)
    return float(np.mean((positive > negative) == (labels[used] > NEUTRAL)))


def confusion_matrix(labels: ArrayLike, predicted: ArrayLike, num_classes: int) -> IntArray:
    """Counts, shape (C, C): row the true class, column the predicted one.

    Raises
    ------
    IndexError
        If a class is not one of 0 to C - 1.
    """
    labels = as_indices("labels", labels, num_classes, "the matrix")
    predicted = as_indices("predicted", predicted, num_classes, "the matrix")
    cells = np.bincount(labels * num_classes + predicted, minlength=num_classes**2)
    return cells.reshape(num_classes, num_classes)


def precision_and_recall(matrix: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Precision and recall of each class of a confusion matrix; 0 where there is nothing to share.

    Returns
    -------
    precision, recall : ndarrays of shape (C,)
    """
    matrix = as_float_array("matrix", matrix, ndim=2)
    right = np.diag(matrix)
    return (
        right / np.maximum(matrix.sum(axis=0), 1),
        right / np.maximum(matrix.sum(axis=1), 1),
    )


def most_wrong(probabilities: FloatArray, labels: ArrayLike, count: int) -> IntArray:
    """Indices of the rows whose true class got the least probability, the worst first."""
    true_class = np.take_along_axis(probabilities, np.asarray(labels)[:, np.newaxis], axis=1)[:, 0]
    return np.argsort(true_class, kind="stable")[:count]
