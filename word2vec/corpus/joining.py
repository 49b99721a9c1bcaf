"""Joining phrases in text and sentences, many words at a time.

Most words belong to no phrase. So a filter first tells where phrases may be, by a 64-bit number of
each word, its *id*, which other words may share. Only there one looks what the words are. In text
the white space within a phrase is replaced, and nothing else has to be touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, groupby
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from ..checks import StrPath
from .numbering import lengths_of
from .sentences import explained_unhashable_words, not_text, split_lines
from .textfile import pieces_of, read_blocks
from .wordtable import first_bytes

Ids = NDArray[np.uint64]
Places = NDArray[np.intp]

_SLOT_BITS = 20
# Odd numbers with bits all over, as multiplicative hashing needs.
_MULTIPLIERS = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F], dtype=np.uint64)
_WHOLE, _BEGINNING = np.uint8(1), np.uint8(2)  # sequences of words: phrases, or how they begin
_RARE_WHITE_SPACE = (b"\t", b"\r", b"\v", b"\f")


class Joiner:
    """Joins phrases, from left to right, so that each word belongs to one at most.

    Parameters
    ----------
    phrases : mapping from tuple of str to str
        The words of each phrase, two or more, and what takes their place. If phrases overlap, the
        last word of one is the first of the other.
    delimiter : str
        Stands between the words in what takes their place.
    """

    def __init__(self, phrases: Mapping[tuple[str, ...], str], delimiter: str) -> None:
        self._phrases, self._delimiter = phrases, delimiter
        lengths = lengths_of(list(phrases))
        self._hash_filter = _Filter(_hash_ids(chain.from_iterable(phrases), lengths.sum()), lengths)
        texts = [(" ".join(words).encode("utf-8"), len(words)) for words in phrases]
        # A phrase with white space in a word, or an empty word, is in no text.
        texts = [(text, length) for text, length in texts if _is_of_words(text, length)]
        self._texts = frozenset(text for text, _ in texts)
        ids, _ = _text_ids(b" ".join(text for text, _ in texts))
        lengths = np.array([length for _, length in texts], dtype=np.int64)
        self._text_filter = _Filter(ids[: lengths.sum()], lengths)
        # What text cannot hold as part of a word is put into the words later.
        self._fits_text = delimiter.isprintable() and " " not in delimiter

    def join_text(self, path: StrPath) -> Iterator[list[str]]:
        """Yield the lines of a text file with their phrases joined."""
        for _, block in read_blocks(path):
            if b"\0" in block:
                raise not_text([path])
            for text in pieces_of(block):
                try:
                    sentences = split_lines(self._joined_text(_with_single_spaces(text)))
                except UnicodeDecodeError:
                    raise not_text([path]) from None
                if self._fits_text:
                    yield from sentences
                else:
                    for words in sentences:
                        yield [word.replace("\0", self._delimiter) for word in words]

    def join_sentences(self, sentences: list[list[str]]) -> Iterator[list[str]]:
        """Yield sentences with their phrases joined."""
        bounds = np.concatenate([[0], np.cumsum(lengths_of(sentences))])
        with explained_unhashable_words():
            ids = _hash_ids(chain.from_iterable(sentences), bounds[-1])
        first, last = self._hash_filter.find(ids)
        numbers = np.searchsorted(bounds, first, "right") - 1  # of the sentences
        in_one = last < bounds[numbers + 1]
        first, last, numbers = first[in_one], last[in_one], numbers[in_one]
        starts = bounds[numbers]
        places = zip(
            numbers.tolist(), (first - starts).tolist(), (last + 1 - starts).tolist(), strict=True
        )
        for number, in_sentence in groupby(places, key=itemgetter(0)):
            sentence, done = sentences[number], 0
            joined: list[str] = []
            for _, start, stop in in_sentence:
                if start < done:
                    continue
                phrase = self._phrases.get(tuple(sentence[start:stop]))
                if phrase is not None:
                    joined += sentence[done:start]
                    joined.append(phrase)
                    done = stop
            sentences[number] = joined + sentence[done:]
        yield from sentences

    def _joined_text(self, text: bytes) -> bytes:
        """Text, whose words have one space between them, with the delimiter within phrases."""
        ids, separators = _text_ids(text)
        first, last = self._text_filter.find(ids)
        starts, stops = (separators[first] + 1).tolist(), separators[last + 1].tolist()
        found = [text[i:j] in self._texts for i, j in zip(starts, stops, strict=True)]
        is_phrase = np.fromiter(found, bool, len(found))
        first, last = first[is_phrase], last[is_phrase]
        is_free = _without_overlaps(first, last)
        characters = np.array(memoryview(text))
        characters[separators[_later_words(first[is_free], last[is_free])]] = 0
        joined = characters.tobytes()
        return joined.replace(b"\0", self._delimiter.encode("utf-8")) if self._fits_text else joined


class _Filter:
    """Finds all places of phrases, and few others, in a row of ids.

    Parameters
    ----------
    ids : ndarray of uint64
        Of the words of the phrases, one phrase after another.
    lengths : ndarray of int64
        How many words each phrase has.
    """

    def __init__(self, ids: Ids, lengths: NDArray[np.int64]) -> None:
        starts = np.cumsum(lengths) - lengths
        self._kinds = np.zeros(1 << _SLOT_BITS, dtype=np.uint8)  # of what is in each slot
        keys = ids[starts]
        for distance in range(1, lengths.max(initial=0)):
            longer = np.flatnonzero(lengths > distance)
            keys = _mixed(keys[longer], ids[starts[longer] + distance])
            starts, lengths = starts[longer], lengths[longer]
            is_whole = lengths == distance + 1
            self._kinds[_slots(keys[is_whole])] |= _WHOLE
            self._kinds[_slots(keys[~is_whole])] |= _BEGINNING

    def find(self, ids: Ids) -> tuple[Places, Places]:
        """Where the first and the last word of each stand, in order of the first."""
        keys = _mixed(ids[:-1], ids[1:])
        kinds = self._kinds.take(_slots(keys))
        first = np.flatnonzero(kinds != 0)  # of bools it is faster than of bytes
        last, kinds, keys = first + 1, kinds[first], keys[first]
        found: list[tuple[Places, Places]] = []
        while len(first):
            is_whole = np.flatnonzero(kinds & _WHOLE)
            found.append((first[is_whole], last[is_whole]))
            begins = np.flatnonzero((kinds & _BEGINNING != 0) & (last + 1 < len(ids)))
            first, last = first[begins], last[begins] + 1
            keys = _mixed(keys[begins], ids[last])
            kinds = self._kinds.take(_slots(keys))
        if not found:
            return first, last
        first, last = map(np.concatenate, zip(*found, strict=True))
        order = np.argsort(first, kind="stable")
        return first[order], last[order]


def _mixed(keys: Ids, ids: Ids) -> Ids:
    """The keys of sequences of words that are one word longer."""
    return keys * _MULTIPLIERS[0] ^ ids


def _slots(keys: Ids) -> NDArray[np.int64]:
    """A number of few bits for each key."""
    return (keys * _MULTIPLIERS[1] >> np.uint64(64 - _SLOT_BITS)).view(np.int64)


def _hash_ids(words: Iterable[str], num_words: int) -> Ids:
    return np.fromiter(map(hash, words), np.int64, num_words).view(np.uint64)


def _text_ids(text: bytes) -> tuple[Ids, Places]:
    """The first eight bytes of each word; where spaces and line ends are.

    The first of these is put before the text, at -1, and the last after it.
    """
    characters = np.frombuffer(b"\n" + text + b"\n" + bytes(8), np.uint8)
    separators = np.flatnonzero((characters == ord(" ")) | (characters == ord("\n")))
    starts = separators[:-1] + 1
    return first_bytes(characters, starts, separators[1:] - starts), separators - 1


def _is_of_words(text: bytes, num_words: int) -> bool:
    """Whether words that were put together with spaces can be told apart again."""
    words = text.split()
    return len(words) == num_words and b" ".join(words) == text


def _with_single_spaces(text: bytes) -> bytes:
    """Text whose words have one space between them."""
    is_space = np.frombuffer(text, np.uint8) == ord(" ")
    if not (is_space[1:] & is_space[:-1]).any() and not any(c in text for c in _RARE_WHITE_SPACE):
        return text
    return b"\n".join(b" ".join(line.split()) for line in text.split(b"\n"))


def _without_overlaps(first: Places, last: Places) -> NDArray[np.bool_]:
    """Which phrases remain if, from left to right, each word belongs to one at most."""
    numbers = np.arange(len(first))
    begins_chain = np.ones(len(first), dtype=bool)
    begins_chain[1:] = first[1:] != last[:-1]
    # In a chain, where each begins with the word that ends the one before, every other one.
    in_chain = numbers - np.maximum.accumulate(np.where(begins_chain, numbers, 0))
    return in_chain % 2 == 0


def _later_words(first: Places, last: Places) -> Places:
    """The places of all words of phrases but their first."""
    lengths = last - first
    stops = np.cumsum(lengths)
    return np.arange(lengths.sum()) + np.repeat(first + 1 - (stops - lengths), lengths)
