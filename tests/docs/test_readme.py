"""The README's tree names what there is; the code in docstrings prints what they say."""

import doctest
import importlib
import pkgutil
import re
from pathlib import Path

import numpy as np
import pytest

import utils
import word2vec

FORMULAS = ["functions", "losses", "models", "network", "gradcheck"]
README = Path(word2vec.__file__).parent.parent / "README.md"
MODULES = [
    module.name
    for package in (word2vec, utils)
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + ".")
]


def tree_of(text):
    """The paths in the README's tree, whose folders are told by how far names are indented."""
    block = re.search(r"## What is where\n\n```\n(.*?)```", text, re.DOTALL)[1]
    folders = []
    for line in block.splitlines():
        indent, name = re.match(r"( *)(\S+)", line).groups()
        folders[len(indent) // 2 :] = [name]
        yield "".join(folders)


def test_tree_in_the_readme_names_what_there_is():
    paths = list(tree_of(README.read_text("utf-8")))
    assert "word2vec/engine/" in paths
    assert [path for path in paths if not (README.parent / path).exists()] == []


def test_tree_in_the_readme_leaves_no_formula_and_no_room_out():
    shown = {path for path in tree_of(README.read_text("utf-8")) if path.count("/") <= 2}
    library = README.parent / "word2vec"
    rooms = {f"word2vec/{path.parent.name}/" for path in library.glob("*/__init__.py")}
    formulas = {f"word2vec/{name}.py" for name in FORMULAS}
    assert rooms | formulas <= shown


def test_table_of_the_course_names_functions_that_there_are():
    text = README.read_text("utf-8")
    rows = re.findall(r"^\| `(.+?)` \| (.*) \|$", text.partition("| course | here |")[2], re.M)
    names = [
        name for _, ours in rows for name in re.findall(r"`((?:word2vec|utils)\.[\w.]+)`", ours)
    ]
    assert len(names) >= len(rows) > 10
    for name in names:
        module, _, attribute = name.rpartition(".")
        assert callable(getattr(importlib.import_module(module), attribute)), name


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_print_what_they_say(name):
    module = importlib.import_module(name)
    report = []
    for examples in doctest.DocTestFinder().find(module, extraglobs={"np": np}):
        doctest.DocTestRunner(verbose=False).run(examples, out=report.append)
    assert "".join(report) == ""


def test_first_picture_says_of_what_text_it_is_and_how_it_is_drawn():
    below = README.read_text("utf-8").partition("](docs/word_vectors.png)")[2].partition("```")[0]
    below = " ".join(below.split())
    assert "Words of film reviews, the Stanford Sentiment Treebank" in below
    assert "`./get_datasets.sh && .venv/bin/python run.py`" in below
