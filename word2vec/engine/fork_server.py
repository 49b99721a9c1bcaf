"""A process that does nothing but fork workers: how all of them are started, heard and ended.

The parent starts the fork server as a fresh Python process, not as a fork of itself, so it works
from a notebook and from a script without a main guard, but not on Windows. The server imports the
library and prepares the task once; a worker is a fork of it, made in milliseconds, and shares all
that memory with the others until one of them writes there.

Each of these processes has two sockets to the parent. Commands and answers go through its standard
input, so the end of either side is noticed by the other at once. What it writes, such as the
traceback of its own end, goes through the other and becomes part of the parent's `WorkerError`. The
server ends its workers when the parent closes its socket, be it because the parent was killed.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import gc
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ..checks import memory_limit
from .sharing import make_shared_file

DONE = b"d"
_PREPARE, _FORK, _WAIT = b"p", b"f", b"w"
_ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)
_REMEMBERED_BYTES = 1 << 13  # of what a process has written

# How the server begins. The standard library is found first, then what the parent finds, and
# word2vec where the parent has found it: no file of the current directory can take the place of
# another, and a library that only the parent's sys.path leads to is found.
_BEGIN = """\
import sys
sys.path[:] = filter(None, sys.path)
import site
from importlib import machinery, util
standard, (library, *search) = sys.path[:], sys.argv[1:]
site.main()
sys.path[:] = [*standard, *search]
spec = machinery.PathFinder.find_spec("word2vec", [library])
sys.modules["word2vec"] = package = util.module_from_spec(spec)
spec.loader.exec_module(package)
from word2vec.engine.fork_server import serve
from word2vec.engine.workers import Worker
serve(Worker)
"""


class WorkerError(RuntimeError):
    """A worker process could not be started, or ended before its work was done."""


def can_start_workers() -> bool:
    """Whether this system can fork, and this program start Python.

    Windows cannot do the one. A frozen application is not Python: it would start itself again.
    """
    return hasattr(os, "fork") and not getattr(sys, "frozen", False) and bool(sys.executable)


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
        part = _receive(self.words, 1 << 16)
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
        with contextlib.suppress(OSError):  # it was closed before, on either side
            self.channel.shutdown(socket.SHUT_WR)
            while self.channel.recv(1 << 8):
                pass
        self.channel.close()
        self.words.close()


class _WorkerReport(Exception):
    """What a worker has written: the cause of the parent's error."""


