"""The engine: training in rounds of units, with a schedule that no number of workers changes.

The encoded corpus is cut into units of equal length. A round takes a few units; the gradients of
all of them are computed from the vectors as they are when the round begins, and then added, unit
after unit. Who computes which unit makes no difference, and the random numbers of a unit depend on
the seed and its number alone. So the result has the same bits for any number of workers, and a run
can be continued from any round.
"""

from typing import NamedTuple

import numpy as np

from ..rowsparse import RowSparse, take_rows
from ..sampling import AliasTable, keep_probabilities, noise_distribution
from . import kernels
from .blocks import draw_run

UNITS_PER_ROUND = 4
LONGEST_UNIT = {"skipgram": 3072, "cbow": 4096}  # tokens
# A small corpus is cut into at least so many units, for fewer would be too few updates.
LEAST_UNITS = 1024
SHORTEST_UNIT = 64

BLOCK_SIZE = {"skipgram": 32, "cbow": 16}  # centers that share negatives
FEWEST_SHARED, MOST_SHARED = 24, 256  # negatives of a block

# No unit may move a vector further than this. The gradients of a frequent word add up over a whole
# unit while its vector stands still; without a bound, long units or large steps diverge.
LARGEST_MOVE = {"skipgram": 0.15, "cbow_mean": 0.5, "cbow_sum": 0.15}

ROWS_AT_A_TIME = 512  # when moving vectors: few enough to stay in the processor's cache

# The loss of a large corpus is measured on one block in so many.
LOSS_EVERY = 64


class Plan(NamedTuple):
    """All that decides the result of training, but for corpus and vocabulary."""

    model: str
    loss: str
    cbow_reduction: str
    vector_size: int
    window: int
    negative: int
    ns_exponent: float
    sample: float | None
    alpha: float
    min_alpha: float
    epochs: int
    seed: int
    max_logits: int


def kind_of_model(model, cbow_reduction):
    """What decides how large steps should be: "skipgram", "cbow_mean" or "cbow_sum"."""
    return "skipgram" if model == "skipgram" else f"cbow_{cbow_reduction}"


