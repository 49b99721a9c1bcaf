import bz2
import gzip
import lzma

import pytest

from word2vec.corpus import LineSentences

TEXT = "A good film .\n\n  a b\u00e4d one\n"
SENTENCES = [["A", "good", "film", "."], [], ["a", "b\u00e4d", "one"]]
COMPRESS = {".txt": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}


@pytest.mark.parametrize("suffix", COMPRESS)
def test_each_line_is_a_sentence(tmp_path, suffix):
    path = tmp_path / f"text{suffix}"
    path.write_bytes(COMPRESS[suffix](TEXT.encode()))
    assert list(LineSentences(path)) == SENTENCES


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
