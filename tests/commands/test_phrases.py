"""The command phrases and train --tokenize, as a user sees them."""

import bz2
import gzip
import json
import lzma
from pathlib import Path

import pytest

import run
from word2vec import KeyedVectors, Phrases
from word2vec.__main__ import main

TEXT = "in new york city he sat\nnew york city is big\nthe word of mouth is new\n" * 5
QUICK = ["--min-count", "1", "--threshold", "0.4"]
COMPRESS = {".txt": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}
UNPACK = {".txt": bytes, ".gz": gzip.decompress, ".bz2": bz2.decompress, ".xz": lzma.decompress}


@pytest.fixture(autouse=True)
def _directory(tmp_path, monkeypatch):
    """A directory with nothing but a text."""
    monkeypatch.chdir(tmp_path)
    Path("text.txt").write_text(TEXT, encoding="utf-8")


def written(*arguments):
    """The text that the command writes."""
    assert main(["phrases", "text.txt", "--output", "out.txt", *QUICK, *arguments]) == 0
    return Path("out.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("source", COMPRESS)
@pytest.mark.parametrize("target", UNPACK)
def test_text_is_written_with_its_phrases_joined_also_compressed(source, target):
    sentences = [line.split() for line in TEXT.splitlines()]
    phrases = Phrases(sentences, min_count=1, threshold=0.4)
    expected = "".join(" ".join(sentence) + "\n" for sentence in phrases.apply(sentences))
    Path(f"a{source}").write_bytes(COMPRESS[source](TEXT.encode()))
    for program in (main, run.main):
        assert program(["phrases", f"a{source}", "--output", f"b{target}", *QUICK]) == 0
        assert UNPACK[target](Path(f"b{target}").read_bytes()).decode() == expected
    assert "_" in expected


def test_phrases_and_scores_are_written_as_a_table_and_the_best_shown(capsys):
    written("--table", "table.tsv")
    header, *lines = Path("table.tsv").read_text(encoding="utf-8").splitlines()
    assert header == "phrase\tscore"
    rows = {phrase: float(score) for phrase, score in (line.split("\t") for line in lines)}
    assert rows == Phrases("text.txt", min_count=1, threshold=0.4).export_phrases()
    out, errors = capsys.readouterr()
    assert out.startswith(f"{len(rows)} phrases, those with the highest scores:\n  ")
    assert f"  {rows['he_sat']:.3f}\n" in out
    assert out.endswith("Wrote out.txt and table.tsv\n")
    assert "counting: " in errors
    assert "writing: 100%|" in errors


def test_two_passes_join_more_than_two_words(capsys):
    assert "new_york_city" in written("--passes", "2", "--min-count", "5", "--threshold", "0.5")
    assert "counting, pass 2 of 2: " in capsys.readouterr().err


@pytest.mark.parametrize("words", ["english", "of,the"])
def test_connector_words_may_stand_within_a_phrase(words):
    assert "word_of_mouth" in written("--connector-words", words)


def test_other_score_has_another_threshold():
    arguments = ["--scoring", "npmi", "--min-count", "1"]
    assert main(["phrases", "text.txt", "--output", "out.txt", *arguments]) == 0
    table = Phrases("text.txt", min_count=1, scoring="npmi", threshold=0.5)
    assert Path("out.txt").read_text() == "".join(
        f"{' '.join(s)}\n" for s in table.apply("text.txt")
    )


def test_words_are_joined_by_what_the_user_says():
    assert "he~sat" in written("--delimiter", "~")


def test_no_phrase_is_no_error(capsys):
    assert written("--threshold", "1000") == TEXT
    assert capsys.readouterr().out == "0 phrases\nWrote out.txt\n"


def test_what_is_written_can_be_trained_on():
    written()
    quick = ["--min-count", "1", "--sample", "1", "--epochs", "1", "--vector-size", "4"]
    assert main(["train", "out.txt", *quick]) == 0
    assert "he_sat" in KeyedVectors.load_word2vec_format("output/vectors.txt")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.txt", "--output", "o"], "There is no text file missing.txt."),
        (["text.txt", "--output", "no/o"], "There is no directory no to write no/o into."),
        (["text.txt", "--output", "./text.txt"], "./text.txt would be overwritten: name another"),
        (["text.txt", "--output", "o", "--table", "text.txt"], "text.txt would be overwritten"),
        (["text.txt", "--output", "o", "--threshold", "0"], "threshold must be positive with"),
        (["text.txt", "--output", "o", "--delimiter", "a b"], "--delimiter must be characters"),
        (["text.txt", "--output", "o", "--delimiter", ""], "--delimiter must be characters"),
    ],
)
def test_errors_that_the_user_can_mend_are_one_line_with_status_2(arguments, message, capsys):
    assert main(["phrases", *arguments]) == 2
    *_, error = capsys.readouterr().err.splitlines()
    assert error.startswith("word2vec-numpy: ")
    assert message in error
    assert Path("text.txt").read_text() == TEXT
    assert [path.name for path in Path().iterdir()] == ["text.txt"]


# -------------------------------------------------------------------- raw text

RAW = "The cat, a dog, and a bird. A cat sees a dog. Is the bird a cat? No!\n" * 10
TOKENS = "the cat a dog and a bird a cat sees a dog is the bird a cat no\n" * 10
TINY = ["--min-count", "1", "--sample", "1", "--epochs", "1", "--vector-size", "4"]


@pytest.mark.parametrize("program", [main, run.main])
@pytest.mark.parametrize("optimizer", [[], ["--optimizer", "sgd", "--iterations", "5"]])
def test_raw_text_can_be_tokenized_for_training(program, optimizer):
    tiny = TINY if not optimizer else ["--vector-size", "4", *optimizer]
    Path("raw.txt").write_text(RAW)
    Path("tokens.txt").write_text(TOKENS)
    results = []
    for arguments in (["raw.txt", "--tokenize"], ["tokens.txt"]):
        assert program(["train", *arguments, *tiny, "--restart"]) == 0
        results.append(Path("output/vectors.txt").read_bytes())
    assert results[0] == results[1]


def test_metrics_say_that_the_text_was_tokenized():
    Path("raw.txt").write_text(RAW)
    assert main(["train", "raw.txt", "--tokenize", *TINY]) == 0
    assert json.loads(Path("output/metrics.json").read_text())["corpus"] == "raw.txt, tokenized"


@pytest.mark.filterwarnings("default:raw.txt looks:UserWarning")
def test_raw_text_is_warned_of_with_the_cure(capsys):
    Path("raw.txt").write_text(RAW)
    assert main(["train", "raw.txt", *TINY]) == 0
    warned = capsys.readouterr().err
    assert "warning: raw.txt looks as if it was not tokenized: 'bird.' beside 'bird'" in warned


def test_raw_text_can_be_tokenized_for_phrases():
    Path("text.txt").write_text(RAW)
    assert written("--tokenize", "--threshold", "1000") == TOKENS


def test_treebank_is_not_tokenized(capsys):
    assert run.main(["train", "--tokenize"]) == 2
    assert "--tokenize is for a text, but none is named" in capsys.readouterr().err
