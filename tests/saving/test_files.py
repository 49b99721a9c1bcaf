import bz2
import gzip
import lzma
import os
import signal
import threading
from pathlib import Path

import pytest

from word2vec.saving.files import atomic_write, packing
from word2vec.saving.interrupts import held_back_signals
from word2vec.saving.locks import InUseError


class Interrupted(Exception):
    pass


def test_file_appears_when_it_is_complete(tmp_path):
    path = tmp_path / "file"
    with atomic_write(path) as file:
        file.write(b"new")
        assert not path.exists()
    assert path.read_bytes() == b"new"


def test_text_is_written_in_the_encoding_asked_for(tmp_path):
    with atomic_write(tmp_path / "file", "w", encoding="utf-8") as file:
        file.write("b\u00e4d")
    assert (tmp_path / "file").read_bytes() == "b\u00e4d".encode()


UNPACK = {".txt": bytes, ".gz": gzip.decompress, ".bz2": bz2.decompress, ".xz": lzma.decompress}


@pytest.mark.parametrize("suffix", UNPACK)
def test_name_says_how_a_file_is_compressed_and_the_same_content_gives_the_same_bytes(
    tmp_path, suffix
):
    contents = []
    for name in (f"a{suffix}", f"b{suffix}"):
        with atomic_write(tmp_path / name) as file:
            with packing(tmp_path / name, file) as packed:
                packed.write(b"text\n")
            assert not file.closed
        contents.append((tmp_path / name).read_bytes())
    assert UNPACK[suffix](contents[0]) == b"text\n"
    assert contents[0] == contents[1]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_failure_leaves_the_old_file_and_no_litter(tmp_path, error):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(error), atomic_write(path) as file:
        file.write(b"half")
        raise error
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_kill_left_behind_is_replaced(tmp_path):
    (tmp_path / "file.tmp").write_bytes(b"half of a longer file")
    with atomic_write(tmp_path / "file") as file:
        file.write(b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_bytes() == b"new"


def test_symbolic_link_stays_a_link(tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    link.symlink_to(target)
    with atomic_write(link) as file:
        file.write(b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


def test_link_to_no_file_yet_makes_the_file_it_points_to(tmp_path):
    (tmp_path / "there").mkdir()
    link = tmp_path / "link"
    link.symlink_to(Path("there", "file"))
    with atomic_write(link) as file:
        file.write(b"new")
    assert link.is_symlink()
    assert (tmp_path / "there" / "file").read_bytes() == b"new"
    assert len(list(tmp_path.rglob("*"))) == 3


@pytest.mark.parametrize("target", ["missing/file", "link"])
def test_missing_directory_is_named(tmp_path, target):
    (tmp_path / "link").symlink_to(Path("missing", "file"))
    message = f"no directory {tmp_path / 'missing'} to write {tmp_path / 'missing' / 'file'} into"
    with pytest.raises(FileNotFoundError, match=message), atomic_write(tmp_path / target):
        pass


@pytest.mark.parametrize("make", ["mkdir", "mkfifo"])
def test_what_is_no_file_is_not_replaced(tmp_path, make):
    if not hasattr(os, make):
        pytest.skip("there are no named pipes")
    getattr(os, make)(tmp_path / "other")
    message = "other is a directory, device or pipe, not a file"
    with pytest.raises(OSError, match=message), atomic_write(tmp_path / "other"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["other"]


def test_file_that_is_being_written_is_refused_and_its_writer_not_disturbed(tmp_path):
    with atomic_write(tmp_path / "file") as first:
        first.write(b"first")
        message = "file is being written by another .* Save again"
        with pytest.raises(InUseError, match=message), atomic_write(tmp_path / "file") as second:
            second.write(b"second")
    assert (tmp_path / "file").read_bytes() == b"first"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.fixture
def obedient():
    """SIGINT and SIGTERM raise Interrupted."""

    def obey(number, frame):
        raise Interrupted

    previous = {n: signal.signal(n, obey) for n in (signal.SIGINT, signal.SIGTERM)}
    yield obey
    for number, handler in previous.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_waits_for_the_end_of_the_block(obedient, number):
    done = False
    with pytest.raises(Interrupted), held_back_signals() as received:
        os.kill(os.getpid(), number)
        assert received == [number]
        done = True
    assert done
    assert signal.getsignal(number) is obedient


def test_second_signal_does_not_wait(obedient):
    with pytest.raises(Interrupted), held_back_signals():
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        pytest.fail("the second signal should have ended the block")


@pytest.mark.usefixtures("obedient")
def test_ignored_signal_stays_ignored():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with held_back_signals() as received:
        os.kill(os.getpid(), signal.SIGINT)
    assert received == []


def test_error_in_the_block_restores_the_handlers(obedient):
    with pytest.raises(ValueError, match="mine"), held_back_signals():
        raise ValueError("mine")
    assert signal.getsignal(signal.SIGINT) is obedient


def test_other_threads_are_left_alone(obedient):
    handlers = []

    def look():
        with held_back_signals():
            handlers.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert handlers == [obedient]
