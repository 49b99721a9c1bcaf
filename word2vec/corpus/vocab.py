"""The vocabulary: which words there are, how often each occurs, and which row is theirs."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray


class Vocab:
    """Words in the order of their rows, the most frequent first.

    Parameters
    ----------
    words : sequence of str
        Distinct words; word i has row i in every matrix of vectors.
    counts : array_like of int, shape (V,)
        How often each word occurs in the corpus, at least once.

    Attributes
    ----------
    words : tuple of str
    counts : ndarray of int64, shape (V,)
    index : dict
        From word to row.

    Raises
    ------
    ValueError
        If there is no word, a word is repeated, or words and counts do not fit.

    Examples
    --------
    >>> vocab = Vocab.from_counts({"good": 1, "film": 2, "a": 3}, min_count=2)
    >>> vocab.words
    ('a', 'film')
    >>> vocab.index["film"]
    1
    """

    def __init__(self, words: Iterable[str], counts: ArrayLike) -> None:
        self.words: tuple[str, ...] = tuple(words)
        self.counts: NDArray[np.int64] = np.array(counts, dtype=np.int64)
        self.index: dict[str, int] = {word: row for row, word in enumerate(self.words)}
        if not self.words:
            raise ValueError("The vocabulary is empty.")
        if len(self.index) < len(self.words):
            raise ValueError("The words of a vocabulary must be distinct.")
        if self.counts.shape != (len(self.words),) or self.counts.min() < 1:
            raise ValueError(
                f"counts must hold a number >= 1 for each of the {len(self.words)} words. "
                f"Got shape {self.counts.shape} instead."
            )

    @classmethod
    def from_counts(
        cls,
        counts: Mapping[str, int],
        min_count: int = 1,
        source: str = "counts",
        num_distinct: int | None = None,
    ) -> Vocab:
        """Vocabulary of all words that occur at least `min_count` times.

        Parameters
        ----------
        counts : mapping from str to int
        min_count : int
        source : str
            What an error calls the corpus.
        num_distinct : int, optional
            How many words there were, if `counts` lacks some that are too rare.

        Returns
        -------
        Vocab
            The most frequent word first; words of equal count in alphabetical order, so that the
            result does not depend on the order of the sentences.

        Raises
        ------
        ValueError
            If no word is left, or there were none.
        """
        num_distinct = num_distinct or len(counts)
        if not num_distinct:
            raise ValueError(f"{source}: there are no words. Is it empty, or all white space?")
        kept = sorted((-count, word) for word, count in counts.items() if count >= min_count)
        if not kept:
            raise ValueError(
                f"{source}: No word occurs at least {min_count} times among {num_distinct} "
                "distinct words: the vocabulary would be empty. Lower min_count or bring more text."
            )
        return cls([word for _, word in kept], [-negated for negated, _ in kept])

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self.index


def check_two_words(vocab: Vocab) -> None:
    """Raise ValueError if a vocabulary has a single word, for then there is nothing to learn."""
    if len(vocab) < 2:
        raise ValueError(
            f"The vocabulary has a single word, {vocab.words[0]!r}: there is nothing to "
            "tell it from. Lower min_count or bring more text."
        )


_LOOKED_AT = 10_000  # the most frequent words, among which it shows
_LEAST_SHARE, _LEAST_NUMBER = 0.02, 3


def warn_of_punctuation(vocab: Vocab, source: str, stacklevel: int) -> None:
    """Warn if words come with and without punctuation, for then the text was never tokenized.

    Parameters
    ----------
    vocab : Vocab
    source : str
        What the warning calls the corpus.
    stacklevel : int
        As for `warnings.warn`, seen from the caller.

    Warns
    -----
    UserWarning
        If of the most frequent words over 2 %, and at least three, end in a comma, a full stop or
        the like and are there without it as well.
    """
    words = vocab.words[:_LOOKED_AT]
    twice = [word for word in words if (bare := word.rstrip(".,;:!?")) != word and bare in vocab]
    if len(twice) < max(_LEAST_NUMBER, _LEAST_SHARE * len(words)):
        return
    examples = ", ".join(f"{word!r} beside {word.rstrip('.,;:!?')!r}" for word in twice[:3])
    warnings.warn(
        f"{source} looks as if it was not tokenized: {examples}. Punctuation makes other words of "
        "them. Divide the text into words, for example by word2vec.tokenize or train --tokenize.",
        UserWarning,
        stacklevel=stacklevel + 1,
    )
