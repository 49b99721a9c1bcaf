"""Disks that are full or read-only, and files that are read while they are written."""

import errno
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from numpy.testing import assert_array_equal

resource = pytest.importorskip("resource", reason="Windows has no such limits")

from benchmarks.attacks.crash_points import KINDS, Kind, text_of  # noqa: E402
from benchmarks.attacks.read_while_saving import SHARED, read_often, saving  # noqa: E402
from word2vec import Word2Vec  # noqa: E402
from word2vec.saving.checkpoint import save_checkpoint  # noqa: E402

every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)

SENTENCES = [["tea", "is", "hot"], ["coffee", "is", "hot"]] * 2000


def fit(directory=None):
    model = Word2Vec(vector_size=20, min_count=1, sample=None, workers=1, epochs=2)
    return model.fit(SENTENCES, checkpoint_dir=directory).wv.vectors


def largest_file_of(kind, directory):
    """How large the largest file of version 2 becomes; of several checkpoints, the smaller one."""
    directory.mkdir()
    kind.write(directory, 2)
    sizes = {path: path.stat().st_size for path in directory.iterdir()}
    largest = max(sizes, key=sizes.get)
    return min(size for path, size in sizes.items() if path.suffix == largest.suffix)


def content(directory):
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def error_of(write):
    try:
        write()
    except OSError as error:
        return error


def error_under_limit(write, num_bytes):
    """The OSError of `write()` in a child process whose files cannot be larger, as a dict."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (num_bytes, num_bytes))
            error = error_of(write)
            result = {"errno": error.errno, "file": error.filename, "text": str(error)}
            os.write(writer, json.dumps(result).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with open(reader, "rb") as file:
        result = file.read()
    os.waitpid(child, 0)
    return json.loads(result)


@every_kind
@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_file_beyond_a_limit_is_a_clear_error_and_the_old_one_stays(tmp_path, kind):
    directory = tmp_path / "files"
    directory.mkdir()
    kind.write(directory, 1)
    before, size = content(directory), largest_file_of(kind, tmp_path / "other")
    text_of(directory, 2)
    for limit in {0, 1, 30, size // 2, size - 1}:
        error = error_under_limit(lambda: kind.write(directory, 2), limit)
        assert error["errno"] == errno.EFBIG, limit
        assert error["file"].startswith(str(directory))
        assert not error["file"].endswith(".tmp")
        assert "File too large; nothing was changed: " in error["text"]
        assert content(directory) == before
    kind.write(directory, 2)
    assert kind.read(directory) == 2


def mount(directory, options):
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", directory]
    mounted = subprocess.run(command, capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"a file system cannot be mounted: {mounted.stderr.strip()}")


@pytest.fixture
def small_disk(tmp_path):
    """A directory on a file system of its own, of 256 KiB; skips where that is not allowed."""
    if sys.platform != "linux":
        pytest.skip("mounts a tmpfs")
    directory = tmp_path / "disk"
    directory.mkdir()
    mount(directory, "size=256k")
    yield directory
    subprocess.run(["umount", directory], check=True)


def fill(path):
    """Write into a file until the disk is full."""
    with open(path, "wb", buffering=0) as file:
        while True:
            try:
                file.write(bytes(4096))
            except OSError:
                return


@every_kind
def test_full_disk_is_a_clear_error_and_the_old_file_stays(small_disk, kind):
    directory, filler = small_disk / "files", small_disk / "filler"
    directory.mkdir()
    kind.write(directory, 1)
    before = content(directory)
    text_of(directory, 2)
    fill(filler)
    failures = 0
    while error := error_of(lambda: kind.write(directory, 2)):
        failures += 1
        assert error.errno == errno.ENOSPC
        assert f"No space left on device; nothing was changed: '{directory}/" in str(error)
        assert ".tmp" not in str(error)
        assert content(directory) == before
        os.truncate(filler, filler.stat().st_size - 4096)  # a page more is free
    assert failures
    assert kind.read(directory) == 2


def test_training_stopped_by_a_full_disk_goes_on_when_there_is_room(small_disk, monkeypatch):
    directory, filler = small_disk / "run", small_disk / "filler"

    def full_disk(*arguments):
        fill(filler)
        return save_checkpoint(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr("word2vec.saving.team.save_checkpoint", full_disk)
        with pytest.raises(OSError, match=r"No space left .*/run/checkpoint-\d+\.npz'"):
            fit(directory)
    assert sorted(path.name for path in directory.iterdir()) == ["corpus.ids"]
    filler.unlink()
    assert_array_equal(fit(directory), fit())


@every_kind
def test_read_only_disk_is_a_clear_error_and_the_old_file_stays(small_disk, kind):
    directory = small_disk / "files"
    directory.mkdir()
    kind.write(directory, 1)
    before = content(directory)
    text_of(directory, 2)
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with pytest.raises(OSError, match=f"Read-only file system: '{directory}/"):
        kind.write(directory, 2)
    assert content(directory) == before


@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
@pytest.mark.parametrize("kind", SHARED.values(), ids=SHARED)
def test_reader_sees_one_save_or_another_never_a_mix(kind):
    reads, whole = read_often(kind, 10)
    assert whole == reads


@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_file_that_is_written_in_place_is_found_out(tmp_path):
    def write(directory, version):
        with open(directory / "file", "w", buffering=1) as file:
            for _ in range(1000):
                file.write(f"{version}\n")

    write(tmp_path, 1)
    with saving(Kind(write, None, ("file",), 1), tmp_path, (1, 2)):
        deadline = time.monotonic() + 60
        while (text := (tmp_path / "file").read_text()) == text[:2] * 1000:
            assert time.monotonic() < deadline
