"""Writing files so that an interruption never leaves half of one behind.

The new content goes to ``<name>.tmp`` beside the target, is synced to disk, and only then takes
the target's name. Whoever reads the target, at any moment, sees the old file or the new one.
"""

import bz2
import contextlib
import errno
import gzip
import lzma
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Any

from ..checks import StrPath
from .locks import InUseError, open_locked

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextlib.contextmanager
def atomic_write(path: StrPath, mode: str = "wb", **open_options: Any) -> Iterator[IO[Any]]:
    """Open a file for writing that appears under its name only when it is complete.

    Parameters
    ----------
    path : str or path-like
        The file to create or replace. Its directory must exist. A symbolic link stays a link: what
        it points to is created or replaced.
    mode : str
        ``"wb"``, ``"w+b"`` or ``"w"``; `open_options` (``encoding``, ``newline``) are passed to
        `open`.

    Yields
    ------
    file object
        If the block raises, the unfinished file is removed and an older file at `path` is
        untouched. After a kill, at most one ``<name>.tmp`` remains; the next write replaces it.

    Raises
    ------
    FileNotFoundError
        If there is no such directory.
    InUseError
        If somebody else is writing the same file.
    OSError
        If `path` is a directory, a device or a pipe, or the disk is full; the message names the
        file, not the temporary one.
    """
    path = Path(os.path.realpath(path))
    if not path.parent.is_dir():
        raise FileNotFoundError(f"There is no directory {path.parent} to write {path} into.")
    if path.exists() and not path.is_file():
        raise OSError(f"{path} is a directory, device or pipe, not a file to be replaced.")
    unfinished = path.with_name(path.name + ".tmp")
    # The file stays locked, that is open, until it is renamed or removed; but not on Windows, which
    # can do neither with an open file.
    with _open_alone(path, unfinished, mode, open_options) as file:
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
            if os.name == "nt":
                file.close()
            os.replace(unfinished, path)
        except BaseException as error:  # also KeyboardInterrupt: no litter, whatever stopped us
            if os.name == "nt":
                _give_up(file)
            with contextlib.suppress(OSError):  # not to hide the error that matters
                unfinished.unlink()
            _give_up(file)
            if isinstance(error, OSError) and error.errno in _NO_ROOM and error.filename is None:
                reason = f"{error.strerror}; nothing was changed"
                raise OSError(error.errno, reason, str(path)) from error
            raise
    _sync_directory(path.parent)


def packing(path: StrPath, file: IO[bytes]) -> AbstractContextManager[IO[bytes]]:
    """What compresses into an open file, as the name ``.gz``, ``.bz2`` or ``.xz`` says it.

    Without such an ending it is the file itself. Leaving it ends the compressed data, and leaves
    the file open.
    """
    suffix = Path(path).suffix
    packed: Any = contextlib.nullcontext(file)
    if suffix == ".gz":
        # No name and time in it: the same content gives the same bytes.
        packed = gzip.GzipFile("", "wb", compresslevel=6, fileobj=file, mtime=0)
    elif suffix == ".bz2":
        packed = bz2.BZ2File(file, "wb")
    elif suffix == ".xz":
        packed = lzma.LZMAFile(file, "wb")  # noqa: SIM115 - the caller leaves it
    return packed


def _open_alone(path, unfinished, mode, open_options):
    """Open the temporary file of `path`, without touching it if somebody else is writing it."""

    def opener(name, flags):
        descriptor, _ = open_locked(name, flags & ~os.O_TRUNC)
        os.ftruncate(descriptor, 0)
        return descriptor

    try:
        return open(unfinished, mode, opener=opener, **open_options)
    except InUseError:
        raise InUseError(
            f"{path} is being written by another process or thread. Save again when that is done."
        ) from None


def _give_up(file):
    """Close a file; what it could not write is not wanted anymore."""
    with contextlib.suppress(OSError):
        file.close()


def _sync_directory(directory):
    """Make a rename durable; a no-op on Windows, where directories cannot be opened."""
    if os.name == "nt":
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
