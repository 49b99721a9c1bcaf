"""Where training starts from when that is not chance: other vectors, or the model's own."""

from __future__ import annotations

from collections.abc import Iterable
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
        Outside vectors of the same words; None: they begin with zeros, too. With hierarchical
        softmax, vectors of inner nodes, which are the first of those there are now.
    vocab : Vocab
    options : EngineOptions

    Returns
    -------
    center_vectors, outside_vectors : ndarray of float32, shape (V, d)
        With hierarchical softmax, there is a row less in the second.
    """
    rng = np.random.default_rng(options.seed)
    center, outside_start = starting_vectors(len(vocab), options.vector_size, rng, np.float32)
    rows = [row for row, word in enumerate(vocab.words) if word in vectors.key_to_index]
    known = [vectors.key_to_index[vocab.words[row]] for row in rows]
    center[rows] = vectors.vectors[known]
    if options.loss == "hierarchical_softmax":
        outside_start = outside_start[:-1]
        known = rows = list(range(0 if outside is None else len(outside)))
    if outside is not None:
        outside_start[rows] = outside[known]
    return center, outside_start


def check_frozen(frozen: Any, vectors: KeyedVectors | None) -> set[str]:
    """The words whose center vectors are not to move: all that `vectors` knows, or those named.

    Parameters
    ----------
    frozen : bool or iterable of str
    vectors : KeyedVectors or None
        Where training starts.

    Raises
    ------
    TypeError
        If `frozen` is something else, such as a single word.
    ValueError
        If a word has no vector that could be kept.
    """
    if frozen is False or frozen is None:
        return set()
    are_several = isinstance(frozen, Iterable) and not isinstance(frozen, (str, bytes))
    words = list(frozen) if are_several else []
    are_words = are_several and all(isinstance(word, str) for word in words)
    if frozen is not True and not are_words:
        raise TypeError(
            f"frozen must be True, False or several words, such as ['king']. Got {frozen!r}."
        )
    if vectors is None:
        raise ValueError(
            "frozen words keep the vectors they start with, but here all start at random: give "
            "fit vectors with start=, or train first."
        )
    if frozen is True:
        return set(vectors.index_to_key)
    if unknown := sorted(map(repr, set(words) - vectors.key_to_index.keys())):
        raise ValueError(
            f"frozen has words without a vector to start with: {', '.join(unknown[:5])}. Leave "
            "them out."
        )
    return set(words)


def rows_of(words: set[str], vocab: Vocab) -> list[int]:
    """The rows of those of the words that the vocabulary has, in ascending order."""
    return sorted(vocab.index[word] for word in words if word in vocab)
