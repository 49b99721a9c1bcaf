"""Gradients that are zero in most rows, kept as the few rows that are not."""

from typing import NamedTuple

import numpy as np
from scipy.sparse import csc_array, csr_array

from .checks import FloatArray, IntArray


class RowSparse(NamedTuple):
    """A matrix that is zero outside the distinct rows `rows`, which hold `values`."""

    rows: IntArray  # (n,), distinct
    values: FloatArray  # (n, d)

    def to_dense(self, num_rows: int) -> FloatArray:
        """The matrix in full, of shape (num_rows, d)."""
        dense = np.zeros((num_rows, self.values.shape[1]), dtype=self.values.dtype)
        dense[self.rows] = self.values
        return dense


def take_rows(matrix: FloatArray, rows: IntArray) -> FloatArray:
    """``matrix[rows]``, in less than half the time, for rows that are known to exist."""
    return matrix.take(rows, axis=0, mode="clip")  # the other modes check, or copy once more


def sum_rows(
    rows: IntArray, vectors: FloatArray, num_rows: int, factors: FloatArray | None = None
) -> RowSparse:
    """Add vectors to the rows they belong to.

    Parameters
    ----------
    rows : ndarray of int, of any shape
        0 to `num_rows` - 1, repeated as it comes.
    vectors : ndarray of the shape of `rows`, and d
    num_rows : int
        Rows of the whole matrix.
    factors : ndarray of shape (N,), optional
        What to multiply each of the N vectors by.

    Returns
    -------
    RowSparse
        With its rows in ascending order.
    """
    rows, vectors = rows.ravel(), vectors.reshape(-1, vectors.shape[-1])
    in_order = np.sort(rows)  # of 32-bit numbers it is faster than marking and finding them
    is_new = np.ones(len(in_order), dtype=bool)
    is_new[1:] = in_order[1:] != in_order[:-1]
    distinct = in_order[is_new]
    place = np.empty(num_rows, dtype=np.int32)
    place[distinct] = np.arange(len(distinct), dtype=np.int32)
    # A product with a sparse one-hot matrix: `np.add.at` without its cost.
    if factors is None:
        factors = np.ones(len(rows), dtype=vectors.dtype)
    starts = np.arange(len(rows) + 1, dtype=np.int32)
    one_hot = csc_array((factors, place[rows], starts), shape=(len(distinct), len(rows)))
    return RowSparse(distinct, one_hot @ vectors)


def sum_rows_of_both(
    center_rows: IntArray,
    outside_rows: IntArray,
    vectors: FloatArray,
    num_rows: int,
    factors: FloatArray | None = None,
) -> tuple[RowSparse, RowSparse]:
    """`sum_rows` of two matrices of `num_rows` rows at once, which is faster.

    `vectors` has those of the one before those of the other.
    """
    # The matrices as one, of twice as many rows.
    rows = np.concatenate([center_rows.ravel(), outside_rows.ravel()])
    rows[center_rows.size :] += num_rows
    distinct, sums = sum_rows(rows, vectors, 2 * num_rows, factors)
    num_first = np.searchsorted(distinct, num_rows)
    return (
        RowSparse(distinct[:num_first], sums[:num_first]),
        RowSparse(distinct[num_first:] - num_rows, sums[num_first:]),
    )


class RowGroups(NamedTuple):
    """Which vectors belong to the same row: ``order[starts[k] : starts[k + 1]]`` to ``rows[k]``."""

    rows: IntArray  # (n,) int32, distinct, ascending
    starts: IntArray  # (n + 1,) int32
    order: IntArray  # (N,) int32

    @classmethod
    def of(cls, row_of: IntArray) -> "RowGroups":
        """Group vectors by their rows (N,); those of a row stay in their order."""
        # Numbers of a row and a place in one are sorted much faster than rows with their places.
        keys = row_of.astype(np.int64) << 32
        keys |= np.arange(len(keys))
        keys.sort()
        row_of = (keys >> 32).astype(np.int32)
        is_new = np.ones(len(row_of), dtype=bool)
        is_new[1:] = row_of[1:] != row_of[:-1]
        starts = np.append(np.flatnonzero(is_new), len(row_of)).astype(np.int32)
        return cls(row_of[starts[:-1]], starts, keys.astype(np.int32))

    def sum(self, vectors: FloatArray, first: int = 0, last: int | None = None) -> FloatArray:
        """The sums of the groups `first` to `last` - 1 of all, of shape (n, d).

        A product with a sparse matrix of ones; it adds in the order of the vectors.
        """
        last = len(self.rows) if last is None else min(last, len(self.rows))
        starts = self.starts[first : last + 1]
        members = self.order[starts[0] : starts[-1]]
        ones = np.ones(len(members), dtype=vectors.dtype)
        shape = (last - first, len(vectors))
        return csr_array((ones, members, starts - starts[0]), shape=shape) @ vectors
