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


def scatter_sum(row_of: IntArray, weights: FloatArray, vectors: FloatArray) -> RowSparse:
    """Add weighted vectors to the rows they belong to; repeated rows add up.

    Parameters
    ----------
    row_of : ndarray of int, shape (T, M)
        The rows that receive a share of vector t.
    weights : ndarray of shape (T, M)
        The size of each share.
    vectors : ndarray of shape (T, d)

    Returns
    -------
    RowSparse
        Row r holds the sum of weights[t, j] * vectors[t] over all t, j with row_of[t, j] = r.

    Notes
    -----
    This is ``np.add.at`` without its cost: the weights are the entries of a sparse matrix, and
    SciPy's product of it with `vectors` adds up what meets in a row.
    """
    rows, place = np.unique(row_of, return_inverse=True)
    return RowSparse(rows, group_sum(place.reshape(row_of.shape), weights, vectors, len(rows)))


def sum_rows(rows: IntArray, vectors: FloatArray, num_rows: int) -> RowSparse:
    """Add vectors to the rows they belong to, when the rows are few and known: no sort.

    Parameters
    ----------
    rows : ndarray of int, of any shape
        0 to `num_rows` - 1, repeated as it comes.
    vectors : ndarray of the shape of `rows`, and d
    num_rows : int
        Rows of the whole matrix.

    Returns
    -------
    RowSparse
        With its rows in ascending order.
    """
    rows, vectors = rows.ravel(), vectors.reshape(-1, vectors.shape[-1])
    occurs = np.zeros(num_rows, dtype=bool)
    occurs[rows] = True
    distinct = np.flatnonzero(occurs)
    place = np.empty(num_rows, dtype=np.int32)
    place[distinct] = np.arange(len(distinct), dtype=np.int32)
    ones = np.ones((len(rows), 1), dtype=vectors.dtype)
    sums = group_sum(place[rows][:, np.newaxis], ones, vectors, len(distinct))
    return RowSparse(distinct, sums)


def group_sum(
    group_of: IntArray, weights: FloatArray, vectors: FloatArray, num_groups: int
) -> FloatArray:
    """As `scatter_sum`, with the result in full: an ndarray of shape (num_groups, d)."""
    num_vectors, shares = group_of.shape
    starts = np.arange(num_vectors + 1, dtype=np.int32) * shares
    shape = (num_groups, num_vectors)
    return csc_array((weights.ravel(), group_of.ravel(), starts), shape=shape) @ vectors


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
