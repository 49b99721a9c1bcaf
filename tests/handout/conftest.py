"""A student's copy and a teacher's copy of the assignment, and the grader in this process."""

import importlib
import shutil
import sys
from pathlib import Path

import pytest

from utils.handout.write import write_handout

STUDENT = Path(__file__).with_name("student")


@pytest.fixture(scope="session")
def blank(tmp_path_factory):
    """The students' copy, as it is handed out. Not to be changed."""
    directory = tmp_path_factory.mktemp("handout") / "blank"
    write_handout(directory)
    return directory


@pytest.fixture(scope="session")
def teachers(tmp_path_factory):
    """The teacher's copy. Not to be changed."""
    directory = tmp_path_factory.mktemp("handout") / "teachers"
    write_handout(directory, solution=True)
    return directory


@pytest.fixture
def students(blank, tmp_path):
    """A copy that a student has filled in; the test may put mistakes into it."""
    directory = tmp_path / "students"
    shutil.copytree(blank, directory)
    for file in STUDENT.glob("*.py"):
        shutil.copy(file, directory / "word2vec")
    return directory


@pytest.fixture(scope="session")
def grader(blank):
    """grade.py of the students' copy, as a module."""
    sys.path.insert(0, str(blank))
    try:
        module = importlib.import_module("grade")
        importlib.import_module("grading.judging")
    finally:
        sys.path.remove(str(blank))
    yield module
    for name in [name for name in sys.modules if name.split(".")[0] in ("grade", "grading")]:
        del sys.modules[name]


@pytest.fixture(scope="session")
def judging(grader):
    """The grader's module that runs the tests."""
    return sys.modules["grading.judging"]


@pytest.fixture(scope="session")
def grade(judging):
    """Grade a directory in this process: {number: (points, possible, [messages])}."""

    def grade(directory):
        grades = {}
        for question in judging.read_questions():
            messages = list(judging.judge(question, directory))
            points = [test["points"] for test in question["tests"]]
            got = [p for p, message in zip(points, messages, strict=True) if message is None]
            claims = [test["claim"] for test in question["tests"]]
            wrong = [
                f"{claim}: {message}"
                for claim, message in zip(claims, messages, strict=True)
                if message is not None
            ]
            grades[question["number"]] = (sum(got), sum(points), wrong)
        return grades

    return grade
