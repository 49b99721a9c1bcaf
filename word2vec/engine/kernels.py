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
from ..rowsparse import RowSparse, sum_rows, sum_rows_of_both, take_rows
from .blocks import Blocks, overlapping

# Numbers that a kernel gathers at a time: few enough to stay in the processor's second-level cache.
TILE_NUMBERS = 1 << 18


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
    tiles = _tiles(blocks, size)
    words = np.concatenate([blocks.words[tile.words] for tile in tiles])
    grads, (grad_v, grad_u, grad_u_neg) = _room_for(
        size, dtype, blocks.centers, words, blocks.negatives
    )
    patterns = blocks.patterns.astype(dtype, copy=False)
    half_patterns = patterns * dtype.type(0.5)
    # A sum by a product is several times faster.
    num_predicted = take_rows(np.ones((1, patterns.shape[1]), dtype) @ patterns, blocks.pattern)
    weights_neg = _shared_by(num_predicted, blocks.negatives, num_negatives)[:, np.newaxis]
    half_weights_neg = weights_neg * dtype.type(0.5)  # (G, 1, c), for all c centers of a group
    measured = -(-len(blocks.centers) // every)
    loss = 0.0
    for tile in tiles:
        v = take_rows(center_vectors, blocks.centers[tile.blocks])  # (n, b, d)
        u = take_rows(outside_vectors, blocks.words[tile.words])
        u_seen = overlapping(u, patterns.shape[1], blocks.stride)  # (n, S, d)
        u_neg = take_rows(outside_vectors, blocks.negatives[tile.groups])  # (g, N, d)
        v_group = v.reshape(len(u_neg), -1, size)  # (g, c, d)
        half_v = _transposed_halves(v_group)  # (g, d, c)
        half_scores = _scores_of_blocks(u_seen, half_v)  # (n, S, b)
        half_scores_neg = u_neg @ half_v  # (g, N, c)
        if tile.blocks.start < measured:
            part = blocks.pattern[tile.blocks][: measured - tile.blocks.start]
            loss += _neg_sampling_loss(
                half_scores,
                take_rows(patterns, part),
                _by_block(half_scores_neg, v.shape[1], len(part)),
                _by_block(weights_neg[tile.groups], v.shape[1], len(part)),
            )
        # sigma(x) - 1 = (tanh(x / 2) - 1) / 2, and sigma(x) = (tanh(x / 2) + 1) / 2.
        grad_scores = np.tanh(half_scores, out=half_scores)
        grad_scores -= 1
        grad_scores *= take_rows(half_patterns, blocks.pattern[tile.blocks])
        grad_scores_neg = np.tanh(half_scores_neg, out=half_scores_neg)
        grad_scores_neg += 1
        grad_scores_neg *= half_weights_neg[tile.groups]
        np.matmul(grad_scores.swapaxes(1, 2), u_seen, out=grad_v[tile.blocks])
        grad_v_group = grad_v[tile.blocks].reshape(v_group.shape)
        grad_v_group += grad_scores_neg.swapaxes(1, 2) @ u_neg
        _sum_overlapping(grad_scores, v, blocks.stride, out=grad_u[tile.sums])
        np.matmul(grad_scores_neg, v_group, out=grad_u_neg[tile.groups])
    outside = np.concatenate([words, blocks.negatives.ravel()])
    return Result(
        loss,
        num_predicted[:measured].sum(dtype=np.float64),
        *sum_rows_of_both(blocks.centers, outside, grads, len(center_vectors)),
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
    tiles = _tiles(blocks, size)
    words = np.concatenate([blocks.words[tile.words] for tile in tiles])
    vectors, (grad_context, v_hat, grad_u_neg) = _room_for(
        size, dtype, words, blocks.centers, blocks.negatives
    )
    # The gradient of a target's row is its v_hat times a factor, left to the sum over the rows.
    factors = np.ones(len(vectors), dtype)
    factors_u = factors[len(words) :][: blocks.centers.size].reshape(blocks.centers.shape)
    mixing, has_context = _mixing(blocks.patterns, reduction, dtype)
    has_context = take_rows(has_context, blocks.pattern)  # (B, 1, b)
    weights_neg = _shared_by(has_context, blocks.negatives, num_negatives)[..., np.newaxis]
    half_weights_neg = weights_neg * dtype.type(0.5)
    measured = -(-len(v_hat) // every)
    loss = 0.0
    for tile in tiles:
        mix = take_rows(mixing, blocks.pattern[tile.blocks])  # (n, S, b)
        context = take_rows(center_vectors, blocks.words[tile.words])
        u = take_rows(outside_vectors, blocks.centers[tile.blocks])  # (n, b, d)
        u_neg = take_rows(outside_vectors, blocks.negatives[tile.groups])  # (g, N, d)
        hidden = v_hat[tile.blocks]  # (n, b, d)
        context_seen = overlapping(context, mix.shape[1], blocks.stride)  # (n, S, d)
        np.matmul(mix.swapaxes(1, 2), context_seen, out=hidden)
        hidden_group = hidden.reshape(len(u_neg), -1, size)  # (g, c, d)
        half_scores = np.einsum("bcd,bcd->bc", hidden, u)
        half_scores *= dtype.type(0.5)
        half_scores_neg = hidden_group @ _transposed_halves(u_neg)  # (g, c, N)
        predicted = has_context[tile.blocks, 0]  # (n, b)
        if tile.blocks.start < measured:
            part = predicted[: measured - tile.blocks.start]
            loss += _neg_sampling_loss(
                half_scores,
                part,
                _by_block(half_scores_neg.swapaxes(1, 2), u.shape[1], len(part)),
                _by_block(weights_neg[tile.groups].swapaxes(1, 2), u.shape[1], len(part)),
            )
        grad_scores = np.tanh(half_scores, out=half_scores)
        grad_scores -= 1
        grad_scores *= predicted * dtype.type(0.5)
        grad_scores_neg = np.tanh(half_scores_neg, out=half_scores_neg)
        grad_scores_neg += 1
        grad_scores_neg *= half_weights_neg[tile.groups]
        factors_u[tile.blocks] = grad_scores
        np.matmul(grad_scores_neg.swapaxes(1, 2), hidden_group, out=grad_u_neg[tile.groups])
        grad_hidden = (grad_scores_neg @ u_neg).reshape(hidden.shape)
        grad_hidden += np.multiply(grad_scores[:, :, np.newaxis], u, out=u)
        _sum_overlapping(mix, grad_hidden, blocks.stride, out=grad_context[tile.sums])
    outside = np.concatenate([blocks.centers.ravel(), blocks.negatives.ravel()])
    return Result(
        loss,
        has_context[:measured].sum(dtype=np.float64),
        *sum_rows_of_both(words, outside, vectors, len(center_vectors), factors),
    )


class _Tile(NamedTuple):
    """Some groups of blocks."""

    groups: slice
    blocks: slice
    words: slice  # that they see
    sums: slice  # the place of these among the words of all tiles


def _tiles(blocks, size):
    """All groups, as many at a time as fit into the processor's cache."""
    num_groups, stride, num_seen = len(blocks.negatives), blocks.stride, blocks.patterns.shape[1]
    per_group = len(blocks.centers) // max(1, num_groups)
    numbers = size * (3 * per_group * blocks.centers.shape[1] + blocks.negatives.shape[1])
    step = max(1, TILE_NUMBERS // numbers)
    tiles, place = [], 0
    for start in range(0, num_groups, step):
        groups = slice(start, min(start + step, num_groups))
        own = slice(groups.start * per_group, groups.stop * per_group)
        words = slice(own.start * stride, (own.stop - 1) * stride + num_seen)
        length = words.stop - words.start
        tiles.append(_Tile(groups, own, words, slice(place, place + length)))
        place += length
    return tiles


def _room_for(size, dtype, *rows):
    """An array of a vector for each of the rows, and its parts, each in the shape of its rows."""
    vectors = np.empty((sum(part.size for part in rows), size), dtype)
    parts, start = [], 0
    for part in rows:
        parts.append(vectors[start : start + part.size].reshape(*part.shape, size))
        start += part.size
    return vectors, parts


def _shared_by(num_predictions, negatives, num_negatives):
    """Weights (G, c) of each center's scores with the negatives of its group."""
    num_groups, num_shared = negatives.shape
    share = num_predictions.dtype.type(num_negatives / num_shared)
    return num_predictions.reshape(num_groups, -1) * share


def _transposed_halves(vectors):
    """Half the vectors of each group, as columns: BLAS is fastest where no factor is transposed."""
    return np.multiply(vectors.swapaxes(1, 2), vectors.dtype.type(0.5), order="C")


def _scores_of_blocks(u_seen, v_columns):
    """Scores (n, S, b) of what each block sees with its centers, from (n, S, d) and (g, d, c)."""
    num_groups, size, num_centers = v_columns.shape
    per_group = len(u_seen) // num_groups
    block_size = num_centers // per_group
    v_of_block = v_columns.reshape(num_groups, size, per_group, block_size).swapaxes(1, 2)
    scores = u_seen.reshape(num_groups, per_group, -1, size) @ v_of_block
    return scores.reshape(len(u_seen), -1, block_size)


def _by_block(scores, block_size, num_blocks):
    """Scores (g, N, c) of the centers of groups, as (n, N, b) of their first n blocks."""
    _, num_shared, num_centers = scores.shape
    per_group = num_centers // block_size
    some = scores[: -(-num_blocks // per_group)]
    by_block = some.reshape(len(some), num_shared, per_group, block_size).swapaxes(1, 2)
    return by_block.reshape(-1, num_shared, block_size)[:num_blocks]


def _sum_overlapping(left, right, stride, out):
    """The product of (n, S, b) and (n, b, d), added up where what the blocks see overlaps."""
    num_blocks, num_seen = left.shape[:2]
    covered = num_blocks * stride
    np.matmul(left[:, :stride], right, out=out[:covered].reshape(num_blocks, stride, -1))
    out[covered:] = 0
    for start in range(stride, num_seen, stride):
        part = left[:, start : start + stride] @ right
        target = overlapping(out[start:], part.shape[1], stride)[:num_blocks]
        target += part


def _neg_sampling_loss(half_scores, weights, half_scores_neg, weights_neg):
    """Loss of the first blocks, as many as have `weights`."""
    loss = (weights * log_sigmoid(2 * half_scores[: len(weights)])).sum(dtype=np.float64)
    losses_neg = weights_neg * log_sigmoid(-2 * half_scores_neg)
    return -loss - losses_neg.sum(dtype=np.float64)


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
    weights = blocks.weights
    block, seen, place = np.nonzero(weights)
    centers, row = np.unique(blocks.centers[block, place], return_inverse=True)
    loss, num_pairs, grad_v, grad_u = _naive_softmax(
        center_vectors[centers],
        row,
        blocks.seen[block, seen],
        weights[block, seen, place],
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
    mixing, has_context = (
        take_rows(array, blocks.pattern)
        for array in _mixing(blocks.patterns, reduction, center_vectors.dtype)
    )
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


def _mixing(patterns, reduction, dtype):
    """Matrices (P, b + 2 m, b) that mix outside words; which centers have any, (P, 1, b)."""
    mixing = patterns.astype(dtype)
    num_outside = np.ones((1, mixing.shape[1]), dtype) @ mixing
    has_context = (num_outside > 0).astype(dtype)
    if reduction == "mean":
        mixing /= np.maximum(1, num_outside)
    return mixing, has_context


def _all_rows(gradient):
    return RowSparse(np.arange(len(gradient)), gradient)


# The kernel of each model and loss; those of hierarchical softmax are in `tree_kernels`.
KERNELS: dict[tuple[str, str], Callable[..., Result]] = {
    ("skipgram", "neg_sampling"): skipgram_neg_sampling,
    ("skipgram", "naive_softmax"): skipgram_naive_softmax,
    ("cbow", "neg_sampling"): cbow_neg_sampling,
    ("cbow", "naive_softmax"): cbow_naive_softmax,
}
