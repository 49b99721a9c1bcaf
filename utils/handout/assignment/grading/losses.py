"""Tests of part 2. Each is named by what it claims; sheet and table show the name as a sentence."""

import numpy as np

from . import references
from .comparing import check_gradient, expect, no_warnings, parts

V, D, OUTSIDE = 6, 3, 2
NEGATIVES = [4, 0, 3]


def vectors():
    """A center vector (D,) and outside vectors (V, D)."""
    rng = np.random.default_rng(31)
    return rng.normal(size=D), rng.normal(size=(V, D))


def logits():
    return np.random.default_rng(32).normal(size=(4, 5))


# Cross-entropy


def cross_entropy_is_minus_the_log_probability_of_the_true_class(student):
    z = np.log([1.0, 2.0, 5.0])
    for true_class, probability in enumerate([0.125, 0.25, 0.625]):
        loss, _ = parts("softmax_cross_entropy", student.softmax_cross_entropy(z, true_class), 2)
        what = f"the loss of logits [log 1, log 2, log 5] for class {true_class}"
        expect(what, loss, -np.log(probability))


def cross_entropy_is_summed_over_rows(student):
    z, classes = logits(), np.array([0, 4, 2, 2])
    loss, _ = parts("softmax_cross_entropy", student.softmax_cross_entropy(z, classes), 2)
    expect("the loss of four rows", loss, references.cross_entropy(logits(), classes))


def gradient_of_the_logits_passes_the_gradient_check(student):
    for z, targets in ((logits(), np.array([0, 4, 2, 2])), (logits()[0], 3)):
        check_gradient(
            "grad_logits",
            lambda z, targets=targets: references.cross_entropy(z, targets),
            lambda z, targets=targets: student.softmax_cross_entropy(z, targets)[1],
            z,
        )


def targets_may_be_probabilities(student):
    y = np.array([[0.2, 0.3, 0.5, 0, 0], [0, 0, 0, 0, 1], [0.2] * 5, [0.5, 0, 0, 0.5, 0]])
    loss, _ = parts("softmax_cross_entropy", student.softmax_cross_entropy(logits(), y.copy()), 2)
    right = references.cross_entropy(logits(), y)
    expect("the loss of targets that are probabilities", loss, right)
    check_gradient(
        "grad_logits with targets that are probabilities",
        lambda z: references.cross_entropy(z, y),
        lambda z: student.softmax_cross_entropy(z, y.copy())[1],
        logits(),
    )


def cross_entropy_is_right_at_scores_of_800(student):
    with no_warnings("softmax_cross_entropy at logits [-800, 800, 0]"):
        result = student.softmax_cross_entropy(np.array([-800.0, 800.0, 0.0]), 0)
        loss, grad = parts("softmax_cross_entropy", result, 2)
    expect("the loss at logits [-800, 800, 0] for class 0", loss, 1600)
    expect("grad_logits at logits [-800, 800, 0] for class 0", grad, [-1, 1, 0])


# Naive softmax


def naive_softmax_loss_is_minus_the_log_probability_of_the_outside_word(student):
    for outside_idx in range(V):
        v, u = vectors()
        result = student.naive_softmax_loss_and_gradient(v, outside_idx, u)
        loss, _, _ = parts("naive_softmax_loss_and_gradient", result, 3)
        right = references.naive_softmax(v, outside_idx, u)
        expect(f"the loss of outside word {outside_idx}", loss, right)


def gradient_of_the_center_vector_passes_the_gradient_check_with_naive_softmax(student):
    v, u = vectors()
    check_gradient(
        "grad_center_vec",
        lambda v: references.naive_softmax(v, OUTSIDE, u),
        lambda v: student.naive_softmax_loss_and_gradient(v, OUTSIDE, u.copy())[1],
        v,
    )


def gradient_of_the_outside_vectors_passes_the_gradient_check_with_naive_softmax(student):
    v, u = vectors()
    check_gradient(
        "grad_outside_vectors",
        lambda u: references.naive_softmax(v, OUTSIDE, u),
        lambda u: student.naive_softmax_loss_and_gradient(v.copy(), OUTSIDE, u)[2],
        u,
    )


def naive_softmax_is_right_at_scores_of_800(student):
    u = np.array([[800.0], [-800.0], [0.0]])
    with no_warnings("naive_softmax_loss_and_gradient at scores of 800"):
        result = student.naive_softmax_loss_and_gradient(np.array([1.0]), 1, u)
        loss, grad_center_vec, grad_outside_vectors = parts("the result", result, 3)
    expect("the loss of scores [800, -800, 0] for word 1", loss, 1600)
    expect("its grad_center_vec", grad_center_vec, [1600])
    expect("its grad_outside_vectors", grad_outside_vectors, [[1], [-1], [0]])


# Negative sampling


def negative_sampling_loss_counts_the_outside_word_and_every_negative(student):
    for negatives in ([4], NEGATIVES):
        v, u = vectors()
        result = student.neg_sampling_loss_and_gradient(v, OUTSIDE, u, np.array(negatives))
        loss, _, _ = parts("neg_sampling_loss_and_gradient", result, 3)
        right = references.negative_sampling(v, OUTSIDE, u, negatives)
        expect(f"the loss with negatives {negatives}", loss, right)


def gradient_of_the_center_vector_passes_the_gradient_check_with_negative_sampling(student):
    _check_center(student, NEGATIVES)


def gradient_of_the_outside_vectors_passes_the_gradient_check_with_negative_sampling(student):
    _check_outside(student, NEGATIVES)


def a_negative_that_is_drawn_twice_counts_twice(student):
    _check_all(student, [3, 3, 0])


def the_outside_word_may_be_among_the_negatives(student):
    _check_all(student, [OUTSIDE, 4])


def negative_sampling_is_right_at_scores_of_800(student):
    u = np.array([[800.0], [-800.0], [0.0]])
    with no_warnings("neg_sampling_loss_and_gradient at scores of 800"):
        result = student.neg_sampling_loss_and_gradient(np.array([1.0]), 1, u, np.array([0]))
        loss, grad_center_vec, grad_outside_vectors = parts("the result", result, 3)
    expect("the loss of score -800 with a negative of score 800", loss, 1600)
    expect("its grad_center_vec", grad_center_vec, [1600])
    expect("its grad_outside_vectors", grad_outside_vectors, [[1], [-1], [0]])


def _check_all(student, negatives):
    v, u = vectors()
    result = student.neg_sampling_loss_and_gradient(v, OUTSIDE, u, np.array(negatives))
    loss, _, _ = parts("neg_sampling_loss_and_gradient", result, 3)
    right = references.negative_sampling(v, OUTSIDE, u, negatives)
    expect(f"the loss of outside word {OUTSIDE} with negatives {negatives}", loss, right)
    _check_outside(student, negatives)
    _check_center(student, negatives)


def _check_center(student, negatives):
    v, u = vectors()
    check_gradient(
        f"grad_center_vec, outside word {OUTSIDE} with negatives {negatives}",
        lambda v: references.negative_sampling(v, OUTSIDE, u, negatives),
        lambda v: student.neg_sampling_loss_and_gradient(v, OUTSIDE, u.copy(), np.array(negatives))[
            1
        ],
        v,
    )


def _check_outside(student, negatives):
    v, u = vectors()
    check_gradient(
        f"grad_outside_vectors, outside word {OUTSIDE} with negatives {negatives}",
        lambda u: references.negative_sampling(v, OUTSIDE, u, negatives),
        lambda u: student.neg_sampling_loss_and_gradient(v.copy(), OUTSIDE, u, np.array(negatives))[
            2
        ],
        u,
    )
