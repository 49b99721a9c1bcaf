"""Adasum: moves that were learned apart, brought together.

Two shards start from the same vectors and each moves them as its own text asks. Where both learned
the same, their sum would go twice as far as either meant; where they learned different things,
their mean would go half as far as each meant. Adasum tells these cases apart by the angle between
the moves, row by row: of parallel ones it takes the mean, of orthogonal ones the sum.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..checks import FloatArray
from ..rowsparse import RowSparse, take_rows

ROWS_AT_A_TIME = 1024  # of each: few enough to stay in the processor's cache
MOST_WAITING = 8  # moves that wait to be merged at once


def adasum(a: FloatArray, b: FloatArray) -> FloatArray:
    """Two moves of the same rows, combined row by row.

    Parameters
    ----------
    a, b : ndarray of float, shape (n, d)

    Returns
    -------
    ndarray of shape (n, d)

    Notes
    -----
    For each row, with a . b their inner product::

        (1 - a.b / 2|a|^2) a  +  (1 - a.b / 2|b|^2) b

    If b is parallel to a and as long, that is a, the mean of both; if orthogonal, a + b; if zero,
    a. It does not matter which is a and which is b. A row so short that its squared length is zero
    counts as zero in the coefficients, and is added.

    Why: guess the curvature that b's text sees by b itself, as b b^T / |b|^2. From where a has led,
    b's step is then (1 - a.b / |b|^2) b. The formula is the mean of a and this, and of b and what
    it leaves of a.

    References
    ----------
    Maleki et al. 2021, Scaling distributed training with adaptive summation, MLSys; before it, as
    the model combiner of graph embeddings, Gill et al. 2020, GraphAny2Vec.

    Examples
    --------
    >>> a = np.array([[2.0, 0.0], [2.0, 0.0], [2.0, 0.0]])
    >>> b = np.array([[2.0, 0.0], [0.0, 3.0], [0.0, 0.0]])
    >>> adasum(a, b).tolist()
    [[2.0, 0.0], [2.0, 3.0], [2.0, 0.0]]
    """
    half_product = 0.5 * np.einsum("ij,ij->i", a, b)
    combined = _share(half_product, a) * a
    combined += _share(half_product, b) * b
    return combined


def _share(half_product, moves):
    """1 - a.b / 2|a|^2 of each row, as a column; 1 where the row is zero."""
    square = np.einsum("ij,ij->i", moves, moves)
    part = np.divide(half_product, square, out=np.zeros_like(square), where=square > 0)
    return (1 - part)[:, np.newaxis]


def merge(a: RowSparse, b: RowSparse) -> RowSparse:
    """Moves of some rows and of others, as one: by `adasum` in the rows that both have.

    Parameters
    ----------
    a, b : RowSparse
        Rows in ascending order; the others did not move.

    Returns
    -------
    RowSparse
        Rows in ascending order. The result for a row depends on that row alone.
    """
    before = np.searchsorted(a.rows, b.rows)  # how many rows of a lie before each of b
    in_both = np.searchsorted(a.rows, b.rows, side="right") > before
    in_b, only_b = np.flatnonzero(in_both), np.flatnonzero(~in_both)
    in_a = before[in_b]
    # Where the rows come in the result.
    place_b = before[only_b] + np.arange(len(only_b))
    is_of_a = np.ones(len(a.rows) + len(only_b), dtype=bool)
    is_of_a[place_b] = False
    place_a = np.flatnonzero(is_of_a)

    rows = np.empty(len(is_of_a), a.rows.dtype)
    rows[place_a], rows[place_b] = a.rows, b.rows[only_b]
    values = np.empty((len(rows), a.values.shape[1]), a.values.dtype)
    values[place_a] = a.values
    values[place_b] = take_rows(b.values, only_b)
    values[place_a[in_a]] = adasum(take_rows(a.values, in_a), take_rows(b.values, in_b))
    return RowSparse(rows, values)


def merge_all(moves: Sequence[RowSparse]) -> RowSparse:
    """Merge 1, 2, 4, 8, ... moves in a binary tree: neighbors first, then neighboring pairs.

    Adasum of three moves depends on their order, so the tree is part of the result. The whole tree
    is done for some rows at a time, so that memory sees only what comes in and what goes out.
    """
    if len(moves) == 1:
        return moves[0]
    num_rows = sum(len(one.rows) for one in moves)
    rows = np.empty(num_rows, np.int32)  # more than are needed, as both may have the same
    values = np.empty((num_rows, moves[0].values.shape[1]), moves[0].values.dtype)
    bounds = max((one.rows for one in moves), key=len)[ROWS_AT_A_TIME::ROWS_AT_A_TIME]
    cuts = [[0, *np.searchsorted(one.rows, bounds), len(one.rows)] for one in moves]
    end = 0
    for number in range(len(bounds) + 1):
        level = []
        for one, cut in zip(moves, cuts, strict=True):
            part = slice(cut[number], cut[number + 1])
            level.append(RowSparse(one.rows[part], one.values[part]))
        while len(level) > 1:
            level = [merge(*pair) for pair in zip(level[::2], level[1::2], strict=True)]
        start, end = end, end + len(level[0].rows)
        rows[start:end], values[start:end] = level[0]
    return RowSparse(rows[:end], values[:end])


class Tree:
    """Moves as they come; where many wait, whole subtrees are merged, as `merge_all` would."""

    def __init__(self) -> None:
        self._waiting: list[tuple[int, RowSparse]] = []  # how many moves are in each

    def add(self, moves: RowSparse) -> None:
        """Add the moves of the next shard."""
        last = self._waiting[-MOST_WAITING:]
        while len(last) == MOST_WAITING and last[0][0] == last[-1][0]:
            self._merge(last)
            last = self._waiting[-MOST_WAITING:]
        self._waiting.append((1, moves))

    def take(self) -> list[RowSparse]:
        """What is left to merge, once 1, 2, 4, 8, ... were added; the tree is empty then."""
        while self._waiting[0][0] != self._waiting[-1][0]:
            self._merge(self._waiting[-MOST_WAITING:])
        left = [moves for _, moves in self._waiting]
        self._waiting = []
        return left

    def _merge(self, last):
        merged = merge_all([moves for _, moves in last])
        self._waiting[-MOST_WAITING:] = [(last[0][0] * MOST_WAITING, merged)]
