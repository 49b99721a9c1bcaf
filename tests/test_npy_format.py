import json

import numpy as np
import pytest

from word2vec import npy_format
from word2vec.vectors import KeyedVectors


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


def test_matrix_is_a_plain_npy_file_and_the_vocabulary_plain_json(kv, tmp_path):
    kv.save(tmp_path / "v.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "v.npy", allow_pickle=False), kv.vectors)
    assert json.loads((tmp_path / "v.vocab.json").read_text())["keys"] == kv.index_to_key


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


def change_vocab(path, **entries):
    vocab = json.loads(path.read_text()) | entries
    path.write_text(json.dumps(vocab))


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"format": "other"}, "no vocabulary of the format 'word2vec-vectors'"),
        ({"version": 2}, "must have version 1. Got 2"),
        ({"keys": ["a", "b"], "counts": None}, "has 4 vectors, but .* has 2 keys"),
        ({"keys": ["a", "b", "c", "a"]}, "all different"),
        ({"keys": ["a", "b", "c", None]}, "a list of strings or integers"),
        ({"keys": "abcd"}, "a list of strings or integers"),
        ({"counts": [1, 2]}, "one integer for each key"),
        ({"counts": [1, 2, 3, "4"]}, "one integer for each key"),
        ({"counts": [1, 2, 3, 2**70]}, "fit into 64 bits"),
        ({"crc32": 1}, "wrong checksum"),
    ],
)
def test_vocabulary_that_does_not_fit_is_refused(kv, tmp_path, entries, message):
    kv.save(tmp_path / "v.npy")
    change_vocab(tmp_path / "v.vocab.json", **entries)
    with pytest.raises(ValueError, match=message):
        KeyedVectors.load(tmp_path / "v.npy")


def test_matrix_of_other_vectors_is_recognised_by_its_checksum(kv, tmp_path):
    kv.save(tmp_path / "v.npy")
    np.save(tmp_path / "v.npy", kv.vectors + 1)
    with pytest.raises(ValueError, match=r"damaged, or not of .*: wrong checksum"):
        KeyedVectors.load(tmp_path / "v.npy")


@pytest.mark.parametrize(
    "matrix",
    [np.ones(4, np.float32), np.ones((4, 3), np.int32), np.asfortranarray(np.ones((4, 3)))],
)
def test_matrix_of_another_kind_is_refused(kv, tmp_path, matrix):
    kv.save(tmp_path / "v.npy")
    np.save(tmp_path / "v.npy", matrix)
    with pytest.raises(ValueError, match="row-major matrix of floating-point numbers"):
        KeyedVectors.load(tmp_path / "v.npy")


@pytest.mark.parametrize("mmap", [False, True])
def test_truncated_matrix_is_refused(kv, tmp_path, mmap):
    kv.save(tmp_path / "v.npy")
    content = (tmp_path / "v.npy").read_bytes()
    for length in [0, 5, 60, len(content) - 1]:
        (tmp_path / "v.npy").write_bytes(content[:length])
        with pytest.raises(ValueError, match=r"damaged or no \.npy file"):
            KeyedVectors.load(tmp_path / "v.npy", mmap=mmap)


def test_objects_are_never_unpickled(kv, tmp_path):
    kv.save(tmp_path / "v.npy")
    np.save(tmp_path / "v.npy", np.array([[print]], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match=r"damaged or no \.npy file"):
        KeyedVectors.load(tmp_path / "v.npy")
