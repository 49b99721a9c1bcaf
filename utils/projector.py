"""Export for the Embedding Projector, https://projector.tensorflow.org.

``vectors.tsv``    a line for each word: its numbers, with tabs between them
``metadata.tsv``   a line for each word: the word
"""

import json
from pathlib import Path

import numpy as np

from word2vec import KeyedVectors
from word2vec.checks import StrPath
from word2vec.saving.files import atomic_write


def write_projector_files(vectors: KeyedVectors, directory: StrPath) -> None:
    """Write ``vectors.tsv`` and ``metadata.tsv``, which the projector's "Load" button takes.

    Parameters
    ----------
    vectors : KeyedVectors
    directory : path
        Created if need be.

    Raises
    ------
    ValueError
        If the vectors have length 1, NaN or infinity, which the projector cannot read.

    Notes
    -----
    The projector skips blank lines and takes tabs for the borders of columns. A word that is blank
    or has tabs or line breaks is therefore written as a JSON string, with quotes and escapes.
    """
    if vectors.vector_size < 2:
        raise ValueError("the Embedding Projector needs vectors of at least two numbers")
    unreadable = np.flatnonzero(~np.isfinite(vectors.vectors).all(axis=1))
    if len(unreadable):
        raise ValueError(
            "the Embedding Projector cannot read NaN or infinity: "
            f"{len(unreadable)} of {len(vectors)} vectors have them, the first is that of "
            f"{vectors.index_to_key[unreadable[0]]!r}"
        )
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    with atomic_write(directory / "vectors.tsv", "w", encoding="ascii", newline="\n") as file:
        file.writelines("\t".join(map(str, vector)) + "\n" for vector in vectors.vectors)
    with atomic_write(directory / "metadata.tsv", "w", encoding="utf-8", newline="\n") as file:
        file.writelines(_label(str(key)) + "\n" for key in vectors.index_to_key)


def _label(word):
    is_plain = word.strip() and not any(separator in word for separator in "\t\r\n")
    return word if is_plain else json.dumps(word)
