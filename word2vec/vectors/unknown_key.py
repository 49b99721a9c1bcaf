"""The error for a word that is not in the vocabulary: it names the closest spellings."""

import difflib
import itertools
from collections.abc import Iterable
from typing import Any

# Comparing spellings is slow: only the first (most frequent) keys are looked at, and of these
# only so many that could be meant at all. A large vocabulary then costs some tens of ms.
KEYS_LOOKED_AT = 100_000
KEYS_COMPARED = 2_000


class UnknownKeyError(KeyError):
    """A key that is not in the vocabulary.

    Parameters
    ----------
    key : object
    known_keys : iterable
        The vocabulary, frequent keys first.

    Notes
    -----
    The closest spellings are looked for only when the message is asked for: code that tries many
    words and catches `KeyError` pays nothing.
    """

    def __init__(self, key: object, known_keys: Iterable[Any] = ()) -> None:
        super().__init__(key)
        self.key = key
        self.known_keys = known_keys

    def __str__(self) -> str:
        message = f"Key {self.key!r} not present in vocabulary"
        guesses = closest_spellings(self.key, self.known_keys)
        if guesses:
            message += f"; did you mean {' or '.join(map(repr, guesses))}?"
        return message


def closest_spellings(word: object, known_words: Iterable[Any], n: int = 3) -> list[str]:
    """Up to `n` of `known_words` spelled most like `word`, the closest first.

    A word can be meant if it begins or ends like `word`, ignoring case, and its length differs by
    at most two.
    """
    if not isinstance(word, str) or not word:
        return []
    first, last = word[0].casefold(), word[-1].casefold()

    def could_be_meant(known):
        return (
            isinstance(known, str)
            and known != ""
            and abs(len(known) - len(word)) <= 2
            and (known[0].casefold() == first or known[-1].casefold() == last)
        )

    looked_at = itertools.islice(known_words, KEYS_LOOKED_AT)
    candidates = itertools.islice(filter(could_be_meant, looked_at), KEYS_COMPARED)
    by_folded: dict[str, str] = {}
    for known in candidates:
        by_folded.setdefault(known.casefold(), known)
    guesses = difflib.get_close_matches(word.casefold(), by_folded, n)
    return [by_folded[guess] for guess in guesses]
