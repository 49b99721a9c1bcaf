"""A page to explore word vectors with: one HTML file that needs neither a network nor Python.

`explore.html` beside this file is the page without its words: it asks the questions of
`KeyedVectors` in JavaScript.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from pathlib import Path

import numpy as np

from utils import word_map
from word2vec import KeyedVectors
from word2vec.checks import FloatArray, IntArray, StrPath
from word2vec.saving.files import atomic_write

TEMPLATE = Path(__file__).with_name("explore.html")
# What could not be told apart on the page, or not be written into it.
INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def write_explore_page(
    vectors: KeyedVectors,
    path: StrPath,
    *,
    num_words: int = 20_000,
    title: str = "Word vectors",
    progress: word_map.Progress | None = None,
) -> None:
    """Write a page that shows neighbors, a map, analogies and similarities.

    Parameters
    ----------
    vectors : KeyedVectors
    path : path
    num_words : int
        The page has the first, most frequent, so many words.
    title : str
    progress : callable, optional
        ``progress(done, total)`` while the map is being laid out.

    Raises
    ------
    ValueError
        If there are no vectors, or if some have NaN or infinity.

    Notes
    -----
    The page has each vector as d 16-bit integers, the largest in magnitude 32767: a cosine needs
    the direction alone. Rounding changes it by about 1e-5, less than the page shows.

    A word that is blank, has spaces at its ends or control characters is shown as a JSON string.
    """
    matrix = vectors.vectors[:num_words]
    if matrix.size == 0:
        raise ValueError("a page to explore needs at least one word; there are no vectors")
    unusable = np.flatnonzero(~np.isfinite(matrix).all(axis=1))
    if len(unusable):
        raise ValueError(
            f"cannot compare vectors with NaN or infinity: {len(unusable)} of {len(matrix)} have "
            f"them, the first is that of {vectors.index_to_key[unusable[0]]!r}"
        )
    directions = _as_shorts(matrix, axis=1)
    points, map_note = word_map.place_words(directions, progress)
    words = [_visible(str(key)) for key in vectors.index_to_key[: len(matrix)]]
    data = {
        "words": words,
        "size": matrix.shape[1],
        "vectors": _encode(directions),
        "points": _encode(_as_shorts(points, axis=None)),
    }
    page = _fill_in(
        TEMPLATE.read_text(encoding="utf-8"),
        title=html.escape(title),
        about=f"{len(words):,} words, each a vector of {matrix.shape[1]} numbers.",
        map_note=html.escape(map_note),
        # A "<" could end the script element that the data stand in.
        data=json.dumps(data).replace("<", "\\u003c"),
    )
    with atomic_write(path, "w", encoding="utf-8", errors="replace", newline="\n") as file:
        file.write(page)


def _visible(word: str) -> str:
    is_plain = word and word == word.strip() and not INVISIBLE.search(word)
    return word if is_plain else json.dumps(word)


def _as_shorts(array: FloatArray, axis: int | None) -> IntArray:
    """`array` as 16-bit integers, its largest magnitude along `axis` scaled to 32767."""
    array = array.astype(float)
    largest = np.abs(array).max(axis=axis, keepdims=True)
    return np.rint(32767 * (array / np.where(largest > 0, largest, 1))).astype("<i2")


def _encode(array: IntArray) -> str:
    return base64.b64encode(array.tobytes()).decode("ascii")


def _fill_in(template: str, **values: str) -> str:
    """Put `values` into their {{places}}, and the policy that lets the page do nothing else.

    The policy names the page's own script and style by their digests. No other would run, and
    nothing can be fetched or sent.
    """

    def digest(tag: str) -> str:
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", template, re.DOTALL)
        sha256 = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
        return f"'sha256-{sha256}'"

    values["policy"] = (
        f"default-src 'none'; script-src {digest('script')}; style-src {digest('style')}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    return re.sub(r"\{\{(\w+)\}\}", lambda place: values[place[1]], template)
