#!/usr/bin/env python3
"""The command line: trains word vectors, asks them questions, converts them.

`python run.py --help` teaches it.
"""

import signal

# Until all is imported Ctrl-C ends the program at once: as an exception it would show a traceback,
# and NumPy would take it for a broken installation.
ctrl_c = signal.signal(signal.SIGINT, signal.SIG_DFL)
try:
    import argparse
    import sys
    from collections.abc import Sequence

    from utils.animate_command import add_animate_command
    from utils.explore_command import add_explore_command
    from utils.handout_command import add_handout_command
    from utils.sentiment_command import add_sentiment_command
    from utils.train_command import add_train_command
    from utils.vector_commands import add_picture_commands
    from word2vec.commands.phrases import add_phrases_command
    from word2vec.commands.program import Parser, run_command
    from word2vec.commands.vectors import add_vector_commands
finally:
    signal.signal(signal.SIGINT, ctrl_c)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    return run_command("run.py", parse_arguments, arguments)


def parse_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    if not arguments or arguments[0].startswith("-"):
        arguments = ["train", *arguments]
    parser = Parser(prog="python run.py")
    commands = parser.add_commands()
    add_train_command(commands)
    add_phrases_command(commands)
    add_vector_commands(commands)
    add_picture_commands(commands)
    add_explore_command(commands)
    add_sentiment_command(commands)
    add_handout_command(commands)
    add_animate_command(commands)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
