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

# Numbers that a kernel gathers at a time: few enough to stay near the processor.
TILE_NUMBERS = 1 << 20


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
        Compute the loss on the first of so many blocks; logarithms are dear. The gradients are
        whole.

    Returns
    -------
    Result
    """
    dtype, size = center_vectors.dtype, center_vectors.shape[1]
    words = np.concatenate([blocks.seen, blocks.negatives], axis=1)  # (B, P + N)
    num_true, num_shared = blocks.seen.shape[1], blocks.negatives.shape[1]
    grad_v = np.empty((*blocks.centers.shape, size), dtype)  # (B, b, d)
    grad_u = np.empty((*words.shape, size), dtype)  # (B, P + N, d)
    # Sums over the words, (B, 1, b): as a product, which is several times faster.
    num_predicted = np.ones((1, num_true), np.float32) @ blocks.weights
    measured = -(-len(words) // every)
    loss = 0.0
    for tile in _tiles(len(words), size * (words.shape[1] + blocks.centers.shape[1])):
        v = take_rows(center_vectors, blocks.centers[tile])
        u = take_rows(outside_vectors, words[tile])
        weights = blocks.weights[tile].astype(dtype, copy=False)
        weights_neg = num_predicted[tile] * dtype.type(num_negatives / num_shared)
        # BLAS is fastest where neither factor is transposed.
        scores = u @ np.ascontiguousarray(v.swapaxes(1, 2))  # (n, P + N, b)
        some = slice(max(0, measured - tile.start))
        loss += _neg_sampling_loss(
            scores[some, :num_true], weights[some], scores[some, num_true:], weights_neg[some]
        )
        grad_scores = _sigmoid_in_place(scores)
        grad_scores[:, :num_true] -= 1
        grad_scores[:, :num_true] *= weights
        grad_scores[:, num_true:] *= weights_neg
        np.matmul(grad_scores.swapaxes(1, 2), u, out=grad_v[tile])
        np.matmul(grad_scores, v, out=grad_u[tile])
    return Result(
        loss,
        num_predicted[:measured].sum(dtype=np.float64),
        sum_rows(blocks.centers, grad_v, len(center_vectors)),
        sum_rows(words, grad_u, len(outside_vectors)),
    )


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
    dtype, size = center_vectors.dtype, center_vectors.shape[1]
    mixing, has_context = _mixing(blocks, reduction, dtype)
    weights_neg = has_context * dtype.type(num_negatives / blocks.negatives.shape[1])
    grad_seen = np.empty((*blocks.seen.shape, size), dtype)
    # Words and negatives of all blocks in one array, so that their rows are added up at once.
    num_words = blocks.centers.size + blocks.negatives.size
    grad_outside = np.empty((num_words, size), dtype)
    grad_u = grad_outside[: blocks.centers.size].reshape(*blocks.centers.shape, size)
    grad_u_neg = grad_outside[blocks.centers.size :].reshape(*blocks.negatives.shape, size)
    measured = -(-len(mixing) // every)
    loss = 0.0
    for tile in _tiles(len(mixing), size * (blocks.seen.shape[1] + 3 * blocks.centers.shape[1])):
        context = take_rows(center_vectors, blocks.seen[tile])  # (n, P, d)
        u = take_rows(outside_vectors, blocks.centers[tile])  # (n, b, d)
        u_neg = take_rows(outside_vectors, blocks.negatives[tile])  # (n, N, d)
        v_hat = mixing[tile].swapaxes(1, 2) @ context  # (n, b, d)
        scores = np.einsum("bcd,bcd->bc", v_hat, u)[:, np.newaxis]  # (n, 1, b)
        scores_neg = u_neg @ v_hat.swapaxes(1, 2)  # (n, N, b)
        some = slice(max(0, measured - tile.start))
        loss += _neg_sampling_loss(
            scores[some], has_context[tile][some], scores_neg[some], weights_neg[tile][some]
        )
        grad_scores = _sigmoid_in_place(scores)
        grad_scores -= 1
        grad_scores *= has_context[tile]
        grad_scores_neg = _sigmoid_in_place(scores_neg)
        grad_scores_neg *= weights_neg[tile]
        np.matmul(grad_scores_neg, v_hat, out=grad_u_neg[tile])
        grad_scores = grad_scores.swapaxes(1, 2)  # (n, b, 1)
        np.multiply(grad_scores, v_hat, out=grad_u[tile])
        grad_v_hat = grad_scores_neg.swapaxes(1, 2) @ u_neg
        grad_v_hat += np.multiply(grad_scores, u, out=u)
        np.matmul(mixing[tile], grad_v_hat, out=grad_seen[tile])
    outside = np.concatenate([blocks.centers.ravel(), blocks.negatives.ravel()])
    return Result(
        loss,
        has_context[:measured].sum(dtype=np.float64),
        sum_rows(blocks.seen, grad_seen, len(center_vectors)),
        sum_rows(outside, grad_outside, len(outside_vectors)),
    )


def _tiles(num_blocks, numbers_of_block):
    """Slices of the blocks, of as many at a time as fit into the processor's cache."""
    step = max(1, TILE_NUMBERS // numbers_of_block)
    return [slice(start, start + step) for start in range(0, num_blocks, step)]


def _neg_sampling_loss(scores, weights, scores_neg, weights_neg):
    if not len(scores):
        return 0.0
    loss = (weights * log_sigmoid(scores)).sum(dtype=np.float64)
    return -loss - (weights_neg * log_sigmoid(-scores_neg)).sum(dtype=np.float64)


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
    mixing, has_context = _mixing(blocks, reduction, center_vectors.dtype)
    v_hat = mixing.swapaxes(1, 2) @ take_rows(center_vectors, blocks.seen)  # (B, b, d)
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
    return Result(
        loss, num_pairs, sum_rows(blocks.seen, grad_seen, len(center_vectors)), _all_rows(grad_u)
    )


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


def _mixing(blocks, reduction, dtype):
    """Matrices (B, b + 2 m, b) that mix outside words; which centers have any, (B, 1, b)."""
    mixing = blocks.weights.astype(dtype)
    num_outside = np.ones((1, mixing.shape[1]), dtype) @ mixing
    has_context = (num_outside > 0).astype(dtype)
    if reduction == "mean":
        mixing /= np.maximum(1, num_outside)
    return mixing, has_context


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
