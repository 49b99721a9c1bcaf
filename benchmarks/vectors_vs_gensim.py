"""Queries, loading and saving of word vectors: ours beside gensim's, in one run.

    python -m benchmarks.vectors_vs_gensim

Each job is done by both, in turns, several times. Printed are the medians, and the median, least
and greatest of the ratios gensim / ours of the turns: above 1, ours is faster. Answers are compared
before anything is timed.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import gensim
import numpy as np
from gensim.models import KeyedVectors as GensimKeyedVectors

from word2vec.vectors.keyed_vectors import KeyedVectors


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n\n")[0],
        epilog="example: python -m benchmarks.vectors_vs_gensim --words 50000 --rounds 3",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--words", type=int, default=400_000, help="vectors that are queried")
    parser.add_argument(
        "--file-words", type=int, default=50_000, help="vectors in the files loaded and saved"
    )
    parser.add_argument("--dim", type=int, default=100, help="length of the vectors")
    parser.add_argument("--queries", type=int, default=20, help="queries in a turn")
    parser.add_argument("--batch", type=int, default=200, help="queries in a batch; analogies")
    parser.add_argument("--rounds", type=int, default=7, help="turns of each job")
    parser.add_argument("--seed", type=int, default=0, help="of the random vectors and queries")
    return parser.parse_args()


def build(num_words, dim, rng):
    """The same random vectors in both classes."""
    words = [f"word{i}" for i in range(num_words)]
    vectors = rng.normal(scale=0.3, size=(num_words, dim)).astype(np.float32)
    theirs = GensimKeyedVectors(dim)
    theirs.add_vectors(words, vectors)
    return KeyedVectors.from_words(words, vectors), theirs


def query_jobs(num_words, dim, num_queries, num_batch, folder, rng):
    """Yield (name, number of queries by ours and by gensim, our job, gensim's job)."""
    ours, theirs = build(num_words, dim, rng)
    words = [f"word{row}" for row in rng.integers(num_words, size=num_batch)]
    for word in words[:3]:
        check_same(ours.most_similar(word), theirs.most_similar(word))
        check_same(ours.most_similar_batch([word])[0], theirs.most_similar(word))

    singles = words[:num_queries]
    analogies = folder / "analogies.txt"
    questions = rng.integers(num_words, size=(num_batch, 4))
    lines = [" ".join(f"word{row}" for row in question) for question in questions]
    analogies.write_text("\n".join([": section", *lines]))

    def theirs_one_by_one():
        return [theirs.most_similar(word) for word in singles]

    yield (
        "most_similar, a query",
        (num_queries, num_queries),
        lambda: [ours.most_similar(word) for word in singles],
        theirs_one_by_one,
    )
    yield (
        "most_similar_batch, a query",
        (num_batch, num_queries),
        lambda: ours.most_similar_batch(words),
        theirs_one_by_one,
    )
    yield (
        "evaluate_word_analogies, a question",
        (num_batch, num_batch),
        lambda: ours.evaluate_word_analogies(analogies, restrict_vocab=None),
        lambda: theirs.evaluate_word_analogies(str(analogies), restrict_vocab=None),
    )


def file_jobs(num_words, dim, folder, rng):
    """Yield jobs as `query_jobs` does; each turn is one file."""
    ours, theirs = build(num_words, dim, rng)
    for kind, binary in [(".bin", True), (".txt", False)]:
        our_path, their_path = folder / f"ours{kind}", str(folder / f"gensim{kind}")

        def save(path=our_path, binary=binary):
            ours.save_word2vec_format(path, binary=binary)

        def save_theirs(path=their_path, binary=binary):
            theirs.save_word2vec_format(path, binary=binary)

        def load(path=our_path, binary=binary):
            return KeyedVectors.load_word2vec_format(path, binary=binary)

        def load_theirs(path=their_path, binary=binary):
            return GensimKeyedVectors.load_word2vec_format(path, binary=binary)

        save()
        save_theirs()
        if our_path.read_bytes() != Path(their_path).read_bytes():
            raise SystemExit(f"the {kind} files differ")
        if not np.array_equal(load().vectors, load_theirs().vectors):
            raise SystemExit(f"the vectors loaded from {kind} differ")
        yield f"load {kind}", (1, 1), load, load_theirs
        yield f"save {kind}", (1, 1), save, save_theirs

    our_path, their_path = folder / "ours.npy", str(folder / "gensim.kv")
    ours.save(our_path)
    theirs.save(their_path)
    yield (
        "load own format (ours checked)",
        (1, 1),
        lambda: KeyedVectors.load(our_path),
        lambda: GensimKeyedVectors.load(their_path),
    )
    yield (
        "load own format, memory-mapped",
        (1, 1),
        lambda: KeyedVectors.load(our_path, mmap=True),
        lambda: GensimKeyedVectors.load(their_path, mmap="r"),
    )


def check_same(ours, theirs):
    same_words = [word for word, _ in ours] == [word for word, _ in theirs]
    if not same_words or not np.allclose([s for _, s in ours], [s for _, s in theirs], atol=1e-6):
        raise SystemExit(f"the answers differ: {ours} and {theirs}")


def seconds(job):
    start = time.perf_counter()
    job()
    return time.perf_counter() - start


def compare(name, counts, our_job, their_job, num_rounds):
    """Time both in turns and print a line of the table."""
    seconds(our_job)  # once unmeasured: caches, norms
    seconds(their_job)
    turns = [(seconds(our_job), seconds(their_job)) for _ in range(num_rounds)]
    ours = [1000 * mine / counts[0] for mine, _ in turns]
    theirs = [1000 * other / counts[1] for _, other in turns]
    ratios = [other / mine for mine, other in zip(ours, theirs, strict=True)]
    print(
        f"{name:36}{statistics.median(ours):10.2f} ms{statistics.median(theirs):10.2f} ms"
        f"{statistics.median(ratios):8.2f}  ({min(ratios):.2f} to {max(ratios):.2f})",
        flush=True,
    )


def main():
    args = parse_args()
    rng = np.random.default_rng(args.seed)
    print(
        f"{args.words} x {args.dim} vectors in memory, {args.file_words} x {args.dim} in files; "
        f"{args.rounds} turns; numpy {np.__version__}, gensim {gensim.__version__}"
    )
    print(f"{'':36}{'ours':>13}{'gensim':>13}{'ratio':>8}  (least to greatest)")
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for job in query_jobs(args.words, args.dim, args.queries, args.batch, folder, rng):
            compare(*job, args.rounds)
        for job in file_jobs(args.file_words, args.dim, folder, rng):
            compare(*job, args.rounds)


if __name__ == "__main__":
    main()
