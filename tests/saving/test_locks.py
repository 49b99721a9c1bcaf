import contextlib
import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import run
import word2vec
from word2vec import Word2Vec, sgd
from word2vec.classic.train import train_classic
from word2vec.saving.locks import LOCK_NAME, InUseError, lock_directory, open_locked

SENTENCES = [["tea", "is", "hot"], ["coffee", "is", "hot"]] * 20

# Holds the lock until its input ends.
HOLDER = """
import sys
from word2vec.saving.locks import lock_directory
with lock_directory(sys.argv[1]):
    print("locked", flush=True)
    sys.stdin.read()
"""


def run_sgd(directory, callback=None):
    f = lambda x: (np.sum(x**2), 2 * x)  # noqa: E731
    return sgd(f, np.ones(3), 0.1, 20, checkpoint_dir=directory, callback=callback)


def run_classic(directory, callback=None):
    options = {"iterations": 20, "sample": None, "checkpoint_dir": directory}
    return train_classic(SENTENCES, **options, callback=callback).vectors


def run_fit(directory, callback=None):
    model = Word2Vec(vector_size=4, min_count=1, sample=None, workers=1)
    return model.fit(SENTENCES, checkpoint_dir=directory, progress=callback or False).wv.vectors


every_run = pytest.mark.parametrize("start", [run_sgd, run_classic, run_fit])


def content(directory):
    return {path.name: path.read_bytes() for path in Path(directory).rglob("*") if path.is_file()}


@contextlib.contextmanager
def locked_by_another_process(directory):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(directory)],
        cwd=Path(word2vec.__file__).parent.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with process:  # waits for its end
        assert process.stdout.readline() == b"locked" + os.linesep.encode()
        yield process


def test_locked_directory_is_refused_by_name_with_a_cure(tmp_path):
    message = f"The directory {tmp_path} is in use by another run. .* use another directory"
    with (
        lock_directory(tmp_path),
        pytest.raises(InUseError, match=message),
        lock_directory(tmp_path),
    ):
        pytest.fail("it was locked")


def test_lock_ends_with_its_block_however_that_ends_and_leaves_no_file(tmp_path):
    with pytest.raises(ValueError, match="mine"), lock_directory(tmp_path):
        raise ValueError("mine")
    assert list(tmp_path.iterdir()) == []
    with lock_directory(tmp_path):
        assert [path.name for path in tmp_path.iterdir()] == [LOCK_NAME]


def test_refused_lock_leaves_the_lock_of_the_first(tmp_path):
    with lock_directory(tmp_path):
        for _ in range(3):
            with pytest.raises(InUseError), lock_directory(tmp_path):
                pass


def test_directory_is_created(tmp_path):
    with lock_directory(tmp_path / "a" / "b"):
        assert (tmp_path / "a" / "b").is_dir()


def test_directory_may_be_removed_meanwhile(tmp_path):
    with lock_directory(tmp_path / "a"):
        (tmp_path / "a" / LOCK_NAME).unlink()
        (tmp_path / "a").rmdir()


def test_another_thread_is_refused(tmp_path):
    errors = []

    def start():
        try:
            run_sgd(tmp_path)
        except InUseError as error:
            errors.append(error)

    with lock_directory(tmp_path):
        thread = threading.Thread(target=start)
        thread.start()
        thread.join()
    assert len(errors) == 1


def test_lock_of_another_process_ends_when_that_is_killed(tmp_path):
    with locked_by_another_process(tmp_path) as process:
        with pytest.raises(InUseError), lock_directory(tmp_path):
            pass
        process.kill()
    assert [path.name for path in tmp_path.iterdir()] == [LOCK_NAME]  # it locks nothing
    with lock_directory(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_programs_started_meanwhile_do_not_keep_the_lock(tmp_path):
    with lock_directory(tmp_path):
        child = subprocess.Popen(
            [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False
        )
    with child, lock_directory(tmp_path):
        assert child.poll() is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on Windows")
@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_of_processes_that_lock_and_unlock_as_fast_as_they_can_only_one_has_the_lock(tmp_path):
    inside = tmp_path / "inside"

    def lock_often():
        for _ in range(300):
            with contextlib.suppress(InUseError), lock_directory(tmp_path):
                os.close(os.open(inside, os.O_CREAT | os.O_EXCL))  # fails if another is inside
                inside.unlink()

    children = []
    for _ in range(3):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                lock_often()
                status = 0
            finally:
                os._exit(status)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]


def test_file_system_without_locks_is_warned_of(tmp_path, monkeypatch):
    def no_locks(descriptor):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("word2vec.saving.locks._lock", no_locks)
    with pytest.warns(RuntimeWarning, match=f"{tmp_path} has no locks: do not start a second"):
        run_sgd(tmp_path)


def test_other_errors_of_locking_are_not_hidden(tmp_path, monkeypatch):
    def broken(descriptor):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("word2vec.saving.locks._lock", broken)
    with pytest.raises(OSError, match="Input/output error"), lock_directory(tmp_path):
        pass


def test_file_that_was_replaced_before_it_was_locked_is_not_taken(tmp_path, monkeypatch):
    path = tmp_path / "file"
    lock, opened = word2vec.saving.locks._lock, []

    def replaced_meanwhile(descriptor):
        opened.append(descriptor)
        if len(opened) == 1:
            path.unlink()
        lock(descriptor)

    monkeypatch.setattr("word2vec.saving.locks._lock", replaced_meanwhile)
    descriptor, _ = open_locked(path, os.O_RDWR)
    assert len(opened) == 2
    assert os.path.samestat(os.fstat(descriptor), path.stat())
    os.close(descriptor)


# Runs


@every_run
def test_run_in_a_directory_in_use_is_refused_and_touches_nothing(tmp_path, start):
    start(tmp_path)
    before = content(tmp_path)
    with locked_by_another_process(tmp_path) as process:
        with pytest.raises(InUseError, match=f"{tmp_path} is in use by another run"):
            start(tmp_path)
        process.stdin.close()
    assert content(tmp_path) == before


@every_run
def test_run_started_within_a_run_is_refused_and_the_first_goes_on_undisturbed(tmp_path, start):
    refused = []

    def start_another(progress):
        with pytest.raises(InUseError):
            start(tmp_path / "run")
        refused.append(progress)

    vectors = start(tmp_path / "run", start_another)
    assert len(refused) > 1
    assert_array_equal(vectors, start(tmp_path / "undisturbed"))
    assert LOCK_NAME not in content(tmp_path)


@pytest.mark.parametrize("option", [[], ["--restart"]])
def test_command_in_an_output_directory_in_use_is_refused_and_touches_nothing(
    tmp_path, option, capsys
):
    corpus, output = tmp_path / "text.txt", tmp_path / "out"
    corpus.write_text("the good film is great\na bad film is boring\n" * 20, encoding="utf-8")
    run_fit(output / "checkpoints")
    before = content(output)
    with locked_by_another_process(output) as process:
        arguments = ["--corpus", str(corpus), "--output", str(output), "--min-count", "1", *option]
        assert run.main(arguments) == 2
        process.stdin.close()
    assert f"run.py: The directory {output} is in use by another run" in capsys.readouterr().err
    assert content(output) == before
