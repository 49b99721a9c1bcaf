"""The engine's kernels: right by the gradient checker, and equal to the reference models."""

import functools

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from utils.gradcheck import gradcheck_naive
from word2vec import cbow, log_sigmoid, sigmoid, skipgram
from word2vec.engine import kernels
from word2vec.engine.blocks import draw_blocks, overlapping
from word2vec.engine.kernels import (
    cbow_naive_softmax,
    cbow_neg_sampling,
    skipgram_naive_softmax,
    skipgram_neg_sampling,
)
from word2vec.sampling import AliasTable

V, D, WINDOW, K, N, BLOCK_SIZE, GROUP_SIZE = 9, 3, 2, 5, 4, 4, 2
KERNELS = {
    "skip-gram, negative sampling": functools.partial(skipgram_neg_sampling, num_negatives=K),
    "CBOW mean, negative sampling": functools.partial(
        cbow_neg_sampling, num_negatives=K, reduction="mean"
    ),
    "CBOW sum, negative sampling": functools.partial(
        cbow_neg_sampling, num_negatives=K, reduction="sum"
    ),
    "skip-gram, naive softmax": functools.partial(skipgram_naive_softmax, max_logits=4 * V),
    "CBOW mean, naive softmax": functools.partial(
        cbow_naive_softmax, max_logits=4 * V, reduction="mean"
    ),
    "CBOW sum, naive softmax": functools.partial(
        cbow_naive_softmax, max_logits=4 * V, reduction="sum"
    ),
}
every_kernel = pytest.mark.parametrize("name", KERNELS)


def example_ids(length=40, seed=0):
    """Words of a small vocabulary, so that they repeat, in sentences."""
    rng = np.random.default_rng(seed)
    ids = rng.integers(V, size=length)
    ids[[7, 20, 21, 30]] = V  # ends of sentences, one of them empty
    return ids.astype(np.int32)


def example_run(name="skip-gram", ids=None, window=WINDOW, keep=1.0, seed=1):
    ids = example_ids() if ids is None else ids
    keep = np.append(np.full(V, keep, dtype=np.float32), np.float32(2))
    reach = "expected" if name.startswith("skip-gram") else "drawn"
    noise = AliasTable(np.arange(1, V + 1))
    rng = np.random.default_rng(seed)
    return draw_blocks(ids, V, keep, window, reach, noise, N, BLOCK_SIZE, GROUP_SIZE, rng)


@pytest.fixture
def vectors():
    rng = np.random.default_rng(2)
    return rng.normal(size=(V, D)), rng.normal(size=(V, D))


