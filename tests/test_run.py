"""The command line, as a user sees it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import run
from word2vec.vectors import KeyedVectors

TEXT = "the good film is great\na bad film is boring\nthe king and the queen drink tea\n" * 20
RUN = Path(run.__file__)


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


@pytest.fixture
def train(corpus, tmp_path):
    """Runs run.py on the text; returns its exit status."""

    def train(*options):
        arguments = [
            "--corpus",
            corpus,
            "--output",
            tmp_path / "out",
            "--iterations",
            120,
            *options,
        ]
        return run.main([str(argument) for argument in arguments])

    return train


def test_training_writes_vectors_pictures_and_metrics(train, tmp_path):
    assert train("--vector-size", 4) == 0
    out = tmp_path / "out"
    assert sorted(path.name for path in out.iterdir()) == [
        "loss.png",
        "metrics.json",
        "vectors.txt",
        "word_vectors.png",
    ]
    vectors = KeyedVectors.load_word2vec_format(out / "vectors.txt")
    assert vectors.vectors.shape == (13, 4)
    for name in ("word_vectors.png", "loss.png"):
        assert (out / name).read_bytes().startswith(b"\x89PNG")
    metrics = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["settings"]["vector_size"] == 4
    assert metrics["settings"]["seed"] == 0
    assert metrics["vocabulary_size"] == 13
    assert np.isfinite(metrics["smoothed_loss_per_window"])


def test_training_says_what_it_read_and_shows_neighbors(train, corpus, capsys):
    train()
    out = capsys.readouterr().out
    assert f"Training on: {corpus}" in out
    assert "great: " in out
    assert "Smoothed loss per window: " in out


def test_without_arguments_the_sample_is_used_and_the_download_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("run.default_path", lambda: None)
    assert run.main(["--iterations", "20", "--output", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "Training on: the small made-up sample in data/sample" in out
    assert "./get_datasets.sh downloads it" in out


@pytest.mark.parametrize("model", ["skipgram", "cbow"])
@pytest.mark.parametrize("loss", ["neg_sampling", "naive_softmax"])
def test_every_model_and_loss_can_be_chosen(train, tmp_path, model, loss):
    assert train("--model", model, "--loss", loss, "--step", 0.3) == 0
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text(encoding="utf-8"))
    assert (metrics["settings"]["model"], metrics["settings"]["loss"]) == (model, loss)


def test_text_without_the_words_of_the_picture_gets_a_picture_too(train, corpus, tmp_path):
    corpus.write_text("eins zwei drei vier\nzwei drei vier eins\n" * 20, encoding="utf-8")
    assert train() == 0
    assert (tmp_path / "out" / "word_vectors.png").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C cannot be sent to one process")
def test_ctrl_c_saves_and_the_same_command_continues(corpus, tmp_path):
    def start(output):
        command = [sys.executable, RUN, "--corpus", corpus, "--output", output]
        command += ["--iterations", "1000", "--checkpoint-every", "50"]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    process = start(tmp_path / "stopped")
    checkpoints = tmp_path / "stopped" / "checkpoints"
    while not checkpoints.exists() or not list(checkpoints.glob("*.npz")):
        assert process.poll() is None, process.communicate()
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate()
    assert process.returncode == 130
    assert "The same command continues from the last checkpoint" in out
    assert "Traceback" not in errors

    for output in ("stopped", "undisturbed"):
        process = start(tmp_path / output)
        assert process.wait() == 0, process.communicate()
        process.communicate()
    stopped, undisturbed = (
        (tmp_path / output / "vectors.txt").read_bytes() for output in ("stopped", "undisturbed")
    )
    assert stopped == undisturbed
    metrics = json.loads((tmp_path / "stopped" / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["resumed_at_iteration"] > 0


def test_unfinished_run_of_other_settings_is_refused_and_restart_forgets_it(train, capsys):
    class Stopping(run.ProgressBar):
        def __call__(self, progress):
            super().__call__(progress)
            if progress.iteration == 60:
                raise OSError("the disk is full")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "ProgressBar", Stopping)
        assert train("--checkpoint-every", 25) == 2
    assert "run.py: the disk is full" in capsys.readouterr().err
    assert train("--seed", 1) == 2
    assert "belongs to another run: generator is" in capsys.readouterr().err
    assert train("--seed", 1, "--restart") == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--corpus", "missing.txt"], "run.py: There is no text file missing.txt."),
        (["--treebank", "missing"], "get_datasets.sh"),
        (["--min-count", "99999"], "run.py: No word occurs at least 99999 times"),
        (["--vector-size", "0"], "run.py: vector_size must be an integer >= 1"),
        (["--step", "-1"], "run.py: step must be a positive number"),
        (["--iterations", "0"], "run.py: iterations must be an integer >= 1"),
    ],
)
def test_error_is_one_line_on_stderr_with_exit_status_2(options, message, tmp_path, capsys):
    data = [] if "--treebank" in options else ["--treebank", str(run.DATA_DIR / "sample")]
    if "--corpus" in options:
        data = []
    assert run.main([*data, "--output", str(tmp_path), *options]) == 2
    assert message in capsys.readouterr().err.strip().splitlines()[-1]


def test_help_names_every_option_of_training_and_gives_examples():
    out = subprocess.run(
        [sys.executable, RUN, "--help"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={**os.environ, "COLUMNS": "100"},
    ).stdout
    for setting in run.SETTINGS:
        assert "--" + setting.replace("_", "-") in out
    assert "examples:" in out
