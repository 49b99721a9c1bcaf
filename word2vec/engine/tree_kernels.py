"""Hierarchical softmax of a whole stretch of text at once: kernels like those in `kernels`.

Both are exact: loss and gradients are the sums of those of `skipgram` or `cbow` with a tree. What
makes them fast is that inner nodes are shared, near the root by all words, and so their scores are
matrix products again. In the gradients stands

    2 (sigma(z) - (1 - b)) = tanh(z / 2) - s,    s = 1 - 2 b, the sign of the turn b

where z is the score of a node; halves are taken of vectors, which are fewer than scores.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..checks import FloatArray, IntArray
from ..functions import log_sigmoid
from ..huffman import HuffmanTree
from ..rowsparse import RowSparse, add_rows, number_rows, sum_rows, take_rows
from .blocks import Blocks, overlapping
from .kernels import Result
from .products import between_zeros, mixing_matrices, sum_overlapping

TILE_NUMBERS = 1 << 18  # that are gathered at a time: a megabyte, which stays in the cache
MOST_AT_TOP = 63  # nodes whose scores are computed for every center of skip-gram
GROUP = 16  # predictions of CBOW that share the nodes on their ways


class TreeTop(NamedTuple):
    """A tree for skip-gram: the nodes near its root apart from those below."""

    nodes: IntArray  # (T,) int32, ascending: those that most ways lead through
    signs: FloatArray  # (V, T) float32: 1 for the turn 0, -1 for the turn 1, 0 beside the way
    starts: IntArray  # (V + 1,): where the rest of each word's way is in
    below: IntArray  # nodes, one way after the other
    signs_below: FloatArray

    @classmethod
    def of(cls, tree: HuffmanTree, counts: IntArray) -> TreeTop:
        """Split a tree at the nodes that words of these counts come through most often."""
        most_visited = np.argsort(-tree.weights(counts), kind="stable")
        nodes = np.sort(most_visited[:MOST_AT_TOP]).astype(np.int32)
        place = np.full(tree.num_nodes, -1)
        place[nodes] = np.arange(len(nodes))
        word = np.repeat(np.arange(tree.num_words), tree.lengths)
        turns = (1 - 2 * tree.turns).astype(np.float32)
        is_top = place[tree.nodes] >= 0
        signs = np.zeros((tree.num_words, len(nodes)), dtype=np.float32)
        signs[word[is_top], place[tree.nodes[is_top]]] = turns[is_top]
        num_below = np.bincount(word[~is_top], minlength=tree.num_words)
        starts = np.append(0, np.cumsum(num_below)).astype(np.int32)
        return cls(nodes, signs, starts, tree.nodes[~is_top], turns[~is_top])


class TreeOrder(NamedTuple):
    """A tree for CBOW: ways side by side, and the words from the tree's left to its right."""

    rank: IntArray  # (V,) int32
    paths: IntArray  # (V, length of the longest way) int32; behind the end, -1
    signs: FloatArray  # of the same shape, float32; behind the end, 0
    lengths: IntArray  # (V,)

    @classmethod
    def of(cls, tree: HuffmanTree) -> TreeOrder:
        word = np.repeat(np.arange(tree.num_words), tree.lengths)
        step = np.arange(len(tree.nodes)) - np.repeat(tree.starts[:-1], tree.lengths)
        paths = np.full((tree.num_words, tree.lengths.max()), -1, dtype=np.int32)
        paths[word, step] = tree.nodes
        signs = np.zeros(paths.shape, dtype=np.float32)
        signs[word, step] = 1 - 2 * tree.turns
        # Turns as the digits of a binary fraction.
        place = -np.bincount(word, signs[word, step] * 0.5 ** (step + 1.0))
        rank = np.empty(tree.num_words, dtype=np.int32)
        rank[np.argsort(place, kind="stable")] = np.arange(tree.num_words, dtype=np.int32)
        return cls(rank, paths, signs, tree.lengths)


