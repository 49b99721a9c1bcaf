"""A bar for long work: how much is done, how fast, how long it will take."""

from __future__ import annotations

import sys
import warnings
from types import TracebackType
from typing import Any

from ..saving.resumable import Progress

# A terminal is written over again and again; a log gets a line each time.
PAUSE_ON_TERMINAL = 0.1
PAUSE_IN_LOG = 10


def open_bar(*, quiet: bool = False, **options: Any) -> Any:
    """A bar of tqdm's that suits where it is shown: a terminal, a notebook or a log.

    In a notebook it is a widget, if ipywidgets is installed. In a file or a pipe each of its states
    is a line, and there are few of them. Without standard error, or if it is to be `quiet`, there
    is nothing to see. `options` are tqdm's own.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "IProgress not found")  # then it is text, as elsewhere
        from tqdm.auto import tqdm  # workers, and whoever wants no bar, start sooner without it
    from tqdm.std import tqdm as text_bar

    options["disable"] = quiet or sys.stderr is None
    if options["disable"] or _is_widget(tqdm):
        return tqdm(**options)
    if sys.stderr.isatty():
        return text_bar(mininterval=PAUSE_ON_TERMINAL, dynamic_ncols=True, **options)
    return text_bar(mininterval=PAUSE_IN_LOG, file=_Lines(sys.stderr), **options)


def _is_widget(bar: Any) -> bool:
    return any(base.__module__ == "tqdm.notebook" for base in bar.__mro__)


class _Lines:
    """Makes lines of the states that tqdm writes over each other."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def write(self, text: str) -> None:
        if line := text.strip():
            self._file.write(line + "\n")

    def flush(self) -> None:
        self._file.flush()


class ProgressBar:
    """Shows training that reports to it; a context manager.

    Parameters
    ----------
    quiet : bool
        Show nothing.

    Attributes
    ----------
    share_at_start : float
        How much had been done before the first report, by an earlier run: 0 to 1. It is 1 if there
        never was a report.
    """

    def __init__(self, quiet: bool = False) -> None:
        self.share_at_start = 1.0
        self._quiet = quiet
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
            self.share_at_start = progress.resumed_at / progress.total
            self._bar = open_bar(
                quiet=self._quiet,
                total=progress.total,
                initial=progress.resumed_at,
                unit=progress.unit,
                unit_scale=True,
            )
        self._bar.set_postfix_str(progress.describe(), refresh=False)
        self._bar.update(progress.done - self._bar.n)
