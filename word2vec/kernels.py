"""Losses of a whole run at once, as matrix products: the engine's twins of `models`.

Each kernel is a pure function of both matrices and a `Run`. It returns the loss, **summed** over
the pairs of the run, and the gradients of both matrices on the rows that the run touches. With
shared negatives the loss of a pair is

    -log sigma(u_o . v_c) - (K / N) sum over the N negatives of its block of log sigma(-u_k . v_c)

which has the same expectation as K negatives drawn for the pair alone.
"""

from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from .functions import log_sigmoid
from .rowsparse import RowSparse, sum_rows, take_rows
from .runs import BLOCK_SIZE, add_overlapping_blocks, overlapping_blocks


class Result(NamedTuple):
    """What a kernel returns."""

    loss: float  # summed over num_pairs pairs, in float64
    num_pairs: int
    grad_center_vectors: RowSparse
    grad_outside_vectors: RowSparse


def skipgram_neg_sampling(center_vectors, outside_vectors, run, window, num_negatives, every=1):
    """Skip-gram with shared negatives.

    Parameters
    ----------
    center_vectors, outside_vectors : ndarray of shape (V, d)
    run : Run
    window : int
        m, as the run was drawn with.
    num_negatives : int
        K, the number of negatives that a pair counts for; a block has N of them to share.
    every : int
        Compute the loss on one block in so many; logarithms are dear. The gradients are whole.

    Returns
    -------
    Result
    """
    centers = run.tokens[window:-window]
    v = _blocks(take_rows(center_vectors, centers))  # (B, 16, d)
    u = overlapping_blocks(take_rows(outside_vectors, run.tokens), window)  # (B, 16 + 2 m, d)
    u_neg = take_rows(outside_vectors, run.negatives)  # (B, N, d)

    is_pair = run.mask.astype(v.dtype)
    pairs_of_center = is_pair @ np.ones(is_pair.shape[2], v.dtype)  # (B, 16)
    weight = pairs_of_center[:, :, np.newaxis] * v.dtype.type(num_negatives / u_neg.shape[1])
    scores = v @ u.swapaxes(1, 2)  # (B, 16, 16 + 2 m)
    scores_neg = v @ u_neg.swapaxes(1, 2)  # (B, 16, N)
    loss = -log_sigmoid(scores[::every])[run.mask[::every]].sum(dtype=np.float64)
    loss -= (weight[::every] * log_sigmoid(-scores_neg[::every])).sum(dtype=np.float64)
    num_pairs = int(pairs_of_center[::every].sum())

    grad_scores = _sigmoid_in_place(scores)  # sigma - 1 where there is a pair
    grad_scores -= 1
    grad_scores *= is_pair
    grad_scores_neg = _sigmoid_in_place(scores_neg)
    grad_scores_neg *= weight

    grad_v = grad_scores @ u
    grad_v += grad_scores_neg @ u_neg
    grad_u = add_overlapping_blocks(grad_scores.swapaxes(1, 2) @ v, window)
    grad_u_neg = grad_scores_neg.swapaxes(1, 2) @ v
    return Result(
        loss,
        num_pairs,
        _gather(len(center_vectors), (centers, grad_v)),
        _gather(len(outside_vectors), (run.tokens, grad_u), (run.negatives, grad_u_neg)),
    )


def cbow_neg_sampling(
    center_vectors, outside_vectors, run, window, num_negatives, every=1, reduction="mean"
):
    """CBOW with shared negatives and its true gradient; arguments as above.

    A pair is a center word with its context here, which sum or mean of the outside words' rows of
    `center_vectors` make up.
    """
    mixing, v_hat, has_context = _mix(center_vectors, run, window, reduction)
    centers = run.tokens[window:-window]
    u = _blocks(take_rows(outside_vectors, centers))  # (B, 16, d)
    u_neg = take_rows(outside_vectors, run.negatives)  # (B, N, d)

    weight = has_context[:, :, np.newaxis] * v_hat.dtype.type(num_negatives / u_neg.shape[1])
    scores = np.einsum("bcd,bcd->bc", v_hat, u)  # (B, 16)
    scores_neg = v_hat @ u_neg.swapaxes(1, 2)  # (B, 16, N)
    loss = -(has_context[::every] * log_sigmoid(scores[::every])).sum(dtype=np.float64)
    loss -= (weight[::every] * log_sigmoid(-scores_neg[::every])).sum(dtype=np.float64)
    num_pairs = int(has_context[::every].sum())

    grad_scores = _sigmoid_in_place(scores)
    grad_scores -= 1
    grad_scores *= has_context
    grad_scores_neg = _sigmoid_in_place(scores_neg)
    grad_scores_neg *= weight

    grad_v_hat = grad_scores[:, :, np.newaxis] * u
    grad_v_hat += grad_scores_neg @ u_neg
    grad_u = grad_scores[:, :, np.newaxis] * v_hat
    grad_u_neg = grad_scores_neg.swapaxes(1, 2) @ v_hat
    grad_context = add_overlapping_blocks(mixing.swapaxes(1, 2) @ grad_v_hat, window)
    return Result(
        loss,
        num_pairs,
        _gather(len(center_vectors), (run.tokens, grad_context)),
        _gather(len(outside_vectors), (centers, grad_u), (run.negatives, grad_u_neg)),
    )


