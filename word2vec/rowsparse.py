"""Gradients that are zero in most rows, kept as the few rows that are not."""

from typing import NamedTuple

import numpy as np

from .checks import FloatArray, IntArray


class RowSparse(NamedTuple):
    """A matrix that is zero but for some rows; the values of a row that is repeated add up."""

    rows: IntArray  # (n,)
    values: FloatArray  # (n, d)

    def to_dense(self, num_rows: int) -> FloatArray:
        """The matrix in full, of shape (num_rows, d)."""
        dense = np.zeros((num_rows, self.values.shape[1]), dtype=self.values.dtype)
        np.add.at(dense, self.rows, self.values)
        return dense

    def distinct(self, num_rows: int) -> "RowSparse":
        """The same, with each row once; they are less than `num_rows`."""
        return sum_rows(self.rows, self.values, num_rows)


def take_rows(matrix: np.ndarray, rows: IntArray, out: np.ndarray | None = None) -> np.ndarray:
    """``matrix[rows]``, in less than half the time, for rows that are known to exist."""
    return matrix.take(rows, axis=0, out=out, mode="clip")  # other modes check, or copy once more


def add_rows(
    matrix: FloatArray, rows: IntArray, vectors: FloatArray, factors: FloatArray | None = None
) -> None:
    """Add vectors to rows of a matrix, one after the other: ``matrix[rows[i]] += vectors[i]``.

    `np.add.at` without its cost, to the same bits. (``matrix[rows] += vectors`` is something else:
    of the vectors of a row that is repeated it adds the last one only.)

    Parameters
    ----------
    matrix : ndarray of shape (V, d), contiguous
        Changed in place.
    rows : ndarray of int, of any shape
        0 to V - 1, which is not checked; repeated as it comes.
    vectors : ndarray of the shape of `rows`, and d, contiguous, of the type of `matrix`
    factors : ndarray of the shape of `rows`, optional
        What to multiply each of the vectors by.

    Raises
    ------
    ValueError
        If `matrix` is not contiguous.
    """
    if not matrix.flags.c_contiguous:
        raise ValueError("The matrix that rows are added to must be contiguous.")
    rows = rows.ravel()
    if factors is None:
        factors = np.ones(len(rows), matrix.dtype)
    # The vectors are multiplied by a sparse matrix that has a column for each.
    starts = np.arange(len(rows) + 1, dtype=rows.dtype)
    shape = len(matrix), len(rows), matrix.shape[1]
    csc_matvecs(*shape, starts, rows, factors.ravel(), vectors.ravel(), matrix.ravel())


def number_rows(rows: IntArray, num_rows: int) -> tuple[IntArray, IntArray]:
    """The distinct rows among `rows`, ascending, and for each of these its place among them.

    `np.unique` with ``return_inverse=True``, for int32 numbers from 0 to `num_rows` - 1; faster.
    """
    in_order = np.sort(rows, axis=None)  # of 32-bit numbers: faster than marking and finding them
    is_new = np.ones(len(in_order), dtype=bool)
    np.not_equal(in_order[1:], in_order[:-1], out=is_new[1:])
    distinct = in_order.compress(is_new)
    place = np.empty(num_rows, dtype=np.int32)
    place[distinct] = np.arange(len(distinct), dtype=np.int32)
    return distinct, place.take(rows, mode="clip")


def sum_rows(rows: IntArray, vectors: FloatArray, num_rows: int) -> RowSparse:
    """Add vectors to the rows they belong to.

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
    distinct, place = number_rows(rows, num_rows)
    sums = np.zeros((len(distinct), vectors.shape[-1]), dtype=vectors.dtype)
    add_rows(sums, place, vectors)
    return RowSparse(distinct, sums)


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

        It adds in the order of the vectors.
        """
        last = len(self.rows) if last is None else min(last, len(self.rows))
        starts = self.starts[first : last + 1]
        members = self.order[starts[0] : starts[-1]]
        sums = np.zeros((last - first, vectors.shape[1]), vectors.dtype)
        # A product with a sparse matrix of ones, which has a row for each group.
        ones = np.ones(len(members), vectors.dtype)
        shape = len(sums), *vectors.shape
        csr_matvecs(*shape, starts - starts[0], members, ones, vectors.ravel(), sums.ravel())
        return sums


def _matvecs_by_numpy(of_row):
    """`csc_matvecs` or `csr_matvecs` without SciPy: slow, but the same bits."""

    def matvecs(num_rows, num_columns, size, starts, indices, factors, vectors, sums):
        entries = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
        rows, columns = (entries, indices) if of_row else (indices, entries)
        addends = factors[:, np.newaxis] * vectors.reshape(num_columns, size)[columns]
        np.add.at(sums.reshape(num_rows, size), rows, addends)

    return matvecs


try:
    # What products with SciPy's sparse arrays call. They add to what is there, for which SciPy has
    # no public function, and NumPy none that is fast; and they check nothing first, which takes
    # longer than some of our products.
    from scipy.sparse._sparsetools import csc_matvecs, csr_matvecs
except ImportError:  # a SciPy that has them elsewhere
    csc_matvecs, csr_matvecs = _matvecs_by_numpy(False), _matvecs_by_numpy(True)
