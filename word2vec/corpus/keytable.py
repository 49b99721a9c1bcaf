"""A hash table in NumPy: numbers many keys at once, without a Python object for each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint64]  # (n, lanes), a key in each row; all zero is no key

_SLOTS_A_KEY = 4  # at least, so that few keys meet another in their slot
# Odd numbers with bits all over, as multiplicative hashing needs.
_MULTIPLIERS = np.array(
    [0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], dtype=np.uint64
)


class KeyTable:
    """Numbers keys from 0 in about the order in which they come.

    Parameters
    ----------
    num_lanes : int
        Of how many 64-bit integers a key is made, 3 at most.
    """

    def __init__(self, num_lanes: int) -> None:
        self._keys: Keys = np.zeros((1 << 12, num_lanes), dtype=np.uint64)
        self._slots: NDArray[np.int32] = self._empty_slots()
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def keys(self) -> Keys:
        """All keys, in the order of their numbers; zeros for a number without a key."""
        return self._keys[: self._size]

    def number(self, keys: Keys, hashes: NDArray[np.uint64]) -> NDArray[np.int32]:
        """The numbers of keys, given their `hashes_of`; new ones for new keys, -1 for no key."""
        numbers = self._find(keys, hashes)
        missing = np.flatnonzero(numbers < 0)
        missing = missing[keys[missing].any(axis=1)]
        while len(missing):  # hardly ever twice: see _add
            self._add(keys[missing])
            numbers[missing] = self._find(keys[missing], hashes[missing])
            missing = missing[numbers[missing] < 0]
        return numbers

    def number_without_key(self) -> int:
        """The next number, which no key will have."""
        self._make_room(1)
        self._size += 1
        return self._size - 1

    def _find(self, keys: Keys, hashes: NDArray[np.uint64]) -> NDArray[np.int32]:
        """The number of each key; -1 if it has none."""
        slots = self._first_slots(hashes)
        numbers = self._slots.take(slots, mode="clip")  # which does not check the slots
        other = np.flatnonzero(self._differs(numbers, keys))
        while len(other):
            slots[other] = (slots[other] + 1) % len(self._slots)
            numbers[other] = self._slots[slots[other]]
            other = other[self._differs(numbers[other], keys[other])]
        return numbers

    def _differs(self, numbers: NDArray[np.int32], keys: Keys) -> NDArray[np.bool_]:
        """Whether there are keys of these numbers, but others than these."""
        found = self._keys.take(numbers, axis=0, mode="clip")
        differs = found[:, 0] != keys[:, 0]
        for lane in range(1, keys.shape[1]):
            differs |= found[:, lane] != keys[:, lane]
        return differs & (numbers >= 0)

    def _add(self, keys: Keys) -> None:
        """Number keys that have no number; some may come several times.

        Of different keys with the same hash, only the first is numbered.
        """
        _, places = np.unique(hashes_of(keys), return_index=True)
        self._make_room(len(places))
        first, self._size = self._size, self._size + len(places)
        self._keys[first : self._size] = keys[np.sort(places)]
        self._fill_slots(first)

    def _make_room(self, num_keys: int) -> None:
        if self._size + num_keys <= len(self._keys):
            return
        capacity = 1 << (self._size + num_keys).bit_length()
        more = np.zeros((capacity - len(self._keys), self._keys.shape[1]), dtype=np.uint64)
        self._keys = np.concatenate([self._keys, more])
        self._slots = self._empty_slots()
        self._fill_slots(0)

    def _empty_slots(self) -> NDArray[np.int32]:
        return np.full(_SLOTS_A_KEY * len(self._keys), -1, dtype=np.int32)

    def _fill_slots(self, first: int) -> None:
        """Put the numbers from `first` on into the first free slots from their own on."""
        numbers = np.arange(first, self._size, dtype=np.int32)
        numbers = numbers[self._keys[numbers].any(axis=1)]
        slots = self._first_slots(hashes_of(self._keys[numbers]))
        while len(numbers):
            is_free = self._slots[slots] < 0
            self._slots[slots[is_free]] = numbers[is_free]  # of several, the last one stays
            waits = self._slots[slots] != numbers
            numbers, slots = numbers[waits], (slots[waits] + 1) % len(self._slots)

    def _first_slots(self, hashes: NDArray[np.uint64]) -> NDArray[np.int64]:
        num_bits = len(self._slots).bit_length() - 1
        return (hashes >> np.uint64(64 - num_bits)).view(np.int64)


def hashes_of(keys: Keys) -> NDArray[np.uint64]:
    """For each key an integer, of which the upper bits depend on all of the key."""
    mixed = keys[:, 0] * _MULTIPLIERS[0]
    for lane in range(1, keys.shape[1]):
        mixed ^= keys[:, lane] * _MULTIPLIERS[lane]
    mixed ^= mixed >> np.uint64(29)
    return mixed * _MULTIPLIERS[0]
