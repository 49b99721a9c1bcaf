"""A classifier with one hidden layer: sigmoid units, softmax output, gradients by hand."""

import numpy as np
from numpy.typing import ArrayLike

from .checks import FloatArray, as_float_array, check_integer, check_same_width, check_shape
from .functions import sigmoid, sigmoid_grad
from .losses import softmax_cross_entropy


def two_layer_net(
    x: ArrayLike, targets: ArrayLike, w1: ArrayLike, b1: ArrayLike, w2: ArrayLike, b2: ArrayLike
) -> tuple[np.floating, dict[str, FloatArray]]:
    """Cross-entropy of the network, **summed** over rows, and the gradient of every array in it.

    Parameters
    ----------
    x : array_like of shape (N, D)
        One example a row.
    targets : array_like
        Class indices (N,), or target distributions (N, C), one-hot or any probabilities.
    w1, b1 : array_like of shape (D, H) and (H,)
        Hidden layer. A bias may also be a row, (1, H).
    w2, b2 : array_like of shape (H, C) and (C,)
        Output layer.

    Returns
    -------
    loss : float
        In nats, summed over the N rows.
    grads : dict
        Gradients under the keys ``"x"``, ``"w1"``, ``"b1"``, ``"w2"``, ``"b2"``, each of the shape
        of its array.

    Raises
    ------
    TypeError, ValueError, IndexError
        If dtype, shapes or targets do not fit.

    Notes
    -----
    Forwards: h = sigma(x W1 + b1), z = h W2 + b2, y_hat = softmax(z), J = -sum_n y_n . log y_hat_n.
    Backwards:

    delta2 = y_hat - y                      (N, C)
    dJ/dW2 = h^T delta2,  dJ/db2 = sum of the rows of delta2
    delta1 = (delta2 W2^T) * h (1 - h)      (N, H), elementwise product
    dJ/dW1 = x^T delta1,  dJ/db1 = sum of the rows of delta1
    dJ/dx = delta1 W1^T                     (N, D)
    """
    x = as_float_array("x", x, ndim=2)
    w1 = as_float_array("w1", w1, ndim=2)
    w2 = as_float_array("w2", w2, ndim=2)
    b1 = as_float_array("b1", b1)
    b2 = as_float_array("b2", b2)
    check_same_width("x", x, "w1 transposed", w1.T)
    check_same_width("w1", w1, "w2 transposed", w2.T)
    _check_bias("b1", b1, "w1", w1)
    _check_bias("b2", b2, "w2", w2)

    h = sigmoid(x @ w1 + b1)
    loss, delta2 = softmax_cross_entropy(h @ w2 + b2, targets)

    delta1 = (delta2 @ w2.T) * sigmoid_grad(h)
    grads = {
        "x": delta1 @ w1.T,
        "w1": x.T @ delta1,
        "b1": delta1.sum(axis=0).reshape(b1.shape),
        "w2": h.T @ delta2,
        "b2": delta2.sum(axis=0).reshape(b2.shape),
    }
    return loss, grads


def _check_bias(name, bias, weights_name, weights):
    num_units = weights.shape[1]
    if bias.shape != (1, num_units):
        check_shape(name, bias, (num_units,), f"one bias for each column of {weights_name}")


def num_parameters(d_in: int, d_hidden: int, d_out: int) -> int:
    """Number of trained parameters of `two_layer_net`: two weight matrices and two bias vectors.

    Parameters
    ----------
    d_in, d_hidden, d_out : int
        D, H and C, each at least 1.

    Returns
    -------
    int
        (D + 1) H + (H + 1) C.

    Raises
    ------
    ValueError
        If a size is not an integer or less than 1.

    Examples
    --------
    >>> num_parameters(10, 5, 3)
    73
    """
    for name, size in {"d_in": d_in, "d_hidden": d_hidden, "d_out": d_out}.items():
        check_integer(name, size, 1)
    return (d_in + 1) * d_hidden + (d_hidden + 1) * d_out
