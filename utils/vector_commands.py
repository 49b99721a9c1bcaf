"""The commands of run.py that show trained vectors: in a picture, in the Embedding Projector."""

import argparse
from pathlib import Path

from utils.pictures import check_picture_name, save_word_picture
from utils.projector import write_projector_files
from word2vec.checks import StrPath
from word2vec.commands.program import Commands, add_command
from word2vec.commands.vectors import (
    check_directory_of,
    load_chosen_vectors,
    positive_integer,
    using_options,
)

SUMMARIES = """\
  plot               a picture of given words
  export-projector   files for the Embedding Projector
"""


def add_picture_commands(commands: Commands) -> None:
    """Add plot and export-projector to those of `Parser.add_commands`."""
    using = using_options()
    add = add_command(commands, plot, "--words king queen man woman --output royals.png", using)
    add("--words", nargs="+", metavar="WORD", default=[])
    add("--groups", metavar="FILE", help="lines such as 'weather: rain snow hail'")
    add(
        "--output",
        metavar="FILE",
        default="words.png",
        help="its end says the format: .png, .svg, .pdf and what else matplotlib writes "
        "[%(default)s]",
    )
    add("--title", default="", help="[none]")
    add(
        "--size",
        type=size_in_inches,
        default=(10.0, 7.5),
        metavar="WxH",
        help="width and height in inches [10x7.5]",
    )
    add("--dpi", type=positive_integer, default=150, metavar="N", help="pixels an inch [150]")

    add = add_command(commands, export_projector, "--limit 10000 --output projector", using)
    add("--output", metavar="DIR", required=True, help="created if need be")


def plot(options: argparse.Namespace) -> None:
    """Draws words on the plane of their first two principal components."""
    check_picture_name(options.output)
    check_directory_of(options.output)
    groups = read_groups(options.groups) if options.groups else {}
    words = [*options.words, *(word for group in groups.values() for word in group)]
    words = list(dict.fromkeys(words))
    if not words:
        raise ValueError("plot needs --words WORD ..., --groups FILE or both")
    save_word_picture(
        load_chosen_vectors(options),
        words,
        options.output,
        groups,
        size=options.size,
        dpi=options.dpi,
        title=options.title,
    )
    print(f"Wrote {options.output}")


def read_groups(path: StrPath) -> dict[str, list[str]]:
    """Groups of words from lines of a name, a colon and the words.

    Raises
    ------
    ValueError
        If a line has no colon or no words, or a name comes twice.
    """
    groups: dict[str, list[str]] = {}
    for number, line in enumerate(Path(path).read_text("utf-8-sig").splitlines(), 1):
        name, _, words = line.partition(":")
        name = name.strip()
        if not line.strip():
            continue
        if not name or not words.split() or name in groups:
            raise ValueError(
                f"{path}, line {number} must be a new name, a colon and words. Got {line!r}."
            )
        groups[name] = words.split()
    return groups


def size_in_inches(text: str) -> tuple[float, float]:
    """Width and height that `text` says, such as "10x7.5"; argparse reports the error."""
    width, _, height = text.partition("x")
    try:
        size = float(width), float(height)
    except ValueError:
        size = (0.0, 0.0)
    if not all(2 <= side <= 100 for side in size):
        raise argparse.ArgumentTypeError(f"must be such as 10x7.5, from 2 to 100. Got {text!r}")
    return size


def export_projector(options: argparse.Namespace) -> None:
    """Writes vectors.tsv and metadata.tsv, which https://projector.tensorflow.org loads."""
    write_projector_files(load_chosen_vectors(options), options.output)
    print(f"Wrote vectors.tsv and metadata.tsv into {options.output}")
