"""See it learn: the plane of some words while they are trained, recorded or live.

``WordRecorder`` is a callback that keeps what `animate_words` turns into an animation and
`save_animation` into a GIF or a web page; ``LiveFigure`` is a callback that redraws one figure in a
notebook.
"""

import sys
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.animation import AbstractMovieWriter, Animation, FuncAnimation
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from numpy.typing import NDArray
from PIL import Image
from scipy.spatial import KDTree

from utils.plot_style import lighten
from utils.word_plane import draw_words, principal_plane
from word2vec.checks import StrPath, check_positive
from word2vec.corpus.vocab import Vocab
from word2vec.saving.files import atomic_write
from word2vec.sgd import SgdProgress

TRAIL = 8  # frames whose way is still seen behind a word
LAST_FRAME_SECONDS = 4.0  # of a GIF, before it begins anew
COLORS = 128
DPI = {".gif": 80, ".html": 110}


class Snapshot(NamedTuple):
    """Vectors of some words at some moment of their training."""

    iteration: int
    loss: float
    vectors: NDArray[np.float64]  # (n, d)


class WordRecorder:
    """A callback for `sgd` and `train_classic` that keeps the vectors of some words.

    Parameters
    ----------
    vocab : Vocab
        Row w of the parameters is the vector of its word w.
    words : sequence of str, length n
    iterations : iterable of int
        When to keep them; `snapshot_iterations` gives good moments.

    Attributes
    ----------
    snapshots : list of Snapshot

    Raises
    ------
    KeyError
        If `vocab` lacks some of the words.
    """

    def __init__(self, vocab: Vocab, words: Sequence[str], iterations: Iterable[int]) -> None:
        missing = [word for word in words if word not in vocab.index]
        if missing:
            raise KeyError(f"words must all be in the vocabulary. It lacks {missing}.")
        self.snapshots: list[Snapshot] = []
        self._rows = [vocab.index[word] for word in words]
        self._iterations = frozenset(iterations)

    def __call__(self, progress: SgdProgress) -> None:
        if progress.iteration in self._iterations:
            vectors = np.array(progress.x[self._rows], dtype=np.float64)
            self.snapshots.append(Snapshot(progress.iteration, progress.smoothed_loss, vectors))


def snapshot_iterations(total: int, num_frames: int) -> list[int]:
    """Iterations to take snapshots at: often in the beginning, where most happens.

    Parameters
    ----------
    total, num_frames : int
        Iterations of the training, and how many of them to choose (fewer if there are not enough).

    Returns
    -------
    list of int
        Ascending, from 1 to `total`, at distances that grow evenly.

    Examples
    --------
    >>> snapshot_iterations(101, 6)
    [1, 5, 17, 37, 65, 101]
    """
    share = np.linspace(0, 1, num_frames)
    return np.unique(np.round(1 + (total - 1) * share**2).astype(int)).tolist()


