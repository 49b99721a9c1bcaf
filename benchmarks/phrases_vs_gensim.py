"""Phrases: ours beside gensim's, in time, memory and result.

    python -m benchmarks.phrases_vs_gensim --corpus text.txt

For each score, without connector words and with the English ones, both count the phrases of a text
file, list them with their scores, and join them in the same file; each is a process of its own.
gensim reads the file with its LineSentence, and joins with its faster class, FrozenPhrases.

    count s    seconds for the phrases: Phrases(corpus)
    apply s    seconds to go through the file with its phrases joined
    / gensim   gensim's seconds / ours: above 1, ours is faster
    MB         peak memory of the process after counting, with all it has imported

Then it says how many phrases there are, whether they are the same, by how much their scores differ
at most, and whether the joined sentences are the same. Exit status 0 only if they are, and the
scores to 1e-9. The parts of a process are timed by themselves, without the start of Python.
"""

import argparse
import importlib.util
import json
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOLERANCE = 1e-9
THRESHOLDS = {"default": 10.0, "npmi": 0.5}

START = """
import hashlib, json, resource, sys, time
path, options = sys.argv[1], json.loads(sys.argv[2])
def seconds(function):
    start = time.perf_counter()
    result = function()
    return time.perf_counter() - start, result
"""
OURS = """
from word2vec import ENGLISH_CONNECTOR_WORDS, Phrases
corpus = path
"""
GENSIM = """
from gensim.models.phrases import ENGLISH_CONNECTOR_WORDS, Phrases
from gensim.models.word2vec import LineSentence
corpus = LineSentence(path)
Phrases.apply = lambda self, corpus: self.freeze()[corpus]
"""
END = """
words = ENGLISH_CONNECTOR_WORDS if options.pop("connectors") else frozenset()
count, phrases = seconds(lambda: Phrases(corpus, connector_words=words, **options))
unit = 1 if sys.platform == "darwin" else 1024
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
found = phrases.export_phrases()
joined = phrases.apply(corpus)
apply, _ = seconds(lambda: sum(1 for _ in joined))
digest = hashlib.sha256()
for sentence in joined:
    digest.update((" ".join(sentence) + "\\n").encode())
print(json.dumps([count, apply, memory, found, digest.hexdigest()]))
"""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n\n")[0],
        epilog=__doc__.split("\n\n", 2)[2],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--corpus", type=Path, required=True, help="text, one sentence a line")
    add("--min-count", type=int, default=5, help="default: 5")
    add("--scoring", choices=THRESHOLDS, nargs="+", default=list(THRESHOLDS), help="default: both")
    add("--connectors", choices=[0, 1], type=int, nargs="+", default=[0, 1], help="default: 0 1")
    add("--rounds", type=int, default=1, help="turns, of which the medians are shown; default: 1")
    return parser.parse_args(argv)


def run(program, corpus, options):
    """What a program prints, which is a process of its own: times, memory and results."""
    command = [sys.executable, "-c", START + program + END, str(corpus), json.dumps(options)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def compare(corpus, options, rounds):
    """Print both beside each other; returns whether their results are the same."""
    turns = [[run(program, corpus, options) for program in (OURS, GENSIM)] for _ in range(rounds)]
    connectors = "English connector words" if options["connectors"] else "no connector words"
    print(f"\nscoring {options['scoring']}, threshold {options['threshold']:g}, {connectors}")
    print(f"{'':8}{'count s':>9}{'/ gensim':>10}{'apply s':>9}{'/ gensim':>10}{'MB':>7}")
    for tool, name in enumerate(["ours", "gensim"]):
        cells = []
        for part in (0, 1):
            cells.append(statistics.median(turn[tool][part] for turn in turns))
            cells.append(statistics.median(turn[1][part] / turn[tool][part] for turn in turns))
        memory = max(turn[tool][2] for turn in turns)
        print("{:8}{:9.2f}{:10.2f}{:9.2f}{:10.2f}{:7.0f}".format(name, *cells, memory))
    (*_, ours, our_text), (*_, gensims, gensims_text) = turns[0]
    if ours.keys() != gensims.keys():
        different = sorted(ours.keys() ^ gensims.keys())
        print(f"OTHER phrases: {len(ours):,} and {len(gensims):,}, such as {different[:5]}")
        return False
    largest = max((abs(ours[phrase] - gensims[phrase]) for phrase in ours), default=0.0)
    text = "the same joined sentences" if our_text == gensims_text else "OTHER joined sentences"
    print(f"the same {len(ours):,} phrases, scores to {largest:.1g}, {text}", flush=True)
    return largest <= TOLERANCE and our_text == gensims_text


def main():
    args = parse_args()
    if importlib.util.find_spec("gensim") is None:
        raise SystemExit("This benchmark needs gensim to compare with: pip install gensim")
    same = True
    for scoring in args.scoring:
        for connectors in args.connectors:
            options = {"min_count": args.min_count, "threshold": THRESHOLDS[scoring]}
            options |= {"scoring": scoring, "connectors": connectors}
            same &= compare(args.corpus.resolve(), options, args.rounds)
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
