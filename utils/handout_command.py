"""The command `run.py handout`: makes the assignment for students, or the teacher's copy of it."""

import argparse

from utils.handout.write import write_handout
from word2vec.commands.program import Commands, add_command


def add_handout_command(commands: Commands) -> None:
    """Add handout to those of `Parser.add_commands`."""
    add = add_command(commands, handout, "--output assignment")
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
