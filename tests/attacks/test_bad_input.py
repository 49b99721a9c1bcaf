"""Bad input to training: each ends in one clear error, with both trainers, or trains properly."""

import bz2
import gzip
import inspect
import io
import lzma
import os
import re
import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import run
from word2vec import Word2Vec
from word2vec.classic.train import train_classic
from word2vec.corpus import textfile
from word2vec.corpus.encoded import encode
from word2vec.corpus.sentences import LineSentences
from word2vec.options import ClassicOptions, EngineOptions, defaults

SENTENCES = [["a", "b", "c"], ["a", "b"]] * 20
TEXT = b"a b c\na b\n" * 20
LONG_TEXT = (b"a b " * 100 + b"\n") * 5000  # read in several chunks
COMPRESS = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}


def fit(
    corpus=SENTENCES, *, frozen=False, checkpoint_dir=None, progress=False, comm=None, **options
):
    small = {"vector_size": 4, "min_count": 1, "sample": None, "epochs": 1, "workers": 1}
    model = Word2Vec(**{**small, **options})
    run = {"frozen": frozen, "checkpoint_dir": checkpoint_dir, "progress": progress}
    return model.fit(corpus, **run, comm=comm).wv


def classic(corpus=SENTENCES, **options):
    return train_classic(corpus, **{"iterations": 3, "batch_size": 2, "sample": None, **options})


every_trainer = pytest.mark.parametrize("train", [fit, classic])


class Stop(Exception):
    pass


# Files


def truncated(compress):
    return compress(TEXT)[:-10]


def flipped(compress):
    content = bytearray(compress(TEXT))
    content[len(content) // 2] ^= 0xFF
    return bytes(content)


BAD_FILES = {
    "empty": ("t.txt", b"", "there are no words. Is it empty, or all white space?"),
    "blank lines only": ("t.txt", b"\n\n \t\n", "there are no words. Is it empty"),
    "all below min_count": ("t.txt", b"x\ny z\n", "No word occurs at least 2 times among 3 distin"),
    "UTF-8 broken": (
        "t.txt",
        TEXT + b"b \xe4d\n",
        r"line 41: b'\\xe4d' is not UTF-8 text. Convert",
    ),
    "UTF-8 broken late": ("t.txt", LONG_TEXT + b"\xff", "line 5001: .* is not UTF-8"),
    "NUL byte": ("t.txt", b"a b\nb \0 a\n", r"line 2: b'\\x00' has a NUL byte, like binary data"),
    "UTF-16": ("t.txt", "a b\n".encode("utf-16"), "line 1: .* has a NUL byte"),
    "UTF-16 without mark": ("t.txt", "a b\n".encode("utf-16-le"), "line 1: .* has a NUL byte"),
    "binary": (
        "t.txt",
        np.random.default_rng(0).bytes(9999),
        "line 1: .* Convert the file to UTF-8",
    ),
    "zip archive": ("t.zip", b"PK\3\4\x14\0\0\0", "line 1: .* only gzip, bzip2 and xz are"),
    "endless word": ("t.txt", b"x" * 10**7, "line 1: a word of over 1,048,576 bytes. Is this text"),
    "text named .gz": ("t.gz", TEXT, "damaged, truncated, or no .gz data: .* take that end"),
    "text named .bz2": ("t.bz2", TEXT, "damaged, truncated, or no .bz2 data"),
    "text named .xz": ("t.xz", TEXT, "damaged, truncated, or no .xz data"),
    "bzip2 named .gz": ("t.gz", bz2.compress(TEXT), "damaged, truncated, or no .gz data"),
    "endless word after others": ("t.txt", b"a b " + b"x" * 10**7, "line 1: a word of over 1,048"),
    "empty gzip": ("t.gz", gzip.compress(b""), "there are no words"),
    "gzip and garbage": ("t.gz", gzip.compress(TEXT) + b"garbage", "damaged, truncated, or no .gz"),
} | {
    f"{harm.__name__} {suffix}": (
        f"t{suffix}",
        harm(compress),
        f"damaged, truncated, or no {suffix}",
    )
    for suffix, compress in COMPRESS.items()
    for harm in (truncated, flipped)
}


@every_trainer
@pytest.mark.parametrize("case", BAD_FILES.values(), ids=BAD_FILES)
def test_bad_file_is_refused_by_name(tmp_path, train, case):
    name, content, message = case
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"^{re.escape(str(path))}(: |, )({message})"):
        train(path, min_count=2)


