"""The command line of the installed library: `python -m word2vec`, also called word2vec-numpy."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from .commands.phrases import SUMMARY as PHRASES
from .commands.phrases import add_phrases_command
from .commands.program import Parser, run_command
from .commands.train import add_train_command
from .commands.vectors import SUMMARIES, add_vector_commands

DESCRIPTION = f"""\
Trains word vectors with word2vec in plain NumPy, asks them questions, converts them.

commands (%(prog)s COMMAND --help explains each):
  train              word vectors from any text
{PHRASES}{SUMMARIES}"""


def main(arguments: Sequence[str] | None = None, call: str = "word2vec-numpy") -> int:
    """Run a command; returns the exit status.

    Parameters
    ----------
    arguments : list of str, optional
        Default: those of the process.
    call : str
        How the program was called, for its help and its messages.
    """
    parser = Parser(prog=call, description=DESCRIPTION)
    commands = parser.add_commands()
    add_train_command(commands)
    add_phrases_command(commands)
    add_vector_commands(commands)
    return run_command(parser.name, parser.parse_args, arguments)


if __name__ == "__main__":
    sys.exit(main(call="python -m word2vec"))
