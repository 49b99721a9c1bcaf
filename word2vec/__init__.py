"""word2vec in plain NumPy: every formula derived by hand and proved by a numerical check."""

__version__ = "0.1.0"  # before the imports: checkpoints carry it

from .engine.trainer import Word2Vec
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
from .losses import (
    naive_softmax_loss_and_gradient,
    neg_sampling_loss_and_gradient,
    softmax_cross_entropy,
)
from .models import cbow, skipgram
from .network import num_parameters, two_layer_net
from .sgd import sgd
from .vectors.keyed_vectors import KeyedVectors
