import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from utils.gradcheck import gradcheck_naive
from word2vec import (
    HuffmanTree,
    hierarchical_softmax_loss_and_gradient,
    naive_softmax_loss_and_gradient,
    neg_sampling_loss_and_gradient,
    sigmoid,
    softmax_cross_entropy,
)


@pytest.fixture
def vectors():
    """A center vector (3,) and outside vectors (5, 3)."""
    rng = np.random.default_rng(1)
    return rng.normal(size=3), rng.normal(size=(5, 3))


# Cross-entropy


def test_cross_entropy_of_equal_logits_is_log_of_the_number_of_classes():
    loss, grad = softmax_cross_entropy(np.zeros((1, 4)), [2])
    assert_allclose(loss, np.log(4))
    assert_allclose(grad, [[0.25, 0.25, -0.75, 0.25]])


def test_cross_entropy_is_summed_over_rows():
    rng = np.random.default_rng(0)
    logits, targets = rng.normal(size=(3, 4)), [1, 0, 3]
    rows = [softmax_cross_entropy(row, t)[0] for row, t in zip(logits, targets, strict=True)]
    assert_allclose(softmax_cross_entropy(logits, targets)[0], sum(rows))


def test_cross_entropy_takes_class_indices_and_one_hot_rows_alike():
    logits = np.random.default_rng(0).normal(size=(3, 4))
    targets = np.array([1, 0, 3])
    by_index, by_row = (softmax_cross_entropy(logits, t) for t in (targets, np.eye(4)[targets]))
    assert_allclose(by_index[0], by_row[0], rtol=1e-15)
    assert_array_equal(by_index[1], by_row[1])


def test_cross_entropy_of_one_row_is_that_of_a_matrix_with_one_row():
    logits, targets = np.array([0.5, -1.0, 2.0]), np.array([0.2, 0.3, 0.5])
    loss, grad = softmax_cross_entropy(logits, targets)
    as_matrix = softmax_cross_entropy(logits[np.newaxis], targets[np.newaxis])
    assert loss == as_matrix[0]
    assert_array_equal(grad, as_matrix[1][0], strict=True)


def test_cross_entropy_has_the_dtype_of_the_logits_whatever_that_of_the_targets():
    for result in softmax_cross_entropy(np.zeros((1, 2), np.float32), [[0.25, 0.75]]):
        assert result.dtype == np.float32


def test_cross_entropy_of_float32_is_summed_in_float64():
    # Losses 2^30, 40 and 40: in float32, 2^30 + 40 is 2^30 again, and so the sum would stay.
    logits = np.array([[0, 2**30], [0, 40], [0, 40]], np.float32)
    assert softmax_cross_entropy(logits, [0, 0, 0])[0] == np.float32(2**30 + 80)


@pytest.mark.parametrize("targets", [[1, 0, 3], "probabilities"])
def test_cross_entropy_passes_the_gradient_check(targets):
    rng = np.random.default_rng(0)
    if targets == "probabilities":
        targets = rng.dirichlet(np.ones(4), size=3)
    gradcheck_naive(lambda z: softmax_cross_entropy(z, targets), rng.normal(size=(3, 4)))


def test_cross_entropy_passes_the_gradient_check_where_targets_sum_only_nearly_to_one():
    targets = np.array([[0.25, 0.25, 0.50009]])
    gradcheck_naive(lambda z: softmax_cross_entropy(z, targets), np.array([[0.5, -1.0, 2.0]]))


def test_cross_entropy_is_right_at_extreme_logits():
    with np.errstate(all="raise"):
        loss, grad = softmax_cross_entropy(np.array([-800.0, 800.0]), 0)
    assert loss == 1600
    assert_array_equal(grad, [-1, 1])


@pytest.mark.parametrize("bad", [-1, 4])
def test_cross_entropy_refuses_a_class_that_does_not_exist(bad):
    with pytest.raises(IndexError, match=rf"rows of classes, 0 to 3. Got {bad}"):
        softmax_cross_entropy(np.zeros((1, 4)), [bad])


@pytest.mark.parametrize("targets", [[[0.5, 0.6]], [[1.5, -0.5]]])
def test_cross_entropy_refuses_rows_that_are_no_probabilities(targets):
    message = "^targets must be probabilities: every row >= 0 and summing to 1.$"
    with pytest.raises(ValueError, match=message):
        softmax_cross_entropy(np.zeros((1, 2)), targets)


