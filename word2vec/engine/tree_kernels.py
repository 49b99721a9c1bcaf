"""Hierarchical softmax of a whole stretch of text at once: kernels like those in `kernels`.

Both are exact: loss and gradients are the sums of those of `skipgram` or `cbow` with a tree. What
makes them fast is that inner nodes are shared, near the root by all words, and so their scores are
matrix products again. In the gradients stands

    2 (sigma(z) - (1 - b)) = tanh(z / 2) - s,    s = 1 - 2 b, the sign of the turn b

where z is the score of a node; halves are taken of vectors, which are fewer than scores.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..checks import FloatArray, IntArray
from ..functions import log_sigmoid
from ..huffman import HuffmanTree
from ..rowsparse import RowGroups, RowSparse, add_rows, number_rows, take_rows
from .blocks import Blocks
from .kernels import Result
from .tree_layouts import Contexts, Lists, TreeOrder, TreeTop, groups_of_words, ranges

GROUP = 16  # predictions of CBOW that share the nodes on their ways
TILE_NUMBERS = 1 << 18  # that are gathered at a time: a megabyte, which stays in the cache


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
    """The same for CBOW, which predicts centers: of each two, the first or the next is left out.

    It counts once: the mean of a context cannot weigh more. A step is `alpha` times a sum anyway.
    """
    chosen = slice(int(rng.integers(2)), None, 2)
    return blocks._replace(
        centers=blocks.centers[:, chosen], patterns=blocks.patterns[:, :, chosen]
    )


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
    slots = ranges((lists.firsts[:, np.newaxis] + before).ravel()[seen], lengths)
    steps = ranges(top.starts[words], lengths)
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
    rows, row_of = number_rows(blocks.words, len(center_vectors))
    vectors = take_rows(center_vectors, rows)
    contexts = Contexts.of(blocks, reduction, dtype)
    words = blocks.centers.ravel()
    predicted = np.flatnonzero(contexts.lengths[contexts.row])
    measured = predicted[predicted < blocks.one_in(every) * blocks.centers.shape[1]]
    loss = 0.0
    if len(measured):
        v_hat = contexts.matrix(measured, row_of, len(rows)) @ vectors
        loss = _loss_of_ways(v_hat, node_vectors, words[measured], tree)

    predicted = predicted[RowGroups.of(order.rank[words[predicted]]).order]
    lists, nodes, signs = groups_of_words(
        words[predicted], tree, order, GROUP, TILE_NUMBERS // size
    )
    # Places of the last group that are left over have no context.
    groups = np.append(predicted, np.full(-len(predicted) % GROUP, -1)).reshape(-1, GROUP)
    mixing = contexts.matrix(groups[lists.order].ravel(), row_of, len(rows))
    mixing.data *= dtype.type(0.5)  # for halves of contexts; of the gradient, the half that is due
    v_hat = (mixing @ vectors).reshape(-1, GROUP, size)
    grad_v_hat = np.empty_like(v_hat)
    node_rows, node_of = number_rows(nodes, len(node_vectors))
    grad_nodes = np.zeros((len(node_rows), size), dtype)
    for tile, slots, shape in lists.tiles:
        u = take_rows(node_vectors, nodes[slots].reshape(shape))  # (n, k, d)
        its_signs = signs[slots].reshape(*shape, GROUP)
        scores = u @ v_hat[tile].swapaxes(1, 2)  # (n, k, g), and then their gradients, twice
        np.tanh(scores, out=scores)
        scores *= np.abs(its_signs)
        scores -= its_signs
        add_rows(grad_nodes, node_of[slots], scores @ v_hat[tile])
        np.matmul(scores.swapaxes(1, 2), u, out=grad_v_hat[tile])
    grad_words = mixing.T @ grad_v_hat.reshape(-1, size)
    return Result(
        loss, float(len(measured)), RowSparse(rows, grad_words), RowSparse(node_rows, grad_nodes)
    )


def _loss_of_block(v, node_vectors, seen, weights, tree):
    """Loss of a block's centers v (b, d) that predict words (S,) with weights (S, b)."""
    lengths = tree.lengths[seen]
    steps = ranges(tree.starts[seen], lengths)
    scores = take_rows(node_vectors, tree.nodes[steps]) @ v.T
    scores[tree.turns[steps] == 1] *= -1
    return -(log_sigmoid(scores) * np.repeat(weights, lengths, axis=0)).sum(dtype=np.float64)


def _loss_of_ways(v, node_vectors, words, tree):
    """Loss of vectors v (n, d) that predict words (n,)."""
    lengths = tree.lengths[words]
    steps = ranges(tree.starts[words], lengths)
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
