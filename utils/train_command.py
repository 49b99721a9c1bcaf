"""The command `run.py train`: trains word vectors and writes what they learned into files."""

import argparse
import json
import shutil
import time
from pathlib import Path

import numpy as np

import word2vec
from utils.optimizers import train_with_engine, train_with_sgd
from utils.pictures import save_training_pictures
from utils.treebank import DATA_DIR, StanfordSentiment, default_path
from word2vec.corpus.textfile import check_text_file
from word2vec.options import DEFAULT_ALPHA, EngineOptions
from word2vec.saving.files import atomic_write
from word2vec.saving.locks import lock_directory

# What suits one corpus does not suit another: a text of unknown size, the treebank, data/sample.
COMMON = {
    "model": "skipgram",
    "loss": "neg_sampling",
    "cbow_reduction": "mean",
    "window": 5,
    "seed": 1,
}
ENGINE = COMMON | {
    "vector_size": 100,
    "negative": 5,
    "sample": 1e-3,
    "min_count": 5,
    "epochs": 5,
    "alpha": None,  # DEFAULT_ALPHA of the model
    "workers": None,  # one for each processor, fewer for a small corpus
}
# Little text: short vectors, so that the plane of the picture shows much of them, and many passes.
ENGINE_ON_LITTLE = ENGINE | {"vector_size": 10, "negative": 10, "min_count": 1}
SGD = COMMON | {
    "vector_size": 10,
    "negative": 10,
    "sample": 1e-3,
    "min_count": 1,
    "step": 3.0,
    "anneal_every": 20_000,
    "iterations": 40_000,
    "batch_size": 50,
    "checkpoint_every": 5000,
}
DEFAULTS = {
    "engine": {
        "text": ENGINE,
        "treebank": ENGINE_ON_LITTLE | {"epochs": 30},
        "data/sample": ENGINE_ON_LITTLE | {"epochs": 20},
    },
    "sgd": {
        "text": SGD,
        "treebank": SGD | {"sample": 5e-5},
        "data/sample": SGD | {"iterations": 10_000, "anneal_every": 2500},
    },
}
TRAIN_WITH = {"engine": train_with_engine, "sgd": train_with_sgd}

NEIGHBORS_OF = ("great", "boring", "woman", "coffee")
NEIGHBORS_AMONG = 2000  # the most frequent words

DESCRIPTION = """\
Trains word vectors with word2vec in plain NumPy and shows what they learned. This is the command
meant when none is named; the others, which use trained vectors, are listed below.

Without arguments it reads the Stanford Sentiment Treebank if ./get_datasets.sh has put it into
data/, else the small made-up sample in data/sample. It writes into the output directory:
  vectors.txt        the vectors, in word2vec's text format
  word_vectors.png   some of the words, projected onto a plane
  loss.png           the loss during training
  metrics.json       settings, losses and times
The defaults in [] are those for a text; what suits the treebank and data/sample better is named.
Ctrl-C saves a checkpoint; the same command again continues as if nothing had happened.
"""
EPILOG = """\
examples:
  python run.py
  python run.py --model cbow --loss naive_softmax
  python run.py --corpus my_text.txt.gz --vector-size 200 --output my_vectors
  python run.py --optimizer sgd                                the loop of the course
  python run.py --optimizer sgd --step 0.3 --sample 1e-5       with the course's own settings

other commands (python run.py COMMAND --help explains each):
  neighbors          the words most similar to given ones
  analogy            man is to king as woman is to ...
  evaluate           how well vectors agree with people
  convert            from one file format of vectors to another
  plot               a picture of given words
  export-projector   files for the Embedding Projector
  sentiment          classify the treebank's sentences by their vectors
"""


