"""How often each of very many integers occurs: counted exactly, in bounded memory.

What does not fit is sorted, counted and written to a temporary file, run by run; in the end the
runs are read side by side and their counts are added. gensim's counter, by contrast, forgets rare
entries once it is full.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import IO

import numpy as np
from numpy.typing import NDArray

Counted = tuple[NDArray[np.int64], NDArray[np.int64]]  # keys, ascending and distinct; counts


class KeyCounter:
    """Counts keys, which are int64; a context manager, which removes the temporary file.

    Parameters
    ----------
    capacity : int
        So many keys are held in memory at a time; counting takes about 40 bytes for each.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._pending: list[NDArray[np.int64]] = []
        self._num_pending = 0
        self._file: IO[bytes] | None = None
        self._run_lengths: list[int] = []

    def __enter__(self) -> KeyCounter:
        return self

    def __exit__(self, *error: object) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, keys: NDArray[np.int64]) -> None:
        """Count some more keys."""
        self._pending.append(keys)
        self._num_pending += len(keys)
        if self._num_pending >= self._capacity:
            self._write_run()

    def totals(self) -> Iterator[Counted]:
        """Yield the distinct keys, ascending, and how often each was added, piece by piece."""
        if self._file is None:
            yield self._count_pending()
        else:
            self._write_run()
            yield from self._merge_runs(self._file)

    def _count_pending(self) -> Counted:
        keys = np.concatenate([np.zeros(0, np.int64), *self._pending])
        self._pending, self._num_pending = [], 0
        keys.sort()
        return _summed(keys, None)

    def _write_run(self) -> None:
        keys, counts = self._count_pending()
        if self._file is None:
            self._file = tempfile.TemporaryFile(prefix="word2vec-")  # noqa: SIM115
        self._file.write(np.column_stack([keys, counts]).data)
        self._run_lengths.append(len(keys))

    def _merge_runs(self, file: IO[bytes]) -> Iterator[Counted]:
        rows = max(1, self._capacity // (2 * len(self._run_lengths)))
        ends = np.cumsum(self._run_lengths).tolist()
        unread = [
            _pieces(file, end - length, end, rows)
            for end, length in zip(ends, self._run_lengths, strict=True)
        ]
        heads = [next(pieces, None) for pieces in unread]  # of each run, its next rows
        while any(head is not None for head in heads):
            # No run has a key up to here left in the file.
            limit = min(head[-1, 0] for head in heads if head is not None)
            taken = []
            for i, head in enumerate(heads):
                if head is None:
                    continue
                cut = np.searchsorted(head[:, 0], limit, side="right")
                taken.append(head[:cut])
                heads[i] = head[cut:] if cut < len(head) else next(unread[i], None)
            merged = np.concatenate(taken)
            order = np.argsort(merged[:, 0], kind="stable")
            yield _summed(merged[order, 0], merged[order, 1])


def _pieces(file: IO[bytes], start: int, stop: int, rows: int) -> Iterator[NDArray[np.int64]]:
    """Rows `start` to `stop` of a file of (key, count), so many at a time."""
    for first in range(start, stop, rows):
        file.seek(16 * first)
        yield np.frombuffer(file.read(16 * min(rows, stop - first)), np.int64).reshape(-1, 2)


def _summed(keys: NDArray[np.int64], counts: NDArray[np.int64] | None) -> Counted:
    """The distinct ones of sorted keys, and the sum of their counts (None: of ones)."""
    is_new = np.ones(len(keys), dtype=bool)
    is_new[1:] = keys[1:] != keys[:-1]
    starts = np.flatnonzero(is_new)
    if counts is None:
        return keys[starts], np.diff(starts, append=len(keys))
    return keys[starts], np.add.reduceat(counts, starts)
