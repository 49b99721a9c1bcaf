import gzip
import struct

import numpy as np
import pytest

from word2vec.vectors import formats
from word2vec.vectors.keyed_vectors import KeyedVectors

WORDS = ["the", "naïve", "</s>", "東京", "no\u00a0break", "ﬁn\u2003em"]


@pytest.fixture
def kv():
    vectors = np.random.default_rng(0).normal(size=(6, 5)).astype(np.float32)
    vectors[1, :3] = [0, -0.0, 1e-30]
    return KeyedVectors.from_words(WORDS, vectors, counts=[60, 50, 40, 30, 20, 10])


def read(tmp_path, content, **options):
    path = tmp_path / "vectors.txt"
    path.write_bytes(content)
    return formats.read_word2vec(path, **options)


def binary_file(words, vectors, header=None, after_vector=b""):
    """The byte format written out by hand."""
    content = header or b"%d %d\n" % (len(words), len(vectors[0]))
    for word, vector in zip(words, vectors, strict=True):
        content += word + b" " + struct.pack(f"<{len(vector)}f", *vector) + after_vector
    return content


def assert_equal_vectors(kv, other):
    assert kv.index_to_key == other.index_to_key
    np.testing.assert_array_equal(kv.vectors, other.vectors)


# -------------------------------------------------------------------- round trips


SIGNATURES = {"": b"", ".gz": b"\x1f\x8b", ".bz2": b"BZh", ".xz": b"\xfd7zXZ"}


@pytest.mark.parametrize("suffix", SIGNATURES)
@pytest.mark.parametrize("binary", [False, True])
def test_saved_vectors_load_bit_for_bit(kv, tmp_path, binary, suffix):
    path, vocab = tmp_path / f"vectors{suffix}", tmp_path / f"vocab{suffix}"
    kv.save_word2vec_format(path, fvocab=vocab, binary=binary)
    loaded = KeyedVectors.load_word2vec_format(path, fvocab=vocab, binary=binary)
    assert_equal_vectors(loaded, kv)
    assert loaded.vectors.dtype == np.float32
    assert [loaded.get_vecattr(word, "count") for word in WORDS] == [60, 50, 40, 30, 20, 10]
    assert path.read_bytes().startswith(SIGNATURES[suffix])


@pytest.mark.parametrize("binary", [False, True])
def test_vectors_of_many_blocks_load_bit_for_bit(tmp_path, monkeypatch, binary):
    monkeypatch.setattr(formats, "CHUNK_BYTES", 100)
    monkeypatch.setattr(formats, "MAX_WORD_BYTES", 50)
    vectors = np.random.default_rng(0).normal(size=(2500, 3)).astype(np.float32)
    kv = KeyedVectors.from_words([f"word{i}" for i in range(2500)], vectors)
    kv.save_word2vec_format(tmp_path / "v", binary=binary)
    assert_equal_vectors(KeyedVectors.load_word2vec_format(tmp_path / "v", binary=binary), kv)


def test_text_floats_are_the_nearest_float32(tmp_path):
    digits = ["0.1", "-1e-7", "16777217", "3.4028235e38", "1e-45", "+.5", "0.30000001192092896"]
    _, vectors = read(tmp_path, f"w {' '.join(digits)}\n".encode())
    expected = np.array([float(number) for number in digits]).astype(np.float32)
    np.testing.assert_array_equal(vectors[0], expected)


def test_datatype_decides_the_precision(tmp_path):
    content = b"2 2\na 0.1 1e39\nb 0.3 0.4\n"
    with pytest.warns(UserWarning, match="1 of 2 vectors have NaN or infinity"):
        _, vectors = read(tmp_path, content)
    assert vectors.dtype == np.float32
    _, vectors = read(tmp_path, content, datatype=np.float64)
    np.testing.assert_array_equal(vectors, [[0.1, 1e39], [0.3, 0.4]])
    with pytest.warns(UserWarning, match="NaN or infinity"):
        _, vectors = read(tmp_path, content, datatype=np.float16)
    assert vectors.dtype == np.float16
    with pytest.raises(ValueError, match=r"must be a floating-point type\. Got int32"):
        read(tmp_path, content, datatype=np.int32)


