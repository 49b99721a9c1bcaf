import functools

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from utils.gradcheck import gradcheck_naive
from word2vec import (
    HuffmanTree,
    cbow,
    hierarchical_softmax_loss_and_gradient,
    neg_sampling_loss_and_gradient,
    skipgram,
)

V, D = 6, 3
OUTSIDE = {"distinct outside words": [0, 4, 5], "repeated outside words": [4, 1, 4, 4]}
MODELS = {
    "skip-gram": skipgram,
    "CBOW sum": functools.partial(cbow, reduction="sum"),
    "CBOW mean": functools.partial(cbow, reduction="mean"),
}
LOSSES = {"naive softmax": 0, "negatives": 3, "repeated negatives": 10}  # number of negatives

every_model = pytest.mark.parametrize("model", MODELS)
every_loss = pytest.mark.parametrize("loss", LOSSES)


@pytest.fixture
def vectors():
    """Center and outside vectors, (6, 3) each."""
    rng = np.random.default_rng(2)
    return rng.normal(size=(V, D)), rng.normal(size=(V, D))


def negatives_for(model, loss, num_outside):
    """Negatives in the shape the model wants; ten draws from six words repeat some."""
    if not LOSSES[loss]:
        return None
    shape = (num_outside, LOSSES[loss]) if model == "skip-gram" else (LOSSES[loss],)
    return np.random.default_rng(3).integers(V, size=shape)


@every_model
@every_loss
@pytest.mark.parametrize("outside", OUTSIDE.values(), ids=OUTSIDE)
def test_gradients_of_both_matrices_pass_the_gradient_check(model, loss, outside, vectors):
    negatives = negatives_for(model, loss, len(outside))

    def f(stacked):
        value, grad_center, grad_outside = MODELS[model](2, outside, *stacked, negatives)
        return value, np.stack([grad_center, grad_outside])

    gradcheck_naive(f, np.stack(vectors), f"{model}, {loss}")


def test_skipgram_is_the_sum_over_its_outside_words(vectors):
    negatives = [[1, 1], [3, 0]]
    loss, grad_center, grad_outside = skipgram(2, [4, 5], *vectors, negatives)
    pairs = [
        neg_sampling_loss_and_gradient(vectors[0][2], outside, vectors[1], row)
        for outside, row in zip([4, 5], negatives, strict=True)
    ]
    assert_allclose(loss, pairs[0][0] + pairs[1][0])
    assert_allclose(grad_center[2], pairs[0][1] + pairs[1][1])
    assert_allclose(grad_outside, pairs[0][2] + pairs[1][2])


def test_skipgram_gives_no_gradient_to_other_center_vectors(vectors):
    _, grad_center, _ = skipgram(2, [4, 5], *vectors)
    assert_array_equal(np.flatnonzero(grad_center.any(axis=1)), [2])


def test_cbow_gives_gradient_to_the_center_vectors_of_the_outside_words_only(vectors):
    _, grad_center, _ = cbow(2, [4, 5, 4], *vectors)
    assert_array_equal(np.flatnonzero(grad_center.any(axis=1)), [4, 5])


def test_cbow_gives_a_word_that_occurs_twice_twice_the_gradient(vectors):
    _, grad_center, _ = cbow(2, [4, 5, 4], *vectors)
    assert_allclose(grad_center[4], 2 * grad_center[5])


def test_cbow_mean_divides_the_gradient_by_the_number_of_outside_words(vectors):
    center_vectors = np.zeros((V, D))  # v_hat is zero for sum and mean
    _, of_sum, _ = cbow(2, [4, 5, 1], center_vectors, vectors[1], reduction="sum")
    _, of_mean, _ = cbow(2, [4, 5, 1], center_vectors, vectors[1], reduction="mean")
    assert_allclose(of_mean, of_sum / 3)


def test_cbow_sums_unless_told_otherwise(vectors):
    assert cbow(2, [4, 5], *vectors)[0] == cbow(2, [4, 5], *vectors, reduction="sum")[0]
    assert cbow(2, [4, 5], *vectors)[0] != cbow(2, [4, 5], *vectors, reduction="mean")[0]


