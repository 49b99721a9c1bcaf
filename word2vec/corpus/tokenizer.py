"""A tokenizer for those who have none: raw text in, words in lower case out.

`Word2Vec.fit` never tokenizes by itself: what is a word is for whoever brings the text to say.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from ..checks import StrPath
from .files import text_files
from .sentences import LineSentences

_APOSTROPHES = "'\u2019"
_JOINERS = "\u200c\u200d"  # invisible, within words of Persian and of Indian languages
_LAST_WITH_MARKS = 0x1FFFF  # combining characters beyond are no part of words


def tokenize(text: str) -> list[str]:
    """Divide text into words: letters and digits in lower case, nothing else.

    Parameters
    ----------
    text : str
        A sentence, a paragraph, a review: what is to be one sentence for training.

    Returns
    -------
    list of str

    Raises
    ------
    TypeError
        If `text` is no str.

    Notes
    -----
    - Lower case is Unicode's. Accents stay, and are composed (NFC): an "é" of two characters
      becomes that of one.
    - Apostrophes stay within words ("don't", "l'été") and are all written "'"; around words they
      are quotation marks and go.
    - All else separates words and goes: white space, punctuation, symbols, emoji, and also hyphens
      ("well-known" is two words, which `Phrases` may join again), underscores (so that they are
      free to join phrases), and the points and commas of numbers ("1,000" is two).
    - Languages that are written without spaces need a tokenizer of their own: here a run of
      Chinese, Japanese or Thai letters is one word.

    Examples
    --------
    >>> tokenize("The café’s “well-known” cat didn't pay $3.50!")
    ['the', "café's", 'well', 'known', 'cat', "didn't", 'pay', '3', '50']
    """
    if not isinstance(text, str):
        raise TypeError(
            f"text must be a str. Got {type(text).__name__} instead; of many texts, tokenize each: "
            "[tokenize(text) for text in texts]."
        )
    text = unicodedata.normalize("NFC", text.lower())
    return [word.replace("\u2019", "'") for word in _word_pattern().findall(text)]


class TokenizedLines:
    """The lines of text files, each tokenized: sentences to train on.

    Can be iterated any number of times; each time the files are read anew, piece by piece.

    Parameters
    ----------
    path : str, path-like, or list of these
        UTF-8 text, plain or compressed (gzip, bzip2, xz): a file, a directory, a pattern or a list
        of files, as `Word2Vec.fit` takes them.

    Raises
    ------
    OSError, TypeError, ValueError
        As `LineSentences`.
    """

    def __init__(self, path: StrPath | list[StrPath]) -> None:
        paths = text_files(path)
        if paths is None:
            raise TypeError(f"path must name a text file or several. Got {path!r} instead.")
        self.paths = paths
        self.path = path

    def __iter__(self) -> Iterator[list[str]]:
        for path in self.paths:
            yield from self.between(path)

    def between(self, path: Path, start: int = 0, stop: int | None = None) -> Iterator[list[str]]:
        """The sentences between two places in one of the files, in bytes; None is its end."""
        for words in LineSentences(path).between(start, stop):
            yield tokenize(" ".join(words))


@functools.cache
def _word_pattern():
    # \w has letters and digits, but not the combining characters that many scripts write vowels
    # with, and it has the underscore.
    marks = "".join(
        re.escape(character)
        for character in map(chr, range(_LAST_WITH_MARKS + 1))
        if unicodedata.category(character).startswith("M")
    )
    part = rf"[^\W_](?:[^\W_]|[{marks}])*"
    return re.compile(rf"{part}(?:[{_APOSTROPHES}{_JOINERS}]{part})*")
