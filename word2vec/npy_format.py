"""Our own format: loads at once, and without being read if it is mapped into memory.

``vectors.npy``         the matrix, as NumPy writes it: row i is the vector of key i
``vectors.vocab.json``  the keys, their counts if known, and what the matrix must be like

The vocabulary is one JSON object:

``format``   always ``"word2vec-vectors"``
``version``  1
``keys``     list of n strings (or integers), all different
``counts``   list of n integers, or null
``crc32``    checksum of the bytes of the matrix

Any language can read both, and neither can run code on loading.
"""

import json
import os
import warnings
import zlib
from pathlib import Path

import numpy as np

from .files import atomic_write

FORMAT = "word2vec-vectors"
VERSION = 1


def vocab_path(path):
    """Where the vocabulary of the matrix at `path` is: beside it, ``.vocab.json`` for ``.npy``."""
    path = Path(path)
    if path.suffix != ".npy":
        raise ValueError(f"the path of the matrix must end in .npy. Got {str(path)!r} instead.")
    return path.with_suffix(".vocab.json")


def save(path, keys, vectors, counts=None):
    """Write keys and vectors; each of the two files appears when it is complete.

    Parameters
    ----------
    path : path
        Of the matrix, ending in ``.npy``.
    keys : sequence of str or int, length n
    vectors : ndarray of shape (n, d)
    counts : sequence of int, length n, optional
    """
    vectors = np.ascontiguousarray(vectors)
    vocab = {
        "format": FORMAT,
        "version": VERSION,
        "crc32": zlib.crc32(vectors),
        "counts": None if counts is None else [int(count) for count in counts],
        "keys": [key if isinstance(key, str) else int(key) for key in keys],
    }
    vocab_json = json.dumps(vocab)  # before a file is touched: keys may be of a wrong type
    with atomic_write(path) as matrix_file:
        np.lib.format.write_array(matrix_file, vectors, allow_pickle=False)
        # The vocabulary is written inside, and after the matrix is on disk: both are complete
        # before the first takes its name, and little time passes before the second does.
        matrix_file.flush()
        os.fsync(matrix_file.fileno())
        with atomic_write(vocab_path(path), "w", encoding="ascii") as vocab_file:
            vocab_file.write(vocab_json)


def load(path, mmap=False):
    """Read what `save` has written.

    Parameters
    ----------
    path : path
        Of the matrix, ending in ``.npy``.
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
        If one of the files is damaged, or they do not belong together.
    """
    keys, counts, crc32 = _load_vocab(vocab_path(path))
    vectors = _map_matrix(path)
    if vectors.shape[0] != len(keys):
        raise ValueError(
            f"{path} has {len(vectors)} vectors, but {vocab_path(path)} has {len(keys)} keys: "
            "they do not belong together"
        )
    if not mmap:
        vectors = np.array(vectors)
        if zlib.crc32(vectors) != crc32:
            raise ValueError(f"{path} is damaged, or not of {vocab_path(path)}: wrong checksum")
    return keys, vectors, counts


def _load_vocab(path):
    try:
        vocab = json.loads(Path(path).read_bytes())
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: damaged vocabulary: {error}") from error
    if not isinstance(vocab, dict) or vocab.get("format") != FORMAT:
        raise ValueError(f"{path} is no vocabulary of the format {FORMAT!r}")
    if vocab.get("version") != VERSION:
        raise ValueError(f"{path} must have version {VERSION}. Got {vocab.get('version')} instead.")
    keys, counts = vocab.get("keys"), vocab.get("counts")
    if not _is_list_of(keys, {str, int}) or len(set(keys)) < len(keys):
        raise ValueError(f"{path}: keys must be a list of strings or integers, all different")
    if counts is not None:
        if not _is_list_of(counts, {int}) or len(counts) != len(keys):
            raise ValueError(f"{path}: counts must be null or a list of one integer for each key")
        if any(not 0 <= count < 2**63 for count in counts):
            raise ValueError(f"{path}: counts must be positive and fit into 64 bits")
        counts = np.array(counts, dtype=np.int64)
    return keys, counts, vocab.get("crc32")


def _is_list_of(values, types):
    return isinstance(values, list) and set(map(type, values)) <= types


def _map_matrix(path):
    """The matrix, mapped into memory: a header that promises too much takes none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what damage makes NumPy warn of ends in an error, too
            matrix = np.lib.format.open_memmap(path, mode="r")
    except OSError:
        raise
    except Exception as error:  # the header is a Python literal: its damage has many names
        raise ValueError(f"{path}: damaged or no .npy file: {error}") from error
    if matrix.ndim != 2 or matrix.dtype.kind != "f" or not matrix.flags.c_contiguous:
        raise ValueError(
            f"{path} must be a row-major matrix of floating-point numbers. "
            f"Got shape {matrix.shape} and type {matrix.dtype} instead."
        )
    return np.asarray(matrix)
