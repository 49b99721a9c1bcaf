"""The kernels of hierarchical softmax: gradient checks, and equal to the reference models."""

import functools

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from utils.gradcheck import gradcheck_naive
from word2vec import HuffmanTree, cbow, skipgram
from word2vec.engine import tree_kernels, tree_layouts
from word2vec.engine.blocks import draw_blocks
from word2vec.engine.tree_kernels import (
    cbow_hierarchical_softmax,
    every_second_center,
    every_second_word,
    skipgram_hierarchical_softmax,
)
from word2vec.engine.tree_layouts import Lists, TreeOrder, TreeTop, groups_of_words

V, D, WINDOW, BLOCK_SIZE = 40, 3, 2, 8
COUNTS = np.random.default_rng(0).zipf(1.5, V)
TREE = HuffmanTree.from_counts(COUNTS)
NAMES = ["skip-gram", "CBOW mean", "CBOW sum"]
every_kernel = pytest.mark.parametrize("name", NAMES)


@pytest.fixture(autouse=True)
def small_top_and_tiles(monkeypatch):
    """So that little text has nodes below the top, groups that are not full, and many tiles."""
    monkeypatch.setattr(tree_layouts, "MOST_AT_TOP", 7)
    monkeypatch.setattr(tree_kernels, "GROUP", 4)
    monkeypatch.setattr(tree_kernels, "TILE_NUMBERS", 300)


def kernel(name, tree=TREE, counts=COUNTS):
    if name == "skip-gram":
        top = TreeTop.of(tree, counts)
        return functools.partial(skipgram_hierarchical_softmax, tree=tree, top=top)
    reduction = name.removeprefix("CBOW ")
    order = TreeOrder.of(tree)
    return functools.partial(cbow_hierarchical_softmax, tree=tree, order=order, reduction=reduction)


def example(name, length=90, num_words=V, seed=1):
    """Blocks of a text of words that repeat, with ends of sentences."""
    rng = np.random.default_rng(seed)
    ids = (num_words * rng.random(length) ** 2).astype(np.int32)
    ids[[7, 20, 21, 30]] = num_words
    keep = np.append(np.ones(num_words, dtype=np.float32), np.float32(2))
    reach = "expected" if name == "skip-gram" else "drawn"
    return draw_blocks(ids, num_words, keep, WINDOW, reach, None, 0, BLOCK_SIZE, 2, rng)


@pytest.fixture
def vectors():
    rng = np.random.default_rng(2)
    return rng.normal(size=(V, D)), rng.normal(size=(V - 1, D))


def windows_of(blocks):
    """Center, outside words and their weights of every window."""
    for block, place in np.ndindex(blocks.centers.shape):
        weights = blocks.weights[block, :, place].astype(float)
        if weights.any():
            yield (
                blocks.centers[block, place],
                blocks.seen[block][weights > 0],
                weights[weights > 0],
            )


def reference(name, blocks, vectors, tree=TREE):
    total = [0.0, *map(np.zeros_like, vectors)]
    for center, outside, weights in windows_of(blocks):
        if name == "skip-gram":
            for word, weight in zip(outside, weights, strict=True):
                parts = skipgram(center, [word], *vectors, tree=tree)
                total = [a + weight * b for a, b in zip(total, parts, strict=True)]
        else:
            reduction = name.removeprefix("CBOW ")
            parts = cbow(center, outside, *vectors, tree=tree, reduction=reduction)
            total = [a + b for a, b in zip(total, parts, strict=True)]
    return total


def assert_equals_reference(name, blocks, vectors, tree=TREE, counts=COUNTS):
    result = kernel(name, tree, counts)(*vectors, blocks)
    loss, *grads = reference(name, blocks, vectors, tree)
    assert_allclose(result.loss, loss, rtol=1e-12)
    for side, grad, matrix in zip(result[2:], grads, vectors, strict=True):
        assert_allclose(side.to_dense(len(matrix)), grad, rtol=1e-10, atol=1e-12)


