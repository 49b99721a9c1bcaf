"""The command line in pipelines: JSON, standard input, close spellings, results that are kept."""

import argparse
import io
import json
import os
import signal
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

import run
import word2vec
from word2vec import KeyedVectors
from word2vec.__main__ import main
from word2vec.commands import phrases
from word2vec.commands.program import run_command
from word2vec.vectors.by_name import load_vectors

TEXT = "the good film is great\na bad film is boring\nthe king and -- drink tea\n" * 20
QUICK = ["--min-count", "1", "--sample", "1", "--epochs", "2"]


@pytest.fixture(autouse=True)
def _directory(tmp_path, monkeypatch):
    """A directory with a text and vectors of a few words, some of them odd."""
    monkeypatch.chdir(tmp_path)
    Path("text.txt").write_text(TEXT, encoding="utf-8")
    words = ["king", "queen", "man", "woman", "--", "-5", "café"]
    vectors = np.random.default_rng(0).normal(size=(len(words), 4))
    KeyedVectors.from_words(words, vectors).save_word2vec_format("v.txt")


def ask(capsys, *arguments):
    """What a command prints as JSON, and nothing else."""
    assert main([*arguments, "--json"]) == 0
    out, errors = capsys.readouterr()
    assert errors == ""
    assert out.isascii()
    return json.loads(out)


# -------------------------------------------------------------------- JSON


def test_neighbors_as_json(capsys):
    (result,) = ask(capsys, "neighbors", "café", "--vectors", "v.txt", "--topn", "2")
    expected = KeyedVectors.load_word2vec_format("v.txt").most_similar("café", topn=2)
    assert result["word"] == "café"
    assert [near["word"] for near in result["neighbors"]] == [word for word, _ in expected]
    cosines = [near["cosine"] for near in result["neighbors"]]
    np.testing.assert_allclose(cosines, [cosine for _, cosine in expected], rtol=1e-5)


def test_analogy_as_json(capsys):
    result = ask(capsys, *"analogy man king woman --vectors v.txt --topn 1".split())
    best = KeyedVectors.load_word2vec_format("v.txt").most_similar(["king", "woman"], ["man"])[0]
    asked = {"a": "man", "b": "king", "c": "woman"}
    assert result == {**asked, "answers": [{"word": best[0], "cosine": pytest.approx(best[1])}]}


def test_evaluation_as_json(capsys):
    Path("pairs.tsv").write_text("man\tking\t1\nman\twoman\t2\nking\tqueen\t3\nman\tx\t1\n")
    Path("analogies.txt").write_text(": royal\nman king woman queen\nman king woman x\n: none\n")
    result = ask(
        capsys, *"evaluate --vectors v.txt --pairs pairs.tsv --analogies analogies.txt".split()
    )
    assert (result["pairs"]["used"], result["pairs"]["unknown_words"]) == (3, 1)
    assert -1 <= result["pairs"]["spearman"] <= 1
    royal = result["analogies"]["sections"][0]
    assert (royal["name"], royal["used"], royal["unknown_words"]) == ("royal", 1, 1)
    assert royal["accuracy"] == royal["correct"] == result["analogies"]["total"]["accuracy"]


@pytest.mark.filterwarnings("ignore:An input array is constant")
def test_what_is_no_number_is_null(capsys):
    Path("pairs.tsv").write_text("man\tking\t1\nman\twoman\t1\n")  # no correlation
    result = ask(capsys, *"evaluate --vectors v.txt --pairs pairs.tsv".split())
    assert result["pairs"]["spearman"] is None


@pytest.mark.parametrize("optimizer", [QUICK, ["--optimizer", "sgd", "--iterations", "120"]])
def test_training_as_json_is_what_the_metrics_say(capsys, optimizer):
    result = ask(capsys, "train", "text.txt", *optimizer, "--quiet")
    assert result == json.loads(Path("output/metrics.json").read_text("utf-8"))


def test_run_py_prints_json_too(capsys):
    assert run.main(["train", "text.txt", *QUICK, "--json", "--quiet"]) == 0
    assert json.loads(capsys.readouterr().out)["corpus"] == "text.txt"


