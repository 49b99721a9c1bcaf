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
from ..rowsparse import RowSparse, add_rows, number_rows, sum_rows, take_rows
from .blocks import Blocks, overlapping
from .products import between_zeros, mixing_matrices, sum_overlapping

# Numbers that a kernel gathers at a time: eight megabytes, of the about fifteen that it needs then.
# Tiles that fit into the cache are computed faster, but are so short that calls take longer.
TILE_NUMBERS = 1 << 21


class Result(NamedTuple):
    """What a kernel returns."""

    loss: float  # summed over the pairs, in float64
    num_pairs: float  # the sum of their weights
    grad_center_vectors: RowSparse
    grad_outside_vectors: RowSparse  # rows of negatives may repeat


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
        Compute the loss on the first of so many blocks, on none if it is 0; logarithms are dear.
        The gradients are whole.

    Returns
    -------
    Result
    """
    dtype, size = center_vectors.dtype, center_vectors.shape[1]
    half = dtype.type(0.5)
    grads = _Sums(size, dtype)
    center_of = grads.of_centers(blocks.centers, len(center_vectors))
    word_of = grads.of_outside(blocks.words, len(outside_vectors), blocks.negatives)
    patterns = blocks.patterns.astype(dtype, copy=False)
    half_patterns = patterns * half
    # A sum by a product is several times faster.
    num_predicted = take_rows(np.ones((1, patterns.shape[1]), dtype) @ patterns, blocks.pattern)
    weights_neg = _shared_by(num_predicted, blocks.negatives, num_negatives)[..., np.newaxis]
    half_weights_neg = weights_neg * half  # (G, c, 1), for all c centers of a group
    measured = blocks.one_in(every)
    loss = 0.0
    for tile in _tiles(blocks, size):
        v_between, v = between_zeros(blocks, tile.num_blocks, size, dtype)
        take_rows(center_vectors, blocks.centers[tile.blocks], out=v)  # (n, b, d)
        u = take_rows(outside_vectors, blocks.words[tile.words])
        u_seen = overlapping(u, patterns.shape[1], blocks.stride)  # (n, S, d)
        u_neg = take_rows(outside_vectors, blocks.negatives[tile.groups])  # (g, N, d)
        v_group = v.reshape(len(u_neg), -1, size)  # (g, c, d)
        half_scores = u_seen @ v.swapaxes(1, 2)  # (n, S, b)
        half_scores *= half
        half_scores_neg = v_group @ _transposed_halves(u_neg)  # (g, c, N)
        if tile.blocks.start < measured:
            part = blocks.pattern[tile.blocks][: measured - tile.blocks.start]
            loss += _neg_sampling_loss(
                half_scores,
                take_rows(patterns, part),
                half_scores_neg,
                weights_neg[tile.groups],
            )
        half_weights = take_rows(half_patterns, blocks.pattern[tile.blocks])
        grad_scores = _grad_scores(half_scores, -1, half_weights)
        grad_scores_neg = _grad_scores(half_scores_neg, 1, half_weights_neg[tile.groups])
        np.matmul(grad_scores_neg.swapaxes(1, 2), v_group, out=grads.negatives[tile.groups])
        grad_u = sum_overlapping(grad_scores, v_between, blocks.stride)
        add_rows(grads.outside, word_of[tile.words], grad_u)
        del grad_u  # what is freed is near, and taken for the next array
        grad_v = grad_scores.swapaxes(1, 2) @ u_seen
        grad_v += np.matmul(grad_scores_neg, u_neg, out=v_group).reshape(v.shape)  # v is done with
        add_rows(grads.center, center_of[tile.blocks], grad_v)
    return grads.result(loss, num_predicted[:measured])


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
    half = dtype.type(0.5)
    grads = _Sums(size, dtype)
    word_of = grads.of_centers(blocks.words, len(center_vectors))
    target_of = grads.of_outside(blocks.centers, len(outside_vectors), blocks.negatives)
    mixing, has_context = mixing_matrices(blocks.patterns, reduction, dtype)
    has_context = take_rows(has_context, blocks.pattern)  # (B, 1, b)
    weights_neg = _shared_by(has_context, blocks.negatives, num_negatives)[..., np.newaxis]
    half_weights_neg = weights_neg * half
    measured = blocks.one_in(every)
    loss = 0.0
    for tile in _tiles(blocks, size):
        mix = take_rows(mixing, blocks.pattern[tile.blocks])  # (n, S, b)
        context = take_rows(center_vectors, blocks.words[tile.words])
        u = take_rows(outside_vectors, blocks.centers[tile.blocks])  # (n, b, d)
        u_neg = take_rows(outside_vectors, blocks.negatives[tile.groups])  # (g, N, d)
        context_seen = overlapping(context, mix.shape[1], blocks.stride)  # (n, S, d)
        between, v_hat = between_zeros(blocks, tile.num_blocks, size, dtype)
        np.matmul(mix.swapaxes(1, 2), context_seen, out=v_hat)  # (n, b, d)
        v_hat_group = v_hat.reshape(len(u_neg), -1, size)  # (g, c, d)
        half_scores = np.einsum("bcd,bcd->bc", v_hat, u)
        half_scores *= half
        half_scores_neg = v_hat_group @ _transposed_halves(u_neg)  # (g, c, N)
        predicted = has_context[tile.blocks, 0]  # (n, b)
        if tile.blocks.start < measured:
            part = predicted[: measured - tile.blocks.start]
            loss += _neg_sampling_loss(half_scores, part, half_scores_neg, weights_neg[tile.groups])
        grad_scores = _grad_scores(half_scores, -1, predicted * half)
        grad_scores_neg = _grad_scores(half_scores_neg, 1, half_weights_neg[tile.groups])
        # The gradient of a target's row is its v_hat times a number.
        add_rows(grads.outside, target_of[tile.blocks], v_hat, grad_scores)
        np.matmul(grad_scores_neg.swapaxes(1, 2), v_hat_group, out=grads.negatives[tile.groups])
        # The gradient of v_hat, in its place: it is done with.
        grad_v_hat = np.matmul(grad_scores_neg, u_neg, out=v_hat_group).reshape(-1, size)
        add_rows(grad_v_hat, np.arange(len(grad_v_hat)), u, grad_scores)
        grad_context = sum_overlapping(mix, between, blocks.stride)
        add_rows(grads.center, word_of[tile.words], grad_context)
    return grads.result(loss, has_context[:measured])


class _Sums:
    """The gradients of both matrices, on the rows that are touched.

    Those of words are added up as they come. Of negatives hardly any repeats within a unit: to add
    them up is left to who adds up the gradients of all units.
    """

    def __init__(self, size, dtype):
        self._size, self._dtype = size, dtype

    def of_centers(self, rows, num_rows):
        """The place of each row in the sums `center`, zero from now on."""
        self._center_rows, place = number_rows(rows, num_rows)
        self.center = np.zeros((len(self._center_rows), self._size), self._dtype)
        return place

    def of_outside(self, rows, num_rows, negatives):
        """The same for `outside`; `negatives` is room for the vectors of those rows."""
        distinct, place = number_rows(rows, num_rows)
        self._outside_rows = np.concatenate([distinct, negatives.ravel()])
        self.outside = np.empty((len(self._outside_rows), self._size), self._dtype)
        self.outside[: len(distinct)] = 0
        self.negatives = self.outside[len(distinct) :].reshape(*negatives.shape, self._size)
        return place

    def result(self, loss, num_pairs):
        """The kernel's `Result`, with so many pairs in all."""
        return Result(
            loss,
            num_pairs.sum(dtype=np.float64),
            RowSparse(self._center_rows, self.center),
            RowSparse(self._outside_rows, self.outside),
        )


