"""Is this gradient the gradient of this loss? Ask the definition of the derivative.

Every entry of x is moved a little up and a little down; the loss must change as the gradient says.
The verdict is an exception, never only a printed line, so a check that fails cannot be overlooked.
"""

import warnings
from collections.abc import Callable
from typing import Any, SupportsFloat

import numpy as np
from numpy.typing import ArrayLike

# Error of a central difference: about STEP^2 |f'''| / 6 from the curve, about eps |f| / STEP from
# rounding. 1e-5 keeps both far below TOLERANCE for losses up to some thousands.
STEP = 1e-5
TOLERANCE = 1e-6
# Against the largest entry of the gradient, for gradients that are small as a whole.
TOLERANCE_OF_WHOLE = 1e-2


class GradientCheckError(AssertionError):
    """A gradient that is not the gradient of its loss, or a function that cannot be checked.

    Attributes
    ----------
    index : tuple of int or None
        Entry of x with the largest error; None where the check failed before comparing entries.
    analytic, numeric : float or None
        The gradient's value at that entry, and the central difference.
    """

    def __init__(
        self,
        message: str,
        index: tuple[int, ...] | None = None,
        analytic: float | None = None,
        numeric: float | None = None,
    ) -> None:
        super().__init__(message)
        self.index = index
        self.analytic = analytic
        self.numeric = numeric


def gradcheck_naive(
    f: Callable[[np.ndarray], tuple[SupportsFloat, ArrayLike]],
    x: ArrayLike,
    name: str = "",
    *,
    verbose: bool = False,
) -> None:
    """Compare the gradient of `f` at `x` with central differences, at every entry of `x`.

    Parameters
    ----------
    f : callable
        f(x) -> (loss, gradient): a scalar, and an array of the shape of `x`. It must give the same
        result whenever it is called with the same `x`: draw random numbers before, not inside.
    x : ndarray of float64, any shape
        The point. Entries are moved in place while the check runs; afterwards, also when `f`
        raises, `x` is what it was. Lists, integers and float32 are checked at the same point in
        float64, of which `f` gets an array of its own; a warning says so.
    name : str
        What is being checked, for messages.
    verbose : bool
        Print what was checked, and the entry that came nearest to failing.

    Returns
    -------
    None
        Returning at all means that the gradient passed.

    Raises
    ------
    GradientCheckError
        If an entry's error |a - n| / max(1, |a|, |n|) between analytic a and numeric n exceeds
        1e-6; or if the largest error is over one hundredth of the largest entry, which catches a
        small gradient (of a mean over many examples, say) that is wrong, or zero, throughout.
        The message names the worst index and both values. Also if `f` is random, changes `x`,
        returns a loss that is no scalar, a gradient of another shape, NaN or infinity.
    TypeError, ValueError
        If `x` is empty or not of real numbers, or an array that cannot be written to.

    Warns
    -----
    UserWarning
        If `x` is no array of float64: central differences are meaningless in float32.

    Notes
    -----
    n_i = (f(x + h e_i) - f(x - h e_i)) / 2h, exact up to terms in h^2; h = 1e-5 max(1, |x_i|).

    Examples
    --------
    >>> gradcheck_naive(lambda x: (np.sum(x**2), 2 * x), np.array([1.0, -3.0]), "square")
    >>> gradcheck_naive(lambda x: (np.sum(x**2), 2 * x), np.array([1.0]), "square", verbose=True)
    square: gradient check passed at all 1 entries of shape (1,), loss 1; \
nearest to failing, at index (0,): analytic 2, numeric 2 (error 0, allowed 2e-06)
    >>> gradcheck_naive(lambda x: (np.sum(x**2), x), np.array([1.0, -3.0]), "square")
    Traceback (most recent call last):
        ...
    word2vec.gradcheck.GradientCheckError: square: gradient check failed at index (1,): \
analytic -3, numeric -6 (error 3, allowed 6e-06)
    """
    x = _as_point(x)
    name = name or getattr(f, "__name__", "f")
    original = x.copy()
    try:
        loss, analytic = _evaluate_twice(f, x, name)
    finally:
        x[...] = original
    nearest = _compare(analytic, central_differences(f, x, name=name), loss, name)
    if verbose:
        print(
            f"{name}: gradient check passed at all {x.size} entries of shape {x.shape}, "
            f"loss {loss:.6g}; nearest to failing, at {nearest}"
        )


