"""How ranks bring together what their shards have learned: as rows that moved, once each way.

Every row has an owner. Ranks send it their moves of the row; it merges them in the order of the
tree over the shards, and sends the result to all. No sum is left to MPI, whose order of adding is
not defined, so the number of ranks changes no bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ..rowsparse import RowSparse
from ..saving.team import Team
from .adasum import merge_all

# That a rank moves: it bounds what the buffers take. Small ones are the same memory again and
# again; a large one is mapped, page by page, each time.
ROWS_AT_A_TIME = 1 << 13


def exchange(team: Team, moves: Sequence[RowSparse], num_rows: int) -> Iterator[RowSparse]:
    """Merge what all shards have learned.

    Parameters
    ----------
    team : Team
        Of 1, 2, 4, 8, ... ranks, which all call this.
    moves : sequence of 1, 2, 4, 8, ... RowSparse
        What the shards of this rank have learned, or subtrees of them; rows in ascending order.
    num_rows : int
        Of the whole matrix.

    Yields
    ------
    RowSparse
        Merged moves, rows in ascending order; each row that moved anywhere comes in one of them.
    """
    bounds = _bounds(team, moves, num_rows)
    for number in range(0, len(bounds) - 1, team.size):
        cuts = bounds[number : number + team.size + 1]
        merged = merge_all([_between(one, cuts[0], cuts[-1]) for one in moves])
        if team.size == 1:
            yield merged
        else:
            yield from _exchange(team, merged, cuts)


def _bounds(team, moves, num_rows):
    """Where stretches of rows begin, which the ranks own in turn, and where the last one ends.

    In each the first rank moves as many rows, and the others about as many.
    """
    inner = np.zeros(0, np.int64)
    if team.rank == 0:
        rows = np.sort(np.concatenate([one.rows for one in moves]))
        rows = np.append(rows[np.diff(rows, prepend=-1) > 0], num_rows)
        number = team.size * max(1, -(-len(rows) // ROWS_AT_A_TIME))
        inner = rows[len(rows) * np.arange(1, number) // number]
    return np.concatenate([[0], team.share(inner)[0], [num_rows]])


def _between(moves, first, last):
    start, stop = np.searchsorted(moves.rows, (first, last))
    return RowSparse(moves.rows[start:stop], moves.values[start:stop])


def _exchange(team, moves, cuts):
    counts = np.diff(np.searchsorted(moves.rows, cuts))
    received = [team.swap(part, counts) for part in moves]
    merged = merge_all([RowSparse(*parts) for parts in zip(*received, strict=True)])
    for parts in zip(*(team.share(part) for part in merged), strict=True):
        yield RowSparse(*parts)