@every_model
def test_every_argument_may_be_given_by_name(model, vectors):
    negatives = negatives_for(model, "negatives", 2)
    names = ["center_idx", "outside_indices", "center_vectors", "outside_vectors"]
    by_place = [2, [4, 5], *vectors, negatives]
    by_name = dict(zip([*names, "negative_indices"], by_place, strict=True))
    assert MODELS[model](**by_name)[0] == MODELS[model](*by_place)[0]


@every_model
@every_loss
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept(model, loss, dtype, vectors):
    arrays = [array.astype(dtype) for array in vectors]
    for result in MODELS[model](2, [4, 5], *arrays, negatives_for(model, loss, 2)):
        assert result.dtype == dtype


@every_model
@pytest.mark.parametrize("dtypes", [(np.float32, np.float64), (np.float64, np.float32)])
def test_float32_with_float64_gives_float64(model, dtypes, vectors):
    arrays = [array.astype(dtype) for array, dtype in zip(vectors, dtypes, strict=True)]
    for result in MODELS[model](2, [4, 5], *arrays):
        assert result.dtype == np.float64


@every_model
@every_loss
def test_arguments_are_left_alone(model, loss, vectors):
    arguments = [np.array([4, 5]), *vectors, negatives_for(model, loss, 2)]
    before = [None if argument is None else argument.copy() for argument in arguments]
    MODELS[model](2, *arguments)
    for argument, copy in zip(arguments, before, strict=True):
        assert_array_equal(argument, copy)


@pytest.mark.parametrize(
    ("model", "name", "matrix"),
    [
        ("skip-gram", "center_idx", "center_vectors"),
        ("skip-gram", "outside_indices", "outside_vectors"),
        ("CBOW sum", "center_idx", "outside_vectors"),
        ("CBOW sum", "outside_indices", "center_vectors"),
    ],
)
@pytest.mark.parametrize("bad", [-1, V])
def test_index_out_of_range_is_refused(model, name, matrix, bad, vectors):
    indices = {"center_idx": 2, "outside_indices": [4, 5]}
    indices[name] = bad if name == "center_idx" else [4, bad]
    with pytest.raises(IndexError, match=f"^{name} must be rows of {matrix}, 0 to 5. Got {bad}"):
        MODELS[model](*indices.values(), *vectors)


@every_model
@pytest.mark.parametrize("bad", [-1, V])
def test_negative_index_out_of_range_is_refused(model, bad, vectors):
    negatives = [[0], [bad]] if model == "skip-gram" else [0, bad]
    message = f"^negative_indices must be rows of outside_vectors, 0 to 5. Got {bad}"
    with pytest.raises(IndexError, match=message):
        MODELS[model](2, [4, 5], *vectors, negatives)


@every_model
def test_vectors_that_are_no_matrix_are_refused(model, vectors):
    center_vectors, outside_vectors = vectors
    with pytest.raises(ValueError, match=r"^center_vectors must be a matrix. Got shape \(3,\)"):
        MODELS[model](0, [0], center_vectors[0], outside_vectors)
    with pytest.raises(ValueError, match=r"^outside_vectors must be a matrix. Got shape \(3,\)"):
        MODELS[model](0, [0], center_vectors, outside_vectors[0])


@every_model
def test_matrices_of_different_shape_are_refused_with_both_shapes(model, vectors):
    reason = r"\(the shape of center_vectors\)"
    message = rf"^outside_vectors must have shape \(6, 3\) {reason}. Got shape \(6, 2\)"
    with pytest.raises(ValueError, match=message):
        MODELS[model](2, [4, 5], vectors[0], vectors[1][:, :2])


def test_skipgram_refuses_negatives_that_do_not_fit_its_outside_words(vectors):
    for rows in [1, 3]:
        message = rf"one row for each outside word. Got shape \({rows}, 2\) for .* shape \(2,\)"
        with pytest.raises(ValueError, match=message):
            skipgram(2, [4, 5], *vectors, np.zeros((rows, 2), dtype=int))
    with pytest.raises(ValueError, match=r"negative_indices must be a matrix of indices"):
        skipgram(2, [4, 5], *vectors, [0, 1])


