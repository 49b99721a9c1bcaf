"""The commands that use trained vectors, as a user sees them."""

import gzip
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest

import run
from utils.train_command import train
from word2vec.vectors.by_name import load_vectors, save_vectors
from word2vec.vectors.keyed_vectors import KeyedVectors

WORDS = ["king", "queen", "man", "woman", "apple"]
MATRIX = np.array([[2, 1], [1, 2], [1, 0], [0, 1], [-1, -1]], np.float32)
COMMANDS = [
    "phrases",
    "neighbors",
    "analogy",
    "evaluate",
    "convert",
    "plot",
    "export-projector",
    "explore",
    "sentiment",
    "handout",
    "animate",
]
README = Path(run.__file__).with_name("README.md")


@pytest.fixture
def vectors(tmp_path):
    """Path of a small file of vectors."""
    path = tmp_path / "vectors.txt"
    KeyedVectors.from_words(WORDS, MATRIX).save_word2vec_format(path)
    return path


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def run_main(*arguments):
    return run.main([str(argument) for argument in arguments])


def assert_one_line_error(capsys, status, message):
    assert status == 2
    errors = capsys.readouterr().err
    assert errors.startswith("run.py: ")
    assert message in errors
    assert errors.count("\n") == 1


# -------------------------------------------------------------------- choosing a command


@pytest.mark.parametrize("arguments", [[], ["--corpus", "x"], ["--seed", "3", "--restart"]])
def test_train_is_the_command_if_none_is_named(arguments):
    options = run.parse_arguments(arguments)
    assert options.command is train
    assert options == run.parse_arguments(["train", *arguments])


def test_help_shows_training_and_lists_the_other_commands(capsys):
    with pytest.raises(SystemExit, match="0"):
        run.main(["--help"])
    out = capsys.readouterr().out
    assert "--corpus" in out
    assert re.findall(r"^  ([a-z-]+)   ", out.split("other commands")[1], re.MULTILINE) == COMMANDS


@pytest.mark.parametrize("command", ["train", *COMMANDS])
def test_example_in_the_help_of_each_command_is_one(command, capsys):
    with pytest.raises(SystemExit, match="0"):
        run.main([command, "--help"])
    examples = re.findall(r"^  python run.py(.*?)(?:  .*)?$", capsys.readouterr().out, re.MULTILINE)
    assert examples
    for example in examples:
        options = run.parse_arguments(shlex.split(example))
        assert options.command.__name__ == command.replace("-", "_")


def test_commands_in_the_readme_are_understood():
    lines = re.findall(r"^python run.py(.*)$", README.read_text(encoding="utf-8"), re.MULTILINE)
    asked = {run.parse_arguments(shlex.split(line, comments=True)).command for line in lines}
    names = {function.__name__.replace("_", "-") for function in asked}
    assert names == {"train", *COMMANDS}


# -------------------------------------------------------------------- what each prints and writes


def test_neighbors_are_shown_for_each_word(vectors, capsys):
    assert run_main("neighbors", "king", "apple", "--vectors", vectors, "--topn", 2) == 0
    # king and man: 2 / sqrt(5); king and queen: 4 / 5; apple and its neighbors: -1 / sqrt(2)
    assert capsys.readouterr().out == (
        "king\n  man    0.894\n  queen  0.800\napple\n  man    -0.707\n  woman  -0.707\n"
    )


def test_neighbors_of_a_word_with_a_hyphen_in_front_follow_two_hyphens(tmp_path, capsys):
    path = tmp_path / "vectors.txt"
    path.write_text("-lrb- 1 0\n-rrb- 1 1\n")
    assert run_main("neighbors", "--vectors", path, "--", "-lrb-") == 0
    assert capsys.readouterr().out == "-lrb-\n  -rrb-  0.707\n"


def test_vectors_are_those_that_training_writes_unless_named(vectors, monkeypatch, capsys):
    (vectors.parent / "output").mkdir()
    vectors.rename(vectors.parent / "output" / "vectors.txt")
    monkeypatch.chdir(vectors.parent)
    assert run_main("neighbors", "king", "--topn", 1) == 0
    assert capsys.readouterr().out == "king\n  man  0.894\n"


def test_limit_takes_only_the_first_vectors(vectors, capsys):
    assert run_main("neighbors", "king", "--vectors", vectors, "--limit", 2) == 0
    assert capsys.readouterr().out == "king\n  queen  0.800\n"


