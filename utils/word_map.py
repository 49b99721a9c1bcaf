"""A map of words: a point in the plane for each, similar words near each other.

t-SNE (van der Maaten and Hinton 2008): p_ij says how similar words i and j are, q_ij how near their
points y_i and y_j; the points move so that the one comes to resemble the other.

    q_ij = w_ij / Z,    w_ij = 1 / (1 + |y_i - y_j|^2),    Z = sum_{k != l} w_kl
    KL(P || Q) = sum_ij p_ij log(p_ij / q_ij)
    dKL/dy_i   = 4 sum_j p_ij w_ij (y_i - y_j)  -  4 / Z sum_j w_ij^2 (y_i - y_j)

The first sum, the attraction, runs over a word's nearest neighbors, for only they have a p. The
second, the repulsion, runs over all words; here it is a convolution on a grid, after Linderman et
al. (2019), "Fast interpolation-based t-SNE for improved visualization of single-cell RNA-seq data".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import fft, sparse
from scipy.spatial import cKDTree

from word2vec.checks import FloatArray, IntArray
from word2vec.vectors import nearest

Progress = Callable[[int, int], object]

NEIGHBORS = 15
# Start, early exaggeration and step as by Kobak and Berens (2019), "The art of using t-SNE for
# single-cell transcriptomics": from the principal components, with the attraction at first larger.
ITERATIONS = 350
EXAGGERATED = 100
EXAGGERATION = 12
MOMENTUM = 0.9
CELL = 0.5  # width of a cell of the grid; w falls to one half at a distance of 1
MAX_CELLS = 400  # along a side: cells are wider if the points spread farther


def place_words(vectors: np.ndarray, progress: Progress | None = None) -> tuple[FloatArray, str]:
    """A point for each word, and a sentence or two on what the map shows.

    Parameters
    ----------
    vectors : ndarray of shape (n, d)
    progress : callable, optional
        ``progress(done, total)`` as the map gets done.

    Returns
    -------
    points : ndarray of shape (n, 2)
        In the middle of their bounding box is the origin. Nothing is random: the same vectors give
        the same map on the same machine.
    note : str
    """
    unit_vectors = nearest.unit(vectors.astype(float)).astype(np.float32)
    points = principal_plane(unit_vectors)
    note = "The map shows the plane of the first two principal components."
    if len(points) > NEIGHBORS + 1:
        neighbors = nearest_rows(unit_vectors, NEIGHBORS)
        points = tsne(neighbors, points, progress)
        note = (
            "The map (t-SNE) puts similar words near each other; that is all it shows: the "
            "distance of groups, their shape and direction mean nothing. Of the "
            f"{NEIGHBORS} words nearest to a word by cosine, "
            f"{kept_neighbors(neighbors, points):.0%} on average are among its {NEIGHBORS} nearest "
            "here."
        )
    return points - (points.min(axis=0) + points.max(axis=0)) / 2, note


def principal_plane(vectors: FloatArray) -> FloatArray:
    """The vectors (n, d) projected onto their first two principal components, (n, 2)."""
    centered = vectors - vectors.mean(axis=0)
    axes = np.linalg.eigh(centered.T @ centered)[1][:, :-3:-1]
    axes *= np.sign(axes.sum(axis=0))  # else the sign is arbitrary
    plane = centered @ axes
    return np.pad(plane, ((0, 0), (0, 2 - plane.shape[1])))


def nearest_rows(unit_vectors: FloatArray, num_neighbors: int) -> IntArray:
    """The rows (n, num_neighbors) most similar to each row, which itself is left out."""
    n = len(unit_vectors)
    found = np.empty((n, num_neighbors), np.int32)
    for part in nearest.batches(n, n):
        for row, scores in enumerate(unit_vectors[part] @ unit_vectors.T, part.start):
            scores[row] = -np.inf
            found[row] = nearest.largest(scores, num_neighbors)
    return found


def tsne(neighbors: IntArray, start: FloatArray, progress: Progress | None = None) -> FloatArray:
    """Points of the plane for words whose nearest neighbors are known.

    Parameters
    ----------
    neighbors : integer ndarray of shape (n, k)
        Row i has the k words nearest to word i.
    start : ndarray of shape (n, 2)
        Where the words are at first, on any scale.
    progress : callable, optional
        ``progress(done, total)`` after each iteration.

    Returns
    -------
    ndarray of shape (n, 2)

    Notes
    -----
    p_ij is 1 if j is a neighbor of i, plus 1 if i is one of j, divided by the sum over all pairs.
    """
    n, k = neighbors.shape
    links = sparse.csr_array(
        (np.ones(n * k, np.float32), neighbors.ravel(), np.arange(0, n * k + 1, k)), shape=(n, n)
    )
    links = (links + links.T).tocsr()
    links.sum_duplicates()
    p = links.data / links.data.sum()
    linked, begins, degrees = links.indices, links.indptr[:-1], np.diff(links.indptr)

    points = np.array(start.T, np.float32, order="C")  # (2, n), here and in `repulsion`
    spread: Any = max(points.std(), 1e-12)
    points *= 0.01 / spread
    velocity = np.zeros_like(points)
    for iteration in range(ITERATIONS):
        exaggeration = EXAGGERATION if iteration < EXAGGERATED else 1
        offsets = np.repeat(points, degrees, axis=1) - points[:, linked]
        offsets *= p / (1 + (offsets**2).sum(axis=0))
        attraction = np.add.reduceat(offsets, begins, axis=1)
        gradient = 4 * (exaggeration * attraction - repulsion(points))
        velocity = MOMENTUM * velocity - n / exaggeration * gradient
        points = points + velocity
        if progress:
            progress(iteration + 1, ITERATIONS)
    return points.T


def repulsion(points: FloatArray) -> FloatArray:
    """``sum_j w_ij^2 (y_i - y_j) / Z`` for each of the points (2, n), on a grid.

    Each point is shared among the four corners of its cell, in proportion to how near they are.
    What the corners got is convolved with w and with w^2 (dx, dy). Each point reads the sums from
    its four corners, in the same shares: so it does not push itself.
    """
    n = points.shape[1]
    low = points.min(axis=1, keepdims=True)
    width: Any = np.ptp(points, axis=1).max()
    cell = max(CELL, width / MAX_CELLS)
    side = int(width / cell) + 2

    place = (points - low) / cell
    x, y = place.astype(np.int32)
    right, up = place - [x, y]
    corners = (x * side + y)[:, None] + np.array([0, 1, side, side + 1], np.int32)
    shares = np.column_stack(
        [(1 - right) * (1 - up), (1 - right) * up, right * (1 - up), right * up]
    )
    share_of = sparse.csr_array(
        (shares.ravel(), corners.ravel(), np.arange(0, 4 * n + 1, 4)), shape=(n, side * side)
    )
    mass = (share_of.T @ np.ones(n)).reshape(side, side).astype(np.float32)

    # Twice as wide as the grid, so that what leaves at one edge does not come in at the other.
    size = fft.next_fast_len(2 * side, real=True)
    offset = (cell * size * fft.fftfreq(size)).astype(np.float32)
    w = 1 / (1 + offset[:, None] ** 2 + offset**2)
    push = w * w * offset[:, None]
    kernels = fft.rfft2(np.stack([w, push, push.T]))
    sums = fft.irfft2(fft.rfft2(mass, (size, size)) * kernels, (size, size))
    w_sum, *pushes = (share_of @ sums[:, :side, :side].reshape(3, -1).T).T
    return np.stack(pushes).astype(np.float32) / (w_sum.sum() - n)


def kept_neighbors(neighbors: IntArray, points: FloatArray) -> float:
    """Mean share of each word's nearest neighbors that are among as many nearest on the map."""
    k = neighbors.shape[1]
    near = cKDTree(points).query(points, k + 1)[1]
    return float(np.mean([np.isin(a, b).mean() for a, b in zip(neighbors, near, strict=True)]))