def animate_words(
    snapshots: Sequence[Snapshot],
    words: Sequence[str],
    *,
    groups: Mapping[str, Iterable[str]] | None = None,
) -> FuncAnimation:
    """Animate how words move during training, above the curve of the loss.

    Parameters
    ----------
    snapshots : sequence of Snapshot
        At least two, with a row of `vectors` for each of the words.
    words : sequence of str, length n
    groups : dict of str to list of str, optional
        As for `plot_words`.

    Returns
    -------
    matplotlib.animation.FuncAnimation
        A frame for each snapshot. `save_animation` writes it into a file.

    Raises
    ------
    ValueError
        If there are fewer than two snapshots, or their vectors do not fit the words.

    Notes
    -----
    All frames show one plane, that of the first two principal components of the *last* vectors,
    with one origin and one scale, so that what moves in the picture moved in training. Differences
    in other directions, in the beginning or later, it does not show.
    """
    words = list(words)
    if len(snapshots) < 2:
        raise ValueError(f"snapshots must be at least two to see a change. Got {len(snapshots)}.")
    shapes = {np.shape(snapshot.vectors) for snapshot in snapshots}
    if len(shapes) > 1 or {shape[0] for shape in shapes} != {len(words)}:
        raise ValueError(
            f"snapshots must have a vector for each of the {len(words)} words. "
            f"Got shapes {sorted(shapes)} instead."
        )
    plane = principal_plane(np.asarray(snapshots[-1].vectors, dtype=np.float64))
    points = np.array([plane.project(snapshot.vectors) for snapshot in snapshots])  # (F, n, 2)

    figure, (ax, loss_ax) = plt.subplots(2, figsize=(9, 7.5), height_ratios=(7, 1))
    figure.subplots_adjust(left=0.07, right=0.98, bottom=0.08, top=0.98, hspace=0.16)
    drawn = draw_words(words, points[-1], plane.shares, groups, ax, extent=points.reshape(-1, 2))
    trails = LineCollection([], colors=_colors(drawn), linewidths=1, alpha=0.35, zorder=1)
    ax.add_collection(trails, autolim=False)
    now = _draw_losses(loss_ax, snapshots)
    labels = np.array([label.get_position() for label in drawn.labels])
    leaders = np.array(drawn.leaders.get_segments()).reshape(-1, 2, 2)

    def show(frame):
        moved = points[frame] - points[-1]
        for members, scatter in drawn.scatters:
            scatter.set_offsets(points[frame, members])
        for label, place in zip(drawn.labels, labels + moved, strict=True):
            label.set_position(place)
        drawn.leaders.set_segments([*leaders + moved[drawn.led, np.newaxis]])
        trails.set_segments([*points[max(0, frame - TRAIL) : frame + 1].swapaxes(0, 1)])
        now.set_data([snapshots[frame].iteration], [snapshots[frame].loss])
        loss_ax.set_title(_caption(snapshots[frame]), size=10, loc="left", pad=3)

    return FuncAnimation(figure, show, frames=len(snapshots), init_func=lambda: None, interval=125)


def _colors(drawn):
    colors = [None] * len(drawn.labels)
    for members, scatter in drawn.scatters:
        for member in members:
            colors[member] = scatter.get_facecolor()[0]
    return colors


def _draw_losses(ax, snapshots):
    """The curve of the loss; returns the point that will move on it."""
    iterations = [snapshot.iteration for snapshot in snapshots]
    losses = [snapshot.loss for snapshot in snapshots]
    ax.plot(iterations, losses, color="0.6", linewidth=1)
    (now,) = ax.plot([], [], "o", color="0.2")
    ax.set(xlabel="iteration", ylabel="loss")
    ax.xaxis.set_major_formatter("{x:,.0f}")
    lighten(ax)
    return now


def _caption(snapshot):
    return f"iteration {snapshot.iteration:,}, loss {snapshot.loss:.2f}"


# -------------------------------------------------------------------- files


def save_animation(
    animation: Animation, path: StrPath, *, fps: float = 8, dpi: int | None = None
) -> None:
    """Write an animation into a file of the kind that the end of its name says.

    Parameters
    ----------
    animation : matplotlib.animation.Animation
    path : path-like
        ``.gif``, which begins anew when it has ended; or ``.html``, a page that needs no other file
        and no network, with a slider and a button to play it.
    fps : float
        Frames a second.
    dpi : int, optional
        Dots an inch, for the figure's size in inches. Default: 80 for a GIF, 110 for a page.

    Raises
    ------
    OSError
        If the file cannot be written.
    ValueError
        If the name ends otherwise, or `fps` is not positive.
    """
    path = check_animation_name("path", path)
    check_positive("fps", fps)
    frames = _Frames()
    with TemporaryDirectory() as directory:  # matplotlib asks for a name, but nothing is written
        animation.save(Path(directory) / "frames", writer=frames, dpi=dpi or DPI[path.suffix])
    encode = _gif if path.suffix == ".gif" else _page
    with atomic_write(path) as file:
        file.write(encode(frames.pictures, fps))


def check_animation_name(name: str, path: StrPath) -> Path:
    """`path` as a Path, or a ValueError that calls it `name`, before hours of training for it."""
    path = Path(path)
    if path.suffix not in DPI:
        raise ValueError(f"{name} must end in {' or '.join(DPI)}. Got {path} instead.")
    return path


class _Frames(AbstractMovieWriter):
    """Keeps each frame, as the bytes of a PNG file."""

    def setup(self, fig, outfile, dpi=None):
        super().setup(fig, outfile, dpi)
        self.pictures = []

    def grab_frame(self, **savefig_kwargs):
        file = BytesIO()
        self.fig.savefig(file, format="png", dpi=self.dpi, **savefig_kwargs)
        self.pictures.append(file.getvalue())

    def finish(self):
        pass


