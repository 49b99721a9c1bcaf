"""Ways to add up the gradients of rows that repeat, without a loop: time and error of each.

    python -m benchmarks.scatter_add

A batch of gradients g (T, d) is to be added to the rows `idx` (T,) of a matrix (V, d). Rows are
drawn as words are, by Zipf's law, so that many repeat. All ways are timed in turns, several times.
Printed are, for each, the median time, the median, least and greatest of the ratios np.add.at / way
of the turns (above 1: faster than np.add.at), and the largest error against np.add.at in float64.
"""

import argparse
import statistics
import time

import numpy as np
from scipy.sparse import csc_array

from word2vec.rowsparse import add_rows


def add_at(matrix, idx, g):
    np.add.at(matrix, idx, g)


def loop(matrix, idx, g):
    for row, row_gradient in zip(idx, g, strict=True):
        matrix[row] += row_gradient


def bincount(matrix, idx, g):
    """One column at a time; the sums are in float64."""
    rows, place = np.unique(idx, return_inverse=True)
    for column in range(g.shape[1]):
        matrix[rows, column] += np.bincount(place, g[:, column]).astype(g.dtype)


def reduceat(matrix, idx, g):
    """Sort, so that equal rows lie together, and sum each group of them."""
    order = np.argsort(idx, kind="stable")
    rows, starts = np.unique(idx[order], return_index=True)
    matrix[rows] += np.add.reduceat(g[order], starts)


def sparse(matrix, idx, g):
    """Product with a sparse one-hot matrix."""
    rows, place = np.unique(idx, return_inverse=True)
    ones, starts = np.ones(len(idx), dtype=g.dtype), np.arange(len(idx) + 1)
    matrix[rows] += csc_array((ones, place, starts), shape=(len(rows), len(idx))) @ g


def in_place(matrix, idx, g):
    """What such a product calls, which adds to what is there: `word2vec.rowsparse.add_rows`."""
    add_rows(matrix, idx, g)


def dense(matrix, idx, g):
    """Product with a one-hot matrix in full."""
    one_hot = np.zeros((len(idx), len(matrix)), dtype=g.dtype)
    one_hot[np.arange(len(idx)), idx] = 1
    matrix += one_hot.T @ g


def plain_index(matrix, idx, g):
    """Wrong: NumPy reads all rows before it writes, so the last of a repeated row wins."""
    matrix[idx] += g


RIGHT = {
    "np.add.at": add_at,
    "for loop": loop,
    "np.bincount a column": bincount,
    "sort, np.add.reduceat": reduceat,
    "sparse one-hot product": sparse,
    "the same, in place": in_place,
    "dense one-hot product": dense,
}
WRONG = {"matrix[idx] += g (wrong)": plain_index}


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n\n")[0],
        epilog="example: python -m benchmarks.scatter_add --rows 60 6000 --rounds 5",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument(
        "--rows", type=int, nargs="+", default=[6, 60, 6000], help="gradients in a batch (T)"
    )
    parser.add_argument("--words", type=int, default=5000, help="rows of the matrix (V)")
    parser.add_argument("--dim", type=int, default=100, help="length of a row (d)")
    parser.add_argument("--dtype", choices=["float32", "float64"], default="float32")
    parser.add_argument("--rounds", type=int, default=15, help="turns of each way")
    parser.add_argument("--seed", type=int, default=0, help="of the rows and gradients")
    return parser.parse_args()


def error(way, shape, idx, g):
    """Largest difference from np.add.at in float64."""
    result, reference = np.zeros(shape, dtype=g.dtype), np.zeros(shape)
    way(result, idx, g)
    add_at(reference, idx, g.astype(np.float64))
    return np.abs(result - reference).max()


def seconds(way, shape, idx, g):
    """Time of one call: repeated, where it is short, until the clock can see it."""
    matrix, calls = np.zeros(shape, dtype=g.dtype), 0
    start = time.perf_counter()
    while (elapsed := time.perf_counter() - start) < 0.01 or calls == 0:
        way(matrix, idx, g)
        calls += 1
    return elapsed / calls


def main():
    args = parse_args()
    rng = np.random.default_rng(args.seed)
    ways, shape = {**RIGHT, **WRONG}, (args.words, args.dim)
    p = 1 / np.arange(1, args.words + 1)
    print(
        f"V = {args.words}, d = {args.dim}, {args.dtype}; {args.rounds} turns; "
        f"numpy {np.__version__}, one thread"
    )
    for num_rows in args.rows:
        idx = rng.choice(args.words, size=num_rows, p=p / p.sum())
        g = rng.normal(size=(num_rows, args.dim)).astype(args.dtype)
        print(f"\n{num_rows} gradients on {len(np.unique(idx))} distinct rows")
        print(f"{'':26}{'time':>12}{'ratio':>9}  (least to greatest){'largest error':>16}")
        turns = [
            {name: seconds(way, shape, idx, g) for name, way in ways.items()}
            for _ in range(args.rounds)
        ]
        for name, way in ways.items():
            ratios = [turn["np.add.at"] / turn[name] for turn in turns]
            spread = f"({min(ratios):.2f} to {max(ratios):.2f})"
            print(
                f"{name:26}{1e6 * statistics.median(turn[name] for turn in turns):9.0f} us"
                f"{statistics.median(ratios):9.2f}  {spread:20}{error(way, shape, idx, g):15.1e}",
                flush=True,
            )


if __name__ == "__main__":
    from threadpoolctl import threadpool_limits  # not needed to import the ways from here

    # One thread: on a busy machine, threads that wait for each other would be timed instead.
    with threadpool_limits(limits=1):
        main()
