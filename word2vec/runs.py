"""A run: a stretch of the corpus, laid out so that training on it becomes matrix products.

The tokens of a run are cut into blocks of consecutive centers. All outside words of a block lie
among its own tokens and `window` tokens on either side, so one matrix product of the block's
center vectors with these gives every score that is needed, and a mask says which of them belong to
a pair. Negatives are shared by all centers of a block; one more product gives their scores.

    tokens   . . . [ a b c d | e f g h | i j k . ] . . .      blocks of 4 centers, window 3
    block 2        ( b c d [ e f g h ] i j k )               its centers, and what they see
"""

import functools
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

BLOCK_SIZE = 16


class Run(NamedTuple):
    """Centers, their outside words and their negatives, for the kernels.

    With window m, B blocks and T = 16 B centers, the last of which may be padding:
    """

    tokens: np.ndarray  # (m + T + m,) int32: the centers are tokens[m:-m]
    mask: np.ndarray  # (B, 16, 16 + 2 m) bool: is this token an outside word of this center?
    negatives: np.ndarray  # (B, N) int32: shared by the centers of a block


def draw_run(ids, vocab_size, keep, window, noise, num_shared, rng):
    """Lay out a stretch of an encoded corpus, with subsampling, dynamic windows and negatives.

    Parameters
    ----------
    ids : ndarray of int32, shape (L,)
        Rows of words; `vocab_size` stands for the end of a sentence.
    vocab_size : int
    keep : ndarray of float32, shape (V + 1,)
        Probability that a token of each word is kept; at least 1 for the end of a sentence.
    window : int
        Largest distance of an outside word. Each center draws its own reach, 1 to `window`.
    noise : AliasTable or None
        What negatives are drawn from; None draws none.
    num_shared : int
        Negatives of a block.
    rng : numpy.random.Generator

    Returns
    -------
    Run
    """
    ids = ids[rng.random(len(ids), dtype=np.float32) < keep[ids]]
    is_end = ids == vocab_size
    sentence = np.cumsum(is_end, dtype=np.int32)[~is_end]
    ids = ids[~is_end]

    num_blocks = max(1, -(-len(ids) // BLOCK_SIZE))
    num_centers = num_blocks * BLOCK_SIZE
    tokens = np.zeros(num_centers + 2 * window, dtype=np.int32)
    tokens[window : window + len(ids)] = ids
    sentence_of = np.full(len(tokens), -1, dtype=np.int32)  # padding: in no sentence
    sentence_of[window : window + len(ids)] = sentence
    reach = np.zeros((num_blocks, BLOCK_SIZE, 1), dtype=np.int32)  # padding: sees nothing
    reach.flat[: len(ids)] = rng.integers(1, window, len(ids), dtype=np.int32, endpoint=True)

    mask = _distances(window) <= reach
    own_sentence = sentence_of[window:-window].reshape(reach.shape)
    mask &= own_sentence == overlapping_blocks(sentence_of, window)[:, np.newaxis, :]
    negatives = None
    if noise is not None:
        negatives = noise.draw(rng, (num_blocks, num_shared)).astype(np.int32)
    return Run(tokens, mask, negatives)


def overlapping_blocks(array, window):
    """View of (m + T + m, ...) as (B, 16 + 2 m, ...): for each block, what its centers see."""
    width = BLOCK_SIZE + 2 * window
    views = sliding_window_view(array, width, axis=0)[::BLOCK_SIZE]
    return np.moveaxis(views, -1, 1)


def add_overlapping_blocks(blocks, window):
    """The transpose of `overlapping_blocks`: from (B, 16 + 2 m, d) to the sums (m + T + m, d)."""
    num_blocks, width, size = blocks.shape
    total = np.zeros((num_blocks * BLOCK_SIZE + 2 * window, size), dtype=blocks.dtype)
    views = sliding_window_view(total, width, axis=0, writeable=True)[::BLOCK_SIZE]
    views = np.moveaxis(views, -1, 1)
    apart = -(-width // BLOCK_SIZE)  # blocks so far apart do not overlap, so += is safe
    for first in range(apart):
        views[first::apart] += blocks[first::apart]
    return total


@functools.cache
def _distances(window):
    """Distance of each center of a block to each token it sees; its own is beyond any reach."""
    center = np.arange(BLOCK_SIZE)[:, np.newaxis] + window
    distance = np.abs(center - np.arange(BLOCK_SIZE + 2 * window))
    return np.where(distance == 0, window + 1, distance).astype(np.int32)
