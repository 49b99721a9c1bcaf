import hashlib
import io
import json

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from word2vec.saving.archive import (
    DamagedFileError,
    pack_strings,
    read_archive,
    unpack_strings,
    write_archive,
)

HEADER = {"format": "example", "sizes": [1, 2.5, None, "ä"]}
ARRAYS = {"matrix": np.arange(6.0).reshape(2, 3), "empty": np.zeros(0, np.int64)}


@pytest.fixture
def path(tmp_path):
    write_archive(tmp_path / "example.npz", HEADER, ARRAYS)
    return tmp_path / "example.npz"


def with_digest(content):
    return content + hashlib.sha256(content).hexdigest().encode()


def test_what_is_written_is_what_is_read(path):
    header, arrays = read_archive(path)
    assert header == HEADER
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert_array_equal(arrays[name], array, strict=True)


def test_name_of_the_file_is_kept_as_it_is(tmp_path):
    write_archive(tmp_path / "no_ending", HEADER, ARRAYS)
    assert [path.name for path in tmp_path.iterdir()] == ["no_ending"]


def test_numpy_reads_the_file(path):
    with np.load(path, allow_pickle=False) as archive:
        assert_array_equal(archive["matrix"], ARRAYS["matrix"])
        assert json.loads(str(archive["header"])) == HEADER


def test_every_truncation_and_every_flipped_byte_is_recognised(path):
    good = path.read_bytes()
    damaged = [good[:length] for length in range(len(good))]
    damaged += [good[:i] + bytes([good[i] ^ 1]) + good[i + 1 :] for i in range(len(good))]
    for content in damaged:
        path.write_bytes(content)
        with pytest.raises(DamagedFileError, match=r"example\.npz is damaged: its checksum does"):
            read_archive(path)


def npy_file():
    file = io.BytesIO()
    np.save(file, np.zeros(3))
    return file.getvalue()


def npz_of(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


NO_HEADER = npz_of(a=np.zeros(3))
PICKLED = npz_of(header=np.array("{}"), a=np.array([{}], dtype=object))


@pytest.mark.parametrize("content", [b"text", b"PK\x03\x04", npy_file(), NO_HEADER, PICKLED])
def test_other_file_with_a_right_checksum_is_no_archive(path, content):
    path.write_bytes(with_digest(content))
    with pytest.raises(DamagedFileError, match=r"example\.npz is no whole archive of this library"):
        read_archive(path)


@pytest.mark.parametrize("order", ["C", "F"])
def test_array_is_mapped_at_a_whole_line_of_the_cache(tmp_path, order):
    matrix = np.asarray(np.random.default_rng(0).normal(size=(30, 5)), np.float32, order=order)
    for name in ("m", "matrix", "a_matrix"):
        write_archive(tmp_path / "file", HEADER, {"odd": np.arange(3, dtype="u1"), name: matrix})
        header, arrays = read_archive(tmp_path / "file", mapped=[name])
        assert header == HEADER
        assert_array_equal(arrays[name], matrix, strict=True)
        assert arrays[name].ctypes.data % 64 == 0
        assert not arrays[name].flags.writeable
        assert isinstance(arrays[name].base, np.memmap)
        assert arrays["odd"].flags.writeable


def test_what_numpy_saved_is_mapped_too(tmp_path):
    content = npz_of(header=np.array("{}"), matrix=np.arange(6.0))
    (tmp_path / "file").write_bytes(with_digest(content))
    assert_array_equal(read_archive(tmp_path / "file", ["matrix"])[1]["matrix"], np.arange(6.0))


def test_damage_beside_a_mapped_array_is_recognised_or_harmless(path):
    good = path.read_bytes()
    damaged = [good[:length] for length in range(len(good) - 64)]  # the rest is the checksum
    for content in damaged:
        path.write_bytes(content)
        with pytest.raises(DamagedFileError, match="is no whole archive of this library"):
            read_archive(path, mapped=["matrix"])
    numbers = ARRAYS["matrix"].tobytes()
    place = good.index(numbers)
    recognised = 0
    for i in range(len(good)):
        path.write_bytes(good[:i] + bytes([good[i] ^ 1]) + good[i + 1 :])
        try:
            header, arrays = read_archive(path, mapped=["matrix"])
            matrix = arrays["matrix"]
        except (DamagedFileError, KeyError):  # of which `read_model` makes the other
            recognised += 1
            continue
        assert header == HEADER
        if not place <= i < place + len(numbers):
            assert_array_equal(matrix, ARRAYS["matrix"])
    assert recognised > 500


def test_missing_file_is_an_error_of_the_system(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_archive(tmp_path / "missing.npz")


@pytest.mark.parametrize("strings", [[], [""], ["a", "", "\u00e4\n\0 b", "\U0001f600", ""]])
def test_packed_strings_are_unpacked_to_the_same(strings):
    assert unpack_strings(*pack_strings(strings)) == strings


@pytest.mark.parametrize(
    ("text", "lengths", "message"),
    [
        (np.zeros(3, np.uint8), np.array([1, 1]), "do not add up"),
        (np.zeros(3, np.uint8), np.array([4, -1]), "do not add up"),
        (np.zeros(3, np.int8), np.array([3]), "one array of uint8 and one of int64"),
        (np.zeros(3, np.uint8), np.array([[3]]), "one array of uint8 and one of int64"),
        (np.array([0xFF], np.uint8), np.array([1]), "invalid start byte"),
    ],
)
def test_arrays_that_are_no_packed_strings_are_refused(text, lengths, message):
    with pytest.raises(ValueError, match=message):
        unpack_strings(text, lengths)
