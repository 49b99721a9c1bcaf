"""A bar for long training: how much is done, how fast, how long it will take."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any

from ..saving.resumable import Progress

# A terminal is written over again and again; a log gets a line each time.
PAUSE_ON_TERMINAL = 0.1
PAUSE_IN_LOG = 10


class ProgressBar:
    """Shows training that reports to it; a context manager.

    Attributes
    ----------
    share_at_start : float
        How much had been done before the first report, by an earlier run: 0 to 1. It is 1 if there
        never was a report.
    """

    def __init__(self) -> None:
        self.share_at_start = 1.0
        self._bar: Any = None

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def show(self, progress: Progress) -> None:
        """Show what a trainer reports; the function to pass as its callback."""
        if self._bar is None:  # only now, so that the speed is that of training alone
            from tqdm import tqdm  # workers, and whoever wants no bar, start sooner without it

            self.share_at_start = progress.resumed_at / progress.total
            self._bar = tqdm(
                total=progress.total,
                initial=progress.resumed_at,
                unit=progress.unit,
                unit_scale=True,
                mininterval=pause_between_lines(),
            )
        self._bar.set_postfix_str(progress.describe(), refresh=False)
        self._bar.update(progress.done - self._bar.n)


def pause_between_lines() -> float:
    """Seconds between two states of a bar on standard error."""
    return PAUSE_ON_TERMINAL if sys.stderr.isatty() else PAUSE_IN_LOG
