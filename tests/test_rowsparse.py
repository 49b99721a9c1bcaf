"""Rows that are added up: `np.add.at` is right, and everything else must equal it."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from word2vec import rowsparse
from word2vec.rowsparse import RowGroups, RowSparse, add_rows, number_rows, sum_rows

D = 3


def example(dtype=np.float32, number=200, num_rows=7):
    """Rows that repeat, a vector and a factor for each, and a matrix that they are added to."""
    rng = np.random.default_rng(0)
    rows = rng.integers(num_rows, size=number).astype(np.int32)
    arrays = rng.normal(size=(number, D)), rng.normal(size=number), rng.normal(size=(8, D))
    return rows, *(array.astype(dtype) for array in arrays)


@pytest.fixture(params=["SciPy", "NumPy"])
def products(request, monkeypatch):
    """With SciPy's functions, and with those that take their place where there are none."""
    if request.param == "NumPy":
        for name, of_row in (("csc_matvecs", False), ("csr_matvecs", True)):
            monkeypatch.setattr(rowsparse, name, rowsparse._matvecs_by_numpy(of_row))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rows_are_added_with_the_bits_of_add_at(dtype, products):
    rows, vectors, factors, matrix = example(dtype)
    expected = matrix.copy()
    np.add.at(expected, rows, factors[:, np.newaxis] * vectors)
    add_rows(matrix, rows, vectors, factors)
    assert_array_equal(matrix, expected)


def test_without_factors_vectors_are_added_as_they_are(products):
    rows, vectors, _, matrix = example()
    expected = matrix.copy()
    np.add.at(expected, rows, vectors)
    add_rows(matrix, rows.reshape(20, 10), vectors.reshape(20, 10, D))
    assert_array_equal(matrix, expected)


def test_matrix_that_would_be_copied_is_refused():
    rows, vectors, _, matrix = example()
    with pytest.raises(ValueError, match="must be contiguous"):
        add_rows(np.asfortranarray(matrix), rows, vectors)


def test_matrix_that_is_read_only_is_refused(products):
    rows, vectors, _, matrix = example()
    matrix.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        add_rows(matrix, rows, vectors)


def test_groups_are_summed_with_the_bits_of_add_at(products):
    rows, vectors, _, _ = example()
    expected = np.zeros((7, D), np.float32)
    np.add.at(expected, rows, vectors)
    groups = RowGroups.of(rows)
    assert_array_equal(groups.rows, np.arange(7))
    assert_array_equal(groups.sum(vectors), expected)


def test_some_of_the_groups_are_summed_alone():
    rows, vectors, _, _ = example()
    groups = RowGroups.of(rows)
    assert_array_equal(groups.sum(vectors, 2, 5), groups.sum(vectors)[2:5])
    assert_array_equal(groups.sum(vectors, 5, 100), groups.sum(vectors)[5:])


def test_numbers_of_rows_are_those_of_unique():
    rows = example()[0].reshape(10, 20)
    distinct, place = number_rows(rows, 9)
    expected, inverse = np.unique(rows, return_inverse=True)
    assert_array_equal(distinct, expected)
    assert_array_equal(place, inverse.reshape(rows.shape))


def test_sum_of_rows_equals_add_at():
    rows, vectors, _, _ = example(np.float64)
    expected = np.zeros((8, D))
    np.add.at(expected, rows, vectors)
    result = sum_rows(rows, vectors, 8)
    assert_allclose(result.to_dense(8), expected)
    assert_array_equal(result.rows, np.unique(rows))


def test_sum_of_no_rows_is_empty():
    assert not len(sum_rows(np.zeros(0, int), np.zeros((0, D)), 8).rows)


def test_values_of_a_row_that_is_repeated_add_up():
    twice = RowSparse(np.array([5, 2, 5]), np.array([[1.0], [2.0], [3.0]]))
    assert_array_equal(twice.to_dense(6).ravel(), [0, 0, 2, 0, 0, 4])
    assert_array_equal(twice.distinct(6).rows, [2, 5])
    assert_array_equal(twice.distinct(6).values, [[2.0], [4.0]])
