import sys
from base64 import b64decode
from collections import Counter
from io import BytesIO
from itertools import chain
from types import SimpleNamespace

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from PIL import Image

import run
from utils.animation import (
    LAST_FRAME_SECONDS,
    TRAIL,
    LiveFigure,
    Snapshot,
    WordRecorder,
    animate_words,
    save_animation,
    snapshot_iterations,
)
from utils.plot_style import PALETTE
from utils.word_plane import principal_plane
from word2vec.classic.train import train_classic
from word2vec.corpus.vocab import Vocab

matplotlib.use("Agg")  # there may be no display

WORDS = ["great", "good", "bad", "tea", "coffee"]
GROUPS = {"praise": ["great", "good"], "drinks": ["coffee", "tea"]}
SENTENCES = [["great", "good", "tea"], ["bad", "coffee", "tea"]] * 3
VOCAB = Vocab.from_counts(Counter(chain.from_iterable(SENTENCES)))


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def snapshots(num_frames=4, seed=0):
    """Words that go in straight lines from one point to places of their own."""
    ends = np.random.default_rng(seed).normal(size=(len(WORDS), 6))
    shares = np.linspace(0, 1, num_frames)
    return [Snapshot(100 * i, 5.0 - i, share * ends) for i, share in enumerate(shares)]


def shown_at(animation, frame):
    """Figure of an animation that shows one frame."""
    animation._draw_frame(frame)
    animation._draw_was_started = True  # or it warns that nobody has looked at it
    return animation._fig


def drawn_points(figure):
    """Name of a group -> the points of its words."""
    scatters = [c for c in figure.axes[0].collections if isinstance(c, PathCollection)]
    return {scatter.get_label(): np.asarray(scatter.get_offsets()) for scatter in scatters}


@pytest.fixture
def animation():
    animation = animate_words(snapshots(), WORDS, groups=GROUPS)
    yield animation
    animation._draw_was_started = True  # or it warns that nobody has looked at it


# -------------------------------------------------------------------- recording


def test_recorder_keeps_the_vectors_of_its_words_at_its_iterations():
    recorder = WordRecorder(VOCAB, ["tea", "bad"], [1, 3])
    everything = {}

    def callback(progress):
        recorder(progress)
        everything[progress.iteration] = (progress.smoothed_loss, progress.x.copy())

    train_classic(SENTENCES, iterations=4, batch_size=2, negative=2, callback=callback)
    assert [snapshot.iteration for snapshot in recorder.snapshots] == [1, 3]
    for iteration, loss, vectors in recorder.snapshots:
        assert loss == everything[iteration][0]
        rows = [VOCAB.index["tea"], VOCAB.index["bad"]]
        np.testing.assert_array_equal(vectors, everything[iteration][1][rows])


def test_vectors_of_the_last_snapshot_are_those_that_training_returns():
    recorder = WordRecorder(VOCAB, WORDS, [3])
    wv = train_classic(SENTENCES, iterations=3, batch_size=2, negative=2, callback=recorder)
    np.testing.assert_array_equal(recorder.snapshots[0].vectors, wv[WORDS])


def test_recorder_refuses_words_that_the_vocabulary_lacks():
    with pytest.raises(KeyError, match=r"It lacks \['milk'\]"):
        WordRecorder(VOCAB, ["tea", "milk"], [1])


@pytest.mark.parametrize(("total", "num_frames"), [(4000, 60), (7, 60), (1, 2), (2, 2)])
def test_snapshots_are_taken_from_first_to_last_iteration(total, num_frames):
    iterations = snapshot_iterations(total, num_frames)
    assert iterations[0] == 1
    assert iterations[-1] == total
    assert iterations == sorted(set(iterations))
    assert len(iterations) == min(total, num_frames) or total == 7


# -------------------------------------------------------------------- animating


