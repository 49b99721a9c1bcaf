"""The engine: training in rounds of units, with a schedule that no number of workers changes.

The encoded corpus is cut into units of equal length. A round takes a few units; the gradients of
all of them are computed from the vectors as they are when the round begins, and then added, unit
after unit. Who computes which unit makes no difference, and the random numbers of a unit depend on
the seed and its number alone. So the result has the same bits for any number of workers, and a run
can be continued from any round.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..checks import FloatArray, IntArray
from ..corpus.mapped import MappedTokens
from ..options import EngineOptions
from ..rowsparse import RowSparse, take_rows
from ..sampling import AliasTable, keep_probabilities, noise_distribution
from .blocks import Blocks, draw_blocks
from .kernels import KERNELS, Result
from .schedule import LONGEST_UNIT, Schedule

BLOCK_SIZE = {"skipgram": 32, "cbow": 16}  # centers that share negatives
FEWEST_SHARED, MOST_SHARED = 24, 256  # negatives of a block

# No unit may move a vector further than this. The gradients of a frequent word add up over a whole
# unit while its vector stands still; without a bound, long units or large steps diverge.
LARGEST_MOVE = {"skipgram": 0.15, "cbow_mean": 0.5, "cbow_sum": 0.15}

ROWS_AT_A_TIME = 512  # when moving vectors: few enough to stay in the processor's cache

# The loss of a large corpus is measured on one block in so many.
LOSS_EVERY = 64


class Engine:
    """Computes units and applies their gradients.

    Parameters
    ----------
    options : EngineOptions
    schedule : Schedule
    counts : ndarray of int64, shape (V,)
    tokens : ndarray of int32, or MappedTokens
        The encoded corpus; V ends a sentence.
    center_vectors, outside_vectors : ndarray of float32, shape (V, d)
        Trained in place.
    """

    def __init__(
        self,
        options: EngineOptions,
        schedule: Schedule,
        counts: IntArray,
        tokens: IntArray | MappedTokens,
        center_vectors: FloatArray,
        outside_vectors: FloatArray,
    ) -> None:
        _keep_freed_memory()
        self.options = options
        self.schedule = schedule
        self._tokens = tokens
        self._matrices = (center_vectors, outside_vectors)
        # Ends of sentences are always kept.
        self._keep = np.append(keep_probabilities(counts, options.sample), 2).astype(np.float32)
        self._noise = None
        if options.loss == "neg_sampling":
            self._noise = AliasTable(noise_distribution(counts, options.ns_exponent))
        self._kernel = KERNELS[options.model, options.loss]
        self._kernel_options = self._choose_kernel_options()

    def _choose_kernel_options(self):
        options = self.options
        chosen: dict[str, Any] = {}
        if options.model == "cbow":
            chosen["reduction"] = options.cbow_reduction
        if options.loss == "naive_softmax":
            chosen["max_logits"] = options.max_logits
        else:
            is_large = self.schedule.unit_length == LONGEST_UNIT[options.model]
            chosen["num_negatives"] = options.negative
            chosen["every"] = LOSS_EVERY if is_large else 1
        return chosen

    def draw(self, unit: int) -> Blocks:
        """All that is random in a unit, as `Blocks`."""
        options = self.options
        rng = np.random.Generator(np.random.SFC64([options.seed, unit]))
        return draw_blocks(
            self._tokens[self.schedule.tokens_of(unit)],
            len(self._matrices[0]),
            self._keep,
            options.window,
            # The mean over a drawn reach is no sum over pairs, and so not that of its expectation.
            "drawn" if options.model == "cbow" else "expected",
            self._noise,
            num_shared_negatives(options),
            BLOCK_SIZE[options.model],
            rng,
        )

    def compute(self, unit: int, blocks: Blocks | None = None) -> Result:
        """Loss and gradients of a unit, as a `kernels.Result`; changes nothing.

        `blocks` is what `draw` gives, if it was drawn before.
        """
        return self._kernel(*self._matrices, blocks or self.draw(unit), **self._kernel_options)

    def alpha(self, unit: int) -> float:
        """The step of a unit: it falls on a straight line from alpha to min_alpha."""
        first, last = self.options.alpha, self.options.min_alpha
        return first + self.schedule.fraction(unit) * (last - first)

    def moves(
        self, unit: int, result: Result, out: Sequence[FloatArray | None] = (None, None)
    ) -> tuple[RowSparse, ...]:
        """How far a unit moves center and outside vectors, by its result; into `out` if given."""
        largest = LARGEST_MOVE[self.options.kind]
        gradients = result.grad_center_vectors, result.grad_outside_vectors
        return tuple(
            bounded_moves(gradient, self.alpha(unit), largest, values)
            for gradient, values in zip(gradients, out, strict=True)
        )

    def apply(
        self,
        moves: Iterable[RowSparse],
        row_ranges: Iterable[tuple[int | None, int | None]] = ((None, None), (None, None)),
    ) -> None:
        """Move the center and the outside vectors, by a RowSparse for each.

        For each matrix a range (first, last) restricts this to the rows first to last - 1.
        """
        for matrix, its_moves, rows in zip(self._matrices, moves, row_ranges, strict=True):
            move_rows(matrix, its_moves, *rows)


def num_shared_negatives(options: EngineOptions) -> int:
    """Negatives that a block shares: about three quarters of what one center would draw alone.

    Fewer cost quality, more cost time.
    """
    pairs_of_center = options.window + 1 if options.model == "skipgram" else 1
    number = round(0.75 * options.negative * pairs_of_center / 8) * 8
    return min(max(FEWEST_SHARED, number), MOST_SHARED)


def _keep_freed_memory():
    """Make the C library keep the memory of freed arrays for the next ones.

    A unit allocates and frees some 10 MB. By default glibc hands that back to the system each time,
    and clearing the new pages costs more than the arithmetic. Freeing one block of just under 32 MB
    raises its thresholds for good; other C libraries do not mind.
    """
    np.empty(31 << 20, dtype=np.uint8)


def bounded_moves(
    gradient: RowSparse, alpha: float, largest: float, out: FloatArray | None = None
) -> RowSparse:
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


def move_rows(
    matrix: FloatArray, moves: RowSparse, first: int | None = None, last: Any = None
) -> None:
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
