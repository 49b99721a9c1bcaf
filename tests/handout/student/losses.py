"""Question 7, 9 and 11, as a student might answer them."""

import numpy as np

from .functions import log_sigmoid, log_softmax, sigmoid, softmax


def softmax_cross_entropy(logits, targets):
    y = np.eye(logits.shape[-1])[targets] if np.ndim(targets) < logits.ndim else targets
    loss = -np.sum(y * log_softmax(logits))
    return loss, softmax(logits) - y


def naive_softmax_loss_and_gradient(center_vec, outside_idx, outside_vectors):
    scores = outside_vectors @ center_vec
    y_hat = softmax(scores)
    loss = -log_softmax(scores)[outside_idx]
    delta = y_hat.copy()
    delta[outside_idx] -= 1
    grad_center_vec = outside_vectors.T @ delta
    grad_outside_vectors = np.outer(delta, center_vec)
    return loss, grad_center_vec, grad_outside_vectors


def neg_sampling_loss_and_gradient(center_vec, outside_idx, outside_vectors, negative_indices):
    u_o = outside_vectors[outside_idx]
    negatives = outside_vectors[negative_indices]
    loss = -log_sigmoid(u_o @ center_vec) - np.sum(log_sigmoid(-negatives @ center_vec))

    weight_o = sigmoid(u_o @ center_vec) - 1
    weights = sigmoid(negatives @ center_vec)
    grad_center_vec = weight_o * u_o + weights @ negatives
    grad_outside_vectors = np.zeros(outside_vectors.shape)
    grad_outside_vectors[outside_idx] += weight_o * center_vec
    for weight, word in zip(weights, negative_indices, strict=True):
        grad_outside_vectors[word] += weight * center_vec
    return loss, grad_center_vec, grad_outside_vectors
