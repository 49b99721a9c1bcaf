"""Training in two halves beside one training on the whole, ours and gensim's.

    python -m benchmarks.train_on --corpus text.txt \\
        --pairs wordsim353.tsv simlex999.tsv men3000.tsv --analogies questions-words.txt

The text is cut in two after half of its lines. "whole" trains on all of it at once. "halves" trains
on the first half, and then on with the second, each in as many epochs, so every word of the text is
seen as often: ours by `fit` and `partial_fit`; gensim by `build_vocab(update=True)` and `train`.

    words      with a vector in the end
    lost       of the words of "whole", how many "halves" has no vector for
    columns    as in train_vs_gensim, each the median over the seeds; the mean is over them

The last line says how far the mean of "halves" is from that of "whole", for each tool.
"""

import argparse
import importlib.util
import json
import statistics
import sys
from itertools import product

from .train_vs_gensim import CORPUS, TestSets, Tool, existing_file, train

HALVES = f"""
import json, sys
with open("{CORPUS}", "rb") as file:
    lines = file.readlines()
middle = len(lines) // 2
for name, part in (("first.txt", lines[:middle]), ("second.txt", lines[middle:])):
    with open(name, "wb") as file:
        file.writelines(part)
options = json.loads(sys.argv[1])
"""
PROGRAMS = {
    ("ours", "whole"): f"""
import json, sys
from word2vec import Word2Vec
model = Word2Vec(**json.loads(sys.argv[1])).fit("{CORPUS}")
""",
    ("ours", "halves"): f"""{HALVES}
from word2vec import Word2Vec
model = Word2Vec(**options).fit("first.txt").partial_fit("second.txt")
""",
    ("gensim", "whole"): f"""
import json, sys
from gensim.models import Word2Vec
model = Word2Vec(corpus_file="{CORPUS}", **json.loads(sys.argv[1]))
""",
    ("gensim", "halves"): f"""{HALVES}
from gensim.models import Word2Vec
model = Word2Vec(corpus_file="first.txt", **options)
model.build_vocab(corpus_file="second.txt", update=True)
model.train(
    corpus_file="second.txt",
    total_examples=model.corpus_count,
    total_words=model.corpus_total_words,
    epochs=model.epochs,
)
""",
}
OUTPUT = "vectors.bin"
SAVE = f'model.wv.save_word2vec_format("{OUTPUT}", binary=True)\n'


def parse_args(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n\n")[0],
        epilog=__doc__.split("\n\n", 2)[2],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--corpus", type=existing_file, required=True, help="text, one sentence a line")
    add("--pairs", type=existing_file, nargs="+", default=[], metavar="FILE", help="word pairs")
    add("--analogies", type=existing_file, metavar="FILE", help="such as questions-words.txt")
    add("--model", choices=["skipgram", "cbow"], default="skipgram", help="default: skipgram")
    add("--tools", choices=["ours", "gensim"], nargs="+", default=["ours", "gensim"])
    add("--seeds", type=int, nargs="+", default=[1], help="default: 1")
    add("--workers", type=int, default=2, help="workers or threads; default: 2")
    add("--vector-size", type=int, default=100, help="default: 100")
    add("--min-count", type=int, default=5, help="default: 5")
    add("--epochs", type=int, default=5, help="of each training; default: 5")
    args = parser.parse_args(argv)
    args.test_sets = TestSets(tuple(args.pairs), args.analogies)
    if not args.test_sets.names:
        parser.error("nothing to judge by: give --pairs or --analogies, or both")
    if "gensim" in args.tools and importlib.util.find_spec("gensim") is None:
        parser.error("gensim is not installed: pip install gensim, or --tools ours")
    return args


def tool_of(args, name, way, seed):
    """A program of PROGRAMS as a tool of train_vs_gensim."""
    options = {"vector_size": args.vector_size, "min_count": args.min_count}
    options |= {"epochs": args.epochs, "workers": args.workers, "seed": seed}
    if name == "ours":
        options["model"] = args.model
    else:
        options["sg"] = int(args.model == "skipgram")
    command = [sys.executable, "-c", PROGRAMS[name, way] + SAVE, json.dumps(options)]
    return Tool(f"{name}, {way}", command, OUTPUT)


def main(argv=None):
    args = parse_args(argv)
    columns = [*args.test_sets.names, "mean"]
    print(
        f"{args.corpus.name}: {args.model}, vector_size {args.vector_size}, min_count "
        f"{args.min_count}, {args.epochs} epochs over the whole, or over each half; seeds "
        f"{', '.join(map(str, args.seeds))}.\n"
    )
    print(
        f"{'':16}{'seconds':>8}{'words':>9}{'lost':>7}" + "".join(f"{c[:10]:>11}" for c in columns)
    )
    means, known = {}, {}
    for name, way in product(args.tools, ("whole", "halves")):
        seconds, scores = [], []
        for seed in args.seeds:
            costs, vectors, _ = train(tool_of(args, name, way, seed), args.corpus)
            seconds.append(costs[0])
            scores.append(args.test_sets.judge(vectors))
        known[way] = set(vectors.index_to_key)  # the same for every seed
        medians = [statistics.median(column) for column in zip(*scores, strict=True)]
        means[name, way] = statistics.fmean(medians)
        print(
            f"{f'{name}, {way}':16}{statistics.median(seconds):8.1f}{len(known[way]):9,}"
            f"{len(known['whole'] - known[way]):7,}"
            + "".join(f"{score:11.3f}" for score in [*medians, means[name, way]]),
            flush=True,
        )
    print()
    for name in args.tools:
        print(f"{name}: halves {means[name, 'halves'] - means[name, 'whole']:+.3f}")


if __name__ == "__main__":
    main()
