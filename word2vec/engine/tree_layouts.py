"""What the kernels of hierarchical softmax lay out first: ways through the tree, side by side."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike
from scipy.sparse import csr_array

from ..checks import FloatArray, IntArray
from ..huffman import HuffmanTree
from ..rowsparse import take_rows
from .blocks import Blocks
from .products import mixing_matrices

MOST_AT_TOP = 63  # nodes whose scores are computed for every center of skip-gram


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
    """A tree for CBOW: the words from the tree's left to its right, and ways side by side."""

    rank: IntArray  # (V,) int32
    paths: IntArray  # (V, 1 + length of the longest way) int32; behind the end, numbers of its own
    signs: IntArray  # int8, one way after the other as in the tree: 1 for the turn 0, -1 for 1

    @classmethod
    def of(cls, tree: HuffmanTree) -> TreeOrder:
        word = np.repeat(np.arange(tree.num_words), tree.lengths)
        step = np.arange(len(tree.nodes)) - np.repeat(tree.starts[:-1], tree.lengths)
        signs = (1 - 2 * tree.turns).astype(np.int8)
        beyond = -1 - np.arange(tree.num_words, dtype=np.int32)
        paths = np.tile(beyond[:, np.newaxis], 1 + tree.lengths.max())
        paths[word, step] = tree.nodes
        # Turns as the digits of a binary fraction.
        place = -np.bincount(word, signs * 0.5 ** (step + 1.0))
        rank = np.empty(tree.num_words, dtype=np.int32)
        rank[np.argsort(place, kind="stable")] = np.arange(tree.num_words, dtype=np.int32)
        return cls(rank, paths, signs)


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


def groups_of_words(
    words: IntArray, tree: HuffmanTree, order: TreeOrder, size: int, most: int
) -> tuple[Lists, IntArray, IntArray]:
    """Groups of words, and the nodes on their ways.

    Parameters
    ----------
    words : ndarray of int, shape (n,)
        In the order of `order.rank`.
    tree : HuffmanTree
    order : TreeOrder
        Of the same tree.
    size : int
        Words of a group, g. The last one may have fewer.
    most : int
        As for `Lists.of`.

    Returns
    -------
    lists : Lists
        Of the nodes that any word of a group meets.
    nodes : ndarray of int32, shape (lists.num_slots,)
    signs : ndarray of int8, shape (lists.num_slots, g)
        Of the turn that each word of the group takes there; 0 beside its way.
    """
    num_words, num_groups = len(words), -(-len(words) // size)
    starts, paths = tree.starts[words], take_rows(order.paths, words)
    # How many nodes each word has in common with the one before, in its group.
    common = np.zeros(num_groups * size, dtype=np.int16)
    np.sum(paths[1:] == paths[:-1], axis=1, dtype=np.int16, out=common[1:num_words])
    common[::size] = 0
    # The others are new.
    shared = common[:num_words]
    num_new = tree.lengths[words] - shared
    np.maximum(num_new, 0, out=num_new)  # a repeated word has all in common, and what is beyond
    steps = ranges(starts + shared, num_new)
    word = np.repeat(np.arange(num_words), num_new)
    depth = (steps - starts[word]).astype(np.int16)

    in_group = np.add.reduceat(num_new, np.arange(0, num_words, size))
    lists = Lists.of(in_group, size, most)
    slots = ranges(lists.firsts, in_group)
    nodes = lists.spread(slots, tree.nodes[steps])

    # And with each that comes later: with itself all, with an earlier one none that is new.
    from_itself = np.tri(size, dtype=np.int16)
    in_common = np.maximum(common.reshape(-1, 1, size), from_itself * np.int16(32767))
    for place in range(1, size):
        earlier, this = in_common[:, :place, place - 1], in_common[:, :place, place]
        np.minimum(earlier, this, out=this)
    in_common *= from_itself.T
    beyond = take_rows(in_common.reshape(-1, size), word)
    beyond -= depth[:, np.newaxis]
    # Who shares a node but not the next one turns the other way.
    turns = (beyond > 1).astype(np.int8)
    turns -= beyond == 1
    turns *= order.signs[steps][:, np.newaxis]
    signs = np.zeros((len(nodes), size), dtype=np.int8)
    signs[slots] = turns
    return lists, nodes, signs


class Contexts(NamedTuple):
    """How the words around each center of `Blocks` are mixed, as rows of a sparse matrix.

    Centers that see the same pattern from the same place have one row in common.
    """

    row: IntArray  # (B b,) of each center
    lengths: IntArray  # of rows
    starts: IntArray
    seen: IntArray  # which of the words that the block sees, row by row
    factors: FloatArray
    first: IntArray  # (B,): the first word that a block sees

    @classmethod
    def of(cls, blocks: Blocks, reduction: str, dtype: DTypeLike) -> Contexts:
        num_centers = blocks.centers.shape[1]
        mixing = mixing_matrices(blocks.patterns, reduction, dtype)[0]  # (P, S, b)
        mixing = mixing.swapaxes(1, 2).reshape(-1, mixing.shape[1])
        row, seen = np.nonzero(mixing)
        lengths = np.bincount(row, minlength=len(mixing))
        return cls(
            np.add.outer(blocks.pattern * num_centers, np.arange(num_centers)).ravel(),
            lengths,
            np.cumsum(lengths) - lengths,
            seen,
            mixing[row, seen],
            np.arange(len(blocks.centers)) * blocks.stride,
        )

    def matrix(self, centers: IntArray, column_of: IntArray, num_columns: int) -> csr_array:
        """The rows of some centers, counted through all blocks; -1 stands for a row of zeros.

        `column_of` has the column of each of the blocks' words.
        """
        row = self.row[centers]
        lengths = self.lengths[row]
        lengths[centers < 0] = 0
        entries = ranges(self.starts[row], lengths)
        first = self.first[centers // (len(self.row) // len(self.first))]
        columns = column_of[self.seen[entries] + np.repeat(first, lengths)]
        starts = np.append(0, np.cumsum(lengths)).astype(columns.dtype)
        shape = len(centers), num_columns
        return csr_array((self.factors[entries], columns, starts), shape=shape)


def ranges(starts: IntArray, lengths: IntArray) -> IntArray:
    """The numbers starts[i], starts[i] + 1, ..., lengths[i] of them, for one i after the other."""
    ends = np.cumsum(lengths)
    return np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - (ends - lengths), lengths)
