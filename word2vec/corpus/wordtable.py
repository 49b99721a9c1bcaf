"""The words of raw text as numbers, without a Python object for each.

A word of up to 24 bytes is packed into three 64-bit integers, which are looked up for all words of
a piece of text at once. That takes less than half the time of splitting the text into `bytes` and
looking each up in a dict, which is left to longer words.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .keytable import Keys, KeyTable, hashes_of

_LANES = 3  # integers of 8 bytes that a word is packed into
_PACKED_BYTES = 8 * _LANES
_MASKS = np.array([(1 << 8 * n) - 1 for n in range(9)], dtype=np.uint64)  # of the first n bytes


class PackedWords(NamedTuple):
    """The words of a piece of text."""

    characters: NDArray[np.uint8]
    starts: NDArray[np.intp]  # places of their first characters, and after their last ones
    stops: NDArray[np.intp]
    lengths: NDArray[np.int64]  # how many words each line has
    keys: Keys  # all zero for a word of more than 24 bytes
    hashes: NDArray[np.uint64]

    @classmethod
    def of(cls, text: bytes) -> PackedWords:
        """Those of a text without NUL bytes."""
        characters = np.frombuffer(b"\n" + text + b"\n" + bytes(_PACKED_BYTES), np.uint8)
        text_characters = characters[:-_PACKED_BYTES]
        # The other white space of bytes.split(), \t\n\v\f\r, has the numbers 9 to 13.
        is_space = (text_characters == ord(" ")) | (text_characters - np.uint8(9) < 5)
        edges = np.flatnonzero(is_space[1:] != is_space[:-1]) + 1
        starts, stops = edges[0::2], edges[1::2]
        line_ends = np.flatnonzero(characters == ord("\n"))
        lengths = np.diff(np.searchsorted(starts, line_ends))
        keys = _pack(characters, starts, stops - starts)
        return cls(characters, starts, stops, lengths, keys, hashes_of(keys))


class WordTable:
    """Numbers words, given as UTF-8 bytes, from 0 in about the order in which they come.

    Parameters
    ----------
    words : iterable of bytes
        Those that have the first numbers, in this order; all different.
    """

    def __init__(self, words: Iterable[bytes] = ()) -> None:
        self._table = KeyTable(_LANES)
        self._long: dict[bytes, int] = {}
        for word in words:
            if len(word) > _PACKED_BYTES or not word or b"\0" in word:
                self._number_long(word)
            else:
                packed = np.frombuffer(word.ljust(_PACKED_BYTES, b"\0"), "<u8")
                key = packed.astype(np.uint64).reshape(1, _LANES)
                self._table.number(key, hashes_of(key))

    def __len__(self) -> int:
        return len(self._table)

    def number(self, words: PackedWords) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """The numbers of all words of a piece of text, line by line.

        Returns
        -------
        tokens : ndarray of int32
            The number of each word.
        lengths : ndarray of int64
            How many words each line has.
        """
        characters, starts, stops, lengths, keys, hashes = words
        tokens = self._table.number(keys, hashes)
        for i in np.flatnonzero(tokens < 0).tolist():
            tokens[i] = self._number_long(characters[starts[i] : stops[i]].tobytes())
        return tokens, lengths

    def words(self, start: int = 0) -> list[bytes]:
        """The words from number `start` on, in the order of their numbers."""
        packed = self._table.keys()[start:].astype("<u8").tobytes()
        found = [
            packed[i : i + _PACKED_BYTES].rstrip(b"\0")
            for i in range(0, len(packed), _PACKED_BYTES)
        ]
        for word, number in reversed(self._long.items()):
            if number < start:
                break
            found[number - start] = word
        return found

    def _number_long(self, word: bytes) -> int:
        if word not in self._long:
            self._long[word] = self._table.number_without_key()
        return self._long[word]


def _pack(
    characters: NDArray[np.uint8], starts: NDArray[np.intp], lengths: NDArray[np.intp]
) -> Keys:
    """Words packed into integers, those of more than 24 bytes as zero."""
    keys = np.zeros((len(starts), _LANES), dtype=np.uint64)
    keys[:, 0] = first_bytes(characters, starts, lengths)
    for lane in range(1, _LANES):
        longer = np.flatnonzero(lengths > 8 * lane)
        rest = starts[longer] + 8 * lane, lengths[longer] - 8 * lane
        keys[longer, lane] = first_bytes(characters, *rest)
    keys[lengths > _PACKED_BYTES] = 0
    return keys


def first_bytes(
    characters: NDArray[np.uint8], starts: NDArray[np.intp], lengths: NDArray[np.intp]
) -> NDArray[np.uint64]:
    """Up to eight bytes of each word, as an integer; eight must be there from each start on."""
    # Item i is made of the eight bytes from i on.
    eight: NDArray[np.uint64] = np.ndarray(
        (len(characters) - 7,), "<u8", characters.data, strides=(1,)
    )
    return eight[starts] & _MASKS.take(lengths, mode="clip")
