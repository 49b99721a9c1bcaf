"""Huffman's tree: as short as can be, the C program's codes, and words grafted on."""

import heapq
import itertools

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from word2vec import HuffmanTree, sigmoid


def ways_of(tree):
    return [path.tolist() for path in tree.paths], [code.tolist() for code in tree.codes]


def total_length(tree, counts):
    return sum(int(count) * len(code) for count, code in zip(counts, tree.codes, strict=True))


def probabilities(tree, scores):
    """Of all words, from a score at each node: products of the shares of the turns."""
    return [
        np.prod(sigmoid((1 - 2.0 * code) * scores[path]))
        for path, code in zip(tree.paths, tree.codes, strict=True)
    ]


def zipf_counts(number, seed=0):
    return np.random.default_rng(seed).zipf(1.4, number).clip(max=10**9)


def test_tree_of_three_words_is_the_one_worked_by_hand():
    # 2 and 3 are joined first, as node 0; then that 5 and 6, as node 1, the root.
    tree = HuffmanTree.from_counts([6, 3, 2])
    assert ways_of(tree) == ([[1], [1, 0], [1, 0]], [[1], [0, 1], [0, 0]])
    assert (tree.num_words, tree.num_nodes) == (3, 2)


def test_two_words_have_one_node():
    assert ways_of(HuffmanTree.from_counts([1, 5])) == ([[0], [0]], [[0], [1]])


@pytest.mark.parametrize("number", [2, 3, 10, 1000])
def test_codes_are_distinct_and_none_begins_another(number):
    tree = HuffmanTree.from_counts(zipf_counts(number))
    codes = sorted("".join(map(str, code.tolist())) for code in tree.codes)
    assert not any(b.startswith(a) for a, b in itertools.pairwise(codes))


@pytest.mark.parametrize("counts", [zipf_counts(5000), np.ones(37), np.arange(64), [0, 0, 0, 5]])
def test_total_length_is_that_of_joining_the_two_least_again_and_again(counts):
    heap, total = list(map(int, counts)), 0
    heapq.heapify(heap)
    while len(heap) > 1:
        joined = heapq.heappop(heap) + heapq.heappop(heap)
        total += joined
        heapq.heappush(heap, joined)
    assert total_length(HuffmanTree.from_counts(counts), counts) == total


def c_program(counts):
    """The C program's method for counts that fall, in its own steps: points and codes by word."""
    num = len(counts)
    count = [*map(int, counts), *[10**15] * num]
    binary, parent = [0] * (2 * num), [0] * (2 * num)
    leaf, inner = num - 1, num
    for new in range(num - 1):
        least = []
        for _ in range(2):
            if leaf >= 0 and count[leaf] < count[inner]:
                least.append(leaf)
                leaf -= 1
            else:
                least.append(inner)
                inner += 1
        count[num + new] = count[least[0]] + count[least[1]]
        parent[least[0]] = parent[least[1]] = num + new
        binary[least[1]] = 1
    points, codes = [], []
    for word in range(num):
        at, climbed, code = word, [], []
        while at != 2 * num - 2:
            climbed.append(at)
            code.append(binary[at])
            at = parent[at]
        points.append([num - 2, *(node - num for node in climbed[:0:-1])])
        codes.append(code[::-1])
    return points, codes


@pytest.mark.parametrize("seed", range(5))
def test_ways_are_those_of_the_c_program_where_nothing_ties(seed):
    rng = np.random.default_rng(seed)
    counts = np.sort(rng.choice(10**12, 300, replace=False) + 1)[::-1]  # no sums are equal
    assert ways_of(HuffmanTree.from_counts(counts)) == c_program(counts)


def test_ways_are_those_of_the_c_program_where_merges_tie():
    counts = np.sort(zipf_counts(500))[::-1]
    assert len(np.unique(counts)) < 200
    assert ways_of(HuffmanTree.from_counts(counts)) == c_program(counts)


def test_order_of_the_rows_does_not_matter_to_the_lengths():
    counts = np.random.default_rng(0).permutation(np.arange(1, 200) ** 2)
    order = np.argsort(-counts)
    tree, sorted_tree = HuffmanTree.from_counts(counts), HuffmanTree.from_counts(counts[order])
    assert [tree.codes[word].tolist() for word in order] == ways_of(sorted_tree)[1]


def test_probabilities_of_all_words_sum_to_one():
    tree = HuffmanTree.from_counts(zipf_counts(3000))
    scores = np.random.default_rng(1).normal(scale=3, size=tree.num_nodes)
    assert abs(sum(probabilities(tree, scores)) - 1) < 1e-12


def test_weights_count_the_ways_through_each_node():
    counts = [6, 3, 2]
    assert_array_equal(HuffmanTree.from_counts(counts).weights(counts), [5, 11])


def test_counts_that_make_the_longest_ways_are_no_trouble():
    fibonacci = [1, 1]
    while len(fibonacci) < 80:
        fibonacci.append(fibonacci[-1] + fibonacci[-2])
    tree = HuffmanTree.from_counts(fibonacci)
    assert max(map(len, tree.paths)) == 79


# Words that come later


@pytest.mark.parametrize("num_new", [0, 1, 2, 30])
def test_grown_tree_is_a_tree_of_all_words(num_new):
    rng = np.random.default_rng(2)
    rows, counts = rng.permutation(100 + num_new)[:100], rng.integers(1, 50, 100 + num_new)
    tree = HuffmanTree.from_counts(counts[rows]).grown(rows, counts)
    assert tree.num_nodes == 99 + num_new
    scores = rng.normal(size=tree.num_nodes)
    assert abs(sum(probabilities(tree, scores)) - 1) < 1e-12


def test_old_nodes_ask_the_same_of_the_old_words():
    rng = np.random.default_rng(3)
    rows, counts = rng.permutation(50)[:40], rng.integers(1, 50, 50)
    before = HuffmanTree.from_counts(counts[rows])
    after = before.grown(rows, counts)
    for word, row in enumerate(rows):
        asked = dict(zip(before.paths[word].tolist(), before.codes[word].tolist(), strict=True))
        now = dict(zip(after.paths[row].tolist(), after.codes[row].tolist(), strict=True))
        assert {node: turn for node, turn in now.items() if node < 39} == asked


def test_new_words_hang_where_the_ways_grow_least():
    # Rare: beside the rarest word. As frequent as all others together: beside the root.
    tree = HuffmanTree.from_counts([6, 3, 2])
    assert ways_of(tree.grown([0, 1, 2], [6, 3, 2, 1]))[1] == [[1], [0, 1], [0, 0, 0], [0, 0, 1]]
    assert ways_of(tree.grown([0, 1, 2], [6, 3, 2, 20]))[1][3] == [1]


# Errors


def test_fewer_than_two_words_are_refused():
    for counts in ([], [3]):
        with pytest.raises(ValueError, match="counts must be a vector of at least two counts"):
            HuffmanTree.from_counts(counts)


def test_counts_that_are_no_counts_are_refused():
    with pytest.raises(TypeError, match="counts must be numbers. Got dtype <U1"):
        HuffmanTree.from_counts(["a", "b"])
    for bad in (-1, np.nan, np.inf):
        with pytest.raises(ValueError, match="counts must be finite and not negative"):
            HuffmanTree.from_counts([1, bad])
