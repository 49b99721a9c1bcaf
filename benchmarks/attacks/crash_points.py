#!/usr/bin/env python3
"""Kills the writing of files at every system call, and looks at what is left.

    python benchmarks/attacks/crash_points.py

For each kind of file a child process replaces an old version by a new one and is killed at its
n-th call of open, flock, write, fsync, rename, unlink ..., for n = 1, 2, ... until it completes:
before the call, after it, and in the middle of a write. Each is tried three times: as the death of
the process, which loses nothing that was written; as a power cut, which also takes back all bytes
written since the last fsync of the file; and as one that takes back renames, too, since the last
fsync of the directory.

Afterwards the old version or the new one must be there, whole; and once the next version has been
written, no other file may be left. Exit status 0 only if that was so every time.
"""

import builtins
import contextlib
import fcntl
import io
import itertools
import json
import os
import signal
import stat
import sys
import tempfile
import traceback
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from word2vec.corpus.encoded import encode
from word2vec.corpus.phrases import Phrases
from word2vec.engine import model_file
from word2vec.engine.model_file import Model
from word2vec.saving.checkpoint import Checkpoint, load_latest_checkpoint, save_checkpoint
from word2vec.saving.files import atomic_write
from word2vec.sgd import sgd
from word2vec.vectors.keyed_vectors import KeyedVectors

MOMENTS = ("before", "within", "after")
LOSSES = ((), ("bytes",), ("bytes", "renames"))
# In memory, for there are thousands of syncs; that they are made is seen all the same.
PLACE = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None

# ---------------------------------------------------------------- what is written


class Kind(NamedTuple):
    """A kind of file, written and read in a directory of its own."""

    write: callable  # (directory, version): as a run would, over the version before
    read: callable  # directory -> version; raises unless it is whole
    files: tuple  # patterns of the files that may be there afterwards
    max_files: int


def example_words(version):
    return [f"{letter}{version}" for letter in "abcdefgh"]


def example_vectors(version):
    vectors = np.random.default_rng(version).normal(size=(8, 300)).astype(np.float32)
    return KeyedVectors.from_words(example_words(version), vectors)


def vectors_kind(name, save, load):
    def write(directory, version):
        save(example_vectors(version), directory / name)

    def read(directory):
        vectors = load(directory / name)
        version = int(vectors.index_to_key[0][1:])
        require(vectors.index_to_key == example_words(version))
        require(np.array_equal(vectors.vectors, example_vectors(version).vectors))
        return version

    return Kind(write, read, (name,), 1)


def save_in_c_format(**options):
    def save(vectors, path):
        vectors.save_word2vec_format(path, **options)

    return save


def load_in_c_format(**options):
    return lambda path: KeyedVectors.load_word2vec_format(path, **options)


def write_checkpoint(directory, version):
    parameters = np.random.default_rng(version).normal(size=(50, 100))
    checkpoint = Checkpoint({"seed": 1}, {"iteration": version}, {"parameters": parameters})
    save_checkpoint(directory, version, checkpoint)


def read_checkpoint(directory):
    _, state, arrays = load_latest_checkpoint(directory, {"seed": 1})
    expected = np.random.default_rng(state["iteration"]).normal(size=(50, 100))
    require(np.array_equal(arrays["parameters"], expected))
    return state["iteration"]


def text_of(directory, version):
    """A corpus; outside of the directory that is looked at."""
    path = directory.with_name(f"text-{version}.txt")
    if not path.exists():
        path.write_text(" ".join(example_words(version)) + "\n", encoding="utf-8")
    return path


def write_corpus(directory, version):
    encode(text_of(directory, version), directory, min_count=1)


def read_corpus(directory):
    header = json.loads((directory / "corpus.json").read_text(encoding="utf-8"))
    version = int(header["words"][0][1:])
    corpus = encode(text_of(directory, version), directory, min_count=1)
    require(list(corpus.vocab.words) == example_words(version))
    require(np.array_equal(corpus.tokens, range(9)))
    return version


def write_json(directory, version):
    with atomic_write(directory / "metrics.json", "w", encoding="utf-8") as file:
        json.dump([version] * 10_000, file)