def test_every_frame_shows_the_vectors_on_the_plane_of_the_last_ones(animation):
    frames = snapshots()
    plane = principal_plane(frames[-1].vectors)
    for number, frame in enumerate(frames):
        points = drawn_points(shown_at(animation, number))
        wanted = plane.project(frame.vectors)
        np.testing.assert_allclose(points["praise"], wanted[[0, 1]], atol=1e-12)
        np.testing.assert_allclose(points["drinks"], wanted[[3, 4]], atol=1e-12)


def test_labels_go_with_their_points(animation):
    plane = principal_plane(snapshots()[-1].vectors)
    distances = []
    for number, frame in enumerate(snapshots()):
        labels = shown_at(animation, number).axes[0].texts
        places = np.array([label.get_position() for label in labels])
        distances.append(places - plane.project(frame.vectors))
    np.testing.assert_allclose(distances, [distances[-1]] * 4, atol=1e-12)


def test_limits_stay_and_hold_all_frames():
    frames = snapshots()
    frames[1] = frames[1]._replace(vectors=5 * frames[-1].vectors)  # far out, then back
    animation = animate_words(frames, WORDS)
    limits = [(shown_at(animation, i).axes[0].get_xlim(), i) for i in range(len(frames))]
    assert len({limit for limit, _ in limits}) == 1
    points = drawn_points(shown_at(animation, 1))
    (low, high), _ = limits[0]
    assert all((low < p[:, 0]).all() and (p[:, 0] < high).all() for p in points.values())


def test_trails_show_where_the_words_were():
    frames = snapshots(TRAIL + 5)
    plane = principal_plane(frames[-1].vectors)
    figure = shown_at(animate_words(frames, WORDS), len(frames) - 1)
    trails = next(c for c in figure.axes[0].collections if c.get_alpha() == 0.35)
    assert isinstance(trails, LineCollection)
    ways = np.array(trails.get_segments())
    wanted = [plane.project(frame.vectors) for frame in frames[-TRAIL - 1 :]]
    np.testing.assert_allclose(ways, np.swapaxes(wanted, 0, 1), atol=1e-12)


def test_a_point_moves_along_the_curve_of_the_loss(animation):
    _, loss_ax = shown_at(animation, 2).axes
    curve, now = loss_ax.lines
    np.testing.assert_array_equal(curve.get_xydata(), [[0, 5], [100, 4], [200, 3], [300, 2]])
    np.testing.assert_array_equal(now.get_xydata(), [[200, 3]])
    assert loss_ax.get_title("left") == "iteration 200, loss 3.00"


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        (snapshots()[:1], "snapshots must be at least two to see a change. Got 1"),
        ([Snapshot(1, 1.0, np.ones((2, 3)))] * 2, r"each of the 5 words. Got shapes \[\(2, 3\)\]"),
        ([*snapshots(), Snapshot(9, 1.0, np.ones((5, 2)))], r"Got shapes \[\(5, 2\), \(5, 6\)\]"),
    ],
)
def test_snapshots_that_do_not_fit_are_refused(frames, message):
    with pytest.raises(ValueError, match=message):
        animate_words(frames, WORDS)


# -------------------------------------------------------------------- files


def test_gif_has_all_frames_on_white_and_waits_at_the_last(animation, tmp_path):
    save_animation(animation, tmp_path / "words.gif", fps=5)
    with Image.open(tmp_path / "words.gif") as image:
        assert image.n_frames == 4
        durations, corners = [], []
        for number in range(4):
            image.seek(number)
            durations.append(image.info["duration"])
            corners.append(image.convert("RGB").getpixel((1, 1)))
        assert image.info["loop"] == 0
    assert durations == [200, 200, 200, 1000 * LAST_FRAME_SECONDS]
    assert corners == [(255, 255, 255)] * 4


def test_gif_keeps_the_colors_of_the_groups(tmp_path):
    groups = {word: [word] for word in WORDS}
    save_animation(animate_words(snapshots(), WORDS, groups=groups), tmp_path / "words.gif")
    with Image.open(tmp_path / "words.gif") as image:
        image.seek(3)
        colors = {color for _, color in image.convert("RGB").getcolors(10_000)}
    assert {to_hex(np.array(color) / 255).upper() for color in colors} >= set(PALETTE[:5])


