#!/usr/bin/env python3
"""Kills training at random moments, resumes it, and compares the results bit for bit.

    python benchmarks/attacks/kill_and_resume.py

Each run trains on a made-up text with many checkpoints: `run.py`, by the engine with one or two
workers or by `sgd`; the same from a pipe, with hierarchical softmax, with shards, or saving the
whole model; a program that trains a saved model on; and one that joins phrases, which has no
checkpoints. At a random moment between its start and its end it gets SIGKILL, SIGTERM or SIGINT:
the process alone, one of its workers, or all of them, as by Ctrl-C in a terminal. The same command
resumes it, is killed in turn, and so on until one ends in peace. The files that it writes and its
loss curves must be those of a run that nobody disturbed.

    kills      runs that the signal ended, with the status they should have; a killed worker ends
               the run with status 2 and an error that says so
    start-up, training, saving
               when that was: before training, in it, or while the results were written
    runs       that were brought to their end, however often they were killed
    equal      of these, with the files and loss curves of the undisturbed run
    resumed    starts after a kill that came far enough to be seen training
    continued  of these, from a checkpoint; the others were killed before there was one, or when
               all was written
    files      left behind by the runs of the row in shared memory or among temporary files
    output     left behind in the output directories of ended runs, other than results
    alive      processes that outlived their run by a second

Nothing else should train on the machine meanwhile: its files in shared memory would be counted.
"""

import argparse
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.attacks.made_up_text import write_text
from benchmarks.attacks.processes import descendants, left_files, processes, remaining

ROOT = Path(__file__).resolve().parents[2]
# With units so short that two workers find work in a short text.
SHORT_UNITS = f"""
import signal
ctrl_c = signal.signal(signal.SIGINT, signal.SIG_DFL)  # as run.py, until all is imported
import runpy, shutil, sys
from pathlib import Path
sys.path.insert(0, {str(ROOT)!r})
from word2vec import Word2Vec
from word2vec.__main__ import main
from word2vec.engine import schedule
schedule.USUAL_UNIT = 64
signal.signal(signal.SIGINT, ctrl_c)
"""
RUN_PY = f"""{SHORT_UNITS}
sys.argv[0] = "run.py"
runpy.run_path({str(ROOT / "run.py")!r}, run_name="__main__")
"""
NO_PICTURES = f"""{SHORT_UNITS}
sys.exit(main())
"""
TRAIN_ON = f"""{SHORT_UNITS}
text, output = map(Path, sys.argv[1:])
first, begun, checkpoints = output / "first.w2v", output / "begun", output / "checkpoints"
if not first.exists():  # what is encoded without a place of its own, a kill leaves behind
    model = Word2Vec(vector_size=10, min_count=1, epochs=1, workers=1)
    model.fit(text, checkpoint_dir=begun).save(first)
model = Word2Vec.load(first)
model.partial_fit(text, epochs=8, checkpoint_dir=checkpoints, progress=True)
model.save(output / "model.w2v")
done = output / "done"  # with this name none is taken for a checkpoint that is whole
shutil.rmtree(done, ignore_errors=True)
checkpoints.rename(done)
for directory in (begun, done):
    shutil.rmtree(directory, ignore_errors=True)
"""


class Kind(NamedTuple):
    """A kind of run."""

    program: str
    options: str  # {text} and {output} are paths
    results: tuple  # files that must be equal
    text_size: tuple = (2000, 300)  # words, and sentences after those that have each word once
    reads_pipe: bool = False  # the text comes through standard input
    has_checkpoints: bool = True

    def command(self, text, output):
        options = self.options.format(text=text, output=output).split()
        return [sys.executable, "-c", self.program, *options]