@every_kernel
def test_kernel_equals_the_reference_over_the_same_pairs(name, vectors):
    assert_equals_reference(name, example(name), vectors)


@every_kernel
@pytest.mark.parametrize("num_words", [2, 3, 7])
def test_kernel_equals_the_reference_where_all_nodes_are_at_the_top(name, num_words):
    rng = np.random.default_rng(3)
    counts = np.arange(1, num_words + 1)
    vectors = rng.normal(size=(num_words, D)), rng.normal(size=(num_words - 1, D))
    tree = HuffmanTree.from_counts(counts)
    assert_equals_reference(name, example(name, num_words=num_words), vectors, tree, counts)


@every_kernel
def test_kernel_equals_the_reference_with_a_tree_that_has_grown(name):
    rng = np.random.default_rng(4)
    rows = rng.permutation(V)[: V - 9]
    tree = HuffmanTree.from_counts(COUNTS[rows]).grown(rows, COUNTS)
    vectors = rng.normal(size=(V, D)), rng.normal(size=(V - 1, D))
    assert_equals_reference(name, example(name), vectors, tree)


@every_kernel
def test_both_gradients_pass_the_gradient_check(name, vectors):
    blocks, compute = example(name, 40), kernel(name)

    def f(stacked):
        result = compute(stacked[:V], stacked[V:], blocks)
        grads = [side.to_dense(num) for side, num in zip(result[2:], (V, V - 1), strict=True)]
        return result.loss, np.concatenate(grads)

    gradcheck_naive(f, np.concatenate(vectors), name)


@every_kernel
def test_number_of_pairs_is_that_of_the_predictions_with_their_weights(name, vectors):
    blocks = example(name)
    pairs = [weights.sum() for _, _, weights in windows_of(blocks)]
    expected = sum(pairs) if name == "skip-gram" else len(pairs)
    assert_allclose(kernel(name)(*vectors, blocks).num_pairs, expected)


@every_kernel
def test_float32_stays_float32(name, vectors):
    single = [matrix.astype(np.float32) for matrix in vectors]
    for side in kernel(name)(*single, example(name))[2:]:
        assert side.values.dtype == np.float32


@every_kernel
def test_text_without_pairs_has_no_loss_and_no_gradient(name, vectors):
    blocks = example(name)
    result = kernel(name)(*vectors, blocks._replace(patterns=np.zeros_like(blocks.patterns)))
    assert (result.loss, result.num_pairs) == (0, 0)
    assert not any(side.values.any() for side in result[2:])


@every_kernel
def test_loss_on_some_blocks_leaves_the_gradients_alone(name, vectors):
    blocks = example(name)
    whole, part = (kernel(name)(*vectors, blocks, every=every) for every in (1, 3))
    first = blocks._replace(
        centers=blocks.centers[:4],
        words=blocks.words[: 4 * BLOCK_SIZE + 2 * WINDOW],
        pattern=blocks.pattern[:4],
    )
    assert_allclose(part.loss, kernel(name)(*vectors, first).loss)
    assert 0 < part.num_pairs < whole.num_pairs
    for one, other in zip(part[2:], whole[2:], strict=True):
        assert_array_equal(one.values, other.values)


@every_kernel
def test_inputs_are_left_alone(name, vectors):
    blocks = example(name)
    before = [array.copy() for array in (*vectors, *blocks[:4])]
    kernel(name)(*vectors, blocks)
    for array, copy in zip((*vectors, *blocks[:4]), before, strict=True):
        assert_array_equal(array, copy)


def test_every_second_word_counts_twice_or_not_at_all():
    blocks = example("skip-gram")
    drawn = [every_second_word(blocks, np.random.default_rng(seed)) for seed in range(10)]
    assert {half.patterns[0, 0].any() for half in drawn} == {False, True}
    for half in drawn:
        counts = half.patterns.any(axis=(0, 2))
        assert (counts[:-1] != counts[1:]).all()
        assert_array_equal(half.patterns[:, counts], 2 * blocks.patterns[:, counts])


