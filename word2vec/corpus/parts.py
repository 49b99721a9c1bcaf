"""A corpus in parts, one for each shard: stretches of text files, or of sentences.

Where files are cut is decided by their sizes on disk, so every rank finds the same places and reads
no more of the text of others than the line in which its own begins.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ..saving.reading import open_for_reading, size_if_known
from .files import text_files
from .numbering import Chunk, NumberedSentences, NumberedText
from .sentences import Texts, check_sentences, token_lists
from .textfile import CHUNK_BYTES, MAX_LINE_BYTES, skip
from .tokenizer import TokenizedLines

_WHITE_SPACE = b" \t\r\v\f"


class Piece(NamedTuple):
    """A stretch of a text file, of whole lines."""

    path: Path
    start: int = 0  # in bytes, of compressed files unpacked ones
    stop: int | None = None  # None: to the end of the file


class SomeSentences(NamedTuple):
    """A stretch of sentences."""

    start: int = 0
    stop: int | None = None  # None: to the end


class Parts:
    """A corpus, cut into as many parts as there are shards.

    Parameters
    ----------
    corpus : str, path-like, list of these, TokenizedLines, or iterable of lists of str
    shards : int

    Attributes
    ----------
    paths : list of Path or None
        The text files; None if the corpus is made of sentences.
    """

    def __init__(self, corpus: Texts, shards: int) -> None:
        self.corpus, self._shards = corpus, shards
        self.paths = corpus.paths if isinstance(corpus, TokenizedLines) else text_files(corpus)
        if self.paths is None:
            sentences: Any = corpus
            check_sentences("corpus", sentences)
            self._num_sentences = 0
            if shards > 1:
                self._num_sentences = sum(1 for _ in token_lists(sentences))

    def describe(self) -> list[list[Any]]:
        """What must be the same for all who have a part: names and sizes."""
        if self.paths is None:
            return [["sentences", self._num_sentences]]
        return [[path.name, path.stat().st_size] for path in self.paths]

    def of_shard(self, shard: int) -> list[Piece] | list[SomeSentences]:
        """The part of one shard; it may be empty, if there is little text."""
        if self.paths is not None:
            return self._pieces(self.paths, shard)
        if self._shards == 1:
            return [SomeSentences()]
        bounds = [(shard + end) * self._num_sentences // self._shards for end in (0, 1)]
        return [SomeSentences(*bounds)]

    def _pieces(self, paths: list[Path], shard: int) -> list[Piece]:
        sizes = [path.stat().st_size for path in paths]
        if self._shards == 1:
            return [Piece(path) for path in paths]
        (first, start), (last, stop) = (
            _find(paths, sizes, (shard + end) * sum(sizes) // self._shards) for end in (0, 1)
        )
        if first == last:
            return [Piece(paths[first], start, stop)] if start < stop else []
        pieces = [Piece(paths[first], start), *map(Piece, paths[first + 1 : last])]
        return [*pieces, Piece(paths[last], 0, stop)] if stop else pieces


def _find(paths, sizes, target):
    """The file, and the place in it, where the text is cut that has so many bytes before it."""
    for number, size in enumerate(sizes):
        if target < size:
            return number, _cut(paths[number], target, size) if target else 0
        target -= size
    return len(paths), 0


def _cut(path: Path, target: int, size: int) -> int:
    """The place nearest after `target` at which a file can be cut: where a line begins.

    Lines of over 1 MiB are cut between words. Of a compressed file, `target` and `size` count
    packed bytes, the result unpacked ones.
    """
    with open_for_reading(path) as file:
        is_packed = size_if_known(file) is None
        if is_packed:
            target = target * _count_bytes(file) // size
    if target == 0:
        return 0
    with open_for_reading(path) as file:
        skip(file, target - 1)
        text = file.read(MAX_LINE_BYTES)
    end = text.find(b"\n")
    if end < 0 and len(text) == MAX_LINE_BYTES:
        found = [place for space in _WHITE_SPACE if (place := text.find(space, 1)) >= 0]
        end = min(found, default=-1)
    return target + (len(text) - 1 if end < 0 else end)


def _count_bytes(file):
    return sum(map(len, iter(lambda: file.read(CHUNK_BYTES), b"")))


class NumberedParts:
    """The words of some shards, numbered from 0 while their parts are read; see `NumberedWords`."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._is_raw = parts.paths is not None and not isinstance(parts.corpus, TokenizedLines)
        self._numbered: Any = NumberedText() if self._is_raw else NumberedSentences()

    def chunks(self, shard: int) -> Iterator[Chunk]:
        """The part of one shard."""
        corpus: Any = self._parts.corpus
        for part in self._parts.of_shard(shard):
            if self._is_raw:
                yield from self._numbered.chunks(*part)
            elif isinstance(part, Piece):
                yield from self._numbered.chunks(corpus.between(*part))
            elif part == SomeSentences():
                yield from self._numbered.chunks(corpus)
            else:
                yield from self._numbered.chunks(itertools.islice(token_lists(corpus), *part))

    def words(self) -> list[str]:
        """The words so far; raises an error if one is no word."""
        return self._numbered.words()
