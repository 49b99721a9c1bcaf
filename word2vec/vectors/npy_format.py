"""Our own format: loads at once, and without being read if it is mapped into memory.

A file of it is a matrix in NumPy's ``.npy`` format, which anything that knows that format reads:
row i is the vector of key i. The vocabulary follows it, to the end of the file: one JSON object, a
newline, the CRC-32 of the object as eight hexadecimal digits, a newline. The object has

``format``   always ``"word2vec-vectors"``
``version``  2
``dtype``    of the matrix, as NumPy writes it, for example ``"<f4"``
``shape``    of the matrix, [n, d]
``crc32``    checksum of the bytes of the matrix, without the ``.npy`` header
``counts``   list of n integers, or null
``keys``     list of n strings (or integers), all different

Both are in one file because no system can replace two files at once: a crash or a reader in between
would find the words of one save with the vectors of another. Reading cannot run code.
"""

import json
import warnings
import zlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..checks import FloatArray, StrPath
from ..saving.files import atomic_write
from .store import Key, Word

FORMAT = "word2vec-vectors"
VERSION = 2

_CHECKSUM = b"\n%08x\n"  # of the JSON object before it
_CHECKSUM_LENGTH = len(_CHECKSUM % 0)


def save(
    path: StrPath, keys: Iterable[Key], vectors: FloatArray, counts: Iterable[int] | None = None
) -> None:
    """Write keys and vectors to a file that appears when it is complete.

    Parameters
    ----------
    path : path
        Must end in ``.npy``.
    keys : sequence of str or int, length n
    vectors : ndarray of shape (n, d)
    counts : sequence of int, length n, optional
    """
    if Path(path).suffix != ".npy":
        raise ValueError(f"the path must end in .npy. Got {str(path)!r} instead.")
    vectors = np.ascontiguousarray(vectors)
    vocab = {
        "format": FORMAT,
        "version": VERSION,
        "dtype": vectors.dtype.str,
        "shape": vectors.shape,
        "crc32": zlib.crc32(vectors.data),
        "counts": None if counts is None else [int(count) for count in counts],
        "keys": [key if isinstance(key, str) else int(key) for key in keys],
    }
    # Before a file is touched, for keys may be of a wrong type.
    vocab_json = json.dumps(vocab).encode("ascii")
    with atomic_write(path) as file:
        header = np.lib.format.header_data_from_array_1_0(vectors)
        np.lib.format.write_array_header_1_0(file, header)
        file.write(vectors.data)
        file.write(vocab_json + _CHECKSUM % zlib.crc32(vocab_json))


def load(
    path: StrPath, mmap: bool = False
) -> tuple[list[Word], FloatArray, NDArray[np.int64] | None]:
    """Read what `save` has written.

    Parameters
    ----------
    path : path
    mmap : bool
        Map the matrix into memory, read-only, instead of reading it. Its checksum is not compared
        then: that would read it all.

    Returns
    -------
    keys : list of str or int
    vectors : ndarray of shape (n, d)
    counts : ndarray of shape (n,), int64, or None

    Raises
    ------
    ValueError
        If the file is damaged, or no such file.
    """
    with open(path, "rb") as file:
        vectors = _map_matrix(path, file)
        file.seek(vectors.offset + vectors.nbytes)
        vocab = _parse_vocab(path, file.read())
    keys, counts = _check_vocab(path, vocab, vectors)
    if mmap:
        return keys, np.asarray(vectors), counts
    vectors = np.array(vectors)
    if zlib.crc32(vectors.data) != vocab.get("crc32"):
        raise ValueError(f"{path} is damaged: its checksum does not match.")
    return keys, vectors, counts


def _map_matrix(path, file):
    """The matrix, mapped into memory: a header that promises too much takes none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what damage makes NumPy warn of ends in an error, too
            if np.lib.format.read_magic(file) != (1, 0):
                raise ValueError("it is of another version")
            shape, is_fortran, dtype = np.lib.format.read_array_header_1_0(file)
            if len(shape) != 2 or dtype.kind != "f" or is_fortran:
                raise ValueError(
                    f"the matrix must be row-major, of floating-point numbers. Got shape {shape} "
                    f"and type {dtype} instead"
                )
            return np.memmap(file, dtype, "r", file.tell(), shape)
    except OSError:
        raise
    except Exception as error:  # the header is a Python literal: its damage has many names
        raise ValueError(f"{path}: damaged or no .npy file of vectors: {error}") from error


def _parse_vocab(path, text):
    """The JSON object of the vocabulary."""
    if not text:
        raise ValueError(f"{path} ends with the matrix: its vocabulary is missing.")
    vocab_json, checksum = text[:-_CHECKSUM_LENGTH], text[-_CHECKSUM_LENGTH:]
    if checksum != _CHECKSUM % zlib.crc32(vocab_json):
        raise ValueError(f"{path}: damaged vocabulary: its checksum does not match.")
    try:
        vocab = json.loads(vocab_json)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: damaged vocabulary: {error}") from error
    if not isinstance(vocab, dict) or vocab.get("format") != FORMAT:
        raise ValueError(f"{path} has no vocabulary of the format {FORMAT!r}")
    if vocab.get("version") != VERSION:
        raise ValueError(f"{path} must have version {VERSION}. Got {vocab.get('version')} instead.")
    return vocab


def _check_vocab(path, vocab, vectors):
    """Keys and counts, after making sure that they are some and fit the matrix."""
    dtype, shape = vocab.get("dtype"), vocab.get("shape")
    if dtype != vectors.dtype.str or shape != list(vectors.shape):
        raise ValueError(
            f"{path}: the matrix must have shape {shape} and type {dtype}, as its vocabulary says. "
            f"Got {list(vectors.shape)} and {vectors.dtype.str} instead."
        )
    keys, counts = vocab.get("keys"), vocab.get("counts")
    if not _is_list_of(keys, {str, int}) or len(set(keys)) < len(keys):
        raise ValueError(f"{path}: keys must be a list of strings or integers, all different")
    if len(keys) != len(vectors):
        raise ValueError(f"{path} has {len(vectors)} vectors, but {len(keys)} keys")
    if counts is not None:
        if not _is_list_of(counts, {int}) or len(counts) != len(keys):
            raise ValueError(f"{path}: counts must be null or a list of one integer for each key")
        if any(not 0 <= count < 2**63 for count in counts):
            raise ValueError(f"{path}: counts must be positive and fit into 64 bits")
        counts = np.array(counts, dtype=np.int64)
    return keys, counts


def _is_list_of(values, types):
    return isinstance(values, list) and set(map(type, values)) <= types
