"""A file of tokens, mapped into memory, of which only what was read last stays there."""

import mmap
from collections.abc import Iterator

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ..checks import StrPath

RELEASE_BYTES = 1 << 18  # as much as may stay


class MappedTokens:
    """The int32 tokens in a file; ``tokens[start:stop]`` reads some as an array.

    A mapping costs no memory that could not be taken back, but the pages that were ever looked at
    count as the process's own until then. They are let go every few megabytes.

    Parameters
    ----------
    path : str or path-like

    Raises
    ------
    ValueError
        If the file is empty.
    """

    def __init__(self, path: StrPath) -> None:
        with open(path, "rb") as file:
            self._memory = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._tokens = np.frombuffer(self._memory, dtype=np.int32)
        self._bytes_read = 0

    def __len__(self) -> int:
        return len(self._tokens)

    def __getitem__(self, part: slice) -> NDArray[np.int32]:
        tokens = self._tokens[part].copy()
        self._bytes_read += tokens.nbytes
        if self._bytes_read > RELEASE_BYTES:
            self._bytes_read = 0
            if hasattr(mmap, "MADV_DONTNEED"):
                self._memory.madvise(mmap.MADV_DONTNEED)
        return tokens

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self._tokens, dtype=dtype)

    def pieces(self, size: int = 1 << 20) -> Iterator[NDArray[np.int32]]:
        """All tokens, in arrays of at most `size`."""
        for start in range(0, len(self), size):
            yield self[start : start + size]
