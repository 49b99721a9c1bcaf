"""How ranks bring together what their shards have learned: as rows that moved, once each way.

Every row has an owner. Ranks send it their moves of the row; it merges them in the order of the
tree over the shards, and sends the result to all. No sum is left to MPI, whose order of adding is
not defined, so the number of ranks changes no bit.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..rowsparse import RowSparse
from ..saving.team import Team
from .adasum import merge_all

# Exchanged at a time, by numbers of rows: it bounds what the buffers take. Small ones are the same
# memory again and again; a large one is mapped, page by page, each time.
ROWS_AT_A_TIME = 1 << 14


def exchange(team: Team, moves: RowSparse, num_rows: int) -> Iterator[RowSparse]:
    """Merge the moves of all ranks.

    Parameters
    ----------
    team : Team
        Of 1, 2, 4, 8, ... ranks, which all call this.
    moves : RowSparse
        What the shards of this rank have learned, merged; rows in ascending order.
    num_rows : int
        Of the whole matrix.

    Yields
    ------
    RowSparse
        Merged moves; each row that moved anywhere comes in one of them.
    """
    if team.size == 1:
        yield moves
        return
    for first in range(0, num_rows, ROWS_AT_A_TIME):
        start, stop = np.searchsorted(moves.rows, (first, first + ROWS_AT_A_TIME))
        yield from _exchange(team, RowSparse(moves.rows[start:stop], moves.values[start:stop]))


def _exchange(team, moves):
    # Neighboring rows have different owners: frequent words come first, and all shards move them.
    owners = moves.rows % team.size
    order = np.argsort(owners, kind="stable")
    counts = np.bincount(owners, minlength=team.size)
    sent = (moves.rows[order], counts), (moves.values[order], counts)
    received = [team.swap(*part) for part in sent]
    merged = merge_all([RowSparse(*parts) for parts in zip(*received, strict=True)])
    for parts in zip(*(team.share(part) for part in merged), strict=True):
        yield RowSparse(*parts)
