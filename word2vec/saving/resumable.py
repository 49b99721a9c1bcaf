"""The loop that `sgd` and `Word2Vec` share: work that can be stopped, killed and continued.

The work itself says what a step is and what has to be kept; here is when it is saved, what a signal
does, and where a later call goes on.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from ..checks import StrPath
from .checkpoint import Checkpoint
from .interrupts import held_back_signals
from .team import Team


class StopTraining(Exception):
    """What a callback raises to end training as if it were done; returning True does the same."""


class Interrupted(RuntimeError):
    """Training was stopped by a signal before it was done; what was done is kept.

    Raised where the program handles the signal itself. Otherwise the signal does what it always
    does: Ctrl-C raises KeyboardInterrupt, SIGTERM ends the process.
    """


@dataclass(frozen=True, kw_only=True)
class Progress:
    """What training tells its callback, whichever trainer it is."""

    done: int  # in `unit`s, an earlier run's included
    total: int
    unit: str
    loss: float
    resumed_at: int  # what an earlier run had done; 0 if there was none to continue

    def describe(self) -> str:
        """What a progress bar says beside the numbers."""
        return f"loss {self.loss:.3f}"


class Resumable(Protocol):
    """Work that goes on in steps and can be written down between any two of them."""

    settings: dict[str, Any]  # what must be the same for the result to be the same

    @property
    def position(self) -> int:
        """How far the work is; names its checkpoints."""

    @property
    def is_done(self) -> bool:
        """Whether no step is left."""

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go to where the work was when `checkpoint` was made."""

    def step(self) -> bool:
        """Do a little; returns whether this is a good place to save."""

    def checkpoint(self) -> Checkpoint:
        """Where the work is now."""


def carry_out(
    work: Resumable,
    checkpoint_dir: StrPath | None,
    running: Callable[[], AbstractContextManager[Any]] = contextlib.nullcontext,
    hold_back: bool = False,
    team: Team | None = None,
) -> None:
    """Do all steps of `work`, from the latest checkpoint on if there is one.

    Parameters
    ----------
    work : Resumable
    checkpoint_dir : path-like or None
        Where checkpoints are saved and looked for; the caller has its lock. None: nowhere.
    running : callable, optional
        Gives a context manager that is entered once the work is where it starts from, and left
        after its last step.
    hold_back : bool
        Let SIGINT and SIGTERM wait for the end of a step even where nothing is saved, because the
        caller keeps what the work has come to.
    team : Team, optional
        Who else does the same work: all stop when one of them is told to, and the first saves.

    Raises
    ------
    Interrupted
        If SIGINT or SIGTERM came, and whoever handles them in this program returned.
    CheckpointError
        If `checkpoint_dir` has checkpoints, but of other work, or only damaged ones.
    """
    team = team or Team()
    with held_back_signals() if checkpoint_dir or hold_back else _nothing_held_back() as signals:
        if checkpoint_dir and (saved := team.load(checkpoint_dir, work.settings)):
            work.restore(saved)
            del saved  # its arrays
        with running():
            stopped_by, _ = team.agree(signals, False)
            while not work.is_done and not stopped_by:
                is_time = team.together(work.step)
                stopped_by, is_time = team.agree(signals, is_time)
                if (is_time or stopped_by) and checkpoint_dir:
                    team.save(checkpoint_dir, work.position, work.checkpoint)
    if stopped_by and not work.is_done:
        where = "What was learned so far is kept."
        if checkpoint_dir:
            where = (
                f"It is saved in {os.fspath(checkpoint_dir)}: the same call with the same "
                "checkpoint_dir goes on from there."
            )
        raise Interrupted(f"Training was stopped by {signal.Signals(stopped_by).name}. {where}")


@contextlib.contextmanager
def _nothing_held_back() -> Iterator[list[int]]:
    yield []
