"""Words on a plane: which plane shows most of them, and how they are drawn there."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from utils.fonts import fonts_for, shorten
from utils.labels import GAPS, MARKER_RADIUS, PADDING, place_labels
from utils.plot_style import MARKERS, PALETTE, UNGROUPED, cycle, darker, lighten, settle_layout


class Plane(NamedTuple):
    """A plane in the space of the vectors, through their mean."""

    mean: NDArray[np.float64]  # (d,)
    axes: NDArray[np.float64]  # (d, 2)
    shares: NDArray[np.float64]  # (2,), of the variance

    def project(self, vectors: NDArray[np.float64]) -> NDArray[np.float64]:
        """Coordinates (n, 2) of vectors (n, d)."""
        return (vectors - self.mean) @ self.axes


def principal_plane(vectors: NDArray[np.float64]) -> Plane:
    """The `Plane` of the first two principal components of vectors (n, d)."""
    mean = vectors.mean(axis=0)
    _, singular, right = np.linalg.svd(vectors - mean, full_matrices=False)
    # Where all rows are equal only rounding is left, which must not be drawn as if it were data.
    rounding = np.finfo(np.float64).eps * max(vectors.shape) * np.linalg.norm(vectors)
    singular[singular <= rounding] = 0
    largest = right[np.arange(len(right)), np.abs(right).argmax(axis=1)]
    right = right * (np.sign(largest) * (singular > 0))[:, np.newaxis]
    k = min(2, len(singular))  # a single word, or vectors of size 1, have one component
    axes, shares = np.zeros((vectors.shape[1], 2)), np.zeros(2)
    axes[:, :k] = right[:k].T
    shares[:k] = singular[:k] ** 2 / (np.sum(singular**2) or 1)
    return Plane(mean, axes, shares)


class DrawnWords(NamedTuple):
    """What `draw_words` has drawn, so that it can be moved."""

    ax: Axes
    scatters: list  # of (word numbers, PathCollection), one for each group that has words
    labels: list  # of Text, one for each word
    leaders: LineCollection  # from a point to its label, where that is not beside it
    led: np.ndarray  # word number of each leader


def draw_words(
    words: list[str],
    points: NDArray[np.float64],
    shares: NDArray[np.float64] | None,
    groups: Mapping[str, Iterable[str]] | None = None,
    ax: Axes | None = None,
    extent: NDArray[np.float64] | None = None,
) -> DrawnWords:
    """Draw words as labelled points; what `plot_words` does once it has the points.

    Parameters
    ----------
    words : list of str, length n
    points : ndarray of shape (n, 2)
    shares : ndarray of shape (2,), or None
        Of the variance, for the axes. None: these are no principal components.
    groups : dict of str to list of str, optional
    ax : matplotlib Axes, optional
    extent : ndarray of shape (m, 2), optional
        Points that are to be inside the limits. Default: `points`.

    Returns
    -------
    DrawnWords
    """
    groups = groups or {}
    with fonts_for([*words, *groups]):
        return _draw(words, points, shares, groups, ax, extent)


def _draw(words, points, shares, groups, ax, extent):
    group_of = _group_of_each_word(words, groups)
    if ax is None:
        figure, ax = plt.subplots(figsize=(10, 7.5))
        figure.subplots_adjust(left=0.05, right=0.98, bottom=0.06, top=0.93)
    styles: dict[str | None, tuple[str, str]] = {None: (UNGROUPED, "o")}
    styles |= {name: cycle(PALETTE, MARKERS, number) for number, name in enumerate(groups)}
    scatters = []
    for name, (color, marker) in styles.items():
        members = np.array([i for i, group in enumerate(group_of) if group == name], dtype=int)
        if len(members):
            look: dict[str, Any] = {"color": color, "marker": marker, "s": (2 * MARKER_RADIUS) ** 2}
            look["s"] *= 0.85 if marker in "sD" else 1.6 if marker in "^vPX" else 1  # look alike
            look |= {"edgecolor": "white", "linewidth": 0.5, "zorder": 3}
            look["label"] = None if name is None else shorten(name)
            scatters.append((members, ax.scatter(*points[members].T, **look)))
    if shares is not None:
        for axis, nth, share in zip((ax.xaxis, ax.yaxis), ("1st", "2nd"), shares, strict=True):
            axis.set_label_text(f"{nth} principal component, {share:.0%} of variance", color="0.35")
    ax.tick_params(length=0, labelbottom=False, labelleft=False)  # the units mean nothing
    lighten(ax)

    _set_limits(ax, points if extent is None else extent)
    settle_layout(ax)
    _shorten_axis_labels(ax)
    num_groups = len(set(group_of) - {None})
    legend = _legend_above(ax, num_groups) if num_groups else None
    colors = [darker(styles[group][0]) for group in group_of]
    return DrawnWords(ax, scatters, *_draw_labels(ax, words, points, colors, legend))


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


def _set_limits(ax, points):
    low, high = points.min(axis=0), points.max(axis=0)
    margin = np.where(high > low, 0.08 * (high - low), 1.0)
    ax.set_xlim(low[0] - margin[0], high[0] + margin[0])
    ax.set_ylim(low[1] - margin[1], high[1] + margin[1])


def _shorten_axis_labels(ax):
    """Leave out of the names of the axes what there is no room for."""
    room = {ax.xaxis: ax.bbox.width, ax.yaxis: ax.bbox.height}
    for axis, length in room.items():
        if max(axis.label.get_window_extent().size) > length:
            short = axis.get_label_text().replace(" principal", "").replace(" of variance", "")
            axis.set_label_text(short)


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


def _draw_labels(ax, words, points, colors, legend):
    centered = {"ha": "center", "va": "center", "zorder": 4}
    halo = [withStroke(linewidth=2, foreground="white")]  # readable where a leader line runs under
    texts = [  # words are no mathematics, whatever dollar signs they contain
        ax.text(*point, shorten(word), color=color, parse_math=False, path_effects=halo, **centered)
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
    leaders = LineCollection(lines, colors="0.6", linewidths=0.6, zorder=2)
    ax.add_collection(leaders, autolim=False)
    return texts, leaders, np.flatnonzero(away)
