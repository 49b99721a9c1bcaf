"""A training of `Word2Vec`, as something that `carry_out` can save, stop and continue."""

from __future__ import annotations

import contextlib
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from ..checks import FloatArray, StrPath, check_memory
from ..corpus.encoded import EncodedCorpus
from ..corpus.vocab import check_two_words
from ..huffman import HuffmanTree
from ..options import EngineOptions
from ..sampling import keep_probabilities, noise_distribution, starting_vectors
from ..saving.checkpoint import Checkpoint, fingerprint, name_latest_checkpoint
from ..saving.resumable import Progress, StopTraining
from ..vectors.keyed_vectors import KeyedVectors
from .fork_server import ForkServer
from .legs import start_legs
from .plan import Plan
from .rounds import Rounds, start_rounds
from .schedule import Schedule
from .shards import Shards

CHECKPOINT_SECONDS = 60
CURVE_POINTS = 200
# A corpus with fewer pairs of neighbors in an epoch, after subsampling, is not subsampled.
LEAST_PAIRS = 20


@dataclass(frozen=True, kw_only=True)
class TrainingProgress(Progress):
    """What `Word2Vec.fit` tells its callback; `done` and `total` count tokens of all epochs."""

    epoch: int  # from 1; `loss` is the mean a pair, of this epoch so far
    epoch_ends: bool
    words_per_second: float  # of this run, an earlier one's left out
    copy_vectors: Callable[[], KeyedVectors]  # as they are when it is called

    @property
    def vectors(self) -> KeyedVectors | None:
        """Where an epoch ends: a copy of the center vectors; to be asked for in the callback."""
        return self.copy_vectors() if self.epoch_ends else None

    def describe(self) -> str:
        return f"epoch {self.epoch}, {super().describe()}"

    @property
    def tokens(self) -> int:
        """Tokens trained so far, as `done`."""
        return self.done

    @property
    def total_tokens(self) -> int:
        """Tokens of all epochs, as `total`."""
        return self.total


