"""The command plot: formats, sizes, titles, groups."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import run
from utils import pictures
from word2vec import KeyedVectors


@pytest.fixture(autouse=True)
def _directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["king", "queen", "rain", "snow", "tea"]
    vectors = np.random.default_rng(0).normal(size=(len(words), 4))
    KeyedVectors.from_words(words, vectors).save_word2vec_format("v.txt")
    Path("groups.txt").write_text("royal: king queen\n\nweather:rain snow\n", encoding="utf-8")


def plot(*arguments):
    return run.main(["plot", "--vectors", "v.txt", *arguments])


@pytest.mark.parametrize(
    ("name", "start"),
    [("a.svg", b"<?xml"), ("a.pdf", b"%PDF"), ("a.PNG", b"\x89PNG"), ("a.jpg", b"\xff\xd8")],
)
def test_end_of_the_name_says_the_format(name, start):
    assert plot("--words", "king", "tea", "--output", name) == 0
    assert Path(name).read_bytes().startswith(start)


def test_unknown_format_is_refused_before_the_vectors_are_read(capsys):
    assert plot("--words", "king", "--output", "a.doc", "--vectors", "missing.txt") == 2
    assert "a.doc: the name of a picture must end in ." in capsys.readouterr().err


def test_size_and_resolution_are_as_asked():
    assert plot("--words", "king", "tea", "--size", "4x3", "--dpi", "50") == 0
    with Image.open("words.png") as picture:
        assert picture.size == (200, 150)


@pytest.mark.parametrize("size", ["4", "4x", "x", "0x3", "4x1000", "axb"])
def test_size_that_is_none_is_refused(size, capsys):
    with pytest.raises(SystemExit, match="2"):
        plot("--words", "king", "--size", size)
    assert "--size: must be such as 10x7.5" in capsys.readouterr().err


def test_title_and_groups_are_in_the_picture():
    assert plot("--groups", "groups.txt", "--title", "Words", "--output", "a.svg") == 0
    shown = Path("a.svg").read_text("utf-8")
    assert all(f"<!-- {text} -->" in shown for text in ("Words", "royal", "weather"))


def test_letters_are_large_enough_for_a_slide(monkeypatch):
    drawn = []
    monkeypatch.setattr(pictures, "_save", lambda ax, *_: drawn.append(ax))
    assert plot("--groups", "groups.txt", "--title", "Words", "--size", "8x4.5") == 0
    (ax,) = drawn
    texts = [*ax.texts, *ax.get_legend().get_texts(), ax.xaxis.label, ax.yaxis.label, ax.title]
    assert min(text.get_fontsize() for text in texts) >= 13


def test_title_and_words_stay_inside_a_small_picture():
    title = "A title that is longer than a picture of this size is wide"
    groups = ["--groups", "groups.txt", "--words", "king", "queen", "rain", "snow", "tea"]
    assert plot(*groups, "--size", "3x2", "--dpi", "100", "--title", title) == 0
    with Image.open("words.png") as picture:
        pixels = np.array(picture.convert("L"))
    edges = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    assert (edges == 255).all()
    assert (pixels < 128).any()


@pytest.mark.parametrize("line", ["king queen", ": king", "royal:", "royal: tea"])
def test_line_of_groups_that_is_none_is_named(line, capsys):
    Path("groups.txt").write_text(f"royal: king queen\n{line}\n", encoding="utf-8")
    assert plot("--groups", "groups.txt") == 2
    assert "groups.txt, line 2 must be a new name, a colon and words" in capsys.readouterr().err


def test_plot_without_words_is_refused(capsys):
    assert plot() == 2
    assert "plot needs --words WORD ..., --groups FILE or both" in capsys.readouterr().err
