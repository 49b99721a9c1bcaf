import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import chisquare

from word2vec.sampling import AliasTable, draw_negatives, keep_probabilities, noise_distribution

COUNTS = np.array([900, 90, 9, 1])


def test_keep_probability_is_that_of_the_c_program():
    # The C program: (sqrt(f / t) + 1) * t / f, and f = 0.9, 0.09, 0.009, 0.001 here.
    t = 0.01
    f = np.array([0.9, 0.09])
    keep = keep_probabilities(COUNTS, t)
    assert_allclose(keep[:2], (np.sqrt(f / t) + 1) * t / f)
    assert_array_equal(keep[2:], 1)


def test_without_threshold_everything_is_kept():
    assert_array_equal(keep_probabilities(COUNTS, None), 1)


def test_huge_threshold_keeps_everything_too():
    assert_array_equal(keep_probabilities(COUNTS, 1e308), 1)


@pytest.mark.parametrize("threshold", [0, -1e-3, np.nan, np.inf, True, "1e-3"])
def test_threshold_that_is_not_positive_is_refused(threshold):
    with pytest.raises(ValueError, match="threshold must be a positive number, or None to keep"):
        keep_probabilities(COUNTS, threshold)


def test_noise_is_the_counts_to_the_power_normalised():
    assert_allclose(noise_distribution([16, 1, 81], 0.75), np.array([8, 1, 27]) / 36)


@pytest.mark.parametrize("power", [1e3, -1e3, 1e308, -1e308])
def test_power_that_leaves_words_no_chance_is_refused(power):
    with pytest.raises(ValueError, match=r"power .* \(ns_exponent\) is too extreme for c"):
        noise_distribution(COUNTS, power)


@pytest.mark.parametrize("power", [np.nan, np.inf, None, "0.75"])
def test_power_that_is_no_number_is_refused(power):
    with pytest.raises(ValueError, match="power must be a finite number"):
        noise_distribution(COUNTS, power)


def test_word_that_never_occurs_has_no_chance():
    assert_array_equal(noise_distribution([0, 4, 4], 0.5), [0, 0.5, 0.5])


PROBABILITIES = {
    "even": np.ones(7),
    "one outcome": np.array([3.0]),
    "impossible outcomes": np.array([0.0, 1.0, 0.0, 3.0]),
    "skewed": noise_distribution(np.arange(1, 200) ** 2),
}
every_distribution = pytest.mark.parametrize(
    "probabilities", PROBABILITIES.values(), ids=PROBABILITIES
)


@every_distribution
def test_boxes_of_the_alias_table_add_up_to_the_distribution(probabilities):
    table = AliasTable(probabilities)
    share = np.zeros(len(probabilities))
    own_share = table._own_share / 2**32
    np.add.at(share, np.arange(len(table)), own_share)
    np.add.at(share, table._alias, 1 - own_share)
    assert_allclose(share / len(table), probabilities / probabilities.sum(), atol=2**-32)


@every_distribution
def test_draws_follow_the_distribution(probabilities):
    num_draws = 20_000
    draws = AliasTable(probabilities).draw(np.random.default_rng(0), num_draws)
    counts = np.bincount(draws, minlength=len(probabilities))
    possible = probabilities > 0
    assert not counts[~possible].any()
    if possible.sum() > 1:
        expected = probabilities[possible] / probabilities.sum() * num_draws
        assert chisquare(counts[possible], expected).pvalue > 1e-3


def test_draws_follow_the_distribution_where_a_generator_makes_32_bits_at_a_time():
    draws = AliasTable([1, 2, 3, 4]).draw(np.random.Generator(np.random.MT19937(0)), 100_000)
    assert_allclose(np.bincount(draws) / len(draws), [0.1, 0.2, 0.3, 0.4], atol=0.01)


def test_draws_have_the_size_asked_for_and_repeat_with_the_generator():
    table = AliasTable([1, 2, 3])
    first, second = (table.draw(np.random.default_rng(1), (4, 5)) for _ in range(2))
    assert first.shape == (4, 5)
    assert_array_equal(first, second)


@pytest.mark.parametrize("bad", [[], [0, 0], [-1, 2], [[1, 2]], [np.nan, 1], [np.inf, 1]], ids=repr)
def test_weights_that_are_no_distribution_are_refused(bad):
    with pytest.raises(ValueError, match="numbers >= 0 with a positive, finite sum"):
        AliasTable(bad)


def test_negatives_are_never_the_target():
    targets = np.arange(4).repeat(50)
    noise = AliasTable([100, 1, 1, 1])
    negatives = draw_negatives(noise, targets, 20, np.random.default_rng(0))
    assert negatives.shape == (200, 20)
    assert not (negatives == targets[:, np.newaxis]).any()


def test_negatives_are_distributed_as_the_noise_without_the_target():
    noise = AliasTable([5, 1, 2, 3])
    negatives = draw_negatives(noise, np.zeros(500, dtype=int), 20, np.random.default_rng(0))
    expected = np.array([1, 2, 3]) / 6 * negatives.size
    assert chisquare(np.bincount(negatives.ravel())[1:], expected).pvalue > 1e-3


def test_negatives_are_found_even_if_nearly_all_noise_is_the_target():
    noise = AliasTable([1, 2e-12, 1e-12])
    negatives = draw_negatives(noise, np.zeros(300, dtype=int), 10, np.random.default_rng(0))
    counts = np.bincount(negatives.ravel())
    assert counts[0] == 0
    assert chisquare(counts[1:], np.array([2000, 1000])).pvalue > 1e-3


def test_noise_that_is_the_target_alone_is_refused():
    with pytest.raises(ValueError, match="The noise has no word but 1: no negative can be drawn"):
        draw_negatives(AliasTable([0, 1, 0]), [0, 1], 5, np.random.default_rng(0))


def test_negatives_from_a_single_word_are_refused():
    with pytest.raises(ValueError, match="vocabulary of at least two words"):
        draw_negatives(AliasTable([1]), [0], 5, np.random.default_rng(0))


def test_negatives_for_a_word_out_of_range_are_refused():
    with pytest.raises(IndexError, match="targets must be rows of the noise distribution, 0 to 1"):
        draw_negatives(AliasTable([1, 1]), [2], 5, np.random.default_rng(0))
