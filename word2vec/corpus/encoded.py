"""A corpus as a file of tokens, each the row of its word in the vocabulary.

One pass over the text counts the words and numbers them as they come; a second, over the numbers,
puts rows in their place, which are known only when all is counted.

The file is read through memory mapping, so the corpus may be larger than memory. Beside it stands a
JSON file with the vocabulary and checksums; if both belong to the corpus at hand they are used
again.
"""

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import StrPath
from ..saving.checkpoint import fingerprint
from ..saving.files import atomic_write
from ..saving.locks import lock_directory
from .mapped import MappedTokens
from .numbering import add_counts, number_words
from .sentences import Corpus, check_sentences, source_name
from .textfile import check_text_file
from .vocab import Vocab, warn_of_punctuation

CHUNK_NUMBERS = 1 << 16
CHUNK_TOKENS = 1 << 20


class EncodedCorpus(NamedTuple):
    """A corpus as rows of words; ``len(vocab)`` in `tokens` ends a sentence."""

    vocab: Vocab
    tokens: MappedTokens  # int32
    path: Path  # of the file that `tokens` maps
    num_tokens: int  # in the corpus, with those that are not in the vocabulary
    fingerprint: str  # of `tokens`
    rare: dict[str, int]  # how often the words occur that were counted and have no row

    def has_pairs(self, keep: ArrayLike = 1.0, least: float = 1.0) -> bool:
        """Whether so many pairs of neighboring words are to be expected, at least.

        Parameters
        ----------
        keep : float or ndarray of shape (V,)
            Probability that a token of each word is kept.
        least : float
        """
        # An end of a sentence is no neighbor.
        keep = np.append(np.broadcast_to(keep, len(self.vocab)), 0)
        expected = 0.0
        for start in range(0, len(self.tokens), CHUNK_TOKENS):  # the corpus may be large
            kept = keep[self.tokens[start : start + CHUNK_TOKENS + 1]]
            expected += float(kept[1:] @ kept[:-1])
            if expected >= least:
                return True
        return False


@contextlib.contextmanager
def place_for_encoding(checkpoint_dir: StrPath | None) -> Iterator[Path]:
    """Where an encoded corpus goes: `checkpoint_dir`, locked meanwhile, or a temporary directory.

    What is temporary a kill would leave behind, so a run that can be resumed uses its own place.
    """
    if checkpoint_dir is None:
        with tempfile.TemporaryDirectory(prefix="word2vec-") as directory:
            yield Path(directory)
    else:
        with lock_directory(checkpoint_dir):
            yield Path(checkpoint_dir)


