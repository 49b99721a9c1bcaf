import tempfile
from collections import Counter

import numpy as np
import pytest

from word2vec.corpus.counting import KeyCounter


def totals(counter):
    pieces = list(counter.totals())
    keys, counts = map(np.concatenate, zip(*pieces, strict=True))
    return keys.tolist(), counts.tolist()


def expected(added):
    counted = sorted(Counter(np.concatenate(added).tolist()).items())
    return [key for key, _ in counted], [count for _, count in counted]


@pytest.mark.parametrize("capacity", [1, 2, 7, 50, 10_000])
@pytest.mark.parametrize("seed", range(5))
def test_counts_are_exact_however_little_fits_into_memory(capacity, seed):
    rng = np.random.default_rng(seed)
    added = [rng.integers(-30, 2**40 if seed % 2 else 30, size=n) for n in [40, 0, 1, 100, 7]]
    with KeyCounter(capacity) as counter:
        for keys in added:
            counter.add(keys)
        assert totals(counter) == expected(added)


def test_nothing_was_counted():
    with KeyCounter(5) as counter:
        assert totals(counter) == ([], [])


def test_no_more_rows_than_fit_are_read_at_a_time():
    with KeyCounter(100) as counter:
        for start in range(20):
            counter.add(np.arange(start, 4000, 20))
        sizes = [len(keys) for keys, _ in counter.totals()]
    assert sum(sizes) == 4000
    assert max(sizes) <= 100


def test_file_is_closed_also_after_an_error(monkeypatch):
    opened = []

    def temporary_file(**options):
        opened.append(original(**options))
        return opened[0]

    original = tempfile.TemporaryFile
    monkeypatch.setattr(tempfile, "TemporaryFile", temporary_file)
    with pytest.raises(ValueError, match="stop"), KeyCounter(1) as counter:
        counter.add(np.arange(3))
        raise ValueError("stop")
    assert opened[0].closed
