"""How a corpus is cut into units and rounds: by its length and the options, never by who trains."""

from __future__ import annotations

import math
from typing import NamedTuple

from ..options import EngineOptions

# A round is trained on vectors that stand still. Too few rounds are too few steps to learn from;
# more than these bring nothing.
ROUNDS_PER_EPOCH = 256
SHORTEST_ROUND = 256  # tokens
# So many processes find work, where a round is long enough for so many units. Of naive softmax each
# has gradients of the whole vocabulary, of hierarchical softmax of many nodes.
UNITS_PER_ROUND = {"neg_sampling": 16, "hierarchical_softmax": 8, "naive_softmax": 4}
# Of a shorter unit, preparations take a good part of the time; a longer one needs more memory.
USUAL_UNIT, LONGEST_UNIT = 5600, 8192  # tokens
# CBOW with a tree: in a longer unit words share more of their ways, and fewer rounds do as well.
LONGER_WITH_TREE = 4


class Schedule(NamedTuple):
    """The units and rounds of a corpus of so many tokens, ends of sentences counted as such."""

    num_tokens: int
    unit_length: int
    units_per_round: int
    units_per_epoch: int
    epochs: int

    @classmethod
    def of(cls, num_tokens: int, options: EngineOptions) -> Schedule:
        is_tree_of_cbow = (options.model, options.loss) == ("cbow", "hierarchical_softmax")
        longer = LONGER_WITH_TREE if is_tree_of_cbow else 1
        round_length = max(SHORTEST_ROUND, longer * num_tokens // ROUNDS_PER_EPOCH)
        # A power of two, so that 2, 4 or 8 workers have equal shares.
        units = 2 ** max(0, round(math.log2(round_length / (longer * USUAL_UNIT))))
        units = min(units, UNITS_PER_ROUND[options.loss])
        length = min(-(-round_length // units), longer * LONGEST_UNIT)
        return cls(num_tokens, length, units, -(-num_tokens // length), options.epochs)

    @property
    def rounds_per_epoch(self) -> int:
        return -(-self.units_per_epoch // self.units_per_round)

    @property
    def num_rounds(self) -> int:
        return self.epochs * self.rounds_per_epoch

    def epoch_of(self, round_number: int) -> int:
        """The epoch that a round belongs to, from 0."""
        return round_number // self.rounds_per_epoch

    def end_of_epoch(self, round_number: int) -> int:
        """The first round of the next epoch."""
        return (self.epoch_of(round_number) + 1) * self.rounds_per_epoch

    def ends_epoch(self, rounds_done: int) -> bool:
        """Whether so many rounds are a whole number of epochs."""
        return rounds_done % self.rounds_per_epoch == 0

    def epochs_done(self, rounds_done: int) -> float:
        """How many epochs so many rounds are, by their tokens; 2.5 is half of the third."""
        epoch, place = divmod(rounds_done, self.rounds_per_epoch)
        return epoch + min(1.0, place * self.units_per_round / self.units_per_epoch)

    def units_of(self, round_number: int) -> range:
        """Numbers of the units of a round; those of the second epoch go on counting."""
        epoch, place = divmod(round_number, self.rounds_per_epoch)
        first = place * self.units_per_round
        last = min(first + self.units_per_round, self.units_per_epoch)
        return range(epoch * self.units_per_epoch + first, epoch * self.units_per_epoch + last)

    def tokens_of(self, unit: int) -> slice:
        """Where the tokens of a unit are in the corpus."""
        start = unit % self.units_per_epoch * self.unit_length
        return slice(start, min(start + self.unit_length, self.num_tokens))

    def fraction(self, round_number: int) -> float:
        """How much of the training lies before a round: 0 for the first, 1 for the last."""
        return round_number / max(1, self.num_rounds - 1)
