"""Checkpoints: everything that is needed to continue a run, in one file that proves itself whole.

A checkpoint is an archive (see `archive`), whose header has the versions of the format and of the
training, the settings of the run and its state. Files are written beside and renamed, and the last
two are kept. One run at a time uses a directory: whoever saves there holds its lock (see `locks`).
"""

from __future__ import annotations

import hashlib
import json
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .. import __version__
from ..checks import StrPath
from .archive import DamagedFileError, read_archive, to_json, write_archive

VERSION = 3  # of the format
# Raised whenever the same corpus, settings and seed no longer give the same bits, by either
# trainer: a run must not begin with one version and end with another. CHANGELOG.md lists them.
TRAINING_VERSION = 6
NUM_KEPT = 2

_NAME = re.compile(r"checkpoint-(\d+)\.npz")


class CheckpointError(ValueError):
    """A checkpoint that cannot be used: it belongs to another run, or is damaged."""


class DamagedCheckpointError(CheckpointError):
    """A checkpoint that is not what was written."""


class OtherRunError(CheckpointError):
    """A whole checkpoint, but of a run with other settings.

    Attributes
    ----------
    checkpoint : Checkpoint
    differing : list of str
        Names of the settings that are not the same.
    """

    def __init__(self, message: str, checkpoint: Checkpoint, differing: list[str]) -> None:
        super().__init__(message)
        self.checkpoint, self.differing = checkpoint, differing


class Checkpoint(NamedTuple):
    """What a checkpoint file holds."""

    settings: dict[str, Any]  # what must be the same for the run to be the same
    state: dict[str, Any]  # where the run was
    arrays: dict[str, Any]  # from name to ndarray


def save_checkpoint(directory: StrPath, iteration: int, checkpoint: Checkpoint) -> Path:
    """Write a checkpoint, and remove all but the one before it.

    Parameters
    ----------
    directory : str or path-like
        Created if it does not exist.
    iteration : int
        Names the file, ``checkpoint-<iteration>.npz``; larger is later. A file that says to be
        later than this one is removed: the run was continued before it, because it is damaged.
    checkpoint : Checkpoint
        Settings and state must be JSON values; NumPy arrays in them become lists.

    Returns
    -------
    pathlib.Path
        The file. It is complete and on disk.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    header = {
        "version": VERSION,
        "training": TRAINING_VERSION,
        "library": __version__,
        "settings": checkpoint.settings,
        "state": checkpoint.state,
    }
    path = directory / f"checkpoint-{iteration:09d}.npz"
    write_archive(path, header, checkpoint.arrays)
    _remove_others(directory, path)
    return path


def read_checkpoint(path: StrPath) -> Checkpoint:
    """Read one checkpoint file.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    Checkpoint

    Raises
    ------
    DamagedCheckpointError
        If a byte of the file is not what was written.
    CheckpointError
        If another version of this library wrote it.
    """
    try:
        header, arrays = read_archive(path)
    except DamagedFileError as error:
        raise DamagedCheckpointError(str(error)) from error
    if (header["version"], header.get("training")) != (VERSION, TRAINING_VERSION):
        raise CheckpointError(
            f"{path} was written by version {header.get('library', 'unknown')} of word2vec "
            f"(checkpoint format {header['version']}, training {header.get('training', 'unknown')})"
            f"; this is version {__version__} (format {VERSION}, training {TRAINING_VERSION}), "
            "which would go on with other results. Continue with that version, or use another "
            "directory to start anew."
        )
    return Checkpoint(header["settings"], header["state"], arrays)


def load_latest_checkpoint(directory: StrPath, settings: Mapping[str, Any]) -> Checkpoint | None:
    """The newest undamaged checkpoint in a directory, if it belongs to the run with `settings`.

    Parameters
    ----------
    directory : str or path-like
    settings : dict
        As they would be saved now.

    Returns
    -------
    Checkpoint or None
        None if there is no checkpoint, or no directory. A damaged file is passed over with a
        RuntimeWarning, and the one before it is used.

    Raises
    ------
    CheckpointError
        If all checkpoints are damaged, or the newest whole one has another version or other
        settings (then an OtherRunError); the message names what differs.
    """
    damage = []
    for path in reversed(_list_checkpoints(directory)):
        try:
            checkpoint = read_checkpoint(path)
        except DamagedCheckpointError as error:
            damage.append(str(error))
            continue
        for message in damage:
            warnings.warn(f"{message} Continuing from {path.name}.", RuntimeWarning, stacklevel=2)
        _check_settings(path, checkpoint, settings)
        return checkpoint
    if damage:
        raise CheckpointError(
            " ".join(damage) + " No other checkpoint is left: delete the directory to start anew."
        )
    return None


def name_latest_checkpoint(directory: StrPath | None) -> str:
    """A sentence for error messages that names the newest checkpoint; "" if there is none."""
    paths = _list_checkpoints(directory) if directory else []
    return f" The last good checkpoint is {paths[-1]}." if paths else ""


def fingerprint(value: Any) -> str:
    """SHA-256, in hexadecimal, of an array (dtype, shape and content) or of JSON values."""
    if isinstance(value, np.ndarray):
        content = np.ascontiguousarray(value)
        digest = hashlib.sha256(f"{content.dtype.str}{content.shape}".encode())
        digest.update(content.data)
        return digest.hexdigest()
    return hashlib.sha256(to_json(value).encode()).hexdigest()


def _list_checkpoints(directory):
    """Checkpoint files, the oldest first."""
    numbered = [(_NAME.fullmatch(path.name), path) for path in Path(directory).glob("*.npz")]
    return [path for _, path in sorted((int(match[1]), path) for match, path in numbered if match)]


def _remove_others(directory, newest):
    """Remove what is not `newest` or the one before it."""
    paths = _list_checkpoints(directory)
    end = paths.index(newest) + 1
    for path in paths[: max(0, end - NUM_KEPT)] + paths[end:]:
        path.unlink()
    for path in directory.glob("checkpoint-*.npz.tmp"):  # left behind by a kill
        path.unlink()


def _check_settings(path, checkpoint, current):
    saved, current = checkpoint.settings, json.loads(to_json(current))
    names = sorted(saved.keys() | current.keys())
    differing = [name for name in names if saved.get(name) != current.get(name)]
    if differing:
        how = [_in_words(name, current.get(name), saved.get(name)) for name in differing]
        raise OtherRunError(
            f"{path} belongs to another run: {'; '.join(how)}. "
            "Use the settings of that run, or another directory.",
            checkpoint,
            differing,
        )


def _in_words(name, value, before):
    """What differs, but not in the digits of a fingerprint, which nobody can read."""
    if _is_fingerprint(value) and _is_fingerprint(before):
        return f"the {name} is another one"
    value, before = ("given" if _is_fingerprint(v) else repr(v) for v in (value, before))
    return f"{name} is {value}, was {before}"


def _is_fingerprint(value):
    if isinstance(value, list):
        return bool(value) and all(map(_is_fingerprint, value))
    return isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) is not None
