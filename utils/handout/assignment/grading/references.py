"""What the functions of the assignment should return, computed in quite another way.

Losses are written as they are defined. Their gradients come from the complex step,
f'(x) = Im f(x + ih) / h, which is exact to the last digits: it needs no derivation, and there is
none to be found here. Elementary functions are computed as they are defined, too, but with 50
decimal digits and hardly a limit for exponents, so that nothing overflows.
"""

import decimal

import numpy as np

TINY = 1e-30


def gradient(loss, x):
    """Gradient at `x` of a loss that is an analytic function."""
    x = np.asarray(x, dtype=np.float64)
    result = np.empty_like(x)
    for index in np.ndindex(x.shape):
        moved = x.astype(complex)
        moved[index] += TINY * 1j
        result[index] = np.imag(loss(moved)) / TINY
    return result


def log_sum_exp(z):
    top = np.max(np.real(z))
    return np.log(np.sum(np.exp(z - top))) + top


def cross_entropy(logits, targets):
    """Summed over rows; targets are class indices or distributions."""
    rows = np.reshape(logits, (-1, np.shape(logits)[-1]))
    if np.ndim(targets) < np.ndim(logits):
        targets = np.eye(rows.shape[1])[targets]
    targets = np.reshape(targets, rows.shape)
    return sum(y @ (log_sum_exp(z) - z) for z, y in zip(rows, targets, strict=True))


def naive_softmax(center_vec, outside_idx, outside_vectors):
    scores = outside_vectors @ center_vec
    return log_sum_exp(scores) - scores[outside_idx]


def negative_sampling(center_vec, outside_idx, outside_vectors, negative_indices):
    scores = outside_vectors @ center_vec
    loss = np.log(1 + np.exp(-scores[outside_idx]))
    for word in negative_indices:
        loss = loss + np.log(1 + np.exp(scores[word]))
    return loss


def pair(predicting_vec, target, outside_vectors, negatives):
    if negatives is None:
        return naive_softmax(predicting_vec, target, outside_vectors)
    return negative_sampling(predicting_vec, target, outside_vectors, negatives)


def skipgram(center_idx, outside_indices, center_vectors, outside_vectors, negatives=None):
    loss = 0
    for j, outside_idx in enumerate(outside_indices):
        drawn = None if negatives is None else negatives[j]
        loss = loss + pair(center_vectors[center_idx], outside_idx, outside_vectors, drawn)
    return loss


def cbow(
    center_idx, outside_indices, center_vectors, outside_vectors, negatives=None, reduction="sum"
):
    context = sum(center_vectors[word] for word in outside_indices)
    if reduction == "mean":
        context = context / len(outside_indices)
    return pair(context, center_idx, outside_vectors, negatives)


def network(x, targets, w1, b1, w2, b2):
    hidden = 1 / (1 + np.exp(-(x @ w1 + b1)))
    return cross_entropy(hidden @ w2 + b2, targets)


# What takes the place of the functions of all other questions while one is graded, so that a
# mistake costs points where it was made and nowhere else.


EXACT = decimal.Context(prec=50)


def _exp(x):
    return EXACT.exp(decimal.Decimal(float(x)))


def _share(x, others):
    """exp(x) as a share of the sum of such exponentials."""
    total = decimal.Decimal(0)
    for other in others:
        total = EXACT.add(total, _exp(other))
    return EXACT.divide(_exp(x), total)


def _elementwise(function):
    return np.vectorize(lambda x: float(function(x)), otypes=[float])


def _along_axis(function):
    def of_array(x, axis=-1):
        if axis is None:
            return of_array(np.ravel(x)).reshape(np.shape(x))
        return np.apply_along_axis(
            lambda row: [float(function(x, row)) for x in row], axis, np.asarray(x)
        )

    return of_array


def _sigmoid_grad(s):
    x = np.log(s) - np.log1p(-np.asarray(s))
    return np.imag(1 / (1 + np.exp(-(x + TINY * 1j)))) / TINY


def _normalize_rows(x):
    lengths = np.linalg.norm(x, axis=-1, keepdims=True)
    return np.divide(x, lengths, out=np.zeros(np.shape(x)), where=lengths > 0)


def _softmax_cross_entropy(logits, targets):
    return cross_entropy(logits, targets), gradient(lambda z: cross_entropy(z, targets), logits)


def _naive_softmax(center_vec, outside_idx, outside_vectors):
    return _loss_and_gradients(naive_softmax, center_vec, outside_idx, outside_vectors)


def _negative_sampling(center_vec, outside_idx, outside_vectors, negative_indices):
    return _loss_and_gradients(
        negative_sampling, center_vec, outside_idx, outside_vectors, negative_indices
    )


def _loss_and_gradients(loss, v, o, u, *negatives):
    return (
        loss(v, o, u, *negatives),
        gradient(lambda v: loss(v, o, u, *negatives), v),
        gradient(lambda u: loss(v, o, u, *negatives), u),
    )


REFERENCES = {
    "word2vec.functions.softmax": _along_axis(_share),
    "word2vec.functions.log_softmax": _along_axis(lambda x, row: EXACT.ln(_share(x, row))),
    "word2vec.functions.sigmoid": _elementwise(lambda x: _share(x, [x, 0])),
    "word2vec.functions.sigmoid_grad": _sigmoid_grad,
    "word2vec.functions.log_sigmoid": _elementwise(lambda x: EXACT.ln(_share(x, [x, 0]))),
    "word2vec.functions.normalize_rows": _normalize_rows,
    "word2vec.losses.softmax_cross_entropy": _softmax_cross_entropy,
    "word2vec.losses.naive_softmax_loss_and_gradient": _naive_softmax,
    "word2vec.losses.neg_sampling_loss_and_gradient": _negative_sampling,
}
