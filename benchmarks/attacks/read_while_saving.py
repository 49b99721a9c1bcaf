#!/usr/bin/env python3
"""Reads files of vectors again and again while two other processes save them.

    python benchmarks/attacks/read_while_saving.py --changes 500

Each save has other words and other numbers. Every read must give one save, whole, and at the end
only the file may be left. Exit status 0 only if that was so every time.
"""

import argparse
import contextlib
import itertools
import os
import signal
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.attacks.crash_points import KINDS, PLACE, vectors_kind
from word2vec.saving.locks import InUseError
from word2vec.vectors.keyed_vectors import KeyedVectors

PATIENCE = 60  # seconds without another save than before

# Checkpoints and encoded corpora are not among them: only a run that has their lock reads them.
SHARED = {name: kind for name, kind in KINDS.items() if name.startswith(("vectors", "metrics"))}
SHARED["vectors, npy, mapped"] = vectors_kind(
    "v.npy", KeyedVectors.save, lambda path: KeyedVectors.load(path, mmap=True)
)


@contextlib.contextmanager
def saving(kind, directory, versions):
    """Save these versions in turn, in another process, until the block ends."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the library's threads are idle
        child = os.fork()
    if child == 0:
        try:
            for version in itertools.cycle(versions):
                with contextlib.suppress(InUseError):  # the other one is saving
                    kind.write(directory, version)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)
    try:
        yield
    finally:
        os.kill(child, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status != -signal.SIGKILL:
        raise RuntimeError("saving failed")


def read_often(kind, num_changes):
    """Read until another save than before was found so often.

    Returns the number of reads, and how many of them gave one whole save.
    """
    reads, seen, changes = 0, [1], 0
    with tempfile.TemporaryDirectory(dir=PLACE) as parent:
        directory = Path(parent, "files")
        directory.mkdir()
        kind.write(directory, 1)
        with saving(kind, directory, (1, 2, 3)), saving(kind, directory, (4, 5)):
            deadline = time.monotonic() + PATIENCE
            while changes < num_changes:
                if time.monotonic() > deadline:
                    raise RuntimeError("nothing whole is saved anymore")
                reads += 1
                with contextlib.suppress(OSError, EOFError, ValueError, LookupError):
                    seen.append(kind.read(directory))
                    if seen[-1] != seen[-2]:
                        changes += 1
                        deadline = time.monotonic() + PATIENCE
        kind.write(directory, 6)
        if kind.read(directory) != 6 or len(list(directory.iterdir())) > 1:
            raise RuntimeError("the writers left something behind")
    return reads, len(seen) - 1


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--changes",
        type=int,
        default=500,
        help="read until so often another save than before was found [%(default)s]",
    )
    arguments = parser.parse_args()
    failed = False
    for name, kind in SHARED.items():
        reads, whole = read_often(kind, arguments.changes)
        print(f"{name:22} read {reads:6}, whole {whole:6}", flush=True)
        failed |= whole < reads
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
