"""Pictures: words in the plane, losses over time, a confusion matrix, the check of a gradient.

Each function draws into the `ax` it is given, or else into a new pyplot figure, and returns the
Axes. Add a title with ``ax.set_title``, save with ``ax.figure.savefig(path, dpi=160)``.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from utils.fonts import fonts_for
from utils.plot_style import LINE_STYLES, MARKERS, PALETTE, cycle, darker, lighten, settle_layout
from utils.word_plane import draw_words, principal_plane
from word2vec import KeyedVectors
from word2vec.checks import as_float_array
from word2vec.gradcheck import STEP, GradientCheckError, allowed_errors, central_differences

MAX_MARKED_LOSSES = 30  # more points than these are a curve without markers


def plot_words(
    words: Iterable[str],
    vectors: ArrayLike | KeyedVectors | Mapping[str, ArrayLike] | None = None,
    *,
    points: ArrayLike | None = None,
    groups: Mapping[str, Iterable[str]] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw words as labelled points, on the plane of their first two principal components.

    Parameters
    ----------
    words : sequence of str, length n
    vectors : array-like of shape (n, d), or KeyedVectors, or dict of str to vector
        A row for each word, or where to look the words up.
    points : array-like of shape (n, 2), optional
        Where to draw the words instead, as t-SNE or UMAP say; `vectors` can be left out then.
    groups : dict of str to list of str, optional
        Name of a group -> its words, which share a colour and a shape. Words in no group are grey.
    ax : matplotlib Axes, optional
        Where to draw. Default: a new figure.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    KeyError
        If words have no vector in the mapping `vectors`.
    TypeError, ValueError
        If `words` is empty or not of strings; if `vectors` is not a matrix of finite numbers with a
        row for each word; if a group has a word that is not plotted, or is in another group.

    Notes
    -----
    With X the vectors less their mean and X = U S V^T, points are the first two columns of X V, and
    s_i^2 / sum_j s_j^2 is the share of variance written on the axes. The sign of a column of V is
    that which makes its largest entry positive, so the same vectors give the same picture.

    Labels are placed for the size and limits that the Axes have at the end of the call. Enlarging
    them later does no harm; shrinking them can make labels overlap.
    """
    if points is not None:
        words, points = _words_and_matrix(words, points, "points")
        if points.shape[1] != 2:
            raise ValueError(f"points must have two columns. Got shape {points.shape} instead.")
        return draw_words(words, points, None, groups, ax).ax
    if vectors is None:
        raise TypeError("plot_words needs vectors, or points to draw the words at.")
    words, vectors = _words_and_matrix(words, vectors)
    plane = principal_plane(vectors)
    return draw_words(words, plane.project(vectors), plane.shares, groups, ax).ax


def plot_loss(
    losses: ArrayLike,
    *,
    iterations: ArrayLike | None = None,
    ax: Axes | None = None,
    label: str | None = None,
    ylabel: str = "loss",
) -> Axes:
    """Draw the loss over the iterations. Call again with the same `ax` to compare runs.

    Parameters
    ----------
    losses : array-like of shape (n,)
    iterations : array-like of shape (n,), optional
        When each loss was measured. Default: 1 to n.
    ax : matplotlib Axes, optional
        Where to draw. Default: a new figure.
    label : str, optional
        Name of the curve in the legend.
    ylabel : str

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    TypeError, ValueError
        If `losses` is empty, not a vector of finite numbers, or not as long as `iterations`.
    """
    losses = _as_finite_array("losses", losses, ndim=1)
    if iterations is None:
        iterations = np.arange(1, len(losses) + 1)
    iterations = _as_finite_array("iterations", iterations, ndim=1)
    if len(iterations) != len(losses):
        raise ValueError(
            f"iterations must be as many as losses, {len(losses)}. Got {len(iterations)} instead."
        )
    if ax is None:
        _, ax = plt.subplots(figsize=(8, 5), layout="constrained")
    number = len(ax.lines)
    color, style = cycle(PALETTE, LINE_STYLES, number)
    marker = MARKERS[number % len(MARKERS)] if len(losses) <= MAX_MARKED_LOSSES else None
    ax.plot(
        iterations, losses, linestyle=style, color=color, marker=marker, markersize=5, label=label
    )
    ax.set(xlabel="iteration", ylabel=ylabel)
    if ax.get_xscale() == "linear":
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        if len(losses) == 1:  # room for a whole number beside it
            ax.update_datalim([(iterations[0] + side, losses[0]) for side in (-0.5, 0.5)])
            ax.autoscale_view()
    ax.grid(color="0.9")
    ax.set_axisbelow(True)
    lighten(ax)
    if label is not None:
        ax.legend(frameon=False)
    return ax


