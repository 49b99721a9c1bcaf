"""Starts scripts under mpiexec, for the tests beside this file."""

import importlib.util
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_BESIDE_PYTHON = Path(sys.executable).with_name("mpiexec")
MPIEXEC = str(_BESIDE_PYTHON) if _BESIDE_PYTHON.exists() else shutil.which("mpiexec")

needs_mpi = pytest.mark.skipif(
    not MPIEXEC or not importlib.util.find_spec("mpi4py"), reason="mpi4py or mpiexec is missing"
)

# Little text in many units, as in the other tests of the engine. SHA-256 tells all bits apart.
PRELUDE = """
import hashlib, os, sys, warnings
from pathlib import Path
from mpi4py import MPI
from word2vec import Word2Vec
from word2vec.engine import schedule
schedule.USUAL_UNIT = 16
comm = MPI.COMM_WORLD
rank = comm.rank

def trainer(**options):
    return Word2Vec(**{"vector_size": 8, "min_count": 2, "sample": 0.01, "epochs": 2, "shards": 8,
                       "workers": 1, **options})

def bits(model):
    content = model.wv.vectors.tobytes() + model.outside_vectors.tobytes()
    content += repr([model.losses, model.loss_curve, model.wv.index_to_key]).encode()
    return hashlib.sha256(content).hexdigest()

def say(*what):
    sys.stdout.write(f"{rank}: " + " ".join(map(str, what)) + "\\n")  # in one piece
    sys.stdout.flush()

"""


def start(number, script, folder, *arguments, **keywords):
    """A script on so many ranks, after `PRELUDE`, in a process group of its own."""
    path = Path(folder, "script.py")
    path.write_text(PRELUDE + textwrap.dedent(script), encoding="utf-8")
    return start_command(number, [str(path), *arguments], folder, **keywords)


def start_command(number, arguments, folder, **keywords):
    search = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return subprocess.Popen(
        [MPIEXEC, "-n", str(number), sys.executable, *arguments],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": search, "PYTHONWARNINGS": "default"},
        start_new_session=True,
        **keywords,
    )


def finish(process):
    """What a started script has said, rank by rank, and its errors."""
    said, errors = process.communicate(timeout=120)
    return sorted(said.splitlines()), errors


def run(number, script, folder, *arguments):
    """What the ranks say, if all goes well."""
    process = start(number, script, folder, *arguments)
    said, errors = finish(process)
    assert process.returncode == 0, errors
    return said