def test_limit_holds_for_our_own_format(tmp_path):
    save_vectors(KeyedVectors.from_words(WORDS, MATRIX, [5, 4, 3, 2, 1]), tmp_path / "v.npy")
    limited = load_vectors(tmp_path / "v.npy", limit=3)
    assert limited.index_to_key == WORDS[:3]
    np.testing.assert_array_equal(limited.vectors, MATRIX[:3])
    assert limited.get_vecattr("man", "count") == 3


def test_analogy_is_answered_by_b_minus_a_plus_c(vectors, capsys):
    assert run_main("analogy", "man", "king", "woman", "--vectors", vectors, "--topn", 1) == 0
    assert capsys.readouterr().out == "man is to king as woman is to\n  queen  0.860\n"


@pytest.fixture
def questions(tmp_path):
    """Arguments that name a file of pairs and one of analogies."""
    pairs, analogies = tmp_path / "pairs.tsv", tmp_path / "analogies.txt"
    pairs.write_text(
        "# comment\nking\tqueen\t8\nKing\tman\t9\nking\tapple\t1\nking\tprince\t7\nno pair\n"
    )
    analogies.write_text(
        ": royal\nman king woman queen\nman king woman apple\nman king woman princess\n"
        ": foreign\nun deux trois quatre\nonly three words\n"
    )
    return {"pairs": ["--pairs", pairs], "analogies": ["--analogies", analogies]}


PAIRS_TABLE = """\
word pairs  used  unknown words  not a pair  Spearman  Pearson
pairs.tsv      3              1           1     1.000    0.998
"""
ANALOGIES_TABLE = """\
analogies       used  unknown words  correct  accuracy
royal              2              1        1     0.500
foreign            0              1        0         -
Total accuracy     2              2        1     0.500
Lines that are not four words: 1
"""


@pytest.mark.parametrize(
    ("chosen", "tables"),
    [
        (["pairs"], PAIRS_TABLE),
        (["analogies"], ANALOGIES_TABLE),
        (["pairs", "analogies"], PAIRS_TABLE + "\n" + ANALOGIES_TABLE),
    ],
    ids=["pairs", "analogies", "both"],
)
def test_evaluation_shows_results_and_counts_what_was_skipped(
    vectors, questions, chosen, tables, capsys
):
    arguments = [argument for name in chosen for argument in questions[name]]
    assert run_main("evaluate", "--vectors", vectors, *arguments) == 0
    assert capsys.readouterr().out == tables