class Schedule(NamedTuple):
    """How a corpus of so many ids is cut into units and rounds."""

    num_ids: int
    unit_length: int
    units_per_epoch: int
    epochs: int

    @classmethod
    def of(cls, num_ids, plan):
        longest = LONGEST_UNIT[plan.model]
        length = int(np.clip(num_ids // LEAST_UNITS, SHORTEST_UNIT, longest))
        return cls(num_ids, length, -(-num_ids // length), plan.epochs)

    @property
    def rounds_per_epoch(self):
        return -(-self.units_per_epoch // UNITS_PER_ROUND)

    @property
    def num_rounds(self):
        return self.epochs * self.rounds_per_epoch

    def units_of(self, round_number):
        """Numbers of the units of a round; those of the second epoch go on counting."""
        epoch, place = divmod(round_number, self.rounds_per_epoch)
        first = place * UNITS_PER_ROUND
        last = min(first + UNITS_PER_ROUND, self.units_per_epoch)
        return range(epoch * self.units_per_epoch + first, epoch * self.units_per_epoch + last)

    def ids_of(self, unit):
        """Where the ids of a unit are in the corpus, as a slice."""
        start = unit % self.units_per_epoch * self.unit_length
        return slice(start, min(start + self.unit_length, self.num_ids))


class Engine:
    """Computes units and applies their gradients.

    Parameters
    ----------
    plan : Plan
    counts : ndarray of int64, shape (V,)
    ids : ndarray of int32, or MappedIds
        The encoded corpus; V ends a sentence.
    center_vectors, outside_vectors : ndarray of float32, shape (V, d)
        Trained in place.
    """

    def __init__(self, plan, counts, ids, center_vectors, outside_vectors):
        _keep_freed_memory()
        self.plan = plan
        self.schedule = Schedule.of(len(ids), plan)
        self._ids = ids
        self._matrices = (center_vectors, outside_vectors)
        # Ends of sentences are always kept.
        self._keep = np.append(keep_probabilities(counts, plan.sample), 2).astype(np.float32)
        self._noise = None
        if plan.loss == "neg_sampling":
            self._noise = AliasTable(noise_distribution(counts, plan.ns_exponent))

    def draw(self, unit):
        """All that is random in a unit, as a `runs.Run`."""
        plan = self.plan
        rng = np.random.Generator(np.random.SFC64([plan.seed, unit]))
        return draw_run(
            self._ids[self.schedule.ids_of(unit)],
            len(self._matrices[0]),
            self._keep,
            plan.window,
            # The mean over a drawn reach is no sum over pairs, and so not that of its expectation.
            "drawn" if plan.model == "cbow" else "expected",
            self._noise,
            num_shared_negatives(plan),
            BLOCK_SIZE[plan.model],
            rng,
        )

    def compute(self, unit, run=None):
        """Loss and gradients of a unit, as a `kernels.Result`; changes nothing.

        `run` is what `draw` gives, if it was drawn before.
        """
        plan = self.plan
        run = run or self.draw(unit)
        arguments = {}
        if plan.model == "cbow":
            arguments["reduction"] = plan.cbow_reduction
        if plan.loss == "neg_sampling":
            is_large = self.schedule.unit_length == LONGEST_UNIT[plan.model]
            arguments |= {"num_negatives": plan.negative, "every": LOSS_EVERY if is_large else 1}
        else:
            arguments["max_logits"] = plan.max_logits
        return getattr(kernels, f"{plan.model}_{plan.loss}")(*self._matrices, run, **arguments)

    def alpha(self, unit):
        """The step of a unit: it falls on a straight line from alpha to min_alpha."""
        num_units = self.schedule.units_per_epoch * self.schedule.epochs
        fraction = unit / max(1, num_units - 1)
        return self.plan.alpha + fraction * (self.plan.min_alpha - self.plan.alpha)

    def moves(self, unit, result, out=(None, None)):
        """How far a unit moves center and outside vectors, by its result; into `out` if given."""
        largest = LARGEST_MOVE[kind_of_model(self.plan.model, self.plan.cbow_reduction)]
        return tuple(
            bounded_moves(gradient, self.alpha(unit), largest, values)
            for gradient, values in zip(result[2:], out, strict=True)
        )

    def apply(self, moves, row_ranges=((None, None), (None, None))):
        """Move the center and the outside vectors, by a RowSparse for each.

        For each matrix a range (first, last) restricts this to the rows first to last - 1.
        """
        for matrix, its_moves, rows in zip(self._matrices, moves, row_ranges, strict=True):
            move_rows(matrix, its_moves, *rows)


def num_shared_negatives(plan):
    """Negatives that a block shares: about three quarters of what one center would draw alone.

    Fewer cost quality, more cost time.
    """
    pairs_of_center = plan.window + 1 if plan.model == "skipgram" else 1
    number = round(0.75 * plan.negative * pairs_of_center / 8) * 8
    return min(max(FEWEST_SHARED, number), MOST_SHARED)


def _keep_freed_memory():
    """Make the C library keep the memory of freed arrays for the next ones.

    A unit allocates and frees some 10 MB. By default glibc hands that back to the system each time,
    and clearing the new pages costs more than the arithmetic. Freeing one block of just under 32 MB
    raises its thresholds for good; other C libraries do not mind.
    """
    np.empty(31 << 20, dtype=np.uint8)


def bounded_moves(gradient, alpha, largest, out=None):
    """alpha * gradient, with rows shortened that are longer than `largest`.

    Parameters
    ----------
    gradient : RowSparse
    alpha, largest : float
    out : ndarray, optional
        Where the values go.

    Returns
    -------
    RowSparse
    """
    rows, values = gradient
    length = np.sqrt(np.einsum("ij,ij->i", values, values))
    step = values.dtype.type(alpha) / np.maximum(1, length * values.dtype.type(alpha / largest))
    return RowSparse(rows, np.multiply(values, step[:, np.newaxis], out=out))


def move_rows(matrix, moves, first=None, last=None):
    """matrix -= moves in place, for all rows, or those from `first` to `last` - 1 only."""
    rows, values = moves
    if first is not None:
        chosen = slice(*np.searchsorted(rows, (first, last)))
        rows, values = rows[chosen], values[chosen]
    for start in range(0, len(rows), ROWS_AT_A_TIME):
        part = slice(start, start + ROWS_AT_A_TIME)
        moved = take_rows(matrix, rows[part])
        moved -= values[part]
        matrix[rows[part]] = moved
