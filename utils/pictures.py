"""The pictures that commands leave behind: files that appear when they are complete.

Ctrl-C waits for the end of a picture: matplotlib's C++ would make another error of it.

Matplotlib takes longer to import than most commands to run, so it is imported where it draws.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from word2vec import KeyedVectors
from word2vec.checks import StrPath
from word2vec.saving.files import atomic_write
from word2vec.saving.interrupts import held_back_signals

if TYPE_CHECKING:
    from word2vec.commands.optimizers import Training

# The words of the picture after training, by group. Those that the corpus lacks are left out.
GROUPS = {
    "praise": "great cool brilliant wonderful well amazing worth sweet enjoyable".split(),
    "blame": "boring bad dumb annoying waste".split(),
    "people": "female male queen king man woman".split(),
    "weather": "rain snow hail".split(),
    "drinks": "coffee tea".split(),
}
# Letters have their full size from here on, in inches; in smaller pictures they shrink, to half.
SMALLEST_SLIDE, SMALLEST_SCALE = (8, 4.5), 0.5


@held_back_signals()
def save_training_pictures(training: Training, directory: Path) -> list[str]:
    """Write ``word_vectors.png`` and ``loss.png``; returns their names.

    Parameters
    ----------
    training : word2vec.commands.optimizers.Training
    directory : Path
    """
    from utils.plotting import plot_loss

    vectors = training.vectors
    words, groups = words_of_picture(vectors.index_to_key)
    save_word_picture(vectors, words, directory / "word_vectors.png", groups)

    with _slide():
        ax: Any = None
        for name, curve in training.curves.items():
            positions, losses = zip(*curve, strict=True)
            label = name if len(training.curves) > 1 else None
            ax = plot_loss(losses, iterations=positions, ax=ax, label=label)
        ax.set(xlabel=training.unit, ylabel=training.loss_name)
        _save(ax, directory / "loss.png")
    return ["word_vectors.png", "loss.png"]


def words_of_picture(
    vocabulary: Sequence[str],
) -> tuple[list[str], dict[str, list[str]] | None]:
    """Which words to draw of a vocabulary.

    Parameters
    ----------
    vocabulary : sequence of str
        The most frequent word first.

    Returns
    -------
    words : list of str
    groups : dict of str to list of str, or None
        The words of `GROUPS` that there are. For another kind of text: its 40 most frequent words,
        and no groups.
    """
    known = frozenset(vocabulary)
    groups = {
        group: present
        for group, words in GROUPS.items()
        if (present := [word for word in words if word in known])
    }
    words = [word for group in groups.values() for word in group]
    if len(words) < 2:
        return list(vocabulary[:40]), None
    return words, groups


@held_back_signals()
def save_word_picture(
    vectors: KeyedVectors,
    words: Sequence[str],
    path: StrPath,
    groups: Mapping[str, Iterable[str]] | None = None,
    *,
    size: tuple[float, float] = (10, 7.5),
    dpi: float = 150,
    title: str = "",
) -> None:
    """Draw words of `KeyedVectors` with `plot_words` and write the picture.

    Parameters
    ----------
    vectors : KeyedVectors
    words : sequence of str
    path : path
        Its end says the format; see `check_picture_name`.
    groups : dict of str to list of str, optional
    size : pair of float
        Width and height in inches.
    dpi : float
        Pixels an inch, where the format has pixels.
    title : str

    Raises
    ------
    KeyError
        If a word is unknown; the message names the closest spellings.
    """
    import matplotlib.pyplot as plt

    from utils.fonts import fonts_for
    from utils.plotting import plot_words

    chosen = vectors[words]
    scale = np.clip(min(np.divide(size, SMALLEST_SLIDE)), SMALLEST_SCALE, 1)
    with _slide(scale), fonts_for([title, *words, *(groups or {})]):
        figure, ax = plt.subplots(figsize=size)
        left, bottom = scale / np.array(size)  # an inch, as a part of the picture
        above = 0.6 if title else 0.2
        figure.subplots_adjust(0.5 * left, 0.5 * bottom, 1 - 0.2 * left, 1 - above * bottom)
        _fit(ax.set_title(title, parse_math=False), ax.bbox.width)
        _save(plot_words(words, chosen, groups=groups, ax=ax), path, dpi)


def check_picture_name(path: StrPath) -> None:
    """Raise ValueError unless the end of the name is that of a format that can be written."""
    from matplotlib.backend_bases import FigureCanvasBase

    known = sorted(FigureCanvasBase.get_supported_filetypes())
    if Path(path).suffix.lower().removeprefix(".") not in known:
        raise ValueError(f"{path}: the name of a picture must end in .{', .'.join(known)}")


@held_back_signals()
def save_sentiment_pictures(
    results: Iterable[Any], matrix: ArrayLike, labels: Sequence[str], directory: Path
) -> None:
    """Write ``sentiment_sweep.png`` and ``sentiment_confusion.png``.

    Parameters
    ----------
    results : sequence of objects with `name`, `strengths` and `dev_accuracies`
        A curve each.
    matrix : ndarray of shape (C, C)
        Row the true class, column the predicted one.
    labels : sequence of str, length C
    directory : Path
    """
    import matplotlib.pyplot as plt

    from utils.plotting import plot_confusion_matrix, plot_loss

    with _slide():
        # Before there are curves: a single strength has its room on this scale, too.
        _, ax = plt.subplots(figsize=(8, 5), layout="constrained", subplot_kw={"xscale": "log"})
        for result in results:
            percent = 100 * np.array(result.dev_accuracies)
            ax = plot_loss(percent, iterations=result.strengths, ax=ax, label=result.name)
        ax.set(xlabel="strength of L2", ylabel="accuracy on dev, %")
        # Above, for curves may be anywhere.
        ax.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)
        _save(ax, directory / "sentiment_sweep.png")
        _save(plot_confusion_matrix(matrix, labels), directory / "sentiment_confusion.png")


def _slide(scale=1.0):
    import matplotlib.pyplot as plt

    from utils.plot_style import SLIDE

    return plt.rc_context({name: scale * size for name, size in SLIDE.items()})


def _fit(text, width):
    """Make a text smaller if it is wider than so many pixels."""
    if (own := text.get_window_extent().width) > width:
        text.set_fontsize(text.get_fontsize() * width / own)


def _save(ax, path, dpi=150):
    import matplotlib.pyplot as plt

    kind = Path(path).suffix.lower().removeprefix(".")
    try:
        with atomic_write(path) as file:
            ax.figure.savefig(file, format=kind, dpi=dpi)
    finally:
        plt.close(ax.figure)
