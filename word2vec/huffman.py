"""Huffman's tree: words at the leaves of a binary tree, the frequent ones near its root.

Hierarchical softmax asks one question at each inner node on the way to a word, so frequent words
should have short ways, and no tree has shorter ones on average.
"""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .checks import FloatArray, IntArray


class HuffmanTree:
    """A binary tree with V words at its leaves, and V - 1 inner nodes.

    Parameters
    ----------
    children : ndarray of int, shape (V - 1, 2)
        Where the turns 0 and 1 at each inner node lead to: to a node n, as n, or to a word w, as
        -1 - w. `from_counts` makes it.

    Attributes
    ----------
    children : ndarray of int32, shape (V - 1, 2)
    num_words, num_nodes : int
        V and V - 1.
    starts : ndarray of int64, shape (V + 1,)
    nodes, turns : ndarray of int32 and int8, shape (number of steps on all ways,)
        The way to word w, root first: ``nodes[starts[w] : starts[w + 1]]``, and at each of these
        inner nodes the turn, 0 or 1.
    lengths : ndarray of int64, shape (V,)
        Nodes on the way to each word.
    paths, codes : list of ndarray
        The same, word by word: ``paths[w]`` are the nodes and ``codes[w]`` the turns.
    """

    def __init__(self, children: IntArray) -> None:
        self.children = np.asarray(children, dtype=np.int32)
        self.num_nodes = len(self.children)
        self.num_words = self.num_nodes + 1
        self.starts, self.nodes, self.turns = _ways(self.children)
        self.lengths = np.diff(self.starts)

    @classmethod
    def from_counts(cls, counts: ArrayLike) -> HuffmanTree:
        """The tree of the smallest mean length of a way, each word as often as it was counted.

        Parameters
        ----------
        counts : array_like of shape (V,), V >= 2
            How often each word occurs.

        Raises
        ------
        TypeError, ValueError
            If there are fewer than two words, or a count is no number or negative.

        Notes
        -----
        Huffman's method: begin with every word as a tree of its own, and join the two trees of
        least count, whose counts add up, until one is left. Joined trees come up in the order of
        their counts, so two queues, one of words and one of joined trees, take the place of a
        search; that is how the C program does it. Inner nodes are numbered as they are joined: the
        root is the last. The tree of less count is reached by turn 0.

        Among equal counts, joined trees go before words, earlier joined before later ones, and
        words of higher rows before those of lower rows. So the codes are those of the C program,
        whose words are sorted by their counts.

        References
        ----------
        Huffman, "A Method for the Construction of Minimum-Redundancy Codes", 1952.

        Examples
        --------
        >>> tree = HuffmanTree.from_counts([6, 3, 2])
        >>> [path.tolist() for path in tree.paths], [code.tolist() for code in tree.codes]
        ([[1], [1, 0], [1, 0]], [[1], [0, 1], [0, 0]])
        """
        counts = _check_counts(counts)
        num_words = len(counts)
        # Rarest first; of equals, the higher row.
        words = num_words - 1 - np.argsort(counts[::-1], kind="stable")
        word_counts: list[float] = counts[words].tolist()
        joined_counts: list[float] = []
        children = np.empty((num_words - 1, 2), dtype=np.int32)
        word = joined = 0  # how many of each are used up
        of_word = (-1 - words).tolist()
        for node in range(num_words - 1):
            count: float = 0
            for turn in (0, 1):
                if word < num_words and (
                    joined == node or word_counts[word] < joined_counts[joined]
                ):
                    children[node, turn] = of_word[word]
                    count += word_counts[word]
                    word += 1
                else:
                    children[node, turn] = joined
                    count += joined_counts[joined]
                    joined += 1
            joined_counts.append(count)
        return cls(children)

    def grown(self, rows: ArrayLike, counts: ArrayLike) -> HuffmanTree:
        """This tree with more words; what each of its nodes asks of the words it had is the same.

        The new words, in a Huffman tree of their own, are grafted on at one place: a new node takes
        the place of a word or of an inner node X, with X on its side 0 and the new words on its
        side 1. X is chosen so that the ways, each counted as often as its word, grow least.

        Parameters
        ----------
        rows : array_like of int, shape (V,)
            What row each word of this tree has from now on, among all.
        counts : array_like of shape (W,), W >= V
            Of all words, by their new rows. Those that `rows` leaves out are new.

        Returns
        -------
        HuffmanTree
            The inner nodes of this tree keep their numbers, those above are new.
        """
        rows, counts = np.asarray(rows), _check_counts(counts)
        children = self.children.copy()
        of_words = children < 0
        children[of_words] = -1 - rows[-1 - children[of_words]]
        is_new = np.ones(len(counts), dtype=bool)
        is_new[rows] = False
        new = np.flatnonzero(is_new)
        if not len(new):
            return HuffmanTree(children)

        # Of all that can be X, inner nodes and then words: how often it is reached, and its depth.
        weight = np.append(self.weights(counts[rows]), counts[rows])
        depth = np.append(self.depths, self.lengths)
        best = np.argmin(weight + counts[new].sum() * depth)
        place = best if best < self.num_nodes else -1 - rows[best - self.num_nodes]

        branch = -1 - new[0]
        if len(new) > 1:
            grafted = HuffmanTree.from_counts(counts[new]).children
            of_words = grafted < 0
            branch = len(children) + len(grafted) - 1
            grafted = np.where(of_words, -1 - new[-1 - grafted], grafted + len(children))
            children = np.append(children, grafted, axis=0)
        children[children == place] = len(children)
        return HuffmanTree(np.append(children, [[place, branch]], axis=0))

    def weights(self, counts: ArrayLike) -> NDArray[Any]:
        """How often each inner node is on a way, if each word occurs `counts` times: (V - 1,)."""
        times = np.repeat(np.asarray(counts, dtype=np.float64), self.lengths)
        return np.bincount(self.nodes, times, self.num_nodes)

    @cached_property
    def depths(self) -> IntArray:
        """How many nodes are above each inner node: (V - 1,)."""
        depths = np.empty(self.num_nodes, dtype=np.int64)
        depths[self.nodes] = np.arange(len(self.nodes)) - np.repeat(self.starts[:-1], self.lengths)
        return depths

    @cached_property
    def paths(self) -> list[IntArray]:
        return _by_word(self.nodes, self.starts)

    @cached_property
    def codes(self) -> list[IntArray]:
        return _by_word(self.turns, self.starts)


