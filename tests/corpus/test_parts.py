import bz2
import gzip
import itertools

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from word2vec.corpus import encode
from word2vec.corpus.parts import NumberedParts, Parts
from word2vec.corpus.textfile import MAX_LINE_BYTES, read_lines
from word2vec.corpus.tokenizer import TokenizedLines

LINES = [f"word{number} " * (number % 7) + "end" for number in range(500)]


@pytest.fixture
def files(tmp_path):
    """The same lines in three files: one plain, with an end without a newline; two packed."""
    parts = ["\n".join(part) for part in (LINES[:200], LINES[200:250], LINES[250:])]
    paths = [tmp_path / name for name in ("a.txt", "b.txt.gz", "c.bz2")]
    paths[0].write_text(parts[0])
    paths[1].write_bytes(gzip.compress(f"{parts[1]}\n".encode()))
    paths[2].write_bytes(bz2.compress(f"{parts[2]}\n".encode()))
    return paths


def lines_of(parts, shard):
    pieces = parts.of_shard(shard)
    read = (lines for piece in pieces for _, lines in read_lines(*piece))
    return [line.decode() for line in itertools.chain.from_iterable(read)]


@pytest.mark.parametrize("shards", [1, 2, 4, 8, 64, 1024])
def test_every_line_is_in_one_part_and_in_order(files, shards):
    parts = Parts(files, shards)
    found = [line for shard in range(shards) for line in lines_of(parts, shard)]
    assert found == LINES


def test_parts_of_a_file_are_about_as_long(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("\n".join(LINES))
    parts = Parts(path, 8)
    lengths = [sum(map(len, lines_of(parts, shard))) for shard in range(8)]
    assert max(lengths) < 1.1 * min(lengths)


def test_line_that_is_too_long_is_cut_between_words(tmp_path):
    path = tmp_path / "text.txt"
    words = [f"w{number}" for number in range(3 * MAX_LINE_BYTES // 7)]
    path.write_text(" ".join(words))
    parts = Parts(path, 2)
    halves = [" ".join(lines_of(parts, shard)).split() for shard in range(2)]
    assert halves[0] + halves[1] == words
    assert len(" ".join(halves[0])) == pytest.approx(len(" ".join(words)) / 2, rel=0.01)


def test_byte_order_mark_is_left_out_whichever_part_it_is_in(tmp_path):
    path = tmp_path / "text.txt"
    path.write_bytes(b"\xef\xbb\xbfa b\nc d\n")
    parts = Parts(path, 2)
    assert lines_of(parts, 0) + lines_of(parts, 1) == ["a b", "c d"]


def test_sentences_are_divided_by_their_number():
    parts = Parts([[str(number)] for number in range(10)], 4)
    numbered = NumberedParts(parts)
    found = [[len(tokens) for tokens, _ in numbered.chunks(shard)] for shard in range(4)]
    assert [sum(lengths) for lengths in found] == [2, 3, 2, 3]
    assert numbered.words() == [str(number) for number in range(10)]


def test_texts_of_a_series_are_divided_like_lines(tmp_path):
    class Series(list):
        iloc = None

    texts = encode(Series(["a b", "c", "d e f", "a"]), tmp_path, 1, shards=2)
    assert texts.lengths == (5, 6)


@pytest.mark.parametrize("shards", [2, 8])
def test_encoded_parts_are_the_encoded_whole(files, tmp_path, shards):
    whole = encode(files, tmp_path, 1)
    whole_tokens = np.array(whole.tokens)
    parts = encode(files, tmp_path, 1, shards=shards)
    assert parts.vocab.words == whole.vocab.words
    assert sum(parts.lengths) == len(whole_tokens)
    assert_array_equal(parts.tokens, whole_tokens)
    assert parts.fingerprint != whole.fingerprint


def test_tokenized_lines_are_divided_like_their_text(files, tmp_path):
    plain = encode(files, tmp_path, 1, shards=4)
    tokens = np.array(plain.tokens)
    tokenized = encode(TokenizedLines(files), tmp_path, 1, shards=4)
    assert tokenized.lengths == plain.lengths
    assert_array_equal(tokenized.tokens, tokens)


def test_parts_are_not_encoded_twice(files, tmp_path, monkeypatch):
    first = encode(files, tmp_path, 1, shards=4)
    monkeypatch.setattr("word2vec.corpus.numbering.read_blocks", None)
    again = encode(files, tmp_path, 1, shards=4)
    assert (again.lengths, again.fingerprint) == (first.lengths, first.fingerprint)


def test_other_shards_are_encoded_anew(files, tmp_path):
    encode(files, tmp_path, 1, shards=4)
    assert len(encode(files, tmp_path, 1, shards=2).lengths) == 2


def test_damage_to_one_part_is_recognised(files, tmp_path):
    expected = np.array(encode(files, tmp_path, 1, shards=4).tokens)
    content = bytearray((tmp_path / "corpus.ids").read_bytes())
    content[-4] ^= 1
    (tmp_path / "corpus.ids").write_bytes(content)
    assert_array_equal(encode(files, tmp_path, 1, shards=4).tokens, expected)


def test_empty_parts_are_allowed(tmp_path):
    corpus = encode([["a", "b"], ["a", "b"]], tmp_path, 1, shards=8)
    assert sorted(corpus.lengths) == [0] * 6 + [3, 3]
    assert corpus.has_pairs()
