"""The notebooks run from clean, and the outputs they keep are good ones.

``jupyter execute --inplace notebooks/*.ipynb`` renews the outputs after a change.
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


def test_there_are_notebooks():
    assert NOTEBOOKS


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
    assert notebook.stat().st_size < 300_000
