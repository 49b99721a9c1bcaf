import numpy as np
import pytest
from numpy.testing import assert_array_equal

from word2vec.engine import exchange as exchanging
from word2vec.engine.adasum import merge_all
from word2vec.engine.exchange import exchange
from word2vec.rowsparse import RowSparse
from word2vec.saving.team import Team

NUM_ROWS = 1000


def some_rows(seed, number=300):
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.choice(NUM_ROWS, number, replace=False)).astype(np.int32)
    return RowSparse(rows, rng.normal(size=(number, 4)).astype(np.float32))


@pytest.mark.parametrize("rows_at_a_time", [1, 7, 100, 10_000])
@pytest.mark.parametrize("number", [1, 4])
def test_pieces_have_the_bits_of_the_whole(monkeypatch, rows_at_a_time, number):
    monkeypatch.setattr(exchanging, "ROWS_AT_A_TIME", rows_at_a_time)
    moves = [some_rows(seed) for seed in range(number)]
    pieces = list(exchange(Team(), moves, NUM_ROWS))
    expected = merge_all(moves)
    assert_array_equal(np.concatenate([piece.rows for piece in pieces]), expected.rows)
    assert_array_equal(np.concatenate([piece.values for piece in pieces]), expected.values)
    assert (len(pieces) > 1) == (rows_at_a_time < len(expected.rows))


def test_where_nothing_moved_nothing_comes():
    (nothing,) = exchange(Team(), [some_rows(1, number=0)], NUM_ROWS)
    assert len(nothing.rows) == 0


class FirstOfFour(Team):
    size = 4


@pytest.mark.parametrize("number", [0, 1, 300])
def test_owners_have_as_many_rows_of_every_piece(monkeypatch, number):
    monkeypatch.setattr(exchanging, "ROWS_AT_A_TIME", 40)
    moves = [some_rows(1, number)]
    bounds = exchanging._bounds(FirstOfFour(), moves, NUM_ROWS)
    assert bounds[[0, -1]].tolist() == [0, NUM_ROWS]
    owned = np.diff(np.searchsorted(moves[0].rows, bounds))
    assert owned.sum() == number
    assert owned.max() - owned.min() <= 1
    assert owned.reshape(-1, 4).sum(axis=1).max() <= 40
