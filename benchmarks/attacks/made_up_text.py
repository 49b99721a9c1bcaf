"""A text of random words, as frequent as Zipf's."""

import numpy as np

SENTENCE = 20  # words
SENTENCES_AT_A_TIME = 25_000


def write_text(path, num_words, num_sentences, rng):
    """Write each word once, in random order, and then so many sentences.

    Parameters
    ----------
    path : path-like
    num_words : int
        A multiple of 20, the length of a sentence.
    num_sentences : int
    rng : numpy.random.Generator
    """
    words = np.array([f"w{number}" for number in range(num_words)], dtype=object)
    weights = 1 / np.arange(1, num_words + 1)
    with open(path, "w", encoding="utf-8") as file:

        def write(rows):
            file.writelines(" ".join(line) + "\n" for line in words[rows].reshape(-1, SENTENCE))

        write(rng.permutation(num_words))
        for start in range(0, num_sentences, SENTENCES_AT_A_TIME):
            count = min(SENTENCES_AT_A_TIME, num_sentences - start)
            write(rng.choice(num_words, (count, SENTENCE), p=weights / weights.sum()))
