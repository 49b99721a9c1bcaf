"""The command train: trains word vectors and writes what they learned into files."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .. import __version__
from ..corpus.files import text_files
from ..corpus.tokenizer import TokenizedLines
from ..options import (
    DEFAULT_ALPHA,
    LOSSES,
    MODELS,
    REDUCTIONS,
    ClassicOptions,
    EngineOptions,
    Options,
    defaults,
)
from ..saving.checkpoint import CheckpointError
from ..saving.files import atomic_write
from ..saving.interrupts import held_back_signals
from ..saving.locks import lock_directory
from ..vectors.keyed_vectors import KeyedVectors
from .optimizers import Training, train_with_engine, train_with_sgd
from .program import Commands, add_json_option, add_quiet_option
from .ranks import team_and_communicator

Defaults = dict[str, dict[str, dict[str, Any]]]
Draw = Callable[[Training, Path], Sequence[str]]

OPTIONS: dict[str, type[Options]] = {"engine": EngineOptions, "sgd": ClassicOptions}
TRAIN_WITH = {"engine": train_with_engine, "sgd": train_with_sgd}
# By optimizer and kind of corpus. A command line may have more kinds than a text of unknown size.
DEFAULTS: Defaults = {
    optimizer: {"text": defaults(options)} for optimizer, options in OPTIONS.items()
}

CHECKPOINTS = "checkpoints"  # the directory for them in that for results
NEIGHBORS_OF = ("great", "boring", "woman", "coffee")
NEIGHBORS_AMONG = 2000  # the most frequent words

DESCRIPTION = """\
Trains word vectors with word2vec in plain NumPy and shows what they learned. It writes into the
output directory:
  vectors.txt        the vectors, in word2vec's text format
  vocab.txt          how often each word was counted
  metrics.json       settings, losses and times
  epochs.tsv         loss and speed after each epoch, already while training goes on
Ctrl-C saves a checkpoint; the same command again continues as if nothing had happened.
"""
EPILOG = """\
examples:
  %(prog)s my_text.txt
  %(prog)s raw_text.txt --tokenize
  %(prog)s little.txt --min-count 1 --epochs 30
  %(prog)s my_text.txt.gz --vector-size 200 --output my_vectors
  %(prog)s my_text.txt --optimizer sgd      the loop of the course
  mpiexec -n 4 %(prog)s texts/ --shards 8
"""


class Corpus(NamedTuple):
    """What to train on."""

    name: str
    kind: str  # of the kinds that the defaults have
    sentences: Any  # what the optimizers take: a path or a list of lists of words


def add_train_command(commands: Commands) -> None:
    """Add train to those of `Parser.add_commands`."""
    parser = commands.add_parser("train", description=DESCRIPTION, epilog=EPILOG)
    parser.set_defaults(command=train)
    group = parser.add_argument_group("data")
    add_text_options(group.add_mutually_exclusive_group(required=True))
    add_tokenize_option(group)
    add_train_options(parser, DEFAULTS)


def add_text_options(group: argparse._MutuallyExclusiveGroup) -> None:
    """Add the two ways to name a text to argparse's mutually exclusive `group`."""
    group.add_argument(
        "corpus",
        nargs="?",
        metavar="TEXT",
        default=argparse.SUPPRESS,  # so that it does not undo --corpus when it is left out
        help="a text file of any size: UTF-8, one sentence a line, words between spaces; plain, "
        ".gz, .bz2 or .xz; a directory of such files, or a quoted pattern like 'texts/*.gz'; - "
        "reads standard input",
    )
    group.add_argument("--corpus", metavar="FILE", help="the same")


def add_tokenize_option(group: argparse._ActionsContainer) -> None:
    """Add what is done to a text before it is used."""
    group.add_argument(
        "--tokenize",
        action="store_true",
        help="for raw text: lower case, and no punctuation but apostrophes within words",
    )


