"""The page that the installed library shows of itself."""

import re
import shlex
from pathlib import Path

import word2vec
from word2vec import __main__ as command_line
from word2vec.vectors.keyed_vectors import KeyedVectors

PAGE = Path(word2vec.__file__).parents[1] / "docs" / "installed.md"
TEXT = PAGE.read_text(encoding="utf-8")
ROOT = PAGE.parents[1]
PROJECT = ROOT.joinpath("pyproject.toml").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^python -m word2vec (.*?)(?:  +#.*)?$", TEXT, re.MULTILINE)


def test_its_commands_work_one_after_the_other(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = "great boring man king woman queen".split()
    Path("my_text.txt").write_text(f"{' '.join(words)}\n" * 1000)
    Path("wordsim353.tsv").write_text("man\tking\t1\nman\twoman\t2\nking\tqueen\t3\n")
    Path("questions-words.txt").write_text(": royal\nman king woman queen\n")
    assert [command.split()[0] for command in COMMANDS] == (
        "train phrases neighbors analogy evaluate convert".split()
    )
    for command in COMMANDS:
        assert command_line.main(shlex.split(command)) == 0, command
    written = sorted(path.name for path in Path("output").iterdir())
    assert written == ["epochs.tsv", "metrics.json", "vectors.txt", "vocab.txt"]
    assert set(KeyedVectors.load_word2vec_format("vectors.bin.gz", binary=True).index_to_key) == (
        set(words)
    )


def test_it_leads_to_no_file_for_a_wheel_has_none():
    assert re.findall(r"\]\((?!https?:)", TEXT) == []


def test_it_asks_for_the_python_that_the_project_does():
    oldest = re.search(r'requires-python = ">=([\d.]+)"', PROJECT)[1]
    assert f"Python {oldest} or later" in TEXT


def test_requirements_are_the_dependencies_and_extras_of_the_project():
    required = ROOT.joinpath("requirements.txt").read_text(encoding="utf-8").split()
    # Opening the notebooks is nobody's duty: that extra is not among the requirements.
    declared = re.sub(r"^notebooks = .*$", "", PROJECT.partition("[project]")[2], flags=re.M)
    declared = re.findall(r'"([a-z]+>=[\d.]+)"', declared)
    assert sorted(required) == sorted(declared)