def skipgram_naive_softmax(center_vectors, outside_vectors, run, window, max_logits):
    """Skip-gram against the whole vocabulary.

    The logits of a center word are needed once, however many pairs it is in: equal centers of the
    run share them. `max_logits` bounds how many are in memory at a time.
    """
    block, place, seen = np.nonzero(run.mask)
    tokens = run.tokens
    own = tokens[block * BLOCK_SIZE + place + window]
    target = tokens[block * BLOCK_SIZE + seen]
    centers, row = np.unique(own, return_inverse=True)
    loss, grad_v, grad_u = _naive_softmax(
        center_vectors[centers], row, target, outside_vectors, max_logits
    )
    return Result(loss, len(row), RowSparse(centers, grad_v), _all_rows(grad_u))


def cbow_naive_softmax(center_vectors, outside_vectors, run, window, max_logits, reduction="mean"):
    """CBOW against the whole vocabulary; arguments as above."""
    mixing, v_hat, has_context = _mix(center_vectors, run, window, reduction)
    size = v_hat.shape[-1]
    row = np.flatnonzero(has_context)
    target = run.tokens[window:-window][row]
    v_hat = v_hat.reshape(-1, size)
    loss, grad_v_hat, grad_u = _naive_softmax(v_hat, row, target, outside_vectors, max_logits)
    grad_v_hat = grad_v_hat.reshape(-1, BLOCK_SIZE, size)
    grad_context = add_overlapping_blocks(mixing.swapaxes(1, 2) @ grad_v_hat, window)
    grad_center = _gather(len(center_vectors), (run.tokens, grad_context))
    return Result(loss, len(row), grad_center, _all_rows(grad_u))


def _naive_softmax(predicting, row, target, outside_vectors, max_logits):
    """Naive softmax of pairs: predicting vector `row[i]` predicts word `target[i]`.

    Returns the summed loss and the gradients of `predicting` (n, d) and `outside_vectors` (V, d).
    """
    num_pairs = np.bincount(row, minlength=len(predicting)).astype(predicting.dtype)
    ones = np.ones(len(row), dtype=predicting.dtype)
    shape = (len(predicting), len(outside_vectors))
    observed = csr_array((ones, (row, target)), shape=shape)  # how often each pair occurs

    attraction = observed @ outside_vectors  # (n, d): the sum of each row's target vectors
    loss = -(predicting * attraction).sum(dtype=np.float64)
    grad_predicting = -attraction
    grad_outside = -(observed.T @ predicting)
    step = max(1, max_logits // len(outside_vectors))
    for start in range(0, len(predicting), step):
        part = slice(start, start + step)
        logits = predicting[part] @ outside_vectors.T  # (step, V)
        largest = logits.max(axis=1, keepdims=True)
        weights = np.exp(np.subtract(logits, largest, out=logits), out=logits)
        total = weights.sum(axis=1, keepdims=True)
        loss += (num_pairs[part] * (np.log(total) + largest)[:, 0]).sum(dtype=np.float64)
        weights *= num_pairs[part, np.newaxis] / total  # now n y_hat, the gradient of the logits
        grad_predicting[part] += weights @ outside_vectors
        grad_outside += weights.T @ predicting[part]
    return loss, grad_predicting, grad_outside


def _mix(center_vectors, run, window, reduction):
    """CBOW's predicting vectors: the mixing matrices (B, 16, 16 + 2 m), and mixing @ context."""
    context = overlapping_blocks(take_rows(center_vectors, run.tokens), window)  # (B, 16 + 2 m, d)
    mixing = run.mask.astype(context.dtype)
    num_outside = mixing.sum(axis=2)
    has_context = (num_outside > 0).astype(context.dtype)
    if reduction == "mean":
        mixing /= np.maximum(num_outside, 1)[:, :, np.newaxis]
    return mixing, mixing @ context, has_context


def _blocks(rows):
    """(T, d) as (B, 16, d)."""
    return rows.reshape(-1, BLOCK_SIZE, rows.shape[-1])


def _sigmoid_in_place(x):
    """sigma(x) = (1 + tanh(x / 2)) / 2: several times faster than with exp() in float32."""
    x *= 0.5
    np.tanh(x, out=x)
    x += 1
    x *= 0.5
    return x


def _gather(vocab_size, *parts):
    """Sum gradients by the row they belong to; parts are pairs of rows and gradients."""
    size = parts[0][1].shape[-1]
    rows = np.concatenate([rows.ravel() for rows, _ in parts])
    gradients = np.concatenate([gradients.reshape(-1, size) for _, gradients in parts])
    return sum_rows(rows, gradients, vocab_size)


def _all_rows(gradient):
    return RowSparse(np.arange(len(gradient)), gradient)
