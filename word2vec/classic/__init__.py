"""The course's loop, to be read: random batches of context windows, minimised by `sgd`."""

from .batch import batch_loss_and_gradient
from .objective import initial_parameters, word2vec_objective
from .train import train_classic
from .windows import Sentences, Windows, WindowSampler

__all__ = [
    "Sentences",
    "WindowSampler",
    "Windows",
    "batch_loss_and_gradient",
    "initial_parameters",
    "train_classic",
    "word2vec_objective",
]