@dataclass
class State:
    """Where training is: all that a checkpoint must hold beside the vectors."""

    round_number: int = 0
    losses: list[float] = field(default_factory=list)  # of the epochs that are over
    epoch_loss: float = 0.0
    epoch_pairs: float = 0.0
    curve: list[list[float]] = field(default_factory=list)
    curve_loss: float = 0.0  # since the last point of the curve
    curve_pairs: float = 0.0

    def add(self, loss: float, num_pairs: float, schedule: Schedule) -> None:
        """Count in a round that was trained."""
        self.round_number += 1
        self.epoch_loss += loss
        self.epoch_pairs += num_pairs
        self._add_to_curve(loss, num_pairs, schedule)
        if schedule.ends_epoch(self.round_number):
            if not self.epoch_pairs:
                raise ValueError(
                    "Subsampling left not a single pair to learn from in a whole epoch. "
                    "Raise sample, set it to None, or bring more text."
                )
            self.losses.append(self.mean_loss)
            self.epoch_loss, self.epoch_pairs = 0.0, 0.0

    @property
    def mean_loss(self) -> float:
        """Mean loss a pair of the current epoch so far."""
        return self.epoch_loss / (self.epoch_pairs or 1)

    def _add_to_curve(self, loss: float, num_pairs: float, schedule: Schedule) -> None:
        self.curve_loss += loss
        self.curve_pairs += num_pairs
        rounds_per_point = -(-schedule.num_rounds // CURVE_POINTS)
        is_last = self.round_number == schedule.num_rounds
        if (is_last or self.round_number % rounds_per_point == 0) and self.curve_pairs:
            epoch = self.round_number / schedule.rounds_per_epoch
            self.curve.append([epoch, self.curve_loss / self.curve_pairs])
            self.curve_loss, self.curve_pairs = 0.0, 0.0


class Training:
    """Trains vectors on an encoded corpus, some rounds a step; see `Resumable`.

    Parameters
    ----------
    options : EngineOptions
    corpus : EncodedCorpus
    checkpoint_dir : path-like or None
        For error messages.
    callback : callable or None
        Called with a `TrainingProgress` after each step; ends training by returning True or
        raising `StopTraining`.
    start : pair of ndarray of float32, shape (V, d), optional
        Center and outside vectors to begin with, instead of random ones and zeros.
    frozen : sequence of int, optional
        Rows of the center vectors that never move.
    tree : HuffmanTree, optional
        Of hierarchical softmax, instead of that of the corpus; its nodes have the outside vectors.
    server : ForkServer, optional
        What workers are forked from, if there are any.

    Attributes
    ----------
    state : State
    center_vectors, outside_vectors : ndarray of float32, shape (V, d)
        As learned so far.

    Raises
    ------
    ValueError
        If there is nothing to learn from, or the vectors would not fit into memory.
    """

    def __init__(
        self,
        options: EngineOptions,
        corpus: EncodedCorpus,
        checkpoint_dir: StrPath | None = None,
        callback: Callable[[TrainingProgress], Any] | None = None,
        start: tuple[FloatArray, FloatArray] | None = None,
        *,
        frozen: Sequence[int] = (),
        tree: HuffmanTree | None = None,
        server: ForkServer | None = None,
    ) -> None:
        _check_corpus(corpus, options)
        options = _without_needless_sampling(corpus, options)
        self._shards = None
        if options.shards == 1:
            self.schedule = one = Schedule.of(len(corpus.tokens), options)
        else:
            self._shards = Shards.of(corpus.lengths, options)
            self.schedule, one = self._shards.legs, self._shards.schedules[0]
        self.settings = options.settings() | {
            "vocabulary": fingerprint([corpus.vocab.words, corpus.vocab.counts]),
            "corpus": corpus.fingerprint,
            "unit_length": one.unit_length,
            "units_per_round": one.units_per_round,
        }
        if self._shards:
            self.settings["legs_per_epoch"] = self._shards.legs_per_epoch
        self.state = State()
        self._corpus = corpus
        self._checkpoint_dir, self._callback = checkpoint_dir, callback
        self._resumed_at = 0
        self._saved_at = time.monotonic()
        self._rounds: Rounds | Any = None  # not before it is `running`
        self._was_stopped = False
        self._started_at = time.monotonic()
        if tree is not None:
            self.settings["tree"] = fingerprint(tree.children)
        elif options.loss == "hierarchical_softmax":
            tree = HuffmanTree.from_counts(corpus.vocab.counts)
        self.tree = tree
        if start is None:
            rng = np.random.default_rng(options.seed)
            start = starting_vectors(len(corpus.vocab), options.vector_size, rng, np.float32)
            if tree is not None:
                start = start[0], start[1][: tree.num_nodes]
        else:
            self.settings["start"] = [fingerprint(matrix) for matrix in start]
        self._start: tuple[FloatArray, ...] = start
        self._plan = Plan(options, self.schedule, corpus.vocab.counts, frozen, tree)
        self._server = server
        if len(frozen):
            self.settings["frozen"] = fingerprint(sorted(frozen))

    @property
    def center_vectors(self) -> FloatArray:
        return self._rounds.center_vectors if self._rounds else self._start[0]

    @property
    def outside_vectors(self) -> FloatArray:
        return self._rounds.outside_vectors if self._rounds else self._start[1]

    @property
    def position(self) -> int:
        return self.state.round_number

    @property
    def is_done(self) -> bool:
        return self._was_stopped or self.state.round_number >= self.schedule.num_rounds

    def restore(self, checkpoint: Checkpoint) -> None:
        self.state = State(**checkpoint.state)
        self._start = checkpoint.arrays["center_vectors"], checkpoint.arrays["outside_vectors"]
        self._resumed_at = self._tokens_done()

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Everything ready for `step`: workers, if any, run until the block ends."""
        start, self._start = self._start, ()
        with self._start_rounds(*start) as self._rounds:
            del start  # the workers have copies
            self._saved_at = self._started_at = time.monotonic()
            yield

    def _start_rounds(
        self, center: FloatArray, outside: FloatArray
    ) -> AbstractContextManager[Rounds]:
        fixed = self._corpus, center, outside, self._server
        if self._shards:
            return start_legs(self._plan, self._shards, *fixed)
        return start_rounds(self._plan, *fixed)

    def step(self) -> bool:
        first = self.state.round_number
        last = min(self.schedule.end_of_epoch(first), first + self._rounds.rounds_at_a_time)
        for loss, num_pairs in self._rounds.run_rounds(first, last):
            self._check_finite("The loss", loss)
            self.state.add(loss, num_pairs, self.schedule)
        epoch_ends = self.schedule.ends_epoch(self.state.round_number)
        if epoch_ends:
            self._check_finite("A vector", self.center_vectors, self.outside_vectors)
        self._was_stopped = self._corpus.team.together(self._is_told_to_stop)
        (stopped,) = self._corpus.team.largest(self._was_stopped)
        self._was_stopped = bool(stopped)
        is_late = time.monotonic() - self._saved_at > CHECKPOINT_SECONDS
        return epoch_ends or is_late or self._was_stopped

    def _is_told_to_stop(self):
        """Show the progress; only the first rank's callback sees it."""
        if not self._callback or self._corpus.team.rank > 0:
            return False
        try:
            return self._callback(self._progress()) is True
        except StopTraining:
            return True

    def checkpoint(self) -> Checkpoint:
        arrays = {"center_vectors": self.center_vectors, "outside_vectors": self.outside_vectors}
        self._check_finite("A vector", *arrays.values())
        self._saved_at = time.monotonic()
        return Checkpoint(self.settings, asdict(self.state), arrays)

    def _tokens_done(self) -> int:
        """Tokens of the corpus, subsampled or not, that were trained so far."""
        return round(self.schedule.epochs_done(self.state.round_number) * self._corpus.num_tokens)

    def vectors(self) -> KeyedVectors:
        """A copy of the center vectors as they are now, with their words."""
        vocab = self._corpus.vocab
        return KeyedVectors.from_words(vocab.words, np.array(self.center_vectors), vocab.counts)

    def _progress(self) -> TrainingProgress:
        epoch_ends = self.schedule.ends_epoch(self.state.round_number)
        done = self._tokens_done()
        seconds = time.monotonic() - self._started_at
        return TrainingProgress(
            done=done,
            total=self._corpus.num_tokens * self.schedule.epochs,
            unit="word",
            loss=self.state.losses[-1] if epoch_ends else self.state.mean_loss,
            resumed_at=self._resumed_at,
            epoch=len(self.state.losses) + (not epoch_ends),
            epoch_ends=epoch_ends,
            words_per_second=(done - self._resumed_at) / seconds if seconds else 0.0,
            copy_vectors=self.vectors,
        )

    def _check_finite(self, what: str, *values: Any) -> None:
        if not all(np.isfinite(value).all() for value in values):
            latest = name_latest_checkpoint(self._checkpoint_dir)
            raise FloatingPointError(f"{what} became NaN or infinite. Lower alpha.{latest}")


def _check_corpus(corpus: EncodedCorpus, options: EngineOptions) -> None:
    """Raise ValueError if training cannot succeed, before it starts or workers are started."""
    check_two_words(corpus.vocab)
    if options.loss == "neg_sampling":
        noise_distribution(corpus.vocab.counts, options.ns_exponent)  # refuses an extreme exponent
    check_memory(
        2 * len(corpus.vocab) * options.vector_size * 4,  # both matrices
        f"Vectors of {len(corpus.vocab):,} words with vector_size {options.vector_size:,}",
        "Lower vector_size or raise min_count.",
    )
    if not corpus.has_pairs():
        raise ValueError(
            "No sentence has two words of the vocabulary, so there is no context to learn from. "
            "Lower min_count or bring more text."
        )


def _without_needless_sampling(corpus: EncodedCorpus, options: EngineOptions) -> EngineOptions:
    """The options with `sample` off, and a warning, where it would leave next to nothing."""
    keep = keep_probabilities(corpus.vocab.counts, options.sample)
    if (keep == 1).all() or corpus.has_pairs(keep, LEAST_PAIRS):
        return options
    warnings.warn(
        f"Subsampling (sample={options.sample:g}) would leave fewer than {LEAST_PAIRS} pairs of "
        "neighboring words an epoch: this corpus is too small for it, and is trained without. "
        "sample=0 says so from the start.",
        stacklevel=6,
    )
    return replace(options, sample=None)
