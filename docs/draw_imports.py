"""Draws docs/imports.png: the rooms of the library, and which of them imports from which.

    python -m docs.draw_imports

Files and arrows are read from the code, by the functions of tests/test_layout.py, which hold the
rooms to their order. An arrow that others already imply is left out: whoever imports from a room
may go on to all below it. What the picture shows is written into it as text, too, so that a test
notices when it is no longer so.
"""

from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from tests.test_layout import FILES, imports_of, room

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "imports.png"

ABOVE = "run.py and utils/"
COMMANDS = "commands/"
# Of each room: title, center, width, and how many names stand in a line.
ROOMS = {
    ABOVE: ("run.py, utils/", (5.0, 9.5), 9.6, 6),
    COMMANDS: ("commands/", (5.0, 8.1), 5.6, 5),
    "classic": ("classic/", (5.0, 6.8), 4.8, 4),
    "engine": ("engine/", (3.85, 5.3), 7.3, 7),
    "sgd": ("sgd.py", (9.1, 5.25), 1.4, 1),
    "formulas": ("the formulas", (1.2, 3.4), 2.3, 2),
    "corpus": ("corpus/", (4.05, 3.4), 3.2, 3),
    "vectors": ("vectors/", (7.25, 3.4), 2.8, 2),
    "saving": ("saving/", (7.3, 1.65), 5.0, 4),
    "shared": ("what they share", (3.4, 0.3), 4.8, 4),
}
# The files of the walk in how_it_fits_together.md.
STATIONS = [
    "word2vec.commands.train",
    "word2vec.engine.trainer",
    "word2vec.corpus.encoded",
    "word2vec.engine.training",
    "word2vec.engine.units",
    "word2vec.engine.kernels",
]
LINE, TITLE, PAD = 0.25, 0.3, 0.13
FORMULAS, OTHERS, STATION, ARROW = "#FFF1D0", "#EEF3F8", "#D55E00", "#4A6785"


def files():
    """From the name of each module, of the library and around it, to its file."""
    around = [ROOT / "run.py", *(ROOT / "utils").glob("*.py")]
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in around}
    return FILES | {name: path for name, path in names.items() if not name.endswith("__init__")}


def room_of(name):
    """The room of a module; None for the package itself, which only re-exports."""
    if name.split(".")[0] != "word2vec":
        return ABOVE
    return room(name) or (COMMANDS if "." in name else None)


def read_rooms():
    """From each room to the names of its modules, in the order of the alphabet."""
    rooms = {name: [] for name in ROOMS}
    for name, path in sorted(files().items()):
        if room_of(name) and path.name != "__init__.py":
            rooms[room_of(name)].append(name)
    return rooms


def read_arrows():
    """Pairs of rooms, of which the first imports from the second, without those implied."""
    known = files()
    below = {name: set() for name in ROOMS}
    for name in known:
        if own := room_of(name):
            used = {room_of(other) for other in imports_of(name, known)}
            below[own] |= used - {own, None}
    return sorted((a, b) for a in below for b in below[a] if not is_implied(below, a, b))


def is_implied(below, start, end):
    """Whether a way leads from room to room through others."""
    reached, ahead = set(), list(below[start] - {end})
    while ahead:
        here = ahead.pop()
        if here not in reached:
            reached.add(here)
            ahead += below[here]
    return end in reached


def describe():
    """What the picture shows, as text."""
    lines = [f"{name}: {' '.join(modules)}" for name, modules in read_rooms().items()]
    return "\n".join(lines + [f"{a} -> {b}" for a, b in read_arrows()])


def draw(path=PICTURE):
    """Draw the picture into a file."""
    figure, ax = plt.subplots(figsize=(9, 9.5), layout="constrained")
    boxes = {name: draw_room(ax, name, modules) for name, modules in read_rooms().items()}
    arrows = read_arrows()
    for start, end in arrows:
        draw_arrow(ax, boxes[start], boxes[end])
    ax.set(xlim=(0, 10), ylim=(-0.3, 10.4), aspect="equal")
    ax.axis("off")
    # No version of Matplotlib in the file: the same imports give the same picture.
    figure.savefig(path, dpi=110, metadata={"Software": None, "Imports": describe()})
    plt.close(figure)


def draw_room(ax, name, modules):
    """Draw a box with the names of its files; returns (left, right, bottom, top)."""
    title, (x, y), width, in_line = ROOMS[name]
    # A room that is a file says all in its title.
    shown = [] if title.endswith(".py") else modules
    lines = [shown[start : start + in_line] for start in range(0, len(shown), in_line)]
    height = TITLE + LINE * len(lines) + 2 * PAD
    left, top = x - width / 2, y + height / 2
    color = FORMULAS if name == "formulas" else OTHERS
    ax.add_patch(
        FancyBboxPatch(
            (left, y - height / 2),
            width,
            height,
            boxstyle="round,pad=0,rounding_size=0.12",
            facecolor=color,
            edgecolor="0.6",
        )
    )
    ax.text(x, top - PAD - TITLE / 2, title, ha="center", va="center", weight="bold", size=11)
    step = (width - 0.2) / in_line
    for row, line in enumerate(lines):
        at = top - PAD - TITLE - LINE * (row + 0.5)
        for column, module in enumerate(line):
            center = x + (column - (in_line - 1) / 2) * step
            text, style = module.rpartition(".")[2], {"color": "0.25"}
            if module in STATIONS:
                text = f"{STATIONS.index(module) + 1} {text}"
                style = {"color": STATION, "weight": "bold"}
            ax.text(center, at, text, ha="center", va="center", size=8.5, **style)
    return left, left + width, y - height / 2, top


def draw_arrow(ax, start, end):
    """Draw an arrow from the lower edge of a box to the upper edge of another."""
    left, right = max(start[0], end[0]), min(start[1], end[1])
    if left < right - 0.3:  # one above the other: straight down
        x_start = x_end = (left + right) / 2
    else:
        x_start = min(max((end[0] + end[1]) / 2, start[0] + 0.3), start[1] - 0.3)
        x_end = min(max((start[0] + start[1]) / 2, end[0] + 0.3), end[1] - 0.3)
    ax.add_patch(
        FancyArrowPatch(
            (x_start, start[2]),
            (x_end, end[3]),
            arrowstyle="-|>",
            mutation_scale=14,
            shrinkA=1,
            shrinkB=1,
            color=ARROW,
            linewidth=1.3,
        )
    )


if __name__ == "__main__":
    draw()
