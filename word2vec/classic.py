"""Word vectors the classic way: plain SGD over random batches of context windows."""

import numpy as np
from threadpoolctl import threadpool_limits

from .checkpoint import fingerprint
from .checks import check_choice, check_finite, check_integer
from .corpus import encode_corpus
from .objective import initial_parameters, word2vec_objective
from .sampling import AliasTable, noise_distribution
from .sgd import sgd
from .vectors import KeyedVectors
from .vocab import Vocab
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
    model : {"skipgram", "cbow"}
    loss : {"neg_sampling", "naive_softmax"}
    cbow_reduction : {"mean", "sum"}
        How CBOW combines the vectors of the outside words.
    vector_size, window, min_count : int
        Length of the vectors, largest distance of an outside word, and how often a word must occur.
    negative : int
        Negatives for each target word.
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
    ValueError
        If an argument is out of range, or the corpus is too small to learn from.
    FloatingPointError
        If the loss or the vectors become NaN or infinite, because the step is too large.
    """
    check_choice("model", model, ("skipgram", "cbow"))
    check_choice("loss", loss, ("neg_sampling", "naive_softmax"))
    check_choice("cbow_reduction", cbow_reduction, ("mean", "sum"))
    for name, value in {
        "vector_size": vector_size,
        "window": window,
        "negative": negative,
        "min_count": min_count,
        "iterations": iterations,
        "batch_size": batch_size,
    }.items():
        check_integer(name, value, 1)
    check_integer("seed", seed, 0)
    check_finite("ns_exponent", ns_exponent)
    if iter(sentences) is sentences:
        raise ValueError(
            "sentences can be read only once, but are needed twice. Pass a list, or an object whose"
            " __iter__ starts anew, such as LineSentences."
        )
    vocab = Vocab.from_sentences(sentences, min_count)
    corpus = encode_corpus(sentences, vocab)
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
        "model": model,
        "loss": loss,
        "cbow_reduction": cbow_reduction,
        "window": window,
        "negative": negative,
        "ns_exponent": ns_exponent,
        "sample": sample,
        "batch_size": batch_size,
        "seed": seed,
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
