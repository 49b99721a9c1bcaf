"""Tests of part 1. Each is named by what it claims; sheet and table show the name as a sentence."""

import numpy as np

from .comparing import check_gradient, expect, no_warnings


def softmax_has_the_values_worked_by_hand(student):
    x = np.log([1.0, 2.0, 5.0])  # so the exponentials are 1, 2 and 5, and their sum is 8
    expect("softmax([log 1, log 2, log 5])", student.softmax(x), [0.125, 0.25, 0.625])


def softmax_of_a_matrix_works_along_the_axis_asked_for(student):
    x = np.log([[1.0, 3.0], [1.0, 1.0], [2.0, 6.0]])
    rows = [[0.25, 0.75], [0.5, 0.5], [0.25, 0.75]]
    columns = [[0.25, 0.3], [0.25, 0.1], [0.5, 0.6]]
    expect("softmax of a matrix", student.softmax(x), rows)
    expect("softmax of a matrix with axis=0", student.softmax(x, axis=0), columns)


def softmax_of_large_scores_neither_overflows_nor_divides_zero_by_zero(student):
    shares = np.array([1.0, 2.0, 5.0])
    for shift in (800.0, -800.0):
        what = f"softmax of scores near {shift:g}"
        with no_warnings(what):
            expect(what, student.softmax(np.log(shares) + shift), shares / 8)


def softmax_leaves_its_argument_as_it_was(student):
    x = np.array([[0.5, -1.0], [2.0, 0.0]])
    result = student.softmax(x)
    expect("the argument of softmax afterwards", x, [[0.5, -1.0], [2.0, 0.0]])
    expect("the sums of the rows", np.sum(result, axis=-1), [1, 1])


def log_softmax_is_the_logarithm_of_the_softmax(student):
    x = np.log([[1.0, 3.0], [1.0, 1.0]])
    expect("log_softmax", student.log_softmax(x), np.log([[0.25, 0.75], [0.5, 0.5]]))
    right = np.log([[0.5, 0.75], [0.5, 0.25]])
    expect("log_softmax with axis=0", student.log_softmax(x, axis=0), right)


def log_softmax_is_exact_where_the_probability_rounds_to_zero(student):
    with no_warnings("log_softmax([-800, 800])"):
        result = student.log_softmax(np.array([-800.0, 800.0]))
        expect("log_softmax([-800, 800])", result, [-1600, 0])


def sigmoid_has_the_values_worked_by_hand(student):
    x = np.array([[0.0, np.log(3)], [-np.log(3), np.log(9)]])
    expect("sigmoid([[0, log 3], [-log 3, log 9]])", student.sigmoid(x), [[0.5, 0.75], [0.25, 0.9]])


def sigmoid_of_large_numbers_gives_no_overflow_warning(student):
    with no_warnings("sigmoid([-800, 0, 800])"):
        result = student.sigmoid(np.array([-800.0, 0.0, 800.0]))
        expect("sigmoid([-800, 0, 800])", result, [0, 0.5, 1])


def sigmoid_grad_is_the_derivative_of_the_sigmoid_given_the_value_of_the_sigmoid(student):
    def value(x):
        return 1 / (1 + np.exp(-x))

    x = np.array([-2.0, -0.5, 0.3, 1.7])
    check_gradient(
        "sigmoid_grad", lambda x: value(x).sum(), lambda x: student.sigmoid_grad(value(x)), x
    )


def log_sigmoid_is_the_logarithm_of_the_sigmoid(student):
    x = np.array([0.0, np.log(3), -np.log(3)])
    right = np.log([0.5, 0.75, 0.25])
    expect("log_sigmoid([0, log 3, -log 3])", student.log_sigmoid(x), right)


def log_sigmoid_is_exact_where_the_sigmoid_rounds_to_zero(student):
    with no_warnings("log_sigmoid([-800, 800])"):
        expect(
            "log_sigmoid([-800, 800])", student.log_sigmoid(np.array([-800.0, 800.0])), [-800, 0]
        )


def normalized_rows_have_length_one_and_their_old_direction(student):
    x = np.array([[3.0, 4.0], [-5.0, 12.0], [0.0, 0.5]])
    right = [[3 / 5, 4 / 5], [-5 / 13, 12 / 13], [0, 1]]
    expect("normalize_rows of [[3, 4], [-5, 12], [0, 0.5]]", student.normalize_rows(x), right)


def a_row_of_zeros_stays_zero(student):
    with no_warnings("normalize_rows([[0, 0], [3, 4]])"):
        result = student.normalize_rows(np.array([[0.0, 0.0], [3.0, 4.0]]))
        expect("normalize_rows([[0, 0], [3, 4]])", result, [[0, 0], [0.6, 0.8]])


def a_vector_is_a_single_row(student):
    result = student.normalize_rows(np.array([3.0, 4.0]))
    expect("normalize_rows([3, 4])", result, [0.6, 0.8])