FINE_FILES = {
    "one sentence": ("t.txt", b"a b c"),
    "blank lines between": ("t.txt", b"\n\na b\n \n\nc a\n\n"),
    "Windows": ("t.txt", b"\xef\xbb\xbfa b\r\n\r\nc\ta\r\n"),
    "old Macintosh": ("t.txt", b"a b\rc a\r"),
    "gzip without .gz": ("t.txt", gzip.compress(TEXT)),
    "bzip2 without .bz2": ("t", bz2.compress(TEXT)),
    "xz without .xz": ("t.text", lzma.compress(TEXT)),
    "gzip in two parts": ("t.gz", gzip.compress(b"a b\n") + gzip.compress(b"c a\n")),
    "control characters": ("t.txt", b"a b a\n\x01 c\n"),
}


@every_trainer
@pytest.mark.parametrize("case", FINE_FILES.values(), ids=FINE_FILES)
def test_odd_but_sound_file_is_trained_on(tmp_path, train, case):
    name, content = case
    path = tmp_path / name
    path.write_bytes(content)
    wv = train(path)
    assert {"a", "b", "c"} <= set(wv.index_to_key) <= {"a", "b", "c", "\x01"}
    assert np.isfinite(wv.vectors).all()


@pytest.mark.parametrize("suffix", COMPRESS)
def test_damaged_compressed_text_is_never_read_as_another(tmp_path, suffix):
    path = tmp_path / f"t{suffix}"
    rng = np.random.default_rng(0)
    words = " ".join(map(str, rng.integers(1000, size=2000)))
    good = COMPRESS[suffix](words.encode())
    refused = 0
    for trial in range(300):
        content = bytearray(good[: rng.integers(1, len(good))] if trial % 2 else good)
        if not trial % 2:
            content[rng.integers(len(good))] ^= 1 << rng.integers(8)
        path.write_bytes(content)
        try:
            sentences = list(LineSentences(path))
        except ValueError as error:
            assert str(error).startswith(f"{path}: damaged, truncated, or no {suffix} data")  # noqa: PT017
            refused += 1
        else:
            assert sentences == [words.split()]  # the damage was to a date in the header, say
    assert refused > 270


@every_trainer
def test_directory_without_files_is_refused(tmp_path, train):
    with pytest.raises(FileNotFoundError, match=f"{tmp_path.name} has no text files in it"):
        train(tmp_path)


@every_trainer
def test_missing_file_is_refused(tmp_path, train):
    with pytest.raises(FileNotFoundError, match=r"There is no text file .*missing\.txt\."):
        train(tmp_path / "missing.txt")


@every_trainer
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_pipe_is_refused_and_not_waited_for(tmp_path, train):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match="pipe is no regular file: .* Write the text to a file"):
        train(tmp_path / "pipe")


def test_text_in_place_of_a_path_is_refused_in_few_words():
    with pytest.raises(FileNotFoundError, match="Text itself is passed as a list of") as caught:
        fit("a b c " * 10_000)
    assert len(str(caught.value)) < 300


def test_number_in_place_of_a_path_is_refused():
    with pytest.raises(TypeError, match="The path of a text file must be a str or path. Got 0 ins"):
        LineSentences(0)  # which `open` takes for the standard input


def test_corpus_that_encoding_would_overwrite_is_refused(tmp_path):
    path = tmp_path / "corpus.ids"
    path.write_bytes(TEXT)
    with pytest.raises(ValueError, match=r"corpus\.ids would be overwritten: rename it"):
        fit(path, checkpoint_dir=tmp_path)
    assert path.read_bytes() == TEXT


# Long lines


@every_trainer
def test_line_of_ten_million_characters_is_trained_on(tmp_path, train):
    path = tmp_path / "t.txt"
    words = ["a" * 199, "b" * 199]
    path.write_text(" ".join(words * 25_000), encoding="utf-8")
    wv = train(path)
    assert wv.index_to_key == words
    assert wv.get_vecattr(words[0], "count") == 25_000


