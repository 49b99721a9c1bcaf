"""How a corpus is cut into rounds and units."""

import pytest

from word2vec import Word2Vec
from word2vec.engine.schedule import LONGEST_UNIT, Schedule


@pytest.mark.parametrize(
    ("num_tokens", "units"),
    [(1_000, 1), (2_000_000, 1), (2_100_000, 2), (11_500_000, 8), (17_000_000, 16), (10**9, 16)],
)
def test_rounds_have_equal_units_for_1_2_4_8_or_16_workers(num_tokens, units):
    schedule = Schedule.of(num_tokens, Word2Vec().options)
    assert schedule.units_per_round == units
    assert schedule.unit_length <= LONGEST_UNIT


def test_units_of_cbow_with_a_tree_are_longer():
    options = Word2Vec(model="cbow", loss="hierarchical_softmax").options
    assert Schedule.of(11_500_000, options)[1:3] == (22461, 8)
    assert Schedule.of(10**9, options)[1:3] == (4 * LONGEST_UNIT, 8)


@pytest.mark.parametrize(("loss", "most"), [("hierarchical_softmax", 8), ("naive_softmax", 4)])
def test_losses_whose_gradients_take_much_room_have_fewer_units(loss, most):
    assert Schedule.of(10**9, Word2Vec(loss=loss).options).units_per_round == most
