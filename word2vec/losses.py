"""Losses of one prediction with their gradients: cross-entropy and the three losses of word2vec.

Naive softmax, negative sampling, hierarchical softmax.

Rows are words. `outside_vectors` is U with one row u_w for each word w, `center_vec` is v_c.
Every function is pure: arrays and indices in, loss and gradients out. Negatives are an argument;
drawing them is `sampling`'s job.
"""

import numpy as np
from numpy.typing import ArrayLike

from .checks import FloatArray, Index, as_float_array, as_indices, check_same_width, check_shape
from .functions import log_sigmoid, log_softmax, sigmoid, softmax
from .huffman import HuffmanTree, check_node_vectors, check_tree


def softmax_cross_entropy(logits: ArrayLike, targets: ArrayLike) -> tuple[np.floating, FloatArray]:
    """Cross-entropy of softmax predictions, **summed** over rows, and its gradient.

    Parameters
    ----------
    logits : array_like of shape (N, C) or (C,)
        Scores before the softmax, one row an example.
    targets : array_like
        Class indices, of shape (N,) (a single integer for logits (C,)); or the target distribution
        of each row, one-hot or any probabilities, of the shape of `logits`.

    Returns
    -------
    loss : float
        In nats, summed over the N rows.
    grad_logits : ndarray of the shape and dtype of `logits`

    Raises
    ------
    IndexError
        If a class index is out of range; negative values do not wrap around.
    TypeError, ValueError
        If dtype or shape do not fit, or a row of probabilities is negative or does not sum to one.

    Notes
    -----
    With y_hat = softmax(z) and y the target distribution:
    J = -sum_i y_i log y_hat_i,  dJ/dz = y_hat - y.

    Examples
    --------
    >>> softmax_cross_entropy(np.zeros(2), 0)
    (np.float64(0.6931471805599453), array([-0.5,  0.5]))
    """
    logits = as_float_array("logits", logits)
    if logits.ndim not in (1, 2) or logits.shape[-1] == 0:
        raise ValueError(
            f"logits must have shape (N, C) or (C,) with C >= 1. Got shape {logits.shape} instead."
        )
    rows = np.atleast_2d(logits)
    y = _target_distribution(targets, logits).reshape(rows.shape)
    loss = -(y * log_softmax(rows)).sum(dtype=np.float64)
    # sum(y) is 1 up to rounding; writing it out keeps the gradient that of the loss as computed.
    grad = softmax(rows) * y.sum(axis=1, keepdims=True) - y
    return logits.dtype.type(loss), grad.reshape(logits.shape)


def _target_distribution(targets, logits):
    """The targets as probabilities in the shape and dtype of `logits`."""
    targets = np.asarray(targets)
    if targets.ndim == logits.ndim:
        y = as_float_array("targets", targets).astype(logits.dtype)
        check_shape("targets", y, logits.shape, "one probability for each of the logits")
        if (y < 0).any() or not np.allclose(y.sum(axis=-1), 1, atol=1e-4):
            raise ValueError("targets must be probabilities: every row >= 0 and summing to 1.")
        return y
    if targets.shape != logits.shape[:-1]:
        raise ValueError(
            f"targets must have one class index for each row of logits, shape {logits.shape[:-1]}, "
            f"or probabilities of shape {logits.shape}. Got shape {targets.shape} instead."
        )
    classes = as_indices("targets", targets, logits.shape[-1], "classes", ndim=targets.ndim)
    y = np.zeros_like(logits)
    np.put_along_axis(y, classes[..., np.newaxis], 1, axis=-1)
    return y


