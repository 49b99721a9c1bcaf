"""Keeping a directory, or a file that is being written, to one run at a time.

The locks are the operating system's (``flock``; on Windows ``msvcrt.locking``). They belong to the
open file, so they end with the process, however it ends: a lock file that a kill left behind locks
nothing and never has to be removed by hand. They also hold within one process, between threads or
between nested calls. Worker processes do not inherit them, for Python closes its files in programs
that it starts.
"""

import contextlib
import errno
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

from ..checks import StrPath

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor):
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(descriptor):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


LOCK_NAME = ".lock"

_HELD = {errno.EAGAIN, errno.EACCES}
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL}


class InUseError(OSError):
    """Another run has the directory, or another save the file."""


@contextlib.contextmanager
def lock_directory(directory: StrPath) -> Iterator[None]:
    """Keep all other runs out of a directory while the block runs.

    Parameters
    ----------
    directory : str or path-like
        Created if it does not exist. The file ``.lock`` is in it meanwhile.

    Raises
    ------
    InUseError
        At once, if another run has it, in this process or another; nothing is touched.

    Warns
    -----
    RuntimeWarning
        If the file system has no locks (some network file systems): training there is better than
        none, but nothing keeps a second run out.
    """
    path = Path(directory, LOCK_NAME)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor, is_locked = open_locked(path, os.O_RDWR)
    except InUseError:
        raise InUseError(
            f"The directory {directory} is in use by another run. Wait until that has ended, stop "
            "it, or use another directory."
        ) from None
    if not is_locked:
        warnings.warn(
            f"The file system of {directory} has no locks: do not start a second run in it.",
            RuntimeWarning,
            stacklevel=3,
        )
    try:
        yield
    finally:
        release(path, descriptor)


def open_locked(path: StrPath, flags: int) -> tuple[int, bool]:
    """Open a file, created if it does not exist, and lock it until it is closed.

    Parameters
    ----------
    path : path-like
    flags : int
        As for `os.open`, for writing.

    Returns
    -------
    descriptor : int
    is_locked : bool
        False if the file system has no locks.

    Raises
    ------
    InUseError
        If it is locked already.
    """
    while True:
        descriptor = os.open(path, flags | os.O_CREAT, 0o666)
        try:
            is_locked = _try_lock(descriptor, path)
            # Whoever had it may have removed or renamed it before letting it go: then our lock is
            # on a file that nobody else will find.
            if _is_at(path, descriptor):
                return descriptor, is_locked
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def release(path: StrPath, descriptor: int) -> None:
    """Remove and close a file that `open_locked` has opened."""
    with contextlib.suppress(OSError):  # already gone; or Windows, where an open file stays
        os.unlink(path)
    os.close(descriptor)
    if os.name == "nt":
        with contextlib.suppress(OSError):  # gone, or opened by the next
            os.unlink(path)


def _try_lock(descriptor, path):
    try:
        _lock(descriptor)
    except OSError as error:
        if error.errno in _HELD:
            raise InUseError(f"{path} is locked.") from error
        if error.errno not in _NO_LOCKS:
            raise
        return False
    return True


def _is_at(path, descriptor):
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False
