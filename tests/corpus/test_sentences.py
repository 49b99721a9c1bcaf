import bz2
import gzip
import lzma
from itertools import chain

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from word2vec import Phrases, Word2Vec
from word2vec.corpus.sentences import LineSentences

TEXT = "A good film .\n\n  a b\u00e4d one\n"
SENTENCES = [["A", "good", "film", "."], [], ["a", "b\u00e4d", "one"]]
COMPRESS = {".txt": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}


@pytest.mark.parametrize("suffix", COMPRESS)
def test_each_line_is_a_sentence(tmp_path, suffix):
    path = tmp_path / f"text{suffix}"
    path.write_bytes(COMPRESS[suffix](TEXT.encode()))
    assert list(LineSentences(path)) == SENTENCES


@pytest.mark.parametrize("content", [b"", b"\n", b"a", b"a\n", b"a\nb", b"\xef\xbb\xbf", b"\na\n"])
def test_short_files_have_their_lines_too(tmp_path, content):
    path = tmp_path / "text.txt"
    path.write_bytes(content)
    expected = [line.split() for line in content.decode("utf-8-sig").splitlines()]
    assert list(LineSentences(path)) == expected


@pytest.mark.parametrize("seed", range(20))
def test_chunks_and_cuts_lose_no_word_and_shift_no_line(tmp_path, monkeypatch, seed):
    rng = np.random.default_rng(seed)
    monkeypatch.setattr("word2vec.corpus.textfile.CHUNK_BYTES", int(rng.integers(1, 60)))
    pieces = rng.choice(["a", "b\u00e4d", "c", " ", "  ", "\t", "\r\n", "\n"], size=500)
    path = tmp_path / "text.txt"
    path.write_text("".join(pieces), encoding="utf-8", newline="")
    lines = [line.split() for line in "".join(pieces).removesuffix("\n").split("\n")]
    assert list(LineSentences(path)) == lines

    monkeypatch.setattr("word2vec.corpus.textfile.MAX_LINE_BYTES", 40)
    assert list(chain(*LineSentences(path))) == list(chain(*lines))
    with pytest.raises(ValueError, match=rf"line {len(lines) + 1}: .* is not UTF-8"):
        path.write_bytes(path.read_bytes().removesuffix(b"\n") + b"\n\xff")
        list(LineSentences(path))


def test_no_break_space_does_not_separate_words(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("2\u00a01/2 hours\n", encoding="utf-8")
    assert list(LineSentences(path)) == [["2\u00a01/2", "hours"]]


def test_sentences_can_be_read_again(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text(TEXT, encoding="utf-8")
    sentences = LineSentences(path)
    assert list(sentences) == list(sentences)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no text file .*missing\.txt"):
        LineSentences(tmp_path / "missing.txt")


def test_line_that_is_not_utf8_is_named(tmp_path):
    path = tmp_path / "text.txt"
    path.write_bytes(b"good\nb\xe4d\n")
    with pytest.raises(ValueError, match=r"text\.txt, line 2: b'b\\xe4d' is not UTF-8"):
        list(LineSentences(path))


# -------------------------------------------------------------------- tables

WORDS = [["a", "b"], ["b", "a"]] * 30


class Series(list):
    """What a Series of pandas looks like from outside, where there is no pandas."""

    iloc = None


class DataFrame:
    """A table of pandas likewise: iterating it gives the names of its columns."""

    def __init__(self, columns):
        self.columns, self.iloc = list(columns), None

    def __iter__(self):
        return iter(self.columns)


@pytest.fixture(params=["stand-in", "pandas"])
def tables(request):
    """Functions that make a Series and a DataFrame."""
    if request.param == "pandas":
        pandas = pytest.importorskip("pandas")
        return pandas.Series, pandas.DataFrame
    return Series, DataFrame


def train(corpus):
    return Word2Vec(vector_size=2, min_count=1, sample=0, epochs=1, workers=1).fit(corpus)


every_use = pytest.mark.parametrize("use", [train, Phrases], ids=["fit", "Phrases"])


def test_series_of_lists_is_trained_on_as_its_lists(tables):
    make_series, _ = tables
    assert_array_equal(train(make_series(WORDS)).wv.vectors, train(WORDS).wv.vectors)


def test_series_of_texts_is_trained_on_as_lines_of_words(tables):
    make_series, _ = tables
    series = make_series([" ".join(words) + " " for words in WORDS])
    assert_array_equal(train(series).wv.vectors, train(WORDS).wv.vectors)
    assert Phrases(series, min_count=1, threshold=0.01)[["a", "b"]] == ["a_b"]


@every_use
def test_list_of_texts_is_refused_with_the_cure(use):
    with pytest.raises(TypeError, match=r"Sentence 0 is a string; .* Use text.split\(\)"):
        use(["a b", "b a"])


@every_use
@pytest.mark.parametrize("missing", [None, float("nan")])
def test_series_with_missing_values_is_refused_with_the_cure(tables, use, missing):
    make_series, _ = tables
    with pytest.raises(TypeError, match=r"Sentence 1 must be a list of words. .* series.dropna"):
        use(make_series([["a", "b"], missing]))


@every_use
def test_table_is_refused_and_its_columns_are_named(tables, use):
    _, make_table = tables
    table = make_table({"text": ["a b"], "label": [1]})
    message = r"a table with the columns 'text', 'label' instead: pass .* words: table\[column\]"
    with pytest.raises(TypeError, match=message):
        use(table)
