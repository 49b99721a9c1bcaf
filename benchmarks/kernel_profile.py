"""Where one core's time goes in training, and how fast its matrix products are.

    python -m benchmarks.kernel_profile

Trains some work units of the engine in this process, on one thread: plain, then profiled, in turns
that start from the same vectors. The profiled engine is the same code, but its functions are
wrapped in a clock, and its arrays are of a subclass of ndarray that hands every operation to the
clock (NumPy's `__array_ufunc__`). Its overhead, profiled / plain, is printed. Both must end with
the same vectors, bit for bit. All times are processor times, which a busy machine disturbs least.

    matrix products   scores and gradients of blocks of centers, by stacked `matmul`
    gather            taking rows of the vectors
    overlaps          laying out what blocks see in common
    scatter           summing the gradients of each row
    loss              measured on a part of the blocks
    layout            laying out a stretch of text: subsampling, windows
    negatives         drawing them
    exchange          keeping the gradients of a unit, finding those of a round
    step              adding them up and moving the vectors
    sigmoid           of the scores, by a hyperbolic tangent
    elementwise       all other operations on the kernel's arrays: masks, weights, sums
    everything else   what is in none of these, and the profiler's own time

The share of the matrix products is printed once more, of the plain engine's time.

A round has two phases: the units are computed, then their gradients are added up and each row takes
its step. Last, the times of both give what more workers would bring if each had a core and memory
of its own: "computed", not measured. Who has fewer units than another waits.

The arithmetic is counted in the matrix products alone: 2 m k n FLOP for m x k by k x n. Their rate
is printed beside that of the same products "alone", again and again on arrays that stay in the
cache, and beside that of one large product, measured anew in each turn.
"""

import argparse
import statistics
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import NamedTuple
from unittest import mock

import numpy as np
from threadpoolctl import threadpool_limits

from word2vec import Word2Vec
from word2vec.corpus.encoded import encode
from word2vec.engine import kernels, products
from word2vec.engine import units as engine
from word2vec.engine.plan import Plan
from word2vec.engine.rounds import LocalRounds
from word2vec.engine.schedule import Schedule
from word2vec.engine.units import Engine, RoundGradients
from word2vec.sampling import AliasTable

PRODUCTS, SIGMOID, ELEMENTWISE = "matrix products", "sigmoid", "elementwise"
# The functions that belong to each part; what they call in turn counts for the callee's part.
PARTS = {
    "gather": [(kernels, "take_rows")],
    "overlaps": [
        (kernels, "overlapping"),
        (kernels, "between_zeros"),
        (kernels, "sum_overlapping"),
        (products, "overlapping"),
    ],
    "scatter": [(kernels, "number_rows"), (kernels, "add_rows")],
    "loss": [(kernels, "log_sigmoid")],
    "layout": [(engine, "draw_blocks")],
    "negatives": [(AliasTable, "draw")],
    "exchange": [(RoundGradients, "store"), (RoundGradients, "of_rows")],
    "step": [(engine, "bounded_steps"), (engine, "move_rows")],
}
LARGE = 1024  # rows and columns of the one large product
SCALING = (2, 4, 8, 16)  # workers
RATE_SECONDS = 0.2  # a product is repeated so long


