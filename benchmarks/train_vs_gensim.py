"""Training beside gensim, and beside the C tool, fastText and koan where they are at hand.

    python -m benchmarks.train_vs_gensim --corpus text.txt

Each run is a process of its own: it reads the text, trains and writes a vector file, and all of
that is timed. The tools take turns, seed by seed, and every ratio is of two runs of the same turn.
Each tool takes its own default step size and, but for its number of workers, the same settings.

    words/s    words of the text * epochs / seconds from start to end of the process
    / gensim   gensim's seconds / this tool's: above 1, this tool is faster
    CPU s      processor time of the process and all it started; on a busy machine it tells how
               much of the time was spent in waiting for others
    MB         peak memory of the process and all it started, looked at so often that it takes a
               two-hundredth of a processor: what several of them share counts once (Linux:
               "Pss"); elsewhere, the largest one of them
    one column for each file of --pairs: Spearman correlation with its judgments
    analogies  share of right answers among --analogies
    mean       over these columns

Where ours is judged, it also trains for one epoch, for two, and so on until its mean reaches that
of gensim's vectors of the same turn: "time to gensim's quality" is gensim's time / its own then.

The vectors of all tools are judged by the same code, `word2vec.KeyedVectors`. The C tool and koan
have no seed to set; with several threads no two of their runs are alike anyway. On Windows this
benchmark does not run.
"""

import argparse
import hashlib
import importlib.util
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import NamedTuple

from word2vec import KeyedVectors

ROOT = Path(__file__).resolve().parent.parent

# Every tool runs in a directory that has the text under this name, which suits the C tool: it has
# room for 99 bytes.
CORPUS = "corpus.txt"

OURS = f"""
import json, sys
from word2vec import Word2Vec
model = Word2Vec(**json.loads(sys.argv[1])).fit("{CORPUS}")
model.wv.save_word2vec_format("ours.bin", binary=True)
"""
GENSIM = f"""
import json, sys
from gensim.models import Word2Vec
model = Word2Vec(corpus_file="{CORPUS}", **json.loads(sys.argv[1]))
model.wv.save_word2vec_format("gensim.bin", binary=True)
"""

# Between two looks at a run's memory, which each keep a processor busy for some milliseconds: at
# least so many seconds, and so many times as long as a look takes.
MEMORY_SECONDS, MEMORY_PAUSE = 0.1, 200


class Tool(NamedTuple):
    """A trainer: its command, and the vector file that this writes."""

    name: str
    command: list
    output: str


class Run(NamedTuple):
    """What was measured in one run of a tool."""

    seconds: float
    words_per_second: float
    cpu_seconds: float
    megabytes: float
    scores: tuple[float, ...]  # one for each test set
    digest: str  # of the vector file

    @property
    def mean(self):
        """Mean over the test sets, or None."""
        return statistics.fmean(self.scores) if self.scores else None


class TestSets(NamedTuple):
    """What vectors are judged by."""

    pairs: tuple = ()
    analogies: Path | None = None

    @property
    def names(self):
        return [path.stem for path in self.pairs] + ["analogies"] * bool(self.analogies)

    def judge(self, vectors):
        scores = [vectors.evaluate_word_pairs(path)[1][0] for path in self.pairs]
        if self.analogies:
            scores.append(vectors.evaluate_word_analogies(self.analogies)[0])
        return tuple(map(float, scores))


NO_TEST_SETS = TestSets()


