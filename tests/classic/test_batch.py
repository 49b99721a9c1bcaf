"""The batched computation equals the sum of the reference models over its windows."""

import functools

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from utils.gradcheck import gradcheck_naive
from word2vec import cbow, skipgram
from word2vec.classic.batch import batch_loss_and_gradient
from word2vec.classic.objective import initial_parameters, word2vec_objective
from word2vec.classic.windows import Windows
from word2vec.sampling import AliasTable

V, D, K = 7, 3, 4
# Four windows; centers and outside words repeat within and across windows.
WINDOWS = Windows(
    np.array([2, 5, 2, 0]),
    np.array([1, 5, 1, 2, 2, 6, 3, 3, 3]),
    np.array([0, 0, 0, 1, 2, 2, 3, 3, 3]),
)
COMBINATIONS = [
    pytest.param(options, num_negatives, id=f"{'-'.join(options.values())}-{num_negatives}")
    for options in (
        {"model": "skipgram"},
        {"model": "cbow", "reduction": "sum"},
        {"model": "cbow", "reduction": "mean"},
    )
    for num_negatives in (0, K)
]
every_combination = pytest.mark.parametrize(("options", "num_negatives"), COMBINATIONS)


@pytest.fixture
def vectors():
    rng = np.random.default_rng(7)
    return rng.normal(size=(V, D)), rng.normal(size=(V, D))


def negatives_for(options, num_negatives, windows=WINDOWS):
    """Negatives with repetitions in the shape that fits, or None for naive softmax."""
    if not num_negatives:
        return None
    targets = windows.outside_idx if options["model"] == "skipgram" else windows.center_idx
    return np.random.default_rng(8).integers(V, size=(len(targets), num_negatives))


def sum_over_windows(options, negatives, center_vectors, outside_vectors):
    """What the batch must equal, by the reference."""
    total = [0.0, 0.0, 0.0]
    for number, center in enumerate(WINDOWS.center_idx):
        members = WINDOWS.window_of == number
        if options["model"] == "skipgram":
            model, own = skipgram, members
        else:
            model, own = functools.partial(cbow, reduction=options["reduction"]), number
        result = model(
            center,
            WINDOWS.outside_idx[members],
            center_vectors,
            outside_vectors,
            None if negatives is None else negatives[own],
        )
        total = [a + b for a, b in zip(total, result, strict=True)]
    return total


@every_combination
def test_batch_equals_the_sum_of_the_reference_over_its_windows(options, num_negatives, vectors):
    negatives = negatives_for(options, num_negatives)
    loss, *grads = batch_loss_and_gradient(WINDOWS, *vectors, negatives, **options)
    expected_loss, *expected = sum_over_windows(options, negatives, *vectors)
    assert_allclose(loss, expected_loss, rtol=1e-12)
    for grad, dense in zip(grads, expected, strict=True):
        assert_allclose(grad.to_dense(V), dense, rtol=1e-10, atol=1e-12)


@every_combination
def test_gradients_pass_the_gradient_check(options, num_negatives, vectors):
    negatives = negatives_for(options, num_negatives)

    def f(stacked):
        loss, *grads = batch_loss_and_gradient(WINDOWS, *stacked, negatives, **options)
        return loss, np.stack([grad.to_dense(V) for grad in grads])

    gradcheck_naive(f, np.stack(vectors))


@every_combination
def test_gradients_are_gathered_on_distinct_rows_of_the_batch(options, num_negatives, vectors):
    negatives = negatives_for(options, num_negatives)
    _, center, outside = batch_loss_and_gradient(WINDOWS, *vectors, negatives, **options)
    source = "center_idx" if options["model"] == "skipgram" else "outside_idx"
    assert_array_equal(center.rows, np.unique(getattr(WINDOWS, source)))
    assert len(np.unique(outside.rows)) == len(outside.rows)


@every_combination
def test_float32_stays_float32(options, num_negatives, vectors):
    arrays = [array.astype(np.float32) for array in vectors]
    negatives = negatives_for(options, num_negatives)
    _, center, outside = batch_loss_and_gradient(WINDOWS, *arrays, negatives, **options)
    assert center.values.dtype == outside.values.dtype == np.float32


@every_combination
def test_objective_is_the_mean_over_the_windows_of_a_batch(options, num_negatives):
    class SameWindows:
        def draw(self, num_windows, rng):
            assert num_windows == 4
            return WINDOWS

    rng = np.random.default_rng(9)
    noise = AliasTable(np.ones(V)) if num_negatives else None
    f = word2vec_objective(
        SameWindows(), noise, rng, batch_size=4, num_negatives=num_negatives, **options
    )
    parameters = np.random.default_rng(7).normal(size=(2 * V, D))

    def repeatable(x):
        rng.bit_generator.state = np.random.default_rng(10).bit_generator.state
        loss, gradient = f(x)
        return loss, gradient.to_dense(2 * V)

    gradcheck_naive(repeatable, parameters)
    if not num_negatives:  # without chance, the value is known too
        loss, *_ = batch_loss_and_gradient(WINDOWS, parameters[:V], parameters[V:], **options)
        assert_allclose(f(parameters)[0], loss / 4)


def test_skipgram_window_without_outside_words_adds_nothing(vectors):
    windows = Windows(np.array([2, 4]), np.array([1, 3]), np.array([0, 0]))
    loss, center, _ = batch_loss_and_gradient(windows, *vectors)
    expected = skipgram(2, [1, 3], *vectors)
    assert_allclose(loss, expected[0])
    assert_allclose(center.to_dense(V), expected[1])


def test_cbow_window_without_outside_words_is_refused(vectors):
    windows = Windows(np.array([2, 4]), np.array([1, 3]), np.array([0, 0]))
    with pytest.raises(ValueError, match="Every window must have an outside word"):
        batch_loss_and_gradient(windows, *vectors, model="cbow")


def test_negatives_that_do_not_fit_are_refused(vectors):
    with pytest.raises(ValueError, match=r"negative_indices must have shape \(9, 4\).*\(4, 4\)"):
        batch_loss_and_gradient(WINDOWS, *vectors, np.zeros((4, 4), dtype=int))


@pytest.mark.parametrize("field", ["center_idx", "outside_idx", "window_of"])
def test_index_out_of_range_is_refused(vectors, field):
    bad = getattr(WINDOWS, field).copy()
    bad[0] = -1
    with pytest.raises(IndexError, match=f"{field} must be rows of"):
        batch_loss_and_gradient(WINDOWS._replace(**{field: bad}), *vectors)


def test_unknown_model_is_refused(vectors):
    with pytest.raises(ValueError, match="model must be 'skipgram' or 'cbow'. Got 'glove'"):
        batch_loss_and_gradient(WINDOWS, *vectors, model="glove")


def test_parameters_start_as_in_the_c_program():
    parameters = initial_parameters(100, 4, np.random.default_rng(0))
    center, outside = parameters[:100], parameters[100:]
    assert not outside.any()
    assert center.min() >= -1 / 8
    assert center.max() < 1 / 8
    assert center.std() == pytest.approx(1 / 8 / np.sqrt(3), rel=0.1)
