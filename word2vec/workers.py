"""Rounds of training on several processes that share the vectors.

The parent starts the workers as fresh Python processes, not as forks of itself, so they work from a
notebook, from a script without a main guard, and on every platform. Vectors and gradients lie in a
memory-mapped file that loses its name as soon as all have opened it: no kill can leave it behind.
Commands travel through the workers' standard input and answers through their standard output, so
the end of either side is noticed by the other at once.

A round has two phases. First each worker computes the gradients of its share of the units, while
nobody changes the vectors; then each applies the gradients of all units to its share of the rows.
"""

import contextlib
import json
import mmap
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from .engine import SHARED_NEGATIVES, UNITS_PER_ROUND, Engine, Plan, Schedule
from .rowsparse import RowSparse
from .runs import BLOCK_SIZE

_READY, _COMPUTE, _APPLY = b"r", b"c", b"a"
_ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)


class WorkerError(RuntimeError):
    """A worker process ended before its work was done."""


class WorkerPool:
    """Runs rounds of training on worker processes; a context manager.

    Parameters
    ----------
    plan : Plan
    counts : ndarray of int64, shape (V,)
    id_path : path-like
        The encoded corpus.
    center_vectors, outside_vectors : ndarray of float32, shape (V, d)
        Where training starts.
    num_workers : int

    Attributes
    ----------
    center_vectors, outside_vectors : ndarray of float32, shape (V, d)
        Shared with the workers: up to date after each round.
    """

    def __init__(self, plan, counts, id_path, center_vectors, outside_vectors, num_workers):
        num_ids = os.path.getsize(id_path) // np.dtype(np.int32).itemsize
        layout = _layout(plan, len(counts), Schedule.of(num_ids, plan.epochs).unit_length)
        self._processes = []
        with contextlib.ExitStack() as stack:  # undone, unless all goes well
            stack.callback(self.close)
            path = _make_shared_file(_total_bytes(layout))
            stack.callback(path.unlink, missing_ok=True)
            self._memory = _Shared(path, layout)
            self.center_vectors, self.outside_vectors = self._memory.matrices
            self.center_vectors[:] = center_vectors
            self.outside_vectors[:] = outside_vectors
            task = {
                "plan": plan,
                "counts": counts.tolist(),
                "id_path": str(id_path),
                "shared_path": str(path),
                "num_workers": num_workers,
            }
            for number in range(num_workers):
                self._processes.append(_start({**task, "number": number}))
            self._wait_for_all(_READY)
            path.unlink()  # the memory lives on as long as somebody has it open
            stack.pop_all()

    def run_round(self, round_number):
        """Train one round; returns its summed loss and number of pairs."""
        self._memory.losses[:] = 0
        for phase in (_COMPUTE, _APPLY):
            for process in self._processes:
                try:
                    process.stdin.write(phase + round_number.to_bytes(8, "little"))
                except BrokenPipeError:
                    self._fail(process)
            self._wait_for_all(phase)
        loss, num_pairs = self._memory.losses.sum(axis=0)
        return float(loss), int(num_pairs)

    def _wait_for_all(self, answer):
        for process in self._processes:
            if process.stdout.read(1) != answer:
                self._fail(process)

    def _fail(self, process):
        raise WorkerError(
            f"A worker process ended unexpectedly (exit status {process.wait()}). Was it killed, "
            "or is memory short? Training can be continued from the last checkpoint."
        )

    def close(self):
        """End the workers; waits until they are gone."""
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()
            process.stdin.close()
            process.stdout.close()
        self._processes = []

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()


class _Shared:
    """Arrays in a memory-mapped file: both matrices, and a slot for the result of each unit."""

    def __init__(self, path, layout):
        with open(path, "r+b") as file:
            memory = mmap.mmap(file.fileno(), 0)
        arrays, offset = {}, 0
        for name, (shape, dtype) in layout.items():
            arrays[name] = np.frombuffer(memory, dtype, int(np.prod(shape)), offset).reshape(shape)
            offset += _aligned_bytes(shape, dtype)
        self._arrays = arrays
        self.matrices = arrays["center_vectors"], arrays["outside_vectors"]
        self.losses = arrays["losses"]

    def store(self, slot, result):
        """Put the result of a unit into its slot."""
        self.losses[slot] = result.loss, result.num_pairs
        gradients = result.grad_center_vectors, result.grad_outside_vectors
        for side, gradient in zip(("center", "outside"), gradients, strict=True):
            size = len(gradient.rows)
            self._arrays[f"{side}_sizes"][slot] = size
            self._arrays[f"{side}_rows"][slot, :size] = gradient.rows
            self._arrays[f"{side}_values"][slot, :size] = gradient.values

    def gradients(self, slot):
        """The gradients of the unit in a slot, without a copy."""
        return tuple(
            RowSparse(
                self._arrays[f"{side}_rows"][slot, : self._arrays[f"{side}_sizes"][slot]],
                self._arrays[f"{side}_values"][slot, : self._arrays[f"{side}_sizes"][slot]],
            )
            for side in ("center", "outside")
        )


