"""Rounds of training: by this process alone, or by workers where there is enough to do."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from ..corpus.encoded import EncodedCorpus
from ..corpus.files import text_files
from ..corpus.sentences import Texts
from ..options import EngineOptions
from .fork_server import ForkServer, can_start_workers
from .plan import Plan
from .schedule import Schedule
from .shards import ShardRounds
from .units import DRAWN_IN_A_ROW, Engine, RoundGradients
from .workers import WorkerPool

# A smaller corpus is trained sooner than worker processes have started.
TOKENS_WORTH_A_WORKER = 1_000_000
BYTES_OF_A_TOKEN = 5
# Where Linux says how many microseconds of processor time a container has in each period.
CPU_QUOTA = Path("/sys/fs/cgroup/cpu.max")


class Rounds(Protocol):
    """What `LocalRounds` and `WorkerPool` have in common."""

    center_vectors: np.ndarray  # (V, d) float32, up to date after each call of `run_rounds`
    outside_vectors: np.ndarray
    rounds_at_a_time: int  # that `run_rounds` trains at most
    moved: NDArray[np.bool_] | None  # (2, V): rows that took a step, if that is kept

    def run_rounds(self, first: int, last: int) -> list[list[float]]:
        """Train rounds `first` to `last` - 1; returns the loss and number of pairs of each."""


class LocalRounds:
    """Rounds of training in this process."""

    rounds_at_a_time = 1

    def __init__(self, engine: Engine) -> None:
        self._engine, self.moved = engine, engine.moved
        self.center_vectors, self.outside_vectors = engine.matrices
        layout = RoundGradients.layout(engine.plan)
        arrays = {name: np.empty(shape, dtype) for name, (shape, dtype) in layout.items()}
        self._gradients = RoundGradients(arrays, len(engine.plan.counts))

    def run_rounds(self, first: int, last: int) -> list[list[float]]:
        return [self.run_round(round_number) for round_number in range(first, last)]

    def run_round(self, round_number: int) -> list[float]:
        units = self._engine.plan.schedule.units_of(round_number)
        measured = []
        for first in range(0, len(units), DRAWN_IN_A_ROW):
            drawn = [self._engine.draw(unit) for unit in units[first : first + DRAWN_IN_A_ROW]]
            for slot, blocks in enumerate(drawn, first):
                result = self._engine.compute(blocks, is_first=slot == 0)
                measured.append((result.loss, result.num_pairs))
                self._gradients.store(slot, result)
        self._engine.step(round_number, self._gradients)
        return np.sum(measured, axis=0).tolist()


@contextlib.contextmanager
def start_rounds(
    plan: Plan,
    corpus: EncodedCorpus,
    center_vectors: np.ndarray,
    outside_vectors: np.ndarray,
    server: ForkServer | None = None,
) -> Iterator[Rounds]:
    """Whoever is to train, ready for the first round; workers end when the block does.

    Workers have copies of the vectors, so the caller need not keep them. They are forked from
    `server`, or from one of their own; if none are wanted, it ends.
    """
    matrices = center_vectors, outside_vectors
    del center_vectors, outside_vectors
    num_workers = choose_workers(plan.options, plan.schedule, corpus.team.neighbors)
    if num_workers > 1:
        with WorkerPool(plan, corpus.path, *matrices, num_workers, server) as pool:
            del matrices
            yield pool
    else:
        if server:
            server.close()
        # More threads would only disturb each other in products as small as ours.
        with threadpool_limits(limits=1, user_api="blas"):
            moved = np.zeros((2, len(plan.counts)), dtype=bool) if plan.keep_moved else None
            yield LocalRounds(Engine(plan, corpus.tokens, *matrices, moved))


@contextlib.contextmanager
def server_started_early(
    options: EngineOptions, corpus: Texts, neighbors: int = 1
) -> Iterator[ForkServer | None]:
    """Where training will want workers, what they are forked from; it gets ready meanwhile.

    If it cannot be started, it is tried again when workers are needed, and then an error.
    """
    num_tokens = _guess_tokens(corpus)
    schedule = Schedule.of(num_tokens // options.shards, options)
    with contextlib.ExitStack() as stack:
        server = None
        if num_tokens and choose_workers(options, schedule, neighbors) > 1:
            with contextlib.suppress(OSError):
                server = stack.enter_context(ForkServer())
        yield server


def _guess_tokens(corpus):
    """About how many tokens text files have; 0 for what only reading it can tell."""
    try:
        return sum(path.stat().st_size for path in text_files(corpus) or []) // BYTES_OF_A_TOKEN
    except (OSError, TypeError, ValueError):  # to be raised where the text is read
        return 0


def choose_workers(
    options: EngineOptions, schedule: Schedule | ShardRounds, neighbors: int = 1
) -> int:
    """How many processes are to train: as many as were asked for, or as many as will pay.

    Where so many ranks use the same processors, they divide them.
    """
    if not can_start_workers():
        return 1
    number = options.workers
    if number is None:
        tokens = schedule.num_tokens * schedule.epochs
        number = max(1, min(num_processors() // neighbors, tokens // TOKENS_WORTH_A_WORKER))
    return min(number, schedule.units_per_round)


def num_processors() -> int:
    """Processors that this process may use: as the system binds it, within a container's quota."""
    number = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        number = len(os.sched_getaffinity(0))
    with contextlib.suppress(OSError, ValueError):  # no such limit
        microseconds, period = CPU_QUOTA.read_text().split()
        number = min(number, max(1, math.ceil(int(microseconds) / int(period))))
    return number
