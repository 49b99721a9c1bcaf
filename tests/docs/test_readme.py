"""The code in the README and in the docstrings does what they say."""

import doctest
import importlib
import pkgutil
import re
from pathlib import Path

import numpy as np
import pytest

import utils
import word2vec

README = Path(word2vec.__file__).parent.parent / "README.md"
MODULES = [
    module.name
    for package in (word2vec, utils)
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + ".")
]


def failures(examples):
    """What went wrong in a DocTest, as text; empty if nothing did."""
    report = []
    doctest.DocTestRunner(verbose=False).run(examples, out=report.append)
    return "".join(report)


def test_code_in_the_readme_prints_what_it_says(monkeypatch):
    monkeypatch.chdir(README.parent)
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 2
    parser = doctest.DocTestParser()
    for number, block in enumerate(blocks):
        assert not failures(parser.get_doctest(block, {}, f"block {number}", str(README), 0))


def test_links_in_the_readme_lead_to_files():
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", README.read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (README.parent / link).exists()] == []


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_print_what_they_say(name):
    module = importlib.import_module(name)
    for examples in doctest.DocTestFinder().find(module, extraglobs={"np": np}):
        assert not failures(examples)
