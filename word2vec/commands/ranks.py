"""Commands under mpiexec: which rank this process is, found out without mpi4py."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

from ..engine.ranks import INSTALL, Ranks
from ..saving.team import Team

# Rank and number of ranks, as MPICH, Intel MPI and Slurm (PMI), Open MPI, and MVAPICH tell them.
_VARIABLES = (
    ("PMI_RANK", "PMI_SIZE"),
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
    ("MV2_COMM_WORLD_RANK", "MV2_COMM_WORLD_SIZE"),
)


def rank_and_size() -> tuple[int, int]:
    """Of this process, as mpiexec has told it; (0, 1) without mpiexec."""
    for rank, size in _VARIABLES:
        with contextlib.suppress(KeyError, ValueError):
            return int(os.environ[rank]), int(os.environ[size])
    return 0, 1


@contextlib.contextmanager
def only_the_first_prints() -> Iterator[None]:
    """Let the ranks but the first be silent: what they have to say, it says."""
    if rank_and_size()[0] == 0:
        yield
        return
    with (
        open(os.devnull, "w") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        yield


def team_and_communicator() -> tuple[Team, Any]:
    """All ranks that mpiexec has started, and None or what connects them.

    Raises
    ------
    ValueError
        If mpi4py is missing, or belongs to another MPI than mpiexec.
    """
    size = rank_and_size()[1]
    if size == 1:
        return Team(), None
    try:
        from mpi4py import MPI
    except ImportError as error:
        raise ValueError(
            f"mpiexec has started {size} processes, but without mpi4py they cannot work together "
            f"({error}). {INSTALL}"
        ) from error
    comm = MPI.COMM_WORLD
    if comm.Get_size() != size:
        raise ValueError(
            f"mpiexec has started {size} processes, but mpi4py sees {comm.Get_size()}: they belong "
            f"to different MPIs. mpi4py has {MPI.Get_library_version().splitlines()[0].strip()}. "
            f"Use the mpiexec of that. {INSTALL}"
        )
    return Ranks(comm), comm
