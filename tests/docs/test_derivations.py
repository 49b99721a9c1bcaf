"""What docs/derivations.md claims beyond other tests, and that the documents name real things."""

import re
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from word2vec import (
    naive_softmax_loss_and_gradient,
    neg_sampling_loss_and_gradient,
    sigmoid,
    softmax,
    softmax_cross_entropy,
)

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "docs" / "derivations.md", ROOT / "docs" / "errata.md"]
OUTSIDE = 2

every_document = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)


@pytest.fixture
def vectors():
    """A center vector (3,) and outside vectors (5, 3)."""
    rng = np.random.default_rng(1)
    return rng.normal(size=3), rng.normal(size=(5, 3))


# Claims


def test_naive_softmax_is_the_cross_entropy_of_the_scores(vectors):
    v, u = vectors
    loss, _, _ = naive_softmax_loss_and_gradient(v, OUTSIDE, u)
    y = np.eye(5)[OUTSIDE]
    assert_allclose(loss, -(y * np.log(softmax(u @ v))).sum())
    assert_allclose(loss, softmax_cross_entropy(u @ v, y)[0])


def test_center_gradient_is_expected_minus_observed_outside_vector(vectors):
    v, u = vectors
    _, grad, _ = naive_softmax_loss_and_gradient(v, OUTSIDE, u)
    expected = sum(p * row for p, row in zip(softmax(u @ v), u, strict=True))
    assert_allclose(grad, expected - u[OUTSIDE])


def test_center_gradient_vanishes_without_a_perfect_prediction():
    # All scores are equal, and the outside word's vector is the average of all.
    u = np.array([[1.0, 0], [-1.0, 0], [0.0, 0]])
    loss, grad, _ = naive_softmax_loss_and_gradient(np.array([0.0, 1]), OUTSIDE, u)
    assert_array_equal(grad, [0, 0])
    assert_allclose(loss, np.log(3))


def test_step_raises_the_score_of_the_outside_word_above_the_average(vectors):
    v, u = vectors
    _, grad, _ = naive_softmax_loss_and_gradient(v, OUTSIDE, u)
    p, step = softmax(u @ v), 0.1

    def lead(v):
        return u[OUTSIDE] @ v - p @ (u @ v)

    distance = u[OUTSIDE] - p @ u
    assert_allclose(lead(v - step * grad) - lead(v), step * distance @ distance)


def test_outside_gradients_are_the_two_cases_stacked(vectors):
    v, u = vectors
    p = softmax(u @ v)
    rows = [(p[w] - 1) * v if w == OUTSIDE else p[w] * v for w in range(5)]
    assert_allclose(naive_softmax_loss_and_gradient(v, OUTSIDE, u)[2], rows)


def test_one_vector_gives_the_loss_and_all_gradients_of_negative_sampling(vectors):
    v, u = vectors
    negatives = [4, 0, 3]
    stacked = np.stack([u[OUTSIDE], *-u[negatives]])
    q = sigmoid(stacked @ v) - 1
    loss, grad_center, grad_outside = neg_sampling_loss_and_gradient(v, OUTSIDE, u, negatives)
    assert_allclose(loss, -np.log(q + 1).sum())
    assert_allclose(grad_center, stacked.T @ q)
    grad_stacked = np.outer(q, v)
    assert_allclose(grad_outside[OUTSIDE], grad_stacked[0])
    assert_allclose(grad_outside[negatives], -grad_stacked[1:])


def test_negative_sampling_touches_k_plus_one_rows(vectors):
    v, u = vectors
    negatives, untouched = [4, 0], [1, 3]
    loss, grad_center, grad_outside = neg_sampling_loss_and_gradient(v, OUTSIDE, u, negatives)
    assert_array_equal(np.flatnonzero(grad_outside.any(axis=1)), sorted([OUTSIDE, *negatives]))
    u[untouched] = np.nan  # whoever read these rows would show it
    again = neg_sampling_loss_and_gradient(v, OUTSIDE, u, negatives)
    assert_array_equal(again[0], loss)
    assert_array_equal(again[1], grad_center)


# What the documents name


@every_document
def test_every_test_named_in_a_document_exists(path):
    text = path.read_text("utf-8")
    linked = re.findall(r"\[`(test_\w+)`\]\(\.\./(tests/[\w/]+\.py)\)", text)
    missing = [
        name for name, file in linked if f"def {name}(" not in (ROOT / file).read_text("utf-8")
    ]
    assert missing == []

    tests = "".join(file.read_text("utf-8") for file in (ROOT / "tests").rglob("test_*.py"))
    named = set(re.findall(r"`(test_\w+)`", text))
    assert named
    assert [name for name in named if f"def {name}(" not in tests] == []


@every_document
def test_every_function_linked_in_a_document_exists(path):
    linked = re.findall(
        r"\[(`[^\]]+`)\]\(\.\./((?:word2vec|utils)/[\w/]+\.py)\)", path.read_text("utf-8")
    )
    assert linked
    for names, file in linked:
        source = (ROOT / file).read_text("utf-8")
        for name in re.findall(r"\w+", names):
            assert re.search(rf"^(def|class) {name}\b", source, re.MULTILINE), f"{name} in {file}"


@every_document
def test_every_link_in_a_document_leads_to_a_file_and_a_heading(path):
    links = re.findall(r"\]\((?!https?:)([^)]*)\)", path.read_text("utf-8"))
    assert links
    for link in links:
        file, _, heading = link.partition("#")
        target = path.parent / file if file else path
        assert target.exists(), link
        if heading:
            headings = re.findall(r"^#+ (.*)$", target.read_text("utf-8"), re.MULTILINE)
            assert heading in [title.lower().replace(" ", "-") for title in headings], link


@every_document
def test_mathematics_is_fenced_against_markdown(path):
    # Plain $...$ loses underscores to emphasis on GitHub, so inline mathematics is $`...`$; and a
    # vertical bar would end a cell of a table.
    text = re.sub(r"```math\n.*?```", "", path.read_text("utf-8"), flags=re.DOTALL)
    inline = re.findall(r"\$`([^`$]+)`\$", text)
    assert inline
    assert "$" not in re.sub(r"\$`[^`$]+`\$", "", text)
    assert not [formula for formula in inline if "|" in formula]
