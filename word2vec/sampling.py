"""Chance in word2vec: which tokens are kept, and which words serve as negatives."""

import numpy as np

from .checks import as_indices


def keep_probabilities(counts, threshold):
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
        If `threshold` is not positive.

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
    if not threshold > 0:
        raise ValueError(
            f"threshold must be positive, or None to keep every token. Got {threshold} instead."
        )
    ratio = threshold * counts.sum() / counts
    return np.minimum(1.0, np.sqrt(ratio) + ratio)


def noise_distribution(counts, power=0.75):
    """Distribution that negatives are drawn from: counts to a power, normalised.

    Parameters
    ----------
    counts : array_like of int, shape (V,)
    power : float
        1 draws words as often as they occur, 0 all equally often; 0.75 is the paper's choice.

    Returns
    -------
    ndarray of float64, shape (V,), summing to one.

    References
    ----------
    Mikolov et al., "Distributed Representations of Words and Phrases and their Compositionality",
    2013, section 2.2.
    """
    weights = np.asarray(counts, dtype=np.float64) ** power
    return weights / weights.sum()


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

    Notes
    -----
    The V outcomes are V boxes of equal size. A box that is not filled by its own outcome is filled
    up by one other, its alias. A draw picks a box, then one of its two outcomes (Walker 1977; the
    table is built as in Vose 1991).
    """

    def __init__(self, probabilities):
        probabilities = np.asarray(probabilities, dtype=np.float64)
        total = probabilities.sum()
        if probabilities.ndim != 1 or not (probabilities >= 0).all() or not 0 < total < np.inf:
            raise ValueError(
                "probabilities must be a vector of numbers >= 0 with a positive, finite sum."
            )
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
        # In units of 2^-32, for draws in integer arithmetic.
        self._own_share = np.round(np.array(share) * 2.0**32).astype(np.uint64)
        self._alias = np.array(alias, dtype=np.int64)

    def __len__(self):
        return len(self._alias)

    def draw(self, rng, size):
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
        own = (bits & 0xFFFFFFFF) < self._own_share[box]
        return np.where(own, box, self._alias[box])


def draw_negatives(noise, targets, num_negatives, rng):
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
        If the vocabulary has a single word, which leaves nothing to draw.
    """
    if len(noise) < 2:
        raise ValueError("Negatives need a vocabulary of at least two words.")
    targets = as_indices("targets", targets, len(noise), "the noise distribution")
    negatives = noise.draw(rng, (len(targets), num_negatives))
    clash = np.flatnonzero(negatives == targets[:, np.newaxis])
    while len(clash):
        negatives.flat[clash] = noise.draw(rng, len(clash))
        clash = clash[negatives.flat[clash] == targets[clash // num_negatives]]
    return negatives
