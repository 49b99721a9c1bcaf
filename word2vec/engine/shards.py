"""How training is divided into shards and legs: by the corpus and the options, never by who trains.

Each shard owns a stretch of the text, with a schedule and random numbers of its own. All start a
*leg* from the same vectors and train a few rounds apart; then what they learned is merged, and the
next leg starts from there. See `legs` for who does it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ..options import EngineOptions
from .schedule import Schedule

# The more often shards hear from each other, the better the vectors, and the more is sent. Few
# shards keep closer together than many.
LEGS_FOR_EACH_SHARD, MOST_LEGS = 8, 64  # an epoch

# Rounds and units of all shards have different numbers: those of shard s begin with s times this.
_STRIDE = 1 << 40


def legs_per_epoch(shards: int) -> int:
    """How many legs an epoch of so many shards has, if each has as many rounds."""
    return min(LEGS_FOR_EACH_SHARD * shards, MOST_LEGS)


class Shards(NamedTuple):
    """The shards of a corpus, and their legs.

    The merge of shards that have learned a leg takes the place of a round: `legs` is a schedule
    whose rounds they are.
    """

    schedules: tuple[Schedule, ...]  # of each shard
    legs_per_epoch: int

    @classmethod
    def of(cls, lengths: Sequence[int], options: EngineOptions) -> Shards:
        """The shards of stretches of so many tokens, ends of sentences counted as such."""
        mean = Schedule.of(-(-sum(lengths) // len(lengths)), options)
        schedules = tuple(
            mean._replace(num_tokens=length, units_per_epoch=-(-length // mean.unit_length))
            for length in lengths
        )
        longest = max(schedule.rounds_per_epoch for schedule in schedules)
        return cls(schedules, min(legs_per_epoch(len(lengths)), longest))

    @property
    def legs(self) -> Schedule:
        """All legs, as a schedule in which each is a round of a single unit."""
        num_tokens = sum(schedule.num_tokens for schedule in self.schedules)
        length = -(-num_tokens // self.legs_per_epoch)
        return Schedule(num_tokens, length, 1, self.legs_per_epoch, self.schedules[0].epochs)

    def rounds_of(self, shard: int, leg: int) -> range:
        """The rounds of a leg, of one shard's schedule; legs of an epoch differ by one at most."""
        per_epoch = self.schedules[shard].rounds_per_epoch
        epoch, place = divmod(leg, self.legs_per_epoch)
        bounds = [(place + end) * per_epoch // self.legs_per_epoch for end in (0, 1)]
        return range(*(epoch * per_epoch + bound for bound in bounds))

    def hosted(self, numbers: range) -> ShardRounds:
        """The rounds of some shards, whose tokens lie one after another in a file."""
        start, stretches = 0, []
        for number in numbers:
            stretches.append((number, start, self.schedules[number].num_tokens))
            start += stretches[-1][2]
        one = self.schedules[0]
        return ShardRounds(
            self.legs.num_tokens, one.unit_length, one.units_per_round, one.epochs, tuple(stretches)
        )


class ShardRounds(NamedTuple):
    """Rounds and units of several shards, each with a number that no other has; like `Schedule`."""

    num_tokens: int  # of all shards, those of others included
    unit_length: int
    units_per_round: int
    epochs: int
    stretches: tuple[tuple[int, int, int], ...]  # shard, its first token in the file, how many

    @classmethod
    def from_json(cls, fields: Sequence[Any]) -> ShardRounds:
        """What was written as a list of lists."""
        *numbers, stretches = fields
        num_tokens, unit_length, units_per_round, epochs = numbers
        stretches = tuple(tuple(stretch) for stretch in stretches)
        return cls(num_tokens, unit_length, units_per_round, epochs, stretches)

    @staticmethod
    def number(shard: int, number: int) -> int:
        """The number, among those of all shards, of one shard's round or unit."""
        return shard * _STRIDE + number

    def units_of(self, round_number: int) -> range:
        """Numbers of the units of a round."""
        shard, number = divmod(round_number, _STRIDE)
        units = self._schedule(shard)[1].units_of(number)
        return range(self.number(shard, units.start), self.number(shard, units.stop))

    def tokens_of(self, unit: int) -> slice:
        """Where the tokens of a unit are in the file."""
        shard, number = divmod(unit, _STRIDE)
        first, schedule = self._schedule(shard)
        tokens = schedule.tokens_of(number)
        return slice(first + tokens.start, first + tokens.stop)

    def fraction(self, round_number: int) -> float:
        """How much of its shard's training lies before a round: 0 for the first, 1 for the last."""
        shard, number = divmod(round_number, _STRIDE)
        return self._schedule(shard)[1].fraction(number)

    def _schedule(self, shard):
        """Where its tokens begin, and how they are cut."""
        _, start, length = self.stretches[shard - self.stretches[0][0]]
        units_per_epoch = -(-length // self.unit_length)
        return start, Schedule(
            length, self.unit_length, self.units_per_round, units_per_epoch, self.epochs
        )
