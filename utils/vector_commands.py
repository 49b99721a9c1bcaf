"""The commands of run.py that show trained vectors: in a picture, in the Embedding Projector."""

import argparse

from utils.pictures import save_word_picture
from utils.projector import write_projector_files
from word2vec.commands.program import Commands, add_command
from word2vec.commands.vectors import check_directory_of, load_chosen_vectors, using_options

SUMMARIES = """\
  plot               a picture of given words
  export-projector   files for the Embedding Projector
"""


def add_picture_commands(commands: Commands) -> None:
    """Add plot and export-projector to those of `Parser.add_commands`."""
    using = using_options()
    add = add_command(commands, plot, "--words king queen man woman --output royals.png", using)
    add("--words", nargs="+", metavar="WORD", required=True)
    add("--output", metavar="PNG", default="words.png", help="[%(default)s]")

    add = add_command(commands, export_projector, "--limit 10000 --output projector", using)
    add("--output", metavar="DIR", required=True, help="created if need be")


def plot(options: argparse.Namespace) -> None:
    """Draws words on the plane of their first two principal components."""
    if not options.output.endswith(".png"):
        raise ValueError(f"--output must end in .png. Got {options.output} instead.")
    check_directory_of(options.output)
    save_word_picture(load_chosen_vectors(options), options.words, options.output)
    print(f"Wrote {options.output}")


def export_projector(options: argparse.Namespace) -> None:
    """Writes vectors.tsv and metadata.tsv, which https://projector.tensorflow.org loads."""
    write_projector_files(load_chosen_vectors(options), options.output)
    print(f"Wrote vectors.tsv and metadata.tsv into {options.output}")
