"""Rounds of training on several processes.

The parent starts the workers as fresh Python processes, not as forks of itself, so they work from a
notebook and from a script without a main guard, but not on Windows. What they share lies in a
memory-mapped file without a name, which they inherit open: no kill can leave it behind.
Commands travel through the workers' standard input and answers through their standard output, so
the end of either side is noticed by the other at once. What a worker writes to standard error, such
as the traceback of its own end, becomes part of the parent's `WorkerError`.

A round has two phases. First each worker computes the gradients of its share of the units, while
nobody changes the vectors; then each adds up those of all units in its share of the rows, and moves
these. Between the phases the workers wait for each other in shared memory, without the parent.
"""

from __future__ import annotations

import collections
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

from ..checks import FloatArray, IntArray, StrPath, memory_limit
from ..corpus.mapped import MappedTokens
from ..huffman import HuffmanTree
from ..options import EngineOptions
from .schedule import Schedule
from .shards import ShardRounds
from .sharing import Barrier, SharedArrays, make_shared_file
from .units import SIDES, Engine, RoundGradients

# What workers train at a command: some tenths of a second. A round of naive softmax takes longer.
ROUNDS_AT_A_TIME = {"neg_sampling": 16, "hierarchical_softmax": 16, "naive_softmax": 1}

_DONE = b"d"
_ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)
_REMEMBERED_LINES = 50  # of what a worker has written to standard error

# How a worker begins. The standard library is found first, then what the parent finds, and word2vec
# where the parent has found it: no file of the current directory can take the place of another, and
# a library that only the parent's sys.path leads to is found.
_BEGIN = """\
import sys
sys.path[:] = filter(None, sys.path)
import os, site
from importlib import machinery, util
answers = os.dup(1)
os.dup2(2, 1)
standard, (library, *search) = sys.path[:], sys.argv[1:]
site.main()
sys.path[:] = [*standard, *search]
spec = machinery.PathFinder.find_spec("word2vec", [library])
sys.modules["word2vec"] = package = util.module_from_spec(spec)
spec.loader.exec_module(package)
from word2vec.engine.workers import work
work(answers)
"""


class WorkerError(RuntimeError):
    """A worker process could not be started, or ended before its work was done."""


