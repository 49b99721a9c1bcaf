"""Losses of a whole stretch of text at once, as matrix products: the fast twins of `models`.

Each kernel is a pure function of both matrices and a `Blocks`. It returns the loss, **summed** over
the pairs of the blocks with their weights, and the gradients of both matrices on the rows that they
touch. With shared negatives the loss of a pair is

    -log sigma(u_o . v_c) - (K / N) sum over the N negatives of its block of log sigma(-u_k . v_c)

which has the same expectation as K negatives drawn for the pair alone.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from ..checks import FloatArray
from ..functions import log_sigmoid
from ..rowsparse import RowSparse, sum_rows, take_rows
from .blocks import Blocks


class Result(NamedTuple):
    """What a kernel returns."""

    loss: float  # summed over the pairs, in float64
    num_pairs: float  # the sum of their weights
    grad_center_vectors: RowSparse
    grad_outside_vectors: RowSparse


def skipgram_neg_sampling(
    center_vectors: FloatArray,
    outside_vectors: FloatArray,
    blocks: Blocks,
    num_negatives: int,
    every: int = 1,
) -> Result:
    """Skip-gram with shared negatives.

    Parameters
    ----------
    center_vectors, outside_vectors : ndarray of shape (V, d)
    blocks : Blocks
    num_negatives : int
        K, the number of negatives that a pair counts for; a block has N of them to share.
    every : int
        Compute the loss on one block in so many; logarithms are dear. The gradients are whole.

    Returns
    -------
    Result
    """
    v = take_rows(center_vectors, blocks.centers)  # (B, b, d)
    loss, num_pairs, grad_v, grad_outside = _neg_sampling(
        v, outside_vectors, blocks.seen, blocks.weights, blocks.negatives, num_negatives, every
    )
    grad_center = sum_rows(blocks.centers, grad_v, len(center_vectors))
    return Result(loss, num_pairs, grad_center, grad_outside)


def cbow_neg_sampling(
    center_vectors: FloatArray,
    outside_vectors: FloatArray,
    blocks: Blocks,
    num_negatives: int,
    every: int = 1,
    reduction: str = "mean",
) -> Result:
    """CBOW with shared negatives and its true gradient; arguments as above.

    A pair is a center word with its context here, which sum or mean of the outside words' rows of
    `center_vectors` make up.
    """
    v_hat, mixing, has_context = _mix(center_vectors, blocks, reduction)
    u = take_rows(outside_vectors, blocks.centers)  # (B, b, d)
    u_neg = take_rows(outside_vectors, blocks.negatives)  # (B, N, d)
    num_shared, size = u_neg.shape[1:]
    weight = has_context[:, :, np.newaxis] * v_hat.dtype.type(num_negatives / num_shared)

    scores = np.einsum("bcd,bcd->bc", v_hat, u)  # (B, b)
    scores_neg = v_hat @ u_neg.swapaxes(1, 2)  # (B, b, N)
    some = slice(None, None, every)
    loss = -(has_context[some] * log_sigmoid(scores[some])).sum(dtype=np.float64)
    loss -= (weight[some] * log_sigmoid(-scores_neg[some])).sum(dtype=np.float64)
    num_pairs = has_context[some].sum(dtype=np.float64)

    grad_scores = _sigmoid_in_place(scores)
    grad_scores -= 1
    grad_scores *= has_context
    grad_scores = grad_scores[:, :, np.newaxis]
    grad_scores_neg = _sigmoid_in_place(scores_neg)
    grad_scores_neg *= weight

    grad_v_hat = grad_scores_neg @ u_neg
    grad_outside = np.empty((blocks.centers.size + blocks.negatives.size, size), dtype=v_hat.dtype)
    np.multiply(grad_scores, v_hat, out=grad_outside[: u.size // size].reshape(u.shape))
    np.matmul(
        grad_scores_neg.swapaxes(1, 2),
        v_hat,
        out=grad_outside[u.size // size :].reshape(u_neg.shape),
    )
    grad_v_hat += np.multiply(grad_scores, u, out=u)
    outside = np.concatenate([blocks.centers.ravel(), blocks.negatives.ravel()])
    return Result(
        loss,
        num_pairs,
        sum_rows(blocks.seen, mixing @ grad_v_hat, len(center_vectors)),
        sum_rows(outside, grad_outside, len(outside_vectors)),
    )


def _neg_sampling(v, outside_vectors, true_words, true_weights, negatives, num_negatives, every):
    """Negative sampling of blocks: vectors `v` (B, b, d) against words that a block shares.

    The P `true_words` (B, P) weigh `true_weights` (B, P, b) as the word that a vector predicts, the
    `negatives` (B, N) as often as a vector predicts anything, times K / N.

    Returns the loss, the sum of the weights and the gradients of `v` and `outside_vectors`.
    """
    num_true = true_words.shape[1]
    words = np.concatenate([true_words, negatives], axis=1)
    u = take_rows(outside_vectors, words)  # (B, P + N, d)
    # Sums over the words, (B, 1, b): as a product, which is several times faster.
    num_predicted = np.ones((1, num_true), v.dtype) @ true_weights.astype(v.dtype, copy=False)
    negative_weights = num_predicted * v.dtype.type(num_negatives / negatives.shape[1])

    # BLAS is fastest where neither factor is transposed.
    scores = u @ np.ascontiguousarray(v.swapaxes(1, 2))  # (B, P + N, b)
    some = scores[::every]
    loss = -(true_weights[::every] * log_sigmoid(some[:, :num_true])).sum(dtype=np.float64)
    loss -= (negative_weights[::every] * log_sigmoid(-some[:, num_true:])).sum(dtype=np.float64)
    num_pairs = num_predicted[::every].sum(dtype=np.float64)

    grad_scores = _sigmoid_in_place(scores)
    grad_scores[:, :num_true] -= 1
    grad_scores[:, :num_true] *= true_weights
    grad_scores[:, num_true:] *= negative_weights
    grad_v = grad_scores.swapaxes(1, 2) @ u
    grad_u = grad_scores @ v
    return loss, num_pairs, grad_v, sum_rows(words, grad_u, len(outside_vectors))


def skipgram_naive_softmax(
    center_vectors: FloatArray,
    outside_vectors: FloatArray,
    blocks: Blocks,
    max_logits: int,
) -> Result:
    """Skip-gram against the whole vocabulary.

    The logits of a center word are needed once, however many pairs it is in: equal centers
    share them. `max_logits` bounds how many are in memory at a time.
    """
    block, seen, place = np.nonzero(blocks.weights)
    centers, row = np.unique(blocks.centers[block, place], return_inverse=True)
    loss, num_pairs, grad_v, grad_u = _naive_softmax(
        center_vectors[centers],
        row,
        blocks.seen[block, seen],
        blocks.weights[block, seen, place],
        outside_vectors,
        max_logits,
    )
    return Result(loss, num_pairs, RowSparse(centers, grad_v), _all_rows(grad_u))


def cbow_naive_softmax(
    center_vectors: FloatArray,
    outside_vectors: FloatArray,
    blocks: Blocks,
    max_logits: int,
    reduction: str = "mean",
) -> Result:
    """CBOW against the whole vocabulary; arguments as above."""
    v_hat, mixing, has_context = _mix(center_vectors, blocks, reduction)
    row = np.flatnonzero(has_context)
    loss, num_pairs, grad_v_hat, grad_u = _naive_softmax(
        v_hat.reshape(-1, v_hat.shape[2]),
        row,
        blocks.centers.ravel()[row],
        np.ones(len(row)),
        outside_vectors,
        max_logits,
    )
    grad_seen = mixing @ grad_v_hat.reshape(v_hat.shape)
    grad_center = sum_rows(blocks.seen, grad_seen, len(center_vectors))
    return Result(loss, num_pairs, grad_center, _all_rows(grad_u))


def _naive_softmax(predicting, row, target, weight, outside_vectors, max_logits):
    """Naive softmax of weighted pairs: predicting vector `row[i]` predicts word `target[i]`.

    Returns the summed loss, the sum of the weights, and the gradients of `predicting` (n, d) and
    `outside_vectors` (V, d).
    """
    weight = weight.astype(predicting.dtype)
    shape = (len(predicting), len(outside_vectors))
    observed = csr_array((weight, (row, target)), shape=shape)  # how often each pair occurs
    num_pairs = observed.sum(axis=1)

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
    return loss, num_pairs.sum(dtype=np.float64), grad_predicting, grad_outside


def _mix(center_vectors, blocks, reduction):
    """CBOW's predicting vectors (B, b, d), the matrices (B, b + 2 m, b) that mix them, flags."""
    context = take_rows(center_vectors, blocks.seen)  # (B, b + 2 m, d)
    mixing = blocks.weights.astype(context.dtype)
    num_outside = mixing.sum(axis=1)
    has_context = num_outside > 0
    if reduction == "mean":
        mixing /= np.where(has_context, num_outside, 1)[:, np.newaxis, :]
    has_context = has_context.astype(context.dtype)
    return mixing.swapaxes(1, 2) @ context, mixing, has_context


def _sigmoid_in_place(x):
    """sigma(x) = (1 + tanh(x / 2)) / 2: several times faster than with exp() in float32."""
    x *= 0.5
    np.tanh(x, out=x)
    x += 1
    x *= 0.5
    return x


def _all_rows(gradient):
    return RowSparse(np.arange(len(gradient)), gradient)


# The kernel of each model and loss.
KERNELS: dict[tuple[str, str], Callable[..., Result]] = {
    ("skipgram", "neg_sampling"): skipgram_neg_sampling,
    ("skipgram", "naive_softmax"): skipgram_naive_softmax,
    ("cbow", "neg_sampling"): cbow_neg_sampling,
    ("cbow", "naive_softmax"): cbow_naive_softmax,
}
