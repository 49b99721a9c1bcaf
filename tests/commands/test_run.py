"""The command line, as a user sees it."""

import bz2
import gzip
import json
import lzma
import os
import signal
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest

import run
from utils.train_command import DEFAULTS
from utils.treebank import DATA_DIR
from word2vec import Word2Vec
from word2vec.classic.train import train_classic
from word2vec.commands.train import settings_for
from word2vec.corpus.sentences import LineSentences
from word2vec.engine.progress import ProgressBar
from word2vec.saving.locks import lock_directory
from word2vec.vectors.keyed_vectors import KeyedVectors

TEXT = "the good film is great\na bad film is boring\nthe king and the queen drink tea\n" * 20
RUN = Path(run.__file__)


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


# Enough for this text, and quick.
ENGINE = ["--min-count", 1, "--sample", 1, "--epochs", 3]
SGD = ["--optimizer", "sgd", "--iterations", 120]
each_optimizer = pytest.mark.parametrize("quick", [ENGINE, SGD], ids=["engine", "sgd"])


@pytest.fixture
def train(corpus, tmp_path):
    """Runs run.py on the text; returns its exit status."""

    def train(*options):
        arguments = ["--corpus", corpus, "--output", tmp_path / "out", *options]
        return run.main([str(argument) for argument in arguments])

    return train


def read_metrics(output):
    return json.loads((output / "metrics.json").read_text(encoding="utf-8"))


# -------------------------------------------------------------------- results


@each_optimizer
def test_training_writes_vectors_pictures_and_metrics(train, quick, tmp_path):
    assert train(*quick, "--vector-size", 4) == 0
    out = tmp_path / "out"
    assert sorted(path.name for path in out.iterdir()) == [
        *([] if quick is SGD else ["epochs.tsv"]),
        "loss.png",
        "metrics.json",
        "vectors.txt",
        "vocab.txt",
        "word_vectors.png",
    ]
    vectors = KeyedVectors.load_word2vec_format(out / "vectors.txt")
    assert vectors.vectors.shape == (13, 4)
    for name in ("word_vectors.png", "loss.png"):
        assert (out / name).read_bytes().startswith(b"\x89PNG")
    metrics = read_metrics(out)
    assert metrics["optimizer"] == ("sgd" if quick is SGD else "engine")
    assert metrics["settings"]["vector_size"] == 4
    assert metrics["settings"]["seed"] == 1
    assert metrics["vocabulary_size"] == 13
    assert metrics["training_seconds"] > 0
    assert metrics["versions"]["numpy"] == np.__version__
    assert np.isfinite(metrics["loss"])


def test_engine_trains_what_word2vec_does_with_the_same_arguments(train, corpus, tmp_path):
    assert train(*ENGINE, "--model", "cbow", "--vector-size", 4) == 0
    model = Word2Vec(
        vector_size=4, model="cbow", window=5, negative=5, min_count=1, sample=1, epochs=3
    ).fit(corpus)
    vectors = KeyedVectors.load_word2vec_format(tmp_path / "out" / "vectors.txt")
    np.testing.assert_array_equal(vectors.vectors, model.wv.vectors)
    metrics = read_metrics(tmp_path / "out")
    assert metrics["loss"] == model.losses[-1]
    assert metrics["kind_of_loss"] == "mean loss a center"
    assert metrics["settings"]["alpha"] == model.options.alpha  # what None stands for
    curves = metrics["loss_by_epoch"]
    assert curves["during training"] == model.loss_curve
    assert curves["mean of each epoch"] == [[n + 0.5, loss] for n, loss in enumerate(model.losses)]


def test_sgd_trains_what_train_classic_does_with_the_same_arguments(train, corpus, tmp_path):
    assert train(*SGD, "--iterations", 250, "--loss", "naive_softmax", "--step", 0.5) == 0
    seen = []
    vectors = train_classic(
        LineSentences(corpus), loss="naive_softmax", step=0.5, iterations=250, callback=seen.append
    )
    vectors.save_word2vec_format(tmp_path / "expected.txt")
    written = (tmp_path / "out" / "vectors.txt").read_bytes()
    assert written == (tmp_path / "expected.txt").read_bytes()
    metrics = read_metrics(tmp_path / "out")
    assert metrics["loss"] == seen[-1].smoothed_loss
    expected = [[100, seen[99].smoothed_loss], [200, seen[199].smoothed_loss]]
    assert metrics["loss_by_iteration"] == {"during training": expected}


@each_optimizer
def test_training_says_what_it_read_and_shows_neighbors(train, quick, corpus, capsys):
    train(*quick)
    out, errors = capsys.readouterr()
    assert f"Training on: {corpus}" in out
    assert "great: " in out
    assert "loss a " in out
    assert "100%" in errors