def naive_softmax_loss_and_gradient(
    center_vec: ArrayLike, outside_idx: Index, outside_vectors: ArrayLike
) -> tuple[np.floating, FloatArray, FloatArray]:
    """Cross-entropy of one outside word given its center word, over the whole vocabulary.

    Parameters
    ----------
    center_vec : array_like of shape (d,)
        Vector v_c of the center word (in CBOW: the sum or mean of the context's vectors).
    outside_idx : int
        Row of the observed outside word, 0 <= outside_idx < V.
    outside_vectors : array_like of shape (V, d)
        One row u_w for every word of the vocabulary.

    Returns
    -------
    loss : float
        -log p(outside | center) in nats, for this one pair.
    grad_center_vec : ndarray of shape (d,)
    grad_outside_vectors : ndarray of shape (V, d)

    Raises
    ------
    IndexError
        If `outside_idx` is out of range; negative values do not wrap around.
    TypeError, ValueError
        If dtype or shape do not fit.

    Notes
    -----
    With y_hat = softmax(U v_c) and y the one-hot vector of the outside word:
    J = -log y_hat[outside_idx],  dJ/dv_c = U^T (y_hat - y),  dJ/dU = (y_hat - y) v_c^T.

    References
    ----------
    Mikolov et al., "Distributed Representations of Words and Phrases and their Compositionality",
    2013, eq. 2.
    """
    center_vec, outside_vectors = _check_vectors(center_vec, outside_vectors)
    outside_idx = as_indices("outside_idx", outside_idx, len(outside_vectors), "outside_vectors", 0)

    scores = outside_vectors @ center_vec  # (V,)
    loss, grad_scores = softmax_cross_entropy(scores, outside_idx)
    grad_center_vec = outside_vectors.T @ grad_scores
    grad_outside_vectors = np.outer(grad_scores, center_vec)
    return loss, grad_center_vec, grad_outside_vectors


def neg_sampling_loss_and_gradient(
    center_vec: ArrayLike,
    outside_idx: Index,
    outside_vectors: ArrayLike,
    negative_indices: ArrayLike,
) -> tuple[np.floating, FloatArray, FloatArray]:
    """Negative-sampling loss of one outside word against K drawn words, and its gradients.

    Parameters
    ----------
    center_vec : array_like of shape (d,)
        Vector v_c of the center word (in CBOW: the sum or mean of the context's vectors).
    outside_idx : int
        Row of the observed outside word, 0 <= outside_idx < V.
    outside_vectors : array_like of shape (V, d)
        One row u_w for every word of the vocabulary.
    negative_indices : array_like of int, shape (K,)
        Rows of the negative samples. A row that is repeated counts as often as it occurs.

    Returns
    -------
    loss : float
        In nats, for this one pair: the observed word plus **the sum** over the K negatives.
    grad_center_vec : ndarray of shape (d,)
    grad_outside_vectors : ndarray of shape (V, d)
        Zero in all rows but those of the outside word and the negatives.

    Raises
    ------
    IndexError
        If an index is out of range; negative values do not wrap around.
    TypeError, ValueError
        If dtype or shape do not fit.

    Notes
    -----
    With sigma the logistic function, o the outside word and w_1 ... w_K the negatives:
    J = -log sigma(u_o . v_c) - sum_k log sigma(-u_{w_k} . v_c),
    dJ/dv_c = (sigma(u_o . v_c) - 1) u_o + sum_k sigma(u_{w_k} . v_c) u_{w_k},
    dJ/du_o = (sigma(u_o . v_c) - 1) v_c,
    dJ/du_w = sum_{k : w_k = w} sigma(u_w . v_c) v_c.

    References
    ----------
    Mikolov et al., "Distributed Representations of Words and Phrases and their Compositionality",
    2013, eq. 4.
    """
    center_vec, outside_vectors = _check_vectors(center_vec, outside_vectors)
    vocab_size = len(outside_vectors)
    outside_idx = as_indices("outside_idx", outside_idx, vocab_size, "outside_vectors", 0)
    negative_indices = as_indices(
        "negative_indices", negative_indices, vocab_size, "outside_vectors"
    )

    rows = np.append(outside_idx, negative_indices)  # (1 + K,)
    is_outside = np.arange(len(rows)) == 0
    scores = outside_vectors[rows] @ center_vec  # (1 + K,)
    loss = -log_sigmoid(np.where(is_outside, scores, -scores)).sum(dtype=np.float64)
    grad_scores = sigmoid(scores) - is_outside.astype(scores.dtype)

    grad_center_vec = grad_scores @ outside_vectors[rows]
    grad_outside_vectors = np.zeros_like(outside_vectors, dtype=scores.dtype)
    # add.at, because grad[rows] += ... would keep only the last of a repeated row's gradients.
    np.add.at(grad_outside_vectors, rows, np.outer(grad_scores, center_vec))
    return scores.dtype.type(loss), grad_center_vec, grad_outside_vectors