def _gif(pictures, fps):
    images = _with_one_palette(pictures)
    milliseconds = [round(1000 / fps)] * (len(images) - 1) + [round(1000 * LAST_FRAME_SECONDS)]
    file = BytesIO()
    images[0].save(
        file, "GIF", save_all=True, append_images=images[1:], duration=milliseconds, loop=0
    )
    return file.getvalue()


def _page(pictures, fps):
    frames = []
    for image in _with_one_palette(pictures):
        file = BytesIO()
        image.save(file, "PNG", optimize=True)
        frames.append(f'"data:image/png;base64,{b64encode(file.getvalue()).decode()}"')
    page = PAGE.replace("LAST", str(len(frames) - 1)).replace("PAUSE", str(round(1000 / fps)))
    return page.replace("FRAMES", ",\n".join(frames)).encode()


def _with_one_palette(pictures):
    """The pictures with few colours, which makes them small; the same for all, or parts flicker."""
    pixels = [np.asarray(Image.open(BytesIO(picture)).convert("RGB")) for picture in pictures]
    # What the last picture has most: paper and points, and the shades at the edges of letters.
    colors, counts = np.unique(pixels[-1].reshape(-1, 3), axis=0, return_counts=True)
    palette = colors[np.argsort(-counts, kind="stable")[:COLORS]]
    nearest = KDTree(palette)
    images = []
    for picture in pixels:
        colors, number = np.unique(picture.reshape(-1, 3), axis=0, return_inverse=True)
        indices = nearest.query(colors)[1][number].reshape(picture.shape[:2])
        images.append(Image.fromarray(indices.astype(np.uint8)))
        images[-1].putpalette(palette.ravel().tolist())
    return images


PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Word vectors in training</title>
<style>
body { max-width: 60em; margin: 1em auto; padding: 0 1em; font-family: sans-serif; }
img { width: 100%; }
div { display: flex; gap: 1em; align-items: center; }
input { flex: 1; }
button { width: 5em; font: inherit; }
</style>
<img id="picture" alt="Words on a plane, and the loss so far">
<div>
<button id="play">Play</button>
<input id="slider" type="range" min="0" max="LAST" value="0" aria-label="frame">
<output id="number"></output>
</div>
<script>
const frames = [
FRAMES
];
const [picture, play, slider, number] =
  ["picture", "play", "slider", "number"].map(id => document.getElementById(id));
let timer = null;

function show() {
  picture.src = frames[slider.value];
  number.value = `${Number(slider.value) + 1} / ${frames.length}`;
}

function stop() {
  clearInterval(timer);
  timer = null;
  play.textContent = "Play";
}

function advance() {
  if (slider.value === slider.max) return stop();
  slider.value = Number(slider.value) + 1;
  show();
}

play.onclick = () => {
  if (timer !== null) return stop();
  if (slider.value === slider.max) slider.value = 0;
  play.textContent = "Pause";
  timer = setInterval(advance, PAUSE);
  show();
};
slider.oninput = () => { stop(); show(); };
show();
</script>
"""


# -------------------------------------------------------------------- live


class LiveFigure:
    """A callback for `sgd` and `train_classic` that redraws one figure in a notebook.

    Parameters
    ----------
    draw : callable
        draw(progress) -> Axes: draws how things are now, into a new figure.
    every : int
        Iterations between two drawings.

    Notes
    -----
    The new figure takes the place of the one before. Outside a notebook nothing is drawn.
    """

    def __init__(self, draw: Callable[[SgdProgress], Axes], every: int) -> None:
        self._draw = draw
        self._every = every
        self._display: Any = None

    def __call__(self, progress: SgdProgress) -> None:
        if progress.iteration % self._every or not _in_notebook():
            return
        figure: Any = self._draw(progress).figure
        plt.close(figure)  # or the notebook would show it once more when the cell has ended
        if self._display is None:
            notebook = import_module("IPython.display")  # not one of our requirements
            self._display = notebook.display(figure, display_id=True)
        else:
            self._display.update(figure)


def _in_notebook():
    ipython = sys.modules.get("IPython")  # whoever runs in IPython has imported it
    return ipython is not None and ipython.get_ipython() is not None
