"""Rounds of training on several processes.

The parent starts the workers as fresh Python processes, not as forks of itself, so they work from a
notebook and from a script without a main guard, but not on Windows. What they share lies in a
memory-mapped file without a name, which they inherit open: no kill can leave it behind.
Commands travel through the workers' standard input and answers through their standard output, so
the end of either side is noticed by the other at once.

A round has two phases. First each worker computes the gradients of its share of the units, while
nobody changes the vectors; then each adds up those of all units in its share of the rows, and moves
these. Between the phases the workers wait for each other in shared memory, without the parent.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ..checks import FloatArray, IntArray, StrPath
from ..corpus.mapped import MappedTokens
from ..huffman import HuffmanTree
from ..options import EngineOptions
from .schedule import Schedule
from .sharing import Barrier, SharedArrays, make_shared_file
from .units import SIDES, Engine, RoundGradients

# What workers train at a command: some tenths of a second. A round of naive softmax takes longer.
ROUNDS_AT_A_TIME = {"neg_sampling": 16, "hierarchical_softmax": 16, "naive_softmax": 1}

_DONE = b"d"
_ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)


class WorkerError(RuntimeError):
    """A worker process ended before its work was done."""


class WorkerPool:
    """Runs rounds of training on worker processes; a context manager.

    Parameters
    ----------
    options : EngineOptions
    schedule : Schedule
    counts : ndarray of int64, shape (V,)
    token_path : path-like
        The encoded corpus.
    center_vectors, outside_vectors : ndarray of float32, shape (V, d)
        Where training starts.
    num_workers : int
    frozen : sequence of int
        Rows of the center vectors that never move.
    tree : HuffmanTree, optional

    Attributes
    ----------
    center_vectors, outside_vectors : ndarray of float32, shape (V, d)
        Shared with the workers: up to date after each round.
    rounds_at_a_time : int
        That `run_rounds` trains at most.
    """

    def __init__(
        self,
        options: EngineOptions,
        schedule: Schedule,
        counts: IntArray,
        token_path: StrPath,
        center_vectors: FloatArray,
        outside_vectors: FloatArray,
        num_workers: int,
        *,
        frozen: Sequence[int] = (),
        tree: HuffmanTree | None = None,
    ) -> None:
        layout = _layout(options, schedule, len(counts), num_workers, tree)
        self.rounds_at_a_time = ROUNDS_AT_A_TIME[options.loss]
        self._processes: list[Any] = []
        self._listeners: list[threading.Thread] = []
        # Undone, unless all goes well; the memory lives on as long as somebody has mapped it.
        with make_shared_file(layout) as file, contextlib.ExitStack() as stack:
            stack.callback(self.close)
            self._shared = SharedArrays(file.fileno(), layout)
            self.center_vectors = self._shared["center_vectors"]
            self.outside_vectors = self._shared["outside_vectors"]
            self.center_vectors[:] = center_vectors
            self.outside_vectors[:] = outside_vectors
            task = {
                "options": asdict(options),
                "schedule": schedule,
                "counts": counts.tolist(),
                "token_path": str(token_path),
                "shared_file": file.fileno(),
                "num_workers": num_workers,
                "frozen": list(frozen),
                "tree": None if tree is None else tree.children.tolist(),
            }
            for number in range(num_workers):
                self._processes.append(_start({**task, "number": number}))
            self._answers: queue.SimpleQueue = queue.SimpleQueue()
            for process in self._processes:
                listener = threading.Thread(target=_listen, args=(process, self._answers))
                self._listeners.append(listener)
                listener.start()
            self._wait_for_all()
            stack.pop_all()

    def run_rounds(self, first: int, last: int) -> list[list[float]]:
        """Train rounds `first` to `last` - 1; returns the loss and number of pairs of each."""
        losses = self._shared["losses"][: last - first]
        losses[:] = 0
        for process in self._processes:
            try:
                process.stdin.write(first.to_bytes(8, "little") + last.to_bytes(8, "little"))
            except BrokenPipeError:
                self._fail(process)
        self._wait_for_all()
        return losses.sum(axis=1).tolist()

    def _wait_for_all(self):
        for _ in self._processes:
            process, answer = self._answers.get()  # whoever is first: one that ended must be seen
            if answer != _DONE:
                self._fail(process)

    def _fail(self, process):
        raise WorkerError(
            f"A worker process ended unexpectedly (exit status {process.wait()}). Was it killed, "
            "or is memory short? Training can be continued from the last checkpoint."
        )

    def close(self) -> None:
        """End the workers; waits until they are gone."""
        for process in self._processes:
            process.kill()
        for listener in self._listeners:
            listener.join()
        for process in self._processes:
            process.wait()
            process.stdin.close()
            process.stdout.close()
        self._processes, self._listeners = [], []

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _start(task):
    """Start a worker process and tell it its task."""
    library = str(Path(__file__).resolve().parents[2])
    search = os.pathsep.join(filter(None, [library, os.environ.get("PYTHONPATH")]))
    with _signals_blocked():
        process: Any = subprocess.Popen(
            [sys.executable, "-c", "from word2vec.engine.workers import work; work()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            env={**os.environ, **_ONE_THREAD, "PYTHONPATH": search},
            pass_fds=[task["shared_file"]],
        )
    rest = memoryview(json.dumps(task).encode() + b"\n")
    with contextlib.suppress(BrokenPipeError):  # it has ended, which its listener will tell
        while rest:  # a signal cuts a long write short
            rest = rest[process.stdin.write(rest) :]
    return process


@contextlib.contextmanager
def _signals_blocked():
    """Let a process be started that Ctrl-C or SIGTERM to all does not reach; the parent decides.

    What comes meanwhile is delivered to the parent afterwards.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _listen(process, answers):
    """Hand on the answers of a worker; an empty one says that it has ended."""
    while answer := process.stdout.read(1):
        answers.put((process, answer))
    answers.put((process, b""))