def test_cross_entropy_names_both_shapes_when_targets_do_not_fit():
    for targets, shape in [([0, 1, 2, 0], r"\(4,\)"), ([0], r"\(1,\)"), (0, r"\(\)")]:
        with pytest.raises(ValueError, match=rf"shape \(2,\), or .*\(2, 3\). Got shape {shape}"):
            softmax_cross_entropy(np.zeros((2, 3)), targets)
    with pytest.raises(ValueError, match=r"shape \(\), or .* shape \(3,\). Got shape \(1, 1\)"):
        softmax_cross_entropy(np.zeros(3), [[0]])
    message = r"\(2, 3\) \(one probability for each of the logits\). Got shape \(3, 2\)"
    with pytest.raises(ValueError, match=rf"^targets must have shape {message}"):
        softmax_cross_entropy(np.zeros((2, 3)), np.full((3, 2), 0.5))


@pytest.mark.parametrize("shape", [(), (1, 2, 3), (2, 0)])
def test_cross_entropy_refuses_logits_that_are_no_rows(shape):
    with pytest.raises(ValueError, match=r"logits must have shape \(N, C\) or \(C,\)"):
        softmax_cross_entropy(np.zeros(shape), 0)


def test_cross_entropy_refuses_targets_that_are_no_integers():
    with pytest.raises(TypeError, match="targets must be integers. Got dtype float64"):
        softmax_cross_entropy(np.zeros((1, 4)), [1.0])


@pytest.mark.parametrize("name", ["logits", "targets"])
def test_cross_entropy_refuses_what_is_not_real_numbers(name):
    arguments = {"logits": np.zeros((1, 2)), "targets": np.eye(2)[:1]}
    arguments[name] = arguments[name] * 1j
    with pytest.raises(TypeError, match=f"^{name} must hold real numbers. Got dtype complex128"):
        softmax_cross_entropy(**arguments)


# Naive softmax


def test_naive_softmax_has_the_values_worked_by_hand():
    # Scores 0 and log 3: p = 1/4 and 3/4.
    loss, grad_center, grad_outside = naive_softmax_loss_and_gradient(
        np.array([1.0, 0.0]), 0, np.array([[0.0, 2.0], [np.log(3), 0.0]])
    )
    assert_allclose(loss, np.log(4))
    assert_allclose(grad_center, [0.75 * np.log(3), -0.75 * 2])
    assert_allclose(grad_outside, [[-0.75, 0], [0.75, 0]])


def test_naive_softmax_passes_the_gradient_check_for_the_center_vector(vectors):
    v, u = vectors
    gradcheck_naive(lambda v: naive_softmax_loss_and_gradient(v, 2, u)[:2], v)


def test_naive_softmax_passes_the_gradient_check_for_the_outside_vectors(vectors):
    v, u = vectors
    gradcheck_naive(lambda u: naive_softmax_loss_and_gradient(v, 2, u)[::2], u)


# Negative sampling


def test_negative_sampling_has_the_values_worked_by_hand():
    # Scores log 3 (true word: sigma = 3/4) and 0 (negative: sigma = 1/2), the latter twice.
    loss, grad_center, grad_outside = neg_sampling_loss_and_gradient(
        np.array([1.0, 0.0]), 0, np.array([[np.log(3), 1.0], [0.0, 2.0], [9.0, 9.0]]), [1, 1]
    )
    assert_allclose(loss, -np.log(3 / 4) - 2 * np.log(1 / 2))
    assert_allclose(grad_center, [-np.log(3) / 4, -1 / 4 + 2 * (1 / 2) * 2])
    assert_allclose(grad_outside, [[-1 / 4, 0], [2 * (1 / 2), 0], [0, 0]])


NEGATIVES = {
    "distinct": [0, 3, 4],
    "repeated": [3, 3, 3, 0, 0],
    "with the outside word": [2, 1, 2],
    "none": [],
}


@pytest.mark.parametrize("negatives", NEGATIVES.values(), ids=NEGATIVES)
def test_negative_sampling_passes_the_gradient_check_for_the_center_vector(vectors, negatives):
    v, u = vectors
    gradcheck_naive(lambda v: neg_sampling_loss_and_gradient(v, 2, u, negatives)[:2], v)


@pytest.mark.parametrize("negatives", NEGATIVES.values(), ids=NEGATIVES)
def test_negative_sampling_passes_the_gradient_check_for_the_outside_vectors(vectors, negatives):
    v, u = vectors
    gradcheck_naive(lambda u: neg_sampling_loss_and_gradient(v, 2, u, negatives)[::2], u)


