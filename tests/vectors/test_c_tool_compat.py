"""Against the C tool's reading and writing of its files, done here byte by byte as it does.

The program itself is not needed: the header is read as two integers, a word as the bytes up to a
space without any newlines, a vector as d little-endian float32; and after each vector it writes a
newline.
"""

import struct

import numpy as np
import pytest

from word2vec.vectors.keyed_vectors import KeyedVectors


@pytest.fixture
def kv():
    vectors = np.random.default_rng(0).normal(size=(300, 7)).astype(np.float32)
    # Newline and space bytes inside a vector must not be taken for anything else.
    vectors[5] = struct.unpack("<7f", b"\n \n " * 7)
    words = ["</s>", "the", "naïve", "東京", *(f"word{i}" for i in range(296))]
    return KeyedVectors.from_words(words, vectors)


def c_tool_read(content):
    num_words, dim, position = read_two_integers(content)
    words, vectors = [], []
    for _ in range(num_words):
        word = bytearray()
        while content[position : position + 1] != b" ":
            if content[position : position + 1] != b"\n":
                word += content[position : position + 1]
            position += 1
        words.append(word.decode())
        vectors.append(struct.unpack_from(f"<{dim}f", content, position + 1))
        position += 1 + 4 * dim
    return words, np.array(vectors, np.float32)


def read_two_integers(content):
    """As fscanf("%lld") does, which leaves the newline after the second one unread."""
    header = content[: content.index(b"\n")]
    return (*map(int, header.split()), len(header))


def c_tool_write(words, vectors, binary):
    content = f"{len(words)} {vectors.shape[1]}\n".encode()
    for word, vector in zip(words, vectors, strict=True):
        content += word.encode() + b" "
        for number in vector:
            content += struct.pack("<f", number) if binary else b"%f " % number
        content += b"\n"
    return content


def test_c_tool_reads_our_binary_files_bit_for_bit(kv, tmp_path):
    kv.save_word2vec_format(tmp_path / "v.bin", binary=True)
    words, vectors = c_tool_read((tmp_path / "v.bin").read_bytes())
    assert words == kv.index_to_key
    np.testing.assert_array_equal(vectors, kv.vectors)


def test_its_binary_files_are_read_bit_for_bit(kv, tmp_path):
    (tmp_path / "v.bin").write_bytes(c_tool_write(kv.index_to_key, kv.vectors, binary=True))
    loaded = KeyedVectors.load_word2vec_format(tmp_path / "v.bin", binary=True)
    assert loaded.index_to_key == kv.index_to_key
    np.testing.assert_array_equal(loaded.vectors, kv.vectors)


def test_its_text_files_are_read_to_the_printed_digits(kv, tmp_path):
    (tmp_path / "v.txt").write_bytes(c_tool_write(kv.index_to_key, kv.vectors, binary=False))
    loaded = KeyedVectors.load_word2vec_format(tmp_path / "v.txt")
    assert loaded.index_to_key == kv.index_to_key
    printed = [[float(f"{number:f}") for number in vector] for vector in kv.vectors]
    np.testing.assert_array_equal(loaded.vectors, np.array(printed, np.float32))
