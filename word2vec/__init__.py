"""word2vec in plain NumPy: every formula derived by hand and proved by a numerical check."""

__version__ = "0.2.0"  # before the imports: checkpoints carry it

from .corpus import ENGLISH_CONNECTOR_WORDS, Phrases, tokenize
from .engine import EarlyStopping, TrainingProgress, Word2Vec, WorkerError
from .functions import (
    log_sigmoid,
    log_softmax,
    normalize_rows,
    relu,
    relu_grad,
    sigmoid,
    sigmoid_grad,
    softmax,
)
from .gradcheck import GradientCheckError, gradcheck_naive
from .huffman import HuffmanTree
from .losses import (
    hierarchical_softmax_loss_and_gradient,
    naive_softmax_loss_and_gradient,
    neg_sampling_loss_and_gradient,
    softmax_cross_entropy,
)
from .models import cbow, skipgram
from .network import num_parameters, two_layer_net
from .saving import CheckpointError, Interrupted, InUseError, RankError, StopTraining
from .sgd import plain_sgd, sgd
from .vectors import KeyedVectors, UnknownKeyError

__all__ = [
    "ENGLISH_CONNECTOR_WORDS",
    "CheckpointError",
    "EarlyStopping",
    "GradientCheckError",
    "HuffmanTree",
    "InUseError",
    "Interrupted",
    "KeyedVectors",
    "Phrases",
    "RankError",
    "StopTraining",
    "TrainingProgress",
    "UnknownKeyError",
    "Word2Vec",
    "WorkerError",
    "cbow",
    "gradcheck_naive",
    "hierarchical_softmax_loss_and_gradient",
    "log_sigmoid",
    "log_softmax",
    "naive_softmax_loss_and_gradient",
    "neg_sampling_loss_and_gradient",
    "normalize_rows",
    "num_parameters",
    "plain_sgd",
    "relu",
    "relu_grad",
    "sgd",
    "sigmoid",
    "sigmoid_grad",
    "skipgram",
    "softmax",
    "softmax_cross_entropy",
    "tokenize",
    "two_layer_net",
]
