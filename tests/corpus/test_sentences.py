import bz2
import gzip
import lzma
from itertools import chain

import numpy as np
import pytest

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
