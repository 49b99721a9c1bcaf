"""The page with the rooms and the walk: its picture shows the imports, its six files are there."""

import re

import matplotlib.pyplot as plt
from PIL import Image  # with Matplotlib

from docs import draw_imports

ROOT = draw_imports.ROOT
PAGE = (ROOT / "docs" / "how_it_fits_together.md").read_text("utf-8")
STATIONS = re.findall(r"^\| (\d) \| \[`(.+?)`\]\(\.\./(.+?)\)", PAGE, re.MULTILINE)


def test_walk_opens_six_files():
    assert [number for number, _, _ in STATIONS] == list("123456")
    for _, shown, file in STATIONS:
        assert file.endswith(shown)
        assert (ROOT / file).is_file()


def test_stations_of_the_walk_are_those_of_the_picture():
    modules = [file.removesuffix(".py").replace("/", ".") for _, _, file in STATIONS]
    assert modules == draw_imports.STATIONS


def test_every_station_has_a_section_in_its_turn():
    assert re.findall(r"^### (\d)\. ", PAGE, re.MULTILINE) == list("123456")


def test_picture_shows_the_imports_as_they_are():
    with Image.open(draw_imports.PICTURE) as picture:
        assert picture.text["Imports"] == draw_imports.describe(), "python -m docs.draw_imports"


def test_every_arrow_of_the_picture_points_downwards():
    height = {name: y for name, (_, (_, y), _, _) in draw_imports.ROOMS.items()}
    arrows = draw_imports.read_arrows()
    assert ("engine", "formulas") in arrows
    assert [(a, b) for a, b in arrows if height[a] <= height[b]] == []


def test_arrows_that_others_imply_are_left_out():
    below = {"a": {"b", "c"}, "b": {"c"}, "c": set()}
    assert draw_imports.is_implied(below, "a", "c")
    assert not draw_imports.is_implied(below, "a", "b")
    assert not draw_imports.is_implied(below, "b", "c")


def test_same_imports_give_the_same_picture(tmp_path):
    plt.switch_backend("Agg")  # there may be no display
    paths = [tmp_path / "one.png", tmp_path / "other.png"]
    for path in paths:
        draw_imports.draw(path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