def read_json(directory):
    content = json.loads((directory / "metrics.json").read_text(encoding="utf-8"))
    require(content == content[:1] * 10_000)
    return content[0]


def run_sgd(directory, version):
    """A run of two iterations for each version, with a checkpoint after each iteration."""
    rng = np.random.default_rng(0)

    def f(x):
        shift = rng.normal(size=x.shape)
        return np.sum((x - shift) ** 2), 2 * (x - shift)

    options = {"rng": rng, "checkpoint_dir": directory, "checkpoint_every": 1}
    return sgd(f, np.zeros(100), 0.1, 2 * version, **options)


def read_run(directory):
    """The version reached; its parameters must be those of a run that nothing has disturbed."""
    with tempfile.TemporaryDirectory(dir=PLACE) as other:
        paths = sorted(directory.glob("*.npz"))
        iteration = int(paths[-1].stem.split("-")[1])
        version = -(-iteration // 2)
        require(np.array_equal(run_sgd(directory, version), run_sgd(other, version)))
    return version


def example_model(version):
    center, outside = np.random.default_rng(version).normal(size=(2, 8, 100)).astype(np.float32)
    counts = dict.fromkeys(example_words(version), version)
    params = {"seed": version, "vector_size": 100}
    return Model(params, counts, {"rare": 1}, center, outside)


def write_model(directory, version):
    model_file.write_model(directory / "model.w2v", example_model(version))


def read_model(directory):
    model = model_file.read_model(directory / "model.w2v")
    version = model.params["seed"]
    expected = example_model(version)
    require((model.counts, model.rare) == (expected.counts, expected.rare))
    require(np.array_equal(model.center_vectors, expected.center_vectors))
    require(np.array_equal(model.outside_vectors, expected.outside_vectors))
    return version


def example_phrases(version):
    return Phrases([["new", "york"]] * version + [["a", "b"]], min_count=1, threshold=1e-9)


def write_phrases(directory, version):
    example_phrases(version).save(directory / "phrases")


def read_phrases(directory):
    phrases = Phrases.load(directory / "phrases")
    version = phrases.corpus_word_count // 2 - 1
    require(phrases.export_phrases() == example_phrases(version).export_phrases())
    return version


KINDS = {
    "checkpoint": Kind(write_checkpoint, read_checkpoint, ("checkpoint-*.npz",), 2),
    "run with checkpoints": Kind(run_sgd, read_run, ("checkpoint-*.npz",), 2),
    "vectors, text": vectors_kind("v.txt", save_in_c_format(), load_in_c_format()),
    "vectors, binary": vectors_kind(
        "v.bin", save_in_c_format(binary=True), load_in_c_format(binary=True)
    ),
    "vectors, gzip": vectors_kind("v.txt.gz", save_in_c_format(), load_in_c_format()),
    "vectors, npy": vectors_kind("v.npy", KeyedVectors.save, KeyedVectors.load),
    "model": Kind(write_model, read_model, ("model.w2v",), 1),
    "phrases": Kind(write_phrases, read_phrases, ("phrases",), 1),
    "encoded corpus": Kind(write_corpus, read_corpus, ("corpus.ids", "corpus.json"), 2),
    "metrics": Kind(write_json, read_json, ("metrics.json",), 1),
}


def require(condition):
    if not condition:
        raise ValueError("the content is of no version")


# ---------------------------------------------------------------- dying


class Killer:
    """Counts system calls that change files, and kills this process at one of them."""

    def __init__(self, directory, number, moment, losses):
        self.directory, self.number, self.moment = directory, number, moment
        self.losses = losses
        self.count = 0
        self.synced_bytes = {}  # by inode
        self.renames = []  # not yet synced: from, to, and where the file that was replaced is kept

    def install(self):
        """Put a counting function in the place of each that makes such a call."""
        for module, names in ((os, "open ftruncate close unlink mkdir"), (fcntl, "flock")):
            for name in names.split():
                setattr(module, name, self.counting(getattr(module, name)))
        os.fsync = self.counting(self.syncing(os.fsync))
        os.replace = self.counting(self.renaming(os.replace))
        builtins.open = self.opening(builtins.open)

    def counting(self, function, half=None):
        def call(*arguments, **options):
            self.count += 1
            if self.count == self.number:
                if self.moment == "after":
                    function(*arguments, **options)
                elif self.moment == "within" and half:
                    half(*arguments)
                self.die()
            return function(*arguments, **options)

        return call

    def syncing(self, fsync):
        def call(descriptor):
            fsync(descriptor)
            status = os.fstat(descriptor)
            if stat.S_ISDIR(status.st_mode):
                self.renames.clear()
            else:
                self.synced_bytes[status.st_ino] = status.st_size

        return call

    def renaming(self, replace):
        def call(source, target):
            kept = None
            if os.path.exists(target):
                kept = self.directory.with_name(f"replaced-{self.count}")
                os.link(target, kept)
            self.renames.append((source, target, kept))
            replace(source, target)

        return call

    def opening(self, original):
        """`open` whose files count their writes, as the operating system sees them."""
        killer = self

        class File(io.FileIO):
            def write(self, data):
                killer.synced_bytes.setdefault(os.fstat(self.fileno()).st_ino, 0)
                return killer.counting(super().write, self.write_half)(data)

            def write_half(self, data):
                super().write(memoryview(data).cast("B")[: memoryview(data).nbytes // 2])

            def truncate(self, size=None):
                return killer.counting(super().truncate)(size)

            def close(self):
                if not self.closed:
                    killer.counting(super().close)()

        def call(path, mode="r", *, encoding=None, newline=None, opener=None):
            if "w" not in mode:
                return original(path, mode, encoding=encoding, newline=newline)
            raw = File(path, mode.replace("b", ""), opener=opener)
            buffered = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
            return (
                buffered if "b" in mode else io.TextIOWrapper(buffered, encoding, newline=newline)
            )

        return call

    def die(self):
        if "renames" in self.losses:
            for source, target, kept in reversed(self.renames):
                os.rename(target, source)
                if kept:
                    os.rename(kept, target)
        if "bytes" in self.losses:
            for path in self.directory.iterdir():
                status = path.stat()
                if self.synced_bytes.get(status.st_ino, status.st_size) < status.st_size:
                    os.truncate(path, self.synced_bytes[status.st_ino])
        os.kill(os.getpid(), signal.SIGKILL)


def completes(kind, directory, *death):
    """Write version 2 in a child process that dies as `Killer` is told; whether it lived on."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the library's threads are idle
        child = os.fork()
    if child == 0:
        status = 1
        try:
            Killer(directory, *death).install()
            kind.write(directory, 2)
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status not in (0, -signal.SIGKILL):
        raise RuntimeError("writing failed before it was killed")
    return status == 0


def survives(kind, directory):
    """Whether a directory is as it must be after a kill, and after the next version."""
    try:
        require(kind.read(directory) in (1, 2))
        kind.write(directory, 3)
        require(kind.read(directory) == 3)
    except (OSError, ValueError, LookupError):
        return False
    paths = list(directory.iterdir())
    expected = all(any(path.match(pattern) for pattern in kind.files) for path in paths)
    return expected and len(paths) <= kind.max_files


def try_all(kind, stride=1):
    """Kill at every `stride`-th call, in each way; number of kills, and of those survived."""
    tried = survived = 0
    for losses in LOSSES:
        for start, moment in enumerate(MOMENTS, 1):
            for number in itertools.count(min(start, stride), stride):
                with tempfile.TemporaryDirectory(dir=PLACE) as parent:
                    directory = Path(parent, "files")
                    directory.mkdir()
                    for version in (0, 1):
                        kind.write(directory, version)
                    if completes(kind, directory, number, moment, losses):
                        break
                    tried += 1
                    survived += survives(kind, directory)
    return tried, survived


def main():
    failed = False
    for name, kind in KINDS.items():
        with contextlib.redirect_stderr(io.StringIO()):
            tried, survived = try_all(kind)
        print(f"{name:22} killed {tried:5}, survived {survived:5}", flush=True)
        failed |= survived < tried
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