def test_error_is_no_json(capsys):
    assert main(["neighbors", "knig", "--vectors", "v.txt", "--json"]) == 2
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("program", [main, run.main])
def test_version_is_printed(capsys, program):
    with pytest.raises(SystemExit, match="0"):
        program(["--version"])
    assert capsys.readouterr().out == f"word2vec-numpy {word2vec.__version__}\n"


# -------------------------------------------------------------------- standard input


@pytest.mark.parametrize("naming", [["-"], ["--corpus", "-"]])
@pytest.mark.parametrize("program", [main, run.main])
def test_text_comes_through_a_pipe(monkeypatch, naming, program):
    assert main(["train", "text.txt", *QUICK, "--output", "a"]) == 0
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TEXT.encode())))
    assert program(["train", *naming, *QUICK, "--output", "b"]) == 0
    assert Path("a/vectors.txt").read_bytes() == Path("b/vectors.txt").read_bytes()
    assert json.loads(Path("b/metrics.json").read_text("utf-8"))["corpus"] == "standard input"


def test_phrases_are_found_in_a_pipe_and_no_file_stays(monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TEXT.encode())))
    assert main(["phrases", "-", "--output", "phrased.txt"]) == 0
    assert len(Path("phrased.txt").read_text("utf-8").splitlines()) == 60
    assert os.listdir(tmp_path / "temporary") == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux opens files without a name")
def test_kill_cannot_leave_the_text_of_a_pipe_behind(monkeypatch, tmp_path):
    seen = []

    def look(options):
        seen.append(os.listdir(tmp_path / "temporary"))
        raise ValueError("seen")

    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    monkeypatch.setattr(phrases, "load_text", look)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TEXT.encode())))
    assert main(["phrases", "-", "--output", "phrased.txt"]) == 2
    assert seen == [[]]


def test_text_comes_through_a_pipe_where_files_need_names(monkeypatch):
    monkeypatch.setattr(os.path, "exists", lambda path: False)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TEXT.encode())))
    assert main(["phrases", "-", "--output", "phrased.txt"]) == 0
    assert len(Path("phrased.txt").read_text("utf-8").splitlines()) == 60


# -------------------------------------------------------------------- words and spellings


def test_words_that_begin_with_a_hyphen_can_be_asked_for(capsys):
    assert main("neighbors --topn 1 --vectors v.txt -- king -- -5".split()) == 0
    asked = [line for line in capsys.readouterr().out.splitlines() if not line.startswith(" ")]
    assert asked == ["king", "--", "-5"]
    assert main("analogy --vectors v.txt -- -5 king café".split()) == 0
    assert capsys.readouterr().out.startswith("-5 is to king as café is to\n")


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["nieghbors", "great"], "(did you mean neighbors?)"),
        (["neighbors", "great", "--vectros", "v.txt"], "--vectros v.txt (did you mean --vectors?)"),
        (["train", "text.txt", "--epoch=3", "--sede=2"], "--sede=2 (did you mean --seed?)"),
        (["train", "text.txt", "--model", "skip-gram"], "(did you mean skipgram?)"),
    ],
)
def test_close_spellings_are_suggested(capsys, arguments, hint):
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert hint in capsys.readouterr().err


def test_what_is_close_to_nothing_gets_no_suggestion(capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["neighbors", "great", "--xyz"])
    assert "did you mean" not in capsys.readouterr().err


# -------------------------------------------------------------------- results and checkpoints


def test_results_of_another_text_are_replaced_only_when_asked(capsys):
    Path("other.txt").write_text(TEXT * 2, encoding="utf-8")
    assert main(["train", "text.txt", *QUICK]) == 0
    first = Path("output/vectors.txt").read_bytes()
    capsys.readouterr()
    assert main(["train", "other.txt", *QUICK]) == 2
    error = capsys.readouterr().err
    assert "output has the results of another text, text.txt. Name another directory with" in error
    assert "--restart" in error
    assert Path("output/vectors.txt").read_bytes() == first
    assert main(["train", "other.txt", *QUICK, "--restart"]) == 0
    assert Path("output/vectors.txt").read_bytes() != first


