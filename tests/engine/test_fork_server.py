"""The processes that workers are forked from, and the workers: how they begin, fail and end."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import word2vec
from benchmarks.attacks.processes import descendants, left_files, remaining
from benchmarks.attacks.processes import processes as all_processes
from word2vec import Word2Vec, WorkerError
from word2vec.engine import fork_server, processes, rounds, schedule, trainer
from word2vec.engine.fork_server import ForkServer

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no workers")
SMALL = {"vector_size": 4, "min_count": 1, "sample": None, "epochs": 2, "workers": 2}
KILLED = r"worker process ended unexpectedly \(exit status -9\). Was it killed, or is memory short"


@pytest.fixture(autouse=True)
def _several_units(monkeypatch):
    monkeypatch.setattr(schedule, "USUAL_UNIT", 16)


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("a b c\n" * 200)
    return path


def fit(corpus, **options):
    return Word2Vec(**SMALL).fit(corpus, **options)


def started():
    return [process.pid for process in descendants(os.getpid())]


def kill_server(*_):
    (server,) = (one.pid for one in all_processes() if one.parent == os.getpid())
    os.kill(server, signal.SIGKILL)


def kill_worker(*_):
    worker = next(one.pid for one in descendants(os.getpid()) if one.parent != os.getpid())
    os.kill(worker, signal.SIGKILL)


@pytest.mark.parametrize("kill", [kill_server, kill_worker])
def test_kill_while_training_is_told_and_leaves_nothing(text, kill):
    before = left_files(tempfile.gettempdir())
    with pytest.raises(WorkerError, match=KILLED):
        fit(text, progress=kill)
    assert remaining(started, 5) == []
    assert left_files(tempfile.gettempdir()) <= before


def test_kill_while_the_text_is_encoded_is_told(text, monkeypatch):
    encode = trainer.encode

    def encode_after_kill(*arguments, **options):
        kill_server()
        return encode(*arguments, **options)

    monkeypatch.setattr(trainer, "encode", encode_after_kill)
    with pytest.raises(WorkerError, match=KILLED):
        fit(text)
    assert started() == []


def test_kill_between_two_forks_is_told(text, monkeypatch):
    has_started = processes.Process.has_started
    times = []

    def kill_after_first(process):
        has_started(process)
        times.append(process)
        if len(times) == 2:  # the server and a worker
            kill_server()

    monkeypatch.setattr(processes.Process, "has_started", kill_after_first)
    with pytest.raises(WorkerError, match=KILLED):
        fit(text)
    assert remaining(started, 5) == []


@pytest.mark.parametrize("method", ["work", "_run_rounds"])
def test_error_of_a_forked_worker_is_told_with_its_traceback(text, monkeypatch, method):
    failing = f"def fail(*_): raise ValueError('of its own')\nWorker.{method} = fail\nserve("
    monkeypatch.setattr(fork_server, "_BEGIN", fork_server._BEGIN.replace("serve(", failing))
    with pytest.raises(WorkerError, match=r"\(exit status 1\): ValueError: of its own\.") as caught:
        fit(text)
    assert str(caught.value.__cause__).startswith("Traceback")
    assert started() == []


def test_limit_on_forks_is_named(text, monkeypatch):
    failing = (
        "import errno, os\ndef fork(): raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))\n"
    )
    failing += "os.fork = fork\nserve("
    monkeypatch.setattr(fork_server, "_BEGIN", fork_server._BEGIN.replace("serve(", failing))
    with pytest.raises(WorkerError, match=r"unavailable \(.*ulimit -u, or pids\.max"):
        fit(text)


PROGRAM = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
from word2vec import Word2Vec
from word2vec.engine import fork_server, schedule, trainer
schedule.USUAL_UNIT = 16
def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
{stage}
model = Word2Vec(vector_size=4, min_count=1, sample=None, workers=2, epochs=100)
model.fit(sys.argv[2], progress=progress)
"""
STAGES = {
    "encoding": "trainer.encode, progress = die, False",
    "preparing": "fork_server.ForkServer.fork, progress = die, False",
    "forking": "fork_server.ForkServer._hear, progress = die, False",
    "training": "progress = die",
}


@pytest.mark.parametrize("stage", STAGES)
def test_nobody_outlives_a_killed_parent(text, stage):
    program = PROGRAM.format(stage=STAGES[stage])
    library = Path(word2vec.__file__).parents[1]
    command = [sys.executable, "-c", program, str(library), str(text)]
    with subprocess.Popen(command, start_new_session=True, cwd=text.parent) as parent:
        assert parent.wait(60) == -signal.SIGKILL
        assert (
            remaining(lambda: [one for one in all_processes() if one.group == parent.pid], 10) == []
        )


# When it is started


def test_text_file_of_some_size_has_it_started_before_it_is_read(text, monkeypatch):
    seen = []

    def encode(*_, **__):
        seen.extend(started())
        raise ValueError("damaged")

    monkeypatch.setattr(trainer, "encode", encode)
    with pytest.raises(ValueError, match="damaged"):
        fit(text)
    assert len(seen) == 1
    assert started() == []


def test_small_text_file_starts_nobody(text, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(subprocess, "Popen", None)
    assert len(fit(text).losses) == 2


def test_missing_text_file_starts_nobody(tmp_path, monkeypatch):
    monkeypatch.setattr(subprocess, "Popen", None)
    with pytest.raises(FileNotFoundError):
        fit(tmp_path / "missing.txt")


def test_server_ends_where_the_text_was_smaller_than_it_seemed(text, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(rounds, "_guess_tokens", lambda _: 10**9)
    starts, seen = [], []
    start = ForkServer.__init__
    monkeypatch.setattr(ForkServer, "__init__", lambda self: starts.append(start(self)))
    fit(text, progress=lambda _: seen.extend(started()))
    assert (len(starts), seen) == (1, [])


def test_server_that_cannot_be_started_is_no_error_where_none_is_needed(text, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(rounds, "_guess_tokens", lambda _: 10**9)

    def refuse(*_, **__):
        raise BlockingIOError

    monkeypatch.setattr(subprocess, "Popen", refuse)
    assert len(fit(text).losses) == 2
