"""The trainer: word vectors from a corpus, fast, reproducible and resumable."""

import contextlib
import os
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from .checkpoint import Checkpoint, fingerprint, load_latest_checkpoint, save_checkpoint
from .checks import check_choice, check_finite, check_integer
from .engine import UNITS_PER_ROUND, Engine, Plan, Schedule
from .idfile import encode
from .interrupts import held_back_signals
from .sampling import keep_probabilities
from .vectors import KeyedVectors
from .workers import WorkerPool

CHECKPOINT_SECONDS = 60
# A smaller corpus is trained sooner than worker processes have started.
IDS_WORTH_A_WORKER = 500_000

DEFAULT_ALPHA = {"skipgram": 0.05, "cbow": 0.1}
# Beyond these, training is stable but the vectors become useless.
LARGEST_ALPHA = 1.0


class Progress(NamedTuple):
    """What `Word2Vec.fit` tells its callback after each round."""

    tokens: int  # of all epochs, trained so far
    total_tokens: int
    epoch: int  # from 1
    loss: float  # mean a pair, of this epoch so far


class Word2Vec:
    """Trains word vectors; argument names as in gensim.

    Parameters
    ----------
    vector_size : int
        Length d of the vectors.
    window : int
        Largest distance between a word and an outside word; each center draws 1 to `window`.
    min_count : int
        Words that occur less often are left out.
    negative : int
        Negatives K that a pair counts for. Those of neighboring centers are shared.
    ns_exponent : float
        Power of the counts in the distribution of the negatives.
    sample : float or None
        Relative frequency from which on words are thinned out; None thins out none.
    alpha, min_alpha : float
        The step falls on a straight line from `alpha` to `min_alpha`. None: 0.05 for skip-gram,
        0.1 for CBOW.
    epochs : int
    seed : int
        The same seed gives the same vectors, bit for bit, for any number of workers.
    workers : int, optional
        Processes. Default: as many as there are processors, fewer for a small corpus.
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
        After `fit`: mean loss a pair (in CBOW: a center) of each epoch. On corpora of over two
        million words it is measured on every eighth block of 16 centers.

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
        check_choice("model", model, ("skipgram", "cbow"))
        check_choice("loss", loss, ("neg_sampling", "naive_softmax"))
        check_choice("cbow_reduction", cbow_reduction, ("mean", "sum"))
        alpha = DEFAULT_ALPHA[model] if alpha is None else alpha
        counts = {
            "vector_size": vector_size,
            "window": window,
            "min_count": min_count,
            "negative": negative,
            "epochs": epochs,
            "max_logits": max_logits,
        }
        for name, value in counts.items():
            check_integer(name, value, 1)
        check_integer("seed", seed, 0)
        if workers is not None:
            check_integer("workers", workers, 1)
        for name, value in {
            "alpha": alpha,
            "min_alpha": min_alpha,
            "ns_exponent": ns_exponent,
        }.items():
            check_finite(name, value)
        keep_probabilities([1], sample)  # refuses a threshold that is out of range
        if not 0 <= min_alpha <= alpha <= LARGEST_ALPHA:
            raise ValueError(
                f"min_alpha and alpha must be 0 <= min_alpha <= alpha <= {LARGEST_ALPHA:g}. "
                f"Got {min_alpha} and {alpha} instead."
            )
        self.min_count = min_count
        self.workers = workers
        self.plan = Plan(
            model=model,
            loss=loss,
            cbow_reduction=cbow_reduction,
            vector_size=vector_size,
            window=window,
            negative=negative,
            ns_exponent=ns_exponent,
            sample=sample,
            alpha=alpha,
            min_alpha=min_alpha,
            epochs=epochs,
            seed=seed,
            max_logits=max_logits,
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
            True shows a progress bar; a callable is called with a `Progress` after each round.

        Returns
        -------
        Word2Vec
            Itself, with `wv` and `losses`.

        Raises
        ------
        CheckpointError
            If `checkpoint_dir` holds the checkpoint of another corpus or other settings.
        FileNotFoundError, TypeError, ValueError
            If the corpus is missing, damaged, can be read only once, or has nothing to learn from,
            also because `sample` is so small that no pair is left.
        FloatingPointError
            If vectors become NaN or infinite.
        WorkerError
            If a worker process is killed.
        """
        with contextlib.ExitStack() as stack:
            if checkpoint_dir is None:
                directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="word2vec-"))
            else:
                directory = Path(checkpoint_dir)
                directory.mkdir(parents=True, exist_ok=True)
            corpus = encode(corpus, directory, self.min_count)
            _check_corpus(corpus)
            callback = stack.enter_context(_callback(progress))
            self._train(corpus, checkpoint_dir, callback)
        return self

    def _train(self, corpus, checkpoint_dir, callback):
        schedule = Schedule.of(len(corpus.ids), self.plan.epochs)
        state = _State.start(self.plan, corpus)
        settings = {
            **self.plan._asdict(),
            "min_count": self.min_count,
            "vocabulary": fingerprint([corpus.vocab.words, corpus.vocab.counts]),
            "corpus": corpus.fingerprint,
        }
        saved = checkpoint_dir and load_latest_checkpoint(checkpoint_dir, settings)
        if saved:
            state = _State.restore(saved)
        with contextlib.ExitStack() as stack:
            signals = []
            if checkpoint_dir:
                signals = stack.enter_context(held_back_signals())
            rounds = stack.enter_context(self._start_rounds(corpus, schedule, state))
            last_save = time.monotonic()
            while state.round < schedule.num_rounds:
                state.add(*rounds.run_round(state.round), schedule)
                if callback:
                    callback(state.progress(schedule, corpus.num_tokens))
                stop = bool(signals)
                epoch_ends = state.round % schedule.rounds_per_epoch == 0
                if epoch_ends or stop:
                    _check_finite_vectors(rounds, checkpoint_dir)
                due = epoch_ends or stop or time.monotonic() - last_save > CHECKPOINT_SECONDS
                if checkpoint_dir and due:
                    state.save(checkpoint_dir, settings, rounds)
                    last_save = time.monotonic()
                if stop:
                    return
            vectors = np.array(rounds.center_vectors)
        self.wv = KeyedVectors.from_words(corpus.vocab.words, vectors, corpus.vocab.counts)
        self.losses = state.losses

    @contextlib.contextmanager
    def _start_rounds(self, corpus, schedule, state):
        """Something with `run_round` and both matrices: this process alone, or workers."""
        counts, matrices = corpus.vocab.counts, state.matrices
        num_workers = self.workers
        if num_workers is None:
            num_ids = schedule.num_ids * schedule.epochs
            num_workers = max(1, min(_num_processors(), num_ids // IDS_WORTH_A_WORKER))
        num_workers = min(num_workers, UNITS_PER_ROUND)
        if num_workers > 1:
            with WorkerPool(self.plan, counts, corpus.path, *matrices, num_workers) as pool:
                yield pool
        else:
            # More threads would only disturb each other in products as small as ours.
            with threadpool_limits(limits=1, user_api="blas"):
                yield _LocalRounds(Engine(self.plan, counts, corpus.ids, *matrices), *matrices)


class _LocalRounds:
    """Rounds of training in this process; see `WorkerPool`."""

    def __init__(self, engine, center_vectors, outside_vectors):
        self._engine = engine
        self.center_vectors = center_vectors
        self.outside_vectors = outside_vectors

    def run_round(self, round_number):
        units = self._engine.schedule.units_of(round_number)
        results = [self._engine.compute(unit) for unit in units]
        for unit, result in zip(units, results, strict=True):
            gradients = result.grad_center_vectors, result.grad_outside_vectors
            self._engine.apply(unit, gradients)
        loss = sum(float(result.loss) for result in results)
        return loss, sum(result.num_pairs for result in results)


class _State:
    """Where training is: what a checkpoint must hold beside the vectors."""

    def __init__(self, matrices, round_number=0, losses=(), epoch_loss=0.0, epoch_pairs=0):
        self.matrices = matrices
        self.round = round_number
        self.losses = list(losses)  # of the epochs that are over
        self.epoch_loss = epoch_loss
        self.epoch_pairs = epoch_pairs

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
        if self.round % schedule.rounds_per_epoch == 0:
            if not self.epoch_pairs:
                raise ValueError(
                    "Subsampling left not a single pair to learn from in a whole epoch. "
                    "Raise sample, set it to None, or bring more text."
                )
            self.losses.append(self.mean_loss)
            self.epoch_loss, self.epoch_pairs = 0.0, 0

    @property
    def mean_loss(self):
        return self.epoch_loss / max(1, self.epoch_pairs)

    def progress(self, schedule, num_tokens):
        epoch, place = divmod(self.round, schedule.rounds_per_epoch)
        share = min(1.0, place * UNITS_PER_ROUND / schedule.units_per_epoch)
        loss = self.losses[-1] if place == 0 else self.mean_loss
        tokens = round((epoch + share) * num_tokens)
        return Progress(tokens, num_tokens * schedule.epochs, len(self.losses) + (place > 0), loss)


def _check_corpus(corpus):
    if len(corpus.vocab) < 2:
        raise ValueError(
            f"The vocabulary has a single word, {corpus.vocab.words[0]!r}: there is nothing to "
            "tell it from. Lower min_count or bring more text."
        )
    end = len(corpus.vocab)
    # Two words in a row, somewhere; looked for in pieces, for the corpus may be large.
    for start in range(0, len(corpus.ids), 1 << 20):
        piece = corpus.ids[start : start + (1 << 20) + 1] < end
        if (piece[1:] & piece[:-1]).any():
            return
    raise ValueError(
        "No sentence has two words of the vocabulary, so there is no context to learn from. "
        "Lower min_count or bring more text."
    )


def _check_finite_vectors(rounds, checkpoint_dir):
    if np.isfinite(rounds.center_vectors).all() and np.isfinite(rounds.outside_vectors).all():
        return
    hint = f" The last good checkpoint is in {checkpoint_dir}." if checkpoint_dir else ""
    raise FloatingPointError(f"Vectors became NaN or infinite. Lower alpha.{hint}")


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
            bar.total = progress.total_tokens
            bar.set_postfix_str(f"epoch {progress.epoch}, loss {progress.loss:.4f}", refresh=False)
            bar.update(progress.tokens - bar.n)

        yield show
