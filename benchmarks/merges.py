#!/usr/bin/env python3
"""How often shards should be merged: loss and quality by the number of merges an epoch.

    python -m benchmarks.merges --corpus imdb.txt \\
        --pairs wordsim353.tsv simlex999.tsv men3000.tsv --analogies questions-words.txt \\
        --picture docs/merges.png

trains the same corpus in shards, each time with another number of legs, and once without shards for
comparison. A row of the output is a training:

    shards    into how many parts the text is cut
    merges    in an epoch, as asked for
    rows      that a shard moves in a leg, of both matrices, on average
    loss      of the last epoch
    mean      over the test sets, beside their own scores
    cpu       seconds of processor time

Each takes a minute or more. With `--rows FILE` rows are kept there, and those that are there
already are not measured again.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np

from word2vec import Word2Vec
from word2vec.engine import legs as legs_module
from word2vec.engine import shards as shards_module

MERGES = 16, 32, 64, 128, 256


def measure(args, shards, merges):
    """Train once; returns the row as a dict."""
    moved = []
    take = legs_module.Legs._take_moves

    def count(self):
        moves = take(self)
        moved.append(len(moves.rows))
        return moves

    before = shards_module.legs_per_epoch
    shards_module.legs_per_epoch, legs_module.Legs._take_moves = lambda shards: merges, count
    try:
        started = time.process_time()
        model = Word2Vec(shards=shards, epochs=args.epochs, seed=args.seed, workers=1)
        vectors = model.fit(args.corpus).wv
        seconds = time.process_time() - started
    finally:
        shards_module.legs_per_epoch, legs_module.Legs._take_moves = before, take
    scores = [float(vectors.evaluate_word_pairs(path)[1][0]) for path in args.pairs]
    if args.analogies:
        scores.append(float(vectors.evaluate_word_analogies(args.analogies)[0]))
    return {
        "shards": shards,
        "merges": merges,
        "rows": round(float(np.mean(moved or [0]))),
        "losses": model.losses,
        "scores": scores,
        "cpu": seconds,
    }


def print_row(row):
    scores = " ".join(f"{score:.3f}" for score in row["scores"])
    mean = f"{np.mean(row['scores']):.3f}" if row["scores"] else "    -"
    print(
        f"{row['shards']:6}  {row['merges']:6}  {row['rows']:8,}  {row['losses'][-1]:6.4f}  "
        f"{mean}  {row['cpu']:5.0f}  {scores}",
        flush=True,
    )


def draw(rows, path):
    """The loss of the last epoch and the mean score, by merges an epoch."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    alone = [row for row in rows if row["shards"] == 1]
    merged = sorted((row for row in rows if row["shards"] > 1), key=lambda row: row["merges"])
    has_scores = all(row["scores"] for row in rows)
    figure, axes = plt.subplots(
        1,
        1 + has_scores,
        figsize=(4.5 * (1 + has_scores), 3.4),
        squeeze=False,
        layout="constrained",
    )
    values = [("loss a pair, last epoch", lambda row: row["losses"][-1])]
    if has_scores:
        values.append(("mean over the test sets", lambda row: np.mean(row["scores"])))
    for ax, (label, value) in zip(axes[0], values, strict=True):
        merges = [row["merges"] for row in merged]
        ax.plot(merges, [value(row) for row in merged], "o-", label=f"{merged[0]['shards']} shards")
        for row in alone:
            ax.axhline(value(row), color="0.5", linestyle="--", label="without shards")
        ax.axvline(shards_module.legs_per_epoch(merged[0]["shards"]), color="0.8", zorder=0)
        ax.set_xscale("log", base=2)
        ax.set_xticks(merges, [str(number) for number in merges])
        ax.set_xlabel("merges an epoch")
        ax.set_ylabel(label)
        ax.legend(frameon=False)
    figure.savefig(path, dpi=120)


def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--shards", type=int, default=8)
    parser.add_argument("--merges", type=int, nargs="+", default=list(MERGES))
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pairs", nargs="*", default=[], help="files of word pairs with scores")
    parser.add_argument("--analogies", help="a file of analogies")
    parser.add_argument("--rows", type=Path, help="where rows are kept")
    parser.add_argument("--picture", type=Path, help="the file to draw")
    args = parser.parse_args(argv)
    rows = json.loads(args.rows.read_text()) if args.rows and args.rows.exists() else []
    print("shards  merges      rows    loss   mean    cpu  scores")
    for shards, merges in [(1, 0), *((args.shards, merges) for merges in args.merges)]:
        known = [row for row in rows if (row["shards"], row["merges"]) == (shards, merges)]
        if not known:
            known = [measure(args, shards, merges)]
            rows += known
            if args.rows:
                args.rows.write_text(json.dumps(rows))
        print_row(known[0])
    if args.picture:
        draw(rows, args.picture)


if __name__ == "__main__":
    main()