def _as_point(x: Any) -> np.ndarray:
    """`x` as a writeable array of float64; of anything else a copy, with a warning."""
    array = np.asarray(x)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"x must hold real numbers. Got dtype {array.dtype} instead.")
    if array.size == 0:
        raise ValueError(f"x must have entries to check. Got shape {array.shape} instead.")
    if array is not x or array.dtype != np.float64:
        given = f"an array of {x.dtype}" if array is x else f"a {type(x).__name__}"
        hint = "np.array(x, dtype=np.float64) would say so."
        if array.dtype.kind == "f" and array is x:
            hint = f"{array.dtype} is too coarse for differences: let f compute in float64, too."
        warnings.warn(
            f"x is {given}: what is checked, and what f gets, is a copy in float64. {hint}",
            stacklevel=3,
        )
        return array.astype(np.float64)
    if not array.flags.writeable:
        raise ValueError("x must be writeable: its entries are moved in place. Pass a copy.")
    return array


def _evaluate_twice(f, x, name):
    """Loss and gradient at x, after making sure that f is a function fit to be checked."""
    before = x.copy()
    loss, gradient = _call(f, x, name)
    gradient = np.array(gradient, dtype=np.float64)  # f might reuse its buffer in the next call
    if gradient.shape != x.shape:
        raise GradientCheckError(
            f"{name}: the gradient must have the shape of x, {x.shape}. "
            f"Got shape {gradient.shape} instead."
        )
    if not np.isfinite(gradient).all():
        raise GradientCheckError(f"{name}: the gradient has entries that are NaN or infinite.")
    again, gradient_again = _call(f, x, name)
    if again != loss or not np.array_equal(gradient_again, gradient):
        raise GradientCheckError(
            f"{name}: two evaluations at the same x differ (losses {loss:.17g} and {again:.17g}). "
            "There is randomness inside: draw it before the check and pass it in."
        )
    if not np.array_equal(x, before):
        raise GradientCheckError(f"{name}: the function changes its argument x.")
    return loss, gradient


def _call(f, x, name):
    loss, gradient = f(x)
    if np.ndim(loss) != 0:
        raise GradientCheckError(
            f"{name}: the loss must be a scalar. Got shape {np.shape(loss)} instead."
        )
    if not np.isfinite(loss):
        raise GradientCheckError(f"{name}: the loss is {loss}; there is nothing to compare.")
    return float(loss), gradient


def central_differences(
    f: Callable[[np.ndarray], tuple[SupportsFloat, ArrayLike]],
    x: np.ndarray,
    step: float = STEP,
    name: str = "f",
) -> np.ndarray:
    """The numeric gradient of `f` at `x`, without a word about the analytic one.

    Parameters
    ----------
    f, x, name
        As for `gradcheck_naive`.
    step : float
        h; entry i moves by h max(1, |x_i|) to each side.

    Returns
    -------
    ndarray of the shape of `x`

    Raises
    ------
    GradientCheckError
        If `f` returns a loss that is no finite scalar.
    """
    original = x.copy()
    numeric = np.empty_like(x)
    try:
        for index in np.ndindex(x.shape):
            value = x[index]
            move = step * max(1.0, abs(float(value)))
            above, below = value + move, value - move
            x[index] = above
            loss_above, _ = _call(f, x, name)
            x[index] = below
            loss_below, _ = _call(f, x, name)
            x[index] = value
            numeric[index] = (loss_above - loss_below) / (above - below)
    finally:
        x[...] = original
    return numeric


def allowed_errors(analytic: np.ndarray, numeric: np.ndarray, loss: float) -> np.ndarray:
    """How far apart the two gradients may be at each entry before the check fails."""
    largest = max(np.abs(analytic).max(), np.abs(numeric).max())
    # What rounding alone may do to a difference of two losses of this size.
    noise = 100 * np.finfo(np.float64).eps * max(1.0, abs(loss)) / STEP
    return noise + np.minimum(
        TOLERANCE * np.maximum(1.0, np.maximum(np.abs(analytic), np.abs(numeric))),
        TOLERANCE_OF_WHOLE * largest,
    )


def _compare(analytic, numeric, loss, name):
    """Raise if the gradients differ; describes the entry that came nearest to it."""
    error = np.abs(analytic - numeric)
    allowed = allowed_errors(analytic, numeric, loss)
    worst = np.unravel_index(np.argmax(error / allowed), error.shape)
    index = tuple(int(i) for i in worst)
    a, n = float(analytic[worst]), float(numeric[worst])
    described = (
        f"index {index}: analytic {a:.6g}, numeric {n:.6g} "
        f"(error {error[worst]:.2g}, allowed {allowed[worst]:.2g})"
    )
    if error[worst] > allowed[worst]:
        raise GradientCheckError(f"{name}: gradient check failed at {described}", index, a, n)
    return described
