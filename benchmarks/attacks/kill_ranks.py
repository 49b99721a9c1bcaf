#!/usr/bin/env python3
"""Kills ranks of training over MPI at random moments, and resumes with other numbers of ranks.

    python benchmarks/attacks/kill_ranks.py

Each run is `mpiexec -n RANKS python -m word2vec train` on two made-up texts, in shards. One of its
ranks gets SIGKILL: the first or another; while a leg is trained, in the middle of a merge, while a
checkpoint is written, or at any time from its start to its end. The same command with another
number of ranks resumes it. Its vectors and loss curves must be those of a run that nobody
disturbed. A row of the output is a run:

    ranks      before the kill, and after it
    workers    of each rank
    killed     which rank, and while it did what
    ended      seconds from the kill until mpiexec had ended
    alive      processes of the job that outlived it by a second
    went on    from a checkpoint; not, if it was killed before there was one
    equal      whether the result has the bits of the undisturbed run

Needs mpi4py and Linux.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.attacks.made_up_text import write_text
from benchmarks.attacks.processes import remaining

ROOT = Path(__file__).resolve().parents[2]
END_SECONDS = 30  # a job that takes longer hangs
MARK = "WORD2VEC_ATTACK"  # in the environment of every process of a run
OPTIONS = "--min-count 1 --vector-size 10 --epochs 4 --shards 8".split()
PLACES = "leg", "merge", "save", "any time"

# The command, but with units so short that workers find work in a short text, with a checkpoint
# after every leg, and with a rank that is told where to die: in which function, at which call of
# it, how long after its beginning.
PROGRAM = f"""
import json, os, signal, sys, threading, time
sys.path.insert(0, {str(ROOT)!r})
from word2vec.engine import exchange, legs, schedule, training
from word2vec.saving import team
from word2vec.commands.ranks import rank_and_size
schedule.USUAL_UNIT = 64
training.CHECKPOINT_SECONDS = 0.3
rank, place, calls, delay, note = json.loads(os.environ["{MARK}"])

def die():
    with open(note, "w") as file:
        file.write(str(time.time()))
    os.kill(os.getpid(), signal.SIGKILL)

def deadly(function):
    def call(*arguments):
        global calls
        calls -= 1
        if calls == 0:
            threading.Timer(delay, die).start()
        return function(*arguments)
    return call

if rank == rank_and_size()[0]:
    if place == "leg":
        legs.Legs._train = deadly(legs.Legs._train)
    if place == "merge":
        exchange._exchange = deadly(exchange._exchange)
    if place == "save":
        team.save_checkpoint = deadly(team.save_checkpoint)
    if place == "any time":
        threading.Timer(delay, die).start()
from word2vec.__main__ import main
sys.exit(main(call="word2vec"))
"""


def find_mpiexec():
    beside = Path(sys.executable).with_name("mpiexec")
    found = str(beside) if beside.exists() else shutil.which("mpiexec")
    if not found:
        sys.exit("There is no mpiexec: pip install mpi4py mpich")
    return found


def marked(mark):
    """The processes that have the mark in their environment."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                if mark in (folder / "environ").read_bytes().split(b"\0"):
                    found.append(int(folder.name))
            except OSError:  # it has ended, or is none of ours
                pass
    return found


