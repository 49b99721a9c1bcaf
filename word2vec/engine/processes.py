"""A process that works for this one: what connects the two, and what its end means.

Commands and answers go through one socket, so the end of either side is noticed by the other at
once. What the process writes, such as the traceback of its own end, goes through another and
becomes part of the `WorkerError` that this one raises.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import socket
from collections.abc import Callable, Iterator

from ..checks import memory_limit

_REMEMBERED_BYTES = 1 << 13  # of what a process has written


class WorkerError(RuntimeError):
    """A worker process could not be started, or ended before its work was done."""


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """Say of an error while workers are started what it means, and that there is another way."""
    try:
        yield
    except (OSError, MemoryError) as error:
        raise WorkerError(
            f"The worker processes cannot be started: {error} ({_limit(str(error))}). With "
            "workers=1 this process trains alone, to the same vectors."
        ) from error


def _limit(report):
    """Whose limit it may be that a process has come up against."""
    size, whose = memory_limit()
    limit = f"{whose} {size >> 20:,} MiB of memory"
    if os.strerror(errno.EAGAIN) in report:
        limit += "; ulimit -u, or pids.max of a container, limits processes and threads"
    return limit


class Process:
    """A process that works for this one, as this one sees it.

    Parameters
    ----------
    wait : callable
        Waits until it has ended, which it is about to do, and returns its exit status.

    Attributes
    ----------
    channel : socket
        For commands and answers.
    words : socket
        For what it writes.
    theirs : list of socket
        The other ends of both, to be closed as soon as the process has them.
    """

    def __init__(self, wait: Callable[[], int]) -> None:
        self.channel, commands = socket.socketpair()
        self.words, output = socket.socketpair()
        self.theirs = [commands, output]
        self._said, self._wait = b"", wait

    def listen(self) -> bool:
        """Remember what it has written; returns whether there can be more."""
        part = receive(self.words, 1 << 16)
        self._said = (self._said + part)[-_REMEMBERED_BYTES:]
        return bool(part)

    def error(self) -> WorkerError:
        """Why it has ended, to be raised."""
        status = self._wait()
        while self.listen():
            pass
        lines = self._said.decode("utf-8", "replace").splitlines()
        report = "\n".join(filter(None, map(str.rstrip, lines)))
        last = report.rpartition("\n")[2]
        is_short = status == -signal.SIGKILL or "memory" in report.lower()
        limit = f" ({_limit(last)})" if is_short or os.strerror(errno.EAGAIN) in last else ""
        why = f". Was it killed, or is memory short{limit}?"
        if last:
            why = f": {last.rstrip('.')}{limit}."
        error = WorkerError(
            f"A worker process ended unexpectedly (exit status {status}){why} "
            "Training can be continued from the last checkpoint."
        )
        error.__cause__ = _WorkerReport(report) if report else None
        return error

    def has_started(self) -> None:
        """Leave the other ends to it alone."""
        for end in self.theirs:
            end.close()

    def close(self) -> None:
        """Close all ends; waits until it has ended, or closed the other ends."""
        self.has_started()
        self.words.close()  # first: it may wait to be heard
        with contextlib.suppress(OSError):  # it was closed before, on either side
            self.channel.shutdown(socket.SHUT_WR)
            while self.channel.recv(1 << 8):
                pass
        self.channel.close()


class _WorkerReport(Exception):
    """What a worker has written: the cause of the parent's error."""


def receive(channel: socket.socket, size: int) -> bytes:
    """Up to so many bytes; none if the other side is gone."""
    with contextlib.suppress(ConnectionError):
        return channel.recv(size)
    return b""
