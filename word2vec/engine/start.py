"""Where training starts from when that is not chance: other vectors, or the model's own."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..corpus.vocab import Vocab
from ..options import EngineOptions
from ..sampling import starting_vectors
from ..vectors.keyed_vectors import KeyedVectors


def check_start(vectors: Any, options: EngineOptions) -> None:
    """Raise TypeError or ValueError unless training can start from `vectors`."""
    if not isinstance(vectors, KeyedVectors):
        raise TypeError(
            f"start must be KeyedVectors or a trained Word2Vec. Got {type(vectors).__name__}."
        )
    if vectors.vector_size != options.vector_size:
        raise ValueError(
            f"start has vectors of size {vectors.vector_size}, but vector_size is "
            f"{options.vector_size}. They must be the same."
        )
    if not np.isfinite(vectors.vectors).all():
        raise ValueError("start has vectors with NaN or infinity. Leave those words out.")


def begin_with(
    vectors: KeyedVectors, outside: np.ndarray | None, vocab: Vocab, options: EngineOptions
) -> tuple[np.ndarray, np.ndarray]:
    """Both matrices where training begins: as ever, but for the words that `vectors` knows.

    Parameters
    ----------
    vectors : KeyedVectors
        Center vectors.
    outside : ndarray of shape (len(vectors), d) or None
        Outside vectors of the same words; None: they begin with zeros, too.
    vocab : Vocab
    options : EngineOptions

    Returns
    -------
    center_vectors, outside_vectors : ndarray of float32, shape (V, d)
    """
    rng = np.random.default_rng(options.seed)
    center, outside_start = starting_vectors(len(vocab), options.vector_size, rng, np.float32)
    rows = [row for row, word in enumerate(vocab.words) if word in vectors.key_to_index]
    known = [vectors.key_to_index[vocab.words[row]] for row in rows]
    center[rows] = vectors.vectors[known]
    if outside is not None:
        outside_start[rows] = outside[known]
    return center, outside_start
