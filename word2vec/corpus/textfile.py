"""Text files, plain or compressed, read in pieces of bounded size."""

import codecs
import io
import os
import sys
from collections.abc import Iterator

import numpy as np

from ..checks import StrPath
from ..saving.reading import open_for_reading, size_if_known

CHUNK_BYTES = 1 << 20  # of text, read at a time
PIECE_BYTES = 1 << 17  # of text, worked on at a time: its arrays fit into the processor's cache
# Longer lines are cut, so that a corpus without line ends needs no more memory than another.
MAX_LINE_BYTES = 1 << 20

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


def read_lines(
    path: StrPath, start: int = 0, stop: int | None = None
) -> Iterator[tuple[int, list[bytes]]]:
    """Yield what `read_blocks` does, with each block divided into its lines, without their ends."""
    for number, block in read_blocks(path, start, stop):
        yield number, block.split(b"\n")


def read_blocks(
    path: StrPath, start: int = 0, stop: int | None = None
) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of a text file, or of some bytes of it, many at a time.

    Parameters
    ----------
    path : path-like
    start, stop : int
        Where the lines begin and end; of compressed files in unpacked bytes. None: at the end.

    Yields
    ------
    number : int
        Of the first of these lines, from 1, counted from `start`.
    lines : bytes
        Whole lines, the last without its end. A line of over 1 MiB is cut between words and comes
        in pieces, each yielded alone. A byte order mark is left out.

    Raises
    ------
    ValueError
        If compressed data are damaged, or a word is longer than 1 MiB.
    """
    with open_for_reading(path) as file:
        number, rest = 1, b""
        for block in _bytes_between(file, start, stop):
            block = rest + block
            end = block.rfind(b"\n")
            rest = block[end + 1 :]
            if end >= 0:
                yield number, block[:end]
                # A fraction of the time of block.count, which reads byte by byte.
                number += int(np.count_nonzero(np.frombuffer(block, np.uint8) == ord("\n")))
            elif len(rest) > MAX_LINE_BYTES:
                line, rest = _cut(path, number, rest)
                yield number, line
        if rest:
            yield number, rest


def pieces_of(block: bytes) -> Iterator[bytes]:
    """Divide lines into pieces of a few lines, each without its last line end."""
    start = 0
    while (end := block.find(b"\n", start + PIECE_BYTES)) >= 0:
        yield block[start:end]
        start = end + 1
    yield block[start:]


def skip(file: io.BufferedReader, num_bytes: int) -> None:
    """Go so many bytes forward in a file that was just opened."""
    if size_if_known(file) is not None:
        file.seek(num_bytes)
        return
    while num_bytes and (read := len(file.read(min(num_bytes, CHUNK_BYTES)))):
        num_bytes -= read


def _bytes_between(file, start, stop):
    """What lies between two places, piece by piece; without a byte order mark."""
    if start:
        skip(file, start)
        left = b""
    else:
        most = len(codecs.BOM_UTF8)
        left = file.read(most if stop is None else min(most, stop))
        start = len(left)
        if left == codecs.BOM_UTF8:
            left = b""
    if left:
        yield left
    num_bytes = sys.maxsize if stop is None else stop - start
    while num_bytes > 0 and (block := file.read(min(num_bytes, CHUNK_BYTES))):
        num_bytes -= len(block)
        yield block


def _cut(path, number, line):
    """Divide the beginning of a long line before its last word, which may not be complete."""
    end = max(line.rfind(space) for space in _WHITE_SPACE)
    if len(line) - end > MAX_LINE_BYTES:
        raise ValueError(
            f"{path}, line {number}: a word of over {MAX_LINE_BYTES:,} bytes. Is this text, "
            "with white space between words?"
        )
    return line[:end], line[end + 1 :]
