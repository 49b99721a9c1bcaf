"""Thousands of damaged files: each is read, or refused with a clear error, in little memory."""

import gzip
import re
import sys
import tracemalloc
import warnings

import numpy as np
import pytest

from word2vec.vectors import formats
from word2vec.vectors.keyed_vectors import KeyedVectors

NUM_FILES = 500  # damaged in each way of each format
# What a file of a few hundred bytes may take: with the buffers smaller, some tens of kilobytes of
# Python objects, and a multiple of what a damaged header or gzip stream can blow it up to.
MAX_BYTES = 500_000  # buffers for reading; the newer Pythons unzip in larger ones

NUMBERS = [b"1000000000", b"-1", b"0", b"999999999999999999", b"1e9", b"nan", b"inf", b"1e999", b""]
PIECES = [*NUMBERS, b"\n", b" ", b"\t", b"\x00", b"\xff", b"\xc2\xa0", b"  ", b"\r", b"\n\n", b"}"]


def damage(content, rng):
    """Some bytes changed, cut out, repeated, put in, or a number replaced."""
    content = bytearray(content)
    for _ in range(rng.integers(1, 4)):
        start, stop = sorted(rng.integers(0, len(content) + 1, size=2).tolist())
        stop = min(stop, start + int(rng.integers(1, 40)))
        match rng.integers(6):
            case 0:
                for i in range(start, min(stop, start + 3)):
                    content[i] = rng.integers(256)
            case 1:
                del content[start:stop]
            case 2:
                content[start:start] = content[start:stop]
            case 3:
                del content[start:]
            case 4:
                content[start:start] = PIECES[rng.integers(len(PIECES))]
            case 5:  # one of the first numbers: in the header
                numbers = list(re.finditer(rb"[0-9]+", content))[:3]
                if numbers:
                    start, stop = numbers[rng.integers(len(numbers))].span()
                    content[start:stop] = NUMBERS[rng.integers(len(NUMBERS))]
    return bytes(content)


def good_vectors():
    vectors = np.random.default_rng(0).normal(size=(12, 4)).astype(np.float32)
    return KeyedVectors.from_words(["</s>", "é", *(f"w{i}" for i in range(10))], vectors)


def assert_sound(words, vectors):
    assert vectors.shape[0] == len(words) == len(set(words))
    assert all(isinstance(word, str) for word in words)
    assert vectors.dtype == np.float32


def read_within_bounds(read):
    """Whether a file could be read; anything but a clear error or too much memory fails."""
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            words, vectors = read()
    except (ValueError, EOFError) as error:
        assert "vectors" in str(error)  # it names the file  # noqa: PT017
        return False
    finally:
        assert tracemalloc.get_traced_memory()[1] - before < MAX_BYTES
    assert_sound(words, vectors)
    return True


@pytest.fixture
def small_buffers(monkeypatch):
    """So that tiny files have many blocks, and the memory measured is not that of the buffers."""
    monkeypatch.setattr(formats, "CHUNK_BYTES", 64)
    monkeypatch.setattr(formats, "MAX_WORD_BYTES", 32)
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.mark.parametrize("zipped", ["plain", "zipped", "damaged_zip"])
@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.usefixtures("small_buffers")
def test_damaged_files_are_read_or_clearly_refused(tmp_path, binary, zipped):
    path = tmp_path / "vectors"
    good_vectors().save_word2vec_format(path, binary=binary)
    good = path.read_bytes()
    rng = np.random.default_rng([binary, len(zipped)])
    outcomes = []
    for _ in range(NUM_FILES):
        if zipped == "damaged_zip":
            content = damage(gzip.compress(good, compresslevel=1), rng)
        else:
            content = damage(good, rng)
            content = gzip.compress(content, compresslevel=1) if zipped == "zipped" else content
        path.write_bytes(content)
        for read_as in (binary, not binary) if zipped == "plain" else (binary,):
            outcomes.append(
                read_within_bounds(lambda b=read_as: formats.read_word2vec(path, binary=b))
            )
    assert outcomes.count(False) > len(outcomes) // 4  # the damage was real
    if zipped != "damaged_zip":
        assert outcomes.count(True) > len(outcomes) // 50  # and did not always begin at the header


@pytest.mark.parametrize("mmap", [False, True])
@pytest.mark.usefixtures("small_buffers")
def test_damaged_files_of_our_own_format_are_clearly_refused(tmp_path, mmap):
    good_vectors().save(tmp_path / "vectors.npy")
    good = (tmp_path / "vectors.npy").read_bytes()
    rng = np.random.default_rng(mmap)

    def read():
        kv = KeyedVectors.load(tmp_path / "vectors.npy", mmap=mmap)
        return kv.index_to_key, kv.vectors

    outcomes = []
    for _ in range(NUM_FILES):
        (tmp_path / "vectors.npy").write_bytes(damage(good, rng))
        outcomes.append(read_within_bounds(read))
    assert outcomes.count(False) > len(outcomes) // 4


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_reading_takes_a_small_multiple_of_the_size_of_the_file(tmp_path, binary, suffix):
    vectors = np.random.default_rng(0).normal(size=(20_000, 20)).astype(np.float32)
    words = [f"word{i}" for i in range(20_000)]
    formats.write_word2vec(tmp_path / f"v{suffix}", words, vectors, binary=binary)
    size = vectors.nbytes + sum(map(sys.getsizeof, words))
    tracemalloc.start()
    formats.read_word2vec(tmp_path / f"v{suffix}", binary=binary)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # The result, up to half of it again while growing, the dictionary of words, and buffers.
    assert peak < 2.5 * size + 8 * formats.CHUNK_BYTES
