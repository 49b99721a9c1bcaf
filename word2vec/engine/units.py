"""The engine: training in rounds of units, with a schedule that no number of workers changes.

The encoded corpus is cut into units of equal length. A round takes some of them; the gradients of
all are computed from the vectors as they are when the round begins, added up row by row, unit after
unit, and then each row takes one step. Who computes which unit makes no difference, nor who adds
up which rows, and the random numbers of a unit depend on the seed and its number alone. So the
result has the same bits for any number of workers, and a run can be continued from any round.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..checks import FloatArray, IntArray
from ..corpus.mapped import MappedTokens
from ..options import DEFAULT_ALPHA, EngineOptions
from ..rowsparse import RowGroups, RowSparse, add_rows, take_rows
from ..sampling import AliasTable, keep_probabilities, noise_distribution
from .blocks import Blocks, draw_blocks
from .kernels import KERNELS, Result
from .plan import Plan
from .tree_kernels import TREE_KERNELS, every_second_center, every_second_word, options_of_tree

BLOCK_SIZE = 16  # centers
GROUP_SIZE = 4  # blocks that share negatives
FEWEST_SHARED, MOST_SHARED = 8, 256  # negatives of a group

# No round may move a center vector further than the first of these, an outside vector than the
# second. The gradients of a frequent word add up over a whole round while its vector stands still;
# without a bound, long rounds or large steps diverge.
LARGEST_MOVES = dict.fromkeys(DEFAULT_ALPHA, (0.3, 0.3))
LARGEST_MOVES |= dict.fromkeys(("skipgram", "cbow_mean"), (0.3, 0.6))

# When moving vectors, for the memory that this takes.
NUMBERS_AT_A_TIME = 1 << 20

# Neighboring rows that one process moves.
ROWS_OF_A_PART = 64

# The loss of a large corpus is measured on one block in so many; of a small one, on a larger part.
LOSS_EVERY = 256
TOKENS_TO_MEASURE = 50_000

# Units that are drawn before the first of them is computed, which pushes what drawing needs out of
# the cache. Of a wide window each takes megabytes.
DRAWN_IN_A_ROW = 4

SIDES = ("center", "outside")


class Engine:
    """Computes units and applies their gradients.

    Parameters
    ----------
    plan : Plan
    tokens : ndarray of int32, or MappedTokens
        The encoded corpus; V ends a sentence.
    center_vectors, outside_vectors : ndarray of float32, shape (V, d)
        Trained in place. With hierarchical softmax the second is of the V - 1 nodes of its tree.
    moved : ndarray of bool, shape (2, V), optional
        Becomes True for each row of center and outside vectors that takes a step.

    Attributes
    ----------
    plan, moved
        As given.
    matrices : pair of ndarray
        Center and outside vectors, as given.
    """

    def __init__(
        self,
        plan: Plan,
        tokens: IntArray | MappedTokens,
        center_vectors: FloatArray,
        outside_vectors: FloatArray,
        moved: NDArray[np.bool_] | None = None,
    ) -> None:
        _keep_freed_memory()
        self.plan = plan
        self._tokens = tokens
        self.matrices = (center_vectors, outside_vectors)
        self.moved = moved
        options, counts = plan.options, plan.counts
        # Ends of sentences are always kept.
        self._keep = np.append(keep_probabilities(counts, options.sample), 2).astype(np.float32)
        self._noise = None
        if options.loss == "neg_sampling":
            self._noise = AliasTable(noise_distribution(counts, options.ns_exponent))
        self._moves = None
        if len(plan.frozen):
            self._moves = np.ones(len(counts), dtype=bool)
            self._moves[np.asarray(plan.frozen)] = False
        self._kernel = (KERNELS | TREE_KERNELS)[options.model, options.loss]
        self._kernel_options = self._choose_kernel_options()
        if plan.tree is not None:
            self._kernel_options |= options_of_tree(options.model, plan.tree, counts)

    def _choose_kernel_options(self):
        options = self.plan.options
        chosen: dict[str, Any] = {}
        if options.model == "cbow":
            chosen["reduction"] = options.cbow_reduction
        if options.loss == "naive_softmax":
            chosen["max_logits"] = options.max_logits
        else:
            every = max(1, min(self.plan.schedule.num_tokens // TOKENS_TO_MEASURE, LOSS_EVERY))
            # If that is enough, the first unit of a round has the measured blocks of them all.
            in_first = every // self.plan.schedule.units_per_round
            self._measure_every = (in_first, 0) if in_first else (every, every)
            if options.loss == "neg_sampling":
                chosen["num_negatives"] = options.negative
        return chosen

    def draw(self, unit: int) -> Blocks:
        """All that is random in a unit, as `Blocks`."""
        options = self.plan.options
        rng = np.random.Generator(np.random.SFC64([options.seed, unit]))
        blocks = draw_blocks(
            self._tokens[self.plan.schedule.tokens_of(unit)],
            len(self.matrices[0]),
            self._keep,
            options.window,
            # The mean over a drawn reach is no sum over pairs, and so not that of its expectation.
            "drawn" if options.model == "cbow" else "expected",
            self._noise,
            num_shared_negatives(options),
            BLOCK_SIZE,
            GROUP_SIZE,
            rng,
        )
        # Of little text nothing is left out: it is trained soon, and each word counts.
        if options.loss == "hierarchical_softmax" and self.plan.schedule.units_per_round > 1:
            thin = every_second_word if options.model == "skipgram" else every_second_center
            blocks = thin(blocks, rng)
        return blocks

    def compute(self, blocks: Blocks, is_first: bool = True) -> Result:
        """Loss and gradients of a unit that was drawn, as a `kernels.Result`; changes nothing.

        Of a large corpus, the loss is measured in units that are the first of their round. A row
        that is frozen has no gradient.
        """
        chosen = dict(self._kernel_options)
        if self.plan.options.loss != "naive_softmax":
            chosen["every"] = self._measure_every[0 if is_first else 1]
        result = self._kernel(*self.matrices, blocks, **chosen)
        if self._moves is None:
            return result
        rows, values = result.grad_center_vectors
        moves = self._moves[rows]
        return result._replace(grad_center_vectors=RowSparse(rows[moves], values[moves]))

    def alpha(self, round_number: int) -> float:
        """The step of a round: it falls on a straight line from alpha to min_alpha."""
        first, last = self.plan.options.alpha, self.plan.options.min_alpha
        return first + self.plan.schedule.fraction(round_number) * (last - first)

    def step(
        self, round_number: int, gradients: RoundGradients, part: int = 0, parts: int = 1
    ) -> None:
        """Move the vectors by the gradients of all units of a round, a `RoundGradients`.

        Of each matrix only the rows in one of so many parts.
        """
        alpha, largest = self.alpha(round_number), LARGEST_MOVES[self.plan.options.kind]
        num_units = len(self.plan.schedule.units_of(round_number))
        for number, (side, matrix) in enumerate(zip(SIDES, self.matrices, strict=True)):
            groups, values = gradients.of_rows(side, num_units, part, parts)
            move_rows(matrix, groups, values, alpha, largest[number])
            if self.moved is not None:
                self.moved[number, groups.rows] = True


class RoundGradients:
    """The gradients of the units of a round, where all who add them up find them.

    Parameters
    ----------
    arrays : dict of ndarray
        Of the shapes and types of `layout`.
    num_rows : int
        V, the rows of a matrix.
    """

    def __init__(self, arrays: Mapping[str, np.ndarray], num_rows: int) -> None:
        self._arrays, self._num_rows = arrays, num_rows

    @staticmethod
    def layout(plan: Plan) -> dict[str, Any]:
        """Shapes and types of the arrays, by name."""
        options, schedule, tree = plan.options, plan.schedule, plan.tree
        slots, vocab_size = schedule.units_per_round, len(plan.counts)
        num_groups = -(-schedule.unit_length // (BLOCK_SIZE * GROUP_SIZE))
        # Rows that a unit can touch: one more than its tokens, for the word that pads its blocks.
        center_rows = min(vocab_size, schedule.unit_length + 1)
        outside_rows = center_rows + num_groups * num_shared_negatives(options)
        if options.loss == "naive_softmax":
            outside_rows = vocab_size
        if tree is not None:
            outside_rows = min(tree.num_nodes, center_rows * int(tree.lengths.max()))
        layout: dict[str, Any] = {}
        for side, num_rows in zip(SIDES, (center_rows, outside_rows), strict=True):
            layout[f"{side}_sizes"] = (slots,), np.int64
            layout[f"{side}_rows"] = (slots, num_rows), np.int32
            layout[f"{side}_values"] = (slots, num_rows, options.vector_size), np.float32
        return layout

    def store(self, slot: int, result: Result) -> None:
        """Keep the gradients of the unit that is the round's number `slot`, from 0."""
        gradients = result.grad_center_vectors, result.grad_outside_vectors
        for side, (rows, values) in zip(SIDES, gradients, strict=True):
            self._arrays[f"{side}_sizes"][slot] = len(rows)
            self._arrays[f"{side}_rows"][slot, : len(rows)] = rows
            self._arrays[f"{side}_values"][slot, : len(rows)] = values

    def of_rows(
        self, side: str, num_units: int, part: int = 0, parts: int = 1
    ) -> tuple[RowGroups, FloatArray]:
        """One of so many parts of the rows that a round touches: as `RowGroups`, with the values.

        The gradients of a row come in the order of the units, whatever the parts.
        """
        sizes = self._arrays[f"{side}_sizes"][:num_units]
        all_rows, values = self._arrays[f"{side}_rows"], self._arrays[f"{side}_values"]
        rows = np.concatenate([all_rows[slot, :size] for slot, size in enumerate(sizes)])
        # Behind the rows of a slot, places that are not used follow.
        unused = np.arange(num_units, dtype=np.int32) * values.shape[1] - (np.cumsum(sizes) - sizes)
        places = np.arange(len(rows), dtype=np.int32) + np.repeat(unused.astype(np.int32), sizes)
        if parts > 1:
            mine = _rows_of_part(self._num_rows, part, parts)
            chosen = np.flatnonzero(take_rows(mine, rows))
            rows, places = take_rows(rows, chosen), take_rows(places, chosen)
        groups = RowGroups.of(rows)
        groups = groups._replace(order=take_rows(places, groups.order))
        return groups, values.reshape(-1, values.shape[2])


