"""Checks of what a caller passes in, made once at the public boundary, with errors that teach."""

import contextlib
import math
import numbers
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

# What functions return. What they take is `ArrayLike`: whatever NumPy can make an array of.
FloatArray = NDArray[np.floating]
IntArray = NDArray[np.integer]
Index = int | np.integer | IntArray  # of one row; as an array, of no dimensions
StrPath = str | os.PathLike[str]

# Where Linux says how much memory a container or service may use.
CONTROL_GROUPS = Path("/sys/fs/cgroup")
OWN_CONTROL_GROUPS = Path("/proc/self/cgroup")


def as_float_array(name: str, value: ArrayLike, ndim: int | None = None) -> FloatArray:
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


def as_indices(
    name: str, value: ArrayLike, num_rows: int, matrix_name: str, ndim: int = 1
) -> NDArray[np.intp]:
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


def check_same_width(name: str, array: np.ndarray, other_name: str, other: np.ndarray) -> None:
    """Raise ValueError unless both arrays have vectors of the same size in their last axis."""
    if array.shape[-1] != other.shape[-1]:
        raise ValueError(
            f"{name} and {other_name} must hold vectors of the same size. "
            f"Got shapes {array.shape} and {other.shape} instead."
        )


def check_shape(name: str, array: np.ndarray, shape: tuple[int, ...], reason: str) -> None:
    """Raise ValueError unless `array` has exactly the expected `shape`, which `reason` explains."""
    if array.shape != shape:
        raise ValueError(
            f"{name} must have shape {shape} ({reason}). Got shape {array.shape} instead."
        )


def check_choice(name: str, value: object, choices: Iterable[str]) -> None:
    """Raise ValueError unless `value` is one of the strings `choices`."""
    if not isinstance(value, str) or value not in choices:
        expected = " or ".join(repr(choice) for choice in choices)
        raise ValueError(f"{name} must be {expected}. Got {value!r} instead.")


def check_integer(name: str, value: Any, smallest: int, largest: int | None = None) -> int:
    """`value` as an int; raises ValueError unless it is an integer in that range, and no bool."""
    wrong = isinstance(value, bool) or not isinstance(value, numbers.Integral)
    if wrong or value < smallest or (largest is not None and value > largest):
        expected = f">= {smallest}" if largest is None else f"from {smallest} to {largest}"
        raise ValueError(f"{name} must be an integer {expected}. Got {value!r} instead.")
    return int(value)


def check_finite(name: str, value: Any) -> float:
    """`value` as a float; raises ValueError unless it is a finite real number, and no bool."""
    if not _is_finite(value):
        raise ValueError(f"{name} must be a finite number. Got {value!r} instead.")
    return float(value)


def check_positive(name: str, value: Any, otherwise: str = "") -> float:
    """`value` as a float; raises ValueError unless it is a positive, finite number, and no bool.

    The message says what else the argument may be: `otherwise`.
    """
    if not _is_finite(value) or value <= 0:
        raise ValueError(f"{name} must be a positive number{otherwise}. Got {value!r} instead.")
    return float(value)


def _is_finite(value):
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond all floats
        return False


def check_callable(name: str, value: object, otherwise: str) -> None:
    """Raise TypeError unless `value` can be called; `otherwise` is what else it may be."""
    if not callable(value):
        raise TypeError(f"{name} must be a function{otherwise}. Got {value!r} instead.")


def check_directory(name: str, value: Any) -> None:
    """Raise TypeError or NotADirectoryError unless `value` can be the path of a directory."""
    if not isinstance(value, (str, os.PathLike)) or not os.fspath(value):
        raise TypeError(f"{name} must be the path of a directory, or None. Got {value!r} instead.")
    if os.path.exists(value) and not os.path.isdir(value):
        raise NotADirectoryError(f"{name} must be a directory, but {value} is a file.")


def check_memory(num_bytes: int, what: str, cure: str) -> None:
    """Raise ValueError if less memory may be used here than `what` needs at the very least."""
    limit, whose = memory_limit()
    if num_bytes > limit:
        raise ValueError(
            f"{what} would take at least {num_bytes >> 20:,} MiB of memory; "
            f"{whose} {limit >> 20:,} MiB. {cure}"
        )


def memory_limit() -> tuple[int, str]:
    """The least of all limits on memory, in bytes, and whose it is: "this machine has".

    Those are what the machine has, the limits of the container or service (control groups, both
    versions), and those that the shell's ulimit sets.
    """
    limits = [(sys.maxsize, "this machine has")]
    with contextlib.suppress(AttributeError, OSError, ValueError):  # not on this system
        installed = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        limits.append((installed, "this machine has"))
    for path in _control_group_limits():
        with contextlib.suppress(OSError, ValueError):  # no such file; or it says "max"
            limits.append((int(path.read_text("ascii")), f"the container ({path}) has"))
    with contextlib.suppress(ImportError):
        import resource  # not on Windows

        for name, option in (("RLIMIT_AS", "-v"), ("RLIMIT_DATA", "-d")):
            size = resource.getrlimit(getattr(resource, name))[0]
            if size != resource.RLIM_INFINITY:
                limits.append((size, f"the limit {name} (ulimit {option}) is"))
    return min(limits)


def _control_group_limits():
    """Files that may hold limits of memory: of this process's control group and those above it."""
    groups = ["/"]
    with contextlib.suppress(OSError, ValueError):
        for line in OWN_CONTROL_GROUPS.read_text("utf-8").splitlines():
            _, controllers, group = line.split(":", 2)
            if controllers in ("", "memory"):
                groups.append(group)
    for group in groups:
        for place in (Path(group), *Path(group).parents):
            inside = place.relative_to("/")
            yield CONTROL_GROUPS / inside / "memory.max"
            yield CONTROL_GROUPS / "memory" / inside / "memory.limit_in_bytes"
