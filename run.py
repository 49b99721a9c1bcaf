#!/usr/bin/env python3
"""The command line: trains word vectors, asks them questions, converts them.

`python run.py --help` teaches it.
"""

import argparse
import json
import os
import shutil
import sys
import time
import warnings
from pathlib import Path

import numpy as np
from tqdm import tqdm

import word2vec
from utils.pictures import save_training_pictures
from utils.sentiment_command import add_sentiment_command
from utils.treebank import DATA_DIR, StanfordSentiment, default_path
from utils.vector_commands import add_vector_commands
from word2vec.checkpoint import CheckpointError
from word2vec.classic import train_classic
from word2vec.corpus import LineSentences
from word2vec.files import atomic_write
from word2vec.sgd import CURVE_EVERY
from word2vec.unknown_key import UnknownKeyError

# What suits one corpus does not suit another.
DEFAULTS = {"sample": 1e-3, "iterations": 40_000, "anneal_every": 20_000}
TREEBANK_DEFAULTS = DEFAULTS | {"sample": 5e-5}
SAMPLE_DEFAULTS = DEFAULTS | {"iterations": 10_000, "anneal_every": 2500}

# Arguments of train_classic that are options of the same name.
SETTINGS = (
    "model loss cbow_reduction vector_size window negative sample min_count step anneal_every "
    "iterations batch_size seed"
).split()

NEIGHBORS_OF = ("great", "boring", "woman", "coffee")
NEIGHBORS_AMONG = 2000  # the most frequent words

TRAIN_DESCRIPTION = """\
Trains word vectors with word2vec in plain NumPy and shows what they learned. This is the command
meant when none is named; the others, which use trained vectors, are listed below.

Without arguments it reads the Stanford Sentiment Treebank if ./get_datasets.sh has put it into
data/, else the small made-up sample in data/sample. It writes into the output directory:
  vectors.txt        the vectors, in word2vec's text format
  word_vectors.png   some of the words, projected onto a plane
  loss.png           the loss during training
  metrics.json       settings, losses and times
Ctrl-C saves a checkpoint; the same command again continues as if nothing had happened.
"""
TRAIN_EPILOG = """\
examples:
  python run.py
  python run.py --model cbow --loss naive_softmax --iterations 2000
  python run.py --corpus my_text.txt --vector-size 50 --min-count 5 --output my_vectors
  python run.py --step 0.3 --sample 1e-5 --output classic      the course's own settings

other commands (python run.py COMMAND --help explains each):
  neighbors          the words most similar to given ones
  analogy            man is to king as woman is to ...
  evaluate           how well vectors agree with people
  convert            from one file format of vectors to another
  plot               a picture of given words
  export-projector   files for the Embedding Projector
  sentiment          classify the treebank's sentences by their vectors
"""

EXPECTED_ERRORS = (
    CheckpointError,
    EOFError,
    FloatingPointError,
    OSError,
    UnknownKeyError,
    ValueError,
)


def main(arguments=None):
    """Run a command; returns the exit status."""
    try:
        with warnings.catch_warnings():
            warnings.showwarning = print_warning
            try:
                options = parse_arguments(sys.argv[1:] if arguments is None else arguments)
                options.command(options)
            finally:
                sys.stdout.flush()  # at exit it would be too late to catch a broken pipe
    except BrokenPipeError:  # whoever read our output, like head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141  # what the shell reports of programs that end by SIGPIPE
    except KeyboardInterrupt:
        return 130
    except EXPECTED_ERRORS as error:
        print_error(explanation(error))
        return 2
    return 0


def print_error(message):
    print(f"run.py: {message}", file=sys.stderr)


def print_warning(message, *_args, **_kwargs):
    print_error(f"warning: {message}")


def explanation(error):
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error)


# -------------------------------------------------------------------- arguments


class Parser(argparse.ArgumentParser):
    def error(self, message):
        print_error(f"{message}; see python {self.prog} --help")
        self.exit(2)


