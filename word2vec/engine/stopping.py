"""Stopping early: when a score that is watched has not improved for some epochs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..checks import check_callable, check_integer
from .training import TrainingProgress


class EarlyStopping:
    """Ends training when a score has not improved for some epochs; pass it to `fit` as `progress`.

    Parameters
    ----------
    score : callable
        From the vectors after an epoch, as `KeyedVectors`, to a number; the larger the better.
    patience : int
        Epochs in a row without a new best score, after which training ends.
    least : float
        A score counts as better only if it is larger than the best one by more than this.

    Attributes
    ----------
    scores : list of float
        After each epoch.
    best_epoch : int
        The epoch with the best score, from 1; 0 before there is any.
    best_vectors : KeyedVectors or None
        As they were after that epoch.

    Examples
    --------
    >>> from word2vec import Word2Vec
    >>> sentences = [["tea", "is", "hot"], ["coffee", "is", "hot"], ["ice", "is", "cold"]] * 50
    >>> watch = EarlyStopping(lambda vectors: vectors.similarity("tea", "coffee"), patience=2)
    >>> model = Word2Vec(vector_size=8, min_count=1, sample=0, epochs=50, workers=1)
    >>> model = model.fit(sentences, progress=watch)
    >>> len(model.losses) == len(watch.scores) == watch.best_epoch + 2
    True
    """

    def __init__(
        self, score: Callable[[Any], float], *, patience: int = 1, least: float = 0.0
    ) -> None:
        check_callable("score", score, " of the vectors")
        self.score = score
        self.patience = check_integer("patience", patience, 1)
        self.least = least
        self.scores: list[float] = []
        self.best_epoch = 0
        self.best_vectors: Any = None

    def __call__(self, progress: TrainingProgress) -> bool:
        """Look at the progress of a training; True ends it."""
        if not progress.epoch_ends:
            return False
        vectors = progress.vectors
        score = float(self.score(vectors))
        if not self.scores or score > max(self.scores) + self.least:
            self.best_epoch, self.best_vectors = progress.epoch, vectors
        self.scores.append(score)
        return progress.epoch - self.best_epoch >= self.patience
