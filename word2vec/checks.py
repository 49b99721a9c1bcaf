"""Checks of what a caller passes in, made once at the public boundary, with errors that teach."""

import math
import numbers

import numpy as np


def as_float_array(name, value, ndim=None):
    """`value` as a floating-point array: float32 and float64 as they are, integers as float64.

    Raises TypeError for anything that is not real numbers and ValueError unless it has `ndim`
    dimensions (`ndim` None accepts any number).
    """
    array = np.asarray(value)
    if array.dtype.kind in "iub":
        array = array.astype(np.float64)
    if array.dtype.kind != "f":
        raise TypeError(f"{name} must hold real numbers. Got dtype {array.dtype} instead.")
    if ndim is not None and array.ndim != ndim:
        expected = {1: "a vector", 2: "a matrix"}[ndim]
        raise ValueError(f"{name} must be {expected}. Got shape {array.shape} instead.")
    return array


def as_indices(name, value, num_rows, matrix_name, ndim=1):
    """`value` as an integer array of `ndim` dimensions with every entry a row of a matrix.

    Negative indices raise IndexError: NumPy would wrap them around and train another word.
    """
    indices = np.asarray(value)
    if indices.size == 0:
        indices = indices.astype(np.intp)  # np.asarray([]) is float64
    if indices.dtype.kind not in "iu":
        raise TypeError(f"{name} must be integers. Got dtype {indices.dtype} instead.")
    if indices.ndim != ndim:
        expected = ("a single index", "a vector of indices", "a matrix of indices")[ndim]
        raise ValueError(f"{name} must be {expected}. Got shape {indices.shape} instead.")
    outside = (indices < 0) | (indices >= num_rows)
    if outside.any():
        raise IndexError(
            f"{name} must be rows of {matrix_name}, 0 to {num_rows - 1}. "
            f"Got {indices[outside].flat[0]} instead; negative indices do not wrap around."
        )
    return indices.astype(np.intp, copy=False)


def check_same_width(name, array, other_name, other):
    """Raise ValueError unless both arrays have vectors of the same size in their last axis."""
    if array.shape[-1] != other.shape[-1]:
        raise ValueError(
            f"{name} and {other_name} must hold vectors of the same size. "
            f"Got shapes {array.shape} and {other.shape} instead."
        )


def check_shape(name, array, shape, reason):
    """Raise ValueError unless `array` has exactly the expected `shape`, which `reason` explains."""
    if array.shape != shape:
        raise ValueError(
            f"{name} must have shape {shape} ({reason}). Got shape {array.shape} instead."
        )


def check_choice(name, value, choices):
    """Raise ValueError unless `value` is one of `choices`."""
    if value not in choices:
        expected = " or ".join(repr(choice) for choice in choices)
        raise ValueError(f"{name} must be {expected}. Got {value!r} instead.")


def check_integer(name, value, smallest):
    """Raise ValueError unless `value` is an integer and at least `smallest`."""
    if not isinstance(value, numbers.Integral) or value < smallest:
        raise ValueError(f"{name} must be an integer >= {smallest}. Got {value!r} instead.")


def check_finite(name, value):
    """Raise ValueError unless `value` is a real number, neither NaN nor infinite."""
    if not isinstance(value, numbers.Real) or not math.isfinite(value):
        raise ValueError(f"{name} must be a finite number. Got {value!r} instead.")
