"""The command `run.py animate`: an animation of the words' plane while they are trained."""

from __future__ import annotations

import argparse
import os
from collections import Counter
from itertools import chain
from typing import Any

from utils.pictures import words_of_picture
from utils.train_command import DEFAULTS, load_corpus
from word2vec.checks import check_integer
from word2vec.classic.train import train_classic
from word2vec.commands.program import Commands, add_command, add_quiet_option
from word2vec.commands.vectors import check_directory_of
from word2vec.corpus import LineSentences, Vocab


def add_animate_command(commands: Commands) -> None:
    """Add animate to those of `Parser.add_commands`."""
    add = add_command(commands, animate, "--output words.html")
    add("--corpus", metavar="FILE", help="a text file instead, one sentence a line")
    add("--tokenize", action="store_true", help="for raw text, as train has it")
    add("--treebank", metavar="DIR", help="the directory of a treebank in SST's classic layout")
    add("--output", metavar="FILE", default="words.gif", help=".gif or .html [%(default)s]")
    add("--frames", type=int, default=60, metavar="N", help="pictures in it [%(default)s]")
    add("--iterations", type=int, metavar="N", help="updates [as for --optimizer sgd]")
    add("--model", choices=["skipgram", "cbow"], default="skipgram", help="[%(default)s]")
    add("--seed", type=int, default=1, help="the same seed gives the same animation [%(default)s]")
    add_quiet_option(add)


def animate(options: argparse.Namespace) -> None:
    """Trains word vectors and writes an animation of how they come apart.

    The training is that of `python run.py --optimizer sgd`, the words are those of its picture. A
    name that ends in .gif gives a picture that moves, .html a page with a slider, which needs no
    other file.
    """
    from utils.animation import (  # matplotlib takes longer to import than most commands to run
        WordRecorder,
        animate_words,
        check_animation_name,
        save_animation,
        snapshot_iterations,
    )

    check_animation_name("--output", options.output)
    check_directory_of(options.output)
    num_frames = check_integer("--frames", options.frames, smallest=2)
    name, kind, sentences = load_corpus(options)
    print(f"Training on: {name}", flush=True)
    if isinstance(sentences, (str, os.PathLike)):
        sentences = LineSentences(sentences)
    settings: dict[str, Any] = DEFAULTS["sgd"][kind] | {"model": options.model}
    settings["seed"] = options.seed
    if options.iterations is not None:
        settings["iterations"] = check_integer("--iterations", options.iterations, smallest=2)
        settings["anneal_every"] = options.iterations // 2

    vocab = Vocab.from_counts(Counter(chain.from_iterable(sentences)), settings["min_count"])
    words, groups = words_of_picture(vocab.words)
    recorder = WordRecorder(vocab, words, snapshot_iterations(settings["iterations"], num_frames))
    train_classic(sentences, **settings, callback=recorder)
    save_animation(animate_words(recorder.snapshots, words, groups=groups), options.output)
    print(f"Wrote {len(recorder.snapshots)} frames into {options.output}")
