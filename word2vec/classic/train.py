"""Word vectors the classic way: plain SGD over random batches of context windows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from ..checks import StrPath, check_callable, check_directory, check_memory
from ..corpus.encoded import EncodedCorpus, encode, place_for_encoding
from ..corpus.sentences import Corpus
from ..corpus.vocab import check_two_words
from ..options import ClassicOptions, defaults, unknown_argument
from ..sampling import AliasTable, noise_distribution
from ..saving.checkpoint import fingerprint
from ..sgd import Objective, SgdProgress, sgd
from ..vectors.keyed_vectors import KeyedVectors
from .objective import initial_parameters, word2vec_objective
from .windows import Sentences, WindowSampler


def train_classic(
    corpus: Corpus,
    *,
    checkpoint_dir: StrPath | None = None,
    callback: Callable[[SgdProgress], Any] | None = None,
    **options: Any,
) -> KeyedVectors:
    """Train word vectors by minimising the loss of random batches of context windows with `sgd`.

    Parameters
    ----------
    corpus : str, path-like or iterable of lists of str
        As for `Word2Vec.fit`; it is held in memory. Sentences of over 1,000 words are cut.
    checkpoint_dir, callback
        As for `sgd`.
    **options
        The fields of `ClassicOptions`. Most mean what they do for `Word2Vec`:

        model : {"skipgram", "cbow"}
        loss : {"neg_sampling", "naive_softmax"}
        cbow_reduction : {"mean", "sum"}
        vector_size : int, 10
        window : int, 5
        min_count : int, 1
        negative : int, 10
            Negatives drawn for each target word.
        ns_exponent : float, 0.75
        sample : float or None, 1e-3
        seed : int, 1
        step : float or callable, 3.0
            As for `sgd`. The loss, and so the step, refers to the mean over the batch.
        anneal_every : int or None, 20,000
            As for `sgd`.
        iterations : int, 40,000
        batch_size : int, 50
            Windows in a batch: a sentence is drawn for each, and in it a token.
        checkpoint_every : int, 5000

    Returns
    -------
    KeyedVectors
        The center vectors, the most frequent word first, in float64.

    Raises
    ------
    CheckpointError
        If `checkpoint_dir` holds the checkpoint of another run.
    InUseError
        If another run uses `checkpoint_dir`.
    Interrupted
        As `sgd`.
    OSError, TypeError, ValueError
        If an argument is unknown or out of range, or the corpus is missing, damaged, no list of
        lists of words, changes while it is read, or is too small to learn from.
    FloatingPointError
        If the loss or the vectors become NaN or infinite, because the step is too large.
    """
    for name in options.keys() - defaults(ClassicOptions).keys():
        raise unknown_argument("train_classic", name, defaults(ClassicOptions))
    chosen = ClassicOptions(**options)
    if checkpoint_dir is not None:
        check_directory("checkpoint_dir", checkpoint_dir)
    if callback is not None:
        check_callable("callback", callback, ", or None")
    with place_for_encoding(checkpoint_dir) as directory:
        encoded = encode(corpus, directory, chosen.min_count, keep=checkpoint_dir is not None)
        sentences = Sentences.of(encoded)
    vocab = encoded.vocab
    check_two_words(vocab)
    _check_memory(len(vocab), chosen)
    rng = np.random.default_rng(chosen.seed)
    # Products as small as these only lose by more threads, and their number would change the bits.
    with threadpool_limits(limits=1, user_api="blas"):
        parameters = sgd(
            _objective(chosen, encoded, sentences, rng),
            initial_parameters(len(vocab), chosen.vector_size, rng),
            chosen.step,
            chosen.iterations,
            anneal_every=chosen.anneal_every,
            checkpoint_dir=checkpoint_dir,
            checkpoint_every=chosen.checkpoint_every,
            settings=_settings(chosen, encoded, sentences),
            callback=callback,
            rng=rng,
        )
    return KeyedVectors.from_words(vocab.words, parameters[: len(vocab)], vocab.counts)


def _objective(
    options: ClassicOptions, corpus: EncodedCorpus, sentences: Sentences, rng: np.random.Generator
) -> Objective:
    counts = corpus.vocab.counts
    noise = None
    if options.loss == "neg_sampling":
        noise = AliasTable(noise_distribution(counts, options.ns_exponent))
    return word2vec_objective(
        WindowSampler(sentences, counts, options.window, options.sample),
        noise,
        rng,
        batch_size=options.batch_size,
        num_negatives=options.negative,
        model=options.model,
        reduction=options.cbow_reduction,
    )


def _settings(
    options: ClassicOptions, corpus: EncodedCorpus, sentences: Sentences
) -> dict[str, Any]:
    """What must be the same for the result to be the same."""
    return options.settings() | {
        "vocabulary": fingerprint([corpus.vocab.words, corpus.vocab.counts]),
        "corpus": f"{len(sentences.tokens)} tokens, {corpus.fingerprint}",
    }


def _check_memory(vocab_size: int, options: ClassicOptions) -> None:
    check_memory(
        4 * vocab_size * options.vector_size * 8,  # both matrices, and a copy where they start
        f"Vectors of {vocab_size:,} words with vector_size {options.vector_size:,}",
        "Lower vector_size or raise min_count.",
    )
    row = (1 + options.negative) * options.vector_size
    if options.loss == "naive_softmax":
        row = vocab_size
    check_memory(
        options.batch_size * row * 8,
        f"A batch with batch_size {options.batch_size:,}",
        "Lower batch_size, negative or vector_size.",
    )
