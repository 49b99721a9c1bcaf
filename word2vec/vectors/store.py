"""The table under `KeyedVectors`: keys, a row of numbers for each, and attributes of the keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from ..checks import FloatArray
from . import nearest
from .unknown_key import UnknownKeyError

if TYPE_CHECKING:
    from typing_extensions import Self

KEY_TYPES = (str, int, np.integer)
Key = str | int | np.integer
# A key that comes back. It may be an integer, but most are words: with `Any`, hints let the caller
# take it for one.
Word = str | Any

# Integers have 64 bits on every platform; strings stay Python objects of any length.
_STORED_AS: dict[Any, Any] = {int: np.int64, str: object}


class VectorStore:
    """A matrix of vectors whose rows are found, added and replaced by key.

    See `KeyedVectors`, which asks the questions, for parameters and attributes.
    """

    def __init__(self, vector_size: int, count: int = 0, dtype: DTypeLike = np.float32) -> None:
        self.vector_size = vector_size
        self.index_to_key: list[Word] = [None] * count
        self.key_to_index: dict[Word, int] = {}
        self.next_index = 0  # the first row allocated but not yet filled
        self.expandos: dict[
            str, np.ndarray
        ] = {}  # name of a key attribute -> its value for each row
        self.vectors = np.zeros((count, vector_size), dtype=dtype)

    @classmethod
    def from_words(
        cls, words: Iterable[Key], vectors: ArrayLike, counts: ArrayLike | None = None
    ) -> Self:
        """Build from words and their matrix.

        Parameters
        ----------
        words : sequence of str, length n
            All different, in the order of the rows.
        vectors : array of shape (n, d)
            Used as it is, without a copy, if it is an array of floating-point numbers.
        counts : sequence of int, length n, optional
            How often each word was seen; kept as the attribute ``"count"``.

        Raises
        ------
        ValueError
            If the lengths differ, `vectors` is not a matrix, or a word occurs twice.
        """
        vectors = np.asarray(vectors)
        if vectors.dtype.kind != "f":
            vectors = vectors.astype(np.float32)
        words = list(words)
        if vectors.ndim != 2 or len(vectors) != len(words):
            raise ValueError(
                f"vectors must be a matrix with one row for each of the {len(words)} words. "
                f"Got shape {vectors.shape} instead."
            )
        kv = cls(vectors.shape[1])
        kv.index_to_key = words
        kv.key_to_index = dict(zip(words, range(len(words)), strict=True))
        if len(kv.key_to_index) < len(words):
            twice = next(word for row, word in enumerate(words) if kv.key_to_index[word] != row)
            raise ValueError(f"words must be all different. Got {twice!r} more than once instead.")
        kv.next_index = len(words)
        kv.vectors = vectors
        if counts is not None:
            counts = np.asarray(counts, dtype=np.int64)
            if counts.shape != (len(words),):
                raise ValueError(
                    f"counts must have one number for each of the {len(words)} words. "
                    f"Got shape {counts.shape} instead."
                )
            kv.expandos["count"] = counts
        return kv

    def __len__(self) -> int:
        return len(self.index_to_key)

    def __contains__(self, key: Any) -> bool:
        return self.has_index_for(key)

    def __repr__(self) -> str:
        return f"{type(self).__name__}<vector_size={self.vector_size}, {len(self)} keys>"

    # ---------------------------------------------------------------- rows, norms

    @property
    def vectors(self) -> FloatArray:
        return self._vectors

    @vectors.setter
    def vectors(self, vectors: FloatArray) -> None:
        self._vectors = vectors
        self._forget_norms()

    def _forget_norms(self):
        self.norms: FloatArray | Any = None  # `Any`, to be used after `fill_norms` without a check
        self._normed_vectors: FloatArray | None = None

    def fill_norms(self, force: bool = False) -> None:
        """Compute `norms` unless they are known; with `force`, also if they are."""
        if self.norms is None or force:
            self._forget_norms()
            self.norms = nearest.row_norms(self.vectors)

    def get_normed_vectors(self) -> FloatArray:
        """All vectors scaled to length one, (n, d), read-only; zero vectors stay zero.

        The array is kept for the next call: it takes as much memory again as `vectors`.
        """
        self.fill_norms()
        if self._normed_vectors is None:
            divisors = np.where(self.norms > 0, self.norms, 1)
            normed = self.vectors / divisors[:, np.newaxis]
            self._normed_vectors = normed.astype(self.vectors.dtype, copy=False)
            self._normed_vectors.setflags(write=False)
        return self._normed_vectors

    def unit_normalize_all(self) -> None:
        """Replace every vector by itself scaled to length one; the lengths are lost."""
        self.vectors = self.get_normed_vectors().copy()

    def get_index(self, key: Key, default: int | None = None) -> int:
        """Row of a key.

        Raises
        ------
        KeyError
            If the key is unknown and no `default` is given.
        """
        row = self.key_to_index.get(key)
        if row is not None:
            return row
        if isinstance(key, (int, np.integer)) and 0 <= key < len(self.index_to_key):
            return int(key)
        if default is not None:
            return default
        raise UnknownKeyError(key, self.index_to_key)

    def has_index_for(self, key: Any) -> bool:
        """Whether the key has a row."""
        return self.get_index(key, -1) >= 0

    def get_vector(self, key: Key, norm: bool = False) -> FloatArray:
        """Vector of a key, (d,), read-only; with `norm`, scaled to length one.

        Raises
        ------
        KeyError
            If the key is unknown.
        """
        row = self.get_index(key)
        vector = self.vectors[row]
        if norm:
            self.fill_norms()
            vector = vector / (self.norms[row] or 1)
            vector = vector.astype(self.vectors.dtype, copy=False)
        vector.setflags(write=False)  # a write here would leave `norms` wrong
        return vector

    def __getitem__(self, key_or_keys: Key | Iterable[Key]) -> FloatArray:
        """Vector of a key, (d,), or vectors of a list of keys, (len(keys), d)."""
        if isinstance(key_or_keys, KEY_TYPES):
            return self.get_vector(key_or_keys)
        return self.vectors[np.array([self.get_index(key) for key in key_or_keys], dtype=np.intp)]

    # ---------------------------------------------------------------- adding, replacing

    def add_vector(self, key: Key, vector: ArrayLike) -> int:
        """Store one vector in the next empty row, or in a new one; a known key is overwritten.

        Returns
        -------
        int
            The row.

        Notes
        -----
        A new row costs a copy of the whole matrix. To add many, use `add_vectors`, or allocate the
        rows with ``KeyedVectors(vector_size, count)``.
        """
        row = self.next_index
        has_empty_row = row < len(self) and self.index_to_key[row] is None
        rows = self._checked_rows([key], [vector])
        if key not in self.key_to_index and has_empty_row:
            self._make_writable()
            self.vectors[row] = rows[0]
            self.index_to_key[row] = key
            self.key_to_index[key] = row
            self.next_index += 1
        else:
            self.add_vectors([key], rows, replace=True)
        return self.key_to_index[key]

    def add_vectors(
        self,
        keys: Key | Iterable[Key],
        weights: ArrayLike,
        extras: Mapping[str, ArrayLike] | None = None,
        replace: bool = False,
    ) -> None:
        """Append keys and their vectors.

        Parameters
        ----------
        keys : list of (str or int), or one key
        weights : array-like of shape (len(keys), d)
        extras : dict of str to ndarray of shape (len(keys),), optional
            Attributes of the keys, as read by `get_vecattr`.
        replace : bool
            Overwrite the vectors of keys that are known; without it they are kept. A key that is
            twice in `keys` counts as known the second time.

        Raises
        ------
        ValueError
            If `weights` or `extras` do not fit `keys`; nothing is changed then.
        """
        keys = as_list(keys)
        weights = self._checked_rows(keys, weights)
        attrs = {name: np.asarray(values) for name, values in (extras or {}).items()}
        for name, values in attrs.items():
            if values.shape != (len(keys),):
                raise ValueError(
                    f"extras[{name!r}] must have one value for each of the {len(keys)} keys. "
                    f"Got shape {values.shape} instead."
                )

        first_given: dict[Word, int] = {}
        for i, key in enumerate(keys):
            if key not in self.key_to_index:
                first_given.setdefault(key, i)
        new = list(first_given.values())
        self.allocate_vecattrs(attrs, [values.dtype for values in attrs.values()])
        if new:
            rows_added = {key: row for row, key in enumerate(first_given, len(self))}
            self.key_to_index.update(rows_added)
            self.index_to_key.extend(first_given)
            self.vectors = np.concatenate([self.vectors, weights[new]])
            self.allocate_vecattrs()

        rows = np.array([self.key_to_index[key] for key in keys], dtype=np.intp)
        if replace:
            self._make_writable()
            self.vectors[rows] = weights
        written = slice(None) if replace else new
        for name, values in attrs.items():
            self.expandos[name][rows[written]] = values[written]

    def __setitem__(self, keys: Key | Iterable[Key], weights: ArrayLike) -> None:
        """Store the vector of a key, or the vectors of a list of keys, new or known."""
        self.add_vectors(keys, weights, replace=True)

    def _checked_rows(self, keys: list[Any], weights: Any) -> FloatArray:
        weights = np.asarray(weights, dtype=self.vectors.dtype)
        if weights.ndim == 1 and len(keys) == 1:
            weights = weights[np.newaxis]
        if weights.shape != (len(keys), self.vector_size):
            raise ValueError(
                f"the vectors of {len(keys)} keys must have shape {(len(keys), self.vector_size)}. "
                f"Got {weights.shape} instead."
            )
        return weights

    def _make_writable(self):
        """Before writing into `vectors`: a memory-mapped file is first copied into memory."""
        if not self.vectors.flags.writeable:
            self.vectors = self.vectors.copy()
        self._forget_norms()

    # ---------------------------------------------------------------- attributes of the keys

    def allocate_vecattrs(
        self, attrs: Iterable[str] | None = None, types: Iterable[Any] | None = None
    ) -> None:
        """Make sure that each attribute has a value, at first zero, for every key.

        Parameters
        ----------
        attrs : iterable of str, optional
            All existing attributes if left out, which are lengthened to the number of keys.
        types : iterable of types, as many

        Raises
        ------
        TypeError
            If an attribute exists with a type that cannot hold the new one.
        """
        if attrs is None:
            attrs, types = list(self.expandos), [old.dtype for old in self.expandos.values()]
        elif types is None:
            raise TypeError("types must have one for each of attrs. Got None instead.")
        for attr, kind in zip(attrs, types, strict=True):
            kind = np.dtype(_STORED_AS.get(kind, kind))
            values = self.expandos.get(attr)
            if values is None:
                self.expandos[attr] = np.zeros(len(self), dtype=kind)
                continue
            if not np.can_cast(kind, values.dtype):
                raise TypeError(f"attribute {attr!r} holds {values.dtype}. Got {kind} instead.")
            if len(values) < len(self):
                added = np.zeros(len(self) - len(values), dtype=values.dtype)
                self.expandos[attr] = np.concatenate([values, added])

    def set_vecattr(self, key: Key, attr: str, val: Any) -> None:
        """Set an attribute of a key, for example its ``"count"``; other keys begin with zero."""
        row = self.get_index(key)
        self.allocate_vecattrs([attr], [type(val)])
        self.expandos[attr][row] = val

    def get_vecattr(self, key: Key, attr: str) -> Any:
        """Attribute of a key, for example its ``"count"``.

        Raises
        ------
        KeyError
            If the key is unknown, or no key has such an attribute.
        """
        row = self.get_index(key)
        if attr not in self.expandos:
            raise KeyError(f"no attribute {attr!r}; there are: {sorted(self.expandos)}")
        return self.expandos[attr][row]

    def sort_by_descending_frequency(self) -> None:
        """Reorder the rows so that the keys with the largest ``"count"`` come first."""
        rows, self.index_to_key, self.vectors = self._in_order_of("count")
        self.key_to_index = {key: row for row, key in enumerate(self.index_to_key)}
        self.expandos = {name: values[rows] for name, values in self.expandos.items()}

    def _in_order_of(self, attr):
        """Filled rows, those with the largest value of an attribute (if any has it) first.

        Returns
        -------
        rows : ndarray of shape (m,)
        keys : list of length m
        vectors : ndarray of shape (m, d), `vectors` itself if all rows are in order already
        """
        rows = np.array([i for i, key in enumerate(self.index_to_key) if key is not None], np.intp)
        if attr in self.expandos:
            rows = rows[np.argsort(-self.expandos[attr][rows], kind="stable")]
        in_order = np.array_equal(rows, np.arange(len(self)))
        keys = [self.index_to_key[row] for row in rows]
        return rows, keys, self.vectors if in_order else self.vectors[rows]


def as_list(value: Any) -> list[Any]:
    """A list of keys or vectors, where also a single one is allowed, or None for none."""
    if value is None:
        return []
    is_vector = isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind in "iuf"
    if is_vector or isinstance(value, KEY_TYPES):
        return [value]
    return list(value)
