"""The ranks of an MPI communicator as a `Team`.

mpi4py is not imported here: whoever passes a communicator has done so. Arrays travel as the bytes
they are, and MPI is never asked to add floating-point numbers.
"""

from __future__ import annotations

import contextlib
import os
import platform
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import scipy
from threadpoolctl import threadpool_info

from .. import __version__
from ..checks import StrPath
from ..options import EngineOptions
from ..saving.checkpoint import TRAINING_VERSION
from ..saving.team import Team

_ASKED_OF_IT = ("Get_rank", "Get_size", "Ialltoall", "Alltoallv", "Iallreduce", "Abort")
# MPI waits by polling. Where ranks outnumber processors, that keeps the others from arriving.
_POLLS = 200
_NAP_SECONDS, _LONGEST_NAP_SECONDS = 5e-6, 5e-4  # the longer it has waited, the longer
INSTALL = (
    "pip install mpi4py mpich brings both mpi4py and an mpiexec; on a cluster, build mpi4py with "
    "the MPI that it has."
)


class Ranks(Team):
    """All ranks of a communicator; each must make the same calls in the same order.

    Parameters
    ----------
    comm : mpi4py.MPI.Comm

    Attributes
    ----------
    bytes_sent, bytes_received : int
        What this rank has given MPI for others, and has got from them, in `share` and `swap`.

    Raises
    ------
    TypeError
        If it is no communicator.
    """

    def __init__(self, comm: Any) -> None:
        if not all(hasattr(comm, name) for name in _ASKED_OF_IT):
            raise TypeError(
                "comm must be a communicator of mpi4py, such as mpi4py.MPI.COMM_WORLD. Got "
                f"{comm!r} instead. {INSTALL}"
            )
        self._comm, self._mpi = comm, sys.modules[type(comm).__module__]
        self.rank, self.size = comm.Get_rank(), comm.Get_size()
        self.bytes_sent = self.bytes_received = 0
        self._has_ended = False
        places = self.share_text(_place())
        self.neighbors = places.count(places[self.rank])

    def share(self, array: np.ndarray) -> list[np.ndarray]:
        return self._deliver(array, np.full(self.size, len(array)), np.zeros(self.size, int))

    def swap(self, array: np.ndarray, counts: Sequence[int]) -> list[np.ndarray]:
        return self._deliver(array, np.array(counts), _starts(counts))

    def _deliver(self, array, counts, starts):
        """Send each rank its part of an array; returns what each has sent here.

        A rank's own part is not sent, nor copied.
        """
        array, own = np.ascontiguousarray(array), slice(starts[self.rank], None)
        kept = array[own][: counts[self.rank]]
        sent, coming = counts.astype(np.int64), np.empty(self.size, np.int64)
        sent[self.rank] = 0
        _wait(self._comm.Ialltoall(sent, coming))
        received = np.empty((coming.sum(), *array.shape[1:]), array.dtype)
        with self._rows_of(array) as row:
            self._comm.Alltoallv(
                [array, sent, starts, row], [received, coming, _starts(coming), row]
            )
        self.bytes_sent += int(sent.sum()) * array[:1].nbytes
        self.bytes_received += received.nbytes
        parts = np.split(received, np.cumsum(coming)[:-1])
        parts[self.rank] = kept
        return parts

    def largest(self, *numbers: int) -> list[int]:
        mine, all_of_them = np.array(numbers, np.int64), np.empty(len(numbers), np.int64)
        _wait(self._comm.Iallreduce(mine, all_of_them, op=self._mpi.MAX))
        return all_of_them.tolist()

    def agree(self, signals: Sequence[int], saves: bool) -> tuple[int, bool]:
        agreed = super().agree(signals, saves)
        self._has_ended = self._has_ended or agreed[0] > 0
        return agreed

    def together(self, work: Any) -> Any:
        try:
            return super().together(work)
        except BaseException:
            self._has_ended = True  # on all ranks
            raise

    @contextlib.contextmanager
    def or_abort(self) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            if self.size == 1 or self._has_ended:
                raise
            sys.__stderr__.write(  # type: ignore[union-attr]
                f"Rank {self.rank} has failed and ends the job: {type(error).__name__}: {error}\n"
            )
            sys.__stderr__.flush()  # type: ignore[union-attr]
            self._comm.Abort(1)
            raise

    @contextlib.contextmanager
    def _rows_of(self, array):
        """A row as an MPI type: counts of rows are small enough for any MPI."""
        num_bytes = array.itemsize * int(np.prod(array.shape[1:]))
        row = self._mpi.BYTE.Create_contiguous(num_bytes).Commit()
        try:
            yield row
        finally:
            row.Free()


def check_ranks(team: Team, options: EngineOptions, checkpoint_dir: StrPath | None) -> None:
    """Raise ValueError on all ranks unless they can train together.

    Warns
    -----
    RuntimeWarning
        If their processors or versions of NumPy round differently.
    """
    if team.size > options.shards or team.size & (team.size - 1):
        raise ValueError(
            f"There are {team.size} ranks for {options.shards} shards. The number of ranks must be "
            "1, 2, 4, 8, ... and no more than shards; shards decides the vectors, the ranks do not."
        )
    saves = {"checkpoint_dir": "given" if checkpoint_dir else "none"}
    versions = {"word2vec": __version__, "training version": TRAINING_VERSION}
    team.check_same(options.settings() | saves | versions)
    if team.size > 1:
        team.check_same(_rounding(), warn=True)


def _rounding():
    """What decides how results are rounded."""
    blas = {
        f"{library['internal_api']} {library['version']} {library.get('architecture', '')}".strip()
        for library in threadpool_info()
        if library["user_api"] == "blas"
    }
    simd = np.show_config(mode="dicts")["SIMD Extensions"]
    return {
        "NumPy": np.__version__,
        "SciPy": scipy.__version__,
        "BLAS": ", ".join(sorted(blas)),
        "processor": f"{platform.machine()} with {' '.join(simd.get('found', []))}",
    }


def _wait(request):
    """Wait for the slowest rank, without keeping the processors from it, or signals from us."""
    polls = 0
    while not request.Test():
        polls += 1
        if polls > _POLLS:
            time.sleep(min((polls - _POLLS) * _NAP_SECONDS, _LONGEST_NAP_SECONDS))


def _starts(counts):
    return np.append(0, np.cumsum(counts)[:-1])


def _place():
    """The machine, and those of its processors that may be used."""
    processors: Any = ""
    if hasattr(os, "sched_getaffinity"):
        processors = sorted(os.sched_getaffinity(0))
    return f"{platform.node()} {processors}"