class Run:
    """A run of so many ranks, of which one may be told to die."""

    def __init__(self, texts, output, ranks, workers, death=(-1, "", 0, 0.0)):
        self.note = output.with_name("killed-at")
        self.note.unlink(missing_ok=True)
        content = json.dumps([*death, str(self.note)])
        self.mark = f"{MARK}={content}".encode()
        command = [find_mpiexec(), "-n", str(ranks), sys.executable, "-c", PROGRAM, "train"]
        command += [str(texts), *OPTIONS, "--workers", str(workers), "--output", str(output)]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**os.environ, MARK: content},
            start_new_session=True,
        )

    def wait(self):
        """Seconds from the kill to the end; None if nobody was killed. Raises if it hangs."""
        give_up = time.time() + 300
        while True:
            try:
                _, errors = self.process.communicate(timeout=0.2)
                break
            except subprocess.TimeoutExpired:
                killed_at = self.killed_at()
                if time.time() > (killed_at + END_SECONDS if killed_at else give_up):
                    for pid in marked(self.mark):
                        os.kill(pid, signal.SIGKILL)
                    self.process.communicate()
                    return float("inf")
        self.errors = errors.decode(errors="replace")
        return time.time() - self.killed_at() if self.killed_at() else None

    def killed_at(self):
        try:
            return float(self.note.read_text())
        except (OSError, ValueError):  # not yet, or just now
            return None


def result(output):
    """What must not differ: the vectors, with all their digits, and the losses."""
    metrics = json.loads((output / "metrics.json").read_text(encoding="utf-8"))
    losses = [value for name, value in metrics.items() if name.startswith("loss")]
    return (output / "vectors.txt").read_bytes(), losses


def attack(number, texts, folder, rng, expected, longest):
    """Kill a run, resume it, print the row; returns whether all was as it should be."""
    output = Path(folder, f"run-{number}")
    place = PLACES[number % len(PLACES)]
    before, after = rng.choice([2, 4]).item(), rng.choice([1, 2, 4, 8]).item()
    workers = rng.choice([1, 2]).item()
    # Only the first rank saves.
    rank = 0 if place == "save" else rng.integers(before).item()
    calls = rng.integers(1, 100 if place == "leg" else 12).item()
    delay = rng.uniform(0, longest if place == "any time" else 0.02)
    run = Run(texts, output, before, workers, (rank, place, calls, delay))
    seconds = run.wait()
    alive = len(remaining(lambda: marked(run.mark), 1.0))
    is_killed = seconds is not None and run.process.returncode != 0
    went_on = any(output.glob("checkpoints/checkpoint-*.npz"))
    if run.process.returncode:
        again = Run(texts, output, after, 1)
        again.wait()
        if again.process.returncode:
            print(again.errors)
    equal = again_equal(output, expected)
    ended = "-" if seconds is None else f"{seconds:.1f}"
    print(
        f"{number:3}  {before} to {after}  {workers:7}  rank {rank}, {place:9}{ended:>7}{alive:7}  "
        f"{'yes' if went_on else 'no':>7}  {'yes' if equal else 'NO':>5}",
        flush=True,
    )
    shutil.rmtree(output, ignore_errors=True)
    return is_killed, equal and not alive and (seconds is None or seconds <= END_SECONDS)


def again_equal(output, expected):
    try:
        return result(output) == expected
    except OSError:
        return False


def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=30, help="[%(default)s]")
    parser.add_argument("--seed", type=int, default=0, help="of texts and moments [%(default)s]")
    args = parser.parse_args(argv)
    rng = np.random.default_rng(args.seed)
    kills, good, number = 0, True, 0
    with tempfile.TemporaryDirectory() as folder:
        texts = Path(folder, "texts")
        texts.mkdir()
        for name in ("one.txt", "two.txt"):
            write_text(texts / name, 2000, 1500, rng)
        started = time.time()
        undisturbed = Run(texts, Path(folder, "undisturbed"), 2, 1)
        undisturbed.wait()
        if undisturbed.process.returncode:
            sys.exit(f"A run that nobody disturbs fails:\n{undisturbed.errors}")
        longest = time.time() - started
        expected = result(Path(folder, "undisturbed"))
        print("     ranks   workers  killed              ended  alive  went on  equal")
        while kills < args.kills and number < 3 * args.kills:
            is_killed, is_good = attack(number, texts, folder, rng, expected, longest)
            kills, good, number = kills + is_killed, good and is_good, number + 1
    print(f"{kills} kills")
    passed = good and kills == args.kills
    print("PASSED" if passed else "FAILED")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
