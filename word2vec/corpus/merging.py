"""The words that several ranks have counted, each in its own text, as one vocabulary.

Every word has an owner, a rank that its bytes decide. Ranks send what they counted to the owners, a
piece at a time, and the owners add it up. So a rank needs memory for the words of its own text and
for its share of all, and only those that are frequent enough go to everybody.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np

from ..saving.archive import pack_strings, unpack_strings
from ..saving.team import Team

WORDS_AT_A_TIME = 1 << 20

Counted = tuple[str, int]


class MergedCounts(NamedTuple):
    """How often words occur in the text of all ranks."""

    frequent: dict[str, int]  # at least as often as was asked for
    rare: dict[str, int]  # on the first rank all others, elsewhere none
    num_distinct: int


def merge_counts(team: Team, counts: Mapping[str, int], min_count: int) -> MergedCounts:
    """Add up the counts of all ranks.

    Parameters
    ----------
    team : Team
    counts : mapping from str to int
        Of this rank's text.
    min_count : int

    Returns
    -------
    MergedCounts
    """
    owned: dict[str, int] = {}
    for piece in _pieces(team, counts.items()):
        for word, count in _to_owners(team, piece):
            owned[word] = owned.get(word, 0) + count
    (num_distinct,) = np.sum(team.share(np.array([[len(owned)]])), axis=(0, 1)).tolist()
    frequent: dict[str, int] = {}
    rare: dict[str, int] = {}
    for piece in _pieces(team, ((w, n) for w, n in owned.items() if n >= min_count)):
        frequent.update(_unpack([team.share(array) for array in _pack(piece)]))
    for piece in _pieces(team, ((w, n) for w, n in owned.items() if n < min_count)):
        to_first = [piece] + [[]] * (team.size - 1)
        rare.update(_swap(team, to_first))
    return MergedCounts(frequent, rare, num_distinct)


def _pieces(team: Team, items: Iterable[Counted]) -> Iterator[list[Counted]]:
    """Some at a time, until no rank has any left."""
    rest = iter(items)
    while True:
        piece = list(islice(rest, WORDS_AT_A_TIME))
        if team.largest(len(piece)) == [0]:
            return
        yield piece


def _to_owners(team: Team, piece: Sequence[Counted]) -> Iterator[Counted]:
    owners = [zlib.crc32(word.encode("utf-8")) % team.size for word, _ in piece]
    by_owner: list[list[Counted]] = [[] for _ in range(team.size)]
    for owner, item in zip(owners, piece, strict=True):
        by_owner[owner].append(item)
    return _swap(team, by_owner)


def _swap(team: Team, by_rank: Sequence[Sequence[Counted]]) -> Iterator[Counted]:
    """Send some words to each rank; returns those that came."""
    packed = zip(*(_pack(items) for items in by_rank), strict=True)
    return _unpack([team.swap(np.concatenate(arrays), [*map(len, arrays)]) for arrays in packed])


def _pack(items: Sequence[Counted]) -> tuple[np.ndarray, ...]:
    text, lengths = pack_strings(word for word, _ in items)
    return text, lengths, np.array([count for _, count in items], np.int64)


def _unpack(received: Sequence[Sequence[np.ndarray]]) -> Iterator[Counted]:
    for text, lengths, counts in zip(*received, strict=True):
        yield from zip(unpack_strings(text, lengths), counts.tolist(), strict=True)
