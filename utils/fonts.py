"""Fonts for words in any script: those of the system, where matplotlib's own lack characters."""

from __future__ import annotations

import contextlib
import unicodedata
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from matplotlib import font_manager

LONGEST = 24  # characters of a label
# What to install where no font is found, by how the Unicode names of the characters begin.
ADVICE = {
    ("CJK", "HIRAGANA", "KATAKANA", "HANGUL"): "Noto Sans CJK",
    ("DEVANAGARI",): "Noto Sans Devanagari",
    ("THAI",): "Noto Sans Thai",
}
OTHERWISE = "one of the Noto Sans fonts, or Symbola for emoji"
# Tried before all others, in this order: they were made for running text.
LIKED = ("NotoSansCJK", "NotoSans", "wqy", "Lohit", "Loma", "")


@contextlib.contextmanager
def fonts_for(texts: Iterable[str]) -> Iterator[None]:
    """Draw with fonts that have all characters of `texts`, as far as the system has such fonts.

    Warns
    -----
    UserWarning
        Once, if characters are left that no font has; it says which font to install. Inside, it
        is not said again: neither of all of them nor, by matplotlib, of each.
    """
    families, missing = find_families(texts)
    if missing:
        warnings.warn(_describe(missing), stacklevel=3)
    fonts: Any = {"font.family": [*plt.rcParams["font.family"], *families]}
    with plt.rc_context(fonts), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "No font here has|Glyph .* missing from font")
        yield


def find_families(texts: Iterable[str]) -> tuple[list[str], set[str]]:
    """Families that have what the usual fonts lack of `texts`, and the characters that none has."""
    missing = {
        character
        for character in set("".join(texts))
        if not character.isspace() and unicodedata.category(character) not in ("Cf", "Cc", "Mn")
    }
    missing -= _characters(font_manager.findfont(font_manager.FontProperties()))
    families: list[str] = []
    if not missing:
        return families, missing
    for path in sorted(font_manager.findSystemFonts(), key=_order):
        found = missing & _characters(path)
        if found:
            font_manager.fontManager.addfont(path)
            families.append(font_manager.FontProperties(fname=path).get_name())
            missing -= found
        if not missing:
            break
    return families, missing


def shorten(word: str) -> str:
    """A word as a label shows it: its beginning and end, if it is very long."""
    if len(word) <= LONGEST:
        return word
    return f"{word[: LONGEST - 9]}…{word[-8:]}"


def _order(path: str) -> tuple[int, bool, str]:
    """Fonts that are liked first, and the usual weight before bold and slanted ones."""
    name = Path(path).name
    is_special = any(kind in name for kind in ("Bold", "Italic", "Oblique", "Black", "Light"))
    return next(i for i, liked in enumerate(LIKED) if liked in name), is_special, path


def _characters(path: str) -> set[str]:
    """The characters that a font has; none of one that matplotlib cannot draw with."""
    try:
        font = font_manager.get_font(path)
    except (OSError, RuntimeError):
        return set()
    # Colour fonts are bitmaps, and a font of last resort has nothing but boxes.
    if not font.scalable or ("Last" in font.family_name and "Resort" in font.family_name):
        return set()
    return set(map(chr, font.get_charmap()))


def _describe(missing: set[str]) -> str:
    some = " ".join(sorted(missing)[:5])
    names = [unicodedata.name(character, "") for character in missing]
    advice = {
        next((font for begins, font in ADVICE.items() if name.startswith(begins)), OTHERWISE)
        for name in names
    }
    return (
        f"No font here has {len(missing)} of the characters, such as {some}: they are drawn as "
        f"boxes. Install {' and '.join(sorted(advice))}, and draw again."
    )
