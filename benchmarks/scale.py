#!/usr/bin/env python3
"""Training on more than one machine: what a merge sends and costs, and what that lets expect.

    python -m benchmarks.scale --corpus imdb.txt

trains in 8 shards on one rank and on two, with one worker each, and prints for each

    whole      seconds of the whole process, mpiexec included
    train      seconds in which the first rank trained
    merge      in which it took moves, merged and applied them
    exchange   in which it sent them to the other, and got the other's
    wait       in which it waited for the other
    rows       that a rank moves in a leg, of both matrices, on average
    sent       megabytes that a rank sends for a merge
    share      of that in the bytes of the rows that moved: its own, and all that come back

and, as measured on the one rank, what training costs a word, and handling a row. From these rates
it computes what two ranks should take, beside what they took; and the efficiency of many machines
with 16 cores: training time / time of a leg, where 1 means that N machines are N times as fast.

    python -m benchmarks.scale --rates 1200 3200 0.5

only computes, with these rates: nanoseconds of a worker for a word with d = 100 and with d = 300,
and for four bytes of a row in a merge.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from word2vec.engine.plan import Plan
from word2vec.engine.schedule import Schedule
from word2vec.engine.shards import legs_per_epoch
from word2vec.engine.units import BLOCK_SIZE, GROUP_SIZE, RoundGradients, num_shared_negatives
from word2vec.options import EngineOptions
from word2vec.sampling import keep_probabilities, noise_distribution

MIB, GIB = 1 << 20, 1 << 30
WORKERS = 16  # of a machine in the table, one rank each
WORKER_EFFICIENCY = 0.8  # of so many workers beside one
NODES = 2, 4, 8, 16, 32, 64
GIGABITS = 10, 100
WORDS = 10**9, 10**11
SIZES = ((100_000, 100), (100_000, 300), (3_000_000, 100), (3_000_000, 300))  # V, d


# ------------------------------------------------------------------------ measuring


def measure_here(args):
    """What a rank does: train, and print its figures as JSON if it is the first."""
    from mpi4py import MPI

    from word2vec import Word2Vec
    from word2vec.engine import exchange as exchanging
    from word2vec.engine import legs, ranks

    spent = dict.fromkeys(("train", "merge", "exchange", "wait"), 0.0)
    figures = {"rows": 0, "moved_bytes": 0, "sent": 0, "merges": 0}

    def timed(name, function):
        def call(*arguments):
            waited, started = spent["wait"], time.perf_counter()
            try:
                return function(*arguments)
            finally:
                spent[name] += time.perf_counter() - started
                if name != "wait":  # what was waited within is not spent on it
                    spent[name] -= spent["wait"] - waited

        return call

    def exchange(team, moves, num_rows):
        sent, moved = getattr(team, "bytes_sent", 0), np.zeros(num_rows, bool)
        for part in moves:
            moved[part.rows] = True
        own, come = int(moved.sum()), 0
        for merged in original(team, moves, num_rows):
            come += len(merged.rows)
            yield merged
        figures["merges"] += 1
        figures["rows"] += own
        figures["moved_bytes"] += (own + come) * 4 * args.vector_size
        figures["sent"] += getattr(team, "bytes_sent", 0) - sent

    original, legs.exchange = legs.exchange, exchange
    for owner, name, label in (
        (legs.Legs, "_train", "train"),
        (legs.Legs, "_take_moves", "merge"),
        (legs.Legs, "_apply", "merge"),
        (legs.Tree, "add", "merge"),
        (legs.Tree, "take", "merge"),
        (exchanging, "merge_all", "merge"),
        (ranks.Ranks, "swap", "exchange"),
        (ranks.Ranks, "share", "exchange"),
        (ranks, "_wait", "wait"),
    ):
        setattr(owner, name, timed(label, getattr(owner, name)))

    comm = MPI.COMM_WORLD
    model = Word2Vec(
        shards=args.shards, epochs=args.epochs, vector_size=args.vector_size, workers=1
    ).fit(args.corpus, comm=comm)
    if comm.rank == 0:
        counts = model.wv.expandos["count"].tolist()
        figures |= {"counts": counts, "num_words": sum(counts), "epochs": args.epochs}
        print(json.dumps(spent | figures))


def measure(args, num_ranks, vector_size):
    """The figures of a run, and seconds of the whole process."""
    beside = Path(sys.executable).with_name("mpiexec")
    mpiexec = str(beside) if beside.exists() else shutil.which("mpiexec")
    if not mpiexec:
        sys.exit("There is no mpiexec: pip install mpi4py mpich")
    command = [mpiexec, "-n", str(num_ranks), sys.executable, "-m", "benchmarks.scale", "--here"]
    command += ["--corpus", args.corpus, "--shards", str(args.shards)]
    command += ["--epochs", str(args.epochs), "--vector-size", str(vector_size)]
    search = os.pathsep.join(filter(None, [os.getcwd(), os.environ.get("PYTHONPATH")]))
    started = time.perf_counter()
    done = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": search}
    )
    seconds = time.perf_counter() - started
    if done.returncode:
        sys.exit(f"{' '.join(command)} has failed.")
    return json.loads(done.stdout.splitlines()[-1]) | {"whole": seconds}


def print_measured(num_ranks, found):
    merges = found["merges"]
    seconds = "".join(
        f"{found[name]:10.1f}" for name in ("whole", "train", "merge", "exchange", "wait")
    )
    print(
        f"{num_ranks:5}{seconds}{found['rows'] / merges:10,.0f}"
        f"{found['sent'] / merges / MIB:8.2f}{found['sent'] / found['moved_bytes']:8.2f}",
        flush=True,
    )


# ------------------------------------------------------------------------ the model


class Rates:
    """Nanoseconds: of a worker for a word, by vector size; for four bytes of a row in a merge."""

    def __init__(self, word, row):
        self.word, self.row = word, row

    def of_word(self, vector_size):
        """For another vector size, on the straight line through those that are known."""
        sizes = sorted(self.word)
        if len(sizes) == 1:
            return self.word[sizes[0]] * vector_size / sizes[0]
        (x, z), (a, c) = (sizes[0], sizes[-1]), (self.word[sizes[0]], self.word[sizes[-1]])
        return a + (c - a) * (vector_size - x) / (z - x)


class Text:
    """How many rows of both matrices some of its words move.

    A word is drawn as often as it occurs; Poisson says which of them come at all.
    """

    def __init__(self, counts, options):
        counts = np.asarray(counts, float)
        kept = counts / counts.sum() * keep_probabilities(counts, options.sample)
        noise = noise_distribution(counts, options.ns_exponent)
        drawn = kept.sum() * num_shared_negatives(options) / (BLOCK_SIZE * GROUP_SIZE)
        self._chances = np.concatenate([kept, kept + drawn * noise])

    @classmethod
    def of_zipf(cls, num_words, vocab_size, options):
        shares = 1 / (np.arange(vocab_size) + 2.7)
        return cls(np.maximum(1, num_words * shares / shares.sum()).round(), options)

    def rows(self, num_words):
        return float(-np.expm1(-num_words * self._chances).sum())


def seconds_of_leg(text, num_words, rates, vector_size, shards, ranks, workers=1, bandwidth=None):
    """Seconds that a leg of so many words trains, merges, and sends; bytes that a rank sends.

    A row is handled when it is taken from a shard, twice in each merge of the tree that it goes
    through, and when it is applied. `bandwidth` is in bytes/s, both ways at once; None: sending
    costs as much as handling.
    """
    own, part = shards // ranks, num_words / shards
    efficiency = WORKER_EFFICIENCY if workers > 1 else 1
    training = own * part * rates.of_word(vector_size) * 1e-9 / (workers * efficiency)
    handled = own * text.rows(part) + text.rows(num_words)
    level = 1
    while level < shards:
        handled += own / level * text.rows(part * level)
        level *= 2
    merging = handled * vector_size * rates.row * 1e-9
    rows = (text.rows(own * part) + text.rows(num_words)) * (ranks - 1) / ranks
    sent = rows * (4 * vector_size + 4)
    sending = sent / bandwidth if bandwidth else rows * vector_size * rates.row * 1e-9
    return training, merging, sending, sent


def memory_of_rank(vocab_size, vector_size, rows, options):
    """Bytes: both matrices as trained and as they were, moves, a round's gradients, buffers."""
    row = 4 * vector_size
    matrices = 2 * 2 * vocab_size * row
    plan = Plan(options, Schedule.of(10**9, options), np.zeros(vocab_size, np.int64))
    layout = RoundGradients.layout(plan)
    gradients = sum(int(np.prod(shape)) * 4 for shape, _ in layout.values())
    return matrices + rows * row + gradients + 5 * min(rows, 1 << 18) * row