def test_a_negative_drawn_three_times_counts_three_times(vectors):
    v, u = vectors
    once = neg_sampling_loss_and_gradient(v, 2, u, [3])
    three_times = neg_sampling_loss_and_gradient(v, 2, u, [3, 3, 3])
    assert_allclose(three_times[2][3], 3 * once[2][3])
    assert_allclose(once[2][3], sigmoid(u[3] @ v) * v)


def test_negative_sampling_of_float32_is_summed_in_float64():
    # Losses 2^30, 40 and 40: in float32, 2^30 + 40 is 2^30 again, and so the sum would stay.
    u = np.array([[-(2**30)], [40]], np.float32)
    loss, _, _ = neg_sampling_loss_and_gradient(np.ones(1, np.float32), 0, u, [1, 1])
    assert loss == np.float32(2**30 + 80)


# Hierarchical softmax

TREE = HuffmanTree.from_counts([9, 5, 4, 2, 1])


def test_hierarchical_softmax_has_the_values_worked_by_hand():
    # Counts 6, 3, 2: word 1 is left of the root, node 1, and then right of node 0.
    # Scores: u_1 . v = ln 3, so left has 3/4; u_0 . v = -ln 4, so right has 4/5.
    tree = HuffmanTree.from_counts([6, 3, 2])
    nodes = np.array([[-np.log(4.0)], [np.log(3.0)]])
    loss, grad_v, grad_nodes = hierarchical_softmax_loss_and_gradient([1], 1, nodes, tree)
    assert_allclose(np.exp(-loss), 3 / 4 * 4 / 5)
    assert_allclose(grad_nodes, [[1 / 5], [3 / 4 - 1]])
    assert_allclose(grad_v, [1 / 5 * -np.log(4) - 1 / 4 * np.log(3)])


@pytest.mark.parametrize("scale", [0.1, 1, 10])
def test_probabilities_of_hierarchical_softmax_sum_to_one(scale):
    rng = np.random.default_rng(4)
    tree = HuffmanTree.from_counts(rng.zipf(1.5, 200))
    v, nodes = rng.normal(size=7), scale * rng.normal(size=(199, 7))
    losses = [hierarchical_softmax_loss_and_gradient(v, o, nodes, tree)[0] for o in range(200)]
    assert abs(np.exp(-np.array(losses)).sum() - 1) < 1e-12


@pytest.mark.parametrize("word", range(5))
def test_hierarchical_softmax_passes_the_gradient_check(word, vectors):
    v, nodes = vectors[0], vectors[1][:4]

    def loss(v, nodes):
        return hierarchical_softmax_loss_and_gradient(v, word, nodes, TREE)

    gradcheck_naive(lambda v: loss(v, nodes)[:2], v)
    gradcheck_naive(lambda nodes: loss(v, nodes)[::2], nodes)


def test_hierarchical_softmax_of_two_words_is_a_sigmoid():
    tree = HuffmanTree.from_counts([2, 1])
    losses = [hierarchical_softmax_loss_and_gradient([2.0], o, [[1.5]], tree)[0] for o in (0, 1)]
    assert_allclose(np.exp(-np.array(losses)), [1 - sigmoid(3.0), sigmoid(3.0)])


def test_hierarchical_softmax_is_summed_in_float64():
    # Losses 2^30, 40 and 40 on the way: in float32, 2^30 + 40 is 2^30 again.
    tree = HuffmanTree.from_counts([1, 2, 4, 8])
    path, code = tree.paths[0], tree.codes[0]
    nodes = np.zeros((3, 1), np.float32)
    nodes[path, 0] = (2.0 * code - 1) * [2**30, 40, 40]
    loss, _, _ = hierarchical_softmax_loss_and_gradient(np.ones(1, np.float32), 0, nodes, tree)
    assert loss == np.float32(2**30 + 80)


def test_node_vectors_that_do_not_fit_the_tree_are_refused(vectors):
    message = r"one row for each of the 4 inner nodes of the tree. Got shape \(5, 3\)"
    with pytest.raises(ValueError, match=f"node_vectors must have {message}"):
        hierarchical_softmax_loss_and_gradient(vectors[0], 1, vectors[1], TREE)
    message = r"center_vec and node_vectors.* Got shapes \(2,\) and \(4, 3\)"
    with pytest.raises(ValueError, match=message):
        hierarchical_softmax_loss_and_gradient(vectors[0][:2], 1, vectors[1][:4], TREE)


def test_word_that_is_not_in_the_tree_is_refused(vectors):
    for index in (-1, 5):
        message = f"^outside_idx must be rows of the tree's words, 0 to 4. Got {index}"
        with pytest.raises(IndexError, match=message):
            hierarchical_softmax_loss_and_gradient(vectors[0], index, vectors[1][:4], TREE)


