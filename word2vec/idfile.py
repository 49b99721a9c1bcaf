"""A corpus as a file of word rows, counted in one pass and written in another.

The file is read through memory mapping, so the corpus may be larger than memory. Beside it stands a
JSON file with the vocabulary and a checksum; if both belong to the corpus at hand they are used
again.
"""

import hashlib
import json
import os
from collections import Counter
from itertools import chain, repeat
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .corpus import check_words, open_text, token_lists
from .files import atomic_write
from .vocab import Vocab

CHUNK_BYTES = 1 << 20  # of text, read at a time
CHUNK_SENTENCES = 1 << 14  # of token lists


class IdFile(NamedTuple):
    """An encoded corpus; ``len(vocab)`` in `ids` ends a sentence."""

    vocab: Vocab
    ids: np.ndarray  # int32, memory-mapped
    path: Path
    num_tokens: int  # in the corpus, with those that are not in the vocabulary
    fingerprint: str  # of `ids`


def encode(corpus, directory, min_count):
    """Count and encode a corpus, or open what was encoded before.

    Parameters
    ----------
    corpus : str, path-like or iterable of lists of str
        A text file, one sentence a line, words separated by ASCII white space, plain or compressed;
        or sentences, which are read twice.
    directory : path-like
        Where ``corpus.ids`` and ``corpus.json`` go; it must exist.
    min_count : int

    Returns
    -------
    IdFile

    Raises
    ------
    FileNotFoundError, ValueError, TypeError
        If the corpus is missing, empty, not UTF-8, can be read only once or changes meanwhile, or
        if its sentences are no lists of str.
    """
    path = Path(directory) / "corpus.ids"
    if isinstance(corpus, (str, os.PathLike)):
        source = _describe_file(corpus, min_count)
        known = _open_known(path, source)
        if known:
            return known
        chunks = _TextChunks(corpus)
    else:
        source = None  # token lists have no name to know them by
        chunks = _TokenChunks(corpus)

    counts = Counter()
    for sentences in chunks:
        counts.update(chain.from_iterable(sentences))
    num_tokens = counts.total()
    vocab = Vocab.from_counts(chunks.decode(counts), min_count)
    num_known, fingerprint = _write_ids(chunks, vocab, path)
    if num_known != vocab.counts.sum():
        path.unlink()
        raise ValueError(
            "The corpus gave other words when it was read again: it changed in the meantime. "
            "Train on a copy that nothing writes to."
        )
    header = {
        "source": source,
        "num_tokens": num_tokens,
        "sha256": fingerprint,
        "words": vocab.words,
        "counts": vocab.counts.tolist(),
    }
    with atomic_write(path.with_suffix(".json"), "w", encoding="utf-8") as file:
        json.dump(header, file, ensure_ascii=False)
    return IdFile(vocab, _open_ids(path), path, num_tokens, fingerprint)


class _TextChunks:
    """Sentences of a text file as lists of bytes, many at a time; decoding each word is dear."""

    def __init__(self, path):
        self._path = Path(path)

    def __iter__(self):
        with open_text(self._path) as file:
            while lines := file.readlines(CHUNK_BYTES):
                yield [line.split() for line in lines]

    def decode(self, counts):
        try:
            return {word.decode("utf-8"): count for word, count in counts.items()}
        except UnicodeDecodeError as error:
            raise ValueError(
                f"{self._path}: {error.object!r} is not UTF-8 text. "
                "Convert the file to UTF-8 first."
            ) from error

    @staticmethod
    def key(word):
        return word.encode("utf-8")


class _TokenChunks:
    """Sentences as lists of str, many at a time, checked."""

    def __init__(self, sentences):
        if iter(sentences) is sentences:
            raise ValueError(
                "The corpus can be read only once, but is needed twice. Pass a list, a file's path,"
                " or an object whose __iter__ starts anew."
            )
        self._sentences = sentences

    def __iter__(self):
        chunk = []
        for sentence in token_lists(self._sentences):
            chunk.append(list(sentence))
            if len(chunk) == CHUNK_SENTENCES:
                yield chunk
                chunk = []
        yield chunk

    def decode(self, counts):
        check_words(counts)
        return counts

    @staticmethod
    def key(word):
        return word


def _write_ids(chunks, vocab, path):
    """Write the rows of all known words; returns how many, and the SHA-256 of the file."""
    end = len(vocab)
    row_of = {chunks.key(word): row for word, row in vocab.index.items()}.get
    num_known, digest = 0, hashlib.sha256()
    with atomic_write(path) as file:
        for sentences in chunks:
            lengths = np.fromiter(map(len, sentences), np.int64, len(sentences))
            tokens = chain.from_iterable(sentences)
            rows = np.fromiter(map(row_of, tokens, repeat(-1)), np.int32, lengths.sum())
            rows = np.insert(rows, np.cumsum(lengths), end)
            rows = rows[rows >= 0]
            num_known += len(rows) - len(sentences)
            digest.update(rows)
            file.write(rows)
    return num_known, digest.hexdigest()


def _describe_file(path, min_count):
    """What tells a text file, read with this `min_count`, from another or a later version."""
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no text file {path}.")
    status = path.stat()
    return {
        "file": str(path.resolve()),
        "bytes": status.st_size,
        "modified_ns": status.st_mtime_ns,
        "min_count": min_count,
    }


def _open_known(path, source):
    """The IdFile at `path`, if it was made from `source` and is whole; else None."""
    try:
        header = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        if header["source"] != source:
            return None
        ids = _open_ids(path)
        if hashlib.sha256(ids).hexdigest() != header["sha256"]:
            return None
        vocab = Vocab(header["words"], header["counts"])
    except (OSError, ValueError, KeyError, TypeError):
        return None  # missing or damaged: it is made anew
    return IdFile(vocab, ids, path, header["num_tokens"], header["sha256"])


def _open_ids(path):
    return np.memmap(path, dtype=np.int32, mode="r")