@functools.cache
def _rows_of_part(num_rows, part, parts):
    """Whether each row is in a part. Frequent words come first: each part has its share of them."""
    return np.arange(num_rows) // ROWS_OF_A_PART % parts == part


def num_shared_negatives(options: EngineOptions) -> int:
    """Negatives that a group shares: as many as a center of skip-gram would draw alone.

    Fewer cost quality, more cost time. In CBOW, where a center predicts but once, as many as with a
    window of 4.
    """
    draws = options.negative * (options.window + 1 if options.model == "skipgram" else 5)
    return min(max(FEWEST_SHARED, round(draws / 8) * 8), MOST_SHARED)


def _keep_freed_memory():
    """Make the C library keep the memory of freed arrays for the next ones.

    A unit allocates and frees some 10 MB. By default glibc hands that back to the system each time,
    and clearing the new pages costs more than the arithmetic. Freeing one block of just under 32 MB
    raises its thresholds for good; other C libraries do not mind.
    """
    np.empty(31 << 20, dtype=np.uint8)


def bounded_steps(gradients: FloatArray, alpha: float, largest: float) -> FloatArray:
    """What to multiply each row by: `alpha`, or less where it would move by more than `largest`."""
    length = np.sqrt(np.einsum("ij,ij->i", gradients, gradients))
    dtype = gradients.dtype.type
    return dtype(alpha) / np.maximum(1, length * dtype(alpha / largest))


def move_rows(
    matrix: FloatArray, groups: RowGroups, gradients: FloatArray, alpha: float, largest: float
) -> None:
    """Take a step: move each row against the sum of its gradients, by at most `largest`.

    Parameters
    ----------
    matrix : ndarray of shape (V, d)
        Changed in place.
    groups : RowGroups
        Which of the gradients belong to a row.
    gradients : ndarray of shape (N, d)
    alpha, largest : float
    """
    step = max(1, NUMBERS_AT_A_TIME // matrix.shape[1])
    for start in range(0, len(groups.rows), step):
        stop = start + step
        sums = groups.sum(gradients, start, stop)
        add_rows(matrix, groups.rows[start:stop], sums, -bounded_steps(sums, alpha, largest))
