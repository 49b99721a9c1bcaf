"""The command train under mpiexec."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.ranks.launch import ROOT, finish, needs_mpi, start_command
from word2vec.__main__ import main
from word2vec.commands.ranks import rank_and_size

OPTIONS = "--shards 4 --min-count 1 --vector-size 4 --epochs 2 --workers 1".split()


@pytest.fixture
def texts(tmp_path):
    (tmp_path / "texts").mkdir()
    for number in range(3):
        lines = [f"tea{i % 5} is hot{i % 3} in{number}" for i in range(400)]
        (tmp_path / "texts" / f"{number}.txt").write_text("\n".join(lines))
    return tmp_path


def train(ranks, folder, *arguments):
    process = start_command(ranks, ["-m", "word2vec", "train", *arguments], folder)
    said, errors = finish(process)
    return process.returncode, said, errors


@needs_mpi
def test_ranks_write_what_one_process_writes_and_only_the_first_prints(texts):
    status, said, errors = train(2, texts, "texts", *OPTIONS, "--output", "of_two")
    assert status == 0, errors
    assert sum("Training on: texts" in line for line in said) == 1
    assert sum("Wrote vectors.txt" in line for line in said) == 1
    assert sorted(path.name for path in (texts / "of_two").iterdir()) == [
        "epochs.tsv",
        "metrics.json",
        "vectors.txt",
        "vocab.txt",
    ]
    assert main(["train", str(texts / "texts"), *OPTIONS, "--output", str(texts / "one")]) == 0
    for name in ("vectors.txt", "vocab.txt"):
        assert (texts / "of_two" / name).read_bytes() == (texts / "one" / name).read_bytes()


@needs_mpi
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.txt"], "There is no text file missing.txt"),
        (["texts", "--shards", "3"], "shards must be 1, 2, 4, 8"),
        (["texts", "--shards", "1"], "There are 2 ranks for 1 shards"),
        (["texts", "--optimizer", "sgd"], "start it without mpiexec"),
        (["texts", "--window"], "expected one argument"),
    ],
    ids=["file", "shards", "ranks", "sgd", "usage"],
)
def test_an_error_is_said_once(texts, arguments, message):
    status, _, errors = train(2, texts, *arguments)
    assert status == 2
    assert errors.count(message) == 1
    assert len(errors.splitlines()) == 1


@needs_mpi
def test_mpiexec_of_another_mpi_is_found_out(texts):
    environment = {"OMPI_COMM_WORLD_RANK": "0", "OMPI_COMM_WORLD_SIZE": "2"}
    done = subprocess.run(
        [sys.executable, "-m", "word2vec", "train", "texts"],
        cwd=texts,
        env={"PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "mpiexec has started 2 processes, but mpi4py sees 1" in done.stderr


def test_without_mpi4py_it_is_said_what_to_install(texts, monkeypatch, capsys):
    monkeypatch.setenv("PMI_RANK", "0")
    monkeypatch.setenv("PMI_SIZE", "2")
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    assert main(["train", str(texts / "texts")]) == 2
    errors = capsys.readouterr().err
    assert "mpiexec has started 2 processes, but without mpi4py" in errors
    assert "pip install mpi4py mpich" in errors


def test_without_mpiexec_there_is_one_rank(monkeypatch):
    for name in ("PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "MV2_COMM_WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    assert rank_and_size() == (0, 1)


def test_nothing_but_the_command_line_imports_mpi4py():
    files = Path(ROOT, "word2vec").rglob("*.py")
    found = [
        path.name
        for path in files
        if "import mpi4py" in (text := path.read_text()) or "from mpi4py" in text
    ]
    assert found == ["ranks.py"]
    assert "from mpi4py" in Path(ROOT, "word2vec", "commands", "ranks.py").read_text()