class Lists(NamedTuple):
    """Lists of different lengths in one array, for products of many lists at a time.

    Lists of about the same length make a tile, where each is filled up to the longest.
    """

    order: IntArray  # (G,) the lists, from the shortest
    firsts: IntArray  # (G,) the slot of the first entry of each list
    tiles: list[tuple[slice, slice, tuple[int, int]]]  # of `order`, of the slots, and their shape

    @classmethod
    def of(cls, lengths: IntArray, width: int, most: int) -> Lists:
        """Lists of these `lengths`; a tile has at most `most` entries, `width` more for each."""
        order = np.argsort(lengths, kind="stable")
        firsts = np.empty(len(lengths), dtype=np.int64)
        tiles, first, slot = [], 0, 0
        while first < len(order):
            longest = lengths[order[first:]]
            sizes = np.arange(1, len(longest) + 1) * (longest + width)
            number = max(1, int(np.searchsorted(sizes, most, side="right")))
            shape = number, int(longest[number - 1])
            its_slots = slice(slot, slot + shape[0] * shape[1])
            firsts[order[first : first + number]] = slot + np.arange(number) * shape[1]
            tiles.append((slice(first, first + number), its_slots, shape))
            first, slot = first + number, its_slots.stop
        return cls(order, firsts, tiles)

    @property
    def num_slots(self) -> int:
        return self.tiles[-1][1].stop if self.tiles else 0

    def spread(self, slots: IntArray, values: np.ndarray, otherwise: float = 0) -> np.ndarray:
        """An array of all slots with `values` in some, and the others filled up."""
        array = np.full(self.num_slots, otherwise, dtype=values.dtype)
        array[slots] = values
        return array


def _ranges(starts, lengths):
    """The numbers starts[i], starts[i] + 1, ..., lengths[i] of them, for one i after the other."""
    ends = np.cumsum(lengths)
    return np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - (ends - lengths), lengths)


def every_second_word(blocks: Blocks, rng: np.random.Generator) -> Blocks:
    """Predict every second word that blocks see, each counting twice; the first or the next.

    The expected loss is the same. Time goes with the ways that are gone, which are half as many
    then; what is left is about as much as where reaches are drawn, which leaves six pairs of ten.
    All pairs give better vectors, but take half as long again.
    """
    patterns = 2 * blocks.patterns
    patterns[:, int(rng.integers(2)) :: 2] = 0
    return blocks._replace(patterns=patterns)


def every_second_center(blocks: Blocks, rng: np.random.Generator) -> Blocks:
    """The same for CBOW, which predicts centers: of each two, the first or the next has no context.

    It counts once: the mean of a context cannot weigh more. A step is `alpha` times a sum anyway.
    """
    patterns = blocks.patterns.copy()
    patterns[:, :, int(rng.integers(2)) :: 2] = 0
    return blocks._replace(patterns=patterns)