def add_train_options(parser: argparse.ArgumentParser, defaults_by_kind: Defaults) -> None:
    """Add all options of training but those that name the corpus.

    `defaults_by_kind` is like `DEFAULTS`. The help shows those of "text", and where others differ.
    """

    def add(option: str, help: str, group: argparse._ArgumentGroup, **keywords: Any) -> None:
        shown = _describe_defaults(option.removeprefix("--").replace("-", "_"), defaults_by_kind)
        group.add_argument(option, help=f"{help} [{shown}]", **keywords)

    group = parser.add_argument_group("results")
    group.add_argument(
        "--output", metavar="DIR", default="output", help="where they go [%(default)s]"
    )
    group.add_argument(
        "--save",
        metavar="FILE",
        help="also save the whole model, as Word2Vec.load reads it, to train it on later",
    )
    group.add_argument(
        "--restart",
        action="store_true",
        help="forget the checkpoint of an unfinished run, and replace results of another text",
    )
    add_quiet_option(group.add_argument)
    add_json_option(group.add_argument)

    group = parser.add_argument_group("optimizer")
    group.add_argument(
        "--optimizer",
        choices=list(defaults_by_kind),
        default="engine",
        help="engine: word2vec.Word2Vec, many windows at once, for corpora of any size; sgd: the "
        "classic loop over random batches of windows, easy to follow [%(default)s]",
    )

    group = parser.add_argument_group("model, for both optimizers")
    add(
        "--model",
        "skipgram: the center word predicts each word around it; cbow: they predict it",
        group,
        choices=MODELS,
    )
    add(
        "--loss",
        "neg_sampling: against a few drawn words, fast; hierarchical_softmax: left or right at "
        "each turn of the way to a word in a binary tree, fast too (engine only); naive_softmax: "
        "against the whole vocabulary, slow",
        group,
        choices=LOSSES,
    )
    add(
        "--cbow-reduction",
        "how cbow combines the vectors of the words around",
        group,
        choices=REDUCTIONS,
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
    add(
        "--ns-exponent",
        "drawn words follow their counts to this power",
        group,
        type=float,
    )
    add("--seed", "the same seed gives the same vectors, bit for bit", group, type=int)

    group = parser.add_argument_group("engine only")
    add("--epochs", "passes over the corpus; little text needs more", group, type=int)
    add("--alpha", "the step at first; it falls to that of --min-alpha", group, type=float)
    add("--min-alpha", "the step at the end, reached on a straight line", group, type=float)
    add("--workers", "processes; the vectors do not depend on it", group, type=int)
    add(
        "--max-logits",
        "naive_softmax keeps at most about so many numbers in memory at a time",
        group,
        type=int,
    )
    add(
        "--shards",
        "1, 2, 4, 8, ...: for training under mpiexec, by up to so many processes on any number of "
        "machines. The text is cut into so many parts, which learn apart and are merged many times "
        "an epoch. The vectors depend on the shards, never on how many processes share them; more "
        "shards learn a little less well, and without mpiexec they bring nothing",
        group,
        type=int,
    )

    group = parser.add_argument_group("sgd only")
    add("--step", "the step of gradient descent at first", group, type=float)
    add("--anneal-every", "iterations after which it is halved, again and again", group, type=int)
    add("--iterations", "updates, each on a batch", group, type=int)
    add("--batch-size", "context windows in a batch", group, type=int)
    add("--checkpoint-every", "iterations between checkpoints", group, type=int)


def _describe_defaults(name: str, defaults_by_kind: Defaults) -> str:
    """The defaults of an option, as its help shows them."""
    shown = {}
    for optimizer, of_kind in defaults_by_kind.items():
        if name not in of_kind["text"]:
            continue
        values = {kind: _describe_value(name, of[name]) for kind, of in of_kind.items()}
        usual = values["text"]
        others = [f"{kind} {value}" for kind, value in values.items() if value != usual]
        shown[optimizer] = ", ".join([usual, *others])
    if len(set(shown.values())) == 1:
        return next(iter(shown.values()))
    return "; ".join(f"{optimizer}: {values}" for optimizer, values in shown.items())


def _describe_value(name: str, value: Any) -> str:
    if name == "alpha" and value is None:
        return ", ".join(f"{model} {alpha}" for model, alpha in DEFAULT_ALPHA.items())
    if name == "workers":
        return "one for each processor, fewer for a small corpus"
    return f"{value:g}" if isinstance(value, float) else str(value)


# -------------------------------------------------------------------- training


def load_text(options: argparse.Namespace) -> Corpus:
    """The `Corpus` that the options of `add_text_options` and `add_tokenize_option` name."""
    text_files(options.corpus)  # raises an error if there are none
    name = getattr(options, "corpus_name", options.corpus)
    if options.tokenize:
        return Corpus(f"{name}, tokenized", "text", TokenizedLines(options.corpus))
    return Corpus(name, "text", options.corpus)


def train(
    options: argparse.Namespace,
    load_corpus: Callable[[argparse.Namespace], Corpus] = load_text,
    defaults_by_kind: Defaults = DEFAULTS,
    draw: Draw | None = None,
) -> dict[str, Any]:
    """Train as the options say, write the results, print what is worth knowing.

    Returns what ``metrics.json`` holds.

    Parameters
    ----------
    options : argparse.Namespace
        Those of `add_train_options`, and what `load_corpus` looks at.
    load_corpus : callable
        From the options to a `Corpus`.
    defaults_by_kind : dict
        As for `add_train_options`.
    draw : callable, optional
        draw(training, directory) -> names of the files that it wrote there, for example pictures.
    """
    metrics: dict[str, Any] | None = None
    try:
        team, comm = team_and_communicator()
        with team.or_abort(), contextlib.ExitStack() as stack:

            def begin():
                corpus = load_corpus(options)
                settings = settings_for(options, corpus.kind, defaults_by_kind)
                print(f"Training on: {corpus.name}", flush=True)
                if team.rank == 0:
                    stack.enter_context(lock_directory(options.output))
                    _prepare(options, corpus)
                return corpus, settings

            corpus, settings = team.together(begin)
            started = time.perf_counter()
            training = team.together(lambda: _train(options, corpus, settings, comm))
            seconds = time.perf_counter() - started

            def report():
                nonlocal metrics
                if team.rank == 0:
                    with held_back_signals():  # all results or none
                        metrics = _write_results(options, corpus, settings, training, seconds, draw)

            team.together(report)
            if team.rank > 0:  # what it has encoded, on a machine of its own
                shutil.rmtree(Path(options.output, CHECKPOINTS), ignore_errors=True)
            return metrics or {}
    except CheckpointError as error:
        raise CheckpointError(f"{error} Or give --restart, which forgets that run.") from None
    except KeyboardInterrupt:
        if metrics is None:
            print(
                "\nStopped. The same command continues from the last checkpoint, if training had "
                "begun; with --restart it begins anew."
            )
        raise


def settings_for(
    options: argparse.Namespace, kind: str, defaults_by_kind: Defaults = DEFAULTS
) -> dict[str, Any]:
    """Arguments of the optimizer: what was given, and defaults that suit the kind of corpus.

    Raises
    ------
    ValueError
        If a value is out of range, or an option of the other optimizer was given.
    """
    settings = dict(defaults_by_kind[options.optimizer][kind])
    for optimizer, of_kind in defaults_by_kind.items():
        for name in of_kind[kind]:
            given = getattr(options, name)
            if given is None:
                continue
            if name not in settings:
                raise ValueError(
                    f"--{name.replace('_', '-')} is an option of --optimizer {optimizer}, but this "
                    f"is --optimizer {options.optimizer}. Leave it out, or choose {optimizer}."
                )
            settings[name] = given
    return asdict(OPTIONS[options.optimizer](**settings))


def _prepare(options: argparse.Namespace, corpus: Corpus) -> None:
    output = Path(options.output)
    checkpoints = output / CHECKPOINTS
    if options.save:
        if options.optimizer != "engine":
            raise ValueError("--save needs --optimizer engine: sgd trains vectors, not a model.")
        if not Path(options.save).absolute().parent.is_dir():
            raise ValueError(f"There is no directory to write {options.save} into.")
    _check_other_results(output / "metrics.json", corpus.name, options.restart)
    if options.restart and checkpoints.exists():
        shutil.rmtree(checkpoints)


def _train(
    options: argparse.Namespace, corpus: Corpus, settings: dict[str, Any], comm: Any
) -> Training:
    train_with = TRAIN_WITH[options.optimizer]
    checkpoints = Path(options.output, CHECKPOINTS)
    return train_with(corpus.sentences, settings, checkpoints, options.quiet, comm)


def _write_results(
    options: argparse.Namespace,
    corpus: Corpus,
    settings: dict[str, Any],
    training: Training,
    seconds: float,
    draw: Draw | None,
) -> dict[str, Any]:
    output = Path(options.output)
    training.vectors.save_word2vec_format(output / "vectors.txt", fvocab=output / "vocab.txt")
    written = ["vectors.txt", "vocab.txt", *(draw(training, output) if draw else [])]
    if options.save and training.model:
        training.model.save(options.save)
    metrics = {
        "corpus": corpus.name,
        "optimizer": options.optimizer,
        "settings": settings,
        "vocabulary_size": len(training.vectors),
        "loss": training.loss,
        "kind_of_loss": training.loss_name,
        "training_seconds": round(seconds, 3),
        f"resumed_at_{training.unit}": training.resumed_at,
        "versions": {"word2vec": __version__, "numpy": np.__version__},
        f"loss_by_{training.unit}": training.curves,
    }
    with atomic_write(output / "metrics.json", "w", encoding="utf-8") as file:
        json.dump(metrics, file, indent=2)
    shutil.rmtree(output / CHECKPOINTS)  # complete: the same command now trains anew

    print(f"{training.loss_name.capitalize()}: {training.loss:.3f}")
    _print_neighbors(training.vectors)
    print(f"Wrote {', '.join(written)} and metrics.json into {output}")
    if options.save:
        print(f"Wrote the model into {options.save}")
    return metrics


def _check_other_results(path: Path, corpus: str, restart: bool) -> None:
    """Raise ValueError if what is to be written would replace results of another text unasked."""
    try:
        other = json.loads(path.read_text("utf-8"))["corpus"]
    except (OSError, ValueError, LookupError, TypeError):
        return  # nothing there that says what it is
    if other == corpus or _is_same_file(other, corpus):
        return
    if not restart:
        raise ValueError(
            f"{path.parent} has the results of another text, {other}. Name another directory with "
            "--output, or give --restart to replace them."
        )
    path.unlink()  # so that a run that is stopped can be continued without --restart


def _is_same_file(one: str, other: str) -> bool:
    try:
        return os.path.samefile(one, other)
    except (OSError, TypeError, ValueError):  # a name that is no path
        return False


def _print_neighbors(vectors: KeyedVectors) -> None:
    """The nearest words of a few words that the corpus has."""
    asked = [word for word in NEIGHBORS_OF if word in vectors] or vectors.index_to_key[:4]
    for word in asked:
        # Rare words have learned too little to be believable neighbors.
        neighbors = vectors.most_similar(word, topn=5, restrict_vocab=NEIGHBORS_AMONG)
        print(f"{word:>10}: " + ", ".join(f"{other} {cosine:.2f}" for other, cosine in neighbors))
