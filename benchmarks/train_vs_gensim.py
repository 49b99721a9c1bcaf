"""Training beside gensim, and beside the C tool, fastText and koan where they are at hand.

    python -m benchmarks.train_vs_gensim --corpus text.txt

Each run is a process of its own: it reads the text, trains and writes a vector file, and all of
that is timed. The tools take turns, seed by seed, and every ratio is of two runs of the same turn.
Each tool takes its own default step size and, but for its number of workers, the same settings.

    words/s    words of the text * epochs / seconds from start to end of the process
    / gensim   gensim's seconds / this tool's: above 1, this tool is faster
    CPU s      processor time of the process and all it started; on a busy machine it tells how
               much of the time was spent in waiting for others
    MB         peak memory of the process and all it started, looked at every 0.1 s: what several
               of them share counts once (Linux: "Pss"); elsewhere, the largest one of them
    WordSim    Spearman correlation with the judgments of --pairs
    analogies  share of right answers among --analogies

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

MEMORY_SECONDS = 0.1  # between two looks at a run's memory

HEADINGS = (
    f"{'':27}{'words/s':>11}{'/ gensim':>10}{'CPU s':>8}{'MB':>7}{'WordSim':>9}{'analogies':>11}"
)


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
    wordsim: float | None
    analogies: float | None
    digest: str  # of the vector file


def parse_args(argv=None):
    paragraphs = __doc__.split("\n\n", 2)
    parser = argparse.ArgumentParser(
        description=paragraphs[0],
        epilog=f"""{paragraphs[2]}
examples:
  gensim's skip-gram beside ours with one worker and with two, in speed alone:
    python -m benchmarks.train_vs_gensim --corpus text.txt --ours-workers 1 2
  CBOW of five tools, speed and quality:
    python -m benchmarks.train_vs_gensim --corpus text.txt --model cbow \\
        --pairs wordsim353.tsv --analogies questions-words.txt \\
        --c-tool ./word2vec --fasttext ./fasttext --koan ./koan
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
    add("--seeds", type=int, nargs="+", default=[1, 2, 3], help="one turn each; default: 1 2 3")
    add("--workers", type=int, default=2, help="workers or threads of each tool; default: 2")
    add(
        "--ours-workers",
        type=int,
        nargs="+",
        metavar="N",
        help="numbers of workers that ours is run with; default: that of --workers",
    )
    add("--vector-size", type=int, default=100, help="default: 100")
    add("--window", type=int, default=5, help="default: 5")
    add("--negative", type=int, default=5, help="negatives of a pair; default: 5")
    add("--sample", type=float, default=1e-3, help="subsampling of frequent words; default: 1e-3")
    add("--min-count", type=int, default=5, help="default: 5")
    add("--epochs", type=int, default=5, help="default: 5")
    add("--pairs", type=existing_file, help="word pairs and judgments, such as WordSim-353's")
    add("--analogies", type=existing_file, help="analogies, such as questions-words.txt")
    add("--c-tool", type=existing_file, metavar="PROGRAM", help="the C tool's word2vec")
    add("--fasttext", type=existing_file, metavar="PROGRAM", help="fastText")
    add("--koan", type=existing_file, metavar="PROGRAM", help="koan")
    args = parser.parse_args(argv)
    if args.corpus.suffix in {".gz", ".bz2", ".xz"}:
        parser.error(f"{args.corpus} is compressed; ours could read it, but not every tool can")
    args.ours_workers = sorted(set(args.ours_workers or [args.workers]))
    return args


def existing_file(name):
    """The absolute path of a file that a user named."""
    path = Path(name).resolve()
    if not path.is_file():
        raise argparse.ArgumentTypeError(f"there is no file {name}")
    return path