@each_optimizer
def test_without_arguments_the_sample_is_used_and_the_download_named(
    quick, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr("utils.train_command.default_path", lambda: None)
    assert run.main([*map(str, quick), "--output", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "Training on: the small made-up sample in data/sample" in out
    assert "./get_datasets.sh downloads it" in out


@pytest.mark.parametrize("model", ["skipgram", "cbow"])
@pytest.mark.parametrize("loss", ["neg_sampling", "naive_softmax"])
@pytest.mark.parametrize("quick", [ENGINE, [*SGD, "--step", 0.3]], ids=["engine", "sgd"])
def test_every_model_and_loss_can_be_chosen(train, tmp_path, quick, model, loss):
    assert train(*quick, "--model", model, "--loss", loss) == 0
    settings = read_metrics(tmp_path / "out")["settings"]
    assert (settings["model"], settings["loss"]) == (model, loss)


@each_optimizer
@pytest.mark.parametrize(
    ("suffix", "compress"), [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)]
)
def test_compressed_text_gives_the_same_vectors(train, quick, tmp_path, suffix, compress):
    path = tmp_path / f"text.txt{suffix}"
    path.write_bytes(compress(TEXT.encode()))
    results = []
    for options in ([], ["--corpus", path]):
        assert train(*quick, *options, "--restart") == 0
        results.append((tmp_path / "out" / "vectors.txt").read_bytes())
    assert results[0] == results[1]


def test_text_without_the_words_of_the_picture_gets_a_picture_too(train, corpus, tmp_path):
    corpus.write_text("eins zwei drei vier\nzwei drei vier eins\n" * 20, encoding="utf-8")
    assert train(*ENGINE) == 0
    assert (tmp_path / "out" / "word_vectors.png").exists()


@pytest.mark.skipif("WORD2VEC_SST" not in os.environ, reason="needs the real treebank")
def test_engine_learns_what_is_blame_on_the_real_treebank(tmp_path):
    path = Path(os.environ["WORD2VEC_SST"], "stanfordSentimentTreebank")
    assert run.main(["--treebank", str(path), "--output", str(tmp_path), "--epochs", "5"]) == 0
    vectors = KeyedVectors.load_word2vec_format(tmp_path / "vectors.txt")
    assert len(vectors) == read_metrics(tmp_path)["vocabulary_size"] == 19538
    assert vectors.n_similarity(["boring"], ["dumb", "bad", "silly", "annoying"]) > (
        vectors.n_similarity(["boring"], ["wonderful", "powerful", "moving", "beautiful"])
    )


# -------------------------------------------------------------------- interruptions


@each_optimizer
def test_ctrl_c_saves_and_the_same_command_continues(train, quick, tmp_path, capsys):
    options = [*quick, *(["--iterations", 300] if quick is SGD else [])]
    unit = "iteration" if quick is SGD else "epoch"
    show, stopped_at = ProgressBar.show, []

    def stop_half_way(self, progress):
        show(self, progress)
        if progress.done > progress.total / 2 and not stopped_at:
            stopped_at.append(progress.done / progress.total)
            signal.raise_signal(signal.SIGINT)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ProgressBar, "show", stop_half_way)
        assert train(*options) == 130
    assert "The same command continues from the last checkpoint" in capsys.readouterr().out
    assert (tmp_path / "out" / "checkpoints").exists()
    assert train(*options) == 0
    assert not (tmp_path / "out" / "checkpoints").exists()
    assert train(*options, "--output", tmp_path / "undisturbed") == 0

    stopped, undisturbed = read_metrics(tmp_path / "out"), read_metrics(tmp_path / "undisturbed")
    end = 300 if quick is SGD else 3
    assert stopped[f"resumed_at_{unit}"] == pytest.approx(stopped_at[0] * end)
    assert undisturbed[f"resumed_at_{unit}"] == 0
    assert stopped[f"loss_by_{unit}"] == undisturbed[f"loss_by_{unit}"]
    resumed, expected = (tmp_path / name / "vectors.txt" for name in ("out", "undisturbed"))
    assert resumed.read_bytes() == expected.read_bytes()


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C cannot be sent to one process")
def test_ctrl_c_during_the_imports_shows_no_traceback(tmp_path):
    # A package that every command imports, stopped in the middle of its import.
    (tmp_path / "scipy.py").write_text(
        "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(60)\n"
    )
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    ended = subprocess.run(
        [sys.executable, RUN, "--help"],
        capture_output=True,
        env={**os.environ, "PYTHONPATH": path},
        timeout=60,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (-signal.SIGINT, b"", b"")


@each_optimizer
def test_unfinished_run_of_other_settings_is_refused_and_restart_forgets_it(
    train, quick, tmp_path, capsys
):
    def full(*_, **__):
        raise OSError("the disk is full")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(KeyedVectors, "save_word2vec_format", full)
        assert train(*quick) == 2
    assert "run.py: the disk is full" in capsys.readouterr().err
    assert list((tmp_path / "out" / "checkpoints").glob("*.npz"))
    assert train(*quick, "--seed", 2) == 2
    assert "belongs to another run: " in capsys.readouterr().err
    assert train(*quick, "--seed", 2, "--restart") == 0


@each_optimizer
def test_training_that_was_complete_but_not_yet_written_is_not_repeated(train, quick, tmp_path):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("utils.train_command.save_training_pictures", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            train(*quick)
    assert train(*quick) == 0
    metrics = read_metrics(tmp_path / "out")
    end = metrics["settings"].get("epochs") or metrics["settings"]["iterations"]
    unit = "iteration" if quick is SGD else "epoch"
    assert metrics[f"resumed_at_{unit}"] == end
    assert metrics[f"loss_by_{unit}"]["during training"]


def test_two_runs_do_not_share_an_output_directory(train, tmp_path, capsys):
    with lock_directory(tmp_path / "out"):
        assert train(*ENGINE) == 2
    assert "is in use by another run" in capsys.readouterr().err


# -------------------------------------------------------------------- options


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--corpus", "missing.txt"], "run.py: There is no text file missing.txt."),
        (["--treebank", "missing"], "get_datasets.sh"),
        (["--min-count", "99999"], "No word occurs at least 99999 times"),
        (["--vector-size", "0"], "run.py: vector_size must be an integer >= 1"),
        (["--epochs", "0"], "run.py: epochs must be an integer >= 1"),
        (["--alpha", "2"], "run.py: min_alpha and alpha must be"),
        (["--optimizer", "sgd", "--step", "-1"], "run.py: step must be a positive"),
        (["--optimizer", "sgd", "--iterations", "0"], "run.py: iterations must be an integer >= 1"),
        (["--step", "1"], "--step is an option of --optimizer sgd, but this is --optimizer engine"),
        (["--checkpoint-every", "1"], "Leave it out, or choose sgd."),
        (["--optimizer", "sgd", "--workers", "1"], "--workers is an option of --optimizer engine"),
    ],
)
def test_error_is_one_line_on_stderr_with_exit_status_2(options, message, tmp_path, capsys):
    data = [] if "--treebank" in options else ["--treebank", str(DATA_DIR / "sample")]
    if "--corpus" in options:
        data = []
    assert run.main([*data, "--output", str(tmp_path), *options]) == 2
    assert message in capsys.readouterr().err.strip().splitlines()[-1]


def test_small_text_with_the_defaults_fails_with_cause_and_cure(train, corpus, capsys):
    corpus.write_text("a small text\nof a few words\n", encoding="utf-8")
    assert train() == 2
    assert "No word occurs at least 5 times among 6 distinct words" in capsys.readouterr().err
    assert train("--min-count", 1, "--sample", 1) == 0


@pytest.mark.parametrize("optimizer", DEFAULTS)
@pytest.mark.parametrize("kind", ["text", "treebank", "data/sample"])
def test_defaults_suit_the_corpus_and_options_come_before_them(optimizer, kind):
    options = run.parse_arguments(["--optimizer", optimizer, "--window", "3"])
    settings = settings_for(options, kind, DEFAULTS)
    assert settings.get("alpha", 0) is not None
    assert settings == DEFAULTS[optimizer][kind] | {"window": 3} | (
        {"alpha": settings["alpha"]} if optimizer == "engine" else {}
    )


def test_help_names_every_option_of_training_with_its_defaults(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "1000")
    with pytest.raises(SystemExit, match="0"):
        run.main(["--help"])
    out = capsys.readouterr().out
    for defaults in DEFAULTS.values():
        for name in defaults["text"]:
            assert f"  --{name.replace('_', '-')} " in out
    assert "[engine: 100, treebank 10, data/sample 10; sgd: 10]" in out  # --vector-size
    assert "[5, treebank 30, data/sample 20]" in out  # --epochs
    assert "[skipgram 0.075, skipgram_tree 0.1, cbow_mean 0.3, cbow_mean_tree" in out  # --alpha
    assert "[20000, data/sample 2500]" in out  # --anneal-every
    assert "examples:" in out


@pytest.mark.parametrize("arguments", [["--help"], ["convert", "a.txt", "b.txt"]])
def test_commands_that_draw_nothing_do_not_import_matplotlib(arguments, tmp_path):
    (tmp_path / "a.txt").write_text("1 2\nking 2 1\n")
    ended = subprocess.run(
        [sys.executable, "-X", "importtime", RUN, *arguments],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=60,
    )
    assert ended.returncode == 0
    assert "numpy" in ended.stderr
    assert "matplotlib" not in ended.stderr
