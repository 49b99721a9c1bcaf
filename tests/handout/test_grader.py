"""The grader: all points for what is right, none for what is not there, and nothing breaks it."""

import json
import os
import subprocess
import sys
import threading

import numpy as np
import pytest
from numpy.testing import assert_allclose

import word2vec
from word2vec.sgd import plain_sgd

SGD, SIGMOID, SOFTMAX, ROWS = 17, 4, 2, 5
POINTS = {2: 7, 4: 7, 5: 3, 7: 8, 9: 9, 11: 11, 13: 8, 14: 9, 16: 8, 17: 5}


def run_grader(directory, *arguments):
    command = [sys.executable, "grade.py", "--time-limit", "600", *map(str, arguments)]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True)


def lost(grades):
    return {number: total - got for number, (got, total, _) in grades.items() if got < total}


def question(judging, number):
    return next(q for q in judging.read_questions() if q["number"] == number)


def messages(grader, judging, number, directory, time_limit=600):
    """What is wrong with a question, judged in a process of its own."""
    options = grader.parse_arguments(
        ["--directory", str(directory), "--time-limit", str(time_limit)]
    )
    return grader.messages(question(judging, number), options)


def put(directory, file, text, instead_of=""):
    """Put text into a student's file, at its beginning or in the place of something."""
    path = directory / "word2vec" / f"{file}.py"
    path.write_text(path.read_text("utf-8").replace(instead_of, text, 1), "utf-8")


# -------------------------------------------------------------------- the whole


def test_the_solution_gets_all_points(teachers, tmp_path):
    done = run_grader(teachers, "--json", tmp_path / "grades.json")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].split() == "total 75 of 75 100%".split()
    grades = json.loads((tmp_path / "grades.json").read_text("utf-8"))
    assert {q["number"]: q["points"] for q in grades["questions"]} == POINTS


def test_the_blank_handout_gets_no_points_and_no_crash(blank, tmp_path):
    done = run_grader(blank, "--json", tmp_path / "grades.json")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].split() == "total 0 of 75 0%".split()
    assert "softmax (question 2) is not written yet." in done.stdout
    grades = json.loads((tmp_path / "grades.json").read_text("utf-8"))
    messages = [test["message"] for q in grades["questions"] for test in q["tests"]]
    assert all(message.endswith("is not written yet.") for message in messages)


def test_someone_else_s_work_is_graded_in_detail(teachers, students):
    put(students, "functions", "return s * s", instead_of="return s * (1 - s)")
    done = run_grader(teachers, "--directory", students, SIGMOID)
    assert "  0 of 2  sigmoid grad is the derivative of the sigmoid given the value" in done.stdout
    assert "  1 of 1  sigmoid has the values worked by hand\n" in done.stdout
    assert done.stdout.splitlines()[-1].split() == "total 5 of 7 71%".split()


def test_a_question_that_is_not_graded_is_named(blank):
    done = run_grader(blank, 1)
    assert done.returncode == 1
    assert "question 1 is not graded here; those that are: 2, 4, 5" in done.stderr


def test_even_if_nothing_ever_ends_all_is_over_within_a_minute(grader, judging, monkeypatch):
    begun = threading.Barrier(len(judging.read_questions()))  # passed only by all at once

    def messages(question, options):
        begun.wait(timeout=30)
        return []

    monkeypatch.setattr(grader, "messages", messages)
    options = grader.parse_arguments([])
    grader.grade(options, judging.read_questions())
    assert options.time_limit < 60


# -------------------------------------------------------------------- what students do


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("raise SystemExit\n", "word2vec/functions.py cannot be imported: SystemExit"),
        ("1 / 0\n", "word2vec/functions.py cannot be imported: ZeroDivisionError: division by"),
        ("def :\n", "word2vec/functions.py, line 1: SyntaxError: invalid syntax."),
        ("import nothing\n", "word2vec/functions.py imports nothing; these functions need NumPy"),
        ("from scipy.special import expit\n", "word2vec/functions.py imports scipy.special; "),
    ],
    ids=["exit", "exception", "syntax error", "unknown module", "SciPy"],
)
def test_a_file_that_cannot_be_used_costs_its_own_questions(grade, students, text, message):
    put(students, "functions", text)
    grades = grade(students)
    assert lost(grades) == {number: POINTS[number] for number in (SOFTMAX, SIGMOID, ROWS)}
    assert message in grades[SIGMOID][2][0]


def test_a_missing_file_costs_its_own_questions(grade, students):
    (students / "word2vec" / "losses.py").unlink()
    grades = grade(students)
    assert lost(grades) == {number: POINTS[number] for number in (7, 9, 11)}
    assert "word2vec/losses.py: No such file or directory." in grades[7][2][0]


