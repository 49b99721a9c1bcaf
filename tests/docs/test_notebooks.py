"""The notebooks run from clean, and the outputs they keep are good ones.

The outputs kept are those of the treebank (`./get_datasets.sh`); here the notebooks run on the
sample. ``jupyter execute --inplace notebooks/*.ipynb`` renews the outputs after a change. What the
exercises' hidden tests find is tested in test_exercises.py.
"""

import ast
import json
import re
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
ABSOLUTE_PATH = re.compile(r"(^|[\s\"'(=<])(/\w|[A-Za-z]:\\)", re.MULTILINE)

each_notebook = pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)


def code_cells(notebook):
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def kinds_of_outputs(cells):
    """For each cell: text, results, pictures, errors?"""
    return [
        {(output["output_type"], *sorted(output.get("data", ()))) for output in cell["outputs"]}
        for cell in cells
    ]


def shows_something(source):
    """Whether a cell ends in an expression, or in a loop of them, not in a definition."""
    last = ast.parse(source).body[-1]
    if isinstance(last, (ast.FunctionDef, ast.ClassDef)):
        return False
    return any(isinstance(node, ast.Expr) for node in ast.walk(last))


# What starts the kernel may lag behind a newer Python.
@pytest.mark.filterwarnings("ignore::DeprecationWarning:(jupyter|nbclient|nbformat|zmq)")
@each_notebook
def test_notebook_runs_from_clean_on_the_sample(notebook, tmp_path, monkeypatch):
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    for directory in ("word2vec", "utils", "data/sample", "notebooks"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / directory, tmp_path / directory, ignore=ignored)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))

    copy = tmp_path / "notebooks" / notebook.name
    executed = nbformat.read(copy, as_version=4)
    resources = {"metadata": {"path": copy.parent}}
    nbclient.NotebookClient(executed, timeout=300, resources=resources).execute()
    fresh = [cell for cell in executed.cells if cell.cell_type == "code"]
    assert kinds_of_outputs(fresh) == kinds_of_outputs(code_cells(notebook))


def test_there_are_four_notebooks():
    assert [path.name[:2] for path in NOTEBOOKS] == ["01", "02", "03", "04"]


@each_notebook
def test_notebook_begins_with_its_goals_and_ends_with_exercises(notebook):
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    texts = ["".join(cell["source"]) for cell in cells]
    assert "**You will learn**" in texts[0]
    assert "**You need**" in texts[0]
    first = next(i for i, text in enumerate(texts) if "## Exercises" in text)
    exercises = [i for i, text in enumerate(texts) if 'check("' in text]
    assert len(exercises) == 3
    assert min(exercises) > first


@each_notebook
def test_kept_outputs_are_those_of_the_treebank(notebook):
    printed = "".join(
        "".join(output.get("text", ""))
        for cell in code_cells(notebook)
        for output in cell["outputs"]
    )
    assert "sample:" not in printed
    if "StanfordSentiment(" in notebook.read_text(encoding="utf-8"):
        assert "stanfordSentimentTreebank: " in printed


@each_notebook
def test_exercises_are_kept_blank(notebook):
    exercises = [cell for cell in code_cells(notebook) if 'check("' in "".join(cell["source"])]
    for cell in exercises:
        assert "not yet. It returns nothing" in "".join(cell["outputs"][0]["text"])


@each_notebook
def test_links_lead_to_files_and_to_headings(notebook):
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    for path, heading in re.findall(r"\]\((?!https?:)([^)#]+)(?:#([^)]+))?\)", text):
        target = notebook.parent / path
        assert target.exists()
        if heading:
            titles = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
            assert heading in [re.sub(r"[^\w -]", "", t).lower().replace(" ", "-") for t in titles]


@each_notebook
def test_outputs_are_kept(notebook):
    cells = code_cells(notebook)
    showing = [cell for cell in cells if shows_something("".join(cell["source"]))]
    assert showing
    assert [cell["source"] for cell in showing if not cell["outputs"]] == []


@each_notebook
def test_cells_were_executed_in_order_from_a_fresh_start(notebook):
    cells = code_cells(notebook)
    counts = [cell["execution_count"] for cell in cells]
    assert counts == list(range(1, len(cells) + 1))


@each_notebook
def test_kept_outputs_have_no_error_and_no_warning(notebook):
    outputs = [output for cell in code_cells(notebook) for output in cell["outputs"]]
    assert [output for output in outputs if output["output_type"] == "error"] == []
    assert [output for output in outputs if output.get("name") == "stderr"] == []


@each_notebook
def test_kept_outputs_name_no_place_on_the_machine(notebook):
    for cell in code_cells(notebook):
        for output in cell["outputs"]:
            text = "".join(output.get("text", output.get("data", {}).get("text/plain", "")))
            assert not ABSOLUTE_PATH.search(text)


@pytest.mark.parametrize("text", ["File /usr/a.py", "open('/tmp/x')", "C:\\data", "a\n/opt"])
def test_absolute_paths_are_recognised(text):
    assert ABSOLUTE_PATH.search(text)


@each_notebook
def test_notebook_is_small(notebook):
    assert notebook.stat().st_size < 600_000
