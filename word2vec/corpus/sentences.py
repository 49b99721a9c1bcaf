"""Sentences: those of a text file, and the checks that others are lists of words."""

from __future__ import annotations

import contextlib
import os
import reprlib
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import Any

from ..checks import StrPath
from .textfile import check_text_file, read_lines

# Not of `Sequence[str]`, which a sentence that was not split into words is as well.
TokenLists = Iterable[list[str] | tuple[str, ...]]
Corpus = StrPath | TokenLists  # what can be trained on; a path is that of a text file
Texts = Corpus | Sequence[StrPath]  # or a directory, a pattern, a list of paths: see `files`

# What str.split() takes for white space, but bytes.split() does not.
_OTHER_WHITE_SPACE = (
    "\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009"
    "\u200a\u2028\u2029\u202f\u205f\u3000"
)


class LineSentences:
    """The sentences of a text file, one a line, words separated by ASCII white space.

    Can be iterated any number of times; each time the file is read anew, piece by piece. Lines of
    over 1 MiB are cut into several sentences.

    Parameters
    ----------
    path : str or path-like
        UTF-8 text, plain or compressed (gzip, bzip2, xz).

    Raises
    ------
    FileNotFoundError, IsADirectoryError, ValueError
        If there is no such file that can be read repeatedly, already on construction.
    ValueError
        While reading, if compressed data are damaged, or if a line is not UTF-8 or holds a NUL
        byte; the message names the line.
    """

    def __init__(self, path: StrPath) -> None:
        check_text_file(path)
        self.path = Path(path)

    def __iter__(self) -> Iterator[list[str]]:
        return self.between(0, None)

    def between(self, start: int, stop: int | None) -> Iterator[list[str]]:
        """The sentences between two places in the file, in bytes; None is its end."""
        for first, lines in read_lines(self.path, start, stop):
            for number, line in enumerate(lines, start=first):
                words = line.split()
                if b"\0" in line:
                    word = next(word for word in words if b"\0" in word)
                    raise self._not_text(number, word, "has a NUL byte, like binary data or UTF-16")
                try:
                    yield [word.decode("utf-8") for word in words]
                except UnicodeDecodeError as error:
                    raise self._not_text(number, error.object, "is not UTF-8 text") from error

    def _not_text(self, number, word, why):
        return ValueError(
            f"{self.path}, line {number}: {reprlib.repr(word)} {why}. Convert the file to UTF-8 "
            "first; of compressed files, only gzip, bzip2 and xz are understood."
        )


def split_lines(text: bytes) -> Iterator[list[str]]:
    """The words of each line, which ASCII white space separates; may raise UnicodeDecodeError."""
    decoded = text.decode("utf-8")
    if any(space in decoded for space in _OTHER_WHITE_SPACE):
        return ([word.decode("utf-8") for word in line.split()] for line in text.split(b"\n"))
    return map(str.split, decoded.split("\n"))


def not_text(paths: Sequence[StrPath]) -> ValueError:
    """What is wrong with files one of which is no text; an error that names the line."""
    try:
        for path in paths:
            for _ in LineSentences(path):
                pass
    except ValueError as error:
        return error
    return ValueError(f"{paths[-1]} changed while it was read. Train on a copy.")


def check_sentences(name: str, sentences: Any) -> None:
    """Raise TypeError or ValueError unless `sentences`, the argument `name`, can be a corpus.

    It must be an iterable that starts anew whenever it is iterated; its content is not looked at.
    """
    expected = f"{name} must be an iterable of lists of words. Got {reprlib.repr(sentences)}"
    if isinstance(sentences, (str, bytes, os.PathLike)):
        raise TypeError(f"{expected}; for a text file, pass LineSentences(path).")
    if isinstance(sentences, (Mapping, Set)):
        raise TypeError(f"{expected}, which has no sentences in order.")
    check_no_table(name, sentences)
    try:
        once = iter(sentences) is sentences
    except TypeError as error:
        raise TypeError(f"{expected} instead.") from error
    if once:
        raise ValueError(
            f"{name} can be read only once, but is needed twice. Pass a list, or an object whose "
            "__iter__ starts anew, such as LineSentences(path)."
        )


def check_no_table(name: str, sentences: Any) -> None:
    """Raise TypeError if `sentences` is a DataFrame of pandas, which iterates over its columns."""
    if hasattr(sentences, "columns") and hasattr(sentences, "iloc"):
        columns = ", ".join(map(repr, sentences.columns))
        raise TypeError(
            f"{name} must be an iterable of lists of words. Got a table with the columns {columns} "
            "instead: pass the one that holds them, or that holds text with spaces between the "
            "words: table[column]."
        )


def source_name(corpus: object, argument: str) -> str:
    """What errors call a corpus: its file, or else the argument."""
    corpus = getattr(corpus, "path", corpus)
    if isinstance(corpus, (list, tuple)) and corpus and isinstance(corpus[0], (str, os.PathLike)):
        return f"{corpus[0]} and {len(corpus) - 1} more" if len(corpus) > 1 else str(corpus[0])
    return str(corpus) if isinstance(corpus, (str, os.PathLike)) else argument


def token_lists(sentences: TokenLists) -> Iterator[list[str] | tuple[str, ...]]:
    """Yield the sentences of an iterable, after making sure that each is a list of tokens.

    A string in a Series of pandas is text, and is split at white space like a line of a file.

    Raises
    ------
    TypeError, ValueError
        If a sentence is a plain string, whose letters would be taken for words, has no order, can
        be read only once, or is no iterable at all.
    """
    is_series = hasattr(sentences, "iloc")
    for number, sentence in enumerate(sentences):
        if isinstance(sentence, str) and is_series:
            sentence = sentence.split()
        elif not isinstance(sentence, (list, tuple)):
            _check_sentence(number, sentence, is_series)
        yield sentence


def _check_sentence(number, sentence, is_series):
    """Raise unless `sentence` is one; of what a Series of pandas misses there is a cure."""
    if isinstance(sentence, (str, bytes)):
        raise TypeError(
            f"Sentence {number} is a string; a sentence must be a list of words. Use text.split()."
        )
    if isinstance(sentence, (Mapping, Set)) or not isinstance(sentence, Iterable):
        cure = " Missing values are dropped by series.dropna()." if is_series else ""
        raise TypeError(
            f"Sentence {number} must be a list of words. Got {reprlib.repr(sentence)} instead."
            + cure
        )
    if isinstance(sentence, Iterator):
        raise ValueError(
            f"Sentence {number} can be read only once, but is needed twice. Make it a list."
        )


@contextlib.contextmanager
def explained_unhashable_words() -> Iterator[None]:
    """Say what is wrong where words are no words but, for instance, lists of words."""
    try:
        yield
    except TypeError as error:
        if "unhashable" not in str(error):
            raise  # from the caller's own iterator
        raise TypeError(
            f"Words must be str, but one has an {error}. Is the corpus a list of lists of words?"
        ) from error


def check_words(words: Iterable[Any]) -> None:
    """Raise TypeError or ValueError unless all words are str that UTF-8 can hold."""
    for word in words:
        if not isinstance(word, str):
            raise TypeError(
                f"Words must be str. Got {word!r} of {type(word).__name__}; convert or drop it."
            )
        try:
            word.encode("utf-8")
        except UnicodeEncodeError as error:
            raise ValueError(
                f"The word {word!r} has half a surrogate pair, which UTF-8 cannot hold. "
                "Decode the text it comes from with the right encoding."
            ) from error