def test_text_without_line_ends_needs_little_memory(tmp_path, monkeypatch):
    monkeypatch.setattr("word2vec.corpus.textfile.CHUNK_BYTES", 1 << 14)
    monkeypatch.setattr("word2vec.corpus.textfile.MAX_LINE_BYTES", 1 << 14)
    path = tmp_path / "t.txt"
    path.write_bytes(b"ab c def " * 30_000)
    encode(path, tmp_path, min_count=1)  # what is needed once, such as imports
    tracemalloc.start()
    try:
        ids = encode(path, tmp_path, min_count=2).tokens
        read = sum(map(len, LineSentences(path)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert np.count_nonzero(np.array(ids) < 3) == read == 3 * 30_000
    assert peak < 2e6  # the words at once would take over 4e6


# A corpus that changes while it is read


CHANGES = {
    "grows": lambda path: path.write_bytes(TEXT + b"a b\n"),
    "shrinks": lambda path: path.write_bytes(TEXT[:-4]),
    "is emptied": lambda path: path.write_bytes(b""),
    "swaps words": lambda path: path.write_bytes(TEXT.replace(b"a b\n", b"a a\n")),
}


def change_at_the_end(monkeypatch, module, path, change, passes=1):
    """Change a file at the end of a pass over it."""
    done = []

    def read_blocks(path, *part):
        yield from textfile.read_blocks(path, *part)
        done.append(path)
        if len(done) == passes:
            change(path)

    monkeypatch.setattr(f"word2vec.{module}.read_blocks", read_blocks)


@every_trainer
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_file_that_changes_while_it_is_read_is_refused(tmp_path, monkeypatch, train, change):
    path, checkpoints = tmp_path / "t.txt", tmp_path / "checkpoints"
    path.write_bytes(TEXT)
    change_at_the_end(monkeypatch, "corpus.numbering", path, change)
    with pytest.raises(ValueError, match=r"t\.txt changed while it was read. Train on a copy"):
        train(path, checkpoint_dir=checkpoints)
    assert not list(checkpoints.glob("*"))


def test_file_that_is_deleted_while_it_is_read_is_named(tmp_path, monkeypatch):
    path = tmp_path / "t.txt"
    path.write_bytes(TEXT)
    change_at_the_end(monkeypatch, "corpus.numbering", path, lambda path: path.unlink())
    with pytest.raises(FileNotFoundError, match=r"t\.txt"):
        fit(path)


def test_encoding_of_before_outlives_a_corpus_that_changes(tmp_path, monkeypatch):
    good, bad = tmp_path / "good.txt", tmp_path / "bad.txt"
    good.write_bytes(TEXT)
    bad.write_bytes(TEXT)
    encode(good, tmp_path, min_count=1)
    before = [(tmp_path / name).read_bytes() for name in ("corpus.ids", "corpus.json")]
    change_at_the_end(monkeypatch, "corpus.numbering", bad, CHANGES["grows"])
    with pytest.raises(ValueError, match=r"bad\.txt changed while it was read"):
        encode(bad, tmp_path, min_count=1)
    assert before == [(tmp_path / name).read_bytes() for name in ("corpus.ids", "corpus.json")]


# Token lists


BAD_CORPORA = {
    "empty": ([], ValueError, "(corpus|sentences): there are no words. Is it empty"),
    "empty sentences": ([[], []], ValueError, "there are no words"),
    "one word": ([["same"]], ValueError, "The vocabulary has a single word, 'same'.* Lower min_c"),
    "one word repeated": ([["same", "same"]], ValueError, "The vocabulary has a single word"),
    "sentences of one word": ([["a"], ["b"]], ValueError, "No sentence has two words of the voc"),
    "None": (None, TypeError, "(corpus|sentences) must be an iterable of lists of words. Got None"),
    "a number": (5, TypeError, "(corpus|sentences) must be an iterable of lists of words. Got 5"),
    "a function": (lambda: SENTENCES, TypeError, "must be an iterable of lists of words. Got <f"),
    "bytes": (b"a b", TypeError, "(corpus|sentences) must be .* Got b'a b'; for a text file"),
    "a dict": ({"a": 2}, TypeError, "(corpus|sentences) must be .* Got {'a': 2}, which has no"),
    "a set": ({("a", "b")}, TypeError, "(corpus|sentences) must be .* Got {.*}, which has no"),
    "strings": (["a b", "b c"], TypeError, r"Sentence 0 is a string; .* Use text.split\(\)"),
    "a string among lists": ([["a"], "a b"], TypeError, "Sentence 1 is a string"),
    "None among lists": (
        [["a", "b"], None],
        TypeError,
        "Sentence 1 must be a list of words. Got N",
    ),
    "numbers": ([1, 2], TypeError, "Sentence 0 must be a list of words. Got 1 instead"),
    "sets": ([{"a", "b"}], TypeError, "Sentence 0 must be a list of words. Got {"),
    "dicts": ([{"a": 1, "b": 2}], TypeError, "Sentence 0 must be a list of words. Got {"),
    "iterators": ([iter("ab")], ValueError, "Sentence 0 can be read only once.* Make it a list"),
    "word None": ([["a", None]], TypeError, "Words must be str. Got None of NoneType; convert"),
    "word 1": ([["a", 1]], TypeError, "Words must be str. Got 1 of int; convert or drop it"),
    "word nan": ([["a", np.nan]], TypeError, "Words must be str. Got nan of float"),
    "bytes words": ([[b"a", b"b"]], TypeError, "Words must be str. Got b'a' of bytes"),
    "nested too deep": (
        [[["a", "b"]]],
        TypeError,
        "Words must be str, but .* 'list'.* a list of l",
    ),
    "surrogates": ([["\ud800", "a"]], ValueError, r"'\\ud800' has half a surrogate pair"),
}


@every_trainer
@pytest.mark.parametrize("case", BAD_CORPORA.values(), ids=BAD_CORPORA)
def test_bad_corpus_is_refused(train, case):
    corpus, error, message = case
    with pytest.raises(error, match=message):
        train(corpus)


@every_trainer
@pytest.mark.parametrize("loss", ["neg_sampling", "naive_softmax"])
def test_nothing_is_learned_from_one_word_whatever_the_loss(train, loss):
    with pytest.raises(ValueError, match="The vocabulary has a single word"):
        train([["same", "same"]], loss=loss)


ONCE = {
    "generator": lambda: (sentence for sentence in SENTENCES),
    "map": lambda: map(list, ["ab", "bc"]),
    "open file": lambda: io.StringIO("a b\nb c\n"),
}


@every_trainer
@pytest.mark.parametrize("make", ONCE.values(), ids=ONCE)
def test_corpus_that_can_be_read_once_is_refused(train, make):
    with pytest.raises(ValueError, match="(corpus|sentences) can be read only once, but is needed"):
        train(make())


FINE_CORPORA = {
    "one sentence": [["a", "b", "c"]],
    "tuples": (("a", "b"), ("b", "c")),
    "an array": np.array([["a", "b"], ["b", "c"]]),
    "empty among others": [[], ["a", "b"], [], ["c", "b"]],
}


@every_trainer
@pytest.mark.parametrize("corpus", FINE_CORPORA.values(), ids=FINE_CORPORA)
def test_odd_but_sound_corpus_is_trained_on(train, corpus):
    assert set(train(corpus).index_to_key) == {"a", "b", "c"}


# Arguments: from each name to bad values and what the error says


def bad_integers(smallest, largest=None):
    values = [None, "5", 5.0, np.float32(5), np.nan, np.inf, True, [], 1j, smallest - 1, -(10**30)]
    expected = f">= {smallest}" if largest is None else f"from {smallest} to {largest}"
    values += [] if largest is None else [largest + 1, 10**50]
    return values, f"must be an integer {expected}. Got"


def bad_choices(*choices):
    return [None, "", 5, True, ["cbow"], np.array(choices)], f"must be '{choices[0]}' or '"


NO_NUMBERS = ["x", True, [], 1j, np.nan, np.inf, -np.inf, 10**400]
BAD_COMMON = {
    "model": bad_choices("skipgram", "cbow"),
    "loss": bad_choices("neg_sampling", "hierarchical_softmax", "naive_softmax"),
    "cbow_reduction": bad_choices("mean", "sum"),
    "vector_size": bad_integers(1),
    "window": bad_integers(1, 1000),
    "negative": bad_integers(1, 10_000),
    "min_count": bad_integers(1),
    "seed": bad_integers(0, 2**128 - 1),
    "ns_exponent": ([None, *NO_NUMBERS], "must be a finite number. Got"),
    "sample": ([-1e-3, *NO_NUMBERS], "must be a positive number, or 0 or None to keep every token"),
}
BAD_DIRECTORIES = [5, "", b"x", True, []], "must be the path of a directory, or None. Got"
BAD_ARGUMENTS = {
    fit: BAD_COMMON
    | {
        "epochs": bad_integers(1),
        "max_logits": bad_integers(1),
        "workers": (bad_integers(1)[0][1:], "must be an integer >= 1. Got"),  # None is fine
        "alpha": ([0, -1, *NO_NUMBERS], "must be a positive number. Got"),
        "min_alpha": ([None, *NO_NUMBERS], "must be a finite number. Got"),
        "frozen": (
            [0, 1, 1.5, np.nan, "tea", b"x", [5], [["tea"]]],
            "must be True, False or several",
        ),
        "shards": bad_integers(1, 4096),
        "comm": ([0, 5, "world", True], "must be a communicator of mpi4py"),
        "checkpoint_dir": BAD_DIRECTORIES,
        "progress": ([0, 5, "yes", [1]], "must be a function, or True or False. Got"),
    },
    classic: BAD_COMMON
    | {
        "iterations": bad_integers(1),
        "batch_size": bad_integers(1),
        "checkpoint_every": bad_integers(1),
        "anneal_every": (bad_integers(1)[0][1:], "must be an integer >= 1. Got"),
        "step": ([None, 0, -1, *NO_NUMBERS], "must be a positive number or a function. Got"),
        "checkpoint_dir": BAD_DIRECTORIES,
        "callback": ([0, 5, "yes", [1]], "must be a function, or None. Got"),
    },
}


class Unread:
    """A corpus that must not be looked at."""

    def __iter__(self):
        raise AssertionError("the corpus was read before the arguments were checked")


@pytest.mark.parametrize(
    ("train", "name"), [(train, name) for train, table in BAD_ARGUMENTS.items() for name in table]
)
def test_bad_argument_is_refused_by_name_before_the_corpus_is_read(train, name):
    values, message = BAD_ARGUMENTS[train][name]
    for value in values:
        with pytest.raises((TypeError, ValueError), match=f"^{name} {message}"):
            train(Unread(), **{name: value})


@pytest.mark.parametrize(
    ("train", "functions", "options"),
    [
        (fit, (Word2Vec.__init__, Word2Vec.fit), EngineOptions),
        (classic, (train_classic,), ClassicOptions),
    ],
    ids=["fit", "classic"],
)
def test_no_argument_is_missing_from_the_tables(train, functions, options):
    names = set().union(*(inspect.signature(function).parameters for function in functions))
    names |= defaults(options).keys()
    assert names - {"self", "corpus", "unknown", "options", "start"} == BAD_ARGUMENTS[train].keys()


@pytest.mark.parametrize(
    "options", [{"alpha": 1.5}, {"alpha": 0.01, "min_alpha": 0.02}, {"min_alpha": -1e-9}]
)
def test_steps_that_do_not_fall_within_bounds_are_refused(options):
    with pytest.raises(ValueError, match=r"0 <= min_alpha <= alpha <= 1\. Got .* and .* instead"):
        fit(Unread(), **options)


@every_trainer
def test_file_in_place_of_the_checkpoint_directory_is_refused(tmp_path, train):
    (tmp_path / "file").write_bytes(b"mine")
    with pytest.raises(
        NotADirectoryError, match="checkpoint_dir must be a directory, but .*file is"
    ):
        train(Unread(), checkpoint_dir=tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"mine"


# Too large for this machine


@pytest.mark.parametrize(
    ("train", "options", "message"),
    [
        (fit, {"vector_size": 10**12}, "Vectors of 3 words with vector_size 1,000,000,000,000 wou"),
        (fit, {"vector_size": 10**30}, "MiB of memory; this machine has .* Lower vector_size or"),
        (classic, {"vector_size": 10**12}, "Vectors of 3 words with vector_size 1,000,000,000,00"),
        (classic, {"batch_size": 10**12}, "A batch with batch_size 1,000,000,000,000 would take"),
        (classic, {"batch_size": 10**30, "loss": "naive_softmax"}, "Lower batch_size, negative"),
    ],
)
def test_what_memory_cannot_hold_is_refused_beforehand(train, options, message):
    with pytest.raises(ValueError, match=message):
        train(**options)


@pytest.mark.parametrize("sysconf", ["missing", "ignorant"])
def test_where_memory_is_unknown_only_the_impossible_is_refused(monkeypatch, sysconf):
    if sysconf == "missing":
        monkeypatch.delattr("os.sysconf", raising=False)
    else:

        def ignorant(name):
            raise ValueError("unrecognized configuration name")

        monkeypatch.setattr("os.sysconf", ignorant, raising=False)
    assert len(fit()) == 3
    with pytest.raises(ValueError, match="would take at least"):
        fit(vector_size=10**30)


# Extreme, and yet legal


@every_trainer
@pytest.mark.parametrize(
    "options",
    [
        {"seed": 2**128 - 1},
        {"seed": 2**64},
        {"window": 1000},
        {"negative": 10_000},
        {"sample": 1e308},
        {"sample": np.float32(1)},
        {"ns_exponent": 30},
        {"ns_exponent": -30},
        {"vector_size": 1},
        {"vector_size": np.int64(3), "window": np.int32(2), "ns_exponent": np.float32(0.75)},
    ],
    ids=str,
)
def test_extreme_but_legal_argument_is_trained_with(train, options):
    assert np.isfinite(train(**options).vectors).all()


@pytest.mark.parametrize(
    "options", [{"workers": 10**6}, {"workers": np.int64(2), "window": np.int64(5)}], ids=str
)
def test_odd_numbers_of_workers_give_the_same_bits(options):
    assert_array_equal(fit(**options).vectors, fit().vectors)


def test_endless_epochs_begin():
    def stop(progress):
        assert progress.total_tokens == 10**30 * 100
        raise Stop

    with pytest.raises(Stop):
        fit(epochs=10**30, progress=stop)


@pytest.mark.parametrize("exponent", [1e4, -1e4, 1e308, -1e308])
@pytest.mark.parametrize(
    ("train", "options"), [(fit, {"workers": 1}), (fit, {"workers": 2}), (classic, {})]
)
def test_exponent_that_leaves_words_no_chance_is_refused(train, options, exponent):
    with pytest.raises(ValueError, match=r"\(ns_exponent\) is too extreme for counts up to 40: "):
        train(ns_exponent=exponent, **options)


def test_exponent_does_not_matter_to_naive_softmax():
    assert len(fit(ns_exponent=1e4, loss="naive_softmax")) == 3


@every_trainer
def test_noise_that_is_nearly_all_of_one_word_is_no_trap(train):
    wv = train([["a"] * 900 + ["b"]] * 3, ns_exponent=4)
    assert np.isfinite(wv.vectors).all()


# The command line


@pytest.mark.parametrize(
    "name", ["empty", "UTF-8 broken", "NUL byte", "endless word", "flipped .gz"]
)
def test_command_line_names_the_bad_file_in_one_line(tmp_path, capsys, name):
    name, content, message = BAD_FILES[name]
    path = tmp_path / name
    path.write_bytes(content)
    assert run.main(["--corpus", str(path), "--output", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert re.match(rf"run\.py: {re.escape(str(path))}(: |, )({message})", error)


def test_command_line_refuses_an_empty_directory_in_one_line(tmp_path, capsys):
    assert run.main(["--corpus", str(tmp_path), "--output", str(tmp_path / "out")]) == 2
    assert f"run.py: The directory {tmp_path} has no text files" in capsys.readouterr().err


def test_command_line_tells_of_memory_that_is_short(monkeypatch, tmp_path, capsys):
    def fail(*_, **__):
        raise MemoryError("Unable to allocate 9 GiB")

    monkeypatch.setattr("word2vec.corpus.vocab.Vocab.__init__", fail)
    (tmp_path / "t.txt").write_bytes(TEXT)
    arguments = ["--corpus", tmp_path / "t.txt", "--output", tmp_path / "out"]
    assert run.main([str(argument) for argument in arguments]) == 2
    assert "run.py: Unable to allocate 9 GiB" in capsys.readouterr().err
