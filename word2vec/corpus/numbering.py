"""A corpus read once, chunk by chunk, its words numbered as they come."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Hashable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ..checks import StrPath
from .ahead import map_ahead
from .sentences import (
    Corpus,
    TokenLists,
    check_no_table,
    check_words,
    explained_unhashable_words,
    not_text,
    token_lists,
)
from .textfile import check_text_file, pieces_of, read_blocks
from .wordtable import PackedWords, WordTable

CHUNK_TOKENS = 1 << 17  # of token lists


class Chunk(NamedTuple):
    """Some sentences."""

    tokens: NDArray[np.int32]  # the numbers of their words, sentence after sentence
    lengths: NDArray[np.int64]  # how many words each has


class NumberedWords(Protocol):
    """A corpus whose words are numbered from 0 while it is iterated, once."""

    def __iter__(self) -> Iterator[Chunk]:
        """The chunks, in order."""

    def words(self, start: int = 0) -> list[str]:
        """The words so far, from number `start` on; raises an error if one is no word."""


def number_words(corpus: Corpus, first: Iterable[str] = ()) -> NumberedWords:
    """The `NumberedWords` of a text file, whose path is given, or of sentences.

    The words `first`, all different, have the first numbers.
    """
    if isinstance(corpus, (str, os.PathLike)):
        check_text_file(corpus)
        return NumberedText(corpus, first)
    check_no_table("corpus", corpus)
    return NumberedSentences(corpus, first)


class NumberedText:
    """The words of text files, which need not be decoded to be numbered."""

    def __init__(self, path: StrPath | None = None, first: Iterable[str] = ()) -> None:
        self._paths = [] if path is None else [Path(path)]
        self._table = WordTable(word.encode("utf-8") for word in first)

    def __iter__(self) -> Iterator[Chunk]:
        for path in self._paths:
            yield from self.chunks(path)

    def chunks(self, path: Path, start: int = 0, stop: int | None = None) -> Iterator[Chunk]:
        """Those of a file, or of some bytes of it."""
        if path not in self._paths:
            self._paths.append(path)
        blocks = (block for _, block in read_blocks(path, start, stop))
        for pieces in map_ahead(self._pack, blocks):
            numbered = [self._table.number(piece) for piece in pieces]
            del pieces  # whose memory the next ones need
            tokens, lengths = map(np.concatenate, zip(*numbered, strict=True))
            yield Chunk(tokens, lengths)

    def _pack(self, block):
        if b"\0" in block:
            raise not_text(self._paths)
        return [PackedWords.of(piece) for piece in pieces_of(block)]

    def words(self, start: int = 0) -> list[str]:
        with contextlib.suppress(UnicodeDecodeError):
            return [word.decode("utf-8") for word in self._table.words(start)]
        raise not_text(self._paths)


class NumberedSentences:
    """The words of sentences, which are lists of str."""

    def __init__(self, sentences: TokenLists = (), first: Iterable[str] = ()) -> None:
        self._sentences = sentences
        self._numbers = Numbers()
        for word in first:
            self._numbers[word]

    def __iter__(self) -> Iterator[Chunk]:
        return self.chunks(self._sentences)

    def chunks(self, sentences: TokenLists) -> Iterator[Chunk]:
        """Those of some more sentences."""
        for some in chunks_of_sentences(sentences):
            lengths = lengths_of(some)
            words = chain.from_iterable(some)
            with explained_unhashable_words():
                numbers = map(self._numbers.__getitem__, words)
                tokens = np.fromiter(numbers, np.int32, lengths.sum())
            yield Chunk(tokens, lengths)

    def words(self, start: int = 0) -> list[str]:
        words = list(self._numbers)[start:]
        check_words(words)
        return words


class Numbers(dict[Any, int]):
    """Numbers keys from 0 on, in the order in which they are first asked for."""

    def __missing__(self, key: Hashable) -> int:
        self[key] = number = len(self)
        return number


def chunks_of_sentences(sentences: TokenLists) -> Iterator[list[list[str]]]:
    """Yield sentences, many at a time, after making sure that each is a list of tokens."""
    chunk, num_tokens = [], 0
    for sentence in token_lists(sentences):
        chunk.append(list(sentence))
        num_tokens += len(chunk[-1])
        if num_tokens >= CHUNK_TOKENS:
            yield chunk
            chunk, num_tokens = [], 0
    yield chunk


def lengths_of(sentences: Sequence[Sequence[Any]]) -> NDArray[np.int64]:
    """How many words each sentence has."""
    return np.fromiter(map(len, sentences), np.int64, len(sentences))


def add_counts(counts: NDArray[np.int64], tokens: NDArray[np.int32]) -> NDArray[np.int64]:
    """`counts` of numbers, and those of `tokens`; as long as the largest number needs."""
    total = np.bincount(tokens, minlength=len(counts))
    total[: len(counts)] += counts
    return total