def can_start_workers() -> bool:
    """Whether this system can hand an open file on, and this program start Python.

    Windows cannot do the one. A frozen application is not Python: it would start itself again.
    """
    return os.name != "nt" and not getattr(sys, "frozen", False) and bool(sys.executable)


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
    keep_moved : bool
        Whether to mark which rows take a step.

    Attributes
    ----------
    center_vectors, outside_vectors : ndarray of float32, shape (V, d)
        Shared with the workers: up to date after each round.
    moved : ndarray of bool, shape (2, V), or None
        Shared, too: becomes True for rows of center and outside vectors that take a step.
    rounds_at_a_time : int
        That `run_rounds` trains at most.
    """

    def __init__(
        self,
        options: EngineOptions,
        schedule: Schedule | ShardRounds,
        counts: IntArray,
        token_path: StrPath,
        center_vectors: FloatArray,
        outside_vectors: FloatArray,
        num_workers: int,
        *,
        frozen: Sequence[int] = (),
        tree: HuffmanTree | None = None,
        keep_moved: bool = False,
    ) -> None:
        layout = _layout(options, schedule, len(counts), num_workers, tree, keep_moved)
        self.rounds_at_a_time = ROUNDS_AT_A_TIME[options.loss]
        self._processes: list[_Process] = []
        # Undone, unless all goes well; the memory lives on as long as somebody has mapped it.
        with contextlib.ExitStack() as stack:
            stack.callback(self.close)
            with _explained(), make_shared_file(layout) as file:
                self._shared = SharedArrays(file.fileno(), layout)
                self.center_vectors = self._shared["center_vectors"]
                self.outside_vectors = self._shared["outside_vectors"]
                self.moved = self._shared.get("moved")
                self.center_vectors[:] = center_vectors
                self.outside_vectors[:] = outside_vectors
                task = {
                    "options": asdict(options),
                    "schedule": schedule,
                    "counts": counts.tolist(),
                    "token_path": str(token_path),
                    "num_workers": num_workers,
                    "frozen": list(frozen),
                    "tree": None if tree is None else tree.children.tolist(),
                    "is_sharded": isinstance(schedule, ShardRounds),
                    "keep_moved": keep_moved,
                }
                self._answers: queue.SimpleQueue[tuple[_Process, bytes]] = queue.SimpleQueue()
                for number in range(num_workers):
                    process = _Process(file.fileno(), self._answers)
                    self._processes.append(process)
                    process.begin({**task, "number": number})
            self._wait_for_all()
            stack.pop_all()

    def run_rounds(self, first: int, last: int) -> list[list[float]]:
        """Train rounds `first` to `last` - 1; returns the loss and number of pairs of each."""
        losses = self._shared["losses"][: last - first]
        losses[:] = 0
        for process in self._processes:
            process.send(first.to_bytes(8, "little") + last.to_bytes(8, "little"))
        self._wait_for_all()
        return losses.sum(axis=1).tolist()

    def _wait_for_all(self):
        for _ in self._processes:
            process, answer = self._answers.get()  # whoever is first: one that ended must be seen
            if answer != _DONE:
                raise process.error()

    def close(self) -> None:
        """End the workers; waits until they are gone."""
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.close()
        self._processes = []

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


@contextlib.contextmanager
def _explained():
    """Say of an error while workers are started what it means, and that there is another way."""
    try:
        yield
    except (OSError, MemoryError, RuntimeError) as error:  # RuntimeError: no new thread
        limit = _limit()
        if isinstance(error, (BlockingIOError, RuntimeError)):
            limit += "; ulimit -u, or pids.max of a container, limits processes and threads"
        raise WorkerError(
            f"The worker processes cannot be started: {error} ({limit}). With workers=1 this "
            "process trains alone, to the same vectors."
        ) from error


def _limit():
    size, whose = memory_limit()
    return f"{whose} {size >> 20:,} MiB of memory"


class _Process:
    """A worker process, as its parent sees it.

    Parameters
    ----------
    shared_file : int
        The descriptor of the memory that it shares.
    answers : queue
        Where its answers go, as (process, answer); an empty one says that it has ended.
    """

    def __init__(self, shared_file, answers):
        import fcntl  # not there on Windows, where no workers are started

        # Where the program's standard streams are closed, the file may have the number of one.
        self._shared_file = fcntl.fcntl(shared_file, fcntl.F_DUPFD_CLOEXEC, 3)
        try:
            self._process: Any = self._start()
        finally:
            os.close(self._shared_file)
        self._said: collections.deque[bytes] = collections.deque(maxlen=_REMEMBERED_LINES)
        self._listeners = [
            threading.Thread(target=self._hear_answers, args=(answers,), daemon=True),
            threading.Thread(target=self._hear_errors, daemon=True),
        ]
        self._heard = []
        try:
            for listener in self._listeners:
                listener.start()
                self._heard.append(listener)
        except RuntimeError:
            self.kill()
            self.close()
            raise

    def _start(self):
        library = str(Path(__file__).absolute().parents[2])
        here = [os.getcwd()] if "" in sys.path else []
        environment = {**os.environ, **_ONE_THREAD}
        environment.pop("PYTHONPATH", None)  # sys.path says it better
        isolated = ["-I"] if sys.flags.ignore_environment else []
        search = [entry for entry in sys.path if isinstance(entry, str) and entry]
        with _signals_blocked():
            return subprocess.Popen(
                [sys.executable, *isolated, "-S", "-c", _BEGIN, library, *search, *here],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                env=environment,
                pass_fds=[self._shared_file],
            )

    def begin(self, task):
        """Tell it its task."""
        self.send(json.dumps({**task, "shared_file": self._shared_file}).encode() + b"\n")

    def send(self, message):
        rest = memoryview(message)
        with contextlib.suppress(BrokenPipeError):  # it has ended, which its listener tells
            while rest:  # a signal cuts a long write short
                rest = rest[self._process.stdin.write(rest) :]

    def _hear_answers(self, answers):
        while answer := self._process.stdout.read(1):
            answers.put((self, answer))
        answers.put((self, b""))

    def _hear_errors(self):
        rest = b""
        while part := self._process.stderr.read(1 << 16):
            *lines, rest = (rest + part).split(b"\n")
            self._said.extend(lines)
        self._said.append(rest)

    def error(self):
        """Why it has ended, to be raised."""
        status = self._process.wait()
        self._listeners[1].join()
        lines = [line.decode("utf-8", "replace").rstrip() for line in self._said]
        report = "\n".join(filter(None, lines))
        last = report.rpartition("\n")[2]
        is_memory = status == -signal.SIGKILL or "memory" in report.lower()
        limit = f" ({_limit()})" if is_memory else ""
        why = f". Was it killed, or is memory short{limit}?"
        if last:
            why = f": {last.rstrip('.')}{limit}."
        error = WorkerError(
            f"A worker process ended unexpectedly (exit status {status}){why} "
            "Training can be continued from the last checkpoint."
        )
        error.__cause__ = _WorkerReport(report) if report else None
        return error

    def kill(self):
        self._process.kill()

    def close(self):
        """After `kill`: wait until it is gone."""
        for listener in self._heard:
            listener.join()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            pipe.close()


class _WorkerReport(Exception):
    """What a worker has written to standard error: the cause of the parent's error."""


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


def work(descriptor: int) -> None:
    """What a worker process does: serve the parent until it closes the pipe.

    `descriptor` is where its answers go.
    """
    commands = sys.stdin.buffer
    task = commands.readline()
    if not task.endswith(b"\n"):  # the parent is gone
        return
    worker = _Worker(**json.loads(task))
    while True:
        os.write(descriptor, _DONE)
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
        is_sharded,
        keep_moved,
        number,
    ):
        options = EngineOptions(**options)
        schedule = ShardRounds.from_json(schedule) if is_sharded else Schedule(*schedule)
        tree = None if tree is None else HuffmanTree(tree)
        layout = _layout(options, schedule, len(counts), num_workers, tree, keep_moved)
        self._shared = SharedArrays(shared_file, layout)
        os.close(shared_file)
        center, outside = (self._shared[f"{side}_vectors"] for side in SIDES)
        tokens = MappedTokens(token_path)
        self._engine = Engine(
            options,
            schedule,
            np.array(counts),
            tokens,
            center,
            outside,
            frozen=frozen,
            tree=tree,
            moved=self._shared.get("moved"),
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


def _layout(options, schedule, vocab_size, num_workers, tree, keep_moved):
    """Shapes and types of the shared arrays."""
    moved = {"moved": ((2, vocab_size), bool)} if keep_moved else {}
    size = options.vector_size
    num_outside = vocab_size if tree is None else tree.num_nodes
    losses = ROUNDS_AT_A_TIME[options.loss], schedule.units_per_round, 2
    return {
        "center_vectors": ((vocab_size, size), np.float32),
        "outside_vectors": ((num_outside, size), np.float32),
        "losses": (losses, np.float64),
        "arrivals": ((num_workers, Barrier.WIDTH), np.int64),
        **moved,
        **RoundGradients.layout(options, schedule, vocab_size, tree),
    }
