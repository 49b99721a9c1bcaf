"""The command `run.py handout`: makes the assignment for students, or the teacher's copy of it."""

import argparse
import inspect
from typing import Any

from utils.handout.write import write_handout


def add_handout_command(commands: Any) -> None:
    """Add the parser of the command to argparse's `commands`."""
    parser = commands.add_parser(
        "handout",
        description=inspect.getdoc(handout),
        epilog="example:\n  python run.py handout --output assignment",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(command=handout)
    add = parser.add_argument
    add("--output", metavar="DIR", required=True, help="a new directory for it")
    add("--solution", action="store_true", help="the teacher's copy, with the answers")


def handout(options: argparse.Namespace) -> None:
    """Makes an assignment out of this repository, with a grader.

    The directory becomes a repository for students: questions, data, and the library with the
    functions to write left blank. There, `python grade.py` prints the points of each question and
    what is wrong. With --solution it is the teacher's copy: everything is written, and answers.md
    has the derivations and what each of their steps is worth.
    """
    sheet = write_handout(options.output, solution=options.solution)
    functions = sum(len(question.functions) for question in sheet.questions)
    graded = sum(question.points for question in sheet.questions if question.functions)
    by_hand = sum(question.points for question in sheet.questions if not question.functions)
    print(
        f"{len(sheet.questions)} questions: {functions} functions to write for {graded} points, "
        f"derivations for {by_hand} points.\nWrote {options.output}: begin with its README.md."
    )