def work() -> None:
    """What a worker process does: serve the parent until it closes the pipe."""
    commands, answers = sys.stdin.buffer, sys.stdout.buffer
    task = commands.readline()
    if not task.endswith(b"\n"):  # the parent is gone
        return
    worker = _Worker(**json.loads(task))
    while True:
        answers.write(_DONE)
        answers.flush()
        command = commands.read(16)
        if len(command) < 16:  # the parent is gone
            return
        worker.run_rounds(*(int.from_bytes(part, "little") for part in (command[:8], command[8:])))


class _Worker:
    """A worker's part of training."""

    def __init__(
        self,
        options,
        schedule,
        counts,
        token_path,
        shared_file,
        num_workers,
        frozen,
        tree,
        number,
    ):
        options, schedule = EngineOptions(**options), Schedule(*schedule)
        tree = None if tree is None else HuffmanTree(tree)
        layout = _layout(options, schedule, len(counts), num_workers, tree)
        self._shared = SharedArrays(shared_file, layout)
        os.close(shared_file)
        matrices = [self._shared[f"{side}_vectors"] for side in SIDES]
        tokens = MappedTokens(token_path)
        self._engine = Engine(
            options, schedule, np.array(counts), tokens, *matrices, frozen=frozen, tree=tree
        )
        self._gradients = RoundGradients(self._shared)
        self._barrier = Barrier(self._shared["arrivals"], number)
        self._number, self._num_workers = number, num_workers
        self._drawn = {}  # the blocks of units to come

    def run_rounds(self, first, last):
        for round_number in range(first, last):
            losses = self._shared["losses"][round_number - first]
            for slot, unit in self._own_units(round_number):
                result = self._engine.compute(unit, self._drawn.pop(unit, None))
                losses[slot] = result.loss, result.num_pairs
                self._gradients.store(slot, result)
            self._barrier.arrive()
            if round_number + 1 < last:
                self._draw_ahead(round_number + 1)
            self._barrier.wait()
            self._engine.step(round_number, self._gradients, self._number, self._num_workers)
            self._barrier.arrive()
            self._barrier.wait()

    def _own_units(self, round_number):
        """Places in the round, and units, that are this worker's to compute."""
        units = enumerate(self._engine.schedule.units_of(round_number))
        return itertools.islice(units, self._number, None, self._num_workers)

    def _draw_ahead(self, round_number):
        """Use the time until the others are here."""
        for _, unit in self._own_units(round_number):
            if self._barrier.all_are_here():
                return
            self._drawn[unit] = self._engine.draw(unit)


def _layout(options, schedule, vocab_size, num_workers, tree):
    """Shapes and types of the shared arrays."""
    size = options.vector_size
    num_outside = vocab_size if tree is None else tree.num_nodes
    losses = ROUNDS_AT_A_TIME[options.loss], schedule.units_per_round, 2
    return {
        "center_vectors": ((vocab_size, size), np.float32),
        "outside_vectors": ((num_outside, size), np.float32),
        "losses": (losses, np.float64),
        "arrivals": ((num_workers, Barrier.WIDTH), np.int64),
        **RoundGradients.layout(options, schedule, vocab_size, tree),
    }
