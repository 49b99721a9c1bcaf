"""Arrays and a JSON header in one file that proves itself whole.

An archive is an ``.npz`` file: the arrays under their names, and under ``header`` a JSON text. It
ends with a comment, the SHA-256 of all bytes before it, so ``np.load`` reads the file and any
damage shows. Nothing is pickled: reading cannot run code. Arrays begin at whole lines of the
processor's cache, so they can be mapped into memory and used as they lie there.
"""

import errno
import hashlib
import json
import math
import struct
import zipfile
from collections.abc import Collection, Iterable, Mapping
from itertools import pairwise
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from ..checks import StrPath
from .files import atomic_write

_DIGEST_LENGTH = 64  # hexadecimal digits of a SHA-256
_HEADER = "header"
_ALIGNMENT = 64  # bytes
# Sizes in the headers that stand before each member of a zip file, as `zipfile` writes them.
_LOCAL_HEADER, _ZIP64_FIELD, _FIELD_HEADER = 30, 20, 4
_PADDING_FIELD = 0xD935  # of zip's extra fields, the one for alignment


class DamagedFileError(ValueError):
    """A file that is not what was written."""


def write_archive(path: StrPath, header: Mapping[str, Any], arrays: Mapping[str, Any]) -> None:
    """Write a file that appears when it is complete and on disk.

    Parameters
    ----------
    path : str or path-like
    header : dict
        JSON values; NumPy arrays in it become lists. It takes four bytes a character: what is long
        belongs into the arrays (see `pack_strings`).
    arrays : dict
        From name to ndarray; no name is "header".

    Raises
    ------
    OSError
        As `atomic_write`.
    """
    header_text = np.array(to_json(header))
    with atomic_write(path, "w+b") as file:
        with zipfile.ZipFile(file, "w") as archive:
            for name, array in {_HEADER: header_text, **arrays}.items():
                _write_array(archive, name, np.asarray(array))
            archive.comment = b"0" * _DIGEST_LENGTH  # place for the digest
        digest = _digest(file)
        file.seek(-_DIGEST_LENGTH, 2)
        file.write(digest)


def _write_array(archive, name, array):
    """Add a member as `np.savez` does, but with its file of NumPy at a whole line of the cache.

    NumPy pads its own header to a whole number of lines, so then the numbers begin at one, too.
    """
    member = zipfile.ZipInfo(f"{name}.npy")
    place = archive.fp.tell() + _LOCAL_HEADER + len(member.filename) + _ZIP64_FIELD + _FIELD_HEADER
    padding = -place % _ALIGNMENT
    member.extra = struct.pack("<HH", _PADDING_FIELD, padding) + bytes(padding)
    with archive.open(member, "w", force_zip64=True) as file:
        np.lib.format.write_array(file, array, allow_pickle=False)


def read_archive(
    path: StrPath, mapped: Collection[str] = ()
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Read what `write_archive` has written.

    Parameters
    ----------
    path : str or path-like
    mapped : collection of str
        Arrays to be mapped into memory, read-only, instead of read. The checksum of the file is not
        compared then, for that would read it all, but those of the other arrays are.

    Returns
    -------
    header : dict
    arrays : dict
        From name to ndarray.

    Raises
    ------
    DamagedFileError
        If a byte of the file is not what was written, or it is no archive.
    OSError
        If it cannot be read.
    """
    with open(path, "rb") as file:
        if not mapped:
            expected = _digest(file)
            if not expected or file.read() != expected:
                raise DamagedFileError(f"{path} is damaged: its checksum does not match.")
            file.seek(0)
        try:
            with np.load(file, allow_pickle=False) as archive:
                arrays = {
                    name: _map_array(file, archive.zip.getinfo(f"{name}.npy"))
                    if name in mapped
                    else archive[name]
                    for name in archive.files
                }
            header = json.loads(str(arrays.pop(_HEADER)))
        except Exception as error:  # damage has many names
            if (
                isinstance(error, OSError) and error.errno != errno.EINVAL
            ):  # sought at a wrong place
                raise
            raise DamagedFileError(
                f"{path} is no whole archive of this library: {error}"
            ) from error
    return header, arrays


def _map_array(file, member):
    """The array of a member, mapped into memory from the open file of the archive."""
    file.seek(member.header_offset + _LOCAL_HEADER - 4)
    file.seek(sum(struct.unpack("<HH", file.read(4))), 1)  # its name, and extra fields
    start = file.tell()
    if np.lib.format.read_magic(file) != (1, 0):
        raise ValueError(f"{member.filename} is of another version")
    shape, is_fortran, dtype = np.lib.format.read_array_header_1_0(file)
    length = file.tell() - start + math.prod(shape) * dtype.itemsize
    if dtype.hasobject or member.compress_type or member.file_size != length:
        raise ValueError(f"{member.filename} is not as long as it says")
    offset = file.tell()
    return np.asarray(np.memmap(file, dtype, "r", offset, shape, "F" if is_fortran else "C"))


def pack_strings(strings: Iterable[str]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Any strings as two arrays, which take no more room than their UTF-8.

    Returns
    -------
    text : ndarray of uint8
        The UTF-8 of all, one after another.
    lengths : ndarray of int64, shape (n,)
        Of each, in bytes.
    """
    encoded = [string.encode("utf-8") for string in strings]
    lengths = np.fromiter(map(len, encoded), np.int64, len(encoded))
    return np.frombuffer(b"".join(encoded), np.uint8), lengths


def unpack_strings(text: NDArray[np.uint8], lengths: NDArray[np.int64]) -> list[str]:
    """The strings of `pack_strings`; raises ValueError if the arrays do not fit each other."""
    if text.dtype != np.uint8 or lengths.dtype != np.int64 or text.ndim != 1 or lengths.ndim != 1:
        raise ValueError("Strings are packed as one array of uint8 and one of int64.")
    if (lengths < 0).any() or lengths.sum() != len(text):
        raise ValueError("The lengths of packed strings do not add up to their text.")
    content, ends = text.tobytes(), np.cumsum(lengths).tolist()
    return [content[a:b].decode("utf-8") for a, b in pairwise([0, *ends])]


def to_json(value: object) -> str:
    """JSON text of `value`; NumPy arrays and numbers (in generator states, say) become plain."""
    return json.dumps(value, sort_keys=True, default=lambda array: array.tolist())


def _digest(file: IO[bytes]) -> bytes:
    """SHA-256 of an open file but for its last 64 bytes, where the file is left; b"" if shorter."""
    remaining = file.seek(0, 2) - _DIGEST_LENGTH
    if remaining <= 0:
        return b""
    file.seek(0)
    digest = hashlib.sha256()
    while remaining:
        block = file.read(min(remaining, 1 << 20))
        digest.update(block)
        remaining -= len(block)
    return digest.hexdigest().encode()
