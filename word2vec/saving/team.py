"""Who does a work together: one process alone, or the ranks of an MPI communicator.

Everything that ranks do in common is built of two exchanges of arrays, `share` and `swap`. A
process alone is a team of one, for which both are trivial, so there is one way for all.
"""

from __future__ import annotations

import contextlib
import json
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import numpy as np

from ..checks import StrPath
from .archive import to_json
from .checkpoint import Checkpoint, load_latest_checkpoint, save_checkpoint

Result = TypeVar("Result")

_BROADCAST_BYTES = 1 << 26  # at a time, so that a large matrix needs little more memory than it has


class RankError(RuntimeError):
    """What the other ranks raise when one has failed; the message says which, and why."""


class Team:
    """A process alone.

    Attributes
    ----------
    rank : int
        Of this process, from 0.
    size : int
        How many there are.
    neighbors : int
        How many of them use the same processors, this one included.
    """

    rank, size, neighbors = 0, 1, 1

    # What ranks override

    def share(self, array: np.ndarray) -> list[np.ndarray]:
        """The arrays of all ranks, by rank; they may differ in their first dimension."""
        return [array]

    def swap(self, array: np.ndarray, counts: Sequence[int]) -> list[np.ndarray]:
        """Send so many rows of an array to each rank, in order; returns what each has sent here."""
        return [array]

    @contextlib.contextmanager
    def or_abort(self) -> Iterator[None]:
        """Where ranks that have failed would leave the others waiting: the job ends at once."""
        yield

    # What follows from it

    def hosted(self, shards: int) -> range:
        """The shards that are this rank's: as many for each, and whole subtrees of the merging."""
        return range(self.rank * shards // self.size, (self.rank + 1) * shards // self.size)

    def largest(self, *numbers: int) -> list[int]:
        """The largest of the ranks' numbers, one by one."""
        return np.max(self.share(np.array([numbers], np.int64)), axis=(0, 1)).tolist()

    def share_text(self, text: str) -> list[str]:
        """The texts of all ranks."""
        content = np.frombuffer(text.encode("utf-8"), np.uint8)
        return [part.tobytes().decode("utf-8") for part in self.share(content)]

    def together(self, work: Callable[[], Result]) -> Result:
        """Do something on every rank, and go on only if none has failed.

        Raises
        ------
        BaseException
            What `work` has raised here.
        RankError
            On the other ranks.
        """
        error: BaseException | None = None
        try:
            result = work()
        except BaseException as raised:  # also KeyboardInterrupt: the others would wait for ever
            error = raised
        if self.size > 1 and self.largest(error is not None) == [1]:
            told = "" if error is None or isinstance(error, RankError) else _describe(error)
            told_by = [
                f"Rank {rank}: {text}" for rank, text in enumerate(self.share_text(told)) if text
            ]
            if error is None:
                raise RankError(" ".join(told_by))
        if error is not None:
            raise error
        return result

    def check_same(self, facts: dict[str, Any], warn: bool = False) -> None:
        """Raise ValueError on all ranks, or only warn, unless `facts` are the same on all of them.

        The message names what differs, and where.
        """
        first, *others = (json.loads(text) for text in self.share_text(to_json(facts)))
        differing = [
            f"{name} is {first.get(name)!r} on rank 0 and {other.get(name)!r} on rank {rank}"
            for rank, other in enumerate(others, start=1)
            for name in sorted(first.keys() | other.keys())
            if first.get(name) != other.get(name)
        ]
        if not differing:
            return
        message = f"The ranks differ: {'; '.join(differing)}."
        if not warn:
            raise ValueError(f"{message} They must be the same.")
        warnings.warn(
            f"{message} Other kinds of processors and versions of NumPy round differently: the "
            "vectors will be as good, but another number of ranks may give other bits.",
            RuntimeWarning,
            stacklevel=4,
        )

    def agree(self, signals: Sequence[int], saves: bool) -> tuple[int, bool]:
        """A signal that any rank has received, or 0; and whether the first one wants to save."""
        signal, first_saves = signals[0] if signals else 0, int(saves and self.rank == 0)
        if self.size > 1:
            signal, first_saves = self.largest(signal, first_saves)
        return signal, bool(first_saves)

    def load(self, directory: StrPath, settings: dict[str, Any]) -> Checkpoint | None:
        """The latest checkpoint that the first rank finds, on all of them."""
        saved = self.together(
            lambda: load_latest_checkpoint(directory, settings) if self.rank == 0 else None
        )
        return self._broadcast(saved) if self.size > 1 else saved

    def save(self, directory: StrPath, position: int, make: Callable[[], Checkpoint]) -> None:
        """Have the first rank write a checkpoint; the others wait until it is written."""

        def write():
            if self.rank == 0:
                save_checkpoint(directory, position, make())

        self.together(write)

    def _broadcast(self, saved: Checkpoint | None) -> Checkpoint | None:
        header: Any = None
        if saved:
            shapes = {name: array.shape for name, array in saved.arrays.items()}
            header = [saved.settings, saved.state, shapes]
        with self.or_abort():
            header = json.loads(self.share_text(to_json(header))[0])
            if header is None:
                return None
            settings, state, shapes = header
            arrays = {}
            for name, shape in shapes.items():
                array = saved.arrays[name] if saved else np.empty(shape, np.float32)
                rows = max(1, _BROADCAST_BYTES // max(1, array[:1].nbytes))
                for first in range(0, len(array), rows):
                    part = array[first : first + rows]
                    # Each rank gets a share of it, which all pass on: the first sends it twice, not
                    # as often as there are ranks.
                    counts = np.diff(np.arange(self.size + 1) * len(part) // self.size)
                    if not saved:  # this rank has nothing to send
                        counts = 0 * counts
                    shares = self.swap(part[: counts.sum()], counts.tolist())
                    part[:] = np.concatenate(self.share(shares[0]))
                arrays[name] = array
        return Checkpoint(settings, state, arrays)


def _describe(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
