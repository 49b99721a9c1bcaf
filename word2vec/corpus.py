"""Text as training wants it: sentences of words from a file, and one array of word rows."""

import bz2
import gzip
import lzma
from pathlib import Path
from typing import NamedTuple

import numpy as np

# As in the C program: longer lines are cut into sentences of this many words.
MAX_SENTENCE_LENGTH = 1000

_OPENERS = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}


def open_text(path):
    """Open a text file for reading bytes, uncompressing ``.gz``, ``.bz2`` and ``.xz``."""
    return _OPENERS.get(Path(path).suffix, open)(path, "rb")


class LineSentences:
    """The sentences of a text file, one a line, words separated by ASCII white space.

    Can be iterated any number of times; each time the file is read anew, line by line.

    Parameters
    ----------
    path : str or path-like
        UTF-8 text, plain or compressed (``.gz``, ``.bz2``, ``.xz``).

    Raises
    ------
    FileNotFoundError
        If there is no such file, already on construction.
    ValueError
        While reading, if a line is not UTF-8; the message names the line.
    """

    def __init__(self, path):
        self.path = Path(path)
        if not self.path.is_file():
            raise FileNotFoundError(f"There is no text file {self.path}.")

    def __iter__(self):
        with open_text(self.path) as file:
            for number, line in enumerate(file, start=1):
                try:
                    yield [word.decode("utf-8") for word in line.split()]
                except UnicodeDecodeError as error:
                    raise ValueError(
                        f"{self.path}, line {number}: {error.object!r} is not UTF-8 text. "
                        "Convert the file to UTF-8 first."
                    ) from error


def token_lists(sentences):
    """Yield the sentences of an iterable, after making sure that each is a list of tokens.

    Raises
    ------
    TypeError
        If a sentence is a plain string, whose letters would be taken for words.
    """
    for number, sentence in enumerate(sentences):
        if isinstance(sentence, (str, bytes)):
            raise TypeError(
                f"Sentence {number} is a string; a sentence must be a list of words. "
                "Use text.split()."
            )
        yield sentence


def check_words(words):
    """Raise TypeError unless all words are str."""
    for word in words:
        if not isinstance(word, str):
            raise TypeError(f"Words must be str. Got {word!r} of {type(word).__name__}.")


class EncodedCorpus(NamedTuple):
    """A corpus as word rows: sentence i is ``tokens[starts[i]:starts[i + 1]]``."""

    tokens: np.ndarray  # (N,) int64
    starts: np.ndarray  # (number of sentences + 1,) int64, from 0 to N


def encode_corpus(sentences, vocab):
    """Replace words by their rows in `vocab`, leaving out words that it does not have.

    Parameters
    ----------
    sentences : iterable of lists of str
    vocab : Vocab

    Returns
    -------
    EncodedCorpus
        Without empty sentences; those of over 1,000 words are cut, as the C program does.
    """
    pieces = []
    for sentence in sentences:
        rows = vocab.encode(sentence)
        pieces += [
            rows[start : start + MAX_SENTENCE_LENGTH]
            for start in range(0, len(rows), MAX_SENTENCE_LENGTH)
        ]
    tokens = np.concatenate(pieces) if pieces else np.empty(0, dtype=np.int64)
    starts = np.cumsum([0, *map(len, pieces)], dtype=np.int64)
    return EncodedCorpus(tokens, starts)