def test_text_by_another_path_is_the_same_text(tmp_path):
    assert main(["train", "text.txt", *QUICK]) == 0
    assert main(["train", str(tmp_path / "text.txt"), *QUICK]) == 0


def test_same_text_is_trained_anew_with_other_settings():
    assert main(["train", "text.txt", *QUICK]) == 0
    assert main(["train", "text.txt", *QUICK, "--seed", "2"]) == 0


def test_restarted_training_that_is_stopped_goes_on_without_restart(monkeypatch):
    Path("other.txt").write_text(TEXT * 2, encoding="utf-8")
    assert main(["train", "text.txt", *QUICK]) == 0

    def stop(*_args, **_kwargs):
        signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr("word2vec.engine.progress.ProgressBar.show", stop)
        assert main(["train", "other.txt", *QUICK, "--restart"]) == 130
    assert list(Path("output/checkpoints").glob("*.npz"))
    assert main(["train", "other.txt", *QUICK]) == 0


def test_foreign_checkpoint_is_refused_in_words(monkeypatch, capsys):
    def stop(*_args, **_kwargs):
        signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr("word2vec.engine.progress.ProgressBar.show", stop)
        assert main(["train", "text.txt", *QUICK]) == 130
    Path("text.txt").write_text(TEXT * 2, encoding="utf-8")
    capsys.readouterr()
    assert main(["train", "text.txt", *QUICK, "--seed", "7"]) == 2
    error = capsys.readouterr().err
    assert "the corpus is another one; seed is 7, was 1; the vocabulary is another one" in error
    assert error.endswith("Or give --restart, which forgets that run.\n")


# -------------------------------------------------------------------- Ctrl-C


def test_interrupt_waits_until_the_results_are_written(monkeypatch, capsys):
    write = KeyedVectors.save_word2vec_format

    def interrupted(*args, **kwargs):
        signal.raise_signal(signal.SIGINT)
        write(*args, **kwargs)

    monkeypatch.setattr(KeyedVectors, "save_word2vec_format", interrupted)
    assert run.main(["train", "text.txt", *QUICK]) == 130
    written = sorted(path.name for path in Path("output").iterdir())
    assert {"loss.png", "metrics.json", "vectors.txt", "vocab.txt", "word_vectors.png"} < {*written}
    out = capsys.readouterr().out
    assert "Wrote vectors.txt" in out
    assert "Stopped" not in out


@pytest.mark.parametrize("error", [TypeError, ValueError])
def test_interrupt_that_came_back_under_another_name_is_one(error):
    def command(options):
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise error("incompatible function arguments") from None

    assert run_command("test", lambda _: argparse.Namespace(command=command), []) == 130


def test_error_that_nobody_interrupted_is_not_taken_for_an_interrupt():
    def command(options):
        raise TypeError("incompatible function arguments")

    with pytest.raises(TypeError, match="incompatible"):
        run_command("test", lambda _: argparse.Namespace(command=command), [])


def test_picture_is_complete_before_an_interrupt_ends_the_command(monkeypatch):
    drawn = []

    def interrupted(*args, **kwargs):
        signal.raise_signal(signal.SIGINT)
        drawn.append(True)
        return Figure().subplots()

    monkeypatch.setattr("utils.plotting.plot_words", interrupted)
    assert run.main("plot --vectors v.txt --words king queen --output a.png".split()) == 130
    assert drawn == [True]
    assert Path("a.png").read_bytes().startswith(b"\x89PNG")


# -------------------------------------------------------------------- counts


def test_counts_beside_trained_vectors_are_read_with_them():
    assert main(["train", "text.txt", *QUICK]) == 0
    vectors = load_vectors("output/vectors.txt", limit=5)
    assert vectors.get_vecattr("film", "count") == 40
    assert main(["convert", "output/vectors.txt", "own.npy"]) == 0
    assert KeyedVectors.load("own.npy").get_vecattr("film", "count") == 40


def test_file_that_only_has_the_name_of_the_counts_is_left_alone():
    assert main(["train", "text.txt", *QUICK]) == 0
    Path("output/vocab.txt").write_text("film\nthe\n", encoding="utf-8")
    assert "count" not in load_vectors("output/vectors.txt").expandos
