"""The command `run.py train`: the library's, with the treebank to train on, and with pictures."""

import argparse
from typing import Any

from utils.pictures import save_training_pictures
from utils.treebank import DATA_DIR, StanfordSentiment, default_path
from utils.vector_commands import SUMMARIES as PICTURE_COMMANDS
from word2vec.commands import train as any_text
from word2vec.commands.phrases import SUMMARY as PHRASES
from word2vec.commands.program import Commands
from word2vec.commands.vectors import SUMMARIES as VECTOR_COMMANDS

ENGINE, SGD = (any_text.DEFAULTS[optimizer]["text"] for optimizer in ("engine", "sgd"))
# Little text: short vectors, so that the plane of the picture shows much of them, and many passes.
ENGINE_ON_LITTLE = ENGINE | {"vector_size": 10, "negative": 10, "min_count": 1}
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

DESCRIPTION = """\
Trains word vectors with word2vec in plain NumPy and shows what they learned. This is the command
meant when none is named; the others, which use trained vectors, are listed below.

Without arguments it reads the Stanford Sentiment Treebank if ./get_datasets.sh has put it into
data/, else the small made-up sample in data/sample. It writes into the output directory:
  vectors.txt        the vectors, in word2vec's text format
  vocab.txt          how often each word was counted
  word_vectors.png   some of the words, projected onto a plane
  loss.png           the loss during training
  metrics.json       settings, losses and times
  epochs.tsv         loss and speed after each epoch, already while training goes on
The defaults in [] are those for a text; what suits the treebank and data/sample better is named.
Ctrl-C saves a checkpoint; the same command again continues as if nothing had happened.
"""
EPILOG = f"""\
examples:
  python run.py
  python run.py --model cbow --loss naive_softmax
  python run.py --corpus my_text.txt.gz --vector-size 200 --output my_vectors
  python run.py --optimizer sgd                                the loop of the course
  python run.py --optimizer sgd --step 0.3 --sample 1e-5       with the course's own settings

other commands (python run.py COMMAND --help explains each):
{PHRASES}{VECTOR_COMMANDS}{PICTURE_COMMANDS}\
  explore            a page to explore vectors with, in a browser
  sentiment          classify the treebank's sentences by their vectors
  handout            make an assignment for students, with a grader
  animate            a moving picture of words while they are trained
"""


def add_train_command(commands: Commands) -> None:
    """Add train to those of `Parser.add_commands`."""
    parser = commands.add_parser("train", description=DESCRIPTION, epilog=EPILOG)
    parser.set_defaults(command=train)
    data = parser.add_argument_group("data")
    corpus = data.add_mutually_exclusive_group()
    any_text.add_text_options(corpus)
    corpus.add_argument(
        "--treebank", metavar="DIR", help="the directory of a treebank in SST's classic layout"
    )
    any_text.add_tokenize_option(data)
    any_text.add_train_options(parser, DEFAULTS)


def train(options: argparse.Namespace) -> dict[str, Any]:
    return any_text.train(options, load_corpus, DEFAULTS, draw=save_training_pictures)


def load_corpus(options: argparse.Namespace) -> any_text.Corpus:
    """The `Corpus` that the options name, or the best there is."""
    if options.corpus:
        return any_text.load_text(options)
    if options.tokenize:
        raise ValueError("--tokenize is for a text, but none is named: the treebank has tokens.")
    if options.treebank:
        path = name = options.treebank
    elif path := default_path():
        name = "Stanford Sentiment Treebank"
    else:
        print("The Stanford Sentiment Treebank is not in data/; ./get_datasets.sh downloads it.")
        sentences = StanfordSentiment(DATA_DIR / "sample").sentences
        return any_text.Corpus("the small made-up sample in data/sample", "data/sample", sentences)
    return any_text.Corpus(name, "treebank", StanfordSentiment(path).sentences)
