"""Question 2, 4 and 5, as a student might answer them."""

import numpy as np


def softmax(x, axis=-1):
    exps = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return exps / np.sum(exps, axis=axis, keepdims=True)


def log_softmax(x, axis=-1):
    shifted = x - np.max(x, axis=axis, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


def sigmoid(x):
    small = np.exp(-np.abs(x))
    return np.where(x > 0, 1 / (1 + small), small / (1 + small))


def sigmoid_grad(s):
    return s * (1 - s)


def log_sigmoid(x):
    return -np.logaddexp(0, -x)


def normalize_rows(x):
    length = np.sqrt(np.sum(x**2, axis=-1, keepdims=True))
    length[length == 0] = 1
    return x / length