def test_both_halves_together_are_the_whole_loss_and_gradient(vectors):
    blocks, compute = example("skip-gram"), kernel("skip-gram")
    halves = {}
    for seed in range(10):
        half = every_second_word(blocks, np.random.default_rng(seed))
        halves[half.patterns[0, 0].any()] = compute(*vectors, half)
    whole, (one, other) = compute(*vectors, blocks), halves.values()
    assert_allclose((one.loss + other.loss) / 2, whole.loss)
    for a, b, both in zip(one[2:], other[2:], whole[2:], strict=True):
        assert_allclose((a.to_dense(V) + b.to_dense(V)) / 2, both.to_dense(V), atol=1e-12)


def test_every_center_of_cbow_is_predicted_in_one_of_two_halves(vectors):
    blocks, compute = example("CBOW mean"), kernel("CBOW mean")
    halves = {}
    for seed in range(10):
        half = every_second_center(blocks, np.random.default_rng(seed))
        halves[half.centers[0, 0] == blocks.centers[0, 0]] = compute(*vectors, half)
    whole, (one, other) = compute(*vectors, blocks), halves.values()
    assert_allclose(one.loss + other.loss, whole.loss)
    assert one.num_pairs + other.num_pairs == whole.num_pairs
    for a, b, both in zip(one[2:], other[2:], whole[2:], strict=True):
        assert_allclose(a.to_dense(V) + b.to_dense(V), both.to_dense(V), atol=1e-12)


# The layouts


def test_top_of_a_tree_are_the_nodes_that_most_ways_lead_through():
    top = TreeTop.of(TREE, COUNTS)
    weights = TREE.weights(COUNTS)
    beside = np.delete(weights, top.nodes)
    assert len(top.nodes) == 7
    assert weights[top.nodes].min() >= beside.max()


def test_words_that_are_neighbors_in_the_tree_come_one_after_the_other():
    order = TreeOrder.of(TREE)
    codes = [TREE.codes[word].tolist() for word in np.argsort(order.rank)]
    assert codes == sorted(codes)


def test_groups_of_words_have_the_turns_of_their_ways_and_each_node_once():
    order = TreeOrder.of(TREE)
    words = np.random.default_rng(6).integers(V, size=50)  # many of them repeated
    words = words[np.argsort(order.rank[words])]
    lists, nodes, signs = groups_of_words(words, TREE, order, size=4, most=100)
    lengths = np.bincount(np.arange(50) // 4, minlength=13)
    for group, first in enumerate(lists.firsts):
        its_words = words[4 * group : 4 * group + 4]
        number = len(set().union(*(TREE.paths[word].tolist() for word in its_words)))
        assert len(np.unique(nodes[first : first + number])) == number
        for place in range(lengths[group]):
            turns = dict(zip(nodes[first : first + number], signs[first:, place], strict=False))
            way = TREE.paths[its_words[place]], TREE.codes[its_words[place]]
            expected = {node: 1 - 2 * turn for node, turn in zip(*way, strict=True)}
            assert {node: sign for node, sign in turns.items() if sign} == expected


def test_lists_lie_in_slots_of_their_own_and_tiles_are_not_too_large():
    lengths = np.random.default_rng(5).integers(0, 9, 50)
    lists = Lists.of(lengths, width=2, most=40)
    used = np.concatenate([np.arange(f, f + n) for f, n in zip(lists.firsts, lengths, strict=True)])
    assert len(np.unique(used)) == lengths.sum()
    assert used.max() < lists.num_slots
    assert_array_equal(np.sort(lists.order), np.arange(50))
    for tile, slots, (number, longest) in lists.tiles:
        assert tile.stop - tile.start == number
        assert slots.stop - slots.start == number * longest
        assert longest == lengths[lists.order[tile]].max()
        assert number * (longest + 2) <= 40
