"""What a pair of words costs: naive softmax beside negative sampling, as the vocabulary grows.

    python -m benchmarks.loss_cost

Two comparisons. "reference": `naive_softmax_loss_and_gradient` and `neg_sampling_loss_and_gradient`
on one pair; both return the gradient of U in full, (V, d). "batch": `batch_loss_and_gradient` on
windows with one outside word each; its gradient of negative sampling holds the touched rows alone.
Both losses are timed in turns, several times. Printed are the median times a pair, and the median,
least and greatest of the ratios naive softmax / negative sampling of the turns.
"""

import argparse
import statistics
import time

import numpy as np
from threadpoolctl import threadpool_limits

from word2vec import naive_softmax_loss_and_gradient, neg_sampling_loss_and_gradient
from word2vec.classic.batch import batch_loss_and_gradient
from word2vec.classic.windows import Windows


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n\n")[0],
        epilog="example: python -m benchmarks.loss_cost --words 1000 10000 --rounds 3",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument(
        "--words",
        type=int,
        nargs="+",
        default=[1000, 3000, 10_000, 30_000, 100_000],
        help="sizes of the vocabulary (V)",
    )
    parser.add_argument("--dim", type=int, default=100, help="length of the vectors (d)")
    parser.add_argument("--negatives", type=int, default=5, help="negatives of a pair (K)")
    parser.add_argument("--batch", type=int, default=64, help="pairs in a batch")
    parser.add_argument("--rounds", type=int, default=7, help="turns of each loss")
    parser.add_argument("--seed", type=int, default=0, help="of the vectors and pairs")
    return parser.parse_args()


def num_flops(num_rows, dim):
    """Floating-point operations on `num_rows` rows: scores 2 n d, dJ/dv_c 2 n d, dJ/dU n d."""
    return 5 * num_rows * dim


def jobs(num_words, dim, num_negatives, batch, rng):
    """Yield (name, pairs in a turn, job with naive softmax, job with negative sampling)."""
    center, outside = rng.normal(scale=0.1, size=(2, num_words, dim)).astype(np.float32)
    pairs = rng.integers(num_words, size=(batch, 2))
    negatives = rng.integers(num_words, size=(batch, num_negatives))

    c, o = pairs[0]
    yield (
        "reference",
        1,
        lambda: naive_softmax_loss_and_gradient(center[c], o, outside),
        lambda: neg_sampling_loss_and_gradient(center[c], o, outside, negatives[0]),
    )
    windows = Windows(pairs[:, 0], pairs[:, 1], np.arange(batch))
    yield (
        "batch",
        batch,
        lambda: batch_loss_and_gradient(windows, center, outside),
        lambda: batch_loss_and_gradient(windows, center, outside, negatives),
    )


def seconds(job):
    """Time of one call: repeated, where it is short, until the clock can see it."""
    calls, start = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - start) < 0.02 or calls == 0:
        job()
        calls += 1
    return elapsed / calls


def main():
    args = parse_args()
    rng = np.random.default_rng(args.seed)
    print(
        f"d = {args.dim}, K = {args.negatives}, float32, batches of {args.batch} pairs; "
        f"{args.rounds} turns; numpy {np.__version__}, one thread; times are microseconds a pair"
    )
    print(
        f"{'V':>8}{'flops ratio':>13}  {'':10}{'softmax':>10}{'negatives':>11}{'ratio':>9}"
        "  (least to greatest)"
    )
    for num_words in args.words:
        flops = num_flops(num_words, args.dim) / num_flops(1 + args.negatives, args.dim)
        for name, pairs, naive, sampled in jobs(
            num_words, args.dim, args.negatives, args.batch, rng
        ):
            naive()  # once unmeasured: caches, threads
            sampled()
            turns = [(seconds(naive), seconds(sampled)) for _ in range(args.rounds)]
            slow, fast = (
                1e6 * statistics.median(side) / pairs for side in zip(*turns, strict=True)
            )
            ratios = [a / b for a, b in turns]
            print(
                f"{num_words:8}{flops:13.0f}  {name:10}{slow:10.1f}{fast:11.1f}"
                f"{statistics.median(ratios):9.1f}  ({min(ratios):.1f} to {max(ratios):.1f})",
                flush=True,
            )


if __name__ == "__main__":
    # One thread: on a busy machine, threads that wait for each other would be timed instead.
    with threadpool_limits(limits=1):
        main()