def test_float64_vectors_are_written_with_all_their_digits(tmp_path):
    kv = KeyedVectors.from_words(["a"], np.array([[1 / 3, 2 / 3]]))
    kv.save_word2vec_format(tmp_path / "v")
    loaded = KeyedVectors.load_word2vec_format(tmp_path / "v", datatype=np.float64)
    assert_equal_vectors(loaded, kv)


def test_empty_vectors_round_trip(tmp_path):
    KeyedVectors(4).save_word2vec_format(tmp_path / "v")
    loaded = KeyedVectors.load_word2vec_format(tmp_path / "v")
    assert loaded.vectors.shape == (0, 4)


# -------------------------------------------------------------------- what is written


def test_written_bytes_are_those_of_the_format(tmp_path):
    vectors = np.array([[0.5, -0.25], [1, 1e-05]], np.float32)
    kv = KeyedVectors.from_words(["a", "é"], vectors)
    kv.save_word2vec_format(tmp_path / "v.txt")
    assert (tmp_path / "v.txt").read_text("utf8") == "2 2\na 0.5 -0.25\né 1.0 1e-05\n"
    kv.save_word2vec_format(tmp_path / "v.bin", binary=True)
    expected = binary_file([b"a", "é".encode()], vectors.tolist())
    assert (tmp_path / "v.bin").read_bytes() == expected


def test_frequent_words_are_written_first(tmp_path):
    kv = KeyedVectors.from_words("abc", [[1], [2], [3]], counts=[5, 9, 9])
    kv.save_word2vec_format(tmp_path / "v", fvocab=tmp_path / "vocab")
    assert (tmp_path / "v").read_text() == "3 1\nb 2.0\nc 3.0\na 1.0\n"
    assert (tmp_path / "vocab").read_text() == "b 9\nc 9\na 5\n"
    kv.save_word2vec_format(tmp_path / "v", sort_attr="none")
    assert (tmp_path / "v").read_text() == "3 1\na 1.0\nb 2.0\nc 3.0\n"


def test_header_prefix_and_appending(tmp_path):
    kv = KeyedVectors.from_words("ab", [[1], [2]])
    kv.save_word2vec_format(tmp_path / "v", total_vec=4, prefix="*")
    kv.save_word2vec_format(tmp_path / "v", write_header=False, append=True)
    assert (tmp_path / "v").read_text() == "4 1\n*a 1.0\n*b 2.0\na 1.0\nb 2.0\n"
    loaded = KeyedVectors.load_word2vec_format(tmp_path / "v")
    assert loaded.index_to_key == ["*a", "*b", "a", "b"]


def test_allocated_but_empty_rows_are_not_written(tmp_path):
    kv = KeyedVectors(1, count=3)
    kv.add_vector("a", [1])
    kv.save_word2vec_format(tmp_path / "v")
    assert (tmp_path / "v").read_text() == "1 1\na 1.0\n"


@pytest.mark.parametrize(
    ("word", "binary"),
    [("new\nline", False), ("new\nline", True), ("two words", True), ("end ", False), (" ", False)],
)
def test_words_the_format_cannot_hold_are_refused_and_the_old_file_stays(tmp_path, word, binary):
    (tmp_path / "v").write_text("old")
    kv = KeyedVectors.from_words(["good", word], [[1], [2]])
    with pytest.raises(ValueError, match="format cannot hold words with .*: 1 of 2"):
        kv.save_word2vec_format(tmp_path / "v", binary=binary)
    assert (tmp_path / "v").read_text() == "old"


def test_counts_that_are_not_known_cannot_be_written(tmp_path):
    kv = KeyedVectors.from_words(["a"], [[1]])
    with pytest.raises(ValueError, match="fvocab needs the attribute 'count'"):
        kv.save_word2vec_format(tmp_path / "v", fvocab=tmp_path / "vocab")
    assert not (tmp_path / "v").exists()


def test_the_same_vectors_give_the_same_gzip_bytes(kv, tmp_path):
    kv.save_word2vec_format(tmp_path / "a.gz")
    kv.save_word2vec_format(tmp_path / "b.gz")
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()


# -------------------------------------------------------------------- text: what others write


