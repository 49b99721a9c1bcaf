"""Pictures of what was learned: words in the plane, losses over time, a confusion matrix.

Each function draws into the `ax` it is given, or else into a new pyplot figure, and returns the
Axes. Add a title with ``ax.set_title``, save with ``ax.figure.savefig(path, dpi=160)``.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from utils.labels import GAPS, MARKER_RADIUS, PADDING, place_labels
from word2vec import KeyedVectors
from word2vec.checks import as_float_array

# Okabe and Ito's colours, which colour-blind eyes tell apart, less those too pale or black.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
MARKERS = "os^Dv"  # the next shape, or line style, each time the colours begin again
LINE_STYLES = ("-", "--", ":", "-.")
UNGROUPED = "0.5"
MAX_MARKED_LOSSES = 30  # more points than these are a curve without markers


def plot_words(
    words: Iterable[str],
    vectors: ArrayLike | KeyedVectors | Mapping[str, ArrayLike],
    *,
    groups: Mapping[str, Iterable[str]] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw words as labelled points on the plane of their first two principal components.

    Parameters
    ----------
    words : sequence of str, length n
    vectors : array-like of shape (n, d), or KeyedVectors, or dict of str to vector
        A row for each word, or where to look the words up.
    groups : dict of str to list of str, optional
        Name of a group -> its words, which share a colour. Words in no group are grey.
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
    words, vectors = _words_and_matrix(words, vectors)
    group_of = _group_of_each_word(words, groups or {})
    points, shares = _principal_components(vectors)

    if ax is None:
        figure, ax = plt.subplots(figsize=(10, 7.5))
        figure.subplots_adjust(left=0.04, right=0.98, bottom=0.05, top=0.94)
    styles: dict[str | None, tuple[str, str]] = {None: (UNGROUPED, "o")}
    styles |= {name: _cycle(PALETTE, MARKERS, k) for k, name in enumerate(groups or {})}
    for name, (color, marker) in styles.items():
        members = points[[group == name for group in group_of]]
        if len(members):
            x, y = members.T
            marks: dict[str, Any] = {"color": color, "marker": marker, "edgecolor": "white"}
            ax.scatter(x, y, (2 * MARKER_RADIUS) ** 2, linewidth=0.5, zorder=3, label=name, **marks)
    for axis, nth, share in zip((ax.xaxis, ax.yaxis), ("1st", "2nd"), shares, strict=True):
        axis.set_label_text(f"{nth} principal component, {share:.0%} of variance", color="0.35")
    ax.tick_params(length=0, labelbottom=False, labelleft=False)  # the units mean nothing
    _lighten(ax)

    _set_limits(ax, points)
    _settle_layout(ax)
    num_groups = len(set(group_of) - {None})
    legend = _legend_above(ax, num_groups) if num_groups else None
    _draw_labels(ax, words, points, [_darker(styles[group][0]) for group in group_of], legend)
    return ax


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
    color, style = _cycle(PALETTE, LINE_STYLES, len(ax.lines))
    marker = "o" if len(losses) <= MAX_MARKED_LOSSES else None
    ax.plot(iterations, losses, style, color=color, marker=marker, markersize=4, label=label)
    ax.set(xlabel="iteration", ylabel=ylabel)
    if ax.get_xscale() == "linear":
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.grid(color="0.9")
    ax.set_axisbelow(True)
    _lighten(ax)
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
    ax.set_xticks(range(size), names)
    ax.set_yticks(range(size), names)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    _settle_layout(ax)
    cell = ax.bbox.width / size
    if max(name.get_window_extent().width for name in ax.get_xticklabels()) > 0.9 * cell:
        for name in ax.get_xticklabels():
            name.set(rotation=40, ha="right", rotation_mode="anchor")
        _settle_layout(ax)

    font_size = min(10, 0.3 * cell * 72 / ax.figure.dpi)
    for (row, column), value in np.ndenumerate(matrix):
        text = f"{value:,.0f}" if whole else f"{value:.2f}"
        color = "white" if value > 0.6 * top else "0.1"
        ax.text(column, row, text, color=color, size=font_size, ha="center", va="center")
    return ax


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


def _words_and_matrix(words: Any, vectors: Any) -> tuple[list[str], NDArray[np.float64]]:
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
    matrix = _as_finite_array("vectors", vectors, ndim=2)
    if len(matrix) != len(words):
        raise ValueError(
            f"vectors must have a row for each of the {len(words)} words. "
            f"Got shape {matrix.shape} instead."
        )
    return words, matrix


def _group_of_each_word(words, groups):
    """Name of the group of each word, None for words in no group."""
    group_of: dict[str, str] = {}
    for name, members in groups.items():
        unknown = [word for word in members if word not in words]
        if unknown:
            raise ValueError(f"groups[{name!r}] must list words that are drawn. Got {unknown}.")
        twice = [word for word in members if word in group_of]
        if twice:
            raise ValueError(f"groups must share no word. Got {twice} in {name!r} and another.")
        group_of |= dict.fromkeys(members, name)
    return [group_of.get(word) for word in words]


def _principal_components(vectors):
    """Coordinates (n, 2) on the first two principal components, and their shares of variance."""
    left, singular, right = np.linalg.svd(vectors - vectors.mean(axis=0), full_matrices=False)
    # Where all rows are equal only rounding is left, which must not be drawn as if it were data.
    rounding = np.finfo(np.float64).eps * max(vectors.shape) * np.linalg.norm(vectors)
    singular[singular <= rounding] = 0
    largest = right[np.arange(len(right)), np.abs(right).argmax(axis=1)]
    k = min(2, len(singular))  # a single word, or vectors of size 1, have one component
    points, shares = np.zeros((len(vectors), 2)), np.zeros(2)
    points[:, :k] = (left * singular * np.sign(largest))[:, :k]
    shares[:k] = singular[:k] ** 2 / (np.sum(singular**2) or 1)
    return points, shares


# -------------------------------------------------------------------- how it looks


def _cycle(first, second, number):
    """The `number`-th pair: all of `first` with one of `second`, then with the next."""
    return first[number % len(first)], second[number // len(first) % len(second)]


def _darker(color):
    """Of the same hue, but dark enough for text on white."""
    return tuple(0.6 * channel for channel in to_rgb(color))


def _lighten(ax):
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["bottom", "left"]].set_color("0.8")


def _settle_layout(ax):
    """Let the figure's layout engine, if it has one, give `ax` its final size."""
    ax.figure.canvas.figure.draw_without_rendering()


