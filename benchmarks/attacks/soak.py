#!/usr/bin/env python3
"""Trains for a long time, and watches whether memory grows or training slows down.

    python benchmarks/attacks/soak.py --minutes 30 --plot soak.png
    python benchmarks/attacks/soak.py --train-on 200

One `Word2Vec.fit`, with checkpoints, is looked at every few seconds and stopped when the time is
over. Or one model is trained on so many times, each with a checkpoint of its own, in one process
(the text is short), and looked at after each. The table shows the sixths of the time:

    parent, workers  resident memory in MiB, mean; what they share counts in each of them
    largest          that of all of them together, at one moment
    words/s          of the text, subsampled or not
    descriptors      open files and pipes, fewest-most; where there is no /proc, the parent's alone
    threads          of all of them
    checkpoints      written

What was seen after the first tenth of the time, or the first quarter of the trainings, is judged.
Slopes are those of straight lines through it, by least squares. It is FLAT if, along its line,
memory has grown by at most 2 % and speed has fallen by at most 5 % from then to the end, if the
numbers of descriptors and threads have not changed in that time, and if nothing is left behind: no
files in shared memory, temporary files, locks, half-written files or workers. The medians of the
first and last quarter of what is judged stand beside it.

Resident memory may contain what was read of the text, so the first tenth of the time should
suffice for an epoch. Nothing else should run meanwhile.
"""

import argparse
import contextlib
import itertools
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.attacks.made_up_text import write_text
from benchmarks.attacks.processes import (
    descendants,
    family,
    left_files,
    remaining,
    unfinished_files,
)
from word2vec import Word2Vec

# Of the made-up text: enough for units of full length, and an epoch takes some seconds.
NUM_WORDS = 20_000
NUM_SENTENCES = 500_000

SKIPPED = 0.1  # of the time: until everything has found its place in memory
SKIPPED_OF_TRAININGS = 0.25  # arrays come and go: the heap takes some tens of them to settle
MOST_GROWTH = 2.0  # % of memory
MOST_SLOWDOWN = 5.0  # % of speed
FEWEST_SAMPLES = 20

# Of the text for training on: 200 times take some five minutes.
NUM_SENTENCES_MORE = 20_000

# Training shall not end by itself.
EPOCHS = 10**6


class Sample(NamedTuple):
    """What was seen at one moment."""

    seconds: float  # since the first round
    parent: float  # MiB
    workers: float  # MiB, all together
    words_per_second: float  # since the sample before
    descriptors: int
    threads: int
    checkpoints: int  # so far

    @property
    def memory(self):
        return self.parent + self.workers

    @classmethod
    def now(cls, seconds, words_per_second, checkpoints):
        memory = {one.pid: one.memory / 1024 for one in family(os.getpid())}
        descriptors, threads = (sum(num_open(what, pid) for pid in memory) for what in OPEN)
        parent = memory.pop(os.getpid())
        workers = sum(memory.values())
        return cls(seconds, parent, workers, words_per_second, descriptors, threads, checkpoints)


class TimeIsOver(Exception):
    pass


class Watch:
    """A callback of `Word2Vec.fit` that takes samples and at last raises `TimeIsOver`.

    Parameters
    ----------
    checkpoints : Path
        The directory they are saved in.
    seconds : float
        After which time is over.
    every : float
        Seconds between samples.
    """

    def __init__(self, checkpoints, seconds, every):
        self.samples = []
        self._directory, self._seconds, self._every = checkpoints, seconds, every
        self._seen = set()  # names of checkpoints
        self._started = self._last = self._last_tokens = None

    def __call__(self, progress):
        now = time.monotonic()
        # No two are saved between two calls, and one stays until the one after next.
        self._seen.update(path.name for path in self._directory.glob("checkpoint-*.npz"))
        if self._started is None:
            self._started = self._last = now
            self._last_tokens = progress.tokens
        if now - self._last >= self._every:
            speed = (progress.tokens - self._last_tokens) / (now - self._last)
            self.samples.append(Sample.now(now - self._started, speed, len(self._seen)))
            self._last, self._last_tokens = now, progress.tokens
        if now - self._started >= self._seconds:
            raise TimeIsOver


OPEN = "fd", "task"  # where /proc has a process's open files, and its threads


def num_open(what, pid):
    """How many of one of `OPEN` a process has; 0 if the system does not tell."""
    directory = "/dev/fd" if what == "fd" and pid == os.getpid() else f"/proc/{pid}/{what}"
    return len(os.listdir(directory)) if os.path.isdir(directory) else 0


