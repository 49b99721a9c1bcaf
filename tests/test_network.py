import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from utils.gradcheck import gradcheck_naive
from word2vec import num_parameters, two_layer_net

N, D, H, C = 5, 4, 3, 2


@pytest.fixture
def network():
    """Input and parameters by name."""
    rng = np.random.default_rng(4)
    shapes = {"x": (N, D), "w1": (D, H), "b1": (H,), "w2": (H, C), "b2": (C,)}
    return {name: rng.normal(size=shape) for name, shape in shapes.items()}


TARGETS = {
    "class indices": np.array([0, 1, 1, 0, 1]),
    "probabilities": np.random.default_rng(5).dirichlet(np.ones(C), size=N),
}


@pytest.mark.parametrize("name", ["x", "w1", "b1", "w2", "b2"])
@pytest.mark.parametrize("targets", TARGETS.values(), ids=TARGETS)
def test_every_gradient_passes_the_gradient_check(network, targets, name):
    def f(array):
        loss, grads = two_layer_net(targets=targets, **{**network, name: array})
        return loss, grads[name]

    gradcheck_naive(f, network[name], name)


def test_loss_has_the_value_worked_by_hand():
    # h = sigma(0) = 1/2, logits (1/2) (2 log 3) = log 3 and 0: p = 3/4, 1/4. Two equal rows.
    zeros = np.zeros((2, 1))
    w2 = np.array([[2 * np.log(3), 0.0]])
    loss, _ = two_layer_net(zeros, [0, 0], np.ones((1, 1)), np.zeros(1), w2, np.zeros(2))
    assert_allclose(loss, 2 * np.log(4 / 3))


def test_biases_may_be_rows(network):
    rows = {**network, "b1": network["b1"][np.newaxis], "b2": network["b2"][np.newaxis]}
    loss, grads = two_layer_net(targets=TARGETS["class indices"], **rows)
    flat_loss, flat_grads = two_layer_net(targets=TARGETS["class indices"], **network)
    assert loss == flat_loss
    assert grads["b1"].shape == (1, H)
    assert_array_equal(grads["b2"][0], flat_grads["b2"])


def test_arguments_are_left_alone_and_dtype_is_kept(network):
    arrays = {name: array.astype(np.float32) for name, array in network.items()}
    loss, grads = two_layer_net(targets=TARGETS["class indices"], **arrays)
    assert loss.dtype == np.float32
    assert all(grad.dtype == np.float32 for grad in grads.values())
    for name, array in arrays.items():
        assert_array_equal(array, network[name].astype(np.float32))


@pytest.mark.parametrize(
    ("name", "shape", "message"),
    [
        ("w1", (D + 1, H), r"x and w1 transposed.*\(5, 4\) and \(3, 5\)"),
        ("w2", (H + 1, C), r"w1 and w2 transposed.*\(4, 3\) and \(2, 4\)"),
        ("b1", (H + 1,), r"b1 must have shape \(3,\).*w1.*Got shape \(4,\)"),
        ("b2", (C, 1), r"b2 must have shape \(2,\).*w2.*Got shape \(2, 1\)"),
        ("x", (D,), r"x must be a matrix. Got shape \(4,\)"),
    ],
)
def test_shapes_that_do_not_fit_are_named(network, name, shape, message):
    with pytest.raises(ValueError, match=message):
        two_layer_net(targets=TARGETS["class indices"], **{**network, name: np.zeros(shape)})


def test_num_parameters_counts_the_entries_of_the_four_arrays(network):
    expected = sum(network[name].size for name in ("w1", "b1", "w2", "b2"))
    assert num_parameters(D, H, C) == expected


@pytest.mark.parametrize("bad", [0, -1, 2.5])
def test_num_parameters_refuses_what_is_no_number_of_units(bad):
    with pytest.raises(ValueError, match=f"d_hidden must be an integer >= 1. Got {bad}"):
        num_parameters(3, bad, 2)
