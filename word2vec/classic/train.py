"""Word vectors the classic way: plain SGD over random batches of context windows."""

import numpy as np
from threadpoolctl import threadpool_limits

from ..checks import (
    check_callable,
    check_directory,
    check_integer,
    check_memory,
    check_positive,
    check_training_arguments,
)
from ..corpus.sentences import check_same_counts, check_sentences, encode_corpus, source_name
from ..corpus.vocab import Vocab, check_two_words
from ..sampling import AliasTable, noise_distribution
from ..saving.checkpoint import fingerprint
from ..sgd import sgd
from ..vectors.keyed_vectors import KeyedVectors
from .objective import initial_parameters, word2vec_objective
from .windows import WindowSampler


def train_classic(
    sentences,
    *,
    model="skipgram",
    loss="neg_sampling",
    cbow_reduction="mean",
    vector_size=10,
    window=5,
    negative=10,
    ns_exponent=0.75,
    sample=1e-3,
    min_count=1,
    step=3.0,
    anneal_every=20_000,
    iterations=40_000,
    batch_size=50,
    seed=0,
    checkpoint_dir=None,
    checkpoint_every=5000,
    callback=None,
):
    """Train word vectors by minimising the loss of random batches of context windows with `sgd`.

    Parameters
    ----------
    sentences : iterable of lists of str
        The corpus; it is read twice, so it must not be a generator that can be read once.
        `LineSentences` reads a text file.
    model : {"skipgram", "cbow"}
    loss : {"neg_sampling", "naive_softmax"}
    cbow_reduction : {"mean", "sum"}
        How CBOW combines the vectors of the outside words.
    vector_size, window, min_count : int
        Length of the vectors, largest distance of an outside word (up to 1000), and how often a
        word must occur.
    negative : int
        Negatives for each target word, up to 10,000.
    ns_exponent : float
        Power of the counts in the noise distribution.
    sample : float or None
        Threshold for the subsampling of frequent words.
    step, anneal_every, iterations
        As for `sgd`. The loss, and so the step, refers to the mean over the batch.
    batch_size : int
        Windows in a batch.
    seed : int
    checkpoint_dir, checkpoint_every, callback
        As for `sgd`.

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
    TypeError, ValueError
        If an argument is out of range, or the corpus is no list of lists of words, changes while it
        is read, or is too small to learn from.
    FloatingPointError
        If the loss or the vectors become NaN or infinite, because the step is too large.
    """
    arguments = check_training_arguments(
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
    for name, value in {
        "iterations": iterations,
        "batch_size": batch_size,
        "checkpoint_every": checkpoint_every,
    }.items():
        check_integer(name, value, 1)
    if anneal_every is not None:
        check_integer("anneal_every", anneal_every, 1)
    if not callable(step):
        check_positive("step", step, " or a function")
    if checkpoint_dir is not None:
        check_directory("checkpoint_dir", checkpoint_dir)
    if callback is not None:
        check_callable("callback", callback, ", or None")
    check_sentences("sentences", sentences)

    vocab = Vocab.from_sentences(sentences, min_count)
    check_two_words(vocab)
    corpus = encode_corpus(sentences, vocab)
    counted_again = np.bincount(corpus.tokens, minlength=len(vocab))
    check_same_counts(source_name(sentences, "sentences"), vocab.counts, counted_again)
    _check_memory(len(vocab), vector_size, batch_size, negative if loss == "neg_sampling" else None)
    sampler = WindowSampler(corpus, vocab.counts, window, sample)
    noise = None
    if loss == "neg_sampling":
        noise = AliasTable(noise_distribution(vocab.counts, ns_exponent))
    rng = np.random.default_rng(seed)
    f = word2vec_objective(
        sampler,
        noise,
        rng,
        batch_size=batch_size,
        num_negatives=negative,
        model=model,
        reduction=cbow_reduction,
    )
    settings = {
        **arguments,
        "batch_size": batch_size,
        "vocabulary": fingerprint([vocab.words, vocab.counts]),
        "corpus": f"{len(corpus.tokens)} tokens, {fingerprint(corpus.tokens)}",
    }
    # Products as small as these only lose by more threads, and their number would change the bits.
    with threadpool_limits(limits=1, user_api="blas"):
        parameters = sgd(
            f,
            initial_parameters(len(vocab), vector_size, rng),
            step,
            iterations,
            anneal_every=anneal_every,
            checkpoint_dir=checkpoint_dir,
            checkpoint_every=checkpoint_every,
            settings=settings,
            callback=callback,
            rng=rng,
        )
    return KeyedVectors.from_words(vocab.words, parameters[: len(vocab)], vocab.counts)


def _check_memory(vocab_size, vector_size, batch_size, num_negatives):
    check_memory(
        4 * vocab_size * vector_size * 8,  # both matrices, and a copy where they start
        f"Vectors of {vocab_size:,} words with vector_size {vector_size:,}",
        "Lower vector_size or raise min_count.",
    )
    row = vocab_size if num_negatives is None else (1 + num_negatives) * vector_size
    check_memory(
        batch_size * row * 8,
        f"A batch with batch_size {batch_size:,}",
        "Lower batch_size, negative or vector_size.",
    )