def parse_args(argv=None):
    paragraphs = __doc__.split("\n\n", 2)
    parser = argparse.ArgumentParser(
        description=paragraphs[0],
        epilog=f"""{paragraphs[2]}
examples:
  gensim's skip-gram beside ours with one worker and with two, in speed alone:
    python -m benchmarks.train_vs_gensim --corpus text.txt --ours-workers 1 2
  CBOW of five tools, short vectors and long ones, speed and quality:
    python -m benchmarks.train_vs_gensim --corpus text.txt --model cbow \\
        --vector-size 100 300 --pairs wordsim353.tsv simlex999.tsv men3000.tsv \\
        --analogies questions-words.txt \\
        --c-tool ./word2vec --fasttext ./fasttext --koan ./koan
  hierarchical softmax, beside gensim's hs=1, negative=0:
    python -m benchmarks.train_vs_gensim --corpus text.txt --loss hierarchical_softmax
""",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        "--corpus",
        type=existing_file,
        required=True,
        help="text, one sentence a line, uncompressed",
    )
    add("--model", choices=["skipgram", "cbow"], default="skipgram", help="default: skipgram")
    add(
        "--loss",
        choices=["neg_sampling", "hierarchical_softmax"],
        default="neg_sampling",
        help="of all tools; default: neg_sampling",
    )
    add("--seeds", type=int, nargs="+", default=[1, 2, 3], help="one turn each; default: 1 2 3")
    add("--workers", type=int, default=2, help="workers or threads of each tool; default: 2")
    add(
        "--ours-workers",
        type=int,
        nargs="+",
        metavar="N",
        help="numbers of workers that ours is run with; default: that of --workers",
    )
    add(
        "--vector-size",
        type=int,
        nargs="+",
        default=[100],
        metavar="D",
        help="one comparison each; default: 100",
    )
    add("--window", type=int, default=5, help="default: 5")
    add("--negative", type=int, default=5, help="negatives of a pair; default: 5")
    add("--sample", type=float, default=1e-3, help="subsampling of frequent words; default: 1e-3")
    add("--min-count", type=int, default=5, help="default: 5")
    add("--epochs", type=int, default=5, help="default: 5")
    add(
        "--pairs",
        type=existing_file,
        nargs="+",
        default=[],
        metavar="FILE",
        help="word pairs and judgments, such as those of WordSim-353, SimLex-999 and MEN",
    )
    add("--analogies", type=existing_file, help="analogies, such as questions-words.txt")
    add("--c-tool", type=existing_file, metavar="PROGRAM", help="the C tool's word2vec")
    add("--fasttext", type=existing_file, metavar="PROGRAM", help="fastText")
    add("--koan", type=existing_file, metavar="PROGRAM", help="koan")
    args = parser.parse_args(argv)
    if args.corpus.suffix in {".gz", ".bz2", ".xz"}:
        parser.error(f"{args.corpus} is compressed; ours could read it, but not every tool can")
    if args.koan and args.loss == "hierarchical_softmax":
        parser.error("koan has no hierarchical softmax; leave --koan out")
    args.ours_workers = sorted(set(args.ours_workers or [args.workers]))
    args.test_sets = TestSets(tuple(args.pairs), args.analogies)
    return args


def existing_file(name):
    """The absolute path of a file that a user named."""
    path = Path(name).resolve()
    if not path.is_file():
        raise argparse.ArgumentTypeError(f"there is no file {name}")
    return path


def settings_of(args, vector_size):
    """What all tools are told alike."""
    return {
        "vector_size": vector_size,
        "window": args.window,
        "negative": args.negative,
        "sample": args.sample,
        "min_count": args.min_count,
        "epochs": args.epochs,
    }


def ours(args, settings, seed, workers):
    """Our trainer, as a tool."""
    options = {**settings, "model": args.model, "workers": workers, "seed": seed}
    if args.loss == "hierarchical_softmax":
        options["loss"] = args.loss
    name = f"ours, {workers} worker" + "s" * (workers > 1)
    return Tool(name, [sys.executable, "-c", OURS, json.dumps(options)], "ours.bin")


def tools(args, vector_size, seed):
    """The tools to be compared: ours, gensim, and those whose program is given."""
    cbow, threads = args.model == "cbow", str(args.workers)
    with_tree = args.loss == "hierarchical_softmax"
    settings = settings_of(args, vector_size)
    if with_tree:
        settings["negative"] = 0  # more would be added to the loss; ours does not look at it
    size, window, negative, sample, min_count, epochs = map(str, settings.values())

    for number in args.ours_workers:
        yield ours(args, settings_of(args, vector_size), seed, number)
    if with_tree:
        settings["hs"] = 1
    options = {**settings, "sg": int(not cbow), "workers": args.workers, "seed": seed}
    yield Tool("gensim", [sys.executable, "-c", GENSIM, json.dumps(options)], "gensim.bin")
    if args.c_tool:
        command = [args.c_tool, "-train", CORPUS, "-output", "c_tool.bin", "-binary", "1"]
        command += [
            "-cbow",
            str(int(cbow)),
            "-hs",
            str(int(with_tree)),
            "-size",
            size,
            "-window",
            window,
        ]
        command += ["-negative", negative, "-sample", sample, "-min-count", min_count]
        command += ["-iter", epochs, "-threads", threads]
        yield Tool("C tool", command, "c_tool.bin")
    if args.fasttext:
        command = [args.fasttext, args.model, "-input", CORPUS, "-output", "fasttext"]
        command += [
            "-loss",
            "hs" if with_tree else "ns",
            "-dim",
            size,
            "-ws",
            window,
            "-neg",
            negative,
            "-t",
            sample,
        ]
        command += ["-minCount", min_count, "-epoch", epochs, "-thread", threads]
        command += ["-minn", "0", "-maxn", "0"]  # no parts of words, as the other tools
        yield Tool("fastText", [*command, "-seed", str(seed)], "fasttext.vec")
    if args.koan:
        command = [args.koan, "--files", CORPUS, "--embedding-path", "koan.txt", "--no-progress"]
        command += ["--cbow", str(cbow).lower(), "--dim", size, "--context-size", window]
        command += ["--negatives", negative, "--downsample-threshold", sample]
        command += ["--min-count", min_count, "--epochs", epochs, "--threads", threads]
        if cbow:  # its default suits skip-gram alone, says its help
            command += ["--learning-rate", "0.075"]
        yield Tool("koan", command, "koan.txt")


