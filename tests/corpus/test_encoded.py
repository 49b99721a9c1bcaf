import mmap
import os
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from word2vec.corpus.encoded import encode
from word2vec.corpus.mapped import MappedTokens

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
    assert_array_equal(corpus.tokens, IDS)
    assert corpus.num_tokens == 7


def test_token_lists_become_the_same_as_text(tmp_path):
    corpus = encode(SENTENCES, tmp_path, min_count=1)
    assert corpus.vocab.words == ("a", "b", "c", "d")
    assert_array_equal(corpus.tokens, IDS)


def test_words_below_min_count_are_left_out(text, tmp_path):
    corpus = encode(text, tmp_path, min_count=2)
    assert_array_equal(corpus.tokens, [1, 0, 2, 0, 1, 2, 2, 0, 2])
    assert corpus.num_tokens == 7


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="memory is counted in /proc")
def test_reading_all_ids_keeps_only_some_of_them_in_memory(tmp_path):
    def resident_bytes():
        return int(Path("/proc/self/statm").read_text().split()[1]) * mmap.PAGESIZE

    path = tmp_path / "ids"
    np.arange(10 << 20, dtype=np.int32).tofile(path)  # 40 MiB
    ids = MappedTokens(path)
    before, peak, next_id = resident_bytes(), 0, 0
    for piece in ids.pieces(1 << 16):
        assert piece[0] == next_id
        next_id = piece[-1] + 1
        peak = max(peak, resident_bytes())
    assert next_id == len(ids) == 10 << 20
    assert peak - before < 12 << 20


def test_ids_that_were_read_stay_what_they_are(tmp_path):
    path = tmp_path / "ids"
    np.arange(8 << 20, dtype=np.int32).tofile(path)
    ids = MappedTokens(path)
    first = ids[:5]
    for _ in ids.pieces():
        pass
    assert_array_equal(first, range(5))
    assert_array_equal(ids[-2:], [(8 << 20) - 2, (8 << 20) - 1])


def test_many_chunks_give_the_same_as_one(text, tmp_path, monkeypatch):
    monkeypatch.setattr("word2vec.corpus.textfile.CHUNK_BYTES", 1)
    monkeypatch.setattr("word2vec.corpus.numbering.CHUNK_TOKENS", 2)
    for corpus in (text, SENTENCES):
        assert_array_equal(encode(corpus, tmp_path, min_count=1).tokens, IDS)


def test_last_line_may_lack_its_end(text, tmp_path):
    text.write_text(TEXT.rstrip("\n"), encoding="utf-8")
    assert_array_equal(encode(text, tmp_path, min_count=1).tokens, IDS)


@pytest.fixture
def no_reading(monkeypatch):
    """After this, reading text is an error."""

    def activate():
        def refuse(path):
            raise AssertionError("the text was read again")

        monkeypatch.setattr("word2vec.corpus.numbering.read_blocks", refuse)

    return activate


def test_unchanged_text_is_not_read_again(text, tmp_path, no_reading):
    encode(text, tmp_path, min_count=1)
    no_reading()
    corpus = encode(text, tmp_path, min_count=1)
    assert_array_equal(corpus.tokens, IDS)
    assert corpus.vocab.words == ("a", "b", "c", "d")
    assert_array_equal(corpus.vocab.counts, [3, 2, 1, 1])


def test_what_is_not_kept_has_no_header_and_is_encoded_again(text, tmp_path):
    encode(text, tmp_path, min_count=1, keep=False)
    assert not (tmp_path / "corpus.json").exists()
    (tmp_path / "corpus.ids").write_bytes(b"")
    assert_array_equal(encode(text, tmp_path, min_count=1).tokens, IDS)


def test_changed_text_is_read_again(text, tmp_path):
    encode(text, tmp_path, min_count=1)
    text.write_text("e f\n", encoding="utf-8")
    os.utime(text, ns=(1, 1))
    assert encode(text, tmp_path, min_count=1).vocab.words == ("e", "f")


def test_other_min_count_is_encoded_anew(text, tmp_path):
    encode(text, tmp_path, min_count=1)
    assert len(encode(text, tmp_path, min_count=2).vocab) == 2


@pytest.mark.parametrize("name", ["corpus.ids", "corpus.json"])
def test_any_damage_to_the_encoding_is_recognised_and_it_is_made_anew(text, tmp_path, name):
    expected = encode(text, tmp_path, min_count=1)
    content = (tmp_path / name).read_bytes()
    step = max(1, len(content) // 20)
    damaged = [content[:-1], content[: len(content) // 2], b"", b"[]", b"{}", b"null"]
    for place in range(0, len(content), step):
        damaged.append(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
    for bad in damaged:
        (tmp_path / name).write_bytes(bad)
        corpus = encode(text, tmp_path, min_count=1)
        assert_array_equal(corpus.tokens, IDS)
        assert corpus.vocab.words == expected.vocab.words
        assert_array_equal(corpus.vocab.counts, expected.vocab.counts)
        assert (corpus.num_tokens, corpus.fingerprint) == (7, expected.fingerprint)
