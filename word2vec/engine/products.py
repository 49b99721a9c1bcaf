"""Products with blocks that several kernels need: the mean of a context, and the way back."""

import numpy as np
from numpy.typing import DTypeLike

from ..checks import FloatArray
from .blocks import Blocks, overlapping


def mixing_matrices(
    patterns: FloatArray, reduction: str, dtype: DTypeLike
) -> tuple[FloatArray, FloatArray]:
    """Matrices (P, b + 2 m, b) that mix outside words; which centers have any, (P, 1, b)."""
    mixing = patterns.astype(dtype)
    num_outside = np.ones((1, mixing.shape[1]), dtype) @ mixing
    has_context = (num_outside > 0).astype(dtype)
    if reduction == "mean":
        mixing /= np.maximum(1, num_outside)
    return mixing, has_context


def between_zeros(
    blocks: Blocks, num_blocks: int, size: int, dtype: DTypeLike
) -> tuple[FloatArray, FloatArray]:
    """Room for vectors of the centers of n blocks: first with blocks of zeros around, then without.

    The zeros are what `sum_overlapping` wants: q blocks at either end, if a word is seen by q
    blocks beside one. The shapes are (n + 2 q, b, d) and (n, b, d); the second is a view.
    """
    block_size = blocks.centers.shape[1]
    beside = -(-blocks.patterns.shape[1] // blocks.stride) - 1
    room = np.empty((num_blocks + 2 * beside, block_size, size), dtype)
    room[:beside] = 0
    room[beside + num_blocks :] = 0
    return room, room[beside : beside + num_blocks]


def sum_overlapping(left: FloatArray, between: FloatArray, stride: int) -> FloatArray:
    """The product of (n, S, b) and (n, b, d), added up where what the blocks see overlaps.

    Parameters
    ----------
    left : ndarray of shape (n, S, b)
    between : ndarray of shape (n + 2 q, b, d)
        The right factor, as from `between_zeros`.
    stride : int
        How many words further each block begins to see.

    Returns
    -------
    ndarray of shape ((n - 1) * stride + S, d)

    Notes
    -----
    Each stretch of `stride` words is seen by q + 1 blocks. Their parts of the left factor side by
    side, times those of the right one below each other, are the sum: nothing is left to add up.
    """
    num_blocks, num_seen, block_size = left.shape
    beside = (len(between) - num_blocks) // 2
    side_by_side = np.zeros((num_blocks + beside, stride, beside + 1, block_size), left.dtype)
    for later in range(beside + 1):
        part = left[:, later * stride : (later + 1) * stride]
        side_by_side[later : later + num_blocks, : part.shape[1], beside - later] = part
    # A block after the other, as what the stretches have to be multiplied by.
    below = overlapping(between, beside + 1, 1)
    shape = num_blocks + beside, (beside + 1) * block_size
    sums = side_by_side.reshape(shape[0], stride, shape[1]) @ below.reshape(*shape, -1)
    return sums.reshape(-1, sums.shape[2])[: (num_blocks - 1) * stride + num_seen]
