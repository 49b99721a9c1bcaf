"""The command line of the installed library, as a user sees it."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import run
import word2vec
from word2vec import KeyedVectors, Word2Vec
from word2vec.__main__ import main

TEXT = "the good film is great\na bad film is boring\nthe king and the queen drink tea\n" * 20
QUICK = ["--min-count", "1", "--sample", "1", "--epochs", "2"]
COMMANDS = ["train", "phrases", "neighbors", "analogy", "evaluate", "convert"]


@pytest.fixture(autouse=True)
def _directory(tmp_path, monkeypatch):
    """A directory with nothing but a text."""
    monkeypatch.chdir(tmp_path)
    Path("text.txt").write_text(TEXT, encoding="utf-8")


def python_m_word2vec(*arguments, options=()):
    """Runs it as a program; the library is found, but not as the directory it runs in."""
    return subprocess.run(
        [sys.executable, *options, "-m", "word2vec", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(word2vec.__file__).parents[1])},
        timeout=60,
    )


# -------------------------------------------------------------------- training


def test_training_writes_vectors_and_metrics_and_says_so(capsys):
    assert main(["train", "text.txt", *QUICK]) == 0
    written = sorted(path.name for path in Path("output").iterdir())
    assert written == ["epochs.tsv", "metrics.json", "vectors.txt", "vocab.txt"]
    metrics = json.loads(Path("output/metrics.json").read_text(encoding="utf-8"))
    assert metrics["corpus"] == "text.txt"
    out, errors = capsys.readouterr()
    assert out.startswith("Training on: text.txt\nMean loss a pair: ")
    assert "     great: " in out
    assert out.endswith("Wrote vectors.txt, vocab.txt and metrics.json into output\n")
    assert "100%|" in errors


def test_training_saves_the_whole_model_to_be_trained_on(capsys):
    assert main(["train", "text.txt", *QUICK, "--save", "model.w2v"]) == 0
    assert capsys.readouterr().out.endswith("Wrote the model into model.w2v\n")
    model = Word2Vec.load("model.w2v")
    trained = KeyedVectors.load_word2vec_format("output/vectors.txt", fvocab="output/vocab.txt")
    np.testing.assert_array_equal(trained.vectors, model.wv.vectors)
    np.testing.assert_array_equal(trained.expandos["count"], model.wv.expandos["count"])
    assert len(model.partial_fit("text.txt").losses) == 4


def test_model_that_cannot_be_saved_is_refused_before_training(capsys):
    assert main(["train", "text.txt", *QUICK, "--save", "missing/model.w2v"]) == 2
    assert "There is no directory to write missing/model.w2v into" in capsys.readouterr().err
    assert main(["train", "text.txt", "--optimizer", "sgd", "--save", "model.w2v"]) == 2
    assert "--save needs --optimizer engine" in capsys.readouterr().err
    assert not Path("output/vectors.txt").exists()


@pytest.mark.parametrize("optimizer", [[*QUICK], ["--optimizer", "sgd", "--iterations", "120"]])
def test_text_is_named_in_three_ways_with_the_same_result_also_by_run_py(optimizer):
    results = []
    for program, arguments in [
        (main, ["train", "text.txt"]),
        (main, ["train", "--corpus", "text.txt"]),
        (run.main, ["train", "text.txt"]),
        (run.main, ["--corpus", "text.txt"]),
    ]:
        assert program([*arguments, *optimizer]) == 0
        results.append(Path("output/vectors.txt").read_bytes())
    assert results == [results[0]] * 4


@pytest.mark.parametrize("place", range(5))
def test_text_may_be_named_before_between_and_after_options(place):
    options = ["--seed=1", "--output=a", "--epochs=2", "--restart"]
    parsed = run.parse_arguments(["train", *options[:place], "text.txt", *options[place:]])
    assert (parsed.corpus, parsed.seed, parsed.output, parsed.restart) == ("text.txt", 1, "a", True)


def test_ctrl_c_saves_and_the_same_command_continues(monkeypatch, capsys):
    def stop(*_, **__):
        signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr("word2vec.engine.progress.ProgressBar.show", stop)
        assert main(["train", "text.txt", *QUICK]) == 130
    assert "The same command continues from the last checkpoint" in capsys.readouterr().out
    assert list(Path("output/checkpoints").glob("*.npz"))
    assert main(["train", "text.txt", *QUICK]) == 0
    assert not Path("output/checkpoints").exists()


# -------------------------------------------------------------------- help and errors


def test_help_lists_the_commands(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    listed = re.findall(r"^  ([a-z]+)   +\w", capsys.readouterr().out, re.MULTILINE)
    assert listed == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("call", ["word2vec-numpy", "python -m word2vec"])
def test_help_of_each_command_calls_it_as_the_user_did(command, call, monkeypatch, capsys):
    with pytest.raises(SystemExit, match="0"):
        main([command, "--help"], call=call)
    out = capsys.readouterr().out
    assert out.startswith(f"usage: {call} {command} ")
    assert re.search(rf"^  {call} {command} \S", out, re.MULTILINE)
    assert "run.py" not in out
    assert "treebank" not in out


@pytest.mark.parametrize("command", COMMANDS)
def test_example_in_the_help_of_each_command_is_one(command, monkeypatch, capsys):
    with pytest.raises(SystemExit, match="0"):
        main([command, "--help"])
    asked = []
    monkeypatch.setattr(
        "word2vec.__main__.run_command",
        lambda _name, parse, arguments: asked.append(parse(arguments).command.__name__),
    )
    for example in re.findall(r"^  word2vec-numpy (.*?)(?:   .*)?$", capsys.readouterr().out, re.M):
        main(shlex.split(example))
    assert asked
    assert set(asked) == {command}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "the following arguments are required: COMMAND; see python -m word2vec --help"),
        (["--corpus", "text.txt"], "invalid choice: 'text.txt' (choose from"),
        (["train"], "one of the arguments TEXT --corpus is required; see python -m word2vec train"),
        (["train", "text.txt", "--corpus", "text.txt"], "not allowed with argument"),
        (["train", "text.txt", "--treebank", "data"], "unrecognized arguments: --treebank data"),
        (["plot", "--words", "king"], "invalid choice: 'plot' (choose from"),
        (["neighbors"], "required: WORD; see python -m word2vec neighbors --help"),
    ],
)
def test_wrong_arguments_end_in_one_line(arguments, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(arguments, call="python -m word2vec")
    assert stopped.value.code == 2
    errors = capsys.readouterr().err
    assert errors.startswith("word2vec: ")
    assert message in errors
    assert errors.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "missing.txt"], "There is no text file missing.txt."),
        (["train", "text.txt", "--alpha", "2"], "min_alpha and alpha must be"),
        (["train", "text.txt", "--min-count", "99"], "No word occurs at least 99 times"),
        (["neighbors", "king"], "There is no file output/vectors.txt yet: the command train"),
    ],
)
def test_errors_that_the_user_can_mend_are_one_line_with_status_2(arguments, message, capsys):
    assert main(arguments) == 2
    errors = capsys.readouterr().err
    assert errors.startswith("word2vec-numpy: ")
    assert message in errors
    assert errors.count("\n") == 1


@pytest.mark.parametrize("program", [main, run.main], ids=["library", "run.py"])
@pytest.mark.parametrize("command", [[], ["neighbors"]], ids=["no command", "neighbors"])
def test_version_is_that_of_the_library(program, command, capsys):
    with pytest.raises(SystemExit, match="0"):
        program([*command, "--version"])
    assert capsys.readouterr().out == f"word2vec-numpy {word2vec.__version__}\n"


# -------------------------------------------------------------------- as a program


def test_program_trains_with_workers_and_answers():
    trained = python_m_word2vec("train", "text.txt", *QUICK, "--workers", "2")
    assert (trained.returncode, trained.stdout.splitlines()[0]) == (0, "Training on: text.txt")
    asked = python_m_word2vec("neighbors", "king", "--topn", "1")
    assert (asked.returncode, asked.stderr) == (0, "")
    assert re.fullmatch(r"king\n  \w+  -?\d\.\d{3}\n", asked.stdout)


def test_program_imports_nothing_but_the_library_and_what_it_declares():
    ended = python_m_word2vec("train", "text.txt", *QUICK, options=["-X", "importtime"])
    assert ended.returncode == 0
    imported = set(re.findall(r"\| +(\w+)", ended.stderr))
    assert "threadpoolctl" in imported
    assert imported.isdisjoint({"utils", "run", "matplotlib", "pytest"})


def test_importing_the_library_does_not_import_its_command_line():
    code = "import sys, word2vec; print([name for name in sys.modules if 'commands' in name])"
    ended = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(word2vec.__file__).parents[1])},
        timeout=60,
    )
    assert ended.stdout == "[]\n"
