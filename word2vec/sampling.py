"""Chance in word2vec: where vectors start, which tokens are kept, which words are negatives."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .checks import FloatArray, as_indices, check_finite, check_positive

# Negatives that are their own target are drawn again; more often than this only if the target is
# nearly all of the noise.
REDRAWS = 100


def starting_vectors(
    vocab_size: int,
    vector_size: int,
    rng: np.random.Generator,
    dtype: type[np.floating] = np.float64,
) -> tuple[FloatArray, FloatArray]:
    """Where training starts, as in the C program.

    Parameters
    ----------
    vocab_size, vector_size : int
        V and d.
    rng : numpy.random.Generator
    dtype : np.float64 or np.float32

    Returns
    -------
    center_vectors : ndarray of shape (V, d)
        Uniform in [-1/2d, 1/2d).
    outside_vectors : ndarray of shape (V, d)
        Zero: the first scores are then zero as well, and every word is as likely as another.
    """
    shape = vocab_size, vector_size
    center_vectors = (rng.random(shape, dtype=dtype) - dtype(0.5)) / dtype(vector_size)
    return center_vectors, np.zeros(shape, dtype=dtype)


def keep_probabilities(counts: ArrayLike, threshold: float | None) -> NDArray[np.float64]:
    """Probability that a token of each word survives the subsampling of frequent words.

    Parameters
    ----------
    counts : array_like of int, shape (V,)
    threshold : float or None
        Relative frequency t from which on words are thinned out; 1e-3 to 1e-5 are usual, smaller
        thins out more. None keeps everything.

    Returns
    -------
    ndarray of float64, shape (V,)

    Raises
    ------
    ValueError
        If `threshold` is not a positive, finite number.

    Notes
    -----
    With f the relative frequency of the word: min(1, sqrt(t / f) + t / f). This is what the C
    program does; the paper's formula, sqrt(t / f), leaves out the second term.

    References
    ----------
    Mikolov et al., "Distributed Representations of Words and Phrases and their Compositionality",
    2013, section 2.3.
    """
    counts = np.asarray(counts, dtype=np.float64)
    if threshold is None:
        return np.ones_like(counts)
    threshold = check_positive("threshold", threshold, ", or None to keep every token")
    ratio = min(threshold, 1.0) * counts.sum() / counts  # no word's frequency is over 1
    return np.minimum(1.0, np.sqrt(ratio) + ratio)


def noise_distribution(counts: ArrayLike, power: float = 0.75) -> NDArray[np.float64]:
    """Distribution that negatives are drawn from: counts to a power, normalised.

    Parameters
    ----------
    counts : array_like of int, shape (V,)
    power : float
        1 draws words as often as they occur, 0 all equally often; 0.75 is the paper's choice.

    Returns
    -------
    ndarray of float64, shape (V,), summing to one.

    Raises
    ------
    ValueError
        If `power` is no finite number, or so far from zero that the chance of a word would vanish.

    References
    ----------
    Mikolov et al., "Distributed Representations of Words and Phrases and their Compositionality",
    2013, section 2.2.
    """
    power = check_finite("power", power)
    counts = np.asarray(counts, dtype=np.float64)
    with np.errstate(over="ignore", under="ignore", divide="ignore", invalid="ignore"):
        weights = counts**power
        probabilities = weights / weights.sum()
    if not (probabilities[counts > 0] >= np.finfo(np.float64).tiny).all():  # also if it is NaN
        raise ValueError(
            f"The power {power:g} of the noise distribution (ns_exponent) is too extreme for "
            f"counts up to {counts.max():g}: words would have no chance at all to be drawn. "
            "0.75 is usual, 0 draws all words equally often."
        )
    return probabilities


class AliasTable:
    """Draws from a fixed discrete distribution, each draw in constant time.

    Parameters
    ----------
    probabilities : array_like of shape (V,)
        Non-negative with a positive sum; they need not be normalised.

    Raises
    ------
    ValueError
        If they are none of this.

    Attributes
    ----------
    probabilities : ndarray of float64, shape (V,), summing to one

    Notes
    -----
    The V outcomes are V boxes of equal size. A box that is not filled by its own outcome is filled
    up by one other, its alias. A draw picks a box, then one of its two outcomes (Walker 1977; the
    table is built as in Vose 1991).
    """

    def __init__(self, probabilities: ArrayLike) -> None:
        probabilities = np.asarray(probabilities, dtype=np.float64)
        total = probabilities.sum()
        if probabilities.ndim != 1 or not (probabilities >= 0).all() or not 0 < total < np.inf:
            raise ValueError(
                "probabilities must be a vector of numbers >= 0 with a positive, finite sum."
            )
        self.probabilities: NDArray[np.float64] = probabilities / total
        size = len(probabilities)
        fill = (probabilities * (size / total)).tolist()  # a full box holds 1
        alias = list(range(size))
        small = [i for i in range(size) if fill[i] < 1]
        large = [i for i in range(size) if fill[i] >= 1]
        share = list(fill)
        while small and large:
            box, giver = small.pop(), large[-1]
            alias[box] = giver
            share[giver] -= 1 - share[box]
            if share[giver] < 1:
                small.append(large.pop())
        for box in small + large:  # full, but for rounding
            share[box] = 1.0
        # In units of 2^-32, for draws in integer arithmetic; in 32 bits, to stay in the cache.
        self._own_share = np.minimum(np.array(share) * 2.0**32, 2**32 - 1).astype(np.uint32)
        self._alias = np.array(alias, dtype=np.int32)

    def __len__(self) -> int:
        return len(self._alias)

    def draw(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> NDArray[np.int64]:
        """Draw independent outcomes.

        Parameters
        ----------
        rng : numpy.random.Generator
        size : int or tuple of int

        Returns
        -------
        ndarray of int64, of shape `size`, with values 0 to V - 1. Their probabilities are exact
        to 2^-32 / V.
        """
        # The upper half of 64 random bits picks the box, the lower half the outcome.
        bits = rng.integers(2**64, size=size, dtype=np.uint64)
        box = ((bits >> 32) * len(self) >> 32).view(np.int64)
        own = bits.astype(np.uint32) < self._own_share.take(box)
        return np.where(own, box, self._alias.take(box))


def draw_negatives(
    noise: AliasTable, targets: ArrayLike, num_negatives: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Draw negatives for each target word, none of them the target itself.

    Parameters
    ----------
    noise : AliasTable
        Over the rows of the vocabulary.
    targets : array_like of int, shape (P,)
        Row of the word that each set of negatives stands against.
    num_negatives : int
        K, the number of negatives for each target.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of int64, shape (P, K)
        Distributed as `noise` given that the target is not drawn; repetitions within a row happen.

    Raises
    ------
    ValueError
        If no word but the target can be drawn.
    """
    if len(noise) < 2:
        raise ValueError("Negatives need a vocabulary of at least two words.")
    targets = as_indices("targets", targets, len(noise), "the noise distribution")
    negatives = noise.draw(rng, (len(targets), num_negatives))
    clash = np.flatnonzero(negatives == targets[:, np.newaxis])
    for _ in range(REDRAWS):
        if not len(clash):
            break
        negatives.flat[clash] = noise.draw(rng, len(clash))
        clash = clash[negatives.flat[clash] == targets[clash // num_negatives]]
    else:
        _draw_others(negatives, clash, noise, targets[clash // num_negatives], rng)
    return negatives


def _draw_others(negatives, clash, noise, targets, rng):
    """Replace the negatives at `clash` by words other than their targets, drawn at once."""
    for target in np.unique(targets):
        others = noise.probabilities.copy()
        others[target] = 0
        if not others.any():
            raise ValueError(f"The noise has no word but {target}: no negative can be drawn.")
        places = clash[targets == target]
        negatives.flat[places] = rng.choice(len(others), len(places), p=others / others.sum())
