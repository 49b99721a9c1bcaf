"""The text files that a corpus names: one, several, a directory, or a pattern."""

from __future__ import annotations

import glob
import os
from pathlib import Path
from typing import Any

from ..checks import StrPath
from .textfile import check_text_file

_GLOB = "*?["


def text_files(corpus: Any) -> list[Path] | None:
    """The text files that a corpus names; None if it is made of sentences.

    Parameters
    ----------
    corpus : str, path-like, or list of these
        A text file; a directory, whose files are taken in the order of their names, but for hidden
        ones; a pattern such as ``"texts/*.txt.gz"``; or a list of text files.

    Raises
    ------
    OSError, TypeError, ValueError
        If there is no such file, or it cannot be read twice.
    """
    if isinstance(corpus, (str, os.PathLike)):
        paths = _expand(corpus)
    elif isinstance(corpus, (list, tuple)) and _names_files(corpus):
        paths = [Path(path) for path in corpus]
    else:
        return None
    for path in paths:
        check_text_file(path)
    return paths


def _names_files(corpus):
    """Whether a list is one of paths. Sentences that were not divided into words are str, too."""
    if not corpus or not all(isinstance(item, (str, os.PathLike)) for item in corpus):
        return False
    return any(isinstance(item, os.PathLike) or os.path.exists(item) for item in corpus)


def _expand(name: StrPath) -> list[Path]:
    if os.path.isdir(name):
        inside = sorted(Path(name).iterdir(), key=lambda path: path.name)
        paths = [path for path in inside if path.is_file() and not path.name.startswith(".")]
        if not paths:
            raise FileNotFoundError(f"The directory {os.fspath(name)} has no text files in it.")
        return paths
    pattern = os.fspath(name)
    if any(sign in pattern for sign in _GLOB) and not os.path.exists(pattern):
        paths = [Path(found) for found in sorted(glob.glob(pattern, recursive=True))]
        paths = [path for path in paths if not path.is_dir()]
        if not paths:
            raise FileNotFoundError(f"No file matches {pattern}.")
        return paths
    return [Path(name)]