def _layout(plan, vocab_size, unit_length):
    """Shapes and types of the shared arrays."""
    d, slots = plan.vector_size, UNITS_PER_ROUND
    num_negatives = SHARED_NEGATIVES * -(-unit_length // BLOCK_SIZE)
    # Rows that a unit can touch; one more than it has tokens, for the word that pads its blocks.
    center_rows = min(vocab_size, unit_length + 1)
    outside_rows = min(vocab_size, unit_length + 1 + num_negatives)
    if plan.loss == "naive_softmax":
        outside_rows = vocab_size
    return {
        "center_vectors": ((vocab_size, d), np.float32),
        "outside_vectors": ((vocab_size, d), np.float32),
        "losses": ((slots, 2), np.float64),
        "center_sizes": ((slots,), np.int64),
        "outside_sizes": ((slots,), np.int64),
        "center_rows": ((slots, center_rows), np.int32),
        "outside_rows": ((slots, outside_rows), np.int32),
        "center_values": ((slots, center_rows, d), np.float32),
        "outside_values": ((slots, outside_rows, d), np.float32),
    }


def _aligned_bytes(shape, dtype):
    """Bytes of an array, rounded up to whole cache lines."""
    return -(-int(np.prod(shape)) * np.dtype(dtype).itemsize // 64) * 64


def _total_bytes(layout):
    return sum(_aligned_bytes(shape, dtype) for shape, dtype in layout.values())


def _make_shared_file(num_bytes):
    """A file of that size, in memory if there is room, else where temporary files go."""
    directories = ["/dev/shm"] if os.access("/dev/shm", os.W_OK) else []
    directories.append(tempfile.gettempdir())
    for directory in directories:
        descriptor, name = tempfile.mkstemp(prefix="word2vec-", dir=directory)
        try:
            os.ftruncate(descriptor, num_bytes)
            if hasattr(os, "posix_fallocate"):  # better an error now than a crash later
                os.posix_fallocate(descriptor, 0, num_bytes)
            return Path(name)
        except OSError as error:
            os.unlink(name)
            failure = error
        finally:
            os.close(descriptor)
    raise OSError(
        failure.errno, f"No room for {num_bytes >> 20} MiB of shared memory in {directories}"
    ) from failure


def _start(task):
    """Start a worker process and tell it its task."""
    library = str(Path(__file__).resolve().parent.parent)
    search = os.pathsep.join(filter(None, [library, os.environ.get("PYTHONPATH")]))
    process = subprocess.Popen(
        [sys.executable, "-c", "from word2vec.workers import work; work()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
        env={**os.environ, **_ONE_THREAD, "PYTHONPATH": search},
    )
    process.stdin.write(json.dumps(task).encode() + b"\n")
    return process


def work():
    """What a worker process does: serve the parent until it closes the pipe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all; the parent decides
    commands, answers = sys.stdin.buffer, sys.stdout.buffer
    task = json.loads(commands.readline())
    number, num_workers = task["number"], task["num_workers"]
    plan = Plan(*task["plan"])
    counts = np.array(task["counts"])
    ids = np.memmap(task["id_path"], dtype=np.int32, mode="r")
    length = Schedule.of(len(ids), plan.epochs).unit_length
    shared = _Shared(task["shared_path"], _layout(plan, len(counts), length))
    engine = Engine(plan, counts, ids, *shared.matrices)

    answer = _READY
    while True:
        answers.write(answer)
        answers.flush()
        command = commands.read(9)
        if len(command) < 9:  # the parent is gone
            return
        answer, units = command[:1], engine.schedule.units_of(int.from_bytes(command[1:], "little"))
        if answer == _COMPUTE:
            for slot in range(number, len(units), num_workers):
                shared.store(slot, engine.compute(units[slot]))
        else:
            # Dividing the rows that the first unit touched evenly divides the others nearly so.
            ranges = [_part(g.rows, number, num_workers) for g in shared.gradients(0)]
            for slot, unit in enumerate(units):
                engine.apply(unit, shared.gradients(slot), ranges)


def _part(rows, number, num_parts):
    """One of several ranges that together are all rows and each hold equally many of `rows`."""
    bounds = [rows[len(rows) * k // num_parts] for k in range(1, num_parts)]
    bounds = [0, *bounds, np.iinfo(np.int32).max]
    return bounds[number], bounds[number + 1]