def hierarchical_softmax_loss_and_gradient(
    center_vec: ArrayLike, outside_idx: Index, node_vectors: ArrayLike, tree: HuffmanTree
) -> tuple[np.floating, FloatArray, FloatArray]:
    """Cross-entropy of one outside word, whose probability is that of its way through a tree.

    Parameters
    ----------
    center_vec : array_like of shape (d,)
        Vector v_c of the center word (in CBOW: the sum or mean of the context's vectors).
    outside_idx : int
        The observed outside word, 0 <= outside_idx < V.
    node_vectors : array_like of shape (V - 1, d)
        One row u_n for every inner node of the tree; words have none.
    tree : HuffmanTree
        Of V words.

    Returns
    -------
    loss : float
        -log p(outside | center) in nats, for this one pair.
    grad_center_vec : ndarray of shape (d,)
    grad_node_vectors : ndarray of shape (V - 1, d)
        Zero in all rows but those of the nodes on the way to the outside word.

    Raises
    ------
    IndexError
        If `outside_idx` is out of range; negative values do not wrap around.
    TypeError, ValueError
        If dtype or shape do not fit.

    Notes
    -----
    With n_1 ... n_L the nodes on the way to the outside word, and the turns b_1 ... b_L there:
    p(outside | center) = prod_i sigma(s_i u_{n_i} . v_c) with the sign s_i = 1 - 2 b_i. These
    probabilities sum to one over all words. With the prediction sigma(u_{n_i} . v_c) that the turn
    is 0, and 1 - b_i, whether it is:
    J = -sum_i log sigma(s_i u_{n_i} . v_c),
    dJ/dv_c = sum_i (sigma(u_{n_i} . v_c) - (1 - b_i)) u_{n_i},
    dJ/du_{n_i} = (sigma(u_{n_i} . v_c) - (1 - b_i)) v_c.

    References
    ----------
    Morin and Bengio, "Hierarchical Probabilistic Neural Network Language Model", 2005; Mikolov et
    al., "Distributed Representations of Words and Phrases and their Compositionality", 2013, eq. 3.
    """
    check_tree("tree", tree)
    center_vec, node_vectors = _check_vectors(center_vec, node_vectors, "node_vectors")
    check_node_vectors("node_vectors", node_vectors, tree)
    outside_idx = as_indices("outside_idx", outside_idx, tree.num_words, "the tree's words", 0)

    path, code = tree.paths[outside_idx], tree.codes[outside_idx]
    scores = node_vectors[path] @ center_vec  # (L,)
    loss = -log_sigmoid(np.where(code == 0, scores, -scores)).sum(dtype=np.float64)
    grad_scores = sigmoid(scores) - (code == 0).astype(scores.dtype)

    grad_center_vec = grad_scores @ node_vectors[path]
    grad_node_vectors = np.zeros_like(node_vectors, dtype=scores.dtype)
    grad_node_vectors[path] = np.outer(grad_scores, center_vec)  # no node is on a way twice
    return scores.dtype.type(loss), grad_center_vec, grad_node_vectors


def _check_vectors(
    center_vec: ArrayLike, outside_vectors: ArrayLike, name: str = "outside_vectors"
) -> tuple[FloatArray, FloatArray]:
    center_vec = as_float_array("center_vec", center_vec, ndim=1)
    outside_vectors = as_float_array(name, outside_vectors, ndim=2)
    check_same_width("center_vec", center_vec, name, outside_vectors)
    return center_vec, outside_vectors
