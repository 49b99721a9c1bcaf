"""The numerical core of nearest-neighbour queries: row lengths, cosines, the largest scores.

Cosine similarity of a query q with row v_i of a matrix:  cos(q, v_i) = q . v_i / (|q| |v_i|).
A vector of length zero has no direction; its cosine with anything is taken to be 0.
"""

import numpy as np

from ..checks import FloatArray, IntArray

# Scores held at once when many queries are answered together: 2**25 float32 are 128 MB. The matrix
# product is the more efficient, the more queries it has.
SCORES_AT_ONCE = 2**25


def row_norms(vectors: np.ndarray) -> FloatArray:
    """Euclidean length of each row, (n,), without a temporary the size of `vectors` (n, d)."""
    # float16 would overflow at 65504 and lose digits; it is summed as float32.
    dtype = np.result_type(vectors, np.float32)
    return np.sqrt(np.einsum("ij,ij->i", vectors, vectors, dtype=dtype))


def unit(vectors: np.ndarray) -> FloatArray:
    """`vectors` (..., d) scaled to length one along the last axis; zero vectors stay zero."""
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.where(norms > 0, norms, 1)


def cosines(vectors: np.ndarray, norms: FloatArray, unit_queries: FloatArray) -> FloatArray:
    """Cosine of every row with one query, or with each of several.

    Parameters
    ----------
    vectors : ndarray of shape (n, d)
    norms : ndarray of shape (n,)
        The lengths of the rows of `vectors`.
    unit_queries : ndarray of shape (d,) or (q, d)
        Of length one.

    Returns
    -------
    ndarray of shape (n,) or (q, n)
    """
    scores = unit_queries @ vectors.T if unit_queries.ndim == 2 else vectors @ unit_queries
    scores /= np.where(norms != 0, norms, 1)  # the score of a zero row is 0 already
    return scores


def batches(num_queries: int, num_rows: int) -> list[slice]:
    """Slices that cut the queries so that each part has at most `SCORES_AT_ONCE` scores."""
    size = max(1, SCORES_AT_ONCE // max(1, num_rows))
    return [slice(start, start + size) for start in range(0, num_queries, size)]


def largest(scores: FloatArray, n: int) -> IntArray:
    """Indices of the `n` largest scores, best first; equal scores in index order, NaN last.

    Parameters
    ----------
    scores : ndarray of shape (size,)
    n : int
        Fewer are returned if there are fewer scores.

    Notes
    -----
    The scores are dealt into many small groups. The n-th largest of the groups' maxima is a lower
    bound for the n-th largest score, because at least n scores reach it. What reaches the bound is
    a handful, and only that is sorted: on 400,000 scores some thirty times faster than a partition
    of all of them.
    """
    candidates: IntArray = np.arange(scores.size)
    num_groups = scores.size // 64
    if 0 < n <= num_groups:
        # Group j holds every num_groups-th score: the maximum then runs along contiguous memory.
        maxima = scores[: 64 * num_groups].reshape(64, num_groups).max(axis=0)
        bound = np.partition(maxima, -n)[-n]
        reached = np.flatnonzero(scores >= bound)
        if reached.size >= n:  # not so if NaN has spoiled the maxima
            candidates = reached
    best_first = np.argsort(-scores[candidates], kind="stable")
    return candidates[best_first[:n]]