def parse_args(argv=None):
    first, _, rest = __doc__.split("\n\n", 2)
    parser = argparse.ArgumentParser(
        description=first,
        epilog=f"""{rest}
examples:
  CBOW, on made-up text:
    python -m benchmarks.kernel_profile --model cbow
  skip-gram with longer vectors, on a text of yours:
    python -m benchmarks.kernel_profile --corpus text.txt --vector-size 300
""",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--corpus", help="text, one sentence a line; default: random words, as frequent as Zipf's")
    add("--model", choices=["skipgram", "cbow"], default="skipgram", help="default: skipgram")
    add("--vector-size", type=int, default=100, help="default: 100")
    add("--window", type=int, default=5, help="default: 5")
    add("--negative", type=int, default=5, help="negatives a pair counts for; default: 5")
    add("--sample", type=float, default=1e-3, help="subsampling of frequent words; default: 1e-3")
    add("--min-count", type=int, default=5, help="of words of --corpus; default: 5")
    add("--words", type=int, default=25_000, help="vocabulary of the random text; default: 25000")
    add("--units", type=int, default=200, help="work units in a turn; default: 200")
    add("--turns", type=int, default=5, help="of the plain and of the profiled engine; default: 5")
    return parser.parse_args(argv)


@dataclass
class Products:
    """Matrix products of one shape."""

    calls: int = 0
    number: int = 0  # a call does a stack of them
    seconds: float = 0.0


class Profile:
    """Seconds spent in each part, and the matrix products that were done.

    A part's time does not contain that of another part inside it.
    """

    def __init__(self):
        self.seconds = dict.fromkeys([PRODUCTS, *PARTS, SIGMOID, ELEMENTWISE], 0.0)
        self.products = {}  # by their shape: (m, k, n) for m x k by k x n
        self._inner = []  # for each part we are in: seconds of the parts inside it
        self._array_type = _timed_array_type(self)

    def __enter__(self):
        """Wrap the engine's functions, until the end of the with block."""
        self._patches = ExitStack()
        for part, functions in PARTS.items():
            for owner, name in functions:
                timed = self._timed(part, getattr(owner, name))
                self._patches.enter_context(mock.patch.object(owner, name, timed))
        return self

    def __exit__(self, *exception):
        self._patches.close()

    def watch(self, result):
        """A view of an array whose operations, and those of what comes of it, are timed.

        Of a tuple, views of its arrays; all else as it is.
        """
        if type(result) is tuple:
            return tuple(map(self.watch, result))
        return result.view(self._array_type) if isinstance(result, np.ndarray) else result

    def clock(self, part, function, *args, **kwargs):
        """Call a function; returns its result and how many seconds it took."""
        self._inner.append(0.0)
        start = time.thread_time()
        result = function(*args, **kwargs)
        elapsed = time.thread_time() - start
        self.seconds[part] += elapsed - self._inner.pop()
        if self._inner:
            self._inner[-1] += elapsed
        return result, elapsed

    def operation(self, ufunc, method, inputs, kwargs):
        """Do an operation of watched arrays."""
        function = getattr(ufunc, method)
        if ufunc is np.matmul:
            result, elapsed = self.clock(PRODUCTS, function, *inputs, **kwargs)
            (m, k), n = inputs[0].shape[-2:], result.shape[-1]
            done = self.products.setdefault((m, k, n), Products())
            done.calls += 1
            done.number += result.size // (m * n)
            done.seconds += elapsed
        else:
            part = SIGMOID if ufunc is np.tanh else ELEMENTWISE
            result, _ = self.clock(part, function, *inputs, **kwargs)
        return result

    def _timed(self, part, function):
        def call(*args, **kwargs):
            kwargs = {name: _plain(value) for name, value in kwargs.items()}
            result, _ = self.clock(part, function, *map(_plain, args), **kwargs)
            return self.watch(result)

        return call


def _timed_array_type(profile):
    """A subclass of ndarray that lets `profile` do its operations."""

    class TimedArray(np.ndarray):
        def __array_ufunc__(self, ufunc, method, *inputs, out=None, **kwargs):
            inputs = [_plain(x) for x in inputs]
            if out is not None:
                kwargs["out"] = tuple(_plain(x) for x in out)
            result = profile.operation(ufunc, method, inputs, kwargs)
            if out is not None:
                return out[0]
            return profile.watch(result)

    return TimedArray


def _plain(x):
    return x.view(np.ndarray) if isinstance(x, np.ndarray) else x


def random_corpus(num_words, rng):
    """Counts of words as frequent as Zipf's, and a text of them, long enough for whole units."""
    num_tokens = 8_000_000
    weights = 1 / np.arange(1, num_words + 1)
    tokens = rng.choice(num_words, size=num_tokens, p=weights / weights.sum()).astype(np.int32)
    counts = np.maximum(1, np.bincount(tokens, minlength=num_words))
    tokens[::25] = num_words  # ends of sentences
    return counts, tokens


def read_corpus(path, min_count):
    """Counts of the words of a text file, and the encoded text."""
    with tempfile.TemporaryDirectory() as folder:
        corpus = encode(path, folder, min_count, keep=False)
        return corpus.vocab.counts, np.array(corpus.tokens)


class TimedSteps(Engine):
    """An engine that adds up how long the second phase of its rounds takes."""

    seconds = 0.0

    def step(self, *arguments):
        start = time.thread_time()
        super().step(*arguments)
        self.seconds += time.thread_time() - start


class Turn(NamedTuple):
    """The same work done plain and profiled, and the rate of a large product next to it."""

    plain_seconds: float
    step_seconds: float  # of them, for adding up gradients and moving vectors
    profiled_seconds: float
    profile: Profile
    large_rate: float


def run_turns(options, counts, tokens, num_units, num_turns):
    """Train on the same units, from the same vectors, in each turn."""
    shape = (len(counts), options.vector_size)
    rng = np.random.default_rng(options.seed)
    vectors = rng.uniform(-0.5, 0.5, size=shape).astype(np.float32) / options.vector_size
    matrices = vectors, np.zeros(shape, np.float32)
    schedule = Schedule.of(len(tokens), options)
    rounds = first_rounds(schedule, num_units)

    def timed():
        trained = [matrix.copy() for matrix in matrices]
        timed_engine = TimedSteps(Plan(options, schedule, counts), tokens, *trained)
        start = time.thread_time()
        LocalRounds(timed_engine).run_rounds(rounds.start, rounds.stop)
        return time.thread_time() - start, timed_engine.seconds, trained

    timed()  # unmeasured: caches, memory

    turns = []
    for _ in range(num_turns):
        plain_seconds, step_seconds, expected = timed()
        with Profile() as profile:
            profiled_seconds, _, found = timed()
        if not all(map(np.array_equal, expected, found)):
            raise SystemExit("The profiled engine computed other vectors: its figures are void.")
        large_rate = product_rate(LARGE, LARGE, LARGE)
        turns.append(Turn(plain_seconds, step_seconds, profiled_seconds, profile, large_rate))
    return turns


def first_rounds(schedule, num_units):
    """The first rounds of training, of about so many units."""
    return range(min(schedule.rounds_per_epoch, -(-num_units // schedule.units_per_round)))


def product_rate(m, k, n, number=1):
    """Operations a second of a stack of float32 products m x k by k x n, with nothing else done."""
    rng = np.random.default_rng(0)
    a, b = (rng.random((number, *shape), dtype=np.float32) for shape in [(m, k), (k, n)])
    result = a @ b
    times = []
    end = time.perf_counter() + RATE_SECONDS
    while not times or time.perf_counter() < end:
        start = time.thread_time()
        np.matmul(a, b, out=result)
        times.append(time.thread_time() - start)
    return num_flop(m, k, n, number) / statistics.median(times)


def num_flop(m, k, n, number):
    """Multiplications and additions in so many products m x k by k x n."""
    return 2 * m * k * n * number


def flop_of(profile):
    return sum(num_flop(*shape, done.number) for shape, done in profile.products.items())


def spread(numbers, digits=1):
    """Median, least and greatest, in print."""
    low, middle, high = min(numbers), statistics.median(numbers), max(numbers)
    return f"{middle:,.{digits}f} ({low:,.{digits}f} to {high:,.{digits}f})"


def print_parts(turns, num_units):
    print(f"\n{'part':24}{'% of the time (least to greatest)':36}ms a unit")
    for name in [*turns[0].profile.seconds, "everything else"]:
        shares, milliseconds = [], []
        for turn in turns:
            known = turn.profile.seconds
            part = known.get(name, turn.profiled_seconds - sum(known.values()))
            shares.append(100 * part / turn.profiled_seconds)
            milliseconds.append(1000 * part / num_units)
        print(f"{name:24}{spread(shares):36}{statistics.median(milliseconds):9.3f}")
    of_plain = [100 * turn.profile.seconds[PRODUCTS] / turn.plain_seconds for turn in turns]
    print(f"\nmatrix products, % of the plain engine's time: {spread(of_plain)}")


def print_products(turns):
    all_flop = flop_of(turns[0].profile)
    print(f"\n{'products':24}{'in a stack':>12}{'% of FLOP':>17}{'GFLOP/s':>9}{'alone':>9}")
    for (m, k, n), done in turns[0].profile.products.items():
        flop = num_flop(m, k, n, done.number)
        seconds = [turn.profile.products[m, k, n].seconds for turn in turns]
        in_a_stack = round(done.number / done.calls)
        print(
            f"{f'{m} x {k} by {k} x {n}':24}{in_a_stack:12}"
            f"{100 * flop / all_flop:17.1f}"
            f"{flop / statistics.median(seconds) / 1e9:9.1f}"
            f"{product_rate(m, k, n, in_a_stack) / 1e9:9.1f}"
        )


def print_rates(turns):
    """Arithmetic done, beside what one large product shows to be possible."""
    flop = flop_of(turns[0].profile)
    large = [turn.large_rate for turn in turns]
    rates = {
        f"a product of {LARGE} x {LARGE}": large,
        "stacked products": [flop / turn.profile.seconds[PRODUCTS] for turn in turns],
        "training as a whole": [flop / turn.plain_seconds for turn in turns],
    }
    print(f"\n{'arithmetic':28}{'GFLOP/s (least to greatest)':36}% of the large product's")
    for name, rate in rates.items():
        shares = [100 * done / most for done, most in zip(rate, large, strict=True)]
        print(f"{name:28}{spread([done / 1e9 for done in rate]):36}{spread(shares)}")


def print_scaling(turns, num_rounds, units_per_round):
    """What the phases of a round let expect of several workers."""
    step = 1000 * statistics.median(turn.step_seconds for turn in turns) / num_rounds
    whole = 1000 * statistics.median(turn.plain_seconds for turn in turns) / num_rounds
    unit = (whole - step) / units_per_round
    print(
        f"\na round of {units_per_round} units: {whole:.2f} ms, of which computing a unit takes "
        f"{unit:.2f} ms, and adding up and moving {step:.2f} ms"
    )
    print(f"{'workers':24}{'ms a round, computed':>24}{'times as fast as one':>24}")
    for workers in SCALING:
        seconds = unit * -(-units_per_round // workers) + step / workers
        print(f"{workers:<24}{seconds:24.2f}{whole / seconds:24.2f}")


def main(argv=None):
    args = parse_args(argv)
    options = Word2Vec(
        model=args.model,
        vector_size=args.vector_size,
        window=args.window,
        negative=args.negative,
        sample=args.sample,
    ).options
    if args.corpus:
        counts, tokens = read_corpus(args.corpus, args.min_count)
    else:
        counts, tokens = random_corpus(args.words, np.random.default_rng(options.seed))
    schedule = Schedule.of(len(tokens), options)
    rounds = first_rounds(schedule, args.units)
    num_units = min(len(rounds) * schedule.units_per_round, schedule.units_per_epoch)
    trained = tokens[: num_units * schedule.unit_length]
    num_words = (trained < len(counts)).sum()  # no ends of sentences
    print(
        f"{args.model}, vector_size {args.vector_size}, window {args.window}, negative "
        f"{args.negative}, sample {args.sample:g}; vocabulary {len(counts):,}; {num_units} units "
        f"of {schedule.unit_length} words; one thread; numpy {np.__version__}"
    )
    # More threads would only disturb each other in products as small as these.
    with threadpool_limits(limits=1, user_api="blas"):
        turns = run_turns(options, counts, tokens, args.units, args.turns)
        overhead = [100 * (turn.profiled_seconds / turn.plain_seconds - 1) for turn in turns]
        speed = [num_words / turn.plain_seconds for turn in turns]
        print(f"words/s of processor time, plain: {spread(speed, 0)}")
        print(f"overhead of profiling, %: {spread(overhead)}")
        print_parts(turns, num_units)
        print_products(turns)
        print_rates(turns)
        print_scaling(turns, len(rounds), schedule.units_per_round)


if __name__ == "__main__":
    main()