def skipgram_hierarchical_softmax(
    center_vectors: FloatArray,
    node_vectors: FloatArray,
    blocks: Blocks,
    tree: HuffmanTree,
    top: TreeTop,
    every: int = 1,
) -> Result:
    """Skip-gram with a tree.

    All pairs of a word that a block sees share the nodes on its way: those below the top are
    gathered for each such word once, and their scores with all centers of the block are a product.

    Parameters
    ----------
    center_vectors : ndarray of shape (V, d)
    node_vectors : ndarray of shape (V - 1, d)
    blocks : Blocks
        Without negatives.
    tree : HuffmanTree
        Of V words.
    top : TreeTop
        Of the same tree.
    every : int
        Compute the loss on the first of so many blocks, on none if it is 0.

    Returns
    -------
    Result
        Its `grad_outside_vectors` are those of the node vectors.
    """
    dtype, size = center_vectors.dtype, center_vectors.shape[1]
    half = dtype.type(0.5)
    block_size = blocks.centers.shape[1]
    weights = blocks.weights.astype(dtype, copy=False)  # (B, S, b)
    seen_words = blocks.seen  # (B, S)
    loss, num_pairs = 0.0, 0.0
    for number in range(blocks.one_in(every)):
        v = take_rows(center_vectors, blocks.centers[number])
        loss += _loss_of_block(v, node_vectors, seen_words[number], weights[number], tree)
        num_pairs += weights[number].sum(dtype=np.float64)

    # Of each block, the nodes below the top on the ways to the words that it sees, as a list.
    counts = np.ones((1, block_size), dtype) @ weights.swapaxes(1, 2)  # (B, 1, S)
    seen = np.flatnonzero(counts)
    words = seen_words.ravel()[seen]
    num_below = np.zeros(counts.shape, dtype=np.int64)
    num_below.ravel()[seen] = np.diff(top.starts)[words]
    num_below = num_below[:, 0]
    lists = Lists.of(num_below.sum(axis=1), block_size, TILE_NUMBERS // size)
    before = np.cumsum(num_below, axis=1) - num_below
    lengths = num_below.ravel()[seen]
    slots = _ranges((lists.firsts[:, np.newaxis] + before).ravel()[seen], lengths)
    steps = _ranges(top.starts[words], lengths)
    nodes = lists.spread(slots, top.below[steps])
    signs = lists.spread(slots, top.signs_below[steps].astype(dtype, copy=False))
    # What fills up a list belongs to a word that no center predicts.
    of_word = lists.spread(slots, np.repeat(seen, lengths), seen_words.size)
    weights_of = np.append(
        weights.reshape(-1, block_size), np.zeros((1, block_size), dtype), axis=0
    )

    centers, center_of = number_rows(blocks.centers, len(center_vectors))
    grad_centers = np.zeros((len(centers), size), dtype)
    rows, node_of = number_rows(np.append(nodes, top.nodes), len(node_vectors))
    node_of, top_of = node_of[: len(nodes)], node_of[len(nodes) :]
    grad_nodes = np.zeros((len(rows), size), dtype)
    top_vectors = take_rows(node_vectors, top.nodes)
    for tile, its_slots, shape in lists.tiles:
        some = lists.order[tile]
        v = take_rows(center_vectors, blocks.centers[some])  # (n, b, d)
        v *= half
        u = take_rows(node_vectors, nodes[its_slots].reshape(shape))  # (n, k, d)
        scores = u @ v.swapaxes(1, 2)  # (n, k, b), and then their gradients, twice
        np.tanh(scores, out=scores)
        scores -= signs[its_slots].reshape(*shape, 1)
        scores *= take_rows(weights_of, of_word[its_slots].reshape(shape))
        add_rows(grad_nodes, node_of[its_slots], scores @ v)
        grad = scores.swapaxes(1, 2) @ u

        # At the top, scores of all nodes; what they weigh is how many ways lead there: (n, b, T).
        its_weights = weights[some].swapaxes(1, 2)
        its_signs = take_rows(top.signs, seen_words[some]).astype(dtype, copy=False)
        balance = its_weights @ its_signs
        visits = its_weights @ np.abs(its_signs, out=its_signs)
        scores = (v.reshape(-1, size) @ top_vectors.T).reshape(visits.shape)
        np.tanh(scores, out=scores)
        scores *= visits
        scores -= balance
        scores = scores.reshape(-1, len(top.nodes))
        add_rows(grad_nodes, top_of, scores.T @ v.reshape(-1, size))
        grad += (scores @ top_vectors).reshape(grad.shape)
        grad *= half
        add_rows(grad_centers, center_of[some], grad)
    return Result(loss, num_pairs, RowSparse(centers, grad_centers), RowSparse(rows, grad_nodes))


def cbow_hierarchical_softmax(
    center_vectors: FloatArray,
    node_vectors: FloatArray,
    blocks: Blocks,
    tree: HuffmanTree,
    order: TreeOrder,
    every: int = 1,
    reduction: str = "mean",
) -> Result:
    """CBOW with a tree and its true gradient; arguments as above.

    The words that are to be predicted are sorted as they stand in the tree, from left to right.
    Neighbors then share most of their ways, and a group of them needs few nodes: the scores of its
    context vectors with these nodes are a product, of which the nodes on each word's way count.
    """
    dtype, size = center_vectors.dtype, center_vectors.shape[1]
    mixing, has_context = mixing_matrices(blocks.patterns, reduction, dtype)
    # Half of each context vector. What is half the gradient's due on the way back, this halves too.
    mixing *= dtype.type(0.5)
    mixing, has_context = (take_rows(array, blocks.pattern) for array in (mixing, has_context))
    halves = np.empty((*blocks.centers.shape, size), dtype)
    context = take_rows(center_vectors, blocks.words)
    context = overlapping(context, mixing.shape[1], blocks.stride)  # (B, S, d)
    np.matmul(mixing.swapaxes(1, 2), context, out=halves)
    halves = halves.reshape(-1, size)
    words = blocks.centers.ravel()
    predicted = np.flatnonzero(has_context)
    measured = predicted[predicted < blocks.one_in(every) * mixing.shape[2]]
    loss = _loss_of_ways(2 * halves[measured], node_vectors, words[measured], tree)

    predicted = predicted[np.argsort(order.rank[words[predicted]], kind="stable")]
    lists, nodes, signs = _groups(words[predicted], order, TILE_NUMBERS // size)
    # Places of the last group that are left over look at a word, but no turn of its way counts.
    groups = np.append(predicted, np.zeros(-len(predicted) % GROUP, dtype=predicted.dtype))
    groups = groups.reshape(-1, GROUP)[lists.order]
    grad_groups = np.empty((*groups.shape, size), dtype)
    rows, node_of = number_rows(nodes, len(node_vectors))
    grad_nodes = np.zeros((len(rows), size), dtype)
    for tile, slots, shape in lists.tiles:
        v = take_rows(halves, groups[tile])  # (n, g, d)
        u = take_rows(node_vectors, nodes[slots].reshape(shape))  # (n, k, d)
        its_signs = signs[slots].reshape(*shape, GROUP).astype(dtype, copy=False)
        scores = u @ v.swapaxes(1, 2)  # (n, k, g), and then their gradients, twice
        np.tanh(scores, out=scores)
        scores *= np.abs(its_signs)
        scores -= its_signs
        add_rows(grad_nodes, node_of[slots], scores @ v)
        np.matmul(scores.swapaxes(1, 2), u, out=grad_groups[tile])
    # Back into the order of the text. Who has no context takes any row: `mixing` has zeros there.
    place = np.zeros(len(words), dtype=np.int64)
    firsts = np.empty(len(groups), dtype=np.int64)
    firsts[lists.order] = np.arange(len(groups)) * GROUP
    place[predicted] = (firsts[:, np.newaxis] + np.arange(GROUP)).ravel()[: len(predicted)]
    grad_between, grad_halves = between_zeros(blocks, len(mixing), size, dtype)
    if len(predicted):
        its_places = place.reshape(blocks.centers.shape)
        take_rows(grad_groups.reshape(-1, size), its_places, out=grad_halves)
    else:
        grad_halves[:] = 0
    grad_words = sum_overlapping(mixing, grad_between, blocks.stride)
    return Result(
        loss,
        float(len(measured)),
        sum_rows(blocks.words, grad_words, len(center_vectors)),
        RowSparse(rows, grad_nodes),
    )


def _groups(words, order, most):
    """Groups of words that are sorted as in the tree; of each, the nodes on their ways as a list.

    Returns `Lists`, the nodes in their slots, and for each slot and each word of its group the sign
    of the turn there, 0 beside the word's way.
    """
    num_groups = -(-len(words) // GROUP)
    paths = take_rows(order.paths, words)  # (n, length of the longest way)
    on_way = paths >= 0
    # A node that the word before has at the same depth is in the list of their group already.
    is_new = on_way.copy()
    is_new[1:] &= paths[1:] != paths[:-1]
    is_new[::GROUP] = on_way[::GROUP]
    number = np.cumsum(is_new, dtype=np.int32).reshape(paths.shape)
    ends = np.append(number[GROUP - 1 :: GROUP, -1], number[-1:, -1])[:num_groups]
    starts = np.append(0, ends[:-1])[:num_groups]
    lists = Lists.of(ends - starts, GROUP, most)
    slots = lists.firsts.repeat(ends - starts) + _ranges(np.zeros_like(ends), ends - starts)
    nodes = lists.spread(slots, paths[is_new])
    # Where each word finds the nodes of its way: where they were new last.
    found = np.maximum.accumulate(np.where(is_new, number, 0), axis=0)
    steps = np.flatnonzero(on_way)
    place = np.repeat(np.arange(len(words)) % GROUP, order.lengths[words])
    signs = np.zeros((len(nodes), GROUP), dtype=np.float32)
    found = slots[found.ravel()[steps] - 1]
    signs.ravel()[found * GROUP + place] = take_rows(order.signs, words).ravel()[steps]
    return lists, nodes, signs


def _loss_of_block(v, node_vectors, seen, weights, tree):
    """Loss of a block's centers v (b, d) that predict words (S,) with weights (S, b)."""
    lengths = tree.lengths[seen]
    steps = _ranges(tree.starts[seen], lengths)
    scores = take_rows(node_vectors, tree.nodes[steps]) @ v.T
    scores[tree.turns[steps] == 1] *= -1
    return -(log_sigmoid(scores) * np.repeat(weights, lengths, axis=0)).sum(dtype=np.float64)


def _loss_of_ways(v, node_vectors, words, tree):
    """Loss of vectors v (n, d) that predict words (n,)."""
    lengths = tree.lengths[words]
    steps = _ranges(tree.starts[words], lengths)
    u = take_rows(node_vectors, tree.nodes[steps])
    scores = np.einsum("ij,ij->i", u, np.repeat(v, lengths, axis=0))
    scores[tree.turns[steps] == 1] *= -1
    return -log_sigmoid(scores).sum(dtype=np.float64)


TREE_KERNELS: dict[tuple[str, str], Callable[..., Result]] = {
    ("skipgram", "hierarchical_softmax"): skipgram_hierarchical_softmax,
    ("cbow", "hierarchical_softmax"): cbow_hierarchical_softmax,
}


def options_of_tree(model: str, tree: HuffmanTree, counts: IntArray) -> dict[str, Any]:
    """What the kernel of a model has to be told of a tree."""
    if model == "skipgram":
        return {"tree": tree, "top": TreeTop.of(tree, counts)}
    return {"tree": tree, "order": TreeOrder.of(tree)}