@pytest.mark.parametrize(
    "content",
    [
        b"2 2\nthe 1 2\ncat 3 4\n",
        b"2 2\nthe 1 2 \ncat 3 4 \n",  # the C tool and fastText end lines with a space
        b"2 2\r\nthe 1 2\r\ncat 3 4\r\n",
        b"2 2\nthe 1 2\ncat 3 4",
        b"2 2\nthe\t1\t2\ncat 3\t4\n",
        b"2 2\nthe  1   2\ncat 3 4\n",
        b"2 2\n\nthe 1 2\n\ncat 3 4\n\n",
        b"the 1 2\ncat 3 4\n",  # GloVe
        b"\nthe 1 2\ncat 3 4\n",
    ],
)
def test_text_variants_are_read_alike(tmp_path, content):
    words, vectors = read(tmp_path, content)
    assert words == ["the", "cat"]
    np.testing.assert_array_equal(vectors, [[1, 2], [3, 4]])


@pytest.mark.parametrize("header", [b"", b"5 2\n"])
def test_the_last_d_fields_are_the_vector(tmp_path, header):
    content = header + b". . . 1 2\nthe 3 4\nat name@domain.com 5 6\ncat 7 8\n\xc2\xa0 9 0\n"
    words, vectors = read(tmp_path, content)
    assert words == [". . .", "the", "at name@domain.com", "cat", "\u00a0"]
    np.testing.assert_array_equal(vectors, np.array([[1, 2], [3, 4], [5, 6], [7, 8], [9, 0]]))


def test_token_with_a_space_can_end_with_a_tab(tmp_path):
    words, vectors = read(tmp_path, b"2 2\nthe 1 2\na b\t3 4\n")
    assert words == ["the", "a b"]
    np.testing.assert_array_equal(vectors, [[1, 2], [3, 4]])


@pytest.mark.parametrize("space", [b" ", b"  ", b"\t", b" \t"])
def test_line_of_space_and_numbers_has_the_empty_word(tmp_path, space):
    words, vectors = read(tmp_path, b"2 2\nthe 1 2\n" + space + b"3 4\n")
    assert words == ["the", ""]
    np.testing.assert_array_equal(vectors, [[1, 2], [3, 4]])


@pytest.mark.filterwarnings("ignore:.*gensim and the C program cannot read")
def test_tokens_with_spaces_round_trip_in_text(tmp_path):
    kv = KeyedVectors.from_words([" a", "b c", "", "d"], np.arange(8).reshape(4, 2))
    kv.save_word2vec_format(tmp_path / "v")
    assert_equal_vectors(KeyedVectors.load_word2vec_format(tmp_path / "v"), kv)


@pytest.mark.parametrize("space", ["\u00a0", "\u2003", "\u3000", "\x85", "\x1c"])
def test_only_ascii_space_and_tab_separate_fields(tmp_path, space):
    words, _ = read(tmp_path, f"1 2\na{space}b 1 2\n".encode())
    assert words == [f"a{space}b"]


def test_no_header_takes_two_integers_for_a_vector(tmp_path):
    words, vectors = read(tmp_path, b"12 5\n13 6\n", no_header=True)
    assert words == ["12", "13"]
    np.testing.assert_array_equal(vectors, [[5], [6]])


def test_no_header_is_for_text_only(tmp_path):
    with pytest.raises(ValueError, match="no_header must be False for binary files"):
        read(tmp_path, b"a 1\n", binary=True, no_header=True)


@pytest.mark.parametrize("header", [b"", b"3 1\n"])
def test_limit_reads_only_the_first_vectors(tmp_path, header):
    words, vectors = read(tmp_path, header + b"a 1\nb 2\nc damaged\n", limit=2)
    assert words == ["a", "b"]
    assert vectors.shape == (2, 1)
    with pytest.raises(ValueError, match=r"limit must be positive or None\. Got -1"):
        read(tmp_path, b"a 1\n", limit=-1)


# -------------------------------------------------------------------- binary: what others write


def test_newline_after_each_vector_is_no_part_of_the_next_word(tmp_path):
    content = binary_file([b"</s>", b"the"], [[1, 2], [3, 4]], after_vector=b"\n")
    words, vectors = read(tmp_path, content, binary=True)
    assert words == ["</s>", "the"]
    np.testing.assert_array_equal(vectors, [[1, 2], [3, 4]])


def test_binary_limit_does_not_need_the_other_vectors(tmp_path):
    content = binary_file([b"a", b"b"], [[1], [2]], header=b"1000000000000 1\n")
    words, _ = read(tmp_path, content, binary=True, limit=2)
    assert words == ["a", "b"]


