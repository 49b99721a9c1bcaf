"""Text files, plain or compressed, read in pieces of bounded size."""

import bz2
import codecs
import contextlib
import gzip
import lzma
import os
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from ..checks import StrPath

CHUNK_BYTES = 1 << 20  # of text, read at a time
# Longer lines are cut, so that a corpus without line ends needs no more memory than another.
MAX_LINE_BYTES = 1 << 20

_OPENERS: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
_SIGNATURES = {  # no UTF-8 text starts like this
    ".gz": re.compile(rb"\x1f\x8b"),
    ".bz2": re.compile(rb"BZh[1-9]1AY&SY"),
    ".xz": re.compile(rb"\xfd7zXZ\0"),
}
_WHITE_SPACE = (b" ", b"\t", b"\r", b"\v", b"\f")


def check_text_file(path: StrPath) -> None:
    """Raise TypeError, OSError or ValueError unless `path` is a file that can be read twice."""
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"The path of a text file must be a str or path. Got {path!r} instead.")
    if os.path.isfile(path):
        return
    if os.path.isdir(path):
        raise IsADirectoryError(f"{path} is a directory. Name a text file in it.")
    if os.path.exists(path):
        raise ValueError(
            f"{path} is no regular file: it may be readable only once, but is needed twice. "
            "Write the text to a file first."
        )
    shown, hint = str(path), ""
    if len(shown.split()) > 1:
        shown, hint = shown[:200], " Text itself is passed as a list of lists of words."
    raise FileNotFoundError(f"There is no text file {shown}.{hint}")


@contextlib.contextmanager
def open_text(path: StrPath) -> Iterator[BinaryIO]:
    """Open a text file for reading bytes, uncompressed if it is gzip, bzip2 or xz data.

    A name that ends in ``.gz``, ``.bz2`` or ``.xz`` says so; otherwise the first bytes do.

    Raises
    ------
    ValueError
        Also while reading, if compressed data are damaged, truncated, or no such data.
    """
    suffix = Path(path).suffix
    if suffix not in _OPENERS:
        with open(path, "rb") as file:
            start = file.read(10)
        suffix = next((key for key, known in _SIGNATURES.items() if known.match(start)), "")
    try:
        with _OPENERS.get(suffix, open)(path, "rb") as file:
            yield file
    except (EOFError, OSError, zlib.error, lzma.LZMAError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # of the system, not of the content
        raise ValueError(
            f"{path}: damaged, truncated, or no {suffix} data: {error}. Get the file again, or, "
            "if it is not compressed, take that ending off its name."
        ) from error


def read_lines(path: StrPath) -> Iterator[tuple[int, list[bytes]]]:
    """Yield the lines of a text file, many at a time.

    Yields
    ------
    number : int
        Of the first of these lines, from 1.
    lines : list of bytes
        Without their ends. A line of over 1 MiB is cut between words and comes in pieces, each
        yielded alone. A byte order mark is left out.

    Raises
    ------
    ValueError
        If compressed data are damaged, or a word is longer than 1 MiB.
    """
    with open_text(path) as file:
        if file.read(len(codecs.BOM_UTF8)) != codecs.BOM_UTF8:
            file.seek(0)
        number, rest = 1, b""
        while block := file.read(CHUNK_BYTES):
            lines = (rest + block).split(b"\n")
            rest = lines.pop()
            if lines:
                yield number, lines
                number += len(lines)
            elif len(rest) > MAX_LINE_BYTES:
                line, rest = _cut(path, number, rest)
                yield number, [line]
        if rest:
            yield number, [rest]


def _cut(path, number, line):
    """Divide the beginning of a long line before its last word, which may not be complete."""
    end = max(line.rfind(space) for space in _WHITE_SPACE)
    if len(line) - end > MAX_LINE_BYTES:
        raise ValueError(
            f"{path}, line {number}: a word of over {MAX_LINE_BYTES:,} bytes. Is this text, "
            "with white space between words?"
        )
    return line[:end], line[end + 1 :]
