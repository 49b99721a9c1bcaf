"""Tests of part 4. Each is named by what it claims; sheet and table show the name as a sentence."""

import numpy as np

from . import references
from .comparing import Wrong, check_gradient, expect, parts

TARGETS = [1, 0, 2, 2, 1]
KEYS = ("x", "w1", "b1", "w2", "b2")


def arrays(size=(4, 3, 3)):
    """Five examples, and a network with so many inputs, hidden units and classes."""
    d_in, d_hidden, d_out = size
    rng = np.random.default_rng(34)
    shapes = {
        "x": (5, d_in),
        "w1": (d_in, d_hidden),
        "b1": (d_hidden,),
        "w2": (d_hidden, d_out),
        "b2": (d_out,),
    }
    return {name: rng.normal(size=shape) for name, shape in shapes.items()}


def network_loss_is_the_cross_entropy_summed_over_rows(student):
    right = references.network(targets=TARGETS, **arrays())
    for kind, targets in {"class indices": TARGETS, "one-hot": np.eye(3)[TARGETS]}.items():
        result = student.two_layer_net(targets=np.array(targets), **arrays())
        loss, _ = parts("two_layer_net", result, 2)
        expect(f"the loss of five rows, with targets that are {kind},", loss, right)


def gradient_of_w2_passes_the_gradient_check(student):
    _check(student, "w2")


def gradient_of_b2_passes_the_gradient_check(student):
    _check(student, "b2")


def gradient_of_w1_passes_the_gradient_check(student):
    _check(student, "w1")


def gradient_of_b1_passes_the_gradient_check(student):
    _check(student, "b1")


def gradient_of_x_passes_the_gradient_check(student):
    _check(student, "x")


def _check(student, name):
    # All sizes differ, so that what is transposed cannot fit; then all agree, so that all fits.
    for size in ((4, 2, 3), (3, 3, 3)):
        given = arrays(size)

        def result(x, given=given):
            _, grads = parts(
                "two_layer_net",
                student.two_layer_net(targets=np.array(TARGETS), **{**given, name: x}),
                2,
            )
            if not isinstance(grads, dict) or set(grads) != set(KEYS):
                raise Wrong(f"The gradients should be a dict with the keys {', '.join(KEYS)}.")
            return grads[name]

        check_gradient(
            f"the gradient of {name}",
            lambda x, given=given: references.network(targets=TARGETS, **{**given, name: x}),
            result,
            given[name],
        )


# Gradient descent: of x^2 / 2 the gradient is x, so a step s multiplies x by 1 - s.


def parabola(x):
    return np.sum(x**2) / 2, x.copy()


def plain_sgd_steps_against_the_gradient_as_often_as_it_is_told(student):
    x0 = np.array([[1.0, -2.0], [0.5, 4.0]])
    for iterations in (1, 7):
        x = student.plain_sgd(parabola, x0.copy(), 0.1, iterations)
        expect(f"x after {iterations} iterations on x^2 / 2 with step 0.1", x, 0.9**iterations * x0)
    expect("x after 0 iterations", student.plain_sgd(parabola, x0.copy(), 0.1, 0), x0)


def plain_sgd_takes_the_gradient_anew_in_every_iteration(student):
    drawn = iter(range(1, 100))  # as if it were drawn at random

    def loss_and_gradient(x):
        return 0.0, np.full(2, float(next(drawn)))

    x = student.plain_sgd(loss_and_gradient, np.zeros(2), 0.5, 4)
    expect("x after gradients of 1, 2, 3 and 4, from 0 with step 0.5", x, [-5, -5])


def plain_sgd_leaves_the_start_as_it_was(student):
    x0 = np.array([1.0, -2.0])
    x = student.plain_sgd(parabola, x0, 0.5, 3)
    expect("x0 afterwards", x0, [1.0, -2.0])
    expect("the result", x, [0.125, -0.25])


def plain_sgd_may_start_from_whole_numbers(student):
    for x0 in (np.array([8, -16]), [8, -16]):
        x = student.plain_sgd(parabola, x0, 0.5, 4)
        expect("x after 4 iterations on x^2 / 2 with step 0.5, from [8, -16]", x, [0.5, -1])