class _Tile(NamedTuple):
    """Some groups of blocks."""

    groups: slice
    blocks: slice
    words: slice  # that they see
    num_blocks: int


def _tiles(blocks, size):
    """All groups, in equal parts for which there is memory."""
    num_groups, stride, num_seen = len(blocks.negatives), blocks.stride, blocks.patterns.shape[1]
    per_group = len(blocks.centers) // max(1, num_groups)
    numbers = size * (3 * per_group * blocks.centers.shape[1] + blocks.negatives.shape[1])
    num_tiles = -(-num_groups * numbers // TILE_NUMBERS)
    step = max(1, -(-num_groups // max(1, num_tiles)))
    for start in range(0, num_groups, step):
        groups = slice(start, min(start + step, num_groups))
        own = slice(groups.start * per_group, groups.stop * per_group)
        words = slice(own.start * stride, (own.stop - 1) * stride + num_seen)
        yield _Tile(groups, own, words, own.stop - own.start)


def _shared_by(num_predictions, negatives, num_negatives):
    """Weights (G, c) of each center's scores with the negatives of its group."""
    num_groups, num_shared = negatives.shape
    share = num_predictions.dtype.type(num_negatives / num_shared)
    return num_predictions.reshape(num_groups, -1) * share


def _transposed_halves(vectors):
    """Half the vectors of each group, as columns: BLAS is fastest where no factor is transposed."""
    return np.multiply(vectors.swapaxes(1, 2), vectors.dtype.type(0.5), order="C")


def _grad_scores(half_scores, shift, half_weights):
    """Gradients of scores, in their place; shift by -1 for pairs, by 1 for negatives.

    sigma(x) - 1 = (tanh(x / 2) - 1) / 2, and sigma(x) = (tanh(x / 2) + 1) / 2.
    """
    np.tanh(half_scores, out=half_scores)
    half_scores += shift
    half_scores *= half_weights
    return half_scores


def _neg_sampling_loss(half_scores, weights, half_scores_neg, weights_neg):
    """Loss of the first blocks, as many as have `weights`; in groups of (c, N) negative scores."""
    num_blocks, block_size = len(weights), half_scores.shape[-1]
    loss = (weights * log_sigmoid(2 * half_scores[:num_blocks])).sum(dtype=np.float64)
    num_centers = num_blocks * block_size
    num_groups = -(-num_centers // half_scores_neg.shape[1])
    losses_neg = weights_neg[:num_groups] * log_sigmoid(-2 * half_scores_neg[:num_groups])
    of_center = losses_neg.reshape(-1, losses_neg.shape[2])[:num_centers]
    return -loss - of_center.sum(dtype=np.float64)


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
        for array in mixing_matrices(blocks.patterns, reduction, center_vectors.dtype)
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


def _all_rows(gradient):
    return RowSparse(np.arange(len(gradient)), gradient)


# The kernel of each model and loss; those of hierarchical softmax are in `tree_kernels`.
KERNELS: dict[tuple[str, str], Callable[..., Result]] = {
    ("skipgram", "neg_sampling"): skipgram_neg_sampling,
    ("skipgram", "naive_softmax"): skipgram_naive_softmax,
    ("cbow", "neg_sampling"): cbow_neg_sampling,
    ("cbow", "naive_softmax"): cbow_naive_softmax,
}
