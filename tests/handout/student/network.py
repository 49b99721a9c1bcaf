"""Question 16, as a student might answer it."""

from .functions import sigmoid, sigmoid_grad
from .losses import softmax_cross_entropy


def two_layer_net(x, targets, w1, b1, w2, b2):
    h = sigmoid(x @ w1 + b1)
    loss, delta2 = softmax_cross_entropy(h @ w2 + b2, targets)
    delta1 = (delta2 @ w2.T) * sigmoid_grad(h)
    return loss, {
        "x": delta1 @ w1.T,
        "w1": x.T @ delta1,
        "b1": delta1.sum(axis=0),
        "w2": h.T @ delta2,
        "b2": delta2.sum(axis=0),
    }