class Line(NamedTuple):
    """A straight line by least squares."""

    start: float  # value where it begins
    end: float
    per_hour: float

    @classmethod
    def through(cls, seconds, values):
        slope, value = np.polyfit(seconds - seconds[0], values, 1)
        return cls(value, value + slope * (seconds[-1] - seconds[0]), 3600 * slope)

    @property
    def change(self):
        """In percent."""
        return 100 * (self.end / self.start - 1)


class Verdict(NamedTuple):
    """What the samples after the first part of the time say."""

    memory: Line
    speed: Line
    descriptors: tuple  # fewest and most
    threads: tuple

    @classmethod
    def of(cls, judged):
        seconds = np.array([sample.seconds for sample in judged])
        counts = [(sample.descriptors, sample.threads) for sample in judged]
        descriptors, threads = ((min(of_all), max(of_all)) for of_all in zip(*counts, strict=True))
        return cls(
            Line.through(seconds, [sample.memory for sample in judged]),
            Line.through(seconds, [sample.words_per_second for sample in judged]),
            descriptors,
            threads,
        )

    @property
    def is_flat(self):
        grown, slowed = self.memory.change > MOST_GROWTH, self.speed.change < -MOST_SLOWDOWN
        is_constant = len({*self.descriptors}) == len({*self.threads}) == 1
        return not grown and not slowed and is_constant


def after_the_start(samples, skipped=SKIPPED):
    """The samples that are judged."""
    return [sample for sample in samples if sample.seconds >= skipped * samples[-1].seconds]


def soak(corpus, checkpoints, seconds, every, **settings):
    """Train for so long; returns the samples, and what is left behind."""
    before = left_files(tempfile.gettempdir())
    watch = Watch(checkpoints, seconds, every)
    model = Word2Vec(epochs=EPOCHS, **settings)
    with contextlib.suppress(TimeIsOver):
        model.fit(corpus, checkpoint_dir=checkpoints, progress=watch)

    return watch.samples, leftovers(before, checkpoints)


def train_on(corpus, directory, times, **settings):
    """Train a model on so many times; returns samples and what is left behind, as `soak` does."""
    before = left_files(tempfile.gettempdir())
    model = Word2Vec(epochs=1, **settings).fit(corpus)
    tokens = []  # what a training has done so far, at last all

    def note(progress):
        tokens[:] = [progress.tokens]

    samples, begin = [], time.monotonic()
    for number in range(1, times + 1):
        checkpoints = directory / f"{number}"
        started = time.monotonic()
        model.partial_fit(corpus, checkpoint_dir=checkpoints, progress=note)
        ended = time.monotonic()
        samples.append(Sample.now(ended - begin, tokens[0] / (ended - started), number))
        shutil.rmtree(checkpoints)
        model.loss_curve.clear()  # it is meant to grow
    return samples, leftovers(before, directory)


def leftovers(before, directory):
    """What training has left behind in `directory`, among temporary files and as processes."""

    def look():
        files = left_files(tempfile.gettempdir()) - before | unfinished_files(directory)
        workers = [f"process {child.pid}" for child in descendants(os.getpid())]
        return [*map(str, files), *workers]

    return remaining(look, seconds=1.0)


def print_sixths(samples):
    print(f"{'minutes':>13}{'parent':>9}{'workers':>9}{'largest':>9}{'words/s':>11}", end="")
    print(f"{'descriptors':>13}{'threads':>9}{'checkpoints':>13}")
    written = 0
    for start, end in itertools.pairwise(np.linspace(0, samples[-1].seconds, 7)):
        part = [sample for sample in samples if start < sample.seconds <= end]
        if not part:  # the machine was asleep
            continue
        parent = statistics.mean(sample.parent for sample in part)
        workers = statistics.mean(sample.workers for sample in part)
        largest = max(sample.memory for sample in part)
        speed = statistics.mean(sample.words_per_second for sample in part)
        files = [sample.descriptors for sample in part]
        threads = [sample.threads for sample in part]
        print(
            f"{start / 60:6.1f}-{end / 60:6.1f}{parent:9.1f}{workers:9.1f}{largest:9.1f}"
            f"{speed:11,.0f}{f'{min(files)}-{max(files)}':>13}{f'{min(threads)}-{max(threads)}':>9}"
            f"{part[-1].checkpoints - written:13}"
        )
        written = part[-1].checkpoints