def test_what_is_no_tree_is_refused(vectors):
    with pytest.raises(TypeError, match="^tree must be a HuffmanTree, as .* Got list instead"):
        hierarchical_softmax_loss_and_gradient(vectors[0], 1, vectors[1][:4], [9, 5, 4, 2, 1])


# All three


def hierarchical_softmax(v, outside_idx, node_vectors):
    tree = HuffmanTree.from_counts(np.arange(len(node_vectors) + 1))
    return hierarchical_softmax_loss_and_gradient(v, outside_idx, node_vectors, tree)


LOSSES = {
    "naive softmax": naive_softmax_loss_and_gradient,
    "negative sampling": lambda v, o, u: neg_sampling_loss_and_gradient(v, o, u, [0, 0]),
    "hierarchical softmax": hierarchical_softmax,
}
every_loss = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
of_words = pytest.mark.parametrize("loss", list(LOSSES.values())[:2], ids=list(LOSSES)[:2])


@every_loss
def test_shapes_are_those_of_the_arguments(loss, vectors):
    value, grad_center, grad_outside = loss(vectors[0], 1, vectors[1])
    assert np.shape(value) == ()
    assert grad_center.shape == (3,)
    assert grad_outside.shape == (5, 3)


@every_loss
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept(loss, vectors, dtype):
    for result in loss(vectors[0].astype(dtype), 1, vectors[1].astype(dtype)):
        assert result.dtype == dtype


@every_loss
@pytest.mark.parametrize("dtypes", [(np.float32, np.float64), (np.float64, np.float32)])
def test_float32_with_float64_gives_float64(loss, vectors, dtypes):
    for result in loss(vectors[0].astype(dtypes[0]), 1, vectors[1].astype(dtypes[1])):
        assert result.dtype == np.float64


@every_loss
def test_arguments_are_left_alone(loss, vectors):
    v, u = vectors[0].copy(), vectors[1].copy()
    loss(v, 1, u)
    assert_array_equal(v, vectors[0])
    assert_array_equal(u, vectors[1])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("loss", "expected"),
    # Scores: -800 for the outside word, 800 for the other one, which is the negative, twice.
    [("naive softmax", 1600), ("negative sampling", 800 + 2 * 800)],
)
def test_loss_is_right_at_extreme_scores(loss, expected, dtype):
    with np.errstate(all="raise"):
        value, grad_center, grad_outside = LOSSES[loss](
            np.array([1], dtype), 1, np.array([[800], [-800]], dtype)
        )
    assert value == expected
    assert np.isfinite(grad_center).all()
    assert np.isfinite(grad_outside).all()


@of_words
@pytest.mark.parametrize("index", [-1, 5])
def test_index_out_of_range_is_refused(loss, vectors, index):
    message = f"^outside_idx must be rows of outside_vectors, 0 to 4. Got {index}"
    with pytest.raises(IndexError, match=message):
        loss(vectors[0], index, vectors[1])


@pytest.mark.parametrize("index", [-1, 5])
def test_negative_index_out_of_range_is_refused(vectors, index):
    message = f"^negative_indices must be rows of outside_vectors, 0 to 4. Got {index}"
    with pytest.raises(IndexError, match=message):
        neg_sampling_loss_and_gradient(vectors[0], 1, vectors[1], [0, index])


@of_words
def test_vectors_of_different_size_are_refused_with_both_shapes(loss, vectors):
    message = r"center_vec and outside_vectors.* Got shapes \(2,\) and \(5, 3\)"
    with pytest.raises(ValueError, match=message):
        loss(vectors[0][:2], 1, vectors[1])


@of_words
def test_arrays_of_the_wrong_dimension_are_refused(loss, vectors):
    with pytest.raises(ValueError, match=r"center_vec must be a vector. Got shape \(1, 3\)"):
        loss(vectors[0][np.newaxis], 1, vectors[1])
    with pytest.raises(ValueError, match=r"outside_vectors must be a matrix. Got shape \(3,\)"):
        loss(vectors[0], 1, vectors[1][0])
    with pytest.raises(ValueError, match=r"outside_idx must be a single index. Got shape \(1,\)"):
        loss(vectors[0], [1], vectors[1])


@every_loss
def test_fractional_index_is_refused(loss, vectors):
    with pytest.raises(TypeError, match="outside_idx must be integers. Got dtype float64"):
        loss(vectors[0], 1.0, vectors[1])
