"""Worker processes in any host: nothing but the parent decides what they import and do."""

import errno
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

import word2vec
from word2vec import Word2Vec, WorkerError
from word2vec.engine import fork_server, rounds, schedule

LIBRARY = Path(word2vec.__file__).parent
pytestmark = pytest.mark.skipif(os.name == "nt", reason="there are no workers on Windows")
CORPUS = [["a", "b", "c"]] * 50
SMALL = {"vector_size": 4, "min_count": 1, "sample": None, "epochs": 1}
SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
from word2vec import Word2Vec
from word2vec.engine import schedule
schedule.USUAL_UNIT = 16
model = Word2Vec(vector_size=4, min_count=1, sample=None, epochs=1, workers=2)
"""
LARGE = SCRIPT.replace("vector_size=4", "vector_size=4000")
TRAIN = "model.fit([['a', 'b', 'c']] * 50)\nopen(sys.argv[2], 'w').write(str(len(model.losses)))\n"


@pytest.fixture(autouse=True)
def _several_units(monkeypatch):
    monkeypatch.setattr(schedule, "USUAL_UNIT", 16)


def fit(workers=2):
    return Word2Vec(**SMALL, workers=workers).fit(CORPUS)


def run_script(directory, *options, library=LIBRARY.parent, shell='exec "$@"', text=SCRIPT + TRAIN):
    """Run a program that trains, in an empty directory of its own; returns what it said."""
    (directory / "program").mkdir()
    script, result = directory / "program" / "train.py", directory / "result"
    script.write_text(text, "utf-8")
    command = [sys.executable, *options, script, library, result]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    ended = subprocess.run(
        ["sh", "-c", shell, "sh", *command],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return ended, result.read_text("utf-8") if result.exists() else None


@pytest.mark.parametrize("option", ["-I", "-E", "-B"])
def test_nothing_in_the_current_directory_matters(tmp_path, option):
    for name in ("random", "json", "word2vec", "numpy", "site", "sitecustomize"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('the wrong file')\n", "utf-8")
    ended, result = run_script(tmp_path, option)
    assert (ended.stderr, result) == ("", "1")


def test_library_in_a_zip_file_has_workers(tmp_path):
    archive = tmp_path / "library.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in LIBRARY.rglob("*.py"):
            file.write(path, path.relative_to(LIBRARY.parent))
    ended, result = run_script(tmp_path, "-I", library=archive)
    assert (ended.stderr, result) == ("", "1")


def test_daemon_without_standard_streams_has_workers(tmp_path):
    _, result = run_script(tmp_path, shell='exec "$@" <&- >&- 2>&-')
    assert result == "1"


def test_library_and_packages_that_only_the_parent_knows_are_found(tmp_path, monkeypatch):
    (tmp_path / "threadpoolctl.py").write_text(
        "from contextlib import nullcontext\ndef threadpool_limits(**_): return nullcontext()\n"
        "threadpool_info = list\n"
        "import os; open(os.environ['SEEN'], 'a').close()\n"
    )
    monkeypatch.setenv("SEEN", str(tmp_path / "seen"))
    monkeypatch.syspath_prepend(tmp_path)
    fit()
    assert (tmp_path / "seen").exists()


def test_frozen_application_trains_in_its_one_process(monkeypatch):
    expected = fit().wv.vectors
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(rounds, "WorkerPool", None)
    monkeypatch.setattr(subprocess, "Popen", None)
    np.testing.assert_array_equal(fit().wv.vectors, expected)


def test_what_a_worker_prints_is_no_answer(monkeypatch):
    noisy = fork_server._BEGIN.replace("serve(Worker)", "print('noise', flush=True); serve(Worker)")
    monkeypatch.setattr(fork_server, "_BEGIN", noisy)
    fit()


def test_worker_may_say_more_than_a_pipe_holds(monkeypatch):
    talking = fork_server._BEGIN.replace(
        "serve(Worker)", "sys.stderr.write('x' * 500_000); serve(Worker)"
    )
    monkeypatch.setattr(fork_server, "_BEGIN", talking)
    fit()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("raise ValueError('of its own')", r"\(exit status 1\): ValueError: of its own\. Training"),
        (
            "import os; os.write(2, b'Fatal: no\\n'); os._exit(3)",
            r"\(exit status 3\): Fatal: no\. ",
        ),
        (
            "import os; os._exit(4)",
            r"\(exit status 4\)\. Was it killed, or is memory short\? Training can be",
        ),
        (
            "os.kill(os.getpid(), 9)",  # as the system does where memory is short
            r"\(exit status -9\)\. Was it killed, or is memory short \(.* [\d,]+ MiB of memory\)\?",
        ),
        (
            "raise MemoryError('1 TiB')",
            r"MemoryError: 1 TiB \(.* [\d,]+ MiB of memory\)\. Tr",
        ),
    ],
)
def test_error_of_a_worker_reaches_the_parent(monkeypatch, line, message):
    monkeypatch.setattr(
        fork_server, "_BEGIN", fork_server._BEGIN.replace("serve(Worker)", f"import os; {line}")
    )
    with pytest.raises(WorkerError, match=message):
        fit()


def test_error_of_a_worker_keeps_its_traceback(monkeypatch):
    failing = fork_server._BEGIN.replace("serve(Worker)", "raise ValueError('of its own')")
    monkeypatch.setattr(fork_server, "_BEGIN", failing)
    with pytest.raises(WorkerError) as caught:
        fit()
    assert str(caught.value.__cause__).startswith("Traceback")


# What the system refuses


def run_with_mounted(what, directory, text):
    """`run_script`, with a file system mounted that nobody else sees."""
    shell = f"""exec unshare -rm sh -c 'mount -t tmpfs {what} && exec "$@"' sh "$@" """
    if subprocess.run(["sh", "-c", shell, "sh", "true"], capture_output=True).returncode:
        pytest.skip("a file system cannot be mounted")
    return run_script(directory, shell=shell, text=text)


def test_workers_need_no_home_that_can_be_written(tmp_path, monkeypatch):
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    ended, result = run_with_mounted('-o ro tmpfs "$HOME"', tmp_path, SCRIPT + TRAIN)
    assert (ended.stderr, result) == ("", "1")


SMALL_SHM = "-o size=64k tmpfs /dev/shm"


def test_little_shared_memory_is_enough_where_temporary_files_have_room(tmp_path):
    ended, result = run_with_mounted(SMALL_SHM, tmp_path, LARGE + TRAIN)
    assert (ended.stderr, result) == ("", "1")


def test_little_shared_memory_is_named_where_temporary_files_have_no_room(tmp_path):
    full = "import tempfile; tempfile.tempdir = '/dev/shm'\n"
    ended, result = run_with_mounted(SMALL_SHM, tmp_path, full + LARGE + TRAIN)
    assert re.search("No room for .* MiB .*/dev/shm: No space left on device, 0 MiB", ended.stderr)
    assert result is None


def test_full_shared_memory_is_named(monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", refuse)
    message = r"cannot be started: .*\(/dev/shm: No space left on device, [\d,]+ MiB are free; /.*"
    with pytest.raises(WorkerError, match=message + "TMPDIR.* With workers=1 this process"):
        fit()


def test_limit_on_processes_is_named(monkeypatch):
    def refuse(*_args, **_kwargs):
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    with pytest.raises(WorkerError, match=r"unavailable \(.*ulimit -u, or pids\.max"):
        fit()


def test_limit_on_address_space_is_named(tmp_path):
    limited = """
import resource
from word2vec.engine import workers
make = workers.make_shared_file
def make_at_the_limit(layout):
    used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used, resource.RLIM_INFINITY))
    return make(layout)
workers.make_shared_file = make_at_the_limit
try:
    model.fit([["a", "b", "c"]] * 50)
except Exception as error:
    open(sys.argv[2], "w").write(f"{type(error).__name__}: {error}")
"""
    _, result = run_script(tmp_path, text=SCRIPT + limited)
    assert re.search(r"^WorkerError: .*the limit RLIMIT_AS \(ulimit -v\) is [\d,]+ MiB", result)
