"""How a result is compared with what it should be, and how the difference is put into words."""

import contextlib
import warnings

import numpy as np

from . import references
from .gradcheck import GradientCheckError, gradcheck_naive


class Wrong(Exception):
    """A result that is not what it should be; the message says in what."""


def expect(what, got, right, tolerance=1e-9):
    """Raise `Wrong` unless an array or number has the shape and the values of `right`."""
    got, right = as_numbers(what, got), np.asarray(right, dtype=np.float64)
    if got.shape != right.shape:
        raise Wrong(f"{what} has the shape {got.shape}; it should be {right.shape}.")
    wrong = ~np.isclose(got, right, rtol=tolerance, atol=tolerance)
    if wrong.any():
        index = tuple(int(i) for i in np.argwhere(wrong)[0])
        place = f" at {list(index)}" if index else ""
        raise Wrong(f"{what} is {got[index]:.6g}{place}; it should be {right[index]:.6g}.")


def as_numbers(what, got):
    if got is None:
        raise Wrong(f"{what} is None: is there a return?")
    try:
        return np.asarray(got, dtype=np.float64)
    except (TypeError, ValueError):
        raise Wrong(f"{what} should be numbers. It is {type(got).__name__}.") from None


def parts(what, result, number):
    """The parts of a result that is a tuple of so many."""
    if not isinstance(result, tuple) or len(result) != number:
        got = f"a tuple of {len(result)}" if isinstance(result, tuple) else type(result).__name__
        raise Wrong(f"{what} should return a tuple of {number}. It returns {got}.")
    return result


def check_gradient(what, loss, gradient, x):
    """Raise `Wrong` unless gradient(x) passes the gradient check for the true loss(x)."""

    def loss_and_gradient(moved):
        # Only at x itself does the check look at the gradient.
        return loss(moved), as_numbers(what, gradient(moved)) if np.array_equal(moved, x) else x

    try:
        gradcheck_naive(loss_and_gradient, x.copy(), what)
    except GradientCheckError as error:
        hint = describe(as_numbers(what, gradient(x.copy())), references.gradient(loss, x))
        raise Wrong(f"{error}. {hint}".replace("..", ".").strip()) from None


def describe(gradient, right):
    """What kind of wrong a gradient is, if it is one of the common kinds."""
    if gradient.shape != right.shape:
        transposed = gradient.shape == right.T.shape and close(gradient.T, right)
        return "It is the right one transposed." if transposed else ""
    if not gradient.any():
        return "It is zero everywhere."
    factor = (gradient * right).sum() / np.square(right).sum()
    if close(gradient, -right):
        return "It is the right one with the opposite sign."
    if close(gradient, factor * right):
        return f"It is {factor:.4g} times the right one."
    if right.ndim == 2:
        wrong = [row for row in range(len(right)) if not close(gradient[row], right[row])]
        if len(wrong) == 1:
            return f"Only row {wrong[0]} is wrong."
        if len(wrong) < len(right):
            return f"Only rows {', '.join(map(str, wrong))} are wrong."
    return ""


def close(a, b):
    return np.allclose(a, b, rtol=1e-5, atol=1e-8)


@contextlib.contextmanager
def no_warnings(what):
    """Raise `Wrong` for a floating-point warning inside the block."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        try:
            yield
        except RuntimeWarning as warning:
            raise Wrong(f"{what} warns: {warning}.") from None