def _set_limits(ax, points):
    low, high = points.min(axis=0), points.max(axis=0)
    margin = np.where(high > low, 0.08 * (high - low), 1.0)
    ax.set_xlim(low[0] - margin[0], high[0] + margin[0])
    ax.set_ylim(low[1] - margin[1], high[1] + margin[1])


def _legend_above(ax, num_groups):
    """A legend in the fewest rows that fit, in a strip of its own above the points."""
    spacing = {"handlelength": 1, "handletextpad": 0.3, "columnspacing": 1.5, "borderaxespad": 0.2}
    for columns in range(num_groups, 0, -1):
        legend = ax.legend(loc="upper left", ncols=columns, frameon=False, **spacing)
        if legend.get_window_extent().width <= ax.bbox.width:
            break
    share = min(0.5, legend.get_window_extent().height / ax.bbox.height)
    bottom, top = ax.get_ylim()
    ax.set_ylim(bottom, bottom + (top - bottom) / (1 - share))
    return legend


# -------------------------------------------------------------------- where labels go


def _draw_labels(ax, words, points, colors, legend):
    centered = {"ha": "center", "va": "center", "zorder": 4}
    halo = [withStroke(linewidth=2, foreground="white")]  # readable where a leader line runs under
    texts = [  # words are no mathematics, whatever dollar signs they contain
        ax.text(*point, word, color=color, parse_math=False, path_effects=halo, **centered)
        for point, word, color in zip(points, words, colors, strict=True)
    ]
    pixel = 72 / ax.figure.dpi  # in typographic points
    anchors = ax.transData.transform(points) * pixel
    sizes = np.array([text.get_window_extent().size for text in texts]) * pixel + 2 * PADDING
    taken = [] if legend is None else [legend.get_window_extent().get_points() * pixel]
    centers, ends = place_labels(anchors, sizes, ax.bbox.get_points() * pixel, taken)

    to_data = ax.transData.inverted()
    for text, center in zip(texts, to_data.transform(centers / pixel), strict=True):
        text.set_position(center)
    away = np.abs(ends - anchors).max(axis=1) > 1.01 * GAPS[0]
    lines = np.stack([points, to_data.transform(ends / pixel)], axis=1)[away]
    ax.add_collection(LineCollection(lines, colors="0.6", linewidths=0.6, zorder=2), autolim=False)