def tools(args, seed):
    """The tools to be compared: ours, gensim, and those whose program is given."""
    cbow, threads = args.model == "cbow", str(args.workers)
    settings = {
        "vector_size": args.vector_size,
        "window": args.window,
        "negative": args.negative,
        "sample": args.sample,
        "min_count": args.min_count,
        "epochs": args.epochs,
    }
    size, window, negative, sample, min_count, epochs = map(str, settings.values())

    def python(program, **own):
        return [sys.executable, "-c", program, json.dumps({**settings, **own, "seed": seed})]

    for number in args.ours_workers:
        name = f"ours, {number} worker" + "s" * (number > 1)
        yield Tool(name, python(OURS, model=args.model, workers=number), "ours.bin")
    yield Tool("gensim", python(GENSIM, sg=int(not cbow), workers=args.workers), "gensim.bin")
    if args.c_tool:
        command = [args.c_tool, "-train", CORPUS, "-output", "c_tool.bin", "-binary", "1"]
        command += ["-cbow", str(int(cbow)), "-hs", "0", "-size", size, "-window", window]
        command += ["-negative", negative, "-sample", sample, "-min-count", min_count]
        command += ["-iter", epochs, "-threads", threads]
        yield Tool("C tool", command, "c_tool.bin")
    if args.fasttext:
        command = [args.fasttext, args.model, "-input", CORPUS, "-output", "fasttext"]
        command += ["-loss", "ns", "-dim", size, "-ws", window, "-neg", negative, "-t", sample]
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


def measure(tool, corpus, num_words, pairs=None, analogies=None):
    """Run a tool, which trains on `num_words` words, and judge its vectors; returns a `Run`."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / CORPUS).symlink_to(corpus)
        seconds, cpu_seconds, megabytes = run_process(tool.command, folder)
        output = folder / tool.output
        vectors = KeyedVectors.load_word2vec_format(
            output,
            binary=output.suffix == ".bin",
            unicode_errors="replace",  # the C tool cuts long words, even within a character
        )
        digest = hashlib.sha256(output.read_bytes()).hexdigest()
    return Run(
        seconds,
        num_words / seconds,
        cpu_seconds,
        megabytes,
        vectors.evaluate_word_pairs(pairs)[1][0] if pairs else None,
        vectors.evaluate_word_analogies(analogies)[0] if analogies else None,
        digest,
    )


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
            self.peak_bytes = max(self.peak_bytes, sum(map(_pss_bytes, self._processes())))
            if self._stopped.wait(MEMORY_SECONDS):
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


def compare(args):
    """Run all tools in turns, printing each run; returns the runs of each tool, by its name."""
    with open(args.corpus, "rb") as file:
        words_of_text = sum(len(line.split()) for line in file)
    print(
        f"{args.corpus.name}: {words_of_text:,} words. {args.model}, vector_size "
        f"{args.vector_size}, window {args.window}, negative {args.negative}, sample "
        f"{args.sample:g}, min_count {args.min_count}, epochs {args.epochs}; "
        f"{args.workers} workers, but for ours as stated.\n"
    )
    print(HEADINGS)
    runs = {}
    for turn, seed in enumerate(args.seeds):
        in_turn = list(tools(args, seed))
        first = turn % len(in_turn)  # so that none is always the first
        for tool in in_turn[first:] + in_turn[:first]:
            num_words = words_of_text * args.epochs
            run = measure(tool, args.corpus, num_words, args.pairs, args.analogies)
            runs.setdefault(tool.name, []).append(run)
            print_row(tool.name, f"seed {seed}", run)
    return {tool.name: runs[tool.name] for tool in in_turn}


def print_row(name, what, run, ratio=None):
    """Print a line under the headings."""
    ratio, wordsim, analogies = (
        "-" if number is None else f"{number:.{digits}f}"
        for number, digits in [(ratio, 2), (run.wordsim, 3), (run.analogies, 3)]
    )
    print(
        f"{name:17}{what:10}{run.words_per_second:11,.0f}{ratio:>10}{run.cpu_seconds:8.1f}"
        f"{run.megabytes:7.0f}{wordsim:>9}{analogies:>11}",
        flush=True,
    )


def ratios(runs, name, other):
    """How many times as fast one tool is as another, for each turn."""
    pairs = zip(runs[name], runs[other], strict=True)
    return [theirs.seconds / ours.seconds for ours, theirs in pairs]


def print_summary(runs):
    """Print median, least and greatest of each tool's runs, column by column."""
    print(f"\n{HEADINGS}")
    for name, its_runs in runs.items():
        *columns, _ = zip(*its_runs, strict=True)
        ratio = ratios(runs, name, "gensim")
        for what, pick in [("median", statistics.median), ("least", min), ("greatest", max)]:
            numbers = [None if None in column else pick(column) for column in columns]
            row = Run(*numbers, digest="")
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
    runs = compare(args)
    print_summary(runs)
    print_workers(runs)


if __name__ == "__main__":
    main()
