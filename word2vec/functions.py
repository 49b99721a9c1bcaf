"""The elementary functions of the models, written so that no finite input can break them.

Each takes an array of any shape (or a number), never changes it, and returns an array of the same
shape and dtype: float32 stays float32, float64 stays float64, integers are computed as float64.
"""

import numpy as np
from numpy.typing import ArrayLike

from .checks import FloatArray, as_float_array

Axis = int | tuple[int, ...] | None  # along which to normalise; None: all of the array

# exp() of a large negative number is 0.0 in floating point, which is the right answer here, and
# subtracting the largest entry may reach -inf, whose exp() is 0.0 as well. Callers who turn
# floating-point warnings into errors (np.seterr) must not see either.
_harmless = np.errstate(under="ignore", over="ignore")


@_harmless
def sigmoid(x: ArrayLike) -> FloatArray:
    """Logistic function, elementwise.

    Parameters
    ----------
    x : array_like of any shape

    Returns
    -------
    ndarray of the shape and dtype of `x`, each entry in [0, 1].

    Notes
    -----
    sigma(x) = 1 / (1 + exp(-x)) = exp(x) / (1 + exp(x)). The first form is used for x >= 0, the
    second for x < 0, so that exp() is never taken of a positive number and cannot overflow.

    Examples
    --------
    >>> sigmoid(np.array([-800.0, 0.0, 800.0]))
    array([0. , 0.5, 1. ])
    """
    x = as_float_array("x", x)
    exp_minus_abs = np.exp(-np.abs(x))
    numerator = np.where(x >= 0, x.dtype.type(1), exp_minus_abs)
    return numerator / (1 + exp_minus_abs)


def sigmoid_grad(s: ArrayLike) -> FloatArray:
    """Derivative of the sigmoid, from its value.

    Parameters
    ----------
    s : array_like of any shape
        The *output* of `sigmoid`, not its argument.

    Returns
    -------
    ndarray of the shape and dtype of `s`.

    Notes
    -----
    With s = sigma(x): sigma'(x) = s (1 - s). Taking s costs no second exp(); passing x instead is
    a classic mistake that only a gradient check finds.
    """
    s = as_float_array("s", s)
    return s * (1 - s)


@_harmless
def log_sigmoid(x: ArrayLike) -> FloatArray:
    """Logarithm of the sigmoid, elementwise, without ever computing log(0).

    Parameters
    ----------
    x : array_like of any shape

    Returns
    -------
    ndarray of the shape and dtype of `x`, each entry <= 0.

    Notes
    -----
    log sigma(x) = -log(1 + exp(-x)) = min(x, 0) - log1p(exp(-|x|)), exact where
    ``np.log(sigmoid(x))`` is -inf (from x = -746 on in float64).

    Examples
    --------
    >>> log_sigmoid(np.array([-800.0, 0.0]))
    array([-8.00000000e+02, -6.93147181e-01])
    """
    x = as_float_array("x", x)
    return np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))


@_harmless
def softmax(x: ArrayLike, axis: Axis = -1) -> FloatArray:
    """Softmax along an axis: positive weights that sum to one.

    Parameters
    ----------
    x : array_like of any shape
    axis : int, tuple of int or None
        The axis along which the result sums to one; None takes the whole array.

    Returns
    -------
    ndarray of the shape and dtype of `x`.

    Raises
    ------
    ValueError
        If there is nothing to normalise: `axis` has length zero.

    Notes
    -----
    softmax(x)_i = exp(x_i) / sum_j exp(x_j). Adding a constant to all x_j cancels in the fraction,
    so the largest entry is subtracted first and no exp() can overflow.

    Examples
    --------
    >>> softmax(np.array([1001.0, 1002.0]))
    array([0.26894142, 0.73105858])
    """
    exp_x = np.exp(_minus_largest(x, axis))
    return exp_x / exp_x.sum(axis=axis, keepdims=True)


@_harmless
def log_softmax(x: ArrayLike, axis: Axis = -1) -> FloatArray:
    """Logarithm of the softmax, without ever taking the log of a rounded-off probability.

    Parameters
    ----------
    x : array_like of any shape
    axis : int, tuple of int or None
        As in `softmax`.

    Returns
    -------
    ndarray of the shape and dtype of `x`, each entry <= 0.

    Raises
    ------
    ValueError
        If there is nothing to normalise: `axis` has length zero.

    Notes
    -----
    log softmax(x)_i = x_i - log sum_j exp(x_j), finite where ``np.log(softmax(x))`` is -inf.

    Examples
    --------
    >>> log_softmax(np.array([-800.0, 800.0]))
    array([-1600.,     0.])
    """
    x = _minus_largest(x, axis)
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))


def _minus_largest(x: ArrayLike, axis: Axis) -> FloatArray:
    """Shift x so that its largest entry along `axis` is 0: exp() of it cannot overflow."""
    x = as_float_array("x", x)
    axes = range(x.ndim) if axis is None else np.atleast_1d(axis)
    if x.size == 0 and any(x.shape[a] == 0 for a in axes):
        raise ValueError(f"x must not be empty along axis {axis}. Got shape {x.shape} instead.")
    return x - x.max(axis=axis, keepdims=True)


def relu(x: ArrayLike) -> FloatArray:
    """Rectified linear unit, max(x, 0), elementwise.

    Parameters
    ----------
    x : array_like of any shape

    Returns
    -------
    ndarray of the shape and dtype of `x`.
    """
    return np.maximum(as_float_array("x", x), 0)


def relu_grad(x: ArrayLike) -> FloatArray:
    """Derivative of `relu` at `x`, elementwise: 1 where x > 0, else 0.

    Parameters
    ----------
    x : array_like of any shape
        The *argument* of `relu`. (Its output serves as well: both are positive at the same places.)

    Returns
    -------
    ndarray of the shape and dtype of `x`.

    Notes
    -----
    At x = 0 there is no derivative; 0 is the usual choice of subgradient.
    """
    x = as_float_array("x", x)
    return (x > 0).astype(x.dtype)


@_harmless
def normalize_rows(x: ArrayLike) -> FloatArray:
    """Scale every row to Euclidean length one; rows of zeros stay zero.

    Parameters
    ----------
    x : array_like of any shape
        Rows are taken along the last axis: a vector is one row, a matrix (V, d) has V rows.

    Returns
    -------
    ndarray of the shape and dtype of `x`.

    Notes
    -----
    x_i / ||x_i||. Each row is first divided by its largest entry, so that squaring can neither
    overflow nor vanish.

    Examples
    --------
    >>> normalize_rows(np.array([[3.0, 4.0], [0.0, 0.0]]))
    array([[0.6, 0.8],
           [0. , 0. ]])
    """
    x = as_float_array("x", x)
    largest = np.abs(x).max(axis=-1, keepdims=True, initial=0)
    scaled = x / np.where(largest > 0, largest, x.dtype.type(1))
    length = np.sqrt(np.square(scaled).sum(axis=-1, keepdims=True))
    return scaled / np.where(length > 0, length, x.dtype.type(1))
