"""Rounds of training on several processes.

The workers are forks of a process of their own, see `fork_server`. What they share with the parent
lies in a memory-mapped file without a name, which is handed to them open: no kill can leave it
behind.

A round has two phases. First each worker computes the gradients of its share of the units, while
nobody changes the vectors; then each adds up those of all units in its share of the rows, and moves
these. Between the phases the workers wait for each other in shared memory, without the parent.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
from typing import Any

import numpy as np

from ..checks import FloatArray, StrPath
from ..corpus.mapped import MappedTokens
from .blocks import Blocks
from .fork_server import DONE, ForkServer
from .plan import Plan
from .processes import explained
from .sharing import Barrier, SharedArrays, make_shared_file
from .units import DRAWN_IN_A_ROW, Engine, RoundGradients

# What workers train at a command: some tenths of a second. A round of naive softmax takes longer.
ROUNDS_AT_A_TIME = {"neg_sampling": 16, "hierarchical_softmax": 16, "naive_softmax": 1}


class WorkerPool:
    """Runs rounds of training on worker processes; a context manager.

    Parameters
    ----------
    plan : Plan
    token_path : path-like
        The encoded corpus.
    center_vectors, outside_vectors : ndarray of float32, shape (V, d)
        Where training starts.
    num_workers : int
    server : ForkServer, optional
        That was started before, for this pool alone.

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
        plan: Plan,
        token_path: StrPath,
        center_vectors: FloatArray,
        outside_vectors: FloatArray,
        num_workers: int,
        server: ForkServer | None = None,
    ) -> None:
        layout = _layout(plan, num_workers)
        task = {"plan": plan.to_json(), "token_path": str(token_path), "num_workers": num_workers}
        self.rounds_at_a_time = ROUNDS_AT_A_TIME[plan.options.loss]
        # Undone, unless all goes well; the memory lives on as long as somebody has mapped it.
        with contextlib.ExitStack() as stack, explained():
            self._server = stack.enter_context(server or ForkServer())
            with make_shared_file(layout) as file:
                self._server.prepare(task, file.fileno())
                self._shared = SharedArrays(file.fileno(), layout)
            self.center_vectors = self._shared["center_vectors"]
            self.outside_vectors = self._shared["outside_vectors"]
            self.moved = self._shared.get("moved")
            self.center_vectors[:] = center_vectors
            self.outside_vectors[:] = outside_vectors
            self._server.fork(num_workers)
            stack.pop_all()

    def run_rounds(self, first: int, last: int) -> list[list[float]]:
        """Train rounds `first` to `last` - 1; returns the loss and number of pairs of each."""
        losses = self._shared["losses"][: last - first]
        losses[:] = 0
        self._server.command(np.array([first, last], np.int64).tobytes())
        return losses.sum(axis=1).tolist()

    def close(self) -> None:
        """End the workers; waits until they are gone."""
        self._server.close()

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class Worker:
    """A worker's part of training.

    What it prepares is the same for all, and is there before they are forked. The parameters are
    those of `WorkerPool`, as JSON has them.
    """

    def __init__(
        self, shared_file: int, *, plan: dict[str, Any], token_path: str, num_workers: int
    ) -> None:
        understood = Plan.from_json(plan)
        shared = self._shared = SharedArrays(shared_file, _layout(understood, num_workers))
        os.close(shared_file)
        matrices = shared["center_vectors"], shared["outside_vectors"]
        self._engine = Engine(understood, MappedTokens(token_path), *matrices, shared.get("moved"))
        self._gradients = RoundGradients(shared, len(understood.counts))
        self._parent, self._num_workers = os.getpid(), num_workers
        self._drawn: dict[int, Blocks] = {}  # the blocks of units to come

    def work(self, number: int, channel: socket.socket) -> None:
        """As worker `number`, do what comes over the channel, until the parent closes it."""
        self._number = number
        self._barrier = Barrier(self._shared["arrivals"], number, self._parent)
        while True:
            channel.sendall(DONE)
            command = channel.recv(16, socket.MSG_WAITALL)
            if len(command) < 16:
                return
            self._run_rounds(*np.frombuffer(command, np.int64).tolist())

    def _run_rounds(self, first, last):
        for round_number in range(first, last):
            losses = self._shared["losses"][round_number - first]
            own = list(self._own_units(round_number))
            for place, (slot, unit) in enumerate(own):
                if unit not in self._drawn:
                    self._draw(own[place:])
                result = self._engine.compute(self._drawn.pop(unit), is_first=slot == 0)
                losses[slot] = result.loss, result.num_pairs
                self._gradients.store(slot, result)
            self._barrier.arrive()
            if round_number + 1 < last:  # use the time until the others are here
                self._draw(self._own_units(round_number + 1), self._barrier.all_are_here)
            self._barrier.wait()
            self._engine.step(round_number, self._gradients, self._number, self._num_workers)
            self._barrier.arrive()
            self._barrier.wait()

    def _own_units(self, round_number):
        """Places in the round, and units, that are this worker's to compute."""
        units = enumerate(self._engine.plan.schedule.units_of(round_number))
        return itertools.islice(units, self._number, None, self._num_workers)

    def _draw(self, units, is_time_over=lambda: False):
        """Draw the first of these units, as many as there are time and room for."""
        for _, unit in units:
            if len(self._drawn) == DRAWN_IN_A_ROW or is_time_over():
                return
            if unit not in self._drawn:
                self._drawn[unit] = self._engine.draw(unit)


def _layout(plan, num_workers):
    """Shapes and types of the shared arrays."""
    vocab_size, size = len(plan.counts), plan.options.vector_size
    moved = {"moved": ((2, vocab_size), bool)} if plan.keep_moved else {}
    num_outside = vocab_size if plan.tree is None else plan.tree.num_nodes
    losses = ROUNDS_AT_A_TIME[plan.options.loss], plan.schedule.units_per_round, 2
    return {
        "center_vectors": ((vocab_size, size), np.float32),
        "outside_vectors": ((num_outside, size), np.float32),
        "losses": (losses, np.float64),
        "arrivals": ((num_workers, Barrier.WIDTH), np.int64),
        **moved,
        **RoundGradients.layout(plan),
    }
