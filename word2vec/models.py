"""The two models of word2vec, one context window at a time: skip-gram and CBOW.

`center_vectors` is the matrix of input vectors v_w, `outside_vectors` that of output vectors u_w;
rows are words. Skip-gram predicts each outside word from the center word: it reads one row of
`center_vectors`. CBOW predicts the center word from the outside words: it reads *their* rows of
`center_vectors`, and the center word's row of `outside_vectors`.

This is the reference: it is written to be read and returns whole gradient matrices. Training uses
`batch`, which is proved equal to it.
"""

import numpy as np
from numpy.typing import ArrayLike

from .checks import (
    FloatArray,
    Index,
    as_float_array,
    as_indices,
    check_choice,
    check_same_width,
    check_shape,
)
from .huffman import HuffmanTree, check_node_vectors, check_tree
from .losses import (
    hierarchical_softmax_loss_and_gradient,
    naive_softmax_loss_and_gradient,
    neg_sampling_loss_and_gradient,
)


def skipgram(
    center_idx: Index,
    outside_indices: ArrayLike,
    center_vectors: ArrayLike,
    outside_vectors: ArrayLike,
    negative_indices: ArrayLike | None = None,
    *,
    tree: HuffmanTree | None = None,
) -> tuple[np.floating, FloatArray, FloatArray]:
    """Skip-gram loss of one context window, **summed** over its outside words, and its gradients.

    Parameters
    ----------
    center_idx : int
        Row of the center word c.
    outside_indices : array_like of int, shape (m,)
        Rows of the outside words around it; repetitions count as often as they occur.
    center_vectors, outside_vectors : array_like of shape (V, d)
    negative_indices : array_like of int, shape (m, K), optional
        Row j holds the negative samples of the j-th outside word, and the loss is negative
        sampling. None: naive softmax, unless there is a tree.
    tree : HuffmanTree, optional
        Of V words, and the loss is hierarchical softmax. Then `outside_vectors` are the vectors of
        its inner nodes, of shape (V - 1, d), and so is their gradient.

    Returns
    -------
    loss : float
        In nats, summed over the m outside words; 0 for m = 0.
    grad_center_vectors : ndarray of shape (V, d)
        Zero in all rows but row `center_idx`.
    grad_outside_vectors : ndarray of the shape of `outside_vectors`

    Raises
    ------
    IndexError
        If an index is out of range; negative values do not wrap around.
    TypeError, ValueError
        If dtype or shape do not fit, or there are both negatives and a tree.

    Notes
    -----
    J = sum_j J(v_c, o_j, U), with J the loss of one pair (see `losses`). Therefore
    dJ/dU and dJ/dv_c are the sums of the single gradients, and dJ/dv_w = 0 for all w != c.

    References
    ----------
    Mikolov et al., "Distributed Representations of Words and Phrases and their Compositionality",
    2013, eq. 1.
    """
    _check_one_loss(negative_indices, tree)
    center_vectors, outside_vectors = _check_matrices(center_vectors, outside_vectors, tree)
    vocab_size = len(center_vectors)
    center_idx = as_indices("center_idx", center_idx, vocab_size, "center_vectors", ndim=0)
    predicted = "outside_vectors" if tree is None else "the tree's words"
    outside_indices = as_indices("outside_indices", outside_indices, vocab_size, predicted)
    if negative_indices is not None:
        negative_indices = as_indices(
            "negative_indices", negative_indices, vocab_size, "outside_vectors", ndim=2
        )
        num_rows = len(outside_indices)
        if len(negative_indices) != num_rows:
            raise ValueError(
                "negative_indices must have one row for each outside word. Got shape "
                f"{negative_indices.shape} for outside_indices of shape {outside_indices.shape}."
            )

    loss = center_vectors.dtype.type(0)
    grad_center_vectors = np.zeros_like(center_vectors)
    grad_outside_vectors = np.zeros_like(outside_vectors)
    for j, outside_idx in enumerate(outside_indices):
        pair_loss, grad_center_vec, grad_outside = _loss_and_gradient(
            center_vectors[center_idx],
            outside_idx,
            outside_vectors,
            None if negative_indices is None else negative_indices[j],
            tree,
        )
        loss += pair_loss
        grad_center_vectors[center_idx] += grad_center_vec
        grad_outside_vectors += grad_outside
    return loss, grad_center_vectors, grad_outside_vectors


