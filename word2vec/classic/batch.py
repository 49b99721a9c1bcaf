"""Skip-gram and CBOW for many context windows at once: the fast twin of `models`.

All four combinations of model and loss are one computation. Every window has a vector that
predicts (skip-gram: the center word's; CBOW: the sum or mean of the context) and target words
(skip-gram: each outside word; CBOW: the center word). Only rows in the batch are touched.
"""

import numpy as np

from ..checks import as_float_array, as_indices, check_choice, check_shape
from ..functions import log_sigmoid, log_softmax, sigmoid
from ..rowsparse import RowSparse, group_sum, scatter_sum


def batch_loss_and_gradient(
    windows,
    center_vectors,
    outside_vectors,
    negative_indices=None,
    *,
    model="skipgram",
    reduction="sum",
):
    """Loss of a batch of context windows, **summed** over the windows, and its gradients.

    Equal to the sum of `skipgram` or `cbow` over the windows.

    Parameters
    ----------
    windows : Windows
        B windows with P outside words altogether.
    center_vectors, outside_vectors : ndarray of shape (V, d)
    negative_indices : ndarray of int, shape (P, K) for skip-gram, (B, K) for CBOW, optional
        Negative samples of each target word, and the loss is negative sampling. None: naive
        softmax.
    model : {"skipgram", "cbow"}
    reduction : {"sum", "mean"}
        How CBOW combines the vectors of the outside words; skip-gram does not use it.

    Returns
    -------
    loss : float
        In nats, summed in float64.
    grad_center_vectors, grad_outside_vectors : RowSparse
        Naive softmax touches every row of `outside_vectors`.

    Raises
    ------
    IndexError, TypeError, ValueError
        As `skipgram` and `cbow`.
    """
    check_choice("model", model, ("skipgram", "cbow"))
    check_choice("reduction", reduction, ("sum", "mean"))
    center_vectors = as_float_array("center_vectors", center_vectors, ndim=2)
    outside_vectors = as_float_array("outside_vectors", outside_vectors, ndim=2)
    check_shape(
        "outside_vectors", outside_vectors, center_vectors.shape, "the shape of center_vectors"
    )
    vocab_size = len(center_vectors)
    center_idx = as_indices("center_idx", windows.center_idx, vocab_size, "center_vectors")
    outside_idx = as_indices("outside_idx", windows.outside_idx, vocab_size, "outside_vectors")
    window_of = as_indices("window_of", windows.window_of, len(center_idx), "center_idx")

    # The rows that make up each window's predicting vector, and the words it is to predict.
    if model == "skipgram":
        source, source_window = center_idx, np.arange(len(center_idx))
        target, target_window = outside_idx, window_of
        weight = np.ones(len(source), dtype=center_vectors.dtype)
    else:
        source, source_window = outside_idx, window_of
        target, target_window = center_idx, np.arange(len(center_idx))
        num_outside = np.bincount(window_of, minlength=len(center_idx))
        if not num_outside.all():
            raise ValueError("Every window must have an outside word to predict the center from.")
        weight = np.ones(len(source)) if reduction == "sum" else 1 / num_outside[window_of]
        weight = weight.astype(center_vectors.dtype)

    weight, source_window = weight[:, np.newaxis], source_window[:, np.newaxis]
    predicting = group_sum(source_window, weight, center_vectors[source], len(center_idx))
    if negative_indices is None:
        loss, grad_predicting, grad_outside = _naive_softmax(
            predicting, target, target_window, outside_vectors
        )
    else:
        negative_indices = as_indices(
            "negative_indices", negative_indices, vocab_size, "outside_vectors", ndim=2
        )
        num_negatives = negative_indices.shape[1]
        check_shape(
            "negative_indices",
            negative_indices,
            (len(target), num_negatives),
            "one row for each target word",
        )
        words = np.column_stack([target, negative_indices])
        loss, grad_predicting, grad_outside = _neg_sampling(
            predicting, words, target_window, outside_vectors
        )
    grad_center = scatter_sum(source[:, np.newaxis], weight, grad_predicting[source_window[:, 0]])
    return loss, grad_center, grad_outside


def _neg_sampling(predicting, words, target_window, outside_vectors):
    """Negative sampling; the columns of `words` (T, 1 + K) are each target and its negatives."""
    v = predicting[target_window]  # (T, d)
    u = outside_vectors[words]  # (T, 1 + K, d)
    scores = (u @ v[:, :, np.newaxis])[:, :, 0]  # (T, 1 + K)
    loss = -log_sigmoid(scores[:, 0]).sum(dtype=np.float64)
    loss -= log_sigmoid(-scores[:, 1:]).sum(dtype=np.float64)

    grad_scores = sigmoid(scores)
    grad_scores[:, 0] -= 1
    grad_v = (grad_scores[:, np.newaxis, :] @ u)[:, 0]  # (T, d)
    ones = np.ones((len(v), 1), dtype=v.dtype)
    grad_predicting = group_sum(target_window[:, np.newaxis], ones, grad_v, len(predicting))
    return loss, grad_predicting, scatter_sum(words, grad_scores, v)


def _naive_softmax(predicting, target, target_window, outside_vectors):
    """Naive softmax; the logits of a window are computed once, whatever its number of targets."""
    log_p = log_softmax(predicting @ outside_vectors.T)  # (B, V)
    loss = -log_p[target_window, target].sum(dtype=np.float64)

    num_targets = np.bincount(target_window, minlength=len(predicting))
    grad_scores = np.exp(log_p) * num_targets[:, np.newaxis].astype(log_p.dtype)
    np.subtract.at(grad_scores, (target_window, target), 1)
    grad_outside = RowSparse(np.arange(len(outside_vectors)), grad_scores.T @ predicting)
    return loss, grad_scores @ outside_vectors, grad_outside