# The engine saves at the end of each epoch, so there are many short ones.
VECTORS = ("vectors.txt", "vocab.txt")
ENGINE = "--output {output} --min-count 1 --vector-size 10 --epochs 8 --corpus "
SGD = "--output {output} --optimizer sgd --iterations 1500 --checkpoint-every 50 --corpus {text}"
SAVE = "{text} --workers 1 --save {output}/model.w2v"
TREE = "{text} --workers 1 --loss hierarchical_softmax"
JOIN = "phrases {text} --output {output}/phrased.txt --table {output}/phrases.txt --threshold 1"
MANY = 2000, 5000  # phrases are soon found
LARGE = 24_000, 300  # so that workers have to be told much
KINDS = {
    "engine, 1 worker": Kind(RUN_PY, ENGINE + "{text} --workers 1", VECTORS),
    "engine, 2 workers": Kind(RUN_PY, ENGINE + "{text} --workers 2", VECTORS, LARGE),
    "sgd": Kind(RUN_PY, SGD, VECTORS),
    "from a pipe": Kind(NO_PICTURES, f"train {ENGINE}- --workers 1", VECTORS, reads_pipe=True),
    "huffman tree": Kind(NO_PICTURES, f"train {ENGINE}{TREE}", VECTORS),
    "2 shards": Kind(NO_PICTURES, f"train {ENGINE}{{text}} --workers 2 --shards 2", VECTORS),
    "saved model": Kind(NO_PICTURES, f"train {ENGINE}{SAVE}", (*VECTORS, "model.w2v")),
    "trained on": Kind(TRAIN_ON, "{text} {output}", ("first.w2v", "model.w2v")),
    "phrases": Kind(NO_PICTURES, JOIN, ("phrased.txt", "phrases.txt"), MANY, False, False),
}


class Attack(NamedTuple):
    """What is done to a run."""

    kind: str  # of run
    signal: str
    target: str  # "process", "worker" or "all"


ATTACKS = [
    *(Attack(kind, name, "process") for kind in KINDS for name in ("SIGKILL", "SIGTERM", "SIGINT")),
    Attack("engine, 2 workers", "SIGKILL", "worker"),
    *(Attack("engine, 2 workers", name, "all") for name in ("SIGTERM", "SIGINT")),
]
WORKER_ERROR = "run.py: A worker process ended unexpectedly"

PHASES = ("start-up", "training", "saving")
COLUMNS = "kills", *PHASES, "runs", "equal", "resumed", "continued", "files", "output", "alive"
OTHER_RESULTS = {"word_vectors.png", "loss.png", "metrics.json", "epochs.tsv"}

END_SECONDS = 120  # whoever takes longer after a signal hangs, however busy the machine is
MOST_RUNS_PER_KILL = 5  # signals that always come too late must not go on for ever


class Run:
    """A start of a program, in a process group of its own; a context manager.

    Parameters
    ----------
    kind : Kind
    text, output, temporary : Path
        A file, a directory, and one for temporary files, which must exist.
    """

    def __init__(self, kind, text, output, temporary):
        self._kind, self._output = kind, output
        output.mkdir(exist_ok=True)
        self._source = None
        if kind.reads_pipe:
            self._source = subprocess.Popen(["cat", text], stdout=subprocess.PIPE)
        self._errors = output.with_name(f"{output.name}-errors")
        with open(self._errors, "w") as errors:  # surviving workers would keep a pipe open
            self.process = subprocess.Popen(
                kind.command(text, output),
                stdin=self._source.stdout if self._source else subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                env={**os.environ, "TMPDIR": str(temporary)},
                start_new_session=True,
            )
        if self._source:
            self._source.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        if self._source:
            self._source.wait()

    def disturb(self, attack, moment, rng):
        """Send the signal so many seconds from now; False if the run has ended before."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(moment)
            return False
        number = getattr(signal, attack.signal)
        with contextlib.suppress(ProcessLookupError, PermissionError):  # it has just ended
            if attack.target == "process":
                self.process.send_signal(number)
            elif attack.target == "all":
                os.killpg(self.process.pid, number)
            else:
                os.kill(self._choose_worker(rng), number)
        return True

    def _choose_worker(self, rng):
        """One of its workers, or what they are forked from, as soon as it has any."""
        while self.process.poll() is None:
            if workers := descendants(self.process.pid):
                return workers[rng.integers(len(workers))].pid
        raise ProcessLookupError

    def wait(self):
        """Its exit status; None if it does not end."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.process.wait(END_SECONDS)

    def end_survivors(self, seconds):
        """Kill what is there of its group so much later; returns how many that were."""
        group = self.process.pid
        alive = remaining(lambda: [one.pid for one in processes() if one.group == group], seconds)
        for pid in alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return len(alive)

    @property
    def errors(self):
        """What it wrote to standard error."""
        return self._errors.read_text(encoding="utf-8", errors="replace")

    @property
    def phase(self):
        """How far it came, by its progress bar."""
        if "%|" not in self.errors:  # phrases are counted for an unknown time
            return "training" if "counting" in self.errors else "start-up"
        return "saving" if "100%|" in self.errors else "training"

    @property
    def continued(self):
        """Whether its training began from a checkpoint; None if that is not to be seen."""
        if not self._kind.has_checkpoints:
            return None
        if bar := re.search(r"\| ([\d.]+)[kM]?/", self.errors):
            return float(bar[1]) > 0
        # If it has ended in peace it only had to write the results; not all of them tell.
        resumed_at = self._metrics("resumed_at") if self.process.returncode == 0 else []
        return any(value > 0 for value in resumed_at) if resumed_at else None

    def result(self):
        """What must not differ: the files, with all their bytes, and the loss curves."""
        files = [(self._output / name).read_bytes() for name in self._kind.results]
        return files, self._metrics("loss")

    def _metrics(self, start):
        """Those whose names start so; none of a run that writes none."""
        if not (self._output / "metrics.json").exists():
            return []
        metrics = json.loads((self._output / "metrics.json").read_text(encoding="utf-8"))
        return [value for name, value in metrics.items() if name.startswith(start)]


