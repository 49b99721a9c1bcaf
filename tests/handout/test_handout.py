"""What is handed out: complete, without answers, and in one piece or not at all."""

import ast
import importlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import run
from utils.handout import write
from utils.handout.questions import QuestionError, read_answers, read_questions
from utils.handout.write import ASSIGNMENT, REPOSITORY, write_handout

TEACHING = REPOSITORY / "docs" / "teaching.md"


def sources(directory):
    return {
        path.relative_to(directory): path.read_text("utf-8") for path in directory.rglob("*.py")
    }


def asked_for():
    sheet = read_questions((ASSIGNMENT / "questions.md").read_text("utf-8"))
    return [name for question in sheet.questions for name in question.functions]


def answer_lines(name):
    """The lines of a function's body in the library that compute something."""
    module, _, short = name.rpartition(".")
    path = REPOSITORY / (module.replace(".", "/") + ".py")
    text = path.read_text("utf-8")
    node = next(n for n in ast.parse(text).body if getattr(n, "name", "") == short)
    lines = text.splitlines()[node.body[0].end_lineno : node.end_lineno]
    found = [line.strip() for line in lines if re.search(r"= |return ", line)]
    return [line for line in found if line != "return x"]


# -------------------------------------------------------------------- what students get


@pytest.mark.parametrize("name", asked_for())
def test_no_line_of_an_answer_is_handed_out(blank, name):
    everything = "\n".join(sources(blank).values())
    lines = answer_lines(name)
    assert lines
    assert [line for line in lines if line in everything] == []


def test_no_formula_of_a_gradient_is_handed_out(blank):
    text = "\n".join(
        path.read_text("utf-8")
        for path in blank.rglob("*")
        if path.suffix in (".py", ".md", ".tex")
    )
    for formula in ("dJ/d", "y_hat - y", r"\hat y - y", "s (1 - s)", "delta1", "Each row is first"):
        assert formula not in text
    assert not (blank / "answers.md").exists()


def test_blank_functions_keep_name_arguments_and_docstring(blank):
    for name in asked_for():
        module_name, _, short = name.rpartition(".")
        text = (blank / (module_name.replace(".", "/") + ".py")).read_text("utf-8")
        node = next(n for n in ast.parse(text).body if getattr(n, "name", "") == short)
        function = getattr(importlib.import_module(module_name), short)
        original = function.__wrapped__ if hasattr(function, "__wrapped__") else function
        code = original.__code__
        names = [argument.arg for argument in node.args.args + node.args.kwonlyargs]
        assert names == list(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])
        assert ast.get_docstring(node).startswith(function.__doc__.split("\n")[0])
        assert isinstance(node.body[1], ast.Raise)
        assert len(node.body) == 2


def test_nothing_but_what_is_needed_is_handed_out(blank):
    package = {path.name for path in (blank / "word2vec").glob("*.py")}
    given = {"__init__.py", "checks.py", "gradcheck.py"}
    assert package == {name.split(".")[1] + ".py" for name in asked_for()} | given
    assert "as_indices" not in (blank / "word2vec" / "checks.py").read_text("utf-8")


def test_only_the_template_raises_the_error_of_blank_functions():
    error = "NotImplemented" + "Error"  # the repository has the word in no other place
    assert error in (ASSIGNMENT / "blank.txt").read_text("utf-8")
    tracked = (
        path for folder in ("utils", "word2vec") for path in (REPOSITORY / folder).rglob("*.py")
    )
    assert [path for path in tracked if error in path.read_text("utf-8")] == []


def test_links_lead_to_files(blank, teachers):
    for directory in (blank, teachers):
        for document in directory.glob("*.md"):
            links = re.findall(r"\]\((?!https?:)([^)#]+)\)", document.read_text("utf-8"))
            assert [link for link in links if not (directory / link).exists()] == []


def test_code_of_the_readme_runs(blank):
    (code,) = re.findall(
        r"```python\n(.*?)```", (blank / "README.md").read_text("utf-8"), re.DOTALL
    )
    exec(code, {})