def measure(tool, corpus, num_words, test_sets=NO_TEST_SETS):
    """Run a tool, which trains on `num_words` words, and judge its vectors; returns a `Run`."""
    (seconds, *others), vectors, digest = train(tool, corpus)
    return Run(seconds, num_words / seconds, *others, test_sets.judge(vectors), digest)


def train(tool, corpus):
    """Run a tool; returns what `run_process` does, its vectors and the digest of their file."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / CORPUS).symlink_to(corpus)
        costs = run_process(tool.command, folder)
        output = folder / tool.output
        vectors = KeyedVectors.load_word2vec_format(
            output,
            binary=output.suffix == ".bin",
            unicode_errors="replace",  # the C tool cuts long words, even within a character
        )
        return costs, vectors, hashlib.sha256(output.read_bytes()).hexdigest()


def run_process(command, folder):
    """Run a command to its end; returns its seconds, CPU seconds and peak memory in MB."""
    search = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    with tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": search},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,  # by which all that it starts is known
        )
        memory = _MemoryWatch(process.pid)
        try:
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - start
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        finally:
            memory.stop()
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            errors.seek(0)
            message = errors.read().decode(errors="replace")[-2000:]
            raise SystemExit(f"{command[0]} failed (exit status {process.returncode}):\n{message}")
    unit = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss, in bytes
    peak = memory.peak_bytes or usage.ru_maxrss * unit
    return seconds, usage.ru_utime + usage.ru_stime, peak / 1e6


class _MemoryWatch(threading.Thread):
    """Watches how much memory the processes of a session take together."""

    def __init__(self, session):
        super().__init__(daemon=True)
        self.peak_bytes = 0  # stays 0 where the system does not tell
        self._session = session
        self._stopped = threading.Event()
        self.start()

    def run(self):
        while Path("/proc/self/smaps_rollup").exists():
            start = time.perf_counter()
            self.peak_bytes = max(self.peak_bytes, sum(map(_pss_bytes, self._processes())))
            pause = MEMORY_PAUSE * (time.perf_counter() - start)
            if self._stopped.wait(max(MEMORY_SECONDS, pause)):
                return

    def stop(self):
        self._stopped.set()
        self.join()

    def _processes(self):
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                if os.getsid(int(name)) == self._session:
                    yield name
            except OSError:
                pass  # it ended in the meantime


def _pss_bytes(process):
    """Proportional set size: a page that n processes share counts 1/n in each of them."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0  # it ended in the meantime
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def count_words(path):
    with open(path, "rb") as file:
        return sum(len(line.split()) for line in file)


def compare(args, vector_size, words_of_text):
    """Run all tools in turns, printing each run.

    Returns the runs of each tool, by its name, and for each turn what `reach_quality` finds; in the
    turn, for a machine's speed changes.
    """
    print(
        f"{args.corpus.name}: {words_of_text:,} words. {args.model}, {args.loss}, "
        f"vector_size {vector_size}, window {args.window}, negative {args.negative}, sample "
        f"{args.sample:g}, min_count {args.min_count}, epochs {args.epochs}; "
        f"{args.workers} workers, but for ours as stated.\n"
    )
    print_headings(args.test_sets)
    runs, reached = {}, []
    for turn, seed in enumerate(args.seeds):
        in_turn = list(tools(args, vector_size, seed))
        first = turn % len(in_turn)  # so that none is always the first
        for tool in in_turn[first:] + in_turn[:first]:
            num_words = words_of_text * args.epochs
            run = measure(tool, args.corpus, num_words, args.test_sets)
            runs.setdefault(tool.name, []).append(run)
            print_row(tool.name, f"seed {seed}", run)
        if args.test_sets.names:
            reached.append(reach_quality(args, vector_size, words_of_text, seed, runs))
    return {tool.name: runs[tool.name] for tool in in_turn}, reached


