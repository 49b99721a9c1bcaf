"""Reads the questions and their answers, which are Markdown with a block of points each.

A question is a third-level heading. Below it, in a block fenced as ``grading``, stands what it is
worth: ``by hand: 4`` for a question that a person marks, or else the functions to write and the
points of each test::

    write: word2vec.functions.normalize_rows
    2: normalized rows have length one and their old direction

A test is named by its claim; with underscores it is the name of a function in ``grading/``. The
answer to a question has the same heading, and a block fenced as ``rubric`` with the points of each
step.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple


class QuestionError(ValueError):
    """Questions or answers that are not written as they should be."""


class Question(NamedTuple):
    """A question of the assignment, numbered in the order of the sheet."""

    number: int
    title: str
    text: str
    functions: list[str]  # dotted names; empty for a question that is marked by hand
    tests: list[tuple[int, str]]  # points and claim
    points: int


class Sheet(NamedTuple):
    """The whole assignment: Markdown in between, and the questions."""

    parts: list[str | Question]

    @property
    def questions(self) -> list[Question]:
        return [part for part in self.parts if isinstance(part, Question)]


def read_questions(text: str) -> Sheet:
    """The `Sheet` of a Markdown text; raises QuestionError for a question without points."""
    before, sections = split_at_headings(text)
    parts: list[str | Question] = [before]
    for number, (title, body) in enumerate(sections, start=1):
        lines, body = take_block(body, "grading", title)
        # What follows the heading of the next part belongs to the sheet, not to the question.
        body, *next_part = re.split(r"^(?=## )", body, maxsplit=1, flags=re.MULTILINE)
        parts.append(read_question(number, title, body.strip(), lines))
        parts += [text.strip() for text in next_part]
    return Sheet(parts)


def read_question(number: int, title: str, text: str, lines: Iterable[str]) -> Question:
    functions: list[str] = []
    tests: list[tuple[int, str]] = []
    by_hand = None
    for line in lines:
        key, separator, value = line.partition(": ")
        if key == "write":
            functions.append(value)
        elif key == "by hand" and value.isdecimal():
            by_hand = int(value)
        elif key.isdecimal() and separator:
            tests.append((int(key), value))
        else:
            raise QuestionError(f"{title}: expected 'write', 'by hand' or points. Got {line!r}.")
    if (by_hand is None) == (not functions) or bool(functions) != bool(tests):
        raise QuestionError(f"{title}: needs either 'by hand', or functions to write and tests.")
    points = by_hand or sum(points for points, _ in tests)
    return Question(number, title, text, functions, tests, points)


class Answer(NamedTuple):
    """An answer, and the points that each of its steps is worth."""

    text: str
    rubric: list[tuple[int, str]]  # points and step


def read_answers(text: str, questions: Iterable[Question]) -> dict[str, Answer]:
    """From each question marked by hand to its `Answer`, by title.

    Raises QuestionError if one has none, an answer has no question, or the points do not agree.
    """
    _, sections = split_at_headings(text)
    answers = {}
    for title, body in sections:
        lines, body = take_block(body, "rubric", title)
        rubric = [(int(line.partition(": ")[0]), line.partition(": ")[2]) for line in lines]
        answers[title] = Answer(body.strip(), rubric)
    expected = {question.title: question.points for question in questions if not question.functions}
    got = {title: sum(points for points, _ in answers[title].rubric) for title in answers}
    if got != expected:
        wrong = sorted(set(got.items()) ^ set(expected.items()))
        raise QuestionError(f"Answers and questions differ, or their points: {wrong}.")
    return answers


def split_at_headings(text: str) -> tuple[str, list[tuple[str, str]]]:
    """What stands before the first third-level heading, and pairs of heading and what follows."""
    before, *pieces = re.split(r"^### (.*)\n", text, flags=re.MULTILINE)
    return before.strip(), list(zip(pieces[::2], pieces[1::2], strict=True))


def take_block(body: str, kind: str, title: str) -> tuple[list[str], str]:
    """The lines of the fenced block of that kind, and the text without it."""
    match = re.search(rf"^```{kind}\n(.*?)^```\n", body, re.DOTALL | re.MULTILINE)
    if not match:
        raise QuestionError(f"{title}: there is no block fenced as {kind}.")
    return match.group(1).splitlines(), body[: match.start()] + body[match.end() :]


# -------------------------------------------------------------------- the sheet as Markdown


def sheet_markdown(sheet: Sheet) -> str:
    """The sheet for students: questions with their numbers and points, without answers."""
    parts = []
    for part in sheet.parts:
        if isinstance(part, str):
            parts.append(part)
        else:
            parts += [heading(part), part.text]
            if part.functions:
                parts.append(what_to_write(part))
    return "\n\n".join(parts) + "\n"


def answers_markdown(sheet: Sheet, answers: Mapping[str, Answer]) -> str:
    """The teacher's sheet: every question that is marked by hand, its answer and its rubric."""
    parts = ["# Answers", "To the questions that are marked by hand; `grade.py` grades the others."]
    for question in sheet.questions:
        if question.title in answers:
            text, rubric = answers[question.title]
            steps = "\n".join(f"- {points_text(points)}: {step}" for points, step in rubric)
            parts += [heading(question), question.text, "**Answer.**", text, "**Points.**", steps]
    return "\n\n".join(parts) + "\n"


def heading(question: Question) -> str:
    by_hand = "" if question.functions else ", by hand"
    return f"### {question.number}. {question.title} ({points_text(question.points)}{by_hand})"


def points_text(points: int) -> str:
    return "1 point" if points == 1 else f"{points} points"


def what_to_write(question: Question) -> str:
    """The functions of a question, and what earns its points."""
    names = [name.rpartition(".") for name in question.functions]
    places = " and ".join(f"`{short}`" for _, _, short in names)
    file = names[0][0].replace(".", "/") + ".py"
    tests = "\n".join(f"- {points_text(points)}: {claim}" for points, claim in question.tests)
    return f"Write {places} in `{file}`; `python grade.py {question.number}` tests them:\n\n{tests}"
