"""Question 13 and 14, as a student might answer them."""

import numpy as np

from .losses import naive_softmax_loss_and_gradient, neg_sampling_loss_and_gradient


def pair_loss(vec, target, outside_vectors, negatives):
    if negatives is None:
        return naive_softmax_loss_and_gradient(vec, target, outside_vectors)
    return neg_sampling_loss_and_gradient(vec, target, outside_vectors, negatives)


def skipgram(center_idx, outside_indices, center_vectors, outside_vectors, negative_indices=None):
    loss = 0.0
    grad_center_vectors = np.zeros(center_vectors.shape)
    grad_outside_vectors = np.zeros(outside_vectors.shape)
    for j, outside_idx in enumerate(outside_indices):
        negatives = None if negative_indices is None else negative_indices[j]
        one_loss, grad_center, grad_outside = pair_loss(
            center_vectors[center_idx], outside_idx, outside_vectors, negatives
        )
        loss += one_loss
        grad_center_vectors[center_idx] += grad_center
        grad_outside_vectors += grad_outside
    return loss, grad_center_vectors, grad_outside_vectors


def cbow(
    center_idx,
    outside_indices,
    center_vectors,
    outside_vectors,
    negative_indices=None,
    *,
    reduction="sum",
):
    m = len(outside_indices) if reduction == "mean" else 1
    v_hat = center_vectors[outside_indices].sum(axis=0) / m
    loss, grad_v_hat, grad_outside = pair_loss(v_hat, center_idx, outside_vectors, negative_indices)
    grad_center_vectors = np.zeros(center_vectors.shape)
    for outside_idx in outside_indices:
        grad_center_vectors[outside_idx] += grad_v_hat / m
    return loss, grad_center_vectors, grad_outside
