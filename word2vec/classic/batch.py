"""Skip-gram and CBOW for many context windows at once: the engine's kernels, blocks of one center.

A window is laid out as a block that has a single center, so that its negatives are its own. In
skip-gram every outside word has negatives of its own, and so every pair is a block.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..checks import as_float_array, as_indices, check_choice, check_shape
from ..engine.blocks import Blocks
from ..engine.kernels import KERNELS
from ..options import MODELS, REDUCTIONS, EngineOptions, defaults
from ..rowsparse import RowSparse
from .windows import Windows


def batch_loss_and_gradient(
    windows: Windows,
    center_vectors: ArrayLike,
    outside_vectors: ArrayLike,
    negative_indices: ArrayLike | None = None,
    *,
    model: str = "skipgram",
    reduction: str = "sum",
) -> tuple[float, RowSparse, RowSparse]:
    """Loss of a batch of context windows, **summed** over the windows, and its gradients.

    Equal to the sum of `skipgram` or `cbow` over the windows.

    Parameters
    ----------
    windows : Windows
        B windows with P outside words altogether.
    center_vectors, outside_vectors : ndarray of shape (V, d)
    negative_indices : ndarray of int, shape (P, K) for skip-gram, (B, K) for CBOW, optional
        Negative samples of each target word, and the loss is negative sampling. None: naive
        softmax.
    model : {"skipgram", "cbow"}
    reduction : {"sum", "mean"}
        How CBOW combines the vectors of the outside words; skip-gram does not use it.

    Returns
    -------
    loss : float
        In nats, summed in float64.
    grad_center_vectors, grad_outside_vectors : RowSparse
        With distinct rows. Naive softmax touches every row of `outside_vectors`.

    Raises
    ------
    IndexError, TypeError, ValueError
        As `skipgram` and `cbow`.
    """
    check_choice("model", model, MODELS)
    check_choice("reduction", reduction, REDUCTIONS)
    center_vectors = as_float_array("center_vectors", center_vectors, ndim=2)
    outside_vectors = as_float_array("outside_vectors", outside_vectors, ndim=2)
    check_shape(
        "outside_vectors", outside_vectors, center_vectors.shape, "the shape of center_vectors"
    )
    vocab_size = len(center_vectors)
    center_idx = as_indices("center_idx", windows.center_idx, vocab_size, "center_vectors")
    outside_idx = as_indices("outside_idx", windows.outside_idx, vocab_size, "outside_vectors")
    window_of = as_indices("window_of", windows.window_of, len(center_idx), "center_idx")

    options: dict[str, Any] = {}
    if model == "skipgram":
        centers, seen = center_idx[window_of, np.newaxis], outside_idx[:, np.newaxis]
        weights = np.ones((len(seen), 1, 1))
    else:
        centers = center_idx[:, np.newaxis]
        seen, weights = _side_by_side(outside_idx, window_of, len(centers))
        options["reduction"] = reduction
    if negative_indices is None:
        loss_name, options["max_logits"] = "naive_softmax", defaults(EngineOptions)["max_logits"]
    else:
        negative_indices = as_indices(
            "negative_indices", negative_indices, vocab_size, "outside_vectors", ndim=2
        )
        num_negatives = negative_indices.shape[1]
        expected = len(centers), num_negatives
        check_shape("negative_indices", negative_indices, expected, "one row for each target word")
        loss_name, options["num_negatives"] = "neg_sampling", num_negatives
    weights = weights.astype(center_vectors.dtype)
    blocks = Blocks(centers, seen.ravel(), weights, np.arange(len(weights)), negative_indices)
    result = KERNELS[model, loss_name](center_vectors, outside_vectors, blocks, **options)
    # `sgd` moves each row once.
    grad_outside_vectors = result.grad_outside_vectors.distinct(vocab_size)
    return float(result.loss), result.grad_center_vectors, grad_outside_vectors


def _side_by_side(outside_idx, window_of, num_windows):
    """The outside words of each window in a row (B, M), and weights (B, M, 1), 0 for padding."""
    num_outside = np.bincount(window_of, minlength=num_windows)
    if not num_outside.all():
        raise ValueError("Every window must have an outside word to predict the center from.")
    first = np.cumsum(num_outside) - num_outside
    place = np.arange(num_outside.max(initial=0))
    is_word = place < num_outside[:, np.newaxis]
    # Padding repeats a window's first word: no row that the window does not touch.
    seen = outside_idx[first[:, np.newaxis] + np.where(is_word, place, 0)]
    return seen, is_word[:, :, np.newaxis].astype(np.float64)
