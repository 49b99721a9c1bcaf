"""What every command line here has: a parser, errors that are one line, and an exit status."""

from __future__ import annotations

import argparse
import contextlib
import difflib
import functools
import inspect
import io
import json
import math
import os
import shutil
import signal
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import IO, Any, NoReturn

import numpy as np

from .. import __version__
from ..engine.processes import WorkerError
from ..saving.checkpoint import CheckpointError
from ..saving.resumable import Interrupted
from ..saving.team import RankError
from ..vectors.unknown_key import UnknownKeyError
from .ranks import only_the_first_prints, rank_and_size

# Their messages say cause and cure; a traceback would only hide them.
EXPECTED_ERRORS = (
    CheckpointError,
    EOFError,
    FloatingPointError,
    Interrupted,
    MemoryError,
    OSError,
    RankError,
    UnknownKeyError,
    ValueError,
    WorkerError,
)

Commands = argparse._SubParsersAction  # what `Parser.add_commands` returns; it has no public name


class Parser(argparse.ArgumentParser):
    """A parser that reports an error in one line, which says how to get help.

    Parameters
    ----------
    prog : str
        How the program is called, such as "python run.py".
    name : str, optional
        What its messages begin with; by default the last word of `prog`.
    **keywords
        As for `argparse.ArgumentParser`.
    """

    def __init__(self, *, prog: str, name: str | None = None, **keywords: Any) -> None:
        keywords.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(prog=prog, **keywords)
        self.name = name or prog.split()[-1]
        self._commands: Any = None
        self.add_argument(
            "--version",
            action="version",
            version=f"word2vec-numpy {__version__}",
            help="show the version of the library",
        )

    def add_commands(self) -> Commands:
        """Like `add_subparsers`; each command gets a parser of this kind."""
        parser_class: Any = functools.partial(type(self), name=self.name)
        self._commands = self.add_subparsers(
            metavar="COMMAND", required=True, parser_class=parser_class, dest="command_name"
        )
        return self._commands

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse's; an unknown option is answered with the one that was perhaps meant."""
        options, unknown = self.parse_known_args(args, namespace)
        if unknown:
            chosen = self._commands.choices[options.command_name] if self._commands else self
            known = chosen._option_string_actions  # there is no public way to them
            hints = [_did_you_mean(word.partition("=")[0], known) for word in unknown]
            self.error(f"unrecognized arguments: {' '.join(unknown)}{''.join(hints)}")
        return options

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        try:
            super()._check_value(action, value)
        except argparse.ArgumentError as error:
            hint = _did_you_mean(str(value), map(str, action.choices or ()))
            raise argparse.ArgumentError(action, error.message + hint) from None

    def error(self, message: str) -> NoReturn:
        print_error(self.name, f"{message}; see {self.prog} --help")
        self.exit(2)


