"""The command `run.py explore`: writes a page to explore word vectors with."""

from __future__ import annotations

import argparse
from pathlib import Path

from utils.explore import write_explore_page
from word2vec.checks import check_integer
from word2vec.commands.program import Commands, add_command, add_quiet_option
from word2vec.commands.vectors import TRAINED, check_directory_of, load_chosen_vectors
from word2vec.engine.progress import open_bar

DELAY = 1  # seconds after which a bar is worth showing


def add_explore_command(commands: Commands) -> None:
    """Add explore to those of `Parser.add_commands`."""
    add = add_command(commands, explore, "--vectors glove.6B.100d.txt --output glove.html")
    add(
        "--vectors",
        metavar="FILE",
        default=TRAINED,
        help="vectors, in a format that the end of the name says [%(default)s]",
    )
    add("--output", metavar="HTML", default="explore.html", help="[%(default)s]")
    add(
        "--words",
        type=int,
        default=20_000,
        metavar="N",
        help="take the first, most frequent N; finding the neighbors of all takes time that grows "
        "with the square of N [%(default)s]",
    )
    add_quiet_option(add)
    add("--title", default="Word vectors", help="[%(default)s]")


def explore(options: argparse.Namespace) -> None:
    """Writes one HTML file to explore word vectors with, in a browser, without a network.

    Type a word and see its neighbors and where they lie on a map; ask for analogies and for the
    similarity of two words. The answers are those of the commands neighbors and analogy.
    """
    words = check_integer("--words", options.words, smallest=1)
    if not options.output.endswith(".html"):
        raise ValueError(f"--output must end in .html. Got {options.output} instead.")
    check_directory_of(options.output)
    # A word that is not UTF-8 is still worth looking at.
    chosen = argparse.Namespace(vectors=options.vectors, limit=words, unicode_errors="replace")
    vectors = load_chosen_vectors(chosen)

    with open_bar(quiet=options.quiet, desc="map", unit="step", delay=DELAY) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        write_explore_page(
            vectors, options.output, num_words=words, title=options.title, progress=show
        )
    size = Path(options.output).stat().st_size / 1e6
    print(f"Wrote {options.output}: {len(vectors)} words, {size:.1f} MB. Open it in a browser.")
