"""A bar for long training: how much is done, how fast, how long it will take."""

import sys
from typing import Any

from tqdm import tqdm


class ProgressBar:
    """Shows training that reports to it; a context manager.

    Parameters
    ----------
    unit : str
        What is counted.

    Attributes
    ----------
    share_at_start : float
        How much had been done before the first report, by an earlier run: 0 to 1. It is 1 if there
        never was a report.
    """

    def __init__(self, unit: str) -> None:
        self.unit = unit
        self.share_at_start = 1.0
        self._bar: Any = None

    def __enter__(self) -> "ProgressBar":
        return self

    def __exit__(self, *exception: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def show(self, done: int, total: int, *, start: int, text: str) -> None:
        """Report `done` of `total` units, of which an earlier run did the first `start`."""
        if self._bar is None:  # only now, so that the speed is that of training alone
            self.share_at_start = start / total
            self._bar = tqdm(
                total=total,
                initial=start,
                unit=self.unit,
                unit_scale=True,
                mininterval=0.1 if sys.stderr.isatty() else 10,  # a log needs fewer lines
            )
        self._bar.set_postfix_str(text, refresh=False)
        self._bar.update(done - self._bar.n)
