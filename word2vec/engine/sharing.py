"""Memory that several processes share, and a way for them to wait for each other in it."""

import mmap
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

Layout = Mapping[str, tuple[tuple[int, ...], Any]]  # shape and type of each array

_LINE = 64  # bytes of a cache line

# Processes that have a processor each wait for each other some tenths of a millisecond. Where they
# share one, polling only keeps the others from arriving.
_POLLS = 1000
_YIELDS = 20_000
_NAP_SECONDS = 1e-3


class SharedArrays(dict[str, np.ndarray]):
    """Arrays by name, in a memory-mapped file.

    Parameters
    ----------
    descriptor : int
        Of the file that `make_shared_file` made for the same layout; may be closed afterwards.
    layout : dict of str to (shape, dtype)
    """

    def __init__(self, descriptor: int, layout: Layout) -> None:
        super().__init__()
        memory = mmap.mmap(descriptor, 0)
        offset = 0
        for name, (shape, dtype) in layout.items():
            array = np.frombuffer(memory, dtype, int(np.prod(shape)), offset)
            self[name] = array.reshape(shape)
            offset += _whole_lines(shape, dtype)


def make_shared_file(layout: Layout) -> IO[bytes]:
    """A nameless file of zeros for `SharedArrays`, in memory if there is room, else on disk.

    Raises
    ------
    OSError
        If there is no room for it.
    """
    num_bytes = sum(_whole_lines(shape, dtype) for shape, dtype in layout.values())
    refusals, number = [], None
    for directory in ("/dev/shm", None):  # None: where temporary files go
        try:
            directory = directory or tempfile.gettempdir()
            file = tempfile.TemporaryFile(prefix="word2vec-", dir=directory)  # noqa: SIM115 - the caller closes it
        except OSError as error:
            refusals.append(f"{directory or 'temporary files'}: {error.strerror}")
            number = error.errno
            continue
        try:
            os.ftruncate(file.fileno(), num_bytes)
            if hasattr(os, "posix_fallocate"):  # better an error now than a crash later
                os.posix_fallocate(file.fileno(), 0, num_bytes)
            return file
        except OSError as error:
            file.close()
            number = error.errno
            free = shutil.disk_usage(directory).free
            refusals.append(f"{directory}: {error.strerror}, {free >> 20:,} MiB are free")
    raise OSError(
        number,
        f"No room for {num_bytes >> 20:,} MiB of shared memory ({'; '.join(refusals)}). "
        "Make some, or let the variable TMPDIR name a directory that has it.",
    )


class Barrier:
    """Lets processes wait for each other: each counts in shared memory how often it arrived.

    Parameters
    ----------
    arrivals : ndarray of int64, shape (number of processes, 8)
        Shared, and zero at first; a row, of which one entry is used, fills a cache line.
    number : int
        Of this process, from 0.
    parent : int
        The process without which the others need not be waited for.

    Notes
    -----
    Why this is right:

    - Each count has a single writer, its process, so no update can be lost, and no atomic
      read-and-add is needed, which Python does not have. An aligned entry of 8 bytes is written
      and read in one piece.
    - Counts only grow, and process p writes n only after its n-th piece of work. Whoever sees all
      counts at n or above knows that all have done n pieces. One that is ahead may be at n + 1,
      never further, because it waits for the others there; so nobody has to reset anything.
    - What a process wrote before it arrived must be seen by those that go on after it. Processors
      and compilers may reorder writes to different places, so a full memory fence stands before a
      count is written and after the last one is read: taking and releasing a lock, of which the
      C library promises just that. (On x86 plain writes and reads would do; on ARM they would not.)

    Why processes poll: one that the system puts to sleep and wakes again loses a good part of a
    round. They give their processor away only when the others are late, which happens where
    processes outnumber processors; and when they have waited long they look whether the parent is
    still there, for nobody else would tell them.
    """

    WIDTH = _LINE // 8

    def __init__(self, arrivals: NDArray[np.int64], number: int, parent: int) -> None:
        self._arrivals = arrivals.reshape(-1).data
        self._own = number * self.WIDTH
        self._others = [k * self.WIDTH for k in range(len(arrivals)) if k != number]
        self._count = 0
        self._fence = threading.Lock()
        self._parent = parent

    def arrive(self) -> None:
        """Tell the others that this process is here."""
        self._count += 1
        with self._fence:  # orders memory: what was written before is seen before this
            pass
        self._arrivals[self._own] = self._count

    def all_are_here(self) -> bool:
        """Whether all have arrived as often as this process."""
        return all(self._arrivals[other] >= self._count for other in self._others)

    def wait(self) -> None:
        """Wait until all are here; ends this process if its parent is gone."""
        polls = 0
        while not self.all_are_here():
            polls += 1
            if polls > _POLLS:
                time.sleep(0 if polls < _YIELDS else _NAP_SECONDS)
            if polls > _YIELDS and os.getppid() != self._parent:
                sys.exit("The parent process is gone.")
        with self._fence:
            pass


def _whole_lines(shape, dtype):
    """Bytes of an array, rounded up to whole cache lines."""
    return -(-int(np.prod(shape)) * np.dtype(dtype).itemsize // _LINE) * _LINE