def run_undisturbed(kind, text):
    """The result of a run, and the seconds that it takes."""
    with tempfile.TemporaryDirectory() as directory:
        started = time.monotonic()
        with Run(kind, text, Path(directory, "output"), directory) as run:
            status = run.process.wait()
        seconds = time.monotonic() - started
        if status:
            raise RuntimeError(f"{' '.join(run.process.args[3:])} failed:\n{run.errors}")
        return run.result(), seconds


class Trial:
    """An attack, made again and again, and what came of it: see the top of this file.

    Parameters
    ----------
    attack : Attack
    text : Path
    reference : tuple
        From `run_undisturbed`, of the same kind and text.
    rng : numpy.random.Generator
    patience : float
        Seconds until whatever is left of a run counts as left behind.
    """

    def __init__(self, attack, text, reference, rng, patience=1.0):
        self.attack = attack
        self._kind, self._text = KINDS[attack.kind], text
        self._expected, self._longest = reference
        self._rng, self._patience = rng, patience
        self.phases = Counter()  # of the kills
        self.runs = self.equal = self.resumed = self.continued = 0
        self.files = self.output = self.alive = 0
        self.problems = []

    @property
    def kills(self):
        return self.phases.total()

    @property
    def numbers(self):
        """The cells of its row in the table."""
        return [self.phases[name] if name in PHASES else getattr(self, name) for name in COLUMNS]

    @property
    def is_good(self):
        nothing_left = not (self.files or self.output or self.alive)
        return self.equal == self.runs and nothing_left and not self.problems

    def kill(self, times):
        """Kill so often, over as many runs as that takes."""
        with tempfile.TemporaryDirectory() as parent:
            temporary = Path(parent, "tmp")
            temporary.mkdir()
            before = left_files(temporary)
            while self.kills < times and self.runs < MOST_RUNS_PER_KILL * times:
                self._kill_until_done(times, Path(parent, f"run-{self.runs}"), temporary)
            self.files = len(remaining(lambda: left_files(temporary) - before, self._patience))
        if self.kills < times:
            self.problems.append(f"only {self.kills} of {times} signals ended a run")

    def _kill_until_done(self, times, output, temporary):
        self.runs += 1
        kills_before = self.kills
        while True:
            has_checkpoint = any(output.glob("checkpoints/checkpoint-*.npz"))
            with Run(self._kind, self._text, output, temporary) as run:
                moment = self._rng.uniform(0, self._longest)
                is_hit = self.kills < times and run.disturb(self.attack, moment, self._rng)
                status = run.wait()
            self.alive += run.end_survivors(self._patience)
            if self.kills > kills_before and run.continued is not None:
                self.resumed += 1
                self.continued += run.continued
                if has_checkpoint and not run.continued:
                    self.problems.append("a run began anew in spite of a checkpoint")
            if status == 0:  # undisturbed, or hit at its very end
                self.equal += run.result() == self._expected
                files = {path.name for path in output.iterdir()}
                self.output += len(files - OTHER_RESULTS - {*self._kind.results})
                return
            if is_hit:
                self.phases[run.phase] += 1
            if not is_hit or not self._is_expected(run, status):
                what = "hit" if is_hit else "not hit"
                how = f"ended with status {status}" if status else "did not end"
                last = run.errors.strip().rpartition("\n")[2]
                self.problems.append(f"a run that was {what} {how} ({run.phase}): {last}")
            if not is_hit:
                return

    def _is_expected(self, run, status):
        if self.attack.target == "worker":
            return status == 2 and WORKER_ERROR in run.errors
        if self.attack.signal == "SIGINT":
            # -SIGINT while modules are imported; 1 if Python itself is still starting.
            is_python = status == 1 and "Fatal Python error: init" in run.errors
            return status in (-signal.SIGINT, 130) or is_python
        return status == -getattr(signal, self.attack.signal)


