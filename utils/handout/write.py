"""Writes the assignment into a directory: the students' repository, or the teacher's."""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from utils.handout.excerpt import Blank, excerpt
from utils.handout.latex import to_latex
from utils.handout.questions import (
    Answer,
    Sheet,
    answers_markdown,
    read_answers,
    read_questions,
    sheet_markdown,
)
from utils.treebank import StanfordSentiment
from word2vec.checks import StrPath

REPOSITORY = Path(__file__).resolve().parents[2]
ASSIGNMENT = Path(__file__).with_name("assignment")
# What the students are given beside the functions to write.
GIVEN = (
    "word2vec.gradcheck.GradientCheckError",
    "word2vec.gradcheck.gradcheck_naive",
    "utils.plotting.plot_loss",
    "utils.plotting.plot_words",
)
AS_THEY_ARE = ("README.md", "grade.py", "requirements.txt", "train.py", "grading")


def write_handout(directory: StrPath, *, solution: bool = False) -> Sheet:
    """Write the assignment into a new directory, complete or not at all.

    Parameters
    ----------
    directory : str or path-like
        It must not exist, or be empty.
    solution : bool
        The teacher's copy: the functions written, and the answers with what they are worth.

    Returns
    -------
    Sheet
        The questions.

    Raises
    ------
    FileExistsError
        If there is something in the directory already.
    QuestionError, ExcerptError
        If the questions are not written as they should be, or ask for what is not there.
    """
    directory = Path(os.path.abspath(directory))
    if directory.exists() and not (directory.is_dir() and not any(directory.iterdir())):
        raise FileExistsError(f"{directory} is not empty. Choose a new directory.")
    sheet = read_questions(read("questions.md"))
    answers = read_answers(read("answers.md"), sheet.questions)
    files = handout_files(sheet, answers, solution)

    directory.parent.mkdir(parents=True, exist_ok=True)
    unfinished = directory.with_name(directory.name + ".unfinished")
    if unfinished.exists():  # of a run that was killed
        shutil.rmtree(unfinished)
    for name, text in files.items():
        path = unfinished / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    if directory.exists():
        directory.rmdir()
    unfinished.rename(directory)
    return sheet


def handout_files(sheet: Sheet, answers: Mapping[str, Answer], solution: bool) -> dict[str, str]:
    """Relative path and text of every file."""
    files = {
        str(path.relative_to(ASSIGNMENT).as_posix()): path.read_text(encoding="utf-8")
        for name in AS_THEY_ARE
        for path in [ASSIGNMENT / name, *sorted((ASSIGNMENT / name).rglob("*.py"))]
        if path.is_file()
    }
    files |= package_files(sheet, solution)
    files["grading/gradcheck.py"] = files["word2vec/gradcheck.py"]
    files["grading/questions.json"] = json.dumps(graded(sheet), indent=1) + "\n"
    files |= data_files()
    files["questions.md"] = sheet_markdown(sheet)
    files["questions.tex"] = latex(files["questions.md"])
    if solution:
        files["answers.md"] = answers_markdown(sheet, answers)
        files["answers.tex"] = latex(files["answers.md"])
    return files


def package_files(sheet: Sheet, solution: bool) -> dict[str, str]:
    """The library's modules as far as they are needed, with the functions to write left blank."""
    template = read("blank.txt")
    blanks = {
        name: Blank(
            template.format(
                number=question.number, title=question.title, name=name.rpartition(".")[2]
            )
        )
        for question in sheet.questions
        for name in question.functions
    }
    return excerpt([ASSIGNMENT, REPOSITORY], [*blanks, *GIVEN], {} if solution else blanks)


def graded(sheet: Sheet) -> list[dict[str, Any]]:
    """The questions that the grader grades, as it reads them."""
    return [
        {
            "number": question.number,
            "title": question.title,
            "functions": question.functions,
            "tests": [{"claim": claim, "points": points} for points, claim in question.tests],
        }
        for question in sheet.questions
        if question.functions
    ]


def data_files() -> dict[str, str]:
    """Sentences of the sample with their labels, one a line."""
    sample = StanfordSentiment(REPOSITORY / "data" / "sample")
    files = {}
    for split in ("train", "dev"):
        lines = [
            f"{label}\t{' '.join(sentence)}\n"
            for sentence, label in zip(*sample.split(split), strict=True)
        ]
        files[f"data/{split}.tsv"] = "".join(lines)
    return files


def latex(markdown: str) -> str:
    title, _, body = to_latex(markdown).partition("\n\n")
    return read("sheet.tex").replace("BODY", f"{title}\n\\maketitle\n\n{body.strip()}")


def read(name: str) -> str:
    return (ASSIGNMENT / name).read_text(encoding="utf-8")
