"""The checker itself: what is right passes, and each classic mistake is caught."""

import re

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from utils.gradcheck import GradientCheckError, gradcheck_naive
from word2vec import sigmoid, sigmoid_grad, softmax, softmax_cross_entropy


def square(x):
    return np.sum(x**2), 2 * x


# What is right


@pytest.mark.parametrize("shape", [(), (4,), (2, 3), (2, 1, 2)])
def test_right_gradient_passes_in_any_shape(shape):
    gradcheck_naive(square, np.array(np.random.default_rng(0).normal(size=shape)))


@pytest.mark.parametrize("scale", [1e-12, 1e-6, 1.0, 1e6])
def test_right_gradient_passes_at_any_scale_of_the_loss(scale):
    x = np.random.default_rng(0).normal(size=(3, 4))
    gradcheck_naive(lambda x: (scale * np.sum(x**2), scale * 2 * x), x)


@pytest.mark.parametrize("place", [1e-8, 123.456, 1e6])
def test_right_gradient_passes_anywhere(place):
    gradcheck_naive(square, np.array([place, -place]))


def test_constant_function_passes():
    gradcheck_naive(lambda x: (3.0, np.zeros_like(x)), np.ones(2))


# What is wrong


@pytest.mark.parametrize("scale", [1e-5, 1.0])
def test_gradient_of_zeros_is_caught_even_where_the_gradient_is_small(scale):
    with pytest.raises(GradientCheckError, match="analytic 0, numeric"):
        gradcheck_naive(lambda x: (scale * np.sum(x**2), np.zeros_like(x)), np.ones((2, 2)))


def test_single_wrong_entry_is_named_with_both_values():
    def f(x):
        loss, gradient = square(x)
        gradient[1, 2] += 0.5
        return loss, gradient

    message = r"^my loss: .* index \(1, 2\): analytic 10.5, numeric 10 "
    with pytest.raises(GradientCheckError, match=message) as caught:
        gradcheck_naive(f, np.arange(6.0).reshape(2, 3), "my loss")
    assert caught.value.index == (1, 2)
    assert caught.value.analytic == 10.5
    assert caught.value.numeric == pytest.approx(10)


def test_error_of_a_hundred_thousandth_is_caught():
    with pytest.raises(GradientCheckError):
        gradcheck_naive(lambda x: (np.sum(x**2), 2.00001 * x), np.ones(2))


def softmax_over_the_wrong_axis(z):
    loss, _ = softmax_cross_entropy(z, [0, 1, 1])
    return loss, softmax(z, axis=0) - np.eye(2)[[0, 1, 1]]


def missing_sigmoid_derivative(x):
    h = sigmoid(x)
    return np.sum(h**2), 2 * h


def derivative_taken_of_the_wrong_argument(x):
    h = sigmoid(x)
    return np.sum(h**2), 2 * h * sigmoid_grad(x)


def forgotten_sum(x):
    return np.sum(x) ** 2, 2 * x


MISTAKES = [
    softmax_over_the_wrong_axis,
    missing_sigmoid_derivative,
    derivative_taken_of_the_wrong_argument,
    forgotten_sum,
]


@pytest.mark.parametrize("mistake", MISTAKES)
def test_classic_mistake_is_caught_by_name(mistake):
    x = np.random.default_rng(0).normal(size=(3, 2))
    with pytest.raises(GradientCheckError, match=f"^{mistake.__name__}: gradient check failed"):
        gradcheck_naive(mistake, x)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_gradient_that_is_not_finite_is_caught(bad):
    with pytest.raises(GradientCheckError, match="NaN or infinite"):
        gradcheck_naive(lambda x: (np.sum(x), np.full_like(x, bad)), np.ones(2))


def test_loss_that_is_not_finite_is_caught():
    with pytest.raises(GradientCheckError, match="the loss is nan"):
        gradcheck_naive(lambda x: (np.nan, x), np.ones(2))


# What cannot be checked


def test_gradient_of_the_wrong_shape_is_refused():
    with pytest.raises(GradientCheckError, match=r"shape of x, \(2, 3\). Got shape \(3,\)"):
        gradcheck_naive(lambda x: (np.sum(x**2), x[0]), np.ones((2, 3)))


