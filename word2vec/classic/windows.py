"""Context windows: center words of a corpus with the words around them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ..checks import IntArray, check_integer
from ..corpus.encoded import EncodedCorpus
from ..sampling import keep_probabilities

# As in the C program: longer lines are cut into sentences of this many words. Drawing a window
# looks at its whole sentence.
MAX_SENTENCE_LENGTH = 1000


class Sentences(NamedTuple):
    """A corpus in memory: sentence i is ``tokens[starts[i]:starts[i + 1]]``, none is empty."""

    tokens: IntArray  # (N,), rows of words
    starts: IntArray  # (number of sentences + 1,), from 0 to N

    @classmethod
    def of(cls, corpus: EncodedCorpus) -> Sentences:
        """The sentences of an encoded corpus, those of over 1,000 words cut."""
        tokens = np.array(corpus.tokens)
        ends = np.append(np.flatnonzero(tokens == len(corpus.vocab)), len(tokens))
        lengths = np.diff(ends, prepend=-1) - 1
        cuts = [
            np.arange(start, start + length, MAX_SENTENCE_LENGTH)
            for start, length in zip(np.cumsum(lengths) - lengths, lengths, strict=True)
        ]
        tokens = tokens[tokens < len(corpus.vocab)]
        return cls(tokens, np.concatenate([*cuts, [len(tokens)]]))


class Windows(NamedTuple):
    """A batch of B context windows with P outside words altogether.

    Window b has center ``center_idx[b]`` and the outside words ``outside_idx[window_of == b]``.
    """

    center_idx: IntArray  # (B,)
    outside_idx: IntArray  # (P,)
    window_of: IntArray  # (P,), ascending, 0 to B - 1


class WindowSampler:
    """Draws random context windows from a corpus, with subsampling and dynamic window sizes.

    Drawing depends on the generator alone: nothing else has to be saved to continue later.

    Parameters
    ----------
    corpus : Sentences
    counts : array_like of int, shape (V,)
        How often each word occurs.
    window : int
        Largest distance between center and outside word. Each window draws its own reach, 1 to
        `window`, so that near words count more.
    subsample_threshold : float or None
        See `keep_probabilities`.

    Raises
    ------
    ValueError
        If no sentence has two words, or `window` is less than 1.

    Notes
    -----
    Tokens are dropped before distances are counted, so a window reaches across dropped words, but
    never across the end of a sentence. Every sentence is equally likely, and in it every surviving
    token is equally likely to be the center.
    """

    # A draw that finds no neighbour is repeated; a corpus that needs more rounds has none to give.
    _MAX_ROUNDS = 1000

    def __init__(
        self,
        corpus: Sentences,
        counts: ArrayLike,
        window: int,
        subsample_threshold: float | None = None,
    ) -> None:
        check_integer("window", window, 1)
        if not (np.diff(corpus.starts) >= 2).any():
            raise ValueError(
                "No sentence has two words of the vocabulary, so there is no context to learn from."
                " Bring more text, or lower min_count."
            )
        self._corpus = corpus
        self._window = window
        self._keep = keep_probabilities(counts, subsample_threshold)
        weights = self._keep[corpus.tokens]
        per_sentence = np.add.reduceat(weights, corpus.starts[:-1])
        weights /= np.repeat(per_sentence, np.diff(corpus.starts))
        self._cumulative_weight = np.cumsum(weights)

    def draw(self, num_windows: int, rng: np.random.Generator) -> Windows:
        """Draw windows that have at least one outside word each.

        Parameters
        ----------
        num_windows : int
        rng : numpy.random.Generator

        Returns
        -------
        Windows

        Raises
        ------
        ValueError
            If subsampling leaves hardly any token beside another.
        """
        drawn, missing = [], num_windows
        for _ in range(self._MAX_ROUNDS):
            drawn.append(_without_empty(self._draw_once(missing, rng)))
            missing -= len(drawn[-1].center_idx)
            if not missing:
                return _concatenate(drawn)
        raise ValueError(
            "Subsampling leaves hardly any word beside another. Raise subsample_threshold (sample)."
        )

    def _draw_once(self, num_windows, rng):
        tokens, starts = self._corpus
        place = rng.random(num_windows) * self._cumulative_weight[-1]
        center = np.searchsorted(self._cumulative_weight, place, "right")
        center = np.minimum(center, len(tokens) - 1)  # rounding may place it past the end
        sentence = np.searchsorted(starts, center, "right") - 1

        # All tokens of the sentences around the centers, one sentence after the other.
        length = starts[sentence + 1] - starts[sentence]
        first = np.cumsum(length) - length
        window_of = np.repeat(np.arange(num_windows), length)
        position = np.arange(len(window_of)) + (starts[sentence] - first)[window_of]
        words = tokens[position]
        is_center = position == center[window_of]

        kept = (rng.random(len(words)) < self._keep[words]) | is_center
        rank = np.cumsum(kept)
        distance = np.abs(rank - rank[is_center][window_of])
        reach = rng.integers(1, self._window, size=num_windows, endpoint=True)
        is_outside = kept & ~is_center & (distance <= reach[window_of])
        return Windows(tokens[center], words[is_outside], window_of[is_outside])


def _without_empty(windows):
    has_outside = np.bincount(windows.window_of, minlength=len(windows.center_idx)) > 0
    new_number = np.cumsum(has_outside) - 1
    return Windows(
        windows.center_idx[has_outside], windows.outside_idx, new_number[windows.window_of]
    )


def _concatenate(parts):
    offsets = np.cumsum([0] + [len(part.center_idx) for part in parts])
    return Windows(
        np.concatenate([part.center_idx for part in parts]),
        np.concatenate([part.outside_idx for part in parts]),
        np.concatenate(
            [part.window_of + offset for part, offset in zip(parts, offsets, strict=False)]
        ),
    )
