"""Rounds of training: by this process alone, or by workers where there is enough to do."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Protocol

import numpy as np
from threadpoolctl import threadpool_limits

from ..corpus.encoded import EncodedCorpus
from ..options import EngineOptions
from .schedule import UNITS_PER_ROUND, Schedule
from .units import Engine
from .workers import WorkerPool

# A smaller corpus is trained sooner than worker processes have started.
TOKENS_WORTH_A_WORKER = 500_000


class Rounds(Protocol):
    """What `LocalRounds` and `WorkerPool` have in common."""

    center_vectors: np.ndarray  # (V, d) float32, up to date after each call of `run_rounds`
    outside_vectors: np.ndarray
    rounds_at_a_time: int  # that `run_rounds` trains at most

    def run_rounds(self, first: int, last: int) -> list[list[float]]:
        """Train rounds `first` to `last` - 1; returns the loss and number of pairs of each."""


class LocalRounds:
    """Rounds of training in this process."""

    rounds_at_a_time = 1

    def __init__(
        self, engine: Engine, center_vectors: np.ndarray, outside_vectors: np.ndarray
    ) -> None:
        self._engine = engine
        self.center_vectors = center_vectors
        self.outside_vectors = outside_vectors

    def run_rounds(self, first: int, last: int) -> list[list[float]]:
        return [self.run_round(round_number) for round_number in range(first, last)]

    def run_round(self, round_number: int) -> list[float]:
        units = self._engine.schedule.units_of(round_number)
        results = [self._engine.compute(unit) for unit in units]
        moves = [self._engine.moves(*pair) for pair in zip(units, results, strict=True)]
        for of_unit in moves:
            self._engine.apply(of_unit)
        loss = sum(float(result.loss) for result in results)
        return [loss, sum(float(result.num_pairs) for result in results)]


@contextlib.contextmanager
def start_rounds(
    options: EngineOptions,
    schedule: Schedule,
    corpus: EncodedCorpus,
    center_vectors: np.ndarray,
    outside_vectors: np.ndarray,
) -> Iterator[Rounds]:
    """Whoever is to train, ready for the first round; workers end when the block does.

    Workers have copies of the vectors, so the caller need not keep them.
    """
    counts, matrices = corpus.vocab.counts, (center_vectors, outside_vectors)
    del center_vectors, outside_vectors
    num_workers = choose_workers(options, schedule)
    if num_workers > 1:
        with WorkerPool(options, schedule, counts, corpus.path, *matrices, num_workers) as pool:
            del matrices
            yield pool
    else:
        # More threads would only disturb each other in products as small as ours.
        with threadpool_limits(limits=1, user_api="blas"):
            engine = Engine(options, schedule, counts, corpus.tokens, *matrices)
            yield LocalRounds(engine, *matrices)


def choose_workers(options: EngineOptions, schedule: Schedule) -> int:
    """How many processes are to train: as many as were asked for, or as many as will pay."""
    if os.name == "nt":
        return 1  # Windows cannot hand an open file on
    number = options.workers
    if number is None:
        tokens = schedule.num_tokens * schedule.epochs
        number = max(1, min(_num_processors(), tokens // TOKENS_WORTH_A_WORKER))
    return min(number, UNITS_PER_ROUND)


def _num_processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
