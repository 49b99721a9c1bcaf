"""A stretch of the corpus, laid out in blocks so that training on it becomes matrix products.

Its tokens are cut into blocks of consecutive centers. All outside words of a block lie
among its own tokens and `window` tokens on either side, so one matrix product of the block's
center vectors with these gives every score that is needed, and a matrix of weights says which of
them belong to a pair. Negatives are shared by all centers of a block; their scores come out of the
same product.

    tokens   . . . [ a b c d | e f g h | i j k . ] . . .      blocks of 4 centers, window 3
    block 2        ( b c d [ e f g h ] i j k )               its centers, and what they see
"""

import functools
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ..checks import FloatArray, IntArray
from ..sampling import AliasTable


class Blocks(NamedTuple):
    """Centers, their outside words and their negatives, for the kernels.

    With window m, block size b and B blocks, whose last centers may be padding:
    """

    centers: IntArray  # (B, b) int32
    seen: IntArray  # (B, b + 2 m) int32: what the centers of a block see, themselves included
    weights: FloatArray  # (B, b + 2 m, b) float32: how much of a pair is this word to this center?
    # (B, N) int32: shared by the centers of a block. None for naive softmax, which does not ask.
    negatives: IntArray | Any


def draw_blocks(
    stretch: IntArray,
    vocab_size: int,
    keep: FloatArray,
    window: int,
    reach: str,
    noise: AliasTable | None,
    num_shared: int,
    block_size: int,
    rng: np.random.Generator,
) -> Blocks:
    """Lay out a stretch of an encoded corpus, with subsampling, dynamic windows and negatives.

    Parameters
    ----------
    stretch : ndarray of int32, shape (L,)
        Tokens, as the rows of their words; `vocab_size` stands for the end of a sentence.
    vocab_size : int
    keep : ndarray of float32, shape (V + 1,)
        Probability that a token of each word is kept; at least 1 for the end of a sentence.
    window : int
        Largest distance of an outside word.
    reach : {"drawn", "expected"}
        Each center sees as far as its own reach, uniform in 1 to `window`. Draw it, and all
        weights are 0 or 1; or weigh every word within the window with the probability that it is
        within reach.
    noise : AliasTable or None
        What negatives are drawn from; None draws none.
    num_shared, block_size : int
        Negatives of a block, and centers of a block.
    rng : numpy.random.Generator

    Returns
    -------
    Blocks
    """
    stretch = stretch[rng.random(len(stretch), dtype=np.float32) < keep[stretch]]
    is_word = stretch != vocab_size
    sentence = np.cumsum(~is_word, dtype=np.int32)[is_word]
    kept = stretch[is_word]

    num_blocks = max(1, -(-len(kept) // block_size))
    num_centers = num_blocks * block_size
    words = slice(window, window + len(kept))
    tokens = np.zeros(num_centers + 2 * window, dtype=np.int32)
    tokens[words] = kept
    # Padding is in no sentence: neither seen, nor seeing.
    seen_sentence = np.full(len(tokens), -1, dtype=np.int32)
    seen_sentence[words] = sentence
    own_sentence = np.full(num_centers, -2, dtype=np.int32)
    own_sentence[: len(kept)] = sentence

    seen_sentence = _overlapping(seen_sentence, block_size, window)
    if reach == "drawn":
        reaches = rng.integers(1, window, num_centers, dtype=np.int32, endpoint=True)
        is_near = _distances(block_size, window) <= reaches.reshape(num_blocks, 1, block_size)
        weights = is_near.astype(np.float32)
    else:
        weights = np.tile(_share_within_reach(block_size, window), (num_blocks, 1, 1))
    # Most blocks see one sentence alone.
    first, last = seen_sentence[:, 0], seen_sentence[:, -1]
    mixed = np.flatnonzero((first != last) | (first < 0))
    own = own_sentence.reshape(num_blocks, 1, block_size)[mixed]
    weights[mixed] *= seen_sentence[mixed][:, :, np.newaxis] == own
    negatives = None
    if noise is not None:
        negatives = noise.draw(rng, (num_blocks, num_shared)).astype(np.int32)
    return Blocks(
        tokens[window:-window].reshape(num_blocks, block_size),
        _overlapping(tokens, block_size, window),
        weights,
        negatives,
    )


def _overlapping(tokens, block_size, window):
    """View of (m + B b + m,) as (B, b + 2 m): for each block, what its centers see."""
    shape = (len(tokens) - 2 * window) // block_size, block_size + 2 * window
    # What sliding_window_view gives, in a fraction of its time.
    return as_strided(tokens, shape, (block_size * tokens.itemsize, tokens.itemsize))


@functools.cache
def _distances(block_size, window):
    """Distance of each token that a block sees to each center; to itself beyond any reach."""
    centers = np.arange(block_size) + window
    distance = np.abs(np.arange(block_size + 2 * window)[:, np.newaxis] - centers)
    return np.where(distance == 0, window + 1, distance).astype(np.int32)


@functools.cache
def _share_within_reach(block_size, window):
    """Probability that a reach, uniform in 1 to m, covers each of these distances."""
    share = (window + 1 - _distances(block_size, window)) / window
    return np.maximum(0, share).astype(np.float32)
