"""How pictures look: colours, markers and frames that all of them share."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.colors import to_rgb

# Okabe and Ito's colours, which colour-blind eyes tell apart, less those too pale or black.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
MARKERS = "os^Dv"  # the next shape, or line style, each time the colours begin again
LINE_STYLES = ("-", "--", ":", "-.")
UNGROUPED = "0.5"


def cycle(first: Sequence[str], second: Sequence[str], number: int) -> tuple[str, str]:
    """The `number`-th pair: all of `first` with one of `second`, then with the next."""
    return first[number % len(first)], second[number // len(first) % len(second)]


def darker(color: Any) -> tuple[float, ...]:
    """Of the same hue, but dark enough for text on white."""
    return tuple(0.6 * channel for channel in to_rgb(color))


def lighten(ax: Axes) -> None:
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["bottom", "left"]].set_color("0.8")


def settle_layout(ax: Axes) -> None:
    """Let the figure's layout engine, if it has one, give `ax` its final size."""
    ax.figure.canvas.figure.draw_without_rendering()