def test_loss_that_is_no_scalar_is_refused():
    with pytest.raises(GradientCheckError, match=r"must be a scalar. Got shape \(2,\)"):
        gradcheck_naive(lambda x: (x**2, 2 * x), np.ones(2))


def test_randomness_inside_is_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(GradientCheckError, match="two evaluations .* differ .*randomness"):
        gradcheck_naive(lambda x: (np.sum(x**2) + rng.normal(), 2 * x), np.ones(2))


def test_randomness_in_the_gradient_alone_is_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(GradientCheckError, match="two evaluations .* differ .*randomness"):
        gradcheck_naive(lambda x: (np.sum(x**2), 2 * x + rng.normal()), np.ones(2))


def test_function_that_changes_its_argument_is_refused_and_x_restored():
    calls = []

    def f(x):
        calls.append(1)
        if len(calls) == 2:  # after both evaluations have given the same
            x += 1
            return 2.0, np.ones(2)
        return 2.0, np.ones(2)

    x = np.ones(2)
    with pytest.raises(GradientCheckError, match="changes its argument"):
        gradcheck_naive(f, x)
    assert_array_equal(x, np.ones(2))


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.ones(2, dtype=np.float32), "an array of float32: .* float32 is too coarse"),
        (np.ones(2, dtype=int), "an array of int64: .* copy in float64"),
        ([1.0, 2.0], "a list: .* copy in float64"),
        ([[1, 2], [3, 4]], "a list: "),
        (3, "a int: "),
    ],
)
def test_point_that_is_not_float64_is_checked_in_float64_with_a_word(x, message):
    seen = []

    def f(x):
        seen.append(x.dtype)
        return square(x)

    with pytest.warns(UserWarning, match=f"^x is {message}"):
        gradcheck_naive(f, x)
    assert set(seen) == {np.dtype(np.float64)}
    with (
        pytest.warns(UserWarning, match="float64"),
        pytest.raises(GradientCheckError, match="failed at index"),
    ):
        gradcheck_naive(lambda x: (np.sum(x**2), 3 * x), x)


def test_given_float32_stays_what_it_was():
    x = np.float32([1, 2])
    with pytest.warns(UserWarning, match="float32"):
        gradcheck_naive(square, x)
    assert x.dtype == np.float32
    assert_array_equal(x, [1, 2])


@pytest.mark.parametrize("x", [[1j], ["a"], None, [None]])
def test_point_that_is_no_real_numbers_is_refused(x):
    with pytest.raises(TypeError, match=r"x must hold real numbers\. Got dtype"):
        gradcheck_naive(square, x)


def test_verbose_check_prints_what_it_checked(capsys):
    gradcheck_naive(square, np.array([[1.0, -3.0]]), "square", verbose=True)
    assert re.fullmatch(
        r"square: gradient check passed at all 2 entries of shape \(1, 2\), loss 10; nearest to "
        r"failing, at index \(0, .\): analytic (\S+), numeric \1 \(error \S+, allowed .e-06\)\n",
        capsys.readouterr().out,
    )


def test_check_is_silent_unless_asked(capsys):
    gradcheck_naive(square, np.ones(2))
    assert capsys.readouterr().out == ""


def test_point_without_entries_is_refused():
    with pytest.raises(ValueError, match=r"must have entries to check. Got shape \(0, 2\)"):
        gradcheck_naive(square, np.ones((0, 2)))


def test_read_only_point_is_refused():
    x = np.ones(2)
    x.setflags(write=False)
    with pytest.raises(ValueError, match="must be writeable"):
        gradcheck_naive(square, x)


# x afterwards


def test_x_is_what_it_was():
    x = np.random.default_rng(0).normal(size=5)
    before = x.copy()
    gradcheck_naive(square, x)
    assert_array_equal(x, before)


def test_x_is_what_it_was_also_when_f_raises():
    x, calls = np.ones(3), []

    def f(x):
        calls.append(1)
        if len(calls) == 4:  # in the middle of the differences
            raise RuntimeError("broken")
        return square(x)

    with pytest.raises(RuntimeError, match="broken"):
        gradcheck_naive(f, x)
    assert_array_equal(x, np.ones(3))
