import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import word2vec
from utils.gradcheck import gradcheck_naive

ELEMENTWISE = ["sigmoid", "log_sigmoid", "relu", "relu_grad", "sigmoid_grad"]
ALL = [*ELEMENTWISE, "softmax", "log_softmax", "normalize_rows"]
LARGEST = np.finfo(np.float64).max
SMALLEST = np.finfo(np.float64).smallest_subnormal


def call(name, x):
    return getattr(word2vec, name)(x)


def test_sigmoid_has_the_values_worked_by_hand():
    # 1 / (1 + 1/2) = 2/3 at log 2, and sigma(-x) = 1 - sigma(x).
    x = np.array([-np.log(2), 0.0, np.log(2)])
    assert_allclose(word2vec.sigmoid(x), [1 / 3, 1 / 2, 2 / 3], rtol=1e-15)


def test_sigmoid_keeps_its_precision_far_below_zero():
    assert_allclose(word2vec.sigmoid(-700.0), np.exp(-700.0), rtol=1e-14)


def test_log_sigmoid_is_the_logarithm_of_the_sigmoid():
    x = np.linspace(-30, 30, 121)
    assert_allclose(word2vec.log_sigmoid(x), np.log(word2vec.sigmoid(x)), rtol=1e-12, atol=1e-15)


def test_log_sigmoid_is_exact_where_the_sigmoid_underflows():
    assert word2vec.log_sigmoid(-800.0) == -800.0


def test_softmax_has_the_values_worked_by_hand():
    # Weights 1 : 2 : 3.
    assert_allclose(word2vec.softmax(np.log([1.0, 2.0, 3.0])), [1 / 6, 2 / 6, 3 / 6], rtol=1e-15)


@pytest.mark.parametrize("shift", [-1000.0, 1000.0])
def test_softmax_does_not_see_a_constant_shift(shift):
    x = np.array([[1.0, 2.0, 4.0], [0.0, -1.0, 0.5]])
    assert_allclose(word2vec.softmax(x + shift), word2vec.softmax(x), rtol=1e-12)


@pytest.mark.parametrize("axis", [0, 1, -1, (0, 1), None])
def test_softmax_sums_to_one_along_its_axis(axis):
    x = np.random.default_rng(0).normal(size=(3, 4))
    assert_allclose(word2vec.softmax(x, axis=axis).sum(axis=axis), 1, rtol=1e-14)


def test_log_softmax_is_the_logarithm_of_the_softmax():
    x = np.random.default_rng(0).normal(size=(3, 4))
    assert_allclose(word2vec.log_softmax(x), np.log(word2vec.softmax(x)), rtol=1e-12)


@pytest.mark.parametrize("shape", [(3, 0), (0,)])
def test_softmax_over_nothing_is_refused(shape):
    with pytest.raises(ValueError, match=r"x must not be empty along axis -1"):
        word2vec.softmax(np.zeros(shape))


def test_softmax_of_no_rows_is_no_rows():
    assert word2vec.softmax(np.zeros((0, 3))).shape == (0, 3)


def test_relu_and_its_derivative_have_the_values_worked_by_hand():
    x = np.array([-2.0, 0.0, 3.0])
    assert_array_equal(word2vec.relu(x), [0, 0, 3])
    assert_array_equal(word2vec.relu_grad(x), [0, 0, 1])


def test_normalize_rows_has_the_values_worked_by_hand():
    x = np.array([[3.0, 4.0], [-5.0, 12.0]])
    assert_allclose(word2vec.normalize_rows(x), [[0.6, 0.8], [-5 / 13, 12 / 13]], rtol=1e-15)


def test_normalize_rows_leaves_zero_rows_zero():
    assert_array_equal(word2vec.normalize_rows(np.zeros((2, 3))), np.zeros((2, 3)))


@pytest.mark.parametrize("size", [LARGEST, SMALLEST, 1e300, 1e-300])
def test_normalize_rows_neither_overflows_nor_vanishes(size):
    expected = np.array([[np.sqrt(0.5), -np.sqrt(0.5)]])
    assert_allclose(word2vec.normalize_rows(np.array([[size, -size]])), expected, rtol=1e-15)


def test_sigmoid_gradient_passes_the_gradient_check():
    x = np.random.default_rng(0).normal(size=(3, 4))

    def f(x):
        s = word2vec.sigmoid(x)
        return s.sum(), word2vec.sigmoid_grad(s)

    gradcheck_naive(f, x, "sigmoid")


def test_log_sigmoid_has_gradient_one_minus_sigmoid():
    x = np.random.default_rng(0).normal(size=5)
    gradcheck_naive(lambda x: (word2vec.log_sigmoid(x).sum(), 1 - word2vec.sigmoid(x)), x)


def test_relu_gradient_passes_the_gradient_check():
    x = np.array([-2.0, -0.1, 0.1, 3.0])  # away from the kink
    gradcheck_naive(lambda x: (word2vec.relu(x).sum(), word2vec.relu_grad(x)), x, "relu")


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept(name, dtype):
    assert call(name, np.array([[0.25, 0.75]], dtype=dtype)).dtype == dtype


@pytest.mark.parametrize("name", ALL)
def test_integers_are_computed_in_float64(name):
    assert call(name, [[0, 1]]).dtype == np.float64


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 1, 3)])
def test_shape_is_kept(name, shape):
    assert np.shape(call(name, np.full(shape, 0.5))) == shape


@pytest.mark.parametrize("name", ALL)
def test_argument_is_left_alone(name):
    x = np.array([[-1.0, 0.5], [2.0, 0.0]])
    before = x.copy()
    call(name, x)
    assert_array_equal(x, before)


@pytest.mark.parametrize("name", [name for name in ALL if name != "sigmoid_grad"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_no_finite_input_gives_nan_or_a_floating_point_warning(name, dtype):
    limits = np.finfo(dtype)
    x = np.array([limits.max, limits.min, 800, -800, limits.tiny, -limits.tiny, 0], dtype=dtype)
    with np.errstate(all="raise"):
        result = call(name, x)
    assert not np.isnan(result).any()


@pytest.mark.parametrize("name", ALL)
def test_what_is_not_real_numbers_is_refused(name):
    with pytest.raises(TypeError, match="must hold real numbers. Got dtype complex128"):
        call(name, np.array([1j]))