def test_students_train_with_what_they_wrote(students):
    path = students / "train.py"
    text = path.read_text("utf-8")
    assert ", 1500" in text
    path.write_text(text.replace(", 1500", ", 100"), "utf-8")
    done = subprocess.run(
        [sys.executable, "train.py"], cwd=students, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    accuracy = int(re.search(r"5 classes: (\d+)% right", done.stdout).group(1))
    assert accuracy > 30  # better than the most frequent class
    for picture in ("word_vectors.png", "loss.png"):
        assert (students / picture).read_bytes().startswith(b"\x89PNG")


def test_the_most_frequent_class_is_rarer_than_what_the_network_gets_right(blank):
    lines = (blank / "data" / "dev.tsv").read_text("utf-8").splitlines()
    labels = [line.split("\t")[0] for line in lines]
    assert max(labels.count(label) for label in set(labels)) / len(labels) < 0.3


# -------------------------------------------------------------------- what teachers get


def test_the_teacher_s_copy_has_an_answer_and_a_rubric_for_every_derivation(teachers):
    answers = (teachers / "answers.md").read_text("utf-8")
    sheet = read_questions((ASSIGNMENT / "questions.md").read_text("utf-8"))
    by_hand = [question for question in sheet.questions if not question.functions]
    assert answers.count("**Answer.**") == answers.count("**Points.**") == len(by_hand)
    for question in by_hand:
        assert f"### {question.number}. {question.title} (" in answers


def test_the_points_sum_to_a_hundred():
    sheet = read_questions((ASSIGNMENT / "questions.md").read_text("utf-8"))
    assert sum(question.points for question in sheet.questions) == 100
    assert sum(question.points for question in sheet.questions if question.functions) == 75


def test_figures_of_the_page_for_teachers_are_true(students, teachers):
    page = TEACHING.read_text("utf-8")
    mistakes = (
        (Path(__file__).parent / "test_mistakes.py").read_text("utf-8").count("    Mistake(\n")
    )
    assert f"[{mistakes} mistakes]" in page
    assert f"the library with {len(asked_for())}\nfunctions left blank" in page
    assert "Of 100 points, 75 are for code" in page
    assert "and 25 for derivations" in page

    losses = students / "word2vec" / "losses.py"
    text = losses.read_text("utf-8")
    loop = re.search(r"    for weight, word in.*?\n.*?\n", text).group()
    counted_once = "    grad_outside_vectors[negative_indices] += np.outer(weights, center_vec)\n"
    losses.write_text(text.replace(loop, counted_once), "utf-8")
    command = [sys.executable, "grade.py", "--directory", str(students), "11"]
    command += ["--time-limit", "600"]
    done = subprocess.run(command, cwd=teachers, capture_output=True, text=True)
    (shown,) = re.findall(r"```text\nno\. (.*?)```", page, re.DOTALL)
    assert f"no. {shown}".split() == done.stdout.split()


def test_links_of_the_page_for_teachers_lead_to_files():
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", TEACHING.read_text("utf-8"))
    assert links
    assert [link for link in links if not (TEACHING.parent / link).exists()] == []


# -------------------------------------------------------------------- how it is written


def test_the_command_says_what_it_wrote(tmp_path, capsys):
    assert run.main(["handout", "--output", str(tmp_path / "new")]) == 0
    output = capsys.readouterr().out
    assert "18 questions: 13 functions to write for 75 points, derivations for 25 points." in output
    assert (tmp_path / "new" / "grade.py").exists()


def test_a_directory_with_something_in_it_is_refused(tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("mine")
    assert run.main(["handout", "--output", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert error == f"run.py: {tmp_path} is not empty. Choose a new directory.\n"
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_file_in_the_place_of_the_directory_is_refused(tmp_path):
    path = tmp_path / "file"
    path.write_text("mine")
    with pytest.raises(FileExistsError, match="file is not empty. Choose a new directory."):
        write_handout(path)


def test_an_empty_directory_is_filled(tmp_path):
    directory = tmp_path / "empty"
    directory.mkdir()
    write_handout(directory)
    assert (directory / "README.md").exists()


def test_a_run_that_is_stopped_leaves_nothing_that_looks_whole(tmp_path, monkeypatch):
    written = []

    def stop_in_the_middle(path, text, encoding):
        written.append(path)
        if len(written) == 10:
            raise KeyboardInterrupt
        path.write_bytes(text.encode(encoding))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", stop_in_the_middle)
        with pytest.raises(KeyboardInterrupt):
            write_handout(tmp_path / "new")
    assert [path.name for path in tmp_path.iterdir()] == ["new.unfinished"]
    write_handout(tmp_path / "new")
    assert [path.name for path in tmp_path.iterdir()] == ["new"]
    assert (tmp_path / "new" / "questions.tex").exists()


# -------------------------------------------------------------------- questions and answers

ONE = (
    "### Softmax\n\n"
    "```grading\nwrite: word2vec.functions.softmax\n2: softmax sums to one\n```\n\nDo.\n"
)
OTHER = "### Proof\n\n```grading\nby hand: 3\n```\n\nProve it.\n"
ANSWER = "### Proof\n\n```rubric\n2: idea\n1: steps\n```\n\nSo.\n"


def test_questions_are_numbered_in_their_order_and_parts_stand_between():
    sheet = read_questions(f"# Title\n\nHello.\n\n{ONE}\n## Part 2\n\nMore.\n\n{OTHER}")
    one, other = sheet.questions
    assert (one.number, one.points, one.tests) == (1, 2, [(2, "softmax sums to one")])
    assert (other.number, other.points, other.functions) == (2, 3, [])
    assert (one.text, other.text) == ("Do.", "Prove it.")
    assert sheet.parts == ["# Title\n\nHello.", one, "## Part 2\n\nMore.", other]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("### A\n\nText.\n", "A: there is no block fenced as grading."),
        ("### A\n\n```grading\ntwo points\n```\n", "A: expected 'write', 'by hand' or points. Got"),
        (
            "### A\n\n```grading\n2: claim\n```\n",
            "A: needs either 'by hand', or functions to write",
        ),
        (
            "### A\n\n```grading\nwrite: f\n```\n",
            "A: needs either 'by hand', or functions to write",
        ),
        ("### A\n\n```grading\nby hand: 1\nwrite: f\n1: c\n```\n", "A: needs either 'by hand', or"),
    ],
)
def test_a_question_without_its_points_is_an_error(text, message):
    with pytest.raises(QuestionError, match=re.escape(message)):
        read_questions(text)


def test_answers_belong_to_questions_and_their_points_agree():
    questions = read_questions(ONE + "\n" + OTHER).questions
    answers = read_answers(ANSWER, questions)
    assert answers["Proof"].rubric == [(2, "idea"), (1, "steps")]
    for wrong in (
        "",
        ANSWER.replace("2: idea", "1: idea"),
        ANSWER + ANSWER.replace("Proof", "Else"),
    ):
        with pytest.raises(QuestionError, match="Answers and questions differ, or their points"):
            read_answers(wrong, questions)


def test_a_question_about_what_is_not_there_is_an_error(tmp_path, monkeypatch):
    def read(name):
        text = (ASSIGNMENT / name).read_text("utf-8")
        return text.replace("word2vec.functions.softmax\n", "word2vec.functions.softmix\n")

    monkeypatch.setattr(write, "read", read)
    with pytest.raises(ValueError, match=r"word2vec/functions\.py does not define softmix\."):
        write_handout(tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


def test_the_grader_gets_points_from_the_sheet(blank):
    questions = json.loads((blank / "grading" / "questions.json").read_text("utf-8"))
    sheet = (blank / "questions.md").read_text("utf-8")
    for question in questions:
        points = sum(test["points"] for test in question["tests"])
        assert f"### {question['number']}. {question['title']} ({points} points)" in sheet
        for test in question["tests"]:
            noun = "point" if test["points"] == 1 else "points"
            assert f"- {test['points']} {noun}: {test['claim']}\n" in sheet


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="needs pdflatex")
@pytest.mark.parametrize("sheet", ["questions", "answers"])
def test_sheets_compile_without_complaint(teachers, tmp_path, sheet):
    shutil.copy(teachers / f"{sheet}.tex", tmp_path)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", f"{sheet}.tex"]
    for _ in range(2):
        done = subprocess.run(command, cwd=tmp_path, capture_output=True)
        assert done.returncode == 0, done.stdout.decode("latin-1")[-2000:]
    log = (tmp_path / f"{sheet}.log").read_text("latin-1")
    assert not re.findall(r"^(?:Overfull|LaTeX Warning).*", log, re.MULTILINE)