def parse_arguments(arguments):
    if not arguments or arguments[0].startswith("-"):
        arguments = ["train", *arguments]
    parser = Parser(prog="run.py")
    commands = parser.add_subparsers(metavar="COMMAND")
    train_parser = commands.add_parser(
        "train",
        description=TRAIN_DESCRIPTION,
        epilog=TRAIN_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    train_parser.set_defaults(command=train)
    add_training_options(train_parser)
    add_vector_commands(commands)
    add_sentiment_command(commands)
    return parser.parse_args(arguments)


def add_training_options(parser):
    data = parser.add_argument_group("data")
    corpus = data.add_mutually_exclusive_group().add_argument
    corpus("--corpus", metavar="FILE", help="a text file instead: UTF-8, one sentence a line")
    corpus("--treebank", metavar="DIR", help="the directory of a treebank in SST's classic layout")
    add = data.add_argument
    add("--output", metavar="DIR", default="output", help="where results go [%(default)s]")
    add("--min-count", type=int, default=1, help="leave out words that are rarer [%(default)s]")

    add = parser.add_argument_group("model").add_argument
    add(
        "--model",
        choices=["skipgram", "cbow"],
        default="skipgram",
        help="skipgram: the center word predicts each word around it; cbow: they predict it "
        "[%(default)s]",
    )
    add(
        "--loss",
        choices=["neg_sampling", "naive_softmax"],
        default="neg_sampling",
        help="neg_sampling: against a few drawn words, fast; naive_softmax: against the whole "
        "vocabulary, slow [%(default)s]",
    )
    add("--vector-size", type=int, default=10, help="numbers in a word's vector [%(default)s]")
    add("--window", type=int, default=5, help="how far context reaches at most [%(default)s]")
    add("--negative", type=int, default=10, help="drawn words for each true one [%(default)s]")
    add(
        "--cbow-reduction",
        choices=["mean", "sum"],
        default="mean",
        help="how cbow combines the vectors of the words around [%(default)s]",
    )
    add(
        "--sample",
        type=float,
        help="relative frequency from which on words are thinned out [1e-3; treebank 5e-5]",
    )

    add = parser.add_argument_group("optimizer").add_argument
    add("--step", type=float, default=3.0, help="step of gradient descent at first [%(default)s]")
    add("--anneal-every", type=int, help="iterations to halve it [20000; data/sample 2500]")
    add("--iterations", type=int, help="updates, each on a batch [40000; data/sample 10000]")
    add("--batch-size", type=int, default=50, help="context windows in a batch [%(default)s]")
    add("--seed", type=int, default=0, help="the same seed gives the same vectors [%(default)s]")
    add(
        "--checkpoint-every",
        type=int,
        default=5000,
        help="iterations between checkpoints [%(default)s]",
    )
    add("--restart", action="store_true", help="forget the checkpoint of an unfinished run")


# -------------------------------------------------------------------- training


def train(options):
    try:
        train_and_report(options)
    except KeyboardInterrupt:
        print(
            "\nStopped. The same command continues from the last checkpoint, if training had "
            "begun; with --restart it begins anew."
        )
        raise


def train_and_report(options):
    """Train as the options say and write the results into the output directory."""
    name, sentences, defaults = load_corpus(options)
    for option, value in defaults.items():
        if getattr(options, option) is None:
            setattr(options, option, value)
    settings = {key: getattr(options, key) for key in SETTINGS}
    output = Path(options.output)
    checkpoints = output / "checkpoints"
    if options.restart and checkpoints.exists():
        shutil.rmtree(checkpoints)

    with ProgressBar(options.iterations, options.batch_size) as progress:
        vectors = train_classic(
            sentences,
            **settings,
            checkpoint_dir=checkpoints,
            checkpoint_every=options.checkpoint_every,
            callback=progress,
        )
    vectors.save_word2vec_format(output / "vectors.txt")
    save_training_pictures(vectors, progress, output)
    metrics = {
        "corpus": name,
        "settings": settings,
        "vocabulary_size": len(vectors),
        "smoothed_loss_per_window": progress.smoothed_loss,
        f"smoothed_loss_every_{CURVE_EVERY}_iterations": progress.curve,
        "training_seconds": round(progress.seconds, 3),
        "resumed_at_iteration": progress.resumed_at,
        "versions": {"word2vec": word2vec.__version__, "numpy": np.__version__},
    }
    with atomic_write(output / "metrics.json", "w", encoding="utf-8") as file:
        json.dump(metrics, file, indent=2)
    shutil.rmtree(checkpoints)  # complete: the same command now trains anew

    print(f"Smoothed loss per window: {progress.smoothed_loss:.3f}")
    print_neighbors(vectors)
    print(f"Wrote vectors.txt, word_vectors.png, loss.png and metrics.json into {output}")


def load_corpus(options):
    """Name, sentences and defaults of the corpus; says where they come from."""
    if options.corpus:
        name, sentences, defaults = options.corpus, LineSentences(options.corpus), DEFAULTS
    elif options.treebank:
        name, defaults = options.treebank, TREEBANK_DEFAULTS
        sentences = StanfordSentiment(options.treebank).sentences
    elif default_path():
        name, defaults = "Stanford Sentiment Treebank", TREEBANK_DEFAULTS
        sentences = StanfordSentiment().sentences
    else:
        name, defaults = "the small made-up sample in data/sample", SAMPLE_DEFAULTS
        sentences = StanfordSentiment(DATA_DIR / "sample").sentences
        print("The Stanford Sentiment Treebank is not in data/; ./get_datasets.sh downloads it.")
    print(f"Training on: {name}")
    return name, sentences, defaults


class ProgressBar:
    """Callback for training: shows a bar with loss and speed, and remembers the loss curve."""

    def __init__(self, iterations, batch_size):
        self.bar = tqdm(
            total=iterations,
            unit="window",
            unit_scale=batch_size,
            mininterval=0.1 if sys.stderr.isatty() else 10,  # a log needs fewer lines
        )
        self.curve, self.smoothed_loss, self.resumed_at = [], None, 0

    def __enter__(self):
        self.started = time.perf_counter()
        return self

    def __exit__(self, *exception):
        self.seconds = time.perf_counter() - self.started
        self.bar.close()

    def __call__(self, progress):
        if self.smoothed_loss is None and progress.iteration > 1:
            self.resumed_at = self.bar.initial = progress.iteration
        self.curve, self.smoothed_loss = progress.curve, progress.smoothed_loss
        if progress.iteration % CURVE_EVERY == 0 or progress.iteration == self.bar.total:
            self.bar.set_postfix_str(f"loss {self.smoothed_loss:.3f}", refresh=False)
            self.bar.update(progress.iteration - self.bar.n)


def print_neighbors(vectors):
    """The nearest words of a few words that the corpus has."""
    asked = [word for word in NEIGHBORS_OF if word in vectors] or vectors.index_to_key[:4]
    for word in asked:
        # Rare words have learned too little to be believable neighbors.
        neighbors = vectors.most_similar(word, topn=5, restrict_vocab=NEIGHBORS_AMONG)
        print(f"{word:>10}: " + ", ".join(f"{other} {cosine:.2f}" for other, cosine in neighbors))


if __name__ == "__main__":
    sys.exit(main())