SUFFIXES = [".txt", ".vec", ".txt.gz", ".vec.gz", ".bin", ".bin.gz", ".npy"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_conversion_there_and_back_keeps_words_and_numbers(vectors, suffix, tmp_path, capsys):
    between, back = tmp_path / f"between{suffix}", tmp_path / "back.txt"
    assert run_main("convert", vectors, between) == 0
    assert run_main("convert", between, back) == 0
    assert back.read_bytes() == vectors.read_bytes()
    assert f"Wrote 5 vectors of length 2 into {between}" in capsys.readouterr().out


def test_converted_files_are_what_their_names_say(vectors, tmp_path):
    for suffix in SUFFIXES:
        assert run_main("convert", vectors, tmp_path / f"v{suffix}") == 0
    contents = {suffix: (tmp_path / f"v{suffix}").read_bytes() for suffix in SUFFIXES}
    text = vectors.read_bytes()
    binary = b"5 2\n" + b"".join(
        word.encode() + b" " + row.tobytes() for word, row in zip(WORDS, MATRIX, strict=True)
    )
    assert contents[".txt"] == contents[".vec"] == text
    assert contents[".bin"] == binary
    assert gzip.decompress(contents[".txt.gz"]) == gzip.decompress(contents[".vec.gz"]) == text
    assert gzip.decompress(contents[".bin.gz"]) == binary
    assert contents[".npy"].startswith(b"\x93NUMPY")


def test_conversion_recognises_glove_text_without_header(vectors, tmp_path):
    glove, target = tmp_path / "glove.txt", tmp_path / "target.txt"
    glove.write_bytes(vectors.read_bytes().partition(b"\n")[2])
    assert run_main("convert", glove, target) == 0
    assert target.read_bytes() == vectors.read_bytes()


def test_words_that_are_not_utf8_are_read_if_asked(tmp_path, capsys):
    path = tmp_path / "vectors.txt"
    path.write_bytes(b"2 2\nking 2 1\nqu\xff 1 2\n")
    status = run_main("neighbors", "king", "--vectors", path)
    assert_one_line_error(capsys, status, "invalid start byte in the word of line 3")
    assert run_main("neighbors", "king", "--vectors", path, "--unicode-errors", "replace") == 0
    assert capsys.readouterr().out == "king\n  qu\N{REPLACEMENT CHARACTER}  0.800\n"


def test_plot_writes_a_picture(vectors, tmp_path, capsys):
    picture = tmp_path / "royals.png"
    assert (
        run_main("plot", "--vectors", vectors, "--words", "king", "man", "--output", picture) == 0
    )
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert capsys.readouterr().out == f"Wrote {picture}\n"


def test_export_for_the_projector_is_a_line_of_numbers_and_a_label_for_each_word(vectors, tmp_path):
    assert run_main("export-projector", "--vectors", vectors, "--output", tmp_path / "a" / "b") == 0
    written = {path.name: path.read_bytes() for path in (tmp_path / "a" / "b").iterdir()}
    assert written == {
        "vectors.tsv": b"2.0\t1.0\n1.0\t2.0\n1.0\t0.0\n0.0\t1.0\n-1.0\t-1.0\n",
        "metadata.tsv": b"king\nqueen\nman\nwoman\napple\n",
    }


def test_labels_that_the_projector_would_skip_or_cut_are_quoted(tmp_path):
    words = ["", "\N{NO-BREAK SPACE}", "a\tb", "a\nb", "a\rb", "a b", "東京", '"']
    path = tmp_path / "vectors.npy"
    KeyedVectors.from_words(words, np.ones((len(words), 2))).save(path)
    assert run_main("export-projector", "--vectors", path, "--output", tmp_path) == 0
    labels = (tmp_path / "metadata.tsv").read_bytes().decode().split("\n")
    assert labels == ['""', '"\\u00a0"', '"a\\tb"', '"a\\nb"', '"a\\rb"', "a b", "東京", '"', ""]


def test_explore_writes_a_page_of_the_first_words(vectors, tmp_path, capsys):
    page = tmp_path / "page.html"
    options = ["--vectors", vectors, "--output", page, "--words", 3, "--title", "Royals"]
    assert run_main("explore", *options) == 0
    html = page.read_text(encoding="utf-8")
    assert "<title>Royals</title>" in html
    assert '["king", "queen", "man"]' in html
    assert capsys.readouterr().out == f"Wrote {page}: 3 words, 0.0 MB. Open it in a browser.\n"


def test_explore_shows_words_that_are_not_utf8_too(tmp_path):
    (tmp_path / "vectors.txt").write_bytes(b"caf\xe9 1 2\ntea 2 1\n")
    page = tmp_path / "page.html"
    assert run_main("explore", "--vectors", tmp_path / "vectors.txt", "--output", page) == 0
    assert '["caf\\ufffd", "tea"]' in page.read_text(encoding="utf-8")


# -------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["neighbors"], "arguments are required: WORD; see python run.py neighbors --help"),
        (["neighbors", "a", "--topn", "0"], "argument --topn: must be an integer >= 1. Got '0'"),
        (["neighbors", "a", "--limit", "-1"], "argument --limit: must be an integer >= 1"),
        (["neighbors", "a", "--limit", "ten"], "must be an integer >= 1. Got 'ten' instead"),
        (["analogy", "man", "king"], "the following arguments are required: C"),
        (["convert", "a.txt"], "the following arguments are required: OUT"),
        (["nieghbors", "great"], "invalid choice: 'nieghbors' (choose from "),
        (["--corpus", "a", "--treebank", "b"], "--treebank: not allowed with argument --corpus"),
        (["--sed", "1"], "arguments: --sed (did you mean --seed?); see python run.py"),
    ],
)
def test_wrong_arguments_end_in_one_line(arguments, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        run.main(arguments)
    assert_one_line_error(capsys, stopped.value.code, message)


@pytest.mark.parametrize(
    "arguments",
    [
        ["neighbors", "king", "quen"],
        ["analogy", "man", "king", "quen"],
        ["plot", "--words", "king", "quen"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_unknown_word_ends_in_its_closest_spelling(arguments, vectors, capsys):
    status = run_main(*arguments, "--vectors", vectors)
    assert status == 2
    assert capsys.readouterr().err == (
        "run.py: Key 'quen' not present in vocabulary; did you mean 'queen'?\n"
    )


FILES = {
    "short.txt": b"5 2\nking 2 1\n",
    "short.bin": b"2 2\nking \0\0\0\0",
    "text.bin": b"2 2\nking 2.0 1.0\nqueen 1.0 2.0\n",
    "words.vec": b"2 2\nking 2 one\n",
    "cut.txt.gz": gzip.compress(b"1 2\nking 2 1\n")[:-9],
    "no.npy": b"king 2 1\n",
    "pairs.csv": b"king,queen,8\nking,man,9\n",
    "sections": b"man king woman queen\n",
    "nan.txt.gz": gzip.compress(b"king 1 2\nman nan 1\n"),
    "single.txt": b"king 1\nman 2\n",
}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("neighbors king --vectors missing.bin", "run.py: missing.bin: No such file or directory"),
        ("neighbors king", "There is no file output/vectors.txt yet: the command train"),
        ("neighbors king --vectors short.txt", "short.txt: the header promises 5 vectors"),
        ("neighbors king --vectors short.bin", "short.bin: the header promises 2 vectors"),
        ("neighbors king --vectors text.bin", "text.bin: this is a text file"),
        ("neighbors king --vectors words.vec", "words.vec: line 2 must be a word and 2 numbers"),
        ("neighbors king --vectors cut.txt.gz", "cut.txt.gz: damaged, truncated"),
        ("neighbors king --vectors no.npy", "no.npy: damaged or no .npy file of vectors"),
        ("neighbors king --vectors pairs.csv", "pairs.csv: the name of a file of vectors must end"),
        ("evaluate --vectors vectors.txt", "evaluate needs --pairs FILE, --analogies FILE or both"),
        ("evaluate --vectors vectors.txt --pairs missing", "missing: No such file or directory"),
        ("evaluate --vectors vectors.txt --pairs pairs.csv", "2 lines are not two words and a"),
        ("evaluate --vectors vectors.txt --analogies sections", "line 1 stands before the first"),
        ("convert vectors.txt new.npy.gz", "new.npy.gz: the name of a file of vectors must end in"),
        ("convert vectors.dat new.txt", "vectors.dat: the name of a file of vectors must end in"),
        ("convert vectors.txt no/new.txt", "There is no directory no to write no/new.txt into."),
        (
            "plot --vectors vectors.txt --words king --output a.doc",
            "name of a picture must end in",
        ),
        ("plot --vectors vectors.txt --words king --output no/a.png", "There is no directory no"),
        ("export-projector --vectors single.txt --output new", "vectors of at least two numbers"),
        ("explore", "There is no file output/vectors.txt yet: the command train writes it."),
        ("explore --vectors vectors.txt --output page.pdf", "--output must end in .html"),
        ("explore --vectors vectors.txt --output no/page.html", "There is no directory no to"),
        ("explore --vectors vectors.txt --words 0", "--words must be an integer >= 1. Got 0"),
    ],
)
def test_error_is_one_line_and_leaves_nothing_behind(
    arguments, message, vectors, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    for name, content in FILES.items():
        Path(name).write_bytes(content)
    assert_one_line_error(capsys, run_main(*arguments.split()), message)
    assert {path.name for path in tmp_path.iterdir()} == {"vectors.txt", *FILES}


@pytest.mark.filterwarnings("default")
def test_warning_is_one_line_too(tmp_path, capsys):
    path = tmp_path / "twice.txt"
    path.write_text("king 2 1\nking 1 2\nqueen 1 2\n")
    assert run_main("neighbors", "king", "--vectors", path) == 0
    out, errors = capsys.readouterr()
    assert out == "king\n  queen  0.800\n"
    assert errors == (
        f"run.py: warning: {path}: 1 of 3 words are repeated, the first is 'king'; of each the "
        "first vector is kept\n"
    )


@pytest.mark.filterwarnings("ignore:.*vectors have NaN or infinity")
def test_numbers_that_the_projector_cannot_read_are_refused(tmp_path, capsys):
    path = tmp_path / "nan.txt"
    path.write_text("king 1 2\nman nan 1\nwoman 1 inf\n")
    status = run_main("export-projector", "--vectors", path, "--output", tmp_path / "new")
    assert_one_line_error(capsys, status, "2 of 3 vectors have them, the first is that of 'man'")
    assert not (tmp_path / "new").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="a closed pipe is another error there")
@pytest.mark.parametrize("arguments", [["neighbors", "king", "--vectors"], ["--help"]])
def test_broken_pipe_ends_quietly(arguments, vectors):
    if "--vectors" in arguments:
        arguments = [*arguments, vectors]
    reader, writer = os.pipe()
    os.close(reader)  # as head does when it has seen enough
    try:
        ended = subprocess.run(
            [sys.executable, run.__file__, *arguments],
            stdout=writer,
            stderr=subprocess.PIPE,
            timeout=60,
            env={**os.environ, "PYTHONUNBUFFERED": ""},
        )
    finally:
        os.close(writer)
    assert (ended.returncode, ended.stderr) == (141, b"")


def test_ctrl_c_ends_quietly(vectors, monkeypatch, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("word2vec.commands.vectors.load_vectors", interrupted)
    assert run_main("neighbors", "king", "--vectors", vectors) == 130
    assert capsys.readouterr() == ("", "")