def test_a_missing_function_costs_its_own_question(grade, students):
    put(students, "functions", "def sigmoid_slope", instead_of="def sigmoid_grad")
    grades = grade(students)
    assert lost(grades) == {SIGMOID: POINTS[SIGMOID]}
    assert "word2vec/functions.py has no function sigmoid_grad." in grades[SIGMOID][2][0]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("raise SystemExit(0)", "SystemExit: 0 (word2vec/functions.py, line 22)"),
        ("return sigmoid_grad(s)", "RecursionError: maximum recursion depth exceeded"),
        ("return None", "sigmoid_grad is None: is there a return?"),
        ("return 'much'", "sigmoid_grad should be numbers. It is str."),
        ("return undefined", "NameError: name 'undefined' is not defined (word2vec/functions.py"),
    ],
    ids=["exit", "recursion", "None", "text", "unknown name"],
)
def test_a_function_that_fails_costs_its_own_test(grade, students, body, message):
    put(students, "functions", body, instead_of="return s * (1 - s)")
    grades = grade(students)
    assert lost(grades) == {SIGMOID: 2}
    assert message in grades[SIGMOID][2][0]


@pytest.mark.filterwarnings("ignore")
def test_what_a_student_does_to_numpy_costs_nothing(grade, students):
    with np.errstate():
        put(
            students,
            "functions",
            "import numpy as np\n\nnp.seterr(all='raise')\nnp.random.seed(0)\n",
        )
        assert lost(grade(students)) == {}


@pytest.mark.skipif(os.name == "nt", reason="needs limits on processor time")
def test_a_loop_that_never_ends_is_ended(grader, judging, students):
    put(students, "sgd", "while True:", instead_of="for _ in range(iterations):")
    found = messages(grader, judging, SGD, students)
    assert found == [grader.ENDLESS, *[grader.LEFT_OUT] * 3]


def test_a_question_that_waits_for_ever_is_ended(grader, judging, students):
    put(students, "sgd", "import time\ntime.sleep(1000)\n")
    found = messages(grader, judging, SGD, students, time_limit=1)
    assert found == [grader.ENDLESS, *[grader.LEFT_OUT] * 3]


def test_points_got_before_python_is_stopped_are_kept(grader, judging, students):
    body = "import os\n    os._exit(0) if np.ndim(x) == 1 else None\n    length = np.sqrt("
    put(students, "functions", body, instead_of="length = np.sqrt(")
    found = messages(grader, judging, ROWS, students)
    stopped = "Python stopped in the middle of the test, with exit status 0."
    assert found == [None, None, stopped]


def test_printing_does_no_harm(grader, judging, students, capfd):
    put(
        students,
        "functions",
        "print('[null]' * 1000)\n    return s * (1 - s)",
        "return s * (1 - s)",
    )
    assert messages(grader, judging, SIGMOID, students) == [None] * 5
    assert capfd.readouterr().out == ""


# -------------------------------------------------------------------- the tests themselves


def test_every_test_of_the_sheet_is_there_and_no_other(judging):
    claims = [test["claim"] for q in judging.read_questions() for test in q["tests"]]
    assert len(set(claims)) == len(claims)
    written = [
        name.replace("_", " ")
        for module in judging.TEST_MODULES
        for name, value in vars(module).items()
        if callable(value) and value.__module__ == module.__name__ and "student" in
        value.__code__.co_varnames[:1] and not name.startswith("_")
    ]  # fmt: skip
    assert sorted(written) == sorted(claims)


def test_references_are_what_the_library_computes(judging):
    references = sys.modules["grading.references"].REFERENCES
    rng = np.random.default_rng(5)
    x, v, u = rng.normal(size=(4, 3)), rng.normal(size=3), rng.normal(size=(6, 3))
    arguments = {
        "softmax": (x,),
        "log_softmax": (x,),
        "sigmoid": (x,),
        "sigmoid_grad": (word2vec.sigmoid(x),),
        "log_sigmoid": (x,),
        "normalize_rows": (np.vstack([x, 0 * x]),),
        "softmax_cross_entropy": (x, [0, 2, 1, 1]),
        "naive_softmax_loss_and_gradient": (v, 2, u),
        "neg_sampling_loss_and_gradient": (v, 2, u, [3, 3, 2]),
    }
    assert {name.rpartition(".")[2] for name in references} == set(arguments)
    for name, reference in references.items():
        short = name.rpartition(".")[2]
        right = getattr(word2vec, short)(*arguments[short])
        got = reference(*arguments[short])
        for a, b in zip(got, right, strict=True):
            assert_allclose(a, b, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        (lambda g: 0 * g, "It is zero everywhere."),
        (lambda g: -g, "It is the right one with the opposite sign."),
        (lambda g: 3 * g, "It is 3 times the right one."),
        (lambda g: g.T, "It is the right one transposed."),
        (lambda g: g + np.eye(3)[:, :1] * [1, 1], "Only row 0 is wrong."),
        (lambda g: g + np.array([[1], [0], [1]]), "Only rows 0, 2 are wrong."),
        (lambda g: g**2, ""),
    ],
)
def test_common_kinds_of_wrong_are_named(judging, change, hint):
    describe = sys.modules["grading.comparing"].describe
    right = np.array([[1.0, -2.0], [0.5, 3.0], [2.0, 0.7]])
    assert describe(change(right), right) == hint


def test_the_library_s_loop_is_what_is_asked_for():
    x = plain_sgd(lambda x: (0.0, x), [8, -16], 0.5, 4)
    assert x.tolist() == [0.5, -1]
