"""A stretch of the corpus, laid out in blocks so that training on it becomes matrix products.

Its tokens are cut into blocks of consecutive centers. All outside words of a block lie among its
own tokens and `window` tokens on either side, so one matrix product of the block's center vectors
with these gives every score that is needed, and a matrix of weights says which of them belong to a
pair. Neighboring blocks overlap in what they see; a word's vector is taken once for all that see
it. Negatives are shared by all centers of a group of blocks: their scores are another product.

    words    . . . [ a b c d | e f g h | i j k . ] . . .      blocks of 4 centers, window 3
    block 2        ( b c d [ e f g h ] i j k )               its centers, and what they see
"""

import functools
from typing import Any, NamedTuple

import numpy as np

from ..checks import FloatArray, IntArray
from ..rowsparse import take_rows
from ..sampling import AliasTable


class Blocks(NamedTuple):
    """Centers, their outside words and their negatives, for the kernels.

    With block size b, B blocks that see S words each, and G groups of as many blocks each; the last
    centers may be padding:
    """

    centers: IntArray  # (B, b) int32
    words: IntArray  # (L,) int32: the first block sees the first S of these, the last the last S
    # (P, S, b) float32: how much of a pair is this word to this center? Most blocks have the same
    # answer, so the answers are kept once, with the number of its answer for each block.
    patterns: FloatArray
    pattern: IntArray  # (B,), 0 to P - 1
    # (G, N) int32: shared by the centers of a group. None for the losses that do not ask.
    negatives: IntArray | Any

    @property
    def stride(self) -> int:
        """How many words further each block begins to see."""
        num_steps = len(self.centers) - 1
        num_seen = self.patterns.shape[1]
        return (len(self.words) - num_seen) // num_steps if num_steps else num_seen

    def one_in(self, every: int) -> int:
        """How many blocks are one in so many of them; none are one in 0."""
        return -(-len(self.centers) // every) if every else 0

    @property
    def seen(self) -> IntArray:
        """What the centers of each block see, themselves included: (B, S), a view."""
        return overlapping(self.words, self.patterns.shape[1], self.stride)

    @property
    def weights(self) -> FloatArray:
        """The patterns of all blocks, (B, S, b)."""
        return take_rows(self.patterns, self.pattern)


def draw_blocks(
    stretch: IntArray,
    vocab_size: int,
    keep: FloatArray,
    window: int,
    reach: str,
    noise: AliasTable | None,
    num_shared: int,
    block_size: int,
    group_size: int,
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
        A center sees as far as its reach, uniform in 1 to `window`. Draw it, the same for all
        centers of a block, and all weights are 0 or 1; or weigh every word within the window with
        the probability that it is within reach.
    noise : AliasTable or None
        What negatives are drawn from; None draws none.
    num_shared, block_size, group_size : int
        Negatives of a group, centers of a block, and blocks of a group.
    rng : numpy.random.Generator

    Returns
    -------
    Blocks
    """
    is_kept = rng.random(len(stretch), dtype=np.float32) < take_rows(keep, stretch)
    stretch = stretch.compress(is_kept)
    is_word = stretch != vocab_size
    sentence = np.cumsum(~is_word, dtype=np.int32).compress(is_word)
    kept = stretch.compress(is_word)

    num_groups = max(1, -(-len(kept) // (block_size * group_size)))
    num_blocks = num_groups * group_size
    num_centers = num_blocks * block_size
    words = slice(window, window + len(kept))
    tokens = np.zeros(num_centers + 2 * window, dtype=np.int32)
    tokens[words] = kept
    # Padding is in no sentence: neither seen, nor seeing.
    seen_sentence = np.full(len(tokens), -1, dtype=np.int32)
    seen_sentence[words] = sentence
    own_sentence = np.full(num_centers, -2, dtype=np.int32)
    own_sentence[: len(kept)] = sentence

    seen_sentence = overlapping(seen_sentence, block_size + 2 * window, block_size)
    if reach == "drawn":
        patterns = _within_reach(block_size, window)
        pattern = rng.integers(window, size=num_blocks)
    else:
        patterns = _share_within_reach(block_size, window)
        pattern = np.zeros(num_blocks, dtype=np.int64)
    # Most blocks see one sentence alone; each of the others has a pattern of its own.
    first, last = seen_sentence[:, 0], seen_sentence[:, -1]
    mixed = np.flatnonzero((first != last) | (first < 0))
    own = own_sentence.reshape(num_blocks, 1, block_size)[mixed]
    in_sentence = seen_sentence[mixed][:, :, np.newaxis] == own
    pattern_of_mixed = np.arange(len(mixed)) + len(patterns)
    patterns = np.concatenate([patterns, patterns[pattern[mixed]] * in_sentence])
    pattern[mixed] = pattern_of_mixed
    negatives = None
    if noise is not None:
        negatives = noise.draw(rng, (num_groups, num_shared)).astype(np.int32)
    return Blocks(
        tokens[window:-window].reshape(num_blocks, block_size),
        tokens,
        patterns,
        pattern,
        negatives,
    )


def overlapping(array: np.ndarray, length: int, stride: int) -> np.ndarray:
    """View of contiguous (L, ...) as (n, length, ...), each `stride` after the one before."""
    shape = (len(array) - length) // stride + 1, length, *array.shape[1:]
    strides = stride * array.strides[0], *array.strides
    # What sliding_window_view gives, in a small fraction of its time.
    return np.ndarray(shape, array.dtype, array, strides=strides)


@functools.cache
def _distances(block_size, window):
    """Distance of each token that a block sees to each center; to itself beyond any reach."""
    centers = np.arange(block_size) + window
    distance = np.abs(np.arange(block_size + 2 * window)[:, np.newaxis] - centers)
    return np.where(distance == 0, window + 1, distance).astype(np.int32)


@functools.cache
def _within_reach(block_size, window):
    """For each reach, from 1: 1 where a token is within reach of a center; (m, b + 2 m, b)."""
    reaches = np.arange(1, window + 1)[:, np.newaxis, np.newaxis]
    return (_distances(block_size, window) <= reaches).astype(np.float32)


@functools.cache
def _share_within_reach(block_size, window):
    """The mean of these, as a drawn reach is uniform in 1 to m; (1, b + 2 m, b)."""
    return _within_reach(block_size, window).mean(axis=0, keepdims=True)
