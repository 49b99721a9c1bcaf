"""The map of words: t-SNE's gradient, and that it puts similar words near each other."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from utils import word_map
from word2vec.vectors import nearest


def groups_of_words(rng, num_groups=8, size=30, d=20):
    """Unit vectors in well separated groups, one group after the other."""
    centers = np.repeat(rng.normal(size=(num_groups, d)), size, axis=0)
    return nearest.unit(centers + 0.3 * rng.normal(size=centers.shape))


@pytest.fixture(scope="module")
def grouped():
    """Vectors, their points and the note."""
    vectors = groups_of_words(np.random.default_rng(1))
    return vectors, *word_map.place_words(vectors)


def sum_over_all_pairs(points):
    offsets = points[:, :, None] - points[:, None]
    w = 1 / (1 + (offsets**2).sum(axis=0))
    return (w**2 * offsets).sum(axis=2) / (w.sum() - points.shape[1])


def test_repulsion_of_points_on_the_corners_is_the_sum_over_all_pairs():
    corners = np.random.default_rng(0).choice(50 * 50, 300, replace=False)
    points = word_map.CELL * np.stack(np.divmod(corners, 50)).astype(float) - 3
    found = word_map.repulsion(points.astype(np.float32))
    expected = sum_over_all_pairs(points)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * np.abs(expected).max())


def test_repulsion_between_the_corners_is_nearly_that_sum(monkeypatch):
    monkeypatch.setattr(word_map, "CELL", 0.1)
    points = np.random.default_rng(0).uniform(-20, 20, (2, 400))
    found = word_map.repulsion(points.astype(np.float32))
    expected = sum_over_all_pairs(points)
    assert np.linalg.norm(found - expected) < 0.02 * np.linalg.norm(expected)


def test_cells_are_wider_for_points_that_lie_far_apart(monkeypatch):
    monkeypatch.setattr(word_map, "MAX_CELLS", 10)
    points = 5 * np.array([[0, 1, 3, 10], [2, 0, 1, 10]])  # on corners of cells of width 5
    found = word_map.repulsion(points.astype(np.float32))
    np.testing.assert_allclose(found, sum_over_all_pairs(points), rtol=1e-4, atol=1e-8)


def test_words_of_a_group_are_together_on_the_map(grouped):
    points = grouped[1]
    near = cKDTree(points).query(points, 6)[1][:, 1:]
    groups = np.arange(len(points)) // 30
    assert (groups[near] == groups[:, None]).mean() > 0.95


def test_map_keeps_more_neighbors_than_the_principal_plane():
    vectors = nearest.unit(np.random.default_rng(2).normal(size=(400, 10)))
    neighbors = word_map.nearest_rows(vectors, 15)
    plane = word_map.principal_plane(vectors)
    kept = word_map.kept_neighbors(neighbors, word_map.tsne(neighbors, plane))
    assert kept > 2 * word_map.kept_neighbors(neighbors, plane)


def test_note_says_how_many_neighbors_the_map_keeps(grouped):
    vectors, points, note = grouped
    neighbors = word_map.nearest_rows(vectors, 15)
    assert f" {word_map.kept_neighbors(neighbors, points):.0%} on average" in note


def test_kept_neighbors_by_hand():
    # On a line 0 1 2 4 8, the nearest are 1, 0 or 2, 1, 2 and 3.
    points = np.array([[0, 0], [1, 0], [2.1, 0], [4, 0], [8, 0]])
    assert word_map.kept_neighbors(np.array([[1], [0], [3], [4], [3]]), points) == pytest.approx(
        0.6
    )


def test_nearest_rows_are_those_of_the_cosines():
    vectors = groups_of_words(np.random.default_rng(4))
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -2)
    expected = np.argsort(-cosines, axis=1)[:, :7]
    np.testing.assert_array_equal(word_map.nearest_rows(vectors, 7), expected)


def test_same_vectors_give_the_same_map_and_stay_as_they_are(grouped):
    vectors, points, _ = grouped
    before = vectors.copy()
    np.testing.assert_array_equal(word_map.place_words(vectors)[0], points)
    np.testing.assert_array_equal(vectors, before)


@pytest.mark.parametrize("shape", [(1, 5), (2, 1), (16, 4), (17, 1), (17, 4), (60, 2)])
def test_few_words_and_short_vectors_have_a_place_too(shape, monkeypatch):
    monkeypatch.setattr(word_map, "ITERATIONS", word_map.EXAGGERATED + 20)  # enough for a place
    points, _ = word_map.place_words(np.random.default_rng(6).normal(size=shape))
    assert points.shape == (shape[0], 2)
    assert np.isfinite(points).all()
    np.testing.assert_allclose(points.min(axis=0), -points.max(axis=0), atol=1e-5)


@pytest.mark.parametrize("num_words", [5, 50])
def test_words_that_are_all_the_same_share_one_place(num_words):
    points, _ = word_map.place_words(np.ones((num_words, 3)))
    np.testing.assert_allclose(points, 0, atol=1e-3)


def test_few_words_are_shown_on_the_principal_plane():
    vectors = nearest.unit(np.random.default_rng(7).normal(size=(10, 2)))
    points, note = word_map.place_words(vectors)
    assert "principal components" in note
    distances = np.linalg.norm(points[:, None] - points, axis=2)  # a plane loses nothing of d = 2
    expected = np.linalg.norm(vectors[:, None] - vectors, axis=2)
    np.testing.assert_allclose(distances, expected, atol=1e-5)


def test_progress_is_reported_to_the_end():
    reports = []
    vectors = np.random.default_rng(8).normal(size=(20, 3))
    word_map.place_words(vectors, lambda done, total: reports.append((done, total)))
    assert reports[0] == (1, word_map.ITERATIONS)
    assert reports[-1] == (word_map.ITERATIONS, word_map.ITERATIONS)