def windows_of(run):
    """Center, outside words, their weights and the negatives of every window of a run."""
    for block, place in np.ndindex(run.centers.shape):
        weights = run.weights[block, :, place].astype(float)
        if weights.any():
            outside = run.seen[block][weights > 0]
            yield (
                run.centers[block, place],
                outside,
                weights[weights > 0],
                run.negatives[block // GROUP_SIZE],
            )


def negatives_loss(vector, negatives, u, num_pairs):
    """The shared negatives' part of the loss of a center in `num_pairs` pairs, with gradients."""
    weight = num_pairs * K / N
    scores = u[negatives] @ vector
    grad_u = np.zeros_like(u)
    np.add.at(grad_u, negatives, weight * np.outer(sigmoid(scores), vector))
    return -weight * log_sigmoid(-scores).sum(), weight * sigmoid(scores) @ u[negatives], grad_u


def reference(name, run, v, u):
    """The weighted sum of `skipgram` or `cbow` over the windows, with the shared negatives."""
    total = [0.0, np.zeros_like(v), np.zeros_like(u)]
    reduction = "mean" if "mean" in name else "sum"
    skip = name.startswith("skip-gram")
    for center, outside, weights, negatives in windows_of(run):
        none = None
        if "negative" in name:  # the true words' part: negative sampling without negatives
            none = np.zeros((1, 0) if skip else 0, dtype=int)
        if skip:
            for word, weight in zip(outside, weights, strict=True):
                parts = skipgram(center, [word], v, u, none)
                total = [a + weight * b for a, b in zip(total, parts, strict=True)]
        else:
            parts = cbow(center, outside, v, u, none, reduction=reduction)
            total = [a + b for a, b in zip(total, parts, strict=True)]
        if "negative" not in name:
            continue
        rows = [center] if skip else outside
        scale = 1 / len(outside) if reduction == "mean" and not skip else 1
        vector = scale * v[rows].sum(axis=0)
        loss, grad, grad_u = negatives_loss(vector, negatives, u, weights.sum() if skip else 1)
        total[0] += loss
        np.add.at(total[1], rows, scale * grad)
        total[2] += grad_u
    return total


@every_kernel
def test_kernel_equals_the_reference_over_the_same_pairs(name, vectors):
    run = example_run(name)
    result = KERNELS[name](*vectors, run)
    loss, grad_center, grad_outside = reference(name, run, *vectors)
    assert_allclose(result.loss, loss, rtol=1e-12)
    assert_allclose(result.grad_center_vectors.to_dense(V), grad_center, rtol=1e-10, atol=1e-12)
    assert_allclose(result.grad_outside_vectors.to_dense(V), grad_outside, rtol=1e-10, atol=1e-12)


@every_kernel
def test_both_gradients_pass_the_gradient_check(name, vectors):
    run = example_run(name, example_ids(32))

    def f(stacked):
        result = KERNELS[name](*stacked, run)
        grads = (result.grad_center_vectors, result.grad_outside_vectors)
        return result.loss, np.stack([grad.to_dense(V) for grad in grads])

    gradcheck_naive(f, np.stack(vectors), name)


@every_kernel
def test_number_of_pairs_is_that_of_the_predictions_with_their_weights(name, vectors):
    run = example_run(name)
    pairs = [weights.sum() for _, _, weights, _ in windows_of(run)]
    expected = sum(pairs) if name.startswith("skip-gram") else len(pairs)
    assert_allclose(KERNELS[name](*vectors, run).num_pairs, expected)


@every_kernel
def test_float32_stays_float32(name, vectors):
    result = KERNELS[name](*(array.astype(np.float32) for array in vectors), example_run(name))
    assert result.grad_center_vectors.values.dtype == np.float32
    assert result.grad_outside_vectors.values.dtype == np.float32


@every_kernel
def test_run_without_pairs_has_no_loss_and_no_gradient(name, vectors):
    result = KERNELS[name](*vectors, example_run(name, np.array([V, 3, V], dtype=np.int32)))
    assert result.loss == 0
    assert result.num_pairs == 0
    assert not result.grad_center_vectors.values.any()
    assert not result.grad_outside_vectors.values.any()


@pytest.mark.parametrize("name", [name for name in KERNELS if "negative" in name])
def test_loss_on_some_blocks_leaves_the_gradients_alone(name, vectors):
    run = example_run(name)
    whole, part = (KERNELS[name](*vectors, run, every=every) for every in (1, 2))
    assert part.num_pairs < whole.num_pairs
    assert part.loss < whole.loss
    assert_array_equal(part.grad_center_vectors.values, whole.grad_center_vectors.values)
    assert_array_equal(part.grad_outside_vectors.values, whole.grad_outside_vectors.values)


@pytest.mark.parametrize("window", [1, WINDOW, 9])
@pytest.mark.parametrize("name", [name for name in KERNELS if "negative" in name])
def test_tiles_do_not_change_the_result(name, window, vectors, monkeypatch):
    run = example_run(name, window=window)
    whole = KERNELS[name](*vectors, run)
    monkeypatch.setattr(kernels, "TILE_NUMBERS", 1)  # a group in each tile
    parts = KERNELS[name](*vectors, run)
    assert_allclose(parts.loss, whole.loss)
    for side in ("grad_center_vectors", "grad_outside_vectors"):
        assert_array_equal(getattr(parts, side).rows, getattr(whole, side).rows)
        assert_allclose(getattr(parts, side).values, getattr(whole, side).values, atol=1e-12)


@pytest.mark.parametrize("max_logits", [1, 3 * V, 10**6])
def test_memory_bound_of_naive_softmax_does_not_change_the_result(max_logits, vectors):
    run = example_run()
    expected = skipgram_naive_softmax(*vectors, run, 7 * V)
    result = skipgram_naive_softmax(*vectors, run, max_logits)
    assert_allclose(result.loss, expected.loss)
    assert_allclose(result.grad_outside_vectors.values, expected.grad_outside_vectors.values)


# The layout


def positions_seen(run, window):
    """For every center of a run, which tokens of the run it sees, and their weights."""
    num_blocks, block_size = run.centers.shape
    for at in range(num_blocks * block_size):
        block, place = divmod(at, block_size)
        seen = np.flatnonzero(run.weights[block, :, place])
        yield block * block_size + seen - window, run.weights[block, seen, place]


@pytest.mark.parametrize("window", [1, 2, 5, 20])
def test_expected_reach_weighs_the_words_of_the_sentence_by_their_distance(window):
    ids = example_ids(60)
    run = example_run("skip-gram", ids, window)
    sentence = np.cumsum(ids == V)[ids < V]
    for at, (seen, weights) in enumerate(positions_seen(run, window)):
        if at >= len(sentence):  # padding
            assert not len(seen)
            continue
        distance = np.abs(np.arange(len(sentence)) - at)
        near = (distance > 0) & (distance <= window) & (sentence == sentence[at])
        assert_array_equal(seen, np.flatnonzero(near))
        assert_allclose(weights, (window + 1 - distance[near]) / window, rtol=1e-6)


@pytest.mark.parametrize("window", [1, 2, 5, 20])
def test_drawn_reach_pairs_with_all_words_of_the_sentence_within_it(window):
    ids = example_ids(60)
    run = example_run("CBOW", ids, window)
    sentence = np.cumsum(ids == V)[ids < V]
    for at, (seen, weights) in enumerate(positions_seen(run, window)):
        if at >= len(sentence):  # padding
            assert not len(seen)
            continue
        distance = np.abs(np.arange(len(sentence)) - at)
        reach = np.abs(seen - at).max(initial=1)
        near = (distance > 0) & (distance <= reach) & (sentence == sentence[at])
        assert reach <= window
        assert_array_equal(seen, np.flatnonzero(near))
        assert (weights == 1).all()


def test_expected_reach_is_the_mean_of_drawn_ones():
    ids = np.zeros(40_000, dtype=np.int32)
    drawn, expected = (example_run(name, ids, window=4) for name in ("CBOW", "skip-gram"))
    inner = slice(1, -1)  # the blocks without a border
    assert_allclose(
        drawn.weights[inner].mean(axis=0), expected.weights[inner].mean(axis=0), atol=0.03
    )


def test_dropped_tokens_let_windows_reach_further():
    keep_some = example_run(ids=np.zeros(1000, dtype=np.int32), keep=0.3)
    assert 250 < keep_some.centers.size < 350 + BLOCK_SIZE * GROUP_SIZE


def test_blocks_see_their_centers_and_a_window_on_either_side():
    run = example_run(ids=np.arange(4 * BLOCK_SIZE, dtype=np.int32) % V)
    padded = np.pad(run.centers.ravel(), WINDOW)
    for number, seen in enumerate(run.seen):
        start = number * BLOCK_SIZE
        assert_array_equal(seen, padded[start : start + BLOCK_SIZE + 2 * WINDOW])


@pytest.mark.parametrize(("length", "stride"), [(5, 2), (3, 3), (6, 1)])
def test_overlapping_is_a_view_of_stretches(length, stride):
    array = np.arange(24.0).reshape(12, 2)
    view = overlapping(array, length, stride)
    expected = [array[start : start + length] for start in range(0, 12 - length + 1, stride)]
    assert_array_equal(view, expected)
    view[0, 0] = 7
    assert (array[0] == 7).all()