def medians_of_quarters(samples):
    """Medians of memory, words a second, descriptors and threads: first quarter, last quarter."""
    rows = [(one.memory, one.words_per_second, one.descriptors, one.threads) for one in samples]
    quarter = max(1, len(rows) // 4)
    return [
        tuple(map(statistics.median, zip(*part, strict=True)))
        for part in (rows[:quarter], rows[-quarter:])
    ]


def print_verdict(samples, left):
    """Print what decides; returns whether all is well."""
    for name, medians in zip(("first", "last"), medians_of_quarters(samples), strict=True):
        memory, speed, descriptors, threads = medians
        print(
            f"{name:6}quarter, medians: {memory:.1f} MiB, {speed:,.0f} words/s, "
            f"{descriptors:g} descriptors, {threads:g} threads"
        )
    memory, speed, descriptors, threads = verdict = Verdict.of(samples)
    percent = 100 * speed.per_hour / speed.start
    print(f"memory       {memory.per_hour:+.2f} MiB an hour, {memory.change:+.2f} %")
    print(f"speed        {percent:+.2f} % an hour, {speed.change:+.2f} %")
    print(f"descriptors  {descriptors[0]} to {descriptors[1]}")
    print(f"threads      {threads[0]} to {threads[1]}")
    print(f"checkpoints  {samples[-1].checkpoints}")
    print(f"left behind  {', '.join(left) or 'nothing'}")
    is_well = verdict.is_flat and not left
    print("FLAT" if is_well else "NOT FLAT")
    return is_well


def draw(samples, path):
    """Memory and speed over time."""
    from matplotlib.figure import Figure  # takes memory, so only after training

    minutes = [sample.seconds / 60 for sample in samples]
    figure = Figure(figsize=(8, 6), layout="constrained")
    memory, speed = figure.subplots(2, sharex=True)
    for name, color in (("parent", "#0072B2"), ("workers", "#D55E00")):
        memory.plot(minutes, [getattr(s, name) for s in samples], color=color, label=name)
    memory.set(ylabel="resident memory (MiB)")
    memory.legend(frameon=False)
    speed.plot(minutes, [s.words_per_second / 1e6 for s in samples], color="#009E73")
    speed.set(ylabel="million words a second", xlabel="minutes")
    for ax in (memory, speed):
        ax.set_ylim(bottom=0)
        ax.grid(color="0.9")
        ax.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=110)


def parse_args(argv=None):
    first, usage, rest = __doc__.split("\n\n", 2)
    parser = argparse.ArgumentParser(
        description=first,
        epilog=f"""{rest}
Exit status 0 only if it is FLAT.

examples:
  half an hour on made-up text, with a picture; a model trained on 200 times, in some five minutes:
{usage}
  eight hours on a text of yours, looked at once a minute:
    python benchmarks/attacks/soak.py --corpus text.txt --minutes 480 --every 60
""",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--corpus", help="text, one sentence a line; default: 10 million random words, like Zipf's")
    add("--minutes", type=float, default=30, help="of training [%(default)s]")
    add("--train-on", type=int, metavar="N", help="train a model on so many times instead")
    add("--every", type=float, default=5, help="seconds between looks [%(default)s]")
    add("--workers", type=int, default=2, help="[%(default)s]")
    add("--vector-size", type=int, default=100, help="[%(default)s]")
    add("--min-count", type=int, default=5, help="[%(default)s]")
    add("--plot", metavar="FILE", help="draw memory and speed over time")
    args = parser.parse_args(argv)
    if args.train_on is not None:
        if args.train_on < FEWEST_SAMPLES:
            parser.error(f"--train-on must be at least {FEWEST_SAMPLES}")
    elif 60 * args.minutes < FEWEST_SAMPLES * args.every:
        parser.error(f"that is less than {FEWEST_SAMPLES} looks: raise --minutes or lower --every")
    return args


def main(argv=None):
    args = parse_args(argv)
    with tempfile.TemporaryDirectory() as directory:
        corpus = args.corpus
        if corpus is None:
            corpus = Path(directory, "text.txt")
            sentences = NUM_SENTENCES_MORE if args.train_on else NUM_SENTENCES
            write_text(corpus, NUM_WORDS, sentences, np.random.default_rng(0))
        checkpoints = Path(directory, "checkpoints")
        settings = {name: getattr(args, name) for name in ("workers", "vector_size", "min_count")}
        if args.train_on:
            samples, left = train_on(corpus, checkpoints, args.train_on, **settings)
        else:
            samples, left = soak(corpus, checkpoints, 60 * args.minutes, args.every, **settings)
    if len(samples) < FEWEST_SAMPLES:
        raise SystemExit(f"only {len(samples)} looks are too few: raise --minutes or lower --every")
    print_sixths(samples)
    print()
    judged = after_the_start(samples, SKIPPED_OF_TRAININGS if args.train_on else SKIPPED)
    is_well = print_verdict(judged, left)
    if args.plot:
        draw(samples, args.plot)
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
