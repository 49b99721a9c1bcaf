import errno
import json
import zlib

import numpy as np
import pytest

from word2vec.vectors import npy_format
from word2vec.vectors.keyed_vectors import KeyedVectors


@pytest.fixture
def kv():
    vectors = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    words = ["two words", "new\nline", "", "東京"]
    return KeyedVectors.from_words(words, vectors, counts=[1, 2, 3, 4])


@pytest.mark.parametrize("mmap", [False, True])
def test_any_words_round_trip_in_their_order(kv, tmp_path, mmap):
    kv.save(tmp_path / "v.npy")
    loaded = KeyedVectors.load(tmp_path / "v.npy", mmap=mmap)
    assert loaded.index_to_key == kv.index_to_key
    np.testing.assert_array_equal(loaded.vectors, kv.vectors)
    assert [loaded.get_vecattr(row, "count") for row in range(4)] == [1, 2, 3, 4]
    assert loaded.most_similar(0) == kv.most_similar(0)


@pytest.mark.parametrize("mmap", [False, True])
@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_integer_keys_unknown_counts_and_other_types_round_trip(tmp_path, dtype, mmap):
    kv = KeyedVectors(2, dtype=dtype)
    kv.add_vectors([np.int64(7), "a"], [[1, 2], [3, 4]])
    kv.save(tmp_path / "v.npy")
    loaded = KeyedVectors.load(tmp_path / "v.npy", mmap=mmap)
    assert loaded.index_to_key == [7, "a"]
    assert loaded.vectors.dtype == dtype
    assert not loaded.expandos


def test_empty_vectors_round_trip(tmp_path):
    KeyedVectors(5).save(tmp_path / "v.npy")
    assert KeyedVectors.load(tmp_path / "v.npy").vectors.shape == (0, 5)


def test_mapped_vectors_are_copied_before_they_are_changed(kv, tmp_path):
    kv.save(tmp_path / "v.npy")
    before = (tmp_path / "v.npy").read_bytes()
    loaded = KeyedVectors.load(tmp_path / "v.npy", mmap=True)
    assert not loaded.vectors.flags.writeable
    loaded["東京"] = [1, 2, 3]
    np.testing.assert_array_equal(loaded["東京"], [1, 2, 3])
    assert (tmp_path / "v.npy").read_bytes() == before


def test_file_is_a_npy_file_followed_by_plain_json_and_its_checksum(kv, tmp_path):
    kv.save(tmp_path / "v.npy")
    with open(tmp_path / "v.npy", "rb") as file:
        np.testing.assert_array_equal(np.load(file, allow_pickle=False), kv.vectors)
        vocab_json, checksum, end = file.read().split(b"\n")
    assert json.loads(vocab_json)["keys"] == kv.index_to_key
    assert (int(checksum, 16), end) == (zlib.crc32(vocab_json), b"")


def test_path_must_end_in_npy(kv, tmp_path):
    with pytest.raises(ValueError, match=r"must end in \.npy"):
        kv.save(tmp_path / "v.bin")
    assert list(tmp_path.iterdir()) == []


def test_keys_json_cannot_hold_leave_the_old_files(kv, tmp_path):
    kv.save(tmp_path / "v.npy")
    with pytest.raises(TypeError):
        npy_format.save(tmp_path / "v.npy", [("a", "tuple")], np.ones((1, 2)))
    assert len(KeyedVectors.load(tmp_path / "v.npy")) == 4


# -------------------------------------------------------------------- damage


MATRIX_END = 128 + 4 * 3 * 4  # header, and four rows of three float32


def change_vocab(path, **entries):
    """Change the vocabulary, with a checksum that is right."""
    content = path.read_bytes()
    vocab = json.loads(content[MATRIX_END:].split(b"\n")[0]) | entries
    write_vocab(path, json.dumps(vocab).encode())


def write_vocab(path, vocab_json):
    """Put another text after the matrix, with a checksum that is right."""
    matrix = path.read_bytes()[:MATRIX_END]
    path.write_bytes(matrix + vocab_json + b"\n%08x\n" % zlib.crc32(vocab_json))


