"""How a corpus is cut into units and rounds: by its length and the options, never by who trains."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..options import EngineOptions

UNITS_PER_ROUND = 4
LONGEST_UNIT = {"skipgram": 3072, "cbow": 4096}  # tokens
# A small corpus is cut into at least so many units, for fewer would be too few updates.
LEAST_UNITS = 1024
SHORTEST_UNIT = 64


class Schedule(NamedTuple):
    """The units and rounds of a corpus of so many tokens, ends of sentences counted as such."""

    num_tokens: int
    unit_length: int
    units_per_epoch: int
    epochs: int

    @classmethod
    def of(cls, num_tokens: int, options: EngineOptions) -> Schedule:
        longest = LONGEST_UNIT[options.model]
        length = int(np.clip(num_tokens // LEAST_UNITS, SHORTEST_UNIT, longest))
        return cls(num_tokens, length, -(-num_tokens // length), options.epochs)

    @property
    def rounds_per_epoch(self) -> int:
        return -(-self.units_per_epoch // UNITS_PER_ROUND)

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
        return epoch + min(1.0, place * UNITS_PER_ROUND / self.units_per_epoch)

    def units_of(self, round_number: int) -> range:
        """Numbers of the units of a round; those of the second epoch go on counting."""
        epoch, place = divmod(round_number, self.rounds_per_epoch)
        first = place * UNITS_PER_ROUND
        last = min(first + UNITS_PER_ROUND, self.units_per_epoch)
        return range(epoch * self.units_per_epoch + first, epoch * self.units_per_epoch + last)

    def tokens_of(self, unit: int) -> slice:
        """Where the tokens of a unit are in the corpus."""
        start = unit % self.units_per_epoch * self.unit_length
        return slice(start, min(start + self.unit_length, self.num_tokens))

    def fraction(self, unit: int) -> float:
        """How much of the training lies before a unit: 0 for the first, 1 for the last."""
        return unit / max(1, self.units_per_epoch * self.epochs - 1)