def cbow(
    center_idx: Index,
    outside_indices: ArrayLike,
    center_vectors: ArrayLike,
    outside_vectors: ArrayLike,
    negative_indices: ArrayLike | None = None,
    *,
    reduction: str = "sum",
    tree: HuffmanTree | None = None,
) -> tuple[np.floating, FloatArray, FloatArray]:
    """CBOW loss of one context window and its gradients: the context predicts the center word.

    Parameters
    ----------
    center_idx : int
        Row of the center word c, which is to be predicted.
    outside_indices : array_like of int, shape (m,), m >= 1
        Rows of the outside words around it; repetitions count as often as they occur.
    center_vectors, outside_vectors : array_like of shape (V, d)
    negative_indices : array_like of int, shape (K,), optional
        Negative samples for the center word, and the loss is negative sampling. None: naive
        softmax, unless there is a tree.
    reduction : {"sum", "mean"}
        How the context's vectors become one vector v_hat.
    tree : HuffmanTree, optional
        As for `skipgram`: the loss is hierarchical softmax, with vectors of inner nodes.

    Returns
    -------
    loss : float
        In nats, of this one prediction.
    grad_center_vectors : ndarray of shape (V, d)
        Zero in all rows but those of the outside words.
    grad_outside_vectors : ndarray of the shape of `outside_vectors`

    Raises
    ------
    IndexError
        If an index is out of range; negative values do not wrap around.
    TypeError, ValueError
        If dtype or shape do not fit, there is no outside word, there are both negatives and a
        tree, or `reduction` is unknown.

    Notes
    -----
    v_hat = sum_j v_{o_j}, divided by m for the mean. J = J(v_hat, c, U), and by the chain rule each
    occurrence of an outside word adds dJ/dv_hat (divided by m for the mean) to its row. The C
    program and gensim leave out that division; Irsoy, Benton and Stratos ("Corrected CBOW Performs
    as well as Skip-gram", 2021) show what it costs.
    """
    _check_one_loss(negative_indices, tree)
    center_vectors, outside_vectors = _check_matrices(center_vectors, outside_vectors, tree)
    vocab_size = len(center_vectors)
    predicted = "outside_vectors" if tree is None else "the tree's words"
    center_idx = as_indices("center_idx", center_idx, vocab_size, predicted, ndim=0)
    outside_indices = as_indices("outside_indices", outside_indices, vocab_size, "center_vectors")
    check_choice("reduction", reduction, ("sum", "mean"))
    if len(outside_indices) == 0:
        raise ValueError("outside_indices must hold at least one word to predict the center from.")

    weight = 1 / len(outside_indices) if reduction == "mean" else 1
    v_hat = weight * center_vectors[outside_indices].sum(axis=0)
    loss, grad_v_hat, grad_outside_vectors = _loss_and_gradient(
        v_hat, center_idx, outside_vectors, negative_indices, tree
    )
    grad_center_vectors = np.zeros_like(center_vectors)
    # add.at, because grad[rows] += ... would count a repeated outside word once.
    np.add.at(grad_center_vectors, outside_indices, weight * grad_v_hat)
    return loss, grad_center_vectors, grad_outside_vectors


def _loss_and_gradient(predicting_vec, target_idx, outside_vectors, negative_indices, tree):
    """Hierarchical softmax with a tree, negative sampling with negatives, else naive softmax."""
    if tree is not None:
        return hierarchical_softmax_loss_and_gradient(
            predicting_vec, target_idx, outside_vectors, tree
        )
    if negative_indices is None:
        return naive_softmax_loss_and_gradient(predicting_vec, target_idx, outside_vectors)
    return neg_sampling_loss_and_gradient(
        predicting_vec, target_idx, outside_vectors, negative_indices
    )


def _check_one_loss(negative_indices: ArrayLike | None, tree: HuffmanTree | None) -> None:
    if tree is None:
        return
    check_tree("tree", tree)
    if negative_indices is not None:
        raise ValueError(
            "negative_indices (for negative sampling) and tree (for hierarchical softmax) were "
            "both given. Leave one out."
        )


def _check_matrices(
    center_vectors: ArrayLike, outside_vectors: ArrayLike, tree: HuffmanTree | None
) -> tuple[FloatArray, FloatArray]:
    center_vectors = as_float_array("center_vectors", center_vectors, ndim=2)
    outside_vectors = as_float_array("outside_vectors", outside_vectors, ndim=2)
    if tree is None:
        check_shape(
            "outside_vectors", outside_vectors, center_vectors.shape, "the shape of center_vectors"
        )
    else:
        check_node_vectors("outside_vectors", outside_vectors, tree)
        check_same_width("center_vectors", center_vectors, "outside_vectors", outside_vectors)
        if len(center_vectors) != tree.num_words:
            raise ValueError(
                f"center_vectors must have one row for each of the {tree.num_words} words of the "
                f"tree. Got shape {center_vectors.shape} instead."
            )
    dtype = np.result_type(center_vectors, outside_vectors)
    return np.asarray(center_vectors, dtype), np.asarray(outside_vectors, dtype)
