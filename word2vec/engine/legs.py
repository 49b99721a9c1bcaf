"""Training in shards: each learns a leg apart from the others, then all are merged.

A process may host any number of shards and trains them one after another, each from the vectors
that all have in common. What a shard learns is kept as the rows that it moved, and by how much: in
a leg that is a part of the vocabulary. The moves are merged in a binary tree over the shards, so
neither the order in which shards are trained nor who hosts them changes a bit.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..checks import FloatArray
from ..corpus.encoded import EncodedCorpus
from ..rowsparse import RowSparse, take_rows
from ..saving.team import Team
from .adasum import ROWS_AT_A_TIME, Tree
from .exchange import exchange
from .fork_server import ForkServer
from .plan import Plan
from .rounds import Rounds, start_rounds
from .shards import ShardRounds, Shards


class Legs:
    """Trains legs; to `Training` they are rounds.

    Parameters
    ----------
    rounds : Rounds
        Trains rounds of the hosted shards, from the vectors that it has, and marks in its `moved`
        which rows it moves.
    shards : Shards
    team : Team
        Whose ranks host the shards.

    Attributes
    ----------
    center_vectors, outside_vectors : ndarray of float32, shape (V, d)
        As they are between legs.
    """

    rounds_at_a_time = 1

    def __init__(self, rounds: Rounds, shards: Shards, team: Team) -> None:
        self._rounds, self._shards, self._team = rounds, shards, team
        self.moved: Any = rounds.moved
        self._training = (rounds.center_vectors, rounds.outside_vectors)
        self.center_vectors = np.array(rounds.center_vectors)
        self.outside_vectors = np.array(rounds.outside_vectors)

    def run_rounds(self, first: int, last: int) -> list[list[float]]:
        """Train legs `first` to `last` - 1; returns the loss and number of pairs of each."""
        return [self._run_leg(leg) for leg in range(first, last)]

    def _run_leg(self, leg):
        moves, measured = self._team.together(lambda: self._train_hosted(leg))
        with self._team.or_abort():
            measured = np.concatenate(self._team.share(measured))
            for merged in exchange(self._team, moves, 2 * len(self.center_vectors)):
                self._apply(merged)
        return measured.sum(axis=0).tolist()

    def _train_hosted(self, leg):
        """Train this rank's shards; returns what is to be merged, and loss and pairs of each."""
        tree, measured = Tree(), []
        for shard in self._team.hosted(len(self._shards.schedules)):
            measured.append(self._train(shard, leg))
            tree.add(self._take_moves())
        return tree.take(), np.array(measured)

    def _train(self, shard, leg):
        """Train a leg of one shard; returns its loss and number of pairs."""
        rounds = self._shards.rounds_of(shard, leg)
        measured = [[0.0, 0.0]]
        for first in rounds[:: self._rounds.rounds_at_a_time]:
            last = min(rounds.stop, first + self._rounds.rounds_at_a_time)
            numbers = ShardRounds.number(shard, first), ShardRounds.number(shard, last)
            measured += self._rounds.run_rounds(*numbers)
        return np.sum(measured, axis=0)

    def _take_moves(self):
        """The rows that were moved, and by how much; they are put back.

        Rows of outside vectors have numbers from V on, so that both matrices are one.
        """
        rows = [np.flatnonzero(moved).astype(np.int32) for moved in self.moved]
        values = np.empty((sum(map(len, rows)), self.center_vectors.shape[1]), np.float32)
        parts = values[: len(rows[0])], values[len(rows[0]) :]
        common = self.center_vectors, self.outside_vectors
        for its_rows, moves, trained, before in zip(
            rows, parts, self._training, common, strict=True
        ):
            for start in range(0, len(its_rows), ROWS_AT_A_TIME):
                part = slice(start, start + ROWS_AT_A_TIME)
                old = take_rows(before, its_rows[part])
                np.subtract(take_rows(trained, its_rows[part]), old, out=moves[part])
                trained[its_rows[part]] = old
        self.moved[:] = False
        rows[1] += len(self.center_vectors)
        return RowSparse(np.concatenate(rows), values)

    def _apply(self, moves):
        """Move the vectors that all have in common, and those that are trained."""
        num_words = len(self.center_vectors)
        cut = np.searchsorted(moves.rows, num_words)
        rows = moves.rows[:cut], moves.rows[cut:] - num_words
        parts = moves.values[:cut], moves.values[cut:]
        common = self.center_vectors, self.outside_vectors
        for its_rows, its_moves, before, trained in zip(
            rows, parts, common, self._training, strict=True
        ):
            for start in range(0, len(its_rows), ROWS_AT_A_TIME):
                part = slice(start, start + ROWS_AT_A_TIME)
                new = take_rows(before, its_rows[part])
                new += its_moves[part]
                before[its_rows[part]] = trained[its_rows[part]] = new


@contextlib.contextmanager
def start_legs(
    plan: Plan,
    shards: Shards,
    corpus: EncodedCorpus,
    center_vectors: FloatArray,
    outside_vectors: FloatArray,
    server: ForkServer | None = None,
) -> Iterator[Legs]:
    """Whoever is to train, ready for the first leg; workers end when the block does.

    The schedule of what is trained here is not that of `plan` but that of the hosted shards.
    """
    hosted = shards.hosted(corpus.team.hosted(len(shards.schedules)))
    plan = plan._replace(schedule=hosted, keep_moved=True)
    matrices = center_vectors, outside_vectors
    del center_vectors, outside_vectors
    with start_rounds(plan, corpus, *matrices, server) as rounds:
        del matrices
        yield Legs(rounds, shards, corpus.team)