class Reached(NamedTuple):
    """The fewest epochs in which ours has gensim's quality, or all of them if it never has."""

    epochs: int
    mean: float
    gain: float | None  # how many times as fast; None if it never has


def reach_quality(args, vector_size, words_of_text, seed, runs):
    """Train ours on fewer epochs until it has the quality of gensim's last run; see `Reached`."""
    theirs, whole = runs["gensim"][-1], runs[_last_of_ours(runs)][-1]
    for epochs in range(1, args.epochs + 1):
        run = whole
        if epochs < args.epochs:
            settings = settings_of(args, vector_size) | {"epochs": epochs}
            tool = ours(args, settings, seed, args.ours_workers[-1])
            run = measure(tool, args.corpus, words_of_text * epochs, args.test_sets)
        if run.mean >= theirs.mean:
            return Reached(epochs, run.mean, theirs.seconds / run.seconds)
    return Reached(args.epochs, whole.mean, None)


def print_quality(args, runs, reached):
    """Print how soon ours has gensim's quality, for each turn."""
    print(f"\nTime to gensim's quality, {_last_of_ours(runs)}:")
    for seed, theirs, found in zip(args.seeds, runs["gensim"], reached, strict=True):
        means = f"mean {found.mean:.3f} beside {theirs.mean:.3f}"
        if found.gain is None:
            print(f"  seed {seed}: not reached, {means}")
        else:
            epochs = f"{found.epochs} of {args.epochs} epochs"
            print(f"  seed {seed}: {epochs}, {means}: {found.gain:.2f} times as fast")
    if gains := [found.gain for found in reached if found.gain is not None]:
        print(f"  median of {len(gains)}: {statistics.median(gains):.2f} times as fast")


def _last_of_ours(runs):
    return [name for name in runs if name.startswith("ours")][-1]


def print_headings(test_sets):
    names = [*test_sets.names, "mean"] if test_sets.names else []
    columns = "".join(f"{name[:10]:>11}" for name in names)
    print(f"{'':27}{'words/s':>11}{'/ gensim':>10}{'CPU s':>8}{'MB':>7}{columns}")


def print_row(name, what, run, ratio=None):
    """Print a line under the headings."""
    ratio = "-" if ratio is None else f"{ratio:.2f}"
    scores = [*run.scores, run.mean] if run.scores else []
    print(
        f"{name:17}{what:10}{run.words_per_second:11,.0f}{ratio:>10}{run.cpu_seconds:8.1f}"
        f"{run.megabytes:7.0f}" + "".join(f"{score:11.3f}" for score in scores),
        flush=True,
    )


def ratios(runs, name, other):
    """How many times as fast one tool is as another, for each turn."""
    pairs = zip(runs[name], runs[other], strict=True)
    return [theirs.seconds / ours.seconds for ours, theirs in pairs]


def print_summary(runs, test_sets=NO_TEST_SETS):
    """Print median, least and greatest of each tool's runs, column by column.

    The mean is that of the columns beside it.
    """
    print()
    print_headings(test_sets)
    for name, its_runs in runs.items():
        *columns, scores, _ = zip(*its_runs, strict=True)
        ratio = ratios(runs, name, "gensim")
        for what, pick in [("median", statistics.median), ("least", min), ("greatest", max)]:
            row = Run(*map(pick, columns), tuple(map(pick, zip(*scores, strict=True))), digest="")
            print_row(name, what, row, pick(ratio))


def print_workers(runs):
    """Print what more workers of ours bring, and whether they change the vectors."""
    first, *others = (name for name in runs if name.startswith("ours"))
    for name in others:
        gain = ratios(runs, name, first)
        same = all(a.digest == b.digest for a, b in zip(runs[name], runs[first], strict=True))
        print(
            f"{name}: {statistics.median(gain):.2f} times ({min(gain):.2f} to {max(gain):.2f}) as "
            f"fast as {first}, and {'the same' if same else 'OTHER'} vectors, bit for bit"
        )


def main():
    args = parse_args()
    if importlib.util.find_spec("gensim") is None:
        raise SystemExit("This benchmark needs gensim to compare with: pip install gensim")
    words_of_text = count_words(args.corpus)
    for vector_size in args.vector_size:
        runs, reached = compare(args, vector_size, words_of_text)
        print_summary(runs, args.test_sets)
        print_workers(runs)
        if args.test_sets.names:
            print_quality(args, runs, reached)
        print()


if __name__ == "__main__":
    main()