def test_binary_vectors_with_space_and_newline_bytes_are_read(tmp_path):
    vector = struct.unpack("<3f", b"\n  \n    \x20\x0a\x20\x0a")
    words, vectors = read(tmp_path, binary_file([b"a", b"b"], [vector] * 2), binary=True)
    assert words == ["a", "b"]
    np.testing.assert_array_equal(vectors, np.array([vector] * 2, np.float32))


# -------------------------------------------------------------------- words


def test_cut_words_are_an_error_that_names_the_line_and_the_cure(tmp_path):
    content = b"2 1\nthe 1\n\xe6\x9d\xb1\xe4\xba 2\n"
    with pytest.raises(UnicodeDecodeError, match=r"word of line 3; unless"):
        read(tmp_path, content)
    assert read(tmp_path, content, unicode_errors="replace")[0] == ["the", "東\ufffd"]
    assert read(tmp_path, content, unicode_errors="ignore")[0] == ["the", "東"]
    content = binary_file([b"the", b"\xff"], [[1], [2]])
    with pytest.raises(UnicodeDecodeError, match=r"word of vector 2; .*vectors.txt"):
        read(tmp_path, content, binary=True)


def test_words_in_another_encoding(tmp_path):
    words, _ = read(tmp_path, "1 1\ncafé 1\n".encode("latin-1"), encoding="latin-1")
    assert words == ["café"]


def test_repeated_words_are_counted_and_the_first_is_kept(tmp_path):
    content = b"5 1\na 1\nb 2\na 3\nb 4\nb 5\n"
    with pytest.warns(UserWarning, match=r"vectors.txt: 3 of 5 words are repeated, .* 'a'"):
        words, vectors = read(tmp_path, content)
    assert words == ["a", "b"]
    np.testing.assert_array_equal(vectors, [[1], [2]])


# -------------------------------------------------------------------- damaged files


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (b"", ValueError, "must begin with two integers"),
        (b"hello\n", ValueError, "must begin with .* Got b'hello"),
        (b"2 0\na\nb\n", ValueError, "the vectors have length 0"),
        (b"1000000000 100\na 1 2\n", EOFError, "promises 1000000000 vectors of length 100; "),
        (b"9" * 5000 + b" 2\na 1 2\n", ValueError, "header do not fit into 64 bits: b'999"),
        (b"3 2\na 1 2\nb 3 4\n", EOFError, "the file ends after 2 of 3 vectors"),
        (b"2 2\na 1 2\nb 3\n", ValueError, "line 3 must be a word and 2 numbers. Got b'b 3'"),
        (b"2 2\na 1 2\nb 3 x\n", ValueError, "line 3 must be a word and 2 numbers. Got b'3 x'"),
        (b"2 2\na 1 2\nb 3 1_0\n", ValueError, "line 3 must be"),
        (b"2 2\na 1 2\nb 3\v4 5\n", ValueError, "line 3 must be"),
        (b"a 1 2\nb 3 4\nc 5\n", ValueError, "line 3 must be a word and 2 numbers"),
        (b"1 1\n\x00\x01\x02 \x03\n", ValueError, "is this a binary file. read it with"),
    ],
)
def test_damaged_text_says_what_and_where(tmp_path, content, error, message):
    with pytest.raises(error, match=f"vectors.txt: .*{message}"):
        read(tmp_path, content)


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (b"", ValueError, "a binary file begins with two integers"),
        (b"the 0.1 0.2\n", ValueError, "begins with two integers.* Got b'the 0.1 0.2"),
        (b"1000000000 100\na \0\0\0\0", EOFError, "promises 1000000000 vectors of length 100; "),
        (b"1 1000000000000\na \0\0\0\0", EOFError, "need at least 4000000000001 bytes"),
        (b"2 1\naaaaa \0\0\0\0b \0", EOFError, "the file ends within vector 2 of 2"),
        (b"1 1\n" + b"a" * 70000, ValueError, "after vector 0 there is no word and space"),
    ],
)
def test_damaged_binary_says_what_and_where(tmp_path, content, error, message):
    with pytest.raises(error, match=f"vectors.txt: .*{message}"):
        read(tmp_path, content, binary=True)


@pytest.mark.parametrize("d", [2, 5, 300])
@pytest.mark.parametrize("digits", [1, 8])
def test_text_read_as_binary_is_recognised(tmp_path, d, digits):
    kv = KeyedVectors.from_words("abc", np.random.default_rng(0).normal(size=(3, d)).round(digits))
    kv.save_word2vec_format(tmp_path / "v")
    with pytest.raises(ValueError, match="this is a text file: read it with binary=False"):
        KeyedVectors.load_word2vec_format(tmp_path / "v", binary=True)