def check_tree(name: str, tree: object) -> None:
    """Raise TypeError unless `tree` is a `HuffmanTree`."""
    if not isinstance(tree, HuffmanTree):
        raise TypeError(
            f"{name} must be a HuffmanTree, as HuffmanTree.from_counts makes it. "
            f"Got {type(tree).__name__} instead."
        )


def check_node_vectors(name: str, vectors: FloatArray, tree: HuffmanTree) -> None:
    """Raise ValueError unless a matrix has a row for each inner node of a tree."""
    if len(vectors) != tree.num_nodes:
        raise ValueError(
            f"{name} must have one row for each of the {tree.num_nodes} inner nodes of the tree. "
            f"Got shape {vectors.shape} instead."
        )


def _ways(children):
    """The ways to all words, root first, one after the other: see `HuffmanTree`."""
    num_nodes = len(children)
    # Nodes, then words: each one's node above, and the turn that is taken there.
    below = np.where(children < 0, num_nodes - 1 - children, children).ravel()
    above = np.full(2 * num_nodes + 1, -1, dtype=np.int32)
    turn = np.zeros(2 * num_nodes + 1, dtype=np.int8)
    above[below] = np.repeat(np.arange(num_nodes, dtype=np.int32), 2)
    turn[below] = np.tile(np.array([0, 1], dtype=np.int8), num_nodes)

    # Climb from all words at once, a node at a time.
    climbing = np.arange(num_nodes + 1)
    at: IntArray = climbing + num_nodes
    lengths = np.zeros(num_nodes + 1, dtype=np.int64)
    steps = []
    while len(climbing):
        steps.append((climbing, above[at], turn[at]))
        lengths[climbing] += 1
        at = above[at]
        goes_on = above[at] >= 0
        climbing, at = climbing[goes_on], at[goes_on]
    starts = np.append(0, np.cumsum(lengths))
    nodes = np.empty(starts[-1], dtype=np.int32)
    turns = np.empty(starts[-1], dtype=np.int8)
    for height, (words, its_nodes, its_turns) in enumerate(steps, 1):
        nodes[starts[words + 1] - height] = its_nodes
        turns[starts[words + 1] - height] = its_turns
    return starts, nodes, turns


def _by_word(steps, starts):
    return [steps[start:stop] for start, stop in pairwise(starts.tolist())]


def _check_counts(counts: ArrayLike) -> np.ndarray:
    counts = np.asarray(counts)
    if counts.ndim != 1 or len(counts) < 2:
        raise ValueError(
            "counts must be a vector of at least two counts: with fewer words there is nothing to "
            f"choose between. Got shape {counts.shape} instead."
        )
    if counts.dtype.kind not in "iuf":
        raise TypeError(f"counts must be numbers. Got dtype {counts.dtype} instead.")
    if not (np.isfinite(counts) & (counts >= 0)).all():
        raise ValueError("counts must be finite and not negative.")
    return counts
