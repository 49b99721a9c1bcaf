"""Files of word vectors whose name says their format.

``.txt`` ``.vec``   word2vec's text format; on reading also GloVe's, which has no header
``.bin``            word2vec's binary format
``.npy``            our own, see `word2vec.vectors.npy_format`

Text and binary may be compressed, with ``.gz`` at the end of the name.
"""

import contextlib
import os
from pathlib import Path

from ..checks import StrPath
from .formats import read_counts
from .keyed_vectors import KeyedVectors

TEXT = (".txt", ".vec", ".txt.gz", ".vec.gz")
BINARY = (".bin", ".bin.gz")
OWN = (".npy",)
TRAINED, COUNTS = "vectors.txt", "vocab.txt"  # as training leaves them beside each other


def check_name(path: StrPath) -> None:
    """Raise ValueError unless the end of the name is that of a format."""
    if not os.fspath(path).endswith(TEXT + BINARY + OWN):
        raise ValueError(
            f"{path}: the name of a file of vectors must end in {', '.join(TEXT + BINARY)} or .npy"
        )


def load_vectors(
    path: StrPath, limit: int | None = None, unicode_errors: str = "strict"
) -> KeyedVectors:
    """Load a file of vectors in the format its name says.

    With ``vectors.txt`` come the counts of the words, if ``vocab.txt`` lies beside it, as after
    training.

    Parameters
    ----------
    path : path
    limit : int, optional
        Take only the first so many vectors.
    unicode_errors : {"strict", "replace", "ignore"}
        What to do about words that are not UTF-8.

    Returns
    -------
    KeyedVectors

    Raises
    ------
    ValueError, EOFError
        If the name ends in no known way, or the file is damaged or of another format.
    """
    check_name(path)
    name = os.fspath(path)
    if name.endswith(OWN):
        vectors = KeyedVectors.load(path)
        if limit is None:
            return vectors
        return vectors.vectors_for_all(vectors.index_to_key[:limit], copy_vecattrs=True)
    vectors = KeyedVectors.load_word2vec_format(
        path, binary=name.endswith(BINARY), limit=limit, unicode_errors=unicode_errors
    )
    counts = Path(path).with_name(COUNTS)
    if Path(path).name == TRAINED and counts.is_file():
        # A file of that name may also be something else.
        with contextlib.suppress(ValueError):
            words = vectors.index_to_key
            vectors.expandos["count"] = read_counts(counts, words, "utf-8", unicode_errors)
    return vectors


def save_vectors(vectors: KeyedVectors, path: StrPath) -> None:
    """Save `KeyedVectors` in the format the name says; counts are kept in ``.npy`` alone.

    Raises
    ------
    ValueError
        If the name ends in no known way, or the format cannot hold one of the words.
    """
    check_name(path)
    name = os.fspath(path)
    if name.endswith(OWN):
        vectors.save(path)
    else:
        vectors.save_word2vec_format(path, binary=name.endswith(BINARY))
