"""How pictures look: colours, markers and frames that all of them share."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.colors import to_rgb

# Okabe and Ito's colours, which colour-blind eyes tell apart, less those too pale or black.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
# Seven shapes and five styles beside six colours: each is another from the first on, for those who
# print in grey, and only after 42 or 30 do both repeat together.
MARKERS = "os^DvPX"
LINE_STYLES = ("-", "--", ":", "-.", (0, (6, 1, 1, 1, 1, 1)))
# For pictures that a command writes: readable on a slide.
SLIDE: dict[Any, Any] = {"font.size": 13, "axes.titlesize": 17, "axes.titlepad": 12}
UNGROUPED = "0.5"


def cycle(first: Sequence[Any], second: Sequence[Any], number: int) -> tuple[Any, Any]:
    """The `number`-th of `first` and of `second`, each beginning again when it is at its end."""
    return first[number % len(first)], second[number % len(second)]


def darker(color: Any) -> tuple[float, ...]:
    """Of the same hue, but dark enough for text on white."""
    return tuple(0.6 * channel for channel in to_rgb(color))


def lighten(ax: Axes) -> None:
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["bottom", "left"]].set_color("0.8")


def settle_layout(ax: Axes) -> None:
    """Let the figure's layout engine, if it has one, give `ax` its final size."""
    ax.figure.canvas.figure.draw_without_rendering()