def encode(
    corpus: Corpus,
    directory: StrPath,
    min_count: int,
    *,
    seen: Mapping[str, int] | None = None,
    only: Collection[str] | None = None,
) -> EncodedCorpus:
    """Count and encode a corpus, or open what was encoded before.

    Parameters
    ----------
    corpus : str, path-like or iterable of lists of str
        A text file, one sentence a line, words separated by ASCII white space, plain or compressed;
        or sentences.
    directory : path-like
        Where ``corpus.ids`` and ``corpus.json`` go; it must exist.
    min_count : int
    seen : mapping from str to int, optional
        How often words were counted in earlier texts: the counts of this one are added, and
        `min_count` asks for the sum.
    only : collection of str, optional
        The only words that get rows, however often they and others occur.

    Returns
    -------
    EncodedCorpus

    Raises
    ------
    OSError, ValueError, TypeError
        If the corpus is missing, empty, damaged, not UTF-8, can be read only once or changes
        meanwhile, or if its sentences are no lists of str. What was encoded before is left alone.

    Warns
    -----
    UserWarning
        If the text looks as if it was not tokenized.
    """
    path = Path(directory) / "corpus.ids"
    if isinstance(corpus, (str, os.PathLike)):
        check_text_file(corpus)
        if Path(corpus).resolve() in (path.resolve(), path.with_suffix(".json").resolve()):
            raise ValueError(f"{corpus} would be overwritten: rename it, or use another directory.")
        source = _describe_file(corpus, min_count)
        known = _open_known(path, source) if seen is None else None
        if known:
            return known
    else:
        check_sentences("corpus", corpus)
        source = None  # token lists have no name to know them by

    name = source_name(corpus, "corpus")
    # In this order an error of the draft, which has no name, gets that of the file.
    with atomic_write(path) as file, tempfile.TemporaryFile(dir=directory) as draft:
        words, counts = _write_numbers(draft, number_words(corpus))
        # Sums first, then the rest: the order plays no part in what comes of it.
        total = dict(seen or {})
        for word, count in zip(words, counts.tolist(), strict=True):
            total[word] = total.get(word, 0) + count
        if only is None:
            vocab = Vocab.from_counts(total, min_count, name)
        else:
            vocab = Vocab.from_counts({word: total[word] for word in only}, 1, name)
        digest = _write_rows(file, draft, words, vocab)
        if source and _describe_file(corpus, min_count) != source:
            raise ValueError(f"{name} changed while it was read. Train on a copy.")
    num_tokens = int(counts.sum())
    rare = {word: count for word, count in total.items() if word not in vocab}
    header: dict[str, Any] = {
        "source": source if seen is None else None,
        "num_tokens": num_tokens,
        "ids": digest,
        "words": vocab.words,
        "counts": vocab.counts.tolist(),
        "rare": rare,
    }
    with atomic_write(path.with_suffix(".json"), "w", encoding="utf-8") as file:
        header["header"] = fingerprint(header)
        json.dump(header, file, ensure_ascii=False)
    warn_of_punctuation(vocab, name, stacklevel=3)  # as from whoever called the trainer
    return EncodedCorpus(vocab, MappedTokens(path), path, num_tokens, digest, rare)


def _write_numbers(file, numbered):
    """Write the numbers of all words, and -1 after each sentence.

    Returns the words in the order of their numbers, and how often each occurs.
    """
    counts: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
    for tokens, lengths in numbered:
        counts = add_counts(counts, tokens)
        file.write(np.insert(tokens, np.cumsum(lengths), -1))
    return numbered.words(), counts


def _write_rows(file, draft, words, vocab):
    """Write rows for numbers, leaving out unknown words; returns the SHA-256 of what is written."""
    row_of = np.array([*(vocab.index.get(word, -1) for word in words), len(vocab)], dtype=np.int32)
    digest = hashlib.sha256()
    draft.seek(0)
    while len(numbers := np.fromfile(draft, np.int32, CHUNK_NUMBERS)):
        rows = row_of[numbers]
        rows = rows[rows >= 0]
        digest.update(rows.data)
        file.write(rows)
    return digest.hexdigest()


def _describe_file(path, min_count):
    """What tells a text file, read with this `min_count`, from another or a later version."""
    status = os.stat(path)
    return {
        "file": os.path.realpath(path),
        "bytes": status.st_size,
        "modified_ns": status.st_mtime_ns,
        "min_count": min_count,
    }


def _open_known(path, source):
    """The EncodedCorpus at `path`, if it was made from `source` and is whole; else None."""
    try:
        header = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        if header.pop("header") != fingerprint(header) or header["source"] != source:
            return None
        tokens, digest = MappedTokens(path), hashlib.sha256()
        for piece in tokens.pieces():
            digest.update(piece.data)
        if digest.hexdigest() != header["ids"]:
            return None
        vocab = Vocab(header["words"], header["counts"])
    except (AttributeError, OSError, ValueError, KeyError, TypeError):
        return None  # missing or damaged: it is made anew
    num_tokens, rare = header["num_tokens"], header["rare"]
    return EncodedCorpus(vocab, tokens, path, num_tokens, header["ids"], rare)
