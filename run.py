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
    import os
    import sys
    import warnings

    from utils.sentiment_command import add_sentiment_command
    from utils.train_command import add_train_command
    from utils.vector_commands import add_vector_commands
    from word2vec.engine.workers import WorkerError
    from word2vec.saving.checkpoint import CheckpointError
    from word2vec.vectors.unknown_key import UnknownKeyError
finally:
    signal.signal(signal.SIGINT, ctrl_c)

EXPECTED_ERRORS = (
    CheckpointError,
    EOFError,
    FloatingPointError,
    MemoryError,
    OSError,
    UnknownKeyError,
    ValueError,
    WorkerError,
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


def parse_arguments(arguments):
    if not arguments or arguments[0].startswith("-"):
        arguments = ["train", *arguments]
    parser = Parser(prog="run.py")
    commands = parser.add_subparsers(metavar="COMMAND")
    add_train_command(commands)
    add_vector_commands(commands)
    add_sentiment_command(commands)
    return parser.parse_args(arguments)


class Parser(argparse.ArgumentParser):
    def error(self, message):
        print_error(f"{message}; see python {self.prog} --help")
        self.exit(2)


def print_error(message):
    print(f"run.py: {message}", file=sys.stderr)


def print_warning(message, *_args, **_kwargs):
    print_error(f"warning: {message}")


def explanation(error):
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error)


if __name__ == "__main__":
    sys.exit(main())