def row_name(kind, signal_name, target):
    return f"{kind:19}{signal_name:9}{target:8}"


def print_row(name, cells):
    columns = [*COLUMNS, "s/kill"]
    cells = (f"{cell:>{len(column) + 2}}" for cell, column in zip(cells, columns, strict=False))
    print(f"{name:36}" + "".join(cells), flush=True)


def parse_args(argv=None):
    first, usage, rest = __doc__.split("\n\n", 2)
    parser = argparse.ArgumentParser(
        description=first,
        epilog=f"""{rest}
Exit status 0 only if all runs are equal, nothing is left, and every run ended as it should.

examples:
  20 kills in each row, and 1,000 in all:
{usage}
    python benchmarks/attacks/kill_and_resume.py --total 1000
  more of one kind, at other moments:
    python benchmarks/attacks/kill_and_resume.py --kills 100 --only "SIGKILL worker" --seed 1
""",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--kills", type=int, default=20, help="in each row of the table [%(default)s]")
    add("--total", type=int, metavar="N", help="at least so many kills, in all rows together")
    add("--only", default="", metavar="TEXT", help="rows with this in them, such as sgd or SIGTERM")
    add("--seed", type=int, default=0, help="of text and moments [%(default)s]")
    args = parser.parse_args(argv)
    args.attacks = [attack for attack in ATTACKS if args.only in " ".join(attack)]
    if not args.attacks:
        parser.error(f"no row has {args.only!r} in it")
    if args.total:
        args.kills = -(-args.total // len(args.attacks))
    return args


def main(argv=None):
    args = parse_args(argv)
    # In the background, a shell may have it ignored; runs would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    rng = np.random.default_rng(args.seed)
    trials, references = [], {}
    with tempfile.TemporaryDirectory() as directory:
        print_row(row_name("run", "signal", "to"), [*COLUMNS, "s/kill"])
        for attack in args.attacks:
            kind = KINDS[attack.kind]
            text = Path(directory, f"text-{kind.text_size[0]}.txt")
            if not text.exists():
                write_text(text, *kind.text_size, np.random.default_rng(args.seed))
            if attack.kind not in references:
                references[attack.kind] = run_undisturbed(kind, text)
            trial = Trial(attack, text, references[attack.kind], rng)
            started = time.monotonic()
            trial.kill(args.kills)
            seconds = (time.monotonic() - started) / max(1, trial.kills)
            print_row(row_name(*attack), [*trial.numbers, f"{seconds:.1f}"])
            for problem in trial.problems:
                print(f"  {problem}", flush=True)
            trials.append(trial)
    totals = [sum(column) for column in zip(*(trial.numbers for trial in trials), strict=True)]
    print_row("total", totals)
    resumed, continued = (sum(getattr(one, name) for one in trials) for name in COLUMNS[6:8])
    is_good = all(trial.is_good for trial in trials) and (continued > 0 or resumed == 0)
    print("PASSED" if is_good else "FAILED")
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