def test_cbow_refuses_a_matrix_of_negatives(vectors):
    with pytest.raises(ValueError, match=r"negative_indices must be a vector of indices"):
        cbow(2, [4, 5], *vectors, [[0, 1]])


def test_cbow_refuses_an_unknown_reduction(vectors):
    with pytest.raises(ValueError, match="reduction must be 'sum' or 'mean'. Got 'max' instead"):
        cbow(2, [4, 5], *vectors, reduction="max")


def test_cbow_refuses_a_window_without_outside_words(vectors):
    with pytest.raises(ValueError, match="^outside_indices must hold at least one word to predict"):
        cbow(2, [], *vectors)


def test_skipgram_without_outside_words_has_no_loss_and_no_gradient(vectors):
    loss, grad_center, grad_outside = skipgram(2, [], *vectors)
    assert loss == 0
    assert not grad_center.any()
    assert not grad_outside.any()


# With a tree

TREE = HuffmanTree.from_counts([9, 5, 4, 2, 2, 1])


@every_model
@pytest.mark.parametrize("outside", OUTSIDE.values(), ids=OUTSIDE)
def test_gradients_with_a_tree_pass_the_gradient_check(model, outside, vectors):
    center_vectors, nodes = vectors[0], vectors[1][:-1]

    def f(stacked):
        value, *grads = MODELS[model](2, outside, stacked[:V], stacked[V:], tree=TREE)
        return value, np.concatenate(grads)

    gradcheck_naive(f, np.concatenate([center_vectors, nodes]), model)


def test_skipgram_with_a_tree_is_the_sum_over_its_outside_words(vectors):
    nodes = vectors[1][:-1]
    loss, grad_center, grad_nodes = skipgram(2, [4, 5], vectors[0], nodes, tree=TREE)
    pairs = [
        hierarchical_softmax_loss_and_gradient(vectors[0][2], outside, nodes, TREE)
        for outside in (4, 5)
    ]
    assert_allclose(loss, pairs[0][0] + pairs[1][0])
    assert_allclose(grad_center[2], pairs[0][1] + pairs[1][1])
    assert_allclose(grad_nodes, pairs[0][2] + pairs[1][2])


@every_model
def test_negatives_and_a_tree_together_are_refused(model, vectors):
    negatives = negatives_for(model, "negatives", 2)
    message = "negative_indices .* and tree .* were both given. Leave one out"
    with pytest.raises(ValueError, match=message):
        MODELS[model](2, [4, 5], vectors[0], vectors[1][:-1], negatives, tree=TREE)


@every_model
def test_matrices_that_do_not_fit_the_tree_are_refused(model, vectors):
    center_vectors, nodes = vectors[0], vectors[1][:-1]
    with pytest.raises(ValueError, match=r"^outside_vectors .* each of the 5 inner nodes"):
        MODELS[model](2, [4, 5], *vectors, tree=TREE)
    with pytest.raises(ValueError, match=r"^center_vectors .* each of the 6 words of the tree"):
        MODELS[model](2, [4], center_vectors[:-1], nodes, tree=TREE)
    with pytest.raises(ValueError, match="^center_vectors and outside_vectors must hold vectors"):
        MODELS[model](2, [4, 5], center_vectors, nodes[:, :2], tree=TREE)
    with pytest.raises(TypeError, match="^tree must be a HuffmanTree"):
        MODELS[model](2, [4, 5], center_vectors, nodes, tree=[1, 2])


@every_model
@pytest.mark.parametrize("bad", [-1, V])
def test_index_out_of_range_is_refused_with_a_tree_too(model, bad, vectors):
    for arguments in [(bad, [4, 5]), (2, [4, bad])]:
        with pytest.raises(IndexError, match=f"0 to 5. Got {bad}"):
            MODELS[model](*arguments, vectors[0], vectors[1][:-1], tree=TREE)
