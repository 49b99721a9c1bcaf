"""The words of raw text as numbers, without a Python object for each: a hash table in NumPy.

A word of up to 24 bytes is packed into three 64-bit integers, which are looked up for all words of
a piece of text at once. That takes less than half the time of splitting the text into `bytes` and
looking each up in a dict, which is left to longer words.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_LANES = 3  # integers of 8 bytes that a word is packed into
_PACKED_BYTES = 8 * _LANES
_WHITE_SPACE = np.isin(np.arange(256), list(b" \t\n\r\v\f"))  # that of bytes.split()
_MASKS = np.array([(1 << 8 * n) - 1 for n in range(9)], dtype=np.uint64)  # of the first n bytes
_SLOTS_A_WORD = 4  # at least, so that few words meet another in their slot
# Odd numbers with bits all over, as multiplicative hashing needs.
_MULTIPLIERS = np.array(
    [0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], dtype=np.uint64
)

Keys = NDArray[np.uint64]  # (n, _LANES), a packed word in each row; all zero for a longer one


class PackedWords(NamedTuple):
    """The words of a piece of text."""

    characters: NDArray[np.uint8]
    starts: NDArray[np.intp]  # places of their first characters, and after their last ones
    stops: NDArray[np.intp]
    lengths: NDArray[np.int64]  # how many words each line has
    keys: Keys
    hashes: NDArray[np.uint64]

    @classmethod
    def of(cls, text: bytes) -> PackedWords:
        """Those of a text without NUL bytes."""
        characters = np.frombuffer(b"\n" + text + b"\n" + bytes(_PACKED_BYTES), np.uint8)
        is_space = _WHITE_SPACE[characters[:-_PACKED_BYTES]]
        edges = np.flatnonzero(is_space[1:] != is_space[:-1]) + 1
        starts, stops = edges[0::2], edges[1::2]
        line_ends = np.flatnonzero(characters == ord("\n"))
        lengths = np.diff(np.searchsorted(starts, line_ends))
        keys = _pack(characters, starts, stops - starts)
        return cls(characters, starts, stops, lengths, keys, _hashes(keys))


class WordTable:
    """Numbers words, given as UTF-8 bytes, from 0 in about the order in which they come.

    Parameters
    ----------
    words : iterable of bytes
        Those that have the first numbers, in this order; all different.
    """

    def __init__(self, words: Iterable[bytes] = ()) -> None:
        self._keys: Keys = np.zeros((1 << 12, _LANES), dtype=np.uint64)
        self._slots: NDArray[np.int32] = self._empty_slots()
        self._long: dict[bytes, int] = {}
        self._size = 0
        for word in words:
            if len(word) > _PACKED_BYTES or not word or b"\0" in word:
                self._number_long(word)
            else:
                packed = np.frombuffer(word.ljust(_PACKED_BYTES, b"\0"), "<u8")
                self._add(packed.astype(np.uint64).reshape(1, _LANES))

    def __len__(self) -> int:
        return self._size

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
        tokens = self._find(keys, hashes)
        missing = np.flatnonzero(tokens < 0)
        if len(missing):
            long = stops[missing] - starts[missing] > _PACKED_BYTES
            for i in missing[long].tolist():
                tokens[i] = self._number_long(characters[starts[i] : stops[i]].tobytes())
            missing = missing[~long]
        while len(missing):  # hardly ever twice: see _add
            self._add(keys[missing])
            tokens[missing] = self._find(keys[missing], hashes[missing])
            missing = missing[tokens[missing] < 0]
        return tokens, lengths

    def words(self, start: int = 0) -> list[bytes]:
        """The words from number `start` on, in the order of their numbers."""
        packed = self._keys[start : self._size].astype("<u8").tobytes()
        found = [
            packed[i : i + _PACKED_BYTES].rstrip(b"\0")
            for i in range(0, len(packed), _PACKED_BYTES)
        ]
        for word, number in reversed(self._long.items()):
            if number < start:
                break
            found[number - start] = word
        return found

    def _find(self, keys: Keys, hashes: NDArray[np.uint64]) -> NDArray[np.int32]:
        """The number of each packed word; -1 if it has none, or is a longer word."""
        slots = self._first_slots(hashes)
        numbers = self._slots.take(slots, mode="clip")  # which does not check the slots
        other = np.flatnonzero(self._differs(numbers, keys))
        while len(other):
            slots[other] = (slots[other] + 1) % len(self._slots)
            numbers[other] = self._slots[slots[other]]
            other = other[self._differs(numbers[other], keys[other])]
        return numbers

    def _differs(self, numbers: NDArray[np.int32], keys: Keys) -> NDArray[np.bool_]:
        """Whether there are words of these numbers, but others than these."""
        found = self._keys.take(numbers, axis=0, mode="clip")
        differs = found[:, 0] != keys[:, 0]
        for lane in range(1, _LANES):
            differs |= found[:, lane] != keys[:, lane]
        return differs & (numbers >= 0)

    def _add(self, keys: Keys) -> None:
        """Number packed words that have no number; some may come several times.

        Of different words with the same hash, only the first is numbered.
        """
        _, places = np.unique(_hashes(keys), return_index=True)
        self._make_room(len(places))
        first, self._size = self._size, self._size + len(places)
        self._keys[first : self._size] = keys[np.sort(places)]
        self._fill_slots(first)

    def _number_long(self, word: bytes) -> int:
        if word not in self._long:
            self._make_room(1)
            self._long[word] = self._size
            self._size += 1
        return self._long[word]

    def _make_room(self, num_words: int) -> None:
        if self._size + num_words <= len(self._keys):
            return
        capacity = 1 << (self._size + num_words).bit_length()
        more = np.zeros((capacity - len(self._keys), _LANES), dtype=np.uint64)
        self._keys = np.concatenate([self._keys, more])
        self._slots = self._empty_slots()
        self._fill_slots(0)

    def _empty_slots(self) -> NDArray[np.int32]:
        return np.full(_SLOTS_A_WORD * len(self._keys), -1, dtype=np.int32)

    def _fill_slots(self, first: int) -> None:
        """Put the numbers from `first` on into the first free slots from their own on."""
        numbers = np.arange(first, self._size, dtype=np.int32)
        numbers = numbers[self._keys[numbers].any(axis=1)]
        slots = self._first_slots(_hashes(self._keys[numbers]))
        while len(numbers):
            is_free = self._slots[slots] < 0
            self._slots[slots[is_free]] = numbers[is_free]  # of several, the last one stays
            waits = self._slots[slots] != numbers
            numbers, slots = numbers[waits], (slots[waits] + 1) % len(self._slots)

    def _first_slots(self, hashes: NDArray[np.uint64]) -> NDArray[np.int64]:
        num_bits = len(self._slots).bit_length() - 1
        return (hashes >> np.uint64(64 - num_bits)).view(np.int64)


def _hashes(keys: Keys) -> NDArray[np.uint64]:
    mixed = keys[:, 0] * _MULTIPLIERS[0]
    for lane in range(1, _LANES):
        mixed ^= keys[:, lane] * _MULTIPLIERS[lane]
    mixed ^= mixed >> np.uint64(29)
    return mixed * _MULTIPLIERS[0]


def _pack(
    characters: NDArray[np.uint8], starts: NDArray[np.intp], lengths: NDArray[np.intp]
) -> Keys:
    """Words packed into integers, those of more than 24 bytes as zero."""
    # Item i is made of the eight bytes from i on.
    eight: NDArray[np.uint64] = np.ndarray(
        (len(characters) - 7,), "<u8", characters.data, strides=(1,)
    )
    keys = np.zeros((len(starts), _LANES), dtype=np.uint64)
    keys[:, 0] = eight[starts] & _MASKS[np.minimum(lengths, 8)]
    for lane in range(1, _LANES):
        longer = np.flatnonzero(lengths > 8 * lane)
        num_bytes = np.minimum(lengths[longer] - 8 * lane, 8)
        keys[longer, lane] = eight[starts[longer] + 8 * lane] & _MASKS[num_bytes]
    keys[lengths > _PACKED_BYTES] = 0
    return keys
