"""Holding back Ctrl-C and termination until it is safe to stop."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def held_back_signals() -> Iterator[list[int]]:
    """Collect SIGINT and SIGTERM instead of being interrupted in the middle of something.

    Yields
    ------
    list of int
        The signals received so far; the block should come to an end soon after one is in it.
        When the block ends, the signal is raised again and does what it would have done.
        A second one does so at once, for those who cannot wait.

    Notes
    -----
    Signals that were ignored stay ignored. Outside the main thread, where Python does not deliver
    signals, nothing is held back.
    """
    received: list[int] = []
    previous: dict[int, Any] = {}

    def restore():
        for number, handler in previous.items():
            signal.signal(number, handler)

    def hold_back(number, frame):
        received.append(number)
        if len(received) > 1:
            restore()
            signal.raise_signal(number)

    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            handler = signal.getsignal(number)
            if handler not in (signal.SIG_IGN, None):  # None: not installed by Python
                previous[number] = signal.signal(number, hold_back)
    try:
        yield received
    finally:
        restore()
    if received:
        signal.raise_signal(received[0])