def plot_confusion_matrix(
    matrix: ArrayLike,
    labels: Iterable[object] | None = None,
    *,
    normalize: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Draw how often each true class (row) was predicted as each class (column).

    Parameters
    ----------
    matrix : array-like of shape (C, C)
        Counts.
    labels : sequence of str, length C, optional
        Names of the classes. Default: 0 to C - 1.
    normalize : bool
        Show the share of each row's total instead; rows without examples stay 0.
    ax : matplotlib Axes, optional
        Where to draw. Default: a new figure.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    TypeError, ValueError
        If `matrix` is empty, not square, has entries that are negative or not finite, or does not
        fit `labels`.
    """
    matrix = _as_finite_array("matrix", matrix, ndim=2)
    size = len(matrix)
    if matrix.shape != (size, size):
        raise ValueError(f"matrix must be square. Got shape {matrix.shape} instead.")
    if (matrix < 0).any():
        raise ValueError(f"matrix must hold counts. Got {matrix.min():g} instead.")
    names = [str(label) for label in (range(size) if labels is None else labels)]
    if len(names) != size:
        raise ValueError(f"labels must name the {size} classes. Got {len(names)} names instead.")

    if normalize:
        totals = matrix.sum(axis=1, keepdims=True)
        matrix /= np.where(totals > 0, totals, 1)  # a copy since it was checked
    whole = not normalize and (matrix == np.round(matrix)).all()
    if ax is None:
        side = max(5, 2.5 + 0.6 * size)
        _, ax = plt.subplots(figsize=(side, side), layout="constrained")
    top = 1 if normalize else max(matrix.max(), 1)
    ax.imshow(matrix, cmap="Blues", vmin=0, vmax=top)  # no colour bar: the numbers say it
    ax.set(xlabel="predicted", ylabel="true")
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    with fonts_for(names):
        _name_classes(ax, names)

    cell = ax.bbox.width / size
    font_size = min(plt.rcParams["font.size"], 0.3 * cell * 72 / ax.figure.dpi)
    for (row, column), value in np.ndenumerate(matrix):
        text = f"{value:,.0f}" if whole else f"{value:.2f}"
        color = "white" if value > 0.6 * top else "0.1"
        ax.text(column, row, text, color=color, size=font_size, ha="center", va="center")
    return ax


def _name_classes(ax, names):
    """Write the classes beside rows and columns, aslant where there is little room."""
    fonts = {"fontfamily": plt.rcParams["font.family"]}
    ax.set_xticks(range(len(names)), names, **fonts)
    ax.set_yticks(range(len(names)), names, **fonts)
    settle_layout(ax)
    room = 0.9 * ax.bbox.width / len(names)
    if max(name.get_window_extent().width for name in ax.get_xticklabels()) > room:
        for name in ax.get_xticklabels():
            name.set(rotation=40, ha="right", rotation_mode="anchor")
        settle_layout(ax)


def plot_gradcheck(
    f: Callable[[Any], tuple[Any, ArrayLike]], x: NDArray[np.float64], *, ax: Axes | None = None
) -> Axes:
    """Draw the gradient check: for each entry of x, what `f` claims against what is measured.

    Parameters
    ----------
    f, x
        As for `gradcheck_naive`: f(x) -> (loss, gradient), at an ndarray of float64.
    ax : matplotlib Axes, optional
        Where to draw. Default: a new figure.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    GradientCheckError
        If loss or gradient are not finite, or the gradient has not the shape of `x`: there are no
        points to draw then.

    Notes
    -----
    A right gradient lies on the diagonal. The entries that `gradcheck_naive` would not accept have
    another colour and shape, and the worst of them its index.
    """
    loss, analytic = f(x)
    analytic = np.array(analytic, dtype=np.float64)
    if analytic.shape != x.shape or not np.isfinite(analytic).all():
        raise GradientCheckError(
            f"the gradient must be finite and have the shape of x, {x.shape}. "
            f"Got shape {analytic.shape} instead, or NaN or infinity in it."
        )
    numeric = central_differences(f, x)
    excess = np.abs(analytic - numeric) / allowed_errors(analytic, numeric, float(loss))
    wrong = excess > 1

    if ax is None:
        _, ax = plt.subplots(figsize=(5, 5), layout="constrained")
    ax.axline((0, 0), slope=1, color="0.7", linewidth=1, zorder=1)
    for chosen, color, marker, verdict in (
        (~wrong, PALETTE[0], "o", "right"),
        (wrong, PALETTE[1], "X", "wrong"),
    ):
        count = np.count_nonzero(chosen)
        if count:
            look: dict[str, Any] = {
                "color": color,
                "marker": marker,
                "s": 36,
                "edgecolor": "white",
                "zorder": 3,
            }
            ax.scatter(analytic[chosen], numeric[chosen], label=f"{verdict}: {count}", **look)
    if wrong.any():
        worst = np.unravel_index(excess.argmax(), x.shape)
        place = (analytic[worst], numeric[worst])
        name = f"worst: {tuple(map(int, worst))}"
        ax.annotate(name, place, (6, 6), textcoords="offset points", color=darker(PALETTE[1]))
    ax.set(xlabel="analytic", ylabel="numeric")
    ax.grid(color="0.9")
    ax.set_axisbelow(True)
    lighten(ax)
    ax.legend(frameon=False, loc="upper left")
    return ax


def plot_step_sizes(
    f: Callable[[Any], tuple[Any, ArrayLike]],
    x: NDArray[np.float64],
    *,
    steps: ArrayLike | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the error of difference quotients against their step h: too large, too small, right.

    Parameters
    ----------
    f, x
        As for `gradcheck_naive`; the gradient of `f` must be right, for it is the measure.
    steps : array-like of positive numbers, optional
        Values of h. Default: 10^-12 to 1, four to each power of ten.
    ax : matplotlib Axes, optional
        Where to draw. Default: a new figure.

    Returns
    -------
    matplotlib Axes
        With logarithmic scales.

    Raises
    ------
    TypeError, ValueError
        If `steps` is no vector of positive numbers.

    Notes
    -----
    Each error is the largest of all entries. On the right, where the curve bends between the
    points, (f(x + h) - f(x)) / h is off by h |f''| / 2, and (f(x + h) - f(x - h)) / 2h by
    h^2 |f'''| / 6. On the left rounding is divided by h: both are off by about eps |f| / h.
    """
    steps = np.logspace(-12, 0, 49) if steps is None else _as_finite_array("steps", steps, 1)
    if (steps <= 0).any():
        raise ValueError(f"steps must be positive. Got {steps.min():g} instead.")
    loss, gradient = f(x)
    gradient = np.array(gradient, dtype=np.float64)
    if ax is None:
        _, ax = plt.subplots(figsize=(8, 4.5), layout="constrained")
    smallest = np.inf
    for name, difference, color, marker in (
        ("one-sided", _forward_differences, PALETTE[4], "v"),
        ("two-sided", central_differences, PALETTE[0], "o"),
    ):
        errors = [np.abs(difference(f, x, step) - gradient).max() for step in steps]
        smallest = min(smallest, *errors)
        ax.loglog(steps, errors, marker, color=color, markersize=4, label=name)
    rounding = np.finfo(np.float64).eps * abs(loss) / steps
    ax.loglog(steps, rounding, ":", color="0.5", zorder=1, label="eps |f| / h")
    ax.axvline(STEP, color="0.6", linestyle="--", linewidth=1, zorder=1)
    ax.annotate(
        " h of the checker",
        (STEP, 1),
        (0, -10),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        color="0.4",
    )
    ax.set(xlabel="step h", ylabel="largest error of an entry")
    if smallest > 0:  # the line of rounding goes far below
        ax.set_ylim(bottom=smallest / 10)
    ax.grid(color="0.9")
    ax.set_axisbelow(True)
    lighten(ax)
    ax.legend(frameon=False)
    return ax


def _forward_differences(f, x, step):
    numeric = np.empty_like(x)
    for index in np.ndindex(x.shape):
        moved = x.copy()
        moved[index] += step * max(1.0, abs(x[index]))
        numeric[index] = (f(moved)[0] - f(x)[0]) / (moved[index] - x[index])
    return numeric


# -------------------------------------------------------------------- what comes in


def _as_finite_array(name: str, value: Any, ndim: int) -> NDArray[np.float64]:
    array = as_float_array(name, value, ndim).astype(np.float64)
    if array.size == 0:
        raise ValueError(f"{name} must not be empty. Got shape {array.shape} instead.")
    bad = np.argwhere(~np.isfinite(array))
    if len(bad):
        where = ", ".join(map(str, bad[0]))
        value = array[tuple(bad[0])]
        raise ValueError(f"{name} must be finite. Got {value} at {name}[{where}] instead.")
    return array


def _words_and_matrix(
    words: Any, vectors: Any, name: str = "vectors"
) -> tuple[list[str], NDArray[np.float64]]:
    if isinstance(words, str):
        raise TypeError(f"words must be a sequence of strings. Got the string {words!r} instead.")
    words = list(words)
    if not words:
        raise ValueError("words must not be empty: there is nothing to draw.")
    not_strings = [word for word in words if not isinstance(word, str)]
    if not_strings:
        raise TypeError(f"words must be strings. Got {not_strings[0]!r} instead.")
    if isinstance(vectors, Mapping) or hasattr(vectors, "key_to_index"):
        missing = [word for word in words if word not in vectors]
        if missing:
            raise KeyError(f"words must all have a vector. Got none for {missing}.")
        vectors = [vectors[word] for word in words]
    matrix = _as_finite_array(name, vectors, ndim=2)
    if len(matrix) != len(words):
        raise ValueError(
            f"{name} must have a row for each of the {len(words)} words. "
            f"Got shape {matrix.shape} instead."
        )
    return words, matrix
