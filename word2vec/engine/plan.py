"""What is to be trained, in the words that every process of a training understands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np

from ..checks import IntArray
from ..huffman import HuffmanTree
from ..options import EngineOptions
from .schedule import Schedule
from .shards import ShardRounds


class Plan(NamedTuple):
    """The same for all processes of a rank, however many there are."""

    options: EngineOptions
    schedule: Schedule | ShardRounds
    counts: IntArray  # (V,) int64: how often each word occurs
    frozen: Sequence[int] = ()  # rows of the center vectors that never move
    tree: HuffmanTree | None = None  # of hierarchical softmax; its nodes have the outside vectors
    keep_moved: bool = False  # whether it is marked which rows take a step

    def to_json(self) -> dict[str, Any]:
        """The fields by name, such as JSON can hold."""
        return self._asdict() | {
            "options": asdict(self.options),
            "counts": self.counts.tolist(),
            "frozen": list(self.frozen),
            "tree": None if self.tree is None else self.tree.children.tolist(),
        }

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Plan:
        """What `to_json` gave, also if JSON has made lists of its tuples since."""
        schedule, tree = fields["schedule"], fields["tree"]
        is_sharded = not isinstance(schedule[-1], int)  # but stretches
        return cls(
            EngineOptions(**fields["options"]),
            ShardRounds.from_json(schedule) if is_sharded else Schedule(*schedule),
            np.array(fields["counts"]),
            fields["frozen"],
            None if tree is None else HuffmanTree(np.array(tree)),
            fields["keep_moved"],
        )