class ForkServer:
    """A process from which workers are forked; a context manager, at whose end all are gone.

    It has the library imported while the parent goes on.

    Raises
    ------
    OSError
        If it cannot be started.
    """

    def __init__(self) -> None:
        self._workers: list[Process] = []
        self._is_ready = False
        self._python: subprocess.Popen[bytes] | Any = None
        self._server = Process(lambda: self._python.wait())
        try:
            with _signals_blocked():
                self._python = _start_python(*self._server.theirs)
            self._server.has_started()
        except BaseException:
            self.close()
            raise

    def prepare(self, task: dict[str, Any], shared_file: int) -> None:
        """Tell it what its workers are to do, so that it prepares that; does not wait for it.

        Parameters
        ----------
        task : dict
            Arguments of `Worker` by name, such as JSON can hold.
        shared_file : int
            The first argument of `Worker`, a descriptor.
        """
        text = json.dumps(task).encode()
        # In a file: a long message would have to wait for a reader, who may wait to be heard.
        with make_shared_file({"task": ((len(text),), np.uint8)}) as file:
            file.write(text)
            file.seek(0)  # for the server, too
            self._request(_PREPARE, [file.fileno(), shared_file])

    def fork(self, number: int) -> None:
        """Start workers 0 to `number` - 1; returns when all are ready.

        Raises
        ------
        WorkerError
            If one of them, or the server, has ended.
        """
        self._hear([self._server])
        self._is_ready = True
        for place in range(number):
            worker = Process(functools.partial(self._status_of, place))
            self._workers.append(worker)
            self._request(_FORK, [end.fileno() for end in worker.theirs])
            self._hear([self._server])
            worker.has_started()
        self._hear(self._workers)

    def command(self, message: bytes) -> None:
        """Have all workers do something; returns when they have done it, or raises as `fork`."""
        for worker in self._workers:
            with contextlib.suppress(ConnectionError):  # it has ended, which is heard
                worker.channel.sendall(message)
        self._hear(self._workers)

    def _request(self, kind, files=()):
        with contextlib.suppress(ConnectionError):
            socket.send_fds(self._server.channel, [kind], files)

    def _hear(self, processes: Iterable[Process]) -> None:
        """Wait until each of some processes has answered; raises if any has ended."""
        waiting = set(processes)
        with selectors.DefaultSelector() as selector:
            for process in {self._server, *waiting}:
                for end in (process.channel, process.words):
                    selector.register(end, selectors.EVENT_READ, process)
            while waiting:
                for key, _ in selector.select():
                    process = key.data
                    if key.fileobj is process.words:
                        if not process.listen():
                            selector.unregister(process.words)
                    elif _receive(process.channel, 1) == DONE:
                        waiting.remove(process)
                    else:
                        raise process.error()

    def _status_of(self, place):
        """The exit status of a worker that has ended."""
        self._request(_WAIT + bytes([place]))
        status = _receive(self._server.channel, 2)
        if not status:  # the server has ended, too
            raise self._server.error()
        return int.from_bytes(status, "little", signed=True)

    def close(self) -> None:
        """End the workers and the server; waits until they are gone."""
        if self._python and not self._is_ready:  # it may be at something that takes time
            self._python.kill()
        self._server.close()
        if self._python:
            self._python.wait()
        for worker in self._workers:  # they are gone, unless the server was killed
            worker.close()
        self._workers = []

    def __enter__(self) -> ForkServer:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _start_python(commands, output):
    library = str(Path(__file__).absolute().parents[2])
    here = [os.getcwd()] if "" in sys.path else []
    environment = {**os.environ, **_ONE_THREAD}
    environment.pop("PYTHONPATH", None)  # sys.path says it better
    isolated = ["-I"] if sys.flags.ignore_environment else []
    search = [entry for entry in sys.path if isinstance(entry, str) and entry]
    return subprocess.Popen(
        [sys.executable, *isolated, "-S", "-c", _BEGIN, library, *search, *here],
        stdin=commands,
        stdout=output,
        stderr=output,
        env=environment,
    )


@contextlib.contextmanager
def _signals_blocked():
    """Let a process be started that Ctrl-C or SIGTERM to all does not reach; the parent decides.

    What comes meanwhile is delivered to the parent afterwards.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _receive(channel, size):
    """Up to so many bytes; none if the other side is gone."""
    with contextlib.suppress(ConnectionError):
        return channel.recv(size)
    return b""


def serve(make_worker: Callable[..., Any]) -> None:
    """What the fork server does, and then each worker: serve the parent until it is gone.

    Parameters
    ----------
    make_worker : callable
        Makes a `Worker` of what `ForkServer.prepare` was given.
    """
    channel = socket.socket(fileno=0)
    request, files, *_ = socket.recv_fds(channel, 1, 2)
    if not request:  # the parent is gone, or needs no workers
        return
    task_file, shared_file = files
    with open(task_file, "rb") as file:
        task = json.loads(file.read().rstrip(b"\0"))
    worker = make_worker(shared_file, **task)
    gc.freeze()  # to look at what there is now would copy it into each worker
    channel.sendall(DONE)
    number = _fork_workers(channel)
    if number is not None:
        worker.work(number, channel)


def _fork_workers(channel):
    """Fork a worker at each request, until the parent closes the channel; then end them.

    Returns in the server, and in each worker with its number.
    """
    workers: dict[int, int] = {}
    with contextlib.suppress(ConnectionError):
        while True:
            request, files, *_ = socket.recv_fds(channel, 1, 2)
            if not request:
                break
            if request == _FORK:
                process = os.fork()
                if process == 0:
                    _take_over(*files)
                    return len(workers)
                workers[len(workers)] = process
                for file in files:
                    os.close(file)
                channel.sendall(DONE)
            else:
                place = channel.recv(1)[0]
                _, status = os.waitpid(workers.pop(place), 0)
                status = os.waitstatus_to_exitcode(status)
                channel.sendall(status.to_bytes(2, "little", signed=True))
    for process in workers.values():
        os.kill(process, signal.SIGKILL)
    for process in workers.values():
        os.waitpid(process, 0)
    return None


def _take_over(commands, output):
    """Make the worker's own ends its standard streams, in the place of those of the server."""
    for file, number in ((commands, 0), (output, 1), (output, 2)):
        os.dup2(file, number)
    os.close(commands)
    os.close(output)
