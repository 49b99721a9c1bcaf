"""The trainer: word vectors from a corpus, fast, reproducible and resumable."""

from __future__ import annotations

import contextlib
import functools
import warnings
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from ..checks import FloatArray, StrPath, check_callable, check_directory
from ..corpus.encoded import EncodedCorpus, encode, place_for_encoding
from ..corpus.sentences import Texts
from ..corpus.vocab import Vocab
from ..huffman import HuffmanTree
from ..options import EngineOptions, defaults, unknown_argument
from ..saving.checkpoint import CheckpointError, OtherRunError
from ..saving.resumable import Interrupted, carry_out
from ..saving.team import Team
from ..vectors.keyed_vectors import KeyedVectors
from . import gensim_names
from .fork_server import ForkServer
from .model_file import Model, read_model, write_model
from .progress import ProgressBar
from .ranks import Ranks, check_ranks
from .rounds import server_started_early
from .start import begin_with, check_frozen, check_start, rows_of
from .training import Training, TrainingProgress

_DEFAULTS = defaults(EngineOptions)
# A training from the beginning whose loss stays above this share of what it was at first has hardly
# taught the vectors anything.
LEAST_FALL = 0.99
# What the first step of training on is of that of `fit`: a larger one forgets more.
STEP_OF_TRAINING_ON = 0.5
_LEARNED = ("wv", "outside_vectors", "tree", "losses", "loss_curve")


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
        Relative frequency from which on words are thinned out; 0 or None thins out none.
    alpha, min_alpha : float
        The step falls on a straight line from `alpha` to `min_alpha`. None: 0.075 for skip-gram,
        0.1 for it with hierarchical softmax, 0.3 for CBOW with the mean, 0.4 for it with
        hierarchical softmax, 0.03 for CBOW with the sum.
    epochs : int
    seed : int
        The same seed gives the same vectors, bit for bit, for any number of workers.
    workers : int, optional
        Processes, of which at most 16 find work. Default: the processors it may use, fewer
        for a small corpus. On Windows always one.
    model : {"skipgram", "cbow"}
    loss : {"neg_sampling", "hierarchical_softmax", "naive_softmax"}
    cbow_reduction : {"mean", "sum"}
        How CBOW combines the outside words. Its gradient is the true one for both.
    max_logits : int
        Naive softmax keeps at most about so many logits, of 4 bytes each, in memory at a time.
    shards : int
        1, 2, 4, 8, ...: into how many parts the text is cut that learn apart and are merged many
        times an epoch. So many machines can share the work (see `comm` of `fit`), and the vectors
        depend on it: more shards learn a little less well. 1 is best on one machine.

    Attributes
    ----------
    vector_size, window, ...
        Every argument, as it was given.
    wv : KeyedVectors
        After `fit`: the center vectors, the most frequent word first.
    outside_vectors : ndarray of float32, shape (V, d)
        After `fit`: the other matrix, in the order of `wv`. With hierarchical softmax those of the
        inner nodes of `tree`, (V - 1, d).
    tree : HuffmanTree or None
        After `fit` with hierarchical softmax: whose leaf w is word w of `wv`.
    losses : list of float
        After `fit`: mean loss a pair (in CBOW: a center) of each epoch, measured on a part
        of the text: all of it up to 100,000 words, one block of centers in 256 from 13 million on.
    loss_curve : list of [epoch, loss]
        After `fit`: the same mean for each of up to 200 parts of the training, and where in the
        training the part ended: 2.5 is in the middle of the third epoch.

    Raises
    ------
    TypeError
        If an argument is not known here; the message names the one that is meant.
    ValueError
        If a value is out of range.

    Notes
    -----
    `train_classic` is the same to be read: `sgd` on random batches of windows. The two differ on
    purpose in what an update is made of. Here every token is a center once an epoch; there a
    sentence is drawn first and then one of its tokens, so words of short sentences come more often,
    and sentences are cut after 1,000 words.

    Examples
    --------
    >>> sentences = [["tea", "is", "hot"], ["coffee", "is", "hot"]] * 50
    >>> model = Word2Vec(vector_size=4, min_count=1, sample=None).fit(sentences)
    >>> model.wv.vectors.shape, len(model.losses)
    ((4, 4), 5)
    >>> model
    Word2Vec(vector_size=4, min_count=1, sample=None)
    """

    wv: KeyedVectors
    outside_vectors: FloatArray
    tree: HuffmanTree | None
    losses: list[float]
    loss_curve: list[list[float]]
    _rare: dict[str, int]  # counts of the words that have no row
    _num_trainings: int

    def __init__(
        self,
        *,
        vector_size: int = _DEFAULTS["vector_size"],
        window: int = _DEFAULTS["window"],
        min_count: int = _DEFAULTS["min_count"],
        negative: int = _DEFAULTS["negative"],
        ns_exponent: float = _DEFAULTS["ns_exponent"],
        sample: float | None = _DEFAULTS["sample"],
        alpha: float | None = _DEFAULTS["alpha"],
        min_alpha: float = _DEFAULTS["min_alpha"],
        epochs: int = _DEFAULTS["epochs"],
        seed: int = _DEFAULTS["seed"],
        workers: int | None = _DEFAULTS["workers"],
        model: str = _DEFAULTS["model"],
        loss: str = _DEFAULTS["loss"],
        cbow_reduction: str = _DEFAULTS["cbow_reduction"],
        max_logits: int = _DEFAULTS["max_logits"],
        shards: int = _DEFAULTS["shards"],
        **unknown: Any,
    ) -> None:
        if unknown:
            raise unknown_argument(
                "Word2Vec", next(iter(unknown)), _DEFAULTS, gensim_names.ARGUMENTS
            )
        self.vector_size = vector_size
        self.window = window
        self.min_count = min_count
        self.negative = negative
        self.ns_exponent = ns_exponent
        self.sample = sample
        self.alpha = alpha
        self.min_alpha = min_alpha
        self.epochs = epochs
        self.seed = seed
        self.workers = workers
        self.model = model
        self.loss = loss
        self.cbow_reduction = cbow_reduction
        self.max_logits = max_logits
        self.shards = shards
        # Refuses what is out of range, while it can still be seen where it is from.
        _ = self.options

    @property
    def options(self) -> EngineOptions:
        """The arguments, checked, with `alpha` as the model's default where it is None."""
        return EngineOptions(**self.get_params())

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The constructor's arguments by name, as scikit-learn asks for them.

        Parameters
        ----------
        deep : bool
            Without effect: no argument has parameters of its own.
        """
        return {name: getattr(self, name) for name in _DEFAULTS}

    def set_params(self, **params: Any) -> Word2Vec:
        """Change some of the constructor's arguments; returns the trainer itself.

        Raises
        ------
        TypeError, ValueError
            As the constructor; then nothing is changed.
        """
        Word2Vec(**self.get_params() | params)
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        given = self.get_params().items()
        changed = [f"{name}={value!r}" for name, value in given if value != _DEFAULTS[name]]
        return f"Word2Vec({', '.join(changed)})"

    def __getattr__(self, name: str) -> Any:
        if name in _LEARNED:
            raise AttributeError(
                f"This Word2Vec has no {name} yet, because it is not trained: call fit(corpus)."
            )
        if name in gensim_names.ATTRIBUTES:
            raise AttributeError(f"Word2Vec has no {name!r}: {gensim_names.ATTRIBUTES[name]}.")
        raise AttributeError(f"'Word2Vec' object has no attribute {name!r}")

    def fit(
        self,
        corpus: Texts,
        *,
        start: KeyedVectors | Word2Vec | None = None,
        frozen: bool | Iterable[str] = False,
        checkpoint_dir: StrPath | None = None,
        progress: bool | Callable[[TrainingProgress], Any] = False,
        comm: Any = None,
    ) -> Word2Vec:
        """Train on a corpus, from the beginning: what was learned before is forgotten.

        Parameters
        ----------
        corpus : str, path-like or iterable of lists of str
            A text file, one sentence a line, plain or compressed (``.gz``, ``.bz2``, ``.xz``); a
            directory of such files, a pattern such as ``"texts/*.gz"``, or a list of files, which
            are read one after another; or sentences that can be iterated more than once, also a
            pandas Series of lists or texts.
        start : KeyedVectors or Word2Vec, optional
            Words that it knows begin with its vectors instead of random ones; those of a
            `Word2Vec` also with its outside vectors, unless they are those of a tree. Any vectors
            of `vector_size` numbers will do, such as gensim's or GloVe's.
        frozen : bool or iterable of str
            Words that `start` knows and whose center vectors stay as they are, bit for bit, while
            the others learn beside them: True for all that it knows. Their outside vectors learn.
        checkpoint_dir : str or path-like, optional
            Save here once a minute, after each epoch and on Ctrl-C or SIGTERM, and continue from
            what is saved here. The result has the same bits as that of an undisturbed run. The
            encoded corpus is kept here too.
        progress : bool or callable
            True shows a progress bar; a callable is called with a `TrainingProgress` after every
            round, or every few where there are workers. Training ends, as if it were done, when
            it returns True or raises `StopTraining`; see `EarlyStopping`. With `comm`, only that
            of the first rank is called.
        comm : mpi4py.MPI.Comm, optional
            Share the work with the other ranks of this communicator, which must make the same
            call: 1, 2, 4, ... up to as many as there are `shards`. The result has the same bits
            for any number of them, and as without. Each rank reads the text of its own shards
            only, and encodes it in `checkpoint_dir` or among its temporary files; the first rank
            saves. See docs/scale.md.

        Returns
        -------
        Word2Vec
            Itself, with `wv`, `outside_vectors` and `losses`; on every rank.

        Raises
        ------
        CheckpointError
            If `checkpoint_dir` holds the checkpoint of another corpus or other settings. Where only
            `epochs` differ and that run is done, the message says how to train on.
        OSError, TypeError, ValueError
            If the corpus is missing, damaged, can be read only once, changes while it is read, or
            has nothing to learn from, also because `sample` is so small that no pair is left; if
            the vectors would not fit into memory; or if `start` or `frozen` do not fit.
        FloatingPointError
            If the loss of a round or, looked at before each save and after each epoch, a vector
            becomes NaN or infinite. The last good checkpoint is kept.
        KeyboardInterrupt, Interrupted
            If Ctrl-C or SIGTERM came; Interrupted if the program's own handler returned. The model
            then has `wv`, `outside_vectors` and `losses` as learned so far.
        InUseError
            If another run uses `checkpoint_dir`.
        WorkerError
            If a worker process is killed.
        RankError
            If another rank has failed; it raises its own error.

        Warns
        -----
        UserWarning
            If the text looks as if it was not tokenized, is too little for `sample` to thin it out,
            or has hardly taught the vectors anything in so few epochs.
        """
        team = Team() if comm is None else Ranks(comm)
        with team.or_abort(), contextlib.ExitStack() as stack:
            options, fixed = team.together(
                lambda: self._check_fit(start, frozen, checkpoint_dir, progress)
            )
            team.together(lambda: check_ranks(team, options, checkpoint_dir))
            outside: np.ndarray | None = None
            if isinstance(start, Word2Vec):
                # Nodes of another tree ask other questions.
                is_of_words = start.tree is None and options.loss != "hierarchical_softmax"
                outside, start = start.outside_vectors if is_of_words else None, start.wv
            self._forget()
            place = place_for_encoding(checkpoint_dir, team.rank)
            directory = team.together(lambda: stack.enter_context(place))
            early = server_started_early(options, corpus, team.neighbors)
            server = team.together(lambda: stack.enter_context(early))
            keep, shards = checkpoint_dir is not None, options.shards
            encoded = encode(
                corpus, directory, options.min_count, shards=shards, team=team, keep=keep
            )
            begin = None
            if start is not None:
                begin = begin_with(start, outside, encoded.vocab, options)
            self._train(encoded, options, begin, None, fixed, 1, checkpoint_dir, progress, server)
        return self

    def _check_fit(self, start, frozen, checkpoint_dir, progress):
        """The options and what is frozen, if `fit` can begin with its arguments."""
        options = self.options
        _check_run(checkpoint_dir, progress)
        if isinstance(start, Word2Vec):
            start = start.wv
        if start is not None:
            check_start(start, options)
        return options, check_frozen(frozen, start)

    def partial_fit(
        self,
        corpus: Texts,
        *,
        epochs: int | None = None,
        alpha: float | None = None,
        min_alpha: float | None = None,
        grow: bool = True,
        frozen: bool | Iterable[str] = False,
        checkpoint_dir: StrPath | None = None,
        progress: bool | Callable[[TrainingProgress], Any] = False,
    ) -> Word2Vec:
        """Train on, with more text.

        Counts add up over all text seen, so a word gets a row as soon as all texts together have
        it `min_count` times; subsampling and negatives follow the sums. A model that was never
        trained begins with this text, as by `fit`.

        Parameters
        ----------
        corpus : str, path-like or iterable of lists of str
            As for `fit`.
        epochs : int, optional
            Passes over this text; by default as many as `fit` makes.
        alpha, min_alpha : float, optional
            The step falls from `alpha` to `min_alpha` over these epochs; by default from half
            of the `alpha` of `fit`, so that less is forgotten. A first training begins as `fit`.
        grow : bool
            Whether words may be new. A new word's center vector begins as random as those of the
            first words, its outside vector with zeros.
        frozen : bool or iterable of str
            Known words whose center vectors stay as they are during this training, as in `fit`:
            True for all that are known before it, so that only new words move.
        checkpoint_dir, progress
            As for `fit`. A directory holds one training: take another than before.

        Returns
        -------
        Word2Vec
            Itself. `losses` and `loss_curve` go on where they were.

        Raises
        ------
        As `fit`. What was learned before is left as it was.

        Notes
        -----
        The same seed and the same texts in the same order give the same bits, for any number of
        workers. Rows are sorted anew by the sums of the counts, the most frequent word first.
        """
        changed = {"epochs": epochs, "alpha": alpha, "min_alpha": min_alpha}
        changed = {name: value for name, value in changed.items() if value is not None}
        options = EngineOptions(**self.get_params() | changed)
        _check_run(checkpoint_dir, progress)
        is_new = "wv" not in self.__dict__
        fixed = check_frozen(frozen, None if is_new else self.wv)
        if is_new:
            number, seen, only = 1, {}, None
        else:
            number = self._num_trainings + 1
            seen = self._counts() | self._rare
            only = None if grow else self.wv.index_to_key
            self._check_same_kind(options)
        place, early = place_for_encoding(checkpoint_dir), server_started_early(options, corpus)
        with place as directory, early as server:
            encoded = encode(
                corpus, directory, options.min_count, seen=seen, only=only, shards=options.shards
            )
            begin = tree = None
            if number > 1:
                # Every training draws its own random numbers, all decided by the one seed.
                drawn = np.random.SeedSequence([options.seed, number]).generate_state(2, np.uint64)
                options = replace(options, seed=int(drawn[0]))
                if alpha is None:
                    first = max(options.alpha * STEP_OF_TRAINING_ON, options.min_alpha)
                    options = replace(options, alpha=first)
                tree = self._grown_tree(self.tree, encoded.vocab) if self.tree else None
                begin = begin_with(self.wv, self.outside_vectors, encoded.vocab, options)
            self._train(
                encoded, options, begin, tree, fixed, number, checkpoint_dir, progress, server
            )
        return self

    def _check_same_kind(self, options: EngineOptions) -> None:
        """Raise ValueError if the outside vectors are of words and would have to be of nodes."""
        if (self.tree is not None) != (options.loss == "hierarchical_softmax"):
            raise ValueError(
                "What was trained with hierarchical softmax has vectors of the nodes of a tree, "
                "with other losses of words, and neither can become the other. Set loss to what it "
                "was, or call fit(corpus, start=model)."
            )

    def _grown_tree(self, tree: HuffmanTree, vocab: Vocab) -> HuffmanTree:
        """The tree of a training, with the words that `vocab` has beside those of the model."""
        row_of = {word: row for row, word in enumerate(vocab.words)}
        lost = [word for word in self.wv.index_to_key if word not in row_of]
        if lost:
            raise ValueError(
                f"With min_count={self.min_count} the word {lost[0]!r} would lose its row, but the "
                "tree of hierarchical softmax can only grow. Set min_count to what it was."
            )
        return tree.grown([row_of[word] for word in self.wv.index_to_key], vocab.counts)

    def _train(
        self,
        encoded: EncodedCorpus,
        options: EngineOptions,
        begin: tuple[np.ndarray, np.ndarray] | None,
        tree: HuffmanTree | None,
        frozen: set[str],
        number: int,
        checkpoint_dir: StrPath | None,
        progress: bool | Callable[[TrainingProgress], Any],
        server: ForkServer | None,
    ) -> None:
        """Train, and keep what was learned, also if that was stopped before its end."""
        with _callback(progress) as callback:
            team = encoded.team
            rows = rows_of(frozen, encoded.vocab)
            kept: Any = {"frozen": rows, "tree": tree, "server": server}
            make: Any = functools.partial(
                Training, options, encoded, checkpoint_dir, callback, begin, **kept
            )
            training = team.together(make)
            team.together(lambda: team.check_same(training.settings))
            try:
                carry_out(training, checkpoint_dir, training.running, True, team)
            except OtherRunError as error:
                _refuse_more_epochs(error, options.epochs)
                raise
            except (KeyboardInterrupt, Interrupted):
                if training.position:
                    self._keep(training, encoded, number)
                raise
        self._keep(training, encoded, number)
        if begin is None and len(self.losses) == options.epochs:
            _warn_if_hardly_trained(self.loss_curve, options.epochs)

    def _keep(self, training: Training, encoded: EncodedCorpus, number: int) -> None:
        before = (self.losses, self.loss_curve) if "wv" in self.__dict__ else ([], [])
        # Where the curve ends: one that was stopped may have ended within an epoch.
        num_epochs = before[1][-1][0] if before[1] else 0
        self.wv = training.vectors()
        self.outside_vectors = np.array(training.outside_vectors)
        self.tree = training.tree
        self.losses = before[0] + training.state.losses
        self.loss_curve = before[1] + [
            [num_epochs + epoch, loss] for epoch, loss in training.state.curve
        ]
        self._rare, self._num_trainings = encoded.rare, number

    def _forget(self) -> None:
        """Let go of an earlier training: this one may end before there is anything to keep."""
        for name in _LEARNED:
            self.__dict__.pop(name, None)

    def _counts(self) -> dict[str, int]:
        counts = self.wv.expandos["count"].tolist()
        return dict(zip(self.wv.index_to_key, counts, strict=True))

    def save(self, path: StrPath) -> None:
        """Save the whole model in one file: what `load` needs to ask it and to train it on.

        Both matrices, the counts of all words ever seen, every argument, the losses. Nothing is
        pickled; the file carries a checksum, and appears under its name when it is complete.

        Parameters
        ----------
        path : str or path-like

        Raises
        ------
        AttributeError
            If the model is not trained.
        OSError
            If the file cannot be written; an older one is untouched.
        """
        params = {name: _plain(value) for name, value in self.get_params().items()}
        model = Model(
            params=params,
            counts=self._counts(),
            rare=self._rare,
            center_vectors=self.wv.vectors,
            outside_vectors=self.outside_vectors,
            losses=self.losses,
            loss_curve=self.loss_curve,
            num_trainings=self._num_trainings,
            tree=None if self.tree is None else self.tree.children,
        )
        write_model(path, model)

    @classmethod
    def load(cls, path: StrPath, mmap: bool = False) -> Word2Vec:
        """Load what `save` has saved.

        Parameters
        ----------
        path : str or path-like
        mmap : bool
            Map both matrices into memory, read-only, instead of reading them: at once, whatever
            their size, and shared by all processes that do so. `partial_fit` copies them.

        Returns
        -------
        Word2Vec

        Raises
        ------
        DamagedFileError
            If a byte of the file is not what was written. With `mmap`, the bytes of the matrices
            are not checked.
        ValueError
            If it is no model, or of a later version of the format.
        """
        model = read_model(path, mmap)
        trainer = cls(**model.params)
        counts = list(model.counts.values())
        trainer.wv = KeyedVectors.from_words(list(model.counts), model.center_vectors, counts)
        trainer.outside_vectors = model.outside_vectors
        trainer.tree = None if model.tree is None else HuffmanTree(model.tree)
        trainer.losses, trainer.loss_curve = model.losses, model.loss_curve
        trainer._rare, trainer._num_trainings = model.rare, model.num_trainings
        return trainer


def _check_run(checkpoint_dir: Any, progress: Any) -> None:
    if checkpoint_dir is not None:
        check_directory("checkpoint_dir", checkpoint_dir)
    if progress is not None and not isinstance(progress, bool):
        check_callable("progress", progress, ", or True or False")


def _refuse_more_epochs(error: OtherRunError, epochs: int) -> None:
    """Say how to train on, if a directory holds this very run, done in another number of epochs."""
    done, settings = len(error.checkpoint.state["losses"]), error.checkpoint.settings
    if error.differing == ["epochs"] and done == settings["epochs"]:
        raise CheckpointError(
            f"checkpoint_dir holds this run with epochs={done}, and it is done: its step has "
            f"fallen to the end, so epochs={epochs} is another run. To train on: the same call "
            f"with epochs={done} gives the trained model at once; then call partial_fit(corpus, "
            "epochs=...) on it, with another checkpoint_dir or none, as on any model of "
            "Word2Vec.load. To begin anew, use another directory."
        ) from error


def _warn_if_hardly_trained(loss_curve: list[list[float]], epochs: int) -> None:
    """Warn if vectors that began at random are nearly as random as they were."""
    first, last = loss_curve[0][1], loss_curve[-1][1]
    if len(loss_curve) > 1 and last > LEAST_FALL * first:
        warnings.warn(
            f"The loss has hardly fallen, from {first:.4f} to {last:.4f}: the vectors are hardly "
            f"trained. Little text needs many more epochs than {epochs}, such as {20 * epochs}.",
            stacklevel=4,
        )


def _plain(value: Any) -> Any:
    """A NumPy number as the Python number that JSON can hold."""
    return value.item() if isinstance(value, np.generic) else value


@contextlib.contextmanager
def _callback(progress):
    """A progress bar, or the caller's own function, or nothing."""
    if progress is not True:
        yield progress or None
        return
    with ProgressBar() as bar:
        yield bar.show
