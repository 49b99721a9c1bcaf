"""word2vec as something `sgd` can minimise: a random batch of context windows a call."""

from collections.abc import Callable

import numpy as np

from ..checks import FloatArray
from ..rowsparse import RowSparse
from ..sampling import AliasTable, draw_negatives, starting_vectors
from .batch import batch_loss_and_gradient
from .windows import WindowSampler


def initial_parameters(vocab_size: int, vector_size: int, rng: np.random.Generator) -> FloatArray:
    """Start of training: both matrices of word vectors, one above the other, as `sgd` wants them.

    Parameters
    ----------
    vocab_size, vector_size : int
        V and d.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of shape (2 V, d)
        Rows 0 to V - 1 are the center vectors, rows V to 2 V - 1 the outside vectors, as from
        `starting_vectors`.
    """
    return np.concatenate(starting_vectors(vocab_size, vector_size, rng))


def word2vec_objective(
    sampler: WindowSampler,
    noise: AliasTable | None,
    rng: np.random.Generator,
    *,
    batch_size: int = 50,
    num_negatives: int = 10,
    model: str = "skipgram",
    reduction: str = "sum",
) -> Callable[[np.ndarray], tuple[float, RowSparse]]:
    """The loss of a random batch of windows, and its gradient, as a function for `sgd`.

    Parameters
    ----------
    sampler : WindowSampler
    noise : AliasTable or None
        What negatives are drawn from. None: the loss is naive softmax.
    rng : numpy.random.Generator
        The only source of chance and the only state; give the same one to `sgd`.
    batch_size : int
        Windows in a batch.
    num_negatives : int
        Negatives for each target word.
    model, reduction : str
        As for `batch_loss_and_gradient`.

    Returns
    -------
    callable
        f(parameters) -> (loss, RowSparse gradient) for parameters as from `initial_parameters`.
        Loss and gradient are the **mean** over the windows of the batch (and, in skip-gram, the sum
        over the outside words of a window), so the step need not change with the batch size.
    """

    def loss_and_gradient(parameters):
        vocab_size = len(parameters) // 2
        windows = sampler.draw(batch_size, rng)
        negatives = None
        if noise is not None:
            targets = windows.outside_idx if model == "skipgram" else windows.center_idx
            negatives = draw_negatives(noise, targets, num_negatives, rng)
        loss, grad_center, grad_outside = batch_loss_and_gradient(
            windows,
            parameters[:vocab_size],
            parameters[vocab_size:],
            negatives,
            model=model,
            reduction=reduction,
        )
        rows = np.concatenate([grad_center.rows, grad_outside.rows + vocab_size])
        values = np.concatenate([grad_center.values, grad_outside.values])
        return loss / batch_size, RowSparse(rows, values / batch_size)

    return loss_and_gradient
