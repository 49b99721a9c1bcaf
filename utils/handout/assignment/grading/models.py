"""Tests of part 3. Each is named by what it claims; sheet and table show the name as a sentence."""

import numpy as np

from . import references
from .comparing import check_gradient, expect, parts

V, D, CENTER = 6, 3, 2
OUTSIDE = [1, 4, 3]
NEGATIVES = [[5, 0], [3, 5], [0, 1]]  # a row for each outside word


def matrices():
    """Center and outside vectors, both (V, D)."""
    rng = np.random.default_rng(33)
    return rng.normal(size=(V, D)), rng.normal(size=(V, D))


def indices(values):
    return None if values is None else np.array(values)


# Skip-gram


def skip_gram_loss_is_summed_over_the_outside_words(student):
    for outside in ([4], OUTSIDE):
        _expect_skipgram_loss(student, outside, None)


def each_outside_word_has_its_own_row_of_negatives(student):
    _expect_skipgram_loss(student, OUTSIDE, NEGATIVES)


def gradient_of_the_center_vectors_passes_the_gradient_check_with_skip_gram(student):
    for negatives in (None, NEGATIVES):
        _check_skipgram(student, 1, OUTSIDE, negatives)


def gradient_of_the_outside_vectors_passes_the_gradient_check_with_skip_gram(student):
    for negatives in (None, NEGATIVES):
        _check_skipgram(student, 2, OUTSIDE, negatives)


def an_outside_word_that_occurs_twice_counts_twice(student):
    outside = [4, 1, 4]
    _expect_skipgram_loss(student, outside, None)
    _check_skipgram(student, 1, outside, None)
    _check_skipgram(student, 2, outside, None)


def _expect_skipgram_loss(student, outside, negatives):
    result = student.skipgram(CENTER, indices(outside), *matrices(), indices(negatives))
    loss, _, _ = parts("skipgram", result, 3)
    what = f"the loss of outside words {outside}" + _with(negatives)
    expect(what, loss, references.skipgram(CENTER, outside, *matrices(), negatives))


def _check_skipgram(student, part, outside, negatives):
    """Check a gradient of skip-gram: part 1 of the result or part 2."""
    what = f"{NAMES[part]}, center word {CENTER}, outside words {outside}" + _with(negatives)
    center, outside_vectors = matrices()

    def at(x):
        return (x, outside_vectors.copy()) if part == 1 else (center.copy(), x)

    check_gradient(
        what,
        lambda x: references.skipgram(CENTER, outside, *at(x), negatives),
        lambda x: student.skipgram(CENTER, indices(outside), *at(x), indices(negatives))[part],
        (center, outside_vectors)[part - 1],
    )


# CBOW


def cbow_predicts_the_center_word_from_the_sum_of_the_outside_words(student):
    _expect_cbow_loss(student, OUTSIDE, None, {})
    _expect_cbow_loss(student, [4], None, {})


def cbow_predicts_the_center_word_from_their_mean_if_told_so(student):
    _expect_cbow_loss(student, OUTSIDE, None, {"reduction": "mean"})


def every_outside_word_receives_the_gradient_of_the_sum(student):
    _check_cbow(student, 1, OUTSIDE, None, {})


def the_gradient_of_the_mean_is_divided_by_the_number_of_outside_words(student):
    _check_cbow(student, 1, OUTSIDE, None, {"reduction": "mean"})


def an_outside_word_that_occurs_twice_receives_the_gradient_twice(student):
    _expect_cbow_loss(student, [4, 1, 4], None, {})
    _check_cbow(student, 1, [4, 1, 4], None, {})


def gradient_of_the_outside_vectors_passes_the_gradient_check_with_cbow(student):
    _check_cbow(student, 2, OUTSIDE, None, {})


def cbow_samples_negatives_against_the_center_word(student):
    negatives = [5, 0]
    _expect_cbow_loss(student, OUTSIDE, negatives, {})
    _check_cbow(student, 1, OUTSIDE, negatives, {})
    _check_cbow(student, 2, OUTSIDE, negatives, {})


def _expect_cbow_loss(student, outside, negatives, reduction):
    result = student.cbow(CENTER, indices(outside), *matrices(), indices(negatives), **reduction)
    loss, _, _ = parts("cbow", result, 3)
    what = f"the loss of outside words {outside}" + _with(negatives)
    expect(what, loss, references.cbow(CENTER, outside, *matrices(), negatives, **reduction))


def _check_cbow(student, part, outside, negatives, reduction):
    """Check a gradient of CBOW: part 1 of the result or part 2."""
    what = f"{NAMES[part]}, center word {CENTER}, outside words {outside}" + _with(negatives)
    center, outside_vectors = matrices()

    def at(x):
        return (x, outside_vectors.copy()) if part == 1 else (center.copy(), x)

    check_gradient(
        what,
        lambda x: references.cbow(CENTER, outside, *at(x), negatives, **reduction),
        lambda x: student.cbow(CENTER, indices(outside), *at(x), indices(negatives), **reduction)[
            part
        ],
        (center, outside_vectors)[part - 1],
    )


NAMES = {1: "grad_center_vectors", 2: "grad_outside_vectors"}


def _with(negatives):
    return "" if negatives is None else f" with negatives {negatives}"