@pytest.mark.parametrize("d", [2, 5, 300])
def test_binary_read_as_text_is_recognised(tmp_path, d):
    kv = KeyedVectors.from_words("abc", np.random.default_rng(0).normal(size=(3, d)))
    kv.save_word2vec_format(tmp_path / "v", binary=True)
    with pytest.raises(ValueError, match=r"is this a binary file\? read it with binary=True"):
        KeyedVectors.load_word2vec_format(tmp_path / "v")


@pytest.mark.parametrize("binary", [False, True])
def test_nan_and_infinity_are_counted(tmp_path, binary):
    vectors = np.array([[1, 2], [np.nan, 1], [3e38, 3e38], [np.inf, -np.inf]], np.float32)
    KeyedVectors.from_words("abcd", vectors).save_word2vec_format(tmp_path / "v", binary=binary)
    with pytest.warns(UserWarning, match="2 of 4 vectors have NaN or infinity, .* that of 'b'"):
        loaded = KeyedVectors.load_word2vec_format(tmp_path / "v", binary=binary)
    np.testing.assert_array_equal(loaded.vectors, vectors)


@pytest.mark.parametrize("binary", [False, True])
def test_more_vectors_than_promised_are_mentioned(tmp_path, binary):
    kv = KeyedVectors.from_words("abc", [[1], [2], [3]])
    kv.save_word2vec_format(tmp_path / "v", binary=binary, total_vec=2)
    with pytest.warns(UserWarning, match="goes on after the 2 vectors it promises"):
        loaded = KeyedVectors.load_word2vec_format(tmp_path / "v", binary=binary)
    assert loaded.index_to_key == ["a", "b"]


def test_damaged_gzip_data_is_an_error(kv, tmp_path):
    kv.save_word2vec_format(tmp_path / "v.gz")
    content = (tmp_path / "v.gz").read_bytes()
    with pytest.raises(EOFError, match=r"vectors\.txt: damaged, truncated, or no \.gz data: Comp"):
        read(tmp_path, content[:-10])
    damaged = bytearray(content)
    damaged[-6] ^= 1  # in the checksum at the end
    with pytest.raises(ValueError, match=r"vectors\.txt: damaged, truncated, or no \.gz data: CRC"):
        read(tmp_path, bytes(damaged))


def test_gzip_header_that_promises_too_much_takes_no_memory(tmp_path):
    with pytest.raises(EOFError, match="ends after 1 of 1000000000 vectors"):
        read(tmp_path, gzip.compress(b"1000000000 100\na" + b" 1" * 100))
    with pytest.raises(EOFError, match="ends within vector 1"):
        read(tmp_path, gzip.compress(b"1 1000000000000\na \0\0\0\0"), binary=True)


def test_missing_file_is_not_found(tmp_path):
    with pytest.raises(FileNotFoundError):
        formats.read_word2vec(tmp_path / "none")


# -------------------------------------------------------------------- counts


def test_missing_counts_are_counted(tmp_path):
    (tmp_path / "vocab").write_bytes(b"a b 3\nc 4\n")
    with pytest.warns(UserWarning, match="no count for 2 of 4 words, the first is 'x'"):
        counts = formats.read_counts(tmp_path / "vocab", ["c", "x", "a b", "y"])
    np.testing.assert_array_equal(counts, [4, 0, 3, 0])


@pytest.mark.parametrize("line", [b"a", b"a 1.5", b"a -1", b"a 99999999999999999999"])
def test_damaged_counts_say_where(tmp_path, line):
    (tmp_path / "vocab").write_bytes(b"b 1\n" + line + b"\n")
    with pytest.raises(ValueError, match=r"vocab: line 2 must be a word and its count\. Got b'a"):
        formats.read_counts(tmp_path / "vocab", ["a"])


def test_text_with_spaces_in_words_is_read_back_but_warned_of(tmp_path):
    path = tmp_path / "vectors.txt"
    with pytest.warns(UserWarning, match=r"C program .* 1 of 2 have, .* 'new york'"):
        formats.write_word2vec(path, ["new york", "a"], np.eye(2, dtype=np.float32))
    assert formats.read_word2vec(path)[0] == ["new york", "a"]