def compare_with_measured(found, rates, shards, vector_size):
    """What the model says of one rank and of two, beside what was measured."""
    text = Text(found[1]["counts"], EngineOptions(vector_size=vector_size))
    merges = found[1]["merges"]
    words = found[1]["num_words"] * found[1]["epochs"] / merges
    print("\nranks  model: rows, train, merge + exchange   measured: rows, train, merge + exchange")
    for ranks, measured in found.items():
        training, merging, sending, _ = seconds_of_leg(
            text, words, rates, vector_size, shards, ranks
        )
        rows = text.rows(words / ranks)
        spent = measured["merge"] + measured["exchange"]
        print(
            f"{ranks:5}{rows:14,.0f}{training * merges:9.1f}{(merging + sending) * merges:9.1f}"
            f"{measured['rows'] / merges:26,.0f}{measured['train']:9.1f}{spent:9.1f}"
        )


def print_model(rates):
    print(
        f"\nEfficiency of machines with {WORKERS} workers each, one rank and one shard a machine, "
        "8 merges\nan epoch for each shard and 64 at most: time of training / time of a leg. MiB: "
        "what a rank sends\nfor a merge, with 64 machines. GiB: memory of a rank."
    )
    nodes = "".join(f"{nodes:6}" for nodes in NODES)
    print(
        f"\n        words         V    d  Gbit/s{nodes}     MiB     GiB  1 machine, hours an epoch"
    )
    for num_words in WORDS:
        for vocab_size, vector_size in SIZES:
            options = EngineOptions(vector_size=vector_size)
            text = Text.of_zipf(num_words, vocab_size, options)
            for gigabits in GIGABITS:
                cells = ""
                for ranks in NODES:
                    leg = num_words / legs_per_epoch(ranks)
                    training, merging, sending, sent = seconds_of_leg(
                        text,
                        leg,
                        rates,
                        vector_size,
                        ranks,
                        ranks,
                        WORKERS,
                        gigabits / 8 * 1e9,
                    )
                    cells += f"{training / (training + merging + sending):6.2f}"
                hours = training * ranks * legs_per_epoch(ranks) / 3600
                memory = memory_of_rank(vocab_size, vector_size, text.rows(leg / 2), options)
                print(
                    f"{num_words:13.0e}{vocab_size:10,}{vector_size:5}{gigabits:8}{cells}"
                    f"{sent / MIB:8,.0f}{memory / GIB:8.1f}{hours:9.2f}"
                )


