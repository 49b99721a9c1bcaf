"""The trainer: word vectors from a corpus, fast, reproducible and resumable."""

import contextlib
import os
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from ..checks import (
    check_callable,
    check_directory,
    check_finite,
    check_integer,
    check_memory,
    check_positive,
    check_training_arguments,
)
from ..corpus.encoded import encode
from ..corpus.vocab import check_two_words
from ..sampling import noise_distribution
from ..saving.checkpoint import (
    Checkpoint,
    fingerprint,
    load_latest_checkpoint,
    name_latest_checkpoint,
    save_checkpoint,
)
from ..saving.interrupts import held_back_signals
from ..saving.locks import lock_directory
from ..vectors.keyed_vectors import KeyedVectors
from .units import UNITS_PER_ROUND, Engine, Plan, Schedule, kind_of_model
from .workers import WorkerPool

CHECKPOINT_SECONDS = 60
# A smaller corpus is trained sooner than worker processes have started.
IDS_WORTH_A_WORKER = 500_000

DEFAULT_ALPHA = {"skipgram": 0.05, "cbow_mean": 0.2, "cbow_sum": 0.03}
# Beyond these, training is stable but the vectors become useless.
LARGEST_ALPHA = 1.0

CURVE_POINTS = 200


class Progress(NamedTuple):
    """What `Word2Vec.fit` tells its callback after each round."""

    tokens: int  # of all epochs, trained so far
    total_tokens: int
    epoch: int  # from 1
    loss: float  # mean a pair, of this epoch so far
    resumed_at: int  # tokens that an earlier run had trained; 0 if there was none to continue


