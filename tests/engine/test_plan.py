"""What is to be trained reaches other processes as it is."""

import json

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from word2vec.engine.plan import Plan
from word2vec.engine.schedule import Schedule
from word2vec.engine.shards import Shards
from word2vec.huffman import HuffmanTree
from word2vec.options import EngineOptions

COUNTS = np.array([9, 5, 3, 1])
OPTIONS = EngineOptions(seed=2**100, loss="hierarchical_softmax", epochs=2)


def through_json(fields):
    return json.loads(json.dumps(fields))


@pytest.mark.parametrize("travel", [through_json, dict])
@pytest.mark.parametrize("hosted", [None, range(1), range(2, 4)])
def test_plan_is_the_same_after_json(hosted, travel):
    schedule = Schedule.of(10_000, OPTIONS)
    if hosted:
        schedule = Shards.of([3000, 2000, 1000, 4000], OPTIONS).hosted(hosted)
    tree = HuffmanTree.from_counts(COUNTS)
    plan = Plan(OPTIONS, schedule, COUNTS, frozen=(1, 3), tree=tree, keep_moved=True)
    again = Plan.from_json(travel(plan.to_json()))
    assert (again.options, again.schedule, again.keep_moved) == (OPTIONS, schedule, True)
    assert type(again.schedule) is type(schedule)
    assert list(again.frozen) == [1, 3]
    assert_array_equal(again.counts, COUNTS)
    assert_array_equal(again.tree.children, tree.children)


def test_plan_without_tree_has_none_after_json():
    plan = Plan(OPTIONS, Schedule.of(10_000, OPTIONS), COUNTS)
    assert Plan.from_json(through_json(plan.to_json())).tree is None
