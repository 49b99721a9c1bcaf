import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from word2vec.engine.adasum import Tree, adasum, merge, merge_all
from word2vec.rowsparse import RowSparse


def moves(seed, num_rows=1000, d=10, dtype=np.float32):
    return np.random.default_rng(seed).normal(size=(num_rows, d)).astype(dtype)


def some_rows(seed, of=2000, number=700):
    rng = np.random.default_rng(seed)
    return RowSparse(np.sort(rng.choice(of, number, replace=False)), moves(seed, number))


def test_equal_moves_are_averaged():
    assert_allclose(adasum(moves(1), moves(1)), moves(1), rtol=1e-5)


@pytest.mark.parametrize("factor", [0.5, 3.0])
def test_parallel_moves_of_other_length_are_averaged(factor):
    assert_allclose(adasum(moves(1), factor * moves(1)), (1 + factor) / 2 * moves(1), rtol=1e-5)


def test_orthogonal_moves_are_added():
    a, b = moves(1), moves(2)
    a[:, 5:] = 0
    b[:, :5] = 0
    assert_array_equal(adasum(a, b), a + b)


def test_opposite_moves_cancel():
    assert_allclose(adasum(moves(1), -moves(1)), np.zeros((1000, 10)), atol=1e-5)


def test_nothing_is_changed_by_a_row_of_zeros():
    a, zeros = moves(1), np.zeros((1000, 10), np.float32)
    assert_array_equal(adasum(a, zeros), a)
    assert_array_equal(adasum(zeros, zeros), zeros)


def test_moves_too_short_for_a_squared_length_are_added():
    a = np.full((1, 4), 1e-30, np.float32)
    assert_array_equal(adasum(a, a), a + a)


def test_it_does_not_matter_which_is_first():
    assert_array_equal(adasum(moves(1), moves(2)), adasum(moves(2), moves(1)))


def test_it_is_the_formula():
    a, b = moves(1, dtype=np.float64), moves(2, dtype=np.float64)
    for row, (x, y) in enumerate(zip(a, b, strict=True)):
        expected = (1 - x @ y / (2 * x @ x)) * x + (1 - x @ y / (2 * y @ y)) * y
        assert_allclose(adasum(a, b)[row], expected, rtol=1e-12)
        if row == 20:
            break


def test_rows_are_combined_one_by_one():
    a, b = moves(1), moves(2)
    together = adasum(a, b)
    for start, stop in [(0, 1), (1, 8), (8, 999), (999, 1000)]:
        assert_array_equal(adasum(a[start:stop], b[start:stop]), together[start:stop])


def test_float32_stays_float32_and_arguments_stay_as_they_are():
    a, b = moves(1), moves(2)
    assert adasum(a, b).dtype == np.float32
    assert_array_equal(a, moves(1))
    assert_array_equal(b, moves(2))


def test_merging_combines_rows_that_both_have_and_keeps_the_others():
    a, b = some_rows(1), some_rows(2)
    merged = merge(a, b)
    assert_array_equal(merged.rows, np.union1d(a.rows, b.rows))
    expected = adasum(a.to_dense(2000), b.to_dense(2000))
    assert_array_equal(merged.to_dense(2000), expected)


@pytest.mark.parametrize("empty", [0, 1])
def test_merging_with_nothing_changes_nothing(empty):
    both = [some_rows(1), some_rows(1)]
    both[empty] = RowSparse(np.zeros(0, int), np.zeros((0, 10), np.float32))
    assert_array_equal(merge(*both).to_dense(2000), some_rows(1).to_dense(2000))


def test_a_tree_merges_neighbors_first():
    a, b, c, d = (some_rows(seed) for seed in range(4))
    expected = merge(merge(a, b), merge(c, d))
    assert_array_equal(merge_all([a, b, c, d]).values, expected.values)


@pytest.mark.parametrize("number", [1, 2, 8, 16, 64])
def test_one_by_one_gives_the_bits_of_all_at_once(number):
    all_moves = [some_rows(seed) for seed in range(number)]
    tree = Tree()
    for _ in range(2):  # it can be used again
        for one in all_moves:
            tree.add(one)
        merged = merge_all(tree.take())
        assert_array_equal(merged.values, merge_all(all_moves).values)


def test_few_moves_wait_and_the_last_ones_are_not_merged():
    all_moves = [some_rows(seed, of=20, number=5) for seed in range(64)]
    tree = Tree()
    for one in all_moves[:8]:
        tree.add(one)
    assert tree.take() == all_moves[:8]
    for one in all_moves:
        tree.add(one)
    assert len(tree.take()) == 8


def test_whole_subtrees_may_be_merged_before():
    all_moves = [some_rows(seed) for seed in range(8)]
    halves = [merge_all(all_moves[:4]), merge_all(all_moves[4:])]
    assert_array_equal(merge_all(halves).values, merge_all(all_moves).values)