def change_matrix(path, matrix):
    """Put another matrix before the vocabulary."""
    vocab = path.read_bytes()[MATRIX_END:]
    with open(path, "wb") as file:
        np.save(file, matrix, allow_pickle=True)
        file.write(vocab)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"format": "other"}, "no vocabulary of the format 'word2vec-vectors'"),
        ({"version": 1}, "must have version 2. Got 1"),
        ({"shape": [3, 4]}, r"must have shape \[3, 4\] .* Got \[4, 3\] and <f4"),
        ({"dtype": ">f4"}, "type >f4, as its vocabulary says. Got .* <f4"),
        ({"keys": ["a", "b"], "counts": None}, "has 4 vectors, but 2 keys"),
        ({"keys": ["a", "b", "c", "a"]}, "all different"),
        ({"keys": ["a", "b", "c", None]}, "a list of strings or integers"),
        ({"keys": "abcd"}, "a list of strings or integers"),
        ({"counts": [1, 2]}, "one integer for each key"),
        ({"counts": [1, 2, 3, "4"]}, "one integer for each key"),
        ({"counts": [1, 2, 3, 2**70]}, "fit into 64 bits"),
        ({"crc32": 1}, "is damaged: its checksum does not match"),
    ],
)
def test_vocabulary_that_does_not_fit_is_refused(kv, tmp_path, entries, message):
    kv.save(tmp_path / "v.npy")
    change_vocab(tmp_path / "v.npy", **entries)
    with pytest.raises(ValueError, match=message):
        KeyedVectors.load(tmp_path / "v.npy")


@pytest.mark.parametrize("text", [b"{", b"\xff", b"[" * 100_000], ids=["cut", "no UTF-8", "deep"])
def test_vocabulary_that_is_no_json_is_refused(kv, tmp_path, text):
    kv.save(tmp_path / "v.npy")
    write_vocab(tmp_path / "v.npy", text)
    with pytest.raises(ValueError, match=r"v\.npy: damaged vocabulary: "):
        KeyedVectors.load(tmp_path / "v.npy")


def test_error_of_the_system_is_not_taken_for_damage(kv, tmp_path, monkeypatch):
    def no_memory(*arguments):
        raise OSError(errno.ENOMEM, "Cannot allocate memory")

    kv.save(tmp_path / "v.npy")
    monkeypatch.setattr(np, "memmap", no_memory)
    with pytest.raises(OSError, match="Cannot allocate memory"):
        KeyedVectors.load(tmp_path / "v.npy")


@pytest.mark.parametrize("mmap", [False, True])
def test_every_flipped_byte_of_the_vocabulary_is_recognised(kv, tmp_path, mmap):
    path = tmp_path / "v.npy"
    kv.save(path)
    content = path.read_bytes()
    for place in range(MATRIX_END, len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(ValueError, match="damaged vocabulary: its checksum does not match"):
            KeyedVectors.load(path, mmap=mmap)


def test_every_flipped_byte_of_the_matrix_is_recognised(kv, tmp_path):
    path = tmp_path / "v.npy"
    kv.save(path)
    content = path.read_bytes()
    for place in range(128, MATRIX_END):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(ValueError, match="is damaged: its checksum does not match"):
            KeyedVectors.load(path)


@pytest.mark.parametrize(
    "matrix",
    [np.ones(4, np.float32), np.ones((4, 3), np.int32), np.asfortranarray(np.ones((4, 3)))],
)
def test_matrix_of_another_kind_is_refused(kv, tmp_path, matrix):
    kv.save(tmp_path / "v.npy")
    change_matrix(tmp_path / "v.npy", matrix)
    with pytest.raises(ValueError, match="must be row-major, of floating-point numbers"):
        KeyedVectors.load(tmp_path / "v.npy")


@pytest.mark.parametrize("mmap", [False, True])
def test_matrix_without_a_vocabulary_is_refused(kv, tmp_path, mmap):
    np.save(tmp_path / "v.npy", kv.vectors)
    with pytest.raises(ValueError, match=r"v\.npy ends with the matrix: its vocabulary is missing"):
        KeyedVectors.load(tmp_path / "v.npy", mmap=mmap)


@pytest.mark.parametrize("mmap", [False, True])
def test_every_truncation_is_refused(kv, tmp_path, mmap):
    kv.save(tmp_path / "v.npy")
    content = (tmp_path / "v.npy").read_bytes()
    for length in range(len(content)):
        (tmp_path / "v.npy").write_bytes(content[:length])
        with pytest.raises(ValueError, match=r"v\.npy.* (damaged|missing)"):
            KeyedVectors.load(tmp_path / "v.npy", mmap=mmap)


def test_objects_are_never_unpickled(kv, tmp_path):
    kv.save(tmp_path / "v.npy")
    change_matrix(tmp_path / "v.npy", np.array([[print]], dtype=object))
    with pytest.raises(ValueError, match=r"damaged or no \.npy file"):
        KeyedVectors.load(tmp_path / "v.npy")
