"""A process of its own that forks the workers, and has all ready that they share.

The parent starts the fork server as a fresh Python process, not as a fork of itself, so it works
from a notebook and from a script without a main guard, but not on Windows. The server imports the
library and prepares the task once; a worker is a fork of it, made in milliseconds, and shares all
that memory with the others until one of them writes there.

The standard input of each of these processes is its socket for commands and answers, and its output
that for what it writes (see `processes`). The server ends its workers when the parent closes the
socket, be it because the parent was killed.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from .processes import Process, receive
from .sharing import make_shared_file

DONE = b"d"
_PREPARE, _FORK, _WAIT = b"p", b"f", b"w"
_ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)

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


def can_start_workers() -> bool:
    """Whether this system can fork, and this program start Python.

    Windows cannot do the one. A frozen application is not Python: it would start itself again.
    """
    return hasattr(os, "fork") and not getattr(sys, "frozen", False) and bool(sys.executable)


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
                    elif receive(process.channel, 1) == DONE:
                        waiting.remove(process)
                    else:
                        raise process.error()

    def _status_of(self, place):
        """The exit status of a worker that has ended."""
        self._request(_WAIT + bytes([place]))
        status = receive(self._server.channel, 2)
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
        worker = make_worker(shared_file, **json.loads(file.read().rstrip(b"\0")))
    gc.freeze()  # looking for garbage in what there is now would copy it into each worker
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
