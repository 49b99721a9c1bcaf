"""The loop that `sgd` and `Word2Vec` share: work that can be stopped, killed and continued.

The work itself says what a step is and what has to be kept; here is when it is saved, what a signal
does, and where a later call goes on.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from ..checks import StrPath
from .checkpoint import Checkpoint, load_latest_checkpoint, save_checkpoint
from .interrupts import held_back_signals


class Interrupted(RuntimeError):
    """Training was stopped by a signal before it was done; what was done is saved.

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
) -> None:
    """Do all steps of `work`, from the latest checkpoint on if there is one.

    Parameters
    ----------
    work : Resumable
    checkpoint_dir : path-like or None
        Where checkpoints are saved and looked for; the caller has its lock. None: nowhere, and
        signals are not held back.
    running : callable, optional
        Gives a context manager that is entered once the work is where it starts from, and left
        after its last step.

    Raises
    ------
    Interrupted
        If SIGINT or SIGTERM came, and whoever handles them in this program returned.
    CheckpointError
        If `checkpoint_dir` has checkpoints, but of other work, or only damaged ones.
    """
    if checkpoint_dir is None:
        with running():
            while not work.is_done:
                work.step()
        return
    with held_back_signals() as signals:
        if saved := load_latest_checkpoint(checkpoint_dir, work.settings):
            work.restore(saved)
            del saved  # its arrays
        with running():
            while not work.is_done and not signals:
                if work.step() or signals:
                    save_checkpoint(checkpoint_dir, work.position, work.checkpoint())
    if signals and not work.is_done:
        raise Interrupted(
            f"Training was stopped by {signal.Signals(signals[0]).name} and is saved in "
            f"{os.fspath(checkpoint_dir)}. The same call with the same checkpoint_dir goes on from "
            "there."
        )
