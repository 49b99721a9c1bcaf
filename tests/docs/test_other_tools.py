"""The page about other tools: its code runs, where the tools are installed."""

import re
import warnings
from pathlib import Path

import numpy as np
import pytest

import word2vec
from utils.projector import write_projector_files
from word2vec import KeyedVectors

PAGE = Path(word2vec.__file__).parents[1] / "docs" / "other_tools.md"
TEXT = PAGE.read_text(encoding="utf-8")
BEGINNING, *BLOCKS = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


@pytest.fixture(scope="module")
def beginning():
    names = {}
    exec(BEGINNING, names)
    return names


@pytest.mark.filterwarnings("ignore")  # of other libraries
@pytest.mark.parametrize(
    ("tool", "block"), [*zip(["sklearn", "spacy", "faiss"], BLOCKS, strict=True)]
)
def test_code_of_the_page_runs(beginning, tool, block):
    assert f"import {tool}" in block or f"from {tool}" in block
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip(tool)
        exec(block, dict(beginning))


def test_projector_reads_back_what_was_written(tmp_path):
    """As its page does: lines, tabs between columns, and no heading over one column of metadata."""
    words = ["tea", "new york", "a\tb", " ", "一"]
    vectors = KeyedVectors.from_words(words, np.random.default_rng(0).normal(size=(5, 3)))
    write_projector_files(vectors, tmp_path)
    rows = [line.split("\t") for line in (tmp_path / "vectors.tsv").read_text("utf-8").split("\n")]
    rows = [row for row in rows if row != [""]]  # blank lines are skipped
    assert np.array(rows, dtype=float).tolist() == vectors.vectors.tolist()
    labels = [
        line for line in (tmp_path / "metadata.tsv").read_text("utf-8").split("\n") if line.strip()
    ]
    assert len(labels) == len(rows)
    assert not any("\t" in label for label in labels)
