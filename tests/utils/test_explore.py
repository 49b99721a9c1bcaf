"""The page to explore word vectors with, as it is written; test_explore_browser.py uses it."""

import base64
import hashlib
import json
import re

import numpy as np
import pytest

from utils import explore, word_map
from utils.explore import write_explore_page
from word2vec.vectors.keyed_vectors import KeyedVectors

WORDS = ["king", "queen", "man", "woman", "apple"]
MATRIX = np.array([[2, 1], [1, 2], [1, 0], [0, 1], [-1, -1]], np.float32)


def data_of(page):
    """The words, vectors and points that a page holds."""
    data = json.loads(re.search(r'id="data">(.*?)</script>', page)[1])
    vectors, points = (
        np.frombuffer(base64.b64decode(data[name]), "<i2").reshape(len(data["words"]), -1)
        for name in ("vectors", "points")
    )
    assert data["size"] == vectors.shape[1]
    return data["words"], vectors, points


@pytest.fixture
def write(tmp_path):
    """Writes a page and returns it."""

    def write(words=WORDS, matrix=MATRIX, **options):
        path = tmp_path / "page.html"
        write_explore_page(KeyedVectors.from_words(words, matrix), path, **options)
        return path.read_text(encoding="utf-8")

    return write


def test_page_has_words_directions_and_places(write):
    words, vectors, points = data_of(write())
    assert words == WORDS
    directions = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    expected = MATRIX / np.linalg.norm(MATRIX, axis=1, keepdims=True)
    np.testing.assert_allclose(directions, expected, atol=2e-5)
    assert points.shape == (5, 2)
    assert np.abs(points).max() == 32767


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_scale_of_a_vector_does_not_matter_nor_overflow(write, dtype):
    scales = np.array([[1], [0.01], [100], [0], [1e-4]])
    _, vectors, _ = data_of(write(matrix=(MATRIX * scales).astype(dtype)))
    np.testing.assert_array_equal(np.abs(vectors).max(axis=1), [32767, 32767, 32767, 0, 32767])
    assert vectors[0].tolist() == [32767, 16384]


def test_tiny_and_huge_numbers_keep_their_directions(write):
    matrix = np.array([[5e-324, 0], [1.7e308, -1.7e308]])
    _, vectors, _ = data_of(write(["a", "b"], matrix))
    assert vectors.tolist() == [[32767, 0], [32767, -32767]]


def test_only_the_first_words_are_on_the_page(write):
    words, vectors, points = data_of(write(num_words=3))
    assert words == WORDS[:3]
    assert vectors.shape == points.shape == (3, 2)


def test_page_of_20000_words_of_length_100_is_under_10_megabytes(tmp_path, monkeypatch):
    monkeypatch.setattr(word_map, "place_words", lambda vectors, _: (vectors[:, :2], ""))
    matrix = np.random.default_rng(0).normal(size=(20_000, 100)).astype(np.float32)
    words = [f"a-rather-long-word-{row}" for row in range(len(matrix))]
    write_explore_page(KeyedVectors.from_words(words, matrix), tmp_path / "page.html")
    assert (tmp_path / "page.html").stat().st_size < 10_000_000


NASTY = ["</script>", "<!--<script>", "{{title}}", '"', "\\", "&amp;", "שלום", "😀", "e\u0301"]


def test_words_cannot_end_the_script_that_holds_them(write):
    page = write(NASTY, np.eye(len(NASTY)))
    assert data_of(page)[0] == NASTY
    assert page.count("<script") == write().count("<script")
    assert page.count("</script") == write().count("</script")


@pytest.mark.parametrize("word", ["", " ", "a\nb", " a", "a ", "\x00", "\u2028", "\x85", "\ud800"])
def test_word_that_could_not_be_seen_is_shown_as_json(write, word):
    shown = data_of(write([word, "b"], MATRIX[:2]))[0][0]
    assert shown[0] == shown[-1] == '"'
    assert json.loads(shown) == word
    assert shown.isprintable()


def test_keys_that_are_not_strings_are_shown(write):
    assert data_of(write([3, "b"], MATRIX[:2]))[0] == ["3", "b"]


def test_title_is_text_not_markup(write):
    page = write(title="<b>R&D</b> {{data}} \ud800")
    assert page.count("&lt;b&gt;R&amp;D&lt;/b&gt; {{data}} ?") == 2


def test_policy_allows_this_script_and_style_and_nothing_from_the_network(write):
    page = write()
    policy = re.search(r'Content-Security-Policy" content="(.*?)"', page)[1]
    assert policy.startswith("default-src 'none'; ")
    for tag in ("script", "style"):
        text = re.search(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}';" in policy
    assert not re.search(r"https?:|\bsrc=|@import|url\(|innerHTML|\{\{", page)


def test_page_is_the_same_each_time(write):
    matrix = np.random.default_rng(0).normal(size=(30, 4))
    words = [f"w{row}" for row in range(30)]
    assert write(words, matrix) == write(words, matrix)


# -------------------------------------------------------------------- errors


def test_no_vectors_are_no_page(tmp_path):
    with pytest.raises(ValueError, match="needs at least one word; there are no vectors"):
        write_explore_page(KeyedVectors(3), tmp_path / "page.html")


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_numbers_that_cannot_be_compared_are_refused_and_nothing_is_written(tmp_path, number):
    matrix = MATRIX.copy()
    matrix[1, 0] = number
    with pytest.raises(ValueError, match="1 of 5 have them, the first is that of 'queen'"):
        write_explore_page(KeyedVectors.from_words(WORDS, matrix), tmp_path / "page.html")
    assert list(tmp_path.iterdir()) == []


def test_template_has_a_place_for_each_value():
    template = explore.TEMPLATE.read_text(encoding="utf-8")
    places = set(re.findall(r"\{\{(\w+)\}\}", template))
    assert places == {"title", "about", "map_note", "data", "policy"}
