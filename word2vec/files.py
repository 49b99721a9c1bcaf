"""Writing files so that an interruption never leaves half of one behind.

The new content goes to ``<name>.tmp`` beside the target, is synced to disk, and only then takes
the target's name. Whoever reads the target, at any moment, sees the old file or the new one.
"""

import contextlib
import os
from pathlib import Path


@contextlib.contextmanager
def atomic_write(path, mode="wb", **open_options):
    """Open a file for writing that appears under its name only when it is complete.

    Parameters
    ----------
    path : str or path-like
        The file to create or replace. Its directory must exist.
    mode : str
        ``"wb"`` or ``"w"``; `open_options` (``encoding``, ``newline``) are passed to `open`.

    Yields
    ------
    file object
        If the block raises, the unfinished file is removed and an older file at `path` is
        untouched. After a kill, at most one ``<name>.tmp`` remains; the next write replaces it.
    """
    # A symbolic link stays a link: the file it points to is the one replaced.
    path = Path(os.path.realpath(path))
    unfinished = path.with_name(path.name + ".tmp")
    try:
        with open(unfinished, mode, **open_options) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    except BaseException:  # also KeyboardInterrupt: no litter, whatever stopped us
        unfinished.unlink(missing_ok=True)
        raise
    _sync_directory(path.parent)


def _sync_directory(directory):
    """Make a rename durable; a no-op on Windows, where directories cannot be opened."""
    if os.name == "nt":
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