def _did_you_mean(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def add_command(
    commands: Commands,
    function: Callable[[argparse.Namespace], Any],
    example: str,
    *parents: argparse.ArgumentParser,
) -> Callable[..., argparse.Action]:
    """Add the command `function(options)` to those of `Parser.add_commands`.

    Its name is the function's, its help the docstring; `example` shows what may follow the name.
    What it returns is printed where ``--json`` asks for it. Returns the method that adds arguments.
    """
    parser = commands.add_parser(
        function.__name__.replace("_", "-"),
        description=inspect.getdoc(function),
        epilog=f"example:\n  %(prog)s {example}",
        parents=parents,
    )
    parser.set_defaults(command=function)
    return parser.add_argument


def add_quiet_option(add: Callable[..., argparse.Action]) -> None:
    """Add ``--quiet`` by the method `add` of a parser or group; `run_command` sees to it."""
    add("--quiet", action="store_true", help="print nothing but warnings and errors")


def add_json_option(add: Callable[..., argparse.Action]) -> None:
    """Add ``--json`` by the method `add` of a parser or group; `run_command` sees to it."""
    add("--json", action="store_true", help="print the result as JSON, for programs to read")


def run_command(
    name: str,
    parse: Callable[[Sequence[str]], argparse.Namespace],
    arguments: Sequence[str] | None = None,
) -> int:
    """Run what the arguments ask for, as a program.

    Parameters
    ----------
    name : str
        What error messages begin with.
    parse : callable
        From a list of arguments to options, of which `command` is the function to call with them.
    arguments : list of str, optional
        Default: those of the process.

    Returns
    -------
    int
        The exit status: 0; 2 after an error that the user can mend; 130 after Ctrl-C; 141 if nobody
        reads the output any more. `parse` raises SystemExit for its own errors, also with 2.
    """

    _prepare_streams()

    def print_warning(message: Warning | str, *_args: Any, **_kwargs: Any) -> None:
        print_error(name, f"warning: {message}")

    interrupts: list[int] = []
    try:
        with warnings.catch_warnings(), _noticed(interrupts), only_the_first_prints():
            warnings.showwarning = print_warning
            try:
                options = parse(sys.argv[1:] if arguments is None else arguments)
                as_json = getattr(options, "json", False)
                with contextlib.ExitStack() as stack:
                    if as_json or getattr(options, "quiet", False):
                        stack.enter_context(_silent())
                    stack.enter_context(_standard_input_as_file(options))
                    result = options.command(options)
                if as_json:
                    print(json.dumps(_plain(result), indent=2))
            finally:
                sys.stdout.flush()  # at exit it would be too late to catch a broken pipe
    except BrokenPipeError:  # whoever read our output, like head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141  # what the shell reports of programs that end by SIGPIPE
    except KeyboardInterrupt:
        return 130
    except EXPECTED_ERRORS as error:
        print_error(name, _explain(error))
        return 130 if interrupts else 2
    except Exception:
        # What lies between us and Python's handler, such as C++, may give Ctrl-C another name.
        if not interrupts:
            raise
        return 130
    return 0


@contextlib.contextmanager
def _noticed(interrupts: list[int]) -> Iterator[None]:
    """Let Ctrl-C do what it does, and remember that it came."""
    before = signal.getsignal(signal.SIGINT)

    def remember(number: int, frame: Any) -> None:
        interrupts.append(number)
        if callable(before):
            before(number, frame)

    is_ours = callable(before) and threading.current_thread() is threading.main_thread()
    if is_ours:
        signal.signal(signal.SIGINT, remember)
    try:
        yield
    finally:
        if is_ours:
            signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Let what is printed to standard output go nowhere."""
    with open(os.devnull, "w", encoding="utf-8") as nowhere, contextlib.redirect_stdout(nowhere):
        yield


@contextlib.contextmanager
def _standard_input_as_file(options: argparse.Namespace) -> Iterator[None]:
    """Put a text that comes through a pipe into a file, for it is read more than once."""
    if getattr(options, "corpus", None) != "-":
        yield
        return
    with contextlib.ExitStack() as stack:
        # Without a name, so that no kill can leave it behind.
        file: IO[bytes] = stack.enter_context(tempfile.TemporaryFile(prefix="word2vec-"))
        path = f"/proc/self/fd/{file.fileno()}"
        if not os.path.exists(path):  # only Linux can open such a file again
            directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="word2vec-"))
            path = f"{directory}/standard_input"
            file = stack.enter_context(open(path, "wb"))
        shutil.copyfileobj(sys.stdin.buffer, file)
        file.flush()
        options.corpus, options.corpus_name = path, "standard input"
        yield


def _plain(value: Any) -> Any:
    """What JSON can hold, so null for NaN and infinity."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _prepare_streams() -> None:
    """See to it that printing cannot fail.

    A file opened next would get the number of a standard stream that is closed, as for a daemon.
    And what a terminal's encoding cannot take is escaped: the work is done by then.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w" if number else "r", encoding="utf-8"))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def print_error(name: str, message: str) -> None:
    if rank_and_size()[0] > 0:
        return
    line = f"{name}: {message}"
    if "tqdm" in sys.modules:  # there may be a bar, and it is not to be written into
        sys.modules["tqdm"].tqdm.write(line, file=sys.stderr)
    else:
        print(line, file=sys.stderr)


def _explain(error: BaseException) -> str:
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error)