class Word2Vec:
    """Trains word vectors; argument names as in gensim.

    Parameters
    ----------
    vector_size : int
        Length d of the vectors.
    window : int
        Largest distance between a word and an outside word, up to 1000. Each center of CBOW draws
        its own, 1 to `window`; skip-gram weighs its pairs by the chance of being within it.
    min_count : int
        Words that occur less often are left out.
    negative : int
        Negatives K that a pair counts for, up to 10,000. Those of neighboring centers are shared.
    ns_exponent : float
        Power of the counts in the distribution of the negatives.
    sample : float or None
        Relative frequency from which on words are thinned out; None thins out none.
    alpha, min_alpha : float
        The step falls on a straight line from `alpha` to `min_alpha`. None: 0.05 for skip-gram,
        0.2 for CBOW with the mean, 0.03 with the sum.
    epochs : int
    seed : int
        The same seed gives the same vectors, bit for bit, for any number of workers.
    workers : int, optional
        Processes, of which at most 4 find work. Default: as many as there are processors, fewer
        for a small corpus. On Windows always one.
    model : {"skipgram", "cbow"}
    loss : {"neg_sampling", "naive_softmax"}
    cbow_reduction : {"mean", "sum"}
        How CBOW combines the outside words. Its gradient is the true one for both.
    max_logits : int
        Naive softmax keeps at most about so many logits, of 4 bytes each, in memory at a time.

    Attributes
    ----------
    wv : KeyedVectors
        After `fit`: the center vectors, the most frequent word first.
    losses : list of float
        After `fit`: mean loss a pair (in CBOW: a center) of each epoch. On corpora of over three
        million words it is measured on one block of centers in 64.
    loss_curve : list of [epoch, loss]
        After `fit`: the same mean for each of up to 200 parts of the training, and where in the
        training the part ended: 2.5 is in the middle of the third epoch.

    Examples
    --------
    >>> sentences = [["tea", "is", "hot"], ["coffee", "is", "hot"]] * 50
    >>> model = Word2Vec(vector_size=4, min_count=1, sample=None).fit(sentences)
    >>> model.wv.vectors.shape, len(model.losses)
    ((4, 4), 5)
    """

    def __init__(
        self,
        *,
        vector_size=100,
        window=5,
        min_count=5,
        negative=5,
        ns_exponent=0.75,
        sample=1e-3,
        alpha=None,
        min_alpha=1e-4,
        epochs=5,
        seed=1,
        workers=None,
        model="skipgram",
        loss="neg_sampling",
        cbow_reduction="mean",
        max_logits=10_000_000,
    ):
        common = check_training_arguments(
            model=model,
            loss=loss,
            cbow_reduction=cbow_reduction,
            vector_size=vector_size,
            window=window,
            negative=negative,
            min_count=min_count,
            ns_exponent=ns_exponent,
            sample=sample,
            seed=seed,
        )
        self.min_count = common.pop("min_count")
        self.workers = workers if workers is None else check_integer("workers", workers, 1)
        if alpha is None:
            alpha = DEFAULT_ALPHA[kind_of_model(model, cbow_reduction)]
        alpha = check_positive("alpha", alpha)
        min_alpha = check_finite("min_alpha", min_alpha)
        if not 0 <= min_alpha <= alpha <= LARGEST_ALPHA:
            raise ValueError(
                f"min_alpha and alpha must be 0 <= min_alpha <= alpha <= {LARGEST_ALPHA:g}. "
                f"Got {min_alpha} and {alpha} instead."
            )
        self.plan = Plan(
            **common,
            alpha=alpha,
            min_alpha=min_alpha,
            epochs=check_integer("epochs", epochs, 1),
            max_logits=check_integer("max_logits", max_logits, 1),
        )

    def fit(self, corpus, *, checkpoint_dir=None, progress=False):
        """Train on a corpus.

        Parameters
        ----------
        corpus : str, path-like or iterable of lists of str
            A text file, one sentence a line, plain or compressed (``.gz``, ``.bz2``, ``.xz``); or
            sentences that can be iterated more than once.
        checkpoint_dir : str or path-like, optional
            Save here once a minute, after each epoch and on Ctrl-C or SIGTERM, and continue from
            what is saved here. The result has the same bits as that of an undisturbed run. The
            encoded corpus is kept here too.
        progress : bool or callable
            True shows a progress bar; a callable is called with a `Progress` after every
            round, or every few where there are workers.

        Returns
        -------
        Word2Vec
            Itself, with `wv` and `losses`.

        Raises
        ------
        CheckpointError
            If `checkpoint_dir` holds the checkpoint of another corpus or other settings.
        OSError, TypeError, ValueError
            If the corpus is missing, damaged, can be read only once, changes while it is read, or
            has nothing to learn from, also because `sample` is so small that no pair is left; or if
            the vectors would not fit into memory.
        FloatingPointError
            If the loss of a round or, looked at before each save and after each epoch, a vector
            becomes NaN or infinite. The last good checkpoint is kept.
        InUseError
            If another run uses `checkpoint_dir`.
        WorkerError
            If a worker process is killed.
        """
        if checkpoint_dir is not None:
            check_directory("checkpoint_dir", checkpoint_dir)
        if progress is not None and not isinstance(progress, bool):
            check_callable("progress", progress, ", or True or False")
        with contextlib.ExitStack() as stack:
            if checkpoint_dir is None:
                directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="word2vec-"))
            else:
                directory = Path(checkpoint_dir)
                stack.enter_context(lock_directory(directory))
            corpus = encode(corpus, directory, self.min_count)
            _check_corpus(corpus, self.plan)
            callback = stack.enter_context(_callback(progress))
            self._train(corpus, checkpoint_dir, callback)
        return self

    def _train(self, corpus, checkpoint_dir, callback):
        schedule = Schedule.of(len(corpus.ids), self.plan)
        state = _State.start(self.plan, corpus)
        settings = {
            **self.plan._asdict(),
            "min_count": self.min_count,
            "vocabulary": fingerprint([corpus.vocab.words, corpus.vocab.counts]),
            "corpus": corpus.fingerprint,
        }
        if saved := checkpoint_dir and load_latest_checkpoint(checkpoint_dir, settings):
            state = _State.restore(saved)
            del saved  # its arrays
        resumed_at = state.num_tokens(schedule, corpus.num_tokens)
        with contextlib.ExitStack() as stack:
            signals = []
            if checkpoint_dir:
                signals = stack.enter_context(held_back_signals())
            rounds = stack.enter_context(self._start_rounds(corpus, schedule, state))
            last_save = time.monotonic()
            while state.round < schedule.num_rounds:
                epoch = state.round // schedule.rounds_per_epoch
                epoch_end = (epoch + 1) * schedule.rounds_per_epoch
                pause = min(epoch_end, state.round + rounds.rounds_at_a_time)
                for loss, num_pairs in rounds.run_rounds(state.round, pause):
                    _check_finite("The loss", checkpoint_dir, loss)
                    state.add(loss, num_pairs, schedule)
                if callback:
                    callback(state.progress(schedule, corpus.num_tokens, resumed_at))
                stop = bool(signals)
                epoch_ends = state.round % schedule.rounds_per_epoch == 0
                if epoch_ends or stop or time.monotonic() - last_save > CHECKPOINT_SECONDS:
                    matrices = rounds.center_vectors, rounds.outside_vectors
                    _check_finite("A vector", checkpoint_dir, *matrices)
                    if checkpoint_dir:
                        state.save(checkpoint_dir, settings, rounds)
                    last_save = time.monotonic()
                if stop:
                    return
            vectors = np.array(rounds.center_vectors)
        self.wv = KeyedVectors.from_words(corpus.vocab.words, vectors, corpus.vocab.counts)
        self.losses = state.losses
        self.loss_curve = state.curve

    @contextlib.contextmanager
    def _start_rounds(self, corpus, schedule, state):
        """Something with `run_rounds` and both matrices: this process alone, or workers."""
        counts, num_workers = corpus.vocab.counts, self.workers
        if num_workers is None:
            num_ids = schedule.num_ids * schedule.epochs
            num_workers = max(1, min(_num_processors(), num_ids // IDS_WORTH_A_WORKER))
        num_workers = min(num_workers, UNITS_PER_ROUND)
        if os.name == "nt":
            num_workers = 1  # Windows cannot hand an open file on
        if num_workers > 1:
            with WorkerPool(self.plan, counts, corpus.path, *state.matrices, num_workers) as pool:
                state.matrices = None  # the workers have copies
                yield pool
        else:
            matrices = state.matrices
            # More threads would only disturb each other in products as small as ours.
            with threadpool_limits(limits=1, user_api="blas"):
                yield _LocalRounds(Engine(self.plan, counts, corpus.ids, *matrices), *matrices)


class _LocalRounds:
    """Rounds of training in this process; see `WorkerPool`."""

    rounds_at_a_time = 1

    def __init__(self, engine, center_vectors, outside_vectors):
        self._engine = engine
        self.center_vectors = center_vectors
        self.outside_vectors = outside_vectors

    def run_rounds(self, first, last):
        return [self.run_round(round_number) for round_number in range(first, last)]

    def run_round(self, round_number):
        units = self._engine.schedule.units_of(round_number)
        results = [self._engine.compute(unit) for unit in units]
        moves = [self._engine.moves(*pair) for pair in zip(units, results, strict=True)]
        for of_unit in moves:
            self._engine.apply(of_unit)
        loss = sum(float(result.loss) for result in results)
        return loss, sum(float(result.num_pairs) for result in results)


class _State:
    """Where training is: what a checkpoint must hold beside the vectors."""

    def __init__(
        self,
        matrices,
        round_number=0,
        losses=(),
        epoch_loss=0.0,
        epoch_pairs=0.0,
        curve=(),
        curve_loss=0.0,
        curve_pairs=0.0,
    ):
        self.matrices = matrices
        self.round = round_number
        self.losses = list(losses)  # of the epochs that are over
        self.epoch_loss = epoch_loss
        self.epoch_pairs = epoch_pairs
        self.curve = list(curve)
        self.curve_loss = curve_loss  # since its last point
        self.curve_pairs = curve_pairs

    @classmethod
    def start(cls, plan, corpus):
        """Center vectors uniform in [-1/2d, 1/2d), outside vectors zero, as in the C program."""
        shape = (len(corpus.vocab), plan.vector_size)
        rng = np.random.default_rng(plan.seed)
        center_vectors = (rng.random(shape, dtype=np.float32) - np.float32(0.5)) / plan.vector_size
        return cls((center_vectors, np.zeros(shape, dtype=np.float32)))

    @classmethod
    def restore(cls, checkpoint):
        arrays, state = checkpoint.arrays, checkpoint.state
        return cls((arrays["center_vectors"], arrays["outside_vectors"]), **state)

    def save(self, directory, settings, rounds):
        state = {
            "round_number": self.round,
            "losses": self.losses,
            "epoch_loss": self.epoch_loss,
            "epoch_pairs": self.epoch_pairs,
            "curve": self.curve,
            "curve_loss": self.curve_loss,
            "curve_pairs": self.curve_pairs,
        }
        arrays = {
            "center_vectors": rounds.center_vectors,
            "outside_vectors": rounds.outside_vectors,
        }
        save_checkpoint(directory, self.round, Checkpoint(settings, state, arrays))

    def add(self, loss, num_pairs, schedule):
        """Count in a round that was trained."""
        self.round += 1
        self.epoch_loss += loss
        self.epoch_pairs += num_pairs
        self._add_to_curve(loss, num_pairs, schedule)
        if self.round % schedule.rounds_per_epoch == 0:
            if not self.epoch_pairs:
                raise ValueError(
                    "Subsampling left not a single pair to learn from in a whole epoch. "
                    "Raise sample, set it to None, or bring more text."
                )
            self.losses.append(self.mean_loss)
            self.epoch_loss, self.epoch_pairs = 0.0, 0.0

    @property
    def mean_loss(self):
        return self.epoch_loss / (self.epoch_pairs or 1)

    def _add_to_curve(self, loss, num_pairs, schedule):
        self.curve_loss += loss
        self.curve_pairs += num_pairs
        rounds_per_point = -(-schedule.num_rounds // CURVE_POINTS)
        due = self.round % rounds_per_point == 0 or self.round == schedule.num_rounds
        if due and self.curve_pairs:
            epoch = self.round / schedule.rounds_per_epoch
            self.curve.append([epoch, self.curve_loss / self.curve_pairs])
            self.curve_loss, self.curve_pairs = 0.0, 0.0

    def num_tokens(self, schedule, tokens_per_epoch):
        """Tokens of the corpus, subsampled or not, that were trained so far."""
        epoch, place = divmod(self.round, schedule.rounds_per_epoch)
        share = min(1.0, place * UNITS_PER_ROUND / schedule.units_per_epoch)
        return round((epoch + share) * tokens_per_epoch)

    def progress(self, schedule, tokens_per_epoch, resumed_at):
        tokens = self.num_tokens(schedule, tokens_per_epoch)
        is_inside = self.round % schedule.rounds_per_epoch > 0
        loss = self.mean_loss if is_inside else self.losses[-1]
        epoch = len(self.losses) + is_inside
        return Progress(tokens, tokens_per_epoch * schedule.epochs, epoch, loss, resumed_at)


def _check_corpus(corpus, plan):
    """Raise ValueError if training cannot succeed, before it starts or workers are started."""
    check_two_words(corpus.vocab)
    if plan.loss == "neg_sampling":
        noise_distribution(corpus.vocab.counts, plan.ns_exponent)  # refuses an extreme exponent
    check_memory(
        2 * len(corpus.vocab) * plan.vector_size * 4,  # both matrices
        f"Vectors of {len(corpus.vocab):,} words with vector_size {plan.vector_size:,}",
        "Lower vector_size or raise min_count.",
    )
    end = len(corpus.vocab)
    # Two words in a row, somewhere; looked for in pieces, for the corpus may be large.
    size = 1 << 20
    for start in range(0, len(corpus.ids), size):
        is_word = corpus.ids[start : start + size + 1] < end
        if (is_word[1:] & is_word[:-1]).any():
            return
    raise ValueError(
        "No sentence has two words of the vocabulary, so there is no context to learn from. "
        "Lower min_count or bring more text."
    )


def _check_finite(what, checkpoint_dir, *values):
    if not all(np.isfinite(value).all() for value in values):
        latest = name_latest_checkpoint(checkpoint_dir)
        raise FloatingPointError(f"{what} became NaN or infinite. Lower alpha.{latest}")


def _num_processors():
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextlib.contextmanager
def _callback(progress):
    """A progress bar, or the caller's own function, or nothing."""
    if progress is not True:
        yield progress or None
        return
    from tqdm import tqdm  # only who wants a bar needs it

    with tqdm(unit="word", unit_scale=True) as bar:

        def show(progress):
            if not bar.n:  # what an earlier run has done must not count as speed
                bar.initial = bar.n = bar.last_print_n = progress.resumed_at
            bar.total = progress.total_tokens
            bar.set_postfix_str(f"epoch {progress.epoch}, loss {progress.loss:.4f}", refresh=False)
            bar.update(progress.tokens - bar.n)

        yield show
