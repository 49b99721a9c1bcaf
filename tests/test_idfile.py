import os

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from word2vec.idfile import encode

TEXT = "b a c\na b\n\nd a\n"
SENTENCES = [["b", "a", "c"], ["a", "b"], [], ["d", "a"]]
IDS = [1, 0, 2, 4, 0, 1, 4, 4, 3, 0, 4]  # 4 ends a sentence


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_text_becomes_rows_with_sentence_ends(text, tmp_path):
    corpus = encode(text, tmp_path, min_count=1)
    assert corpus.vocab.words == ("a", "b", "c", "d")
    assert_array_equal(corpus.ids, IDS)
    assert corpus.num_tokens == 7


def test_token_lists_become_the_same_as_text(tmp_path):
    corpus = encode(SENTENCES, tmp_path, min_count=1)
    assert corpus.vocab.words == ("a", "b", "c", "d")
    assert_array_equal(corpus.ids, IDS)


def test_words_below_min_count_are_left_out(text, tmp_path):
    corpus = encode(text, tmp_path, min_count=2)
    assert_array_equal(corpus.ids, [1, 0, 2, 0, 1, 2, 2, 0, 2])
    assert corpus.num_tokens == 7


def test_ids_are_memory_mapped(text, tmp_path):
    assert isinstance(encode(text, tmp_path, min_count=1).ids, np.memmap)


def test_many_chunks_give_the_same_as_one(text, tmp_path, monkeypatch):
    monkeypatch.setattr("word2vec.idfile.CHUNK_BYTES", 1)
    monkeypatch.setattr("word2vec.idfile.CHUNK_SENTENCES", 2)
    for corpus in (text, SENTENCES):
        assert_array_equal(encode(corpus, tmp_path, min_count=1).ids, IDS)


def test_last_line_may_lack_its_end(text, tmp_path):
    text.write_text(TEXT.rstrip("\n"), encoding="utf-8")
    assert_array_equal(encode(text, tmp_path, min_count=1).ids, IDS)


@pytest.fixture
def no_reading(monkeypatch):
    """After this, reading text is an error."""

    def activate():
        def refuse(path):
            raise AssertionError("the text was read again")

        monkeypatch.setattr("word2vec.idfile.open_text", refuse)

    return activate


def test_unchanged_text_is_not_read_again(text, tmp_path, no_reading):
    encode(text, tmp_path, min_count=1)
    no_reading()
    corpus = encode(text, tmp_path, min_count=1)
    assert_array_equal(corpus.ids, IDS)
    assert corpus.vocab.words == ("a", "b", "c", "d")
    assert_array_equal(corpus.vocab.counts, [3, 2, 1, 1])


def test_changed_text_is_read_again(text, tmp_path):
    encode(text, tmp_path, min_count=1)
    text.write_text("e f\n", encoding="utf-8")
    os.utime(text, ns=(1, 1))
    assert encode(text, tmp_path, min_count=1).vocab.words == ("e", "f")


def test_other_min_count_is_encoded_anew(text, tmp_path):
    encode(text, tmp_path, min_count=1)
    assert len(encode(text, tmp_path, min_count=2).vocab) == 2


@pytest.mark.parametrize("name", ["corpus.ids", "corpus.json"])
def test_damaged_encoding_is_made_anew(text, tmp_path, name):
    encode(text, tmp_path, min_count=1)
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert_array_equal(encode(text, tmp_path, min_count=1).ids, IDS)


def test_corpus_that_changes_between_the_passes_is_refused(tmp_path):
    class Changing:
        passes = 0

        def __iter__(self):
            self.passes += 1
            yield ["a", "b"] * self.passes

    with pytest.raises(ValueError, match="gave other words when it was read again"):
        encode(Changing(), tmp_path, min_count=1)
    assert not (tmp_path / "corpus.ids").exists()


def test_generator_is_refused(tmp_path):
    with pytest.raises(ValueError, match="can be read only once, but is needed twice"):
        encode(iter(SENTENCES), tmp_path, min_count=1)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no text file .*missing\.txt"):
        encode(tmp_path / "missing.txt", tmp_path, min_count=1)


def test_text_that_is_not_utf8_is_refused(text, tmp_path):
    text.write_bytes(b"good\nb\xe4d\n")
    with pytest.raises(ValueError, match=r"text\.txt: b'b\\xe4d' is not UTF-8 text"):
        encode(text, tmp_path, min_count=1)


@pytest.mark.parametrize(
    ("sentences", "message"),
    [
        (["a plain string"], "Sentence 0 is a string; a sentence must be a list of words"),
        ([["a", 3]], "Words must be str. Got 3 of int"),
    ],
)
def test_sentences_that_are_no_lists_of_words_are_refused(tmp_path, sentences, message):
    with pytest.raises(TypeError, match=message):
        encode(sentences, tmp_path, min_count=1)


def test_empty_corpus_is_refused(text, tmp_path):
    text.write_text("", encoding="utf-8")
    with pytest.raises(ValueError, match="No word occurs at least 1 times"):
        encode(text, tmp_path, min_count=1)