def add_train_command(commands):
    """Add the parser of the command to argparse's `commands`."""
    parser = commands.add_parser(
        "train",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(command=train)

    group = parser.add_argument_group("data")
    corpus = group.add_mutually_exclusive_group().add_argument
    corpus(
        "--corpus",
        metavar="FILE",
        help="a text file instead, of any size: UTF-8, one sentence a line, words between spaces; "
        "plain, .gz, .bz2 or .xz",
    )
    corpus("--treebank", metavar="DIR", help="the directory of a treebank in SST's classic layout")
    add = group.add_argument
    add("--output", metavar="DIR", default="output", help="where results go [%(default)s]")
    add("--restart", action="store_true", help="forget the checkpoint of an unfinished run")

    add = parser.add_argument_group("optimizer").add_argument
    add(
        "--optimizer",
        choices=list(DEFAULTS),
        default="engine",
        help="engine: word2vec.Word2Vec, many windows at once, for corpora of any size; sgd: the "
        "classic loop over random batches of windows, easy to follow [%(default)s]",
    )

    def add(option, help, group, **keywords):
        shown = describe_defaults(option.removeprefix("--").replace("-", "_"))
        group.add_argument(option, help=f"{help} [{shown}]", **keywords)

    group = parser.add_argument_group("model, for both optimizers")
    add(
        "--model",
        "skipgram: the center word predicts each word around it; cbow: they predict it",
        group,
        choices=["skipgram", "cbow"],
    )
    add(
        "--loss",
        "neg_sampling: against a few drawn words, fast; naive_softmax: against the whole "
        "vocabulary, slow",
        group,
        choices=["neg_sampling", "naive_softmax"],
    )
    add(
        "--cbow-reduction",
        "how cbow combines the vectors of the words around",
        group,
        choices=["mean", "sum"],
    )
    add("--vector-size", "numbers in a word's vector", group, type=int)
    add("--window", "how far context reaches at most, in words", group, type=int)
    add("--negative", "drawn words for each true one", group, type=int)
    add(
        "--sample",
        "share of the text from which on a word is thinned out; 1 keeps all",
        group,
        type=float,
    )
    add("--min-count", "leave out words that occur less often", group, type=int)
    add("--seed", "the same seed gives the same vectors, bit for bit", group, type=int)

    group = parser.add_argument_group("engine only")
    add("--epochs", "passes over the corpus; little text needs more", group, type=int)
    add("--alpha", "the step at first; it falls to almost 0 on a straight line", group, type=float)
    add("--workers", "processes; the vectors do not depend on it", group, type=int)

    group = parser.add_argument_group("sgd only")
    add("--step", "the step of gradient descent at first", group, type=float)
    add("--anneal-every", "iterations after which it is halved, again and again", group, type=int)
    add("--iterations", "updates, each on a batch", group, type=int)
    add("--batch-size", "context windows in a batch", group, type=int)
    add("--checkpoint-every", "iterations between checkpoints", group, type=int)


def describe_defaults(name):
    """The defaults of an option, as its help shows them."""
    shown = {}
    for optimizer, defaults in DEFAULTS.items():
        if name not in defaults["text"]:
            continue
        values = {corpus: describe_value(name, of[name]) for corpus, of in defaults.items()}
        usual = values["text"]
        others = [f"{corpus} {value}" for corpus, value in values.items() if value != usual]
        shown[optimizer] = ", ".join([usual, *others])
    if len(set(shown.values())) == 1:
        return next(iter(shown.values()))
    return "; ".join(f"{optimizer}: {values}" for optimizer, values in shown.items())


def describe_value(name, value):
    if name == "alpha" and value is None:
        return ", ".join(f"{model} {alpha}" for model, alpha in DEFAULT_ALPHA.items())
    if name == "workers":
        return "one for each processor, fewer for a small corpus"
    return value if isinstance(value, str) else f"{value:g}"


# -------------------------------------------------------------------- training


def train(options):
    try:
        name, kind, corpus = load_corpus(options)
        settings = settings_for(options, kind)
        print(f"Training on: {name}", flush=True)
        with lock_directory(options.output):
            train_and_report(options, name, corpus, settings)
    except KeyboardInterrupt:
        print(
            "\nStopped. The same command continues from the last checkpoint, if training had "
            "begun; with --restart it begins anew."
        )
        raise


def load_corpus(options):
    """Name, kind (a key of the defaults) and text of the corpus."""
    if options.corpus:
        check_text_file(options.corpus)
        return options.corpus, "text", Path(options.corpus)
    if options.treebank:
        return options.treebank, "treebank", StanfordSentiment(options.treebank).sentences
    if default_path():
        return "Stanford Sentiment Treebank", "treebank", StanfordSentiment().sentences
    print("The Stanford Sentiment Treebank is not in data/; ./get_datasets.sh downloads it.")
    sentences = StanfordSentiment(DATA_DIR / "sample").sentences
    return "the small made-up sample in data/sample", "data/sample", sentences


def settings_for(options, kind):
    """Arguments of the optimizer: what was given, and defaults that suit the corpus.

    Raises
    ------
    ValueError
        If an option of the other optimizer was given.
    """
    settings = dict(DEFAULTS[options.optimizer][kind])
    for optimizer, defaults in DEFAULTS.items():
        for name in defaults[kind]:
            given = getattr(options, name)
            if given is None:
                continue
            if name not in settings:
                raise ValueError(
                    f"--{name.replace('_', '-')} is an option of --optimizer {optimizer}, but this "
                    f"is --optimizer {options.optimizer}. Leave it out, or choose {optimizer}."
                )
            settings[name] = given
    if settings.get("alpha", 0) is None:
        settings["alpha"] = EngineOptions(**settings).alpha
    return settings


def train_and_report(options, name, corpus, settings):
    """Train and write the results into the output directory."""
    output = Path(options.output)
    checkpoints = output / "checkpoints"
    if options.restart and checkpoints.exists():
        shutil.rmtree(checkpoints)

    started = time.perf_counter()
    training = TRAIN_WITH[options.optimizer](corpus, settings, checkpoints)
    seconds = time.perf_counter() - started

    training.vectors.save_word2vec_format(output / "vectors.txt")
    save_training_pictures(training, output)
    metrics = {
        "corpus": name,
        "optimizer": options.optimizer,
        "settings": settings,
        "vocabulary_size": len(training.vectors),
        "loss": training.loss,
        "kind_of_loss": training.loss_name,
        "training_seconds": round(seconds, 3),
        f"resumed_at_{training.unit}": training.resumed_at,
        "versions": {"word2vec": word2vec.__version__, "numpy": np.__version__},
        f"loss_by_{training.unit}": training.curves,
    }
    with atomic_write(output / "metrics.json", "w", encoding="utf-8") as file:
        json.dump(metrics, file, indent=2)
    shutil.rmtree(checkpoints)  # complete: the same command now trains anew

    print(f"{training.loss_name.capitalize()}: {training.loss:.3f}")
    print_neighbors(training.vectors)
    print(f"Wrote vectors.txt, word_vectors.png, loss.png and metrics.json into {output}")


def print_neighbors(vectors):
    """The nearest words of a few words that the corpus has."""
    asked = [word for word in NEIGHBORS_OF if word in vectors] or vectors.index_to_key[:4]
    for word in asked:
        # Rare words have learned too little to be believable neighbors.
        neighbors = vectors.most_similar(word, topn=5, restrict_vocab=NEIGHBORS_AMONG)
        print(f"{word:>10}: " + ", ".join(f"{other} {cosine:.2f}" for other, cosine in neighbors))