def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", help="a text file, to measure with")
    parser.add_argument("--shards", type=int, default=8)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--wide-corpus", help="a smaller one, to measure d = 300 with")
    parser.add_argument("--rates", type=float, nargs=3, metavar="NS", help="instead of measuring")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--vector-size", type=int, default=100, help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if args.here:
        measure_here(args)
        return
    if args.rates:
        rates = Rates({100: args.rates[0], 300: args.rates[1]}, args.rates[2])
    elif args.corpus:
        rates = measure_rates(args)
    else:
        parser.error("--corpus or --rates is needed")
    print_model(rates)


def measure_rates(args):
    """Measure one rank and two, print it, and return the rates."""
    print("ranks     whole     train     merge  exchange      wait      rows    sent   share")
    found = {}
    for ranks in (1, 2):
        found[ranks] = measure(args, ranks, 100)
        print_measured(ranks, found[ranks])
    print(f"Two ranks are {found[1]['whole'] / found[2]['whole']:.2f} times as fast as one.")
    wide = argparse.Namespace(**vars(args) | {"corpus": args.wide_corpus or args.corpus})
    of_wide = measure(wide, 1, 300)
    one = found[1]
    text = Text(one["counts"], EngineOptions())
    words = one["num_words"] * args.epochs / one["merges"]
    unit = seconds_of_leg(text, words, Rates({100: 0.0}, 1.0), 100, args.shards, 1)[1]
    rates = Rates(
        {
            100: one["train"] / one["num_words"] / args.epochs * 1e9,
            300: of_wide["train"] / of_wide["num_words"] / args.epochs * 1e9,
        },
        one["merge"] / one["merges"] / unit,
    )
    print(
        f"A worker trains a word in {rates.word[100]:,.0f} ns (d = 100) or {rates.word[300]:,.0f} "
        f"ns (d = 300); four bytes of a row are handled in {rates.row:.2f} ns."
    )
    compare_with_measured(found, rates, args.shards, 100)
    return rates


if __name__ == "__main__":
    main()
