"""Gradients that are zero in most rows, kept as the few rows that are not."""

from typing import NamedTuple

import numpy as np
from scipy.sparse import csc_array


class RowSparse(NamedTuple):
    """A matrix that is zero outside the distinct rows `rows`, which hold `values`."""

    rows: np.ndarray  # (n,) int, distinct
    values: np.ndarray  # (n, d)

    def to_dense(self, num_rows):
        """The matrix in full, of shape (num_rows, d)."""
        dense = np.zeros((num_rows, self.values.shape[1]), dtype=self.values.dtype)
        dense[self.rows] = self.values
        return dense


def scatter_sum(row_of, weights, vectors):
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


def group_sum(group_of, weights, vectors, num_groups):
    """As `scatter_sum`, with the result in full: an ndarray of shape (num_groups, d)."""
    num_vectors, shares = group_of.shape
    starts = np.arange(num_vectors + 1) * shares
    shape = (num_groups, num_vectors)
    return csc_array((weights.ravel(), group_of.ravel(), starts), shape=shape) @ vectors
