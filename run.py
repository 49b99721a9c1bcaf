#!/usr/bin/env python3
"""Trains word vectors and shows them: python run.py"""

import argparse
import json
import shutil
import sys
import time
from pathlib import Path

import numpy as np
from tqdm import tqdm

import word2vec
from utils.plotting import plot_loss, plot_words
from utils.treebank import DATA_DIR, StanfordSentiment, default_path
from word2vec.checkpoint import CheckpointError
from word2vec.classic import train_classic
from word2vec.corpus import LineSentences
from word2vec.files import atomic_write
from word2vec.sgd import CURVE_EVERY

SST = "Stanford Sentiment Treebank"
SAMPLE = "the small made-up sample in data/sample"

# What suits one corpus does not suit another.
DEFAULTS = {"sample": 1e-3, "iterations": 40_000}
DEFAULTS_FOR = {SST: {"sample": 5e-5}, SAMPLE: {"iterations": 10_000}}

# Arguments of train_classic that are options of the same name.
SETTINGS = (
    "model loss cbow_reduction vector_size window negative sample min_count step anneal_every "
    "iterations batch_size seed"
).split()

# The words of the picture, by group. Those that the corpus lacks are left out.
GROUPS = {
    "praise": "great cool brilliant wonderful well amazing worth sweet enjoyable".split(),
    "blame": "boring bad dumb annoying waste".split(),
    "people": "female male queen king man woman".split(),
    "weather": "rain snow hail".split(),
    "drinks": "coffee tea".split(),
}
NEIGHBORS_OF = ("great", "boring", "woman", "coffee")
NEIGHBORS_AMONG = 2000  # the most frequent words

DESCRIPTION = """\
Trains word vectors with word2vec in plain NumPy and shows what they learned.

Without arguments it reads the Stanford Sentiment Treebank if ./get_datasets.sh has put it into
data/, else the small made-up sample in data/sample. It writes into the output directory:
  vectors.txt        the vectors, in word2vec's text format
  word_vectors.png   some of the words, projected onto a plane
  loss.png           the loss during training
  metrics.json       settings, losses and times
Ctrl-C saves a checkpoint; the same command again continues as if nothing had happened.
"""
EXAMPLES = """\
examples:
  python run.py
  python run.py --model cbow --loss naive_softmax --iterations 2000
  python run.py --corpus my_text.txt --vector-size 50 --min-count 5 --output my_vectors
  python run.py --step 0.3 --sample 1e-5 --output classic      the course's own settings
"""


def main(arguments=None):
    options = parse_arguments(arguments)
    try:
        train(options)
    except (CheckpointError, FloatingPointError, ValueError, OSError) as error:
        print(f"run.py: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(
            "\nStopped. The same command continues from the last checkpoint, if training had "
            "begun; with --restart it begins anew."
        )
        return 130
    return 0


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument_group("data").add_argument
    add("--corpus", metavar="FILE", help="a text file instead: UTF-8, one sentence a line")
    add("--treebank", metavar="DIR", help="the directory of a treebank in SST's classic layout")
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
        help="relative frequency from which on words are thinned out [1e-3; for SST 5e-5]",
    )

    add = parser.add_argument_group("optimizer").add_argument
    add("--step", type=float, default=3.0, help="step of gradient descent at first [%(default)s]")
    add("--anneal-every", type=int, default=20_000, help="iterations to halve it [%(default)s]")
    add(
        "--iterations",
        type=int,
        help="updates, each on one batch [40000; for the sample 10000]",
    )
    add("--batch-size", type=int, default=50, help="context windows in a batch [%(default)s]")
    add("--seed", type=int, default=0, help="the same seed gives the same vectors [%(default)s]")
    add(
        "--checkpoint-every",
        type=int,
        default=5000,
        help="iterations between checkpoints [%(default)s]",
    )
    add("--restart", action="store_true", help="forget the checkpoint of an unfinished run")
    options = parser.parse_args(arguments)
    if options.corpus and options.treebank:
        parser.error("--corpus and --treebank exclude each other")
    return options


def train(options):
    """Train as the options say and write the results into the output directory."""
    name, sentences = load_corpus(options)
    for option, value in (DEFAULTS | DEFAULTS_FOR.get(name, {})).items():
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
    save_plots(vectors, progress, output)
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
    """Name and sentences of the corpus; says where they come from."""
    if options.corpus:
        name, sentences = options.corpus, LineSentences(options.corpus)
    elif options.treebank:
        name, sentences = options.treebank, StanfordSentiment(options.treebank).sentences
    elif default_path():
        name, sentences = SST, StanfordSentiment().sentences
    else:
        name, sentences = SAMPLE, StanfordSentiment(DATA_DIR / "sample").sentences
        print("The Stanford Sentiment Treebank is not in data/; ./get_datasets.sh downloads it.")
    print(f"Training on: {name}")
    return name, sentences


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


def save_plots(vectors, progress, output):
    """Write word_vectors.png and loss.png."""
    groups = {
        group: present
        for group, words in GROUPS.items()
        if (present := [word for word in words if word in vectors])
    }
    words = [word for group in groups.values() for word in group]
    if len(words) < 2:  # another kind of text: its most frequent words
        words, groups = vectors.index_to_key[:40], None
    save_figure(plot_words(words, vectors[words], groups=groups), output / "word_vectors.png")

    curve = progress.curve or [progress.smoothed_loss]
    iterations = CURVE_EVERY * np.arange(1, len(curve) + 1)
    ax = plot_loss(curve, iterations=iterations, ylabel="smoothed loss per window")
    save_figure(ax, output / "loss.png")


def save_figure(ax, path):
    with atomic_write(path) as file:
        ax.figure.savefig(file, format="png", dpi=150)


def print_neighbors(vectors):
    """The nearest words of a few words that the corpus has."""
    asked = [word for word in NEIGHBORS_OF if word in vectors] or vectors.index_to_key[:4]
    for word in asked:
        # Rare words have learned too little to be believable neighbors.
        neighbors = vectors.most_similar(word, topn=5, restrict_vocab=NEIGHBORS_AMONG)
        print(f"{word:>10}: " + ", ".join(f"{other} {cosine:.2f}" for other, cosine in neighbors))


if __name__ == "__main__":
    sys.exit(main())
