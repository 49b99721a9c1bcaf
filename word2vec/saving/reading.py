"""Files opened for reading, plain or compressed; what is wrong with their content names them."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
import os
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..checks import StrPath

OPENERS: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
_SIGNATURES = {  # nothing that is read here starts like this when it is not compressed
    ".gz": re.compile(rb"\x1f\x8b"),
    ".bz2": re.compile(rb"BZh[1-9]1AY&SY"),
    ".xz": re.compile(rb"\xfd7zXZ\0"),
}
BUFFER_BYTES = 1 << 17


class DamagedDataError(ValueError):
    """Compressed data that cannot be read."""


class TruncatedDataError(DamagedDataError, EOFError):
    """Compressed data that end too early."""


@contextlib.contextmanager
def open_for_reading(path: StrPath) -> Iterator[io.BufferedReader]:
    """Open a file for reading bytes, uncompressed if it is gzip, bzip2 or xz data.

    A name that ends in ``.gz``, ``.bz2`` or ``.xz`` says so; otherwise the first bytes do.

    Raises
    ------
    DamagedDataError
        While reading, if compressed data are damaged, truncated, or no such data.
    """
    suffix = Path(path).suffix
    if suffix not in OPENERS:
        with open(path, "rb") as file:
            start = file.read(10)
        suffix = next((key for key, known in _SIGNATURES.items() if known.match(start)), "")
    if suffix:
        with OPENERS[suffix](path, "rb") as file:
            yield io.BufferedReader(_Unpacked(path, suffix, file), BUFFER_BYTES)
    else:
        with open(path, "rb") as file:
            yield file


def size_if_known(file: io.BufferedReader) -> int | None:
    """Bytes that an open file has; None if it is compressed."""
    return os.fstat(file.fileno()).st_size if isinstance(file.raw, io.FileIO) else None


@contextlib.contextmanager
def naming_errors(path: StrPath) -> Iterator[None]:
    """Put the name of a file before what its content is said to have wrong."""
    try:
        yield
    except DamagedDataError:
        raise  # has the name
    except UnicodeDecodeError as error:
        error.reason += f" ({path})"
        raise
    except EOFError as error:
        raise EOFError(f"{path}: {error}") from error
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


class _Unpacked(io.RawIOBase):
    """What a compressed file holds, with errors that say what to do."""

    def __init__(self, path: StrPath, suffix: str, file: Any) -> None:
        self._path, self._suffix, self._file = path, suffix, file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            return self._file.readinto(buffer)
        except (EOFError, OSError, zlib.error, lzma.LZMAError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise  # of the system, not of the content
            kind = TruncatedDataError if isinstance(error, EOFError) else DamagedDataError
            raise kind(
                f"{self._path}: damaged, truncated, or no {self._suffix} data: {error}. Get the "
                "file again, or, if it is not compressed, take that ending off its name."
            ) from error