def test_page_holds_all_frames_and_asks_the_network_for_nothing(animation, tmp_path):
    save_animation(animation, tmp_path / "words.html", fps=5)
    page = (tmp_path / "words.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert page.count('"data:image/png;base64,') == 4
    assert 'max="3"' in page
    assert "setInterval(advance, 200)" in page
    assert "http" not in page
    assert "src=" not in page.replace("picture.src =", "")


def test_frames_of_the_page_are_pictures_that_differ(animation, tmp_path):
    save_animation(animation, tmp_path / "words.html")
    page = (tmp_path / "words.html").read_text(encoding="utf-8")
    frames = [line.split(",")[1].strip('"') for line in page.splitlines() if "base64" in line]
    images = [Image.open(BytesIO(b64decode(frame))) for frame in frames]
    assert {image.size for image in images} == {(990, 825)}
    assert len(set(frames)) == 4


def test_other_endings_are_refused_and_nothing_is_written(animation, tmp_path):
    with pytest.raises(ValueError, match=r"path must end in .gif or .html. Got .*words.mp4"):
        save_animation(animation, tmp_path / "words.mp4")
    with pytest.raises(ValueError, match=r"fps must be"):
        save_animation(animation, tmp_path / "words.gif", fps=0)
    assert list(tmp_path.iterdir()) == []


# -------------------------------------------------------------------- the command


def run_main(*arguments):
    return run.main([str(argument) for argument in ("animate", *arguments)])


def test_command_trains_and_writes_the_animation(tmp_path, capsys):
    path = tmp_path / "words.html"
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("\n".join(" ".join(sentence) for sentence in SENTENCES), encoding="utf-8")
    assert run_main("--corpus", corpus, "--output", path, "--iterations", 20, "--frames", 3) == 0
    assert capsys.readouterr().out.endswith(f"Wrote 3 frames into {path}\n")
    assert path.read_text(encoding="utf-8").count("base64") == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--output", "words.mp4"], "--output must end in .gif or .html. Got words.mp4"),
        (["--frames", "1"], "--frames must be an integer >= 2. Got 1 instead."),
    ],
)
def test_command_refuses_what_cannot_be_before_it_trains(arguments, message, capsys):
    assert run_main("--corpus", "nowhere.txt", *arguments) == 2
    assert message in capsys.readouterr().err


# -------------------------------------------------------------------- live


class FakeNotebook:
    """Stands for IPython: remembers what was shown, and where."""

    def __init__(self):
        self.shown = []

    def get_ipython(self):
        return self

    def display(self, figure, display_id):
        self.shown.append([figure])
        return SimpleNamespace(update=self.shown[-1].append)


@pytest.fixture
def notebook(monkeypatch):
    notebook = FakeNotebook()
    monkeypatch.setitem(sys.modules, "IPython", notebook)
    monkeypatch.setitem(sys.modules, "IPython.display", notebook)
    return notebook


def test_live_figure_redraws_in_one_place_now_and_then(notebook):
    drawn = []

    def draw(progress):
        drawn.append(progress.iteration)
        return plt.figure().subplots()

    live = LiveFigure(draw, every=10)
    train_classic(SENTENCES, iterations=35, batch_size=2, negative=2, callback=live)
    assert drawn == [10, 20, 30]
    assert [len(figures) for figures in notebook.shown] == [3]
    assert all(isinstance(figure, Figure) for figure in notebook.shown[0])
    assert plt.get_fignums() == []  # the notebook would show open figures once more


def test_live_figure_draws_nothing_outside_a_notebook(monkeypatch):
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    LiveFigure(None, every=1)(SimpleNamespace(iteration=1))
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: None))
    LiveFigure(None, every=1)(SimpleNamespace(iteration=1))
