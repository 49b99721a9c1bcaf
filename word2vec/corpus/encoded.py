"""A corpus as a file of tokens, each the row of its word in the vocabulary.

One pass over the text counts the words and numbers them as they come; a second, over the numbers,
puts rows in their place, which are known only when all is counted.

The file is read through memory mapping, so the corpus may be larger than memory. If it is to be
kept, a JSON file with the vocabulary and checksums stands beside it; if both belong to the corpus
at hand they are used again.
"""

import contextlib
import hashlib
import itertools
import json
import os
import tempfile
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import StrPath
from ..saving.archive import to_json
from ..saving.checkpoint import fingerprint
from ..saving.files import atomic_write
from ..saving.locks import lock_directory
from ..saving.team import Team
from .mapped import MappedTokens
from .merging import merge_counts
from .numbering import add_counts
from .parts import NumberedParts, Parts
from .sentences import Texts, source_name
from .tokenizer import TokenizedLines
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
    lengths: tuple[int, ...]  # of each shard, in encoded tokens
    team: Team = Team()  # who has it: `tokens` are those of the shards that this rank hosts

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
        hosted, start, expected = self.team.hosted(len(self.lengths)), 0, []
        for length in self.lengths[hosted.start : hosted.stop]:
            expected.append(self._expected_pairs(keep, start, start + length, least))
            start += length
        return sum(np.concatenate(self.team.share(np.array(expected))).tolist()) >= least

    def _expected_pairs(self, keep, start, stop, least):
        """Pairs of neighbors that are kept between two places; no more than `least` are counted."""
        expected = 0.0
        for first in range(start, stop, CHUNK_TOKENS):  # the corpus may be large
            kept = keep[self.tokens[first : min(stop, first + CHUNK_TOKENS + 1)]]
            expected += float(kept[1:] @ kept[:-1])
            if expected >= least:
                return least
        return expected


@contextlib.contextmanager
def place_for_encoding(checkpoint_dir: StrPath | None, rank: int = 0) -> Iterator[Path]:
    """Where an encoded corpus goes: `checkpoint_dir`, locked meanwhile, or a temporary directory.

    What is temporary a kill would leave behind, so a run that can be resumed uses its own place.
    Of several ranks, which may have the same directory, the first has the lock.
    """
    if checkpoint_dir is None:
        with tempfile.TemporaryDirectory(prefix="word2vec-") as directory:
            yield Path(directory)
    elif rank == 0:
        with lock_directory(checkpoint_dir):
            yield Path(checkpoint_dir)
    else:
        Path(checkpoint_dir).mkdir(parents=True, exist_ok=True)
        yield Path(checkpoint_dir)


def encode(
    corpus: Texts,
    directory: StrPath,
    min_count: int,
    *,
    seen: Mapping[str, int] | None = None,
    only: Collection[str] | None = None,
    shards: int = 1,
    team: Team | None = None,
    keep: bool = True,
) -> EncodedCorpus:
    """Count and encode a corpus, or open what was encoded before.

    Parameters
    ----------
    corpus : str, path-like, list of these, or iterable of lists of str
        Text files, as `text_files` takes them, one sentence a line, words separated by ASCII white
        space, plain or compressed; or sentences.
    directory : path-like
        Where ``corpus.ids`` and ``corpus.json`` go; it must exist.
    min_count : int
    seen : mapping from str to int, optional
        How often words were counted in earlier texts: the counts of this one are added, and
        `min_count` asks for the sum.
    only : collection of str, optional
        The only words that get rows, however often they and others occur.
    shards : int
        Into how many parts the text is cut.
    team : Team, optional
        Whose ranks encode the parts of the shards that they host. All must call this.
    keep : bool
        Whether it may be wanted again; the same on all ranks. Else ``corpus.json`` is not
        written, nor of sentences, nor with `seen`, for which nothing is used again.

    Returns
    -------
    EncodedCorpus

    Raises
    ------
    OSError, ValueError, TypeError
        If the corpus is missing, empty, damaged, not UTF-8, can be read only once or changes
        meanwhile, or if its sentences are no lists of str. What was encoded before is left alone.
    RankError
        If another rank has failed.

    Warns
    -----
    UserWarning
        If the text looks as if it was not tokenized.
    """
    team = team or Team()
    hosted = team.hosted(shards)
    path = Path(directory) / _file_name(hosted, shards)
    parts = team.together(lambda: _open_parts(corpus, path, shards))
    team.together(lambda: _check_same_text(parts, team))
    name = source_name(corpus, "corpus")
    source = _describe_files(parts, min_count, shards)
    known: Any = _open_known(path, source, team) if source and seen is None else None
    if team.largest(known is None) == [0]:  # nobody has to read
        return known
    with contextlib.ExitStack() as stack:

        def open_files():
            # In this order an error of the draft, which has no name, gets that of the file.
            file = stack.enter_context(atomic_write(path))
            return file, stack.enter_context(tempfile.TemporaryFile(dir=directory))

        file, draft = team.together(open_files)
        numbered = NumberedParts(parts)
        words, counts, ends = team.together(lambda: _write_numbers(draft, numbered, hosted))
        counted = dict(zip(words, counts.tolist(), strict=True))
        if team.size > 1:
            with team.or_abort():
                total, rare, num_distinct = merge_counts(team, counted, min_count)
        else:
            # Sums first, then the rest: the order plays no part in what comes of it.
            total, rare = dict(seen or {}), {}
            for word, count in counted.items():
                total[word] = total.get(word, 0) + count
            num_distinct = len(total)

        def choose_words():
            if only is None:
                return Vocab.from_counts(total, min_count, name, num_distinct)
            return Vocab.from_counts({word: total[word] for word in only}, 1, name)

        vocab = team.together(choose_words)
        rare.update((word, count) for word, count in total.items() if word not in vocab)

        def finish():
            written = _write_rows(file, draft, words, vocab, ends)
            if source and _describe_files(parts, min_count, shards) != source:
                raise ValueError(f"{name} changed while it was read. Train on a copy.")
            stack.close()
            return written

        lengths, digests = team.together(finish)
    with team.or_abort():
        lengths = np.concatenate(team.share(np.array(lengths, np.int64))).tolist()
        digests = "".join(team.share_text("".join(digests)))
        num_tokens = np.sum(team.share(np.array([counts.sum()]))).item()
    header: dict[str, Any] = {
        "source": source if seen is None else None,
        "num_tokens": num_tokens,
        "lengths": lengths,
        "digests": digests,
        "words": vocab.words,
        "counts": vocab.counts.tolist(),
        "rare": rare,
    }

    def write_header():
        if not keep or header["source"] is None:
            return
        with atomic_write(path.with_suffix(".json"), "w", encoding="utf-8") as file:
            # In one piece: `json.dump` is five times as slow.
            file.write(json.dumps({**header, "header": fingerprint(header)}, ensure_ascii=False))

    team.together(write_header)
    if team.rank == 0:
        warn_of_punctuation(vocab, name, stacklevel=3)  # as from whoever called the trainer
    return _from_header(header, vocab, path, team)


def _file_name(hosted, shards):
    """Ranks may have the same directory."""
    whole = len(hosted) == shards
    return "corpus.ids" if whole else f"corpus-{hosted.start}-{hosted.stop}-of-{shards}.ids"


def _open_parts(corpus, path, shards):
    parts = Parts(corpus, shards)
    for text in parts.paths or []:
        if text.resolve() in (path.resolve(), path.with_suffix(".json").resolve()):
            raise ValueError(f"{text} would be overwritten: rename it, or use another directory.")
    return parts


def _check_same_text(parts, team):
    """Raise ValueError on all ranks if they do not see the same text."""
    texts = team.share_text(to_json(parts.describe()))
    for rank, text in enumerate(texts):
        if text != texts[0]:
            raise ValueError(
                "The ranks see different text, but each trains on a part of the same: "
                f"{_first_difference(rank, json.loads(texts[0]), json.loads(text))} Every rank "
                "must be given the same files, of which it reads only its own part."
            )


def _first_difference(rank, first, other):
    for mine, its in itertools.zip_longest(first, other, fillvalue=["nothing", 0]):
        if mine != its:
            return (
                f"where rank 0 has {mine[0]} ({mine[1]:,} bytes), rank {rank} has {its[0]} "
                f"({its[1]:,} bytes)."
            )
    return ""


def _write_numbers(file, numbered, hosted):
    """Write the numbers of all words, and -1 after each sentence.

    Returns the words in the order of their numbers, how often each occurs, and how many numbers
    were written when each shard was done.
    """
    counts: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
    ends = []
    for shard in hosted:
        for tokens, lengths in numbered.chunks(shard):
            counts = add_counts(counts, tokens)
            file.write(np.insert(tokens, np.cumsum(lengths), -1))
        ends.append(file.tell() // 4)
    return numbered.words(), counts, ends


def _write_rows(file, draft, words, vocab, ends):
    """Write rows for numbers, leaving out unknown words.

    Returns how many rows each shard has, and their SHA-256.
    """
    row_of = np.array([*(vocab.index.get(word, -1) for word in words), len(vocab)], dtype=np.int32)
    lengths, digests = [], []
    draft.seek(0)
    for start, end in itertools.pairwise([0, *ends]):
        left, length, digest = end - start, 0, hashlib.sha256()
        while left:
            numbers = np.fromfile(draft, np.int32, min(left, CHUNK_NUMBERS))
            left -= len(numbers)
            rows = row_of[numbers]
            rows = rows[rows >= 0]
            length += len(rows)
            digest.update(rows.data)
            file.write(rows)
        lengths.append(length)
        digests.append(digest.hexdigest())
    if not any(lengths):  # an empty file cannot be mapped into memory
        file.write(row_of[-1:])
    return lengths, digests


def _describe_files(parts, min_count, shards):
    """What tells text files, read like this, from others or later versions; None for sentences."""
    if parts.paths is None or isinstance(parts.corpus, TokenizedLines):
        return None
    files = []
    for path in parts.paths:
        status = os.stat(path)
        files.append([os.path.realpath(path), status.st_size, status.st_mtime_ns])
    return {"files": files, "min_count": min_count, "shards": shards}


def _open_known(path, source, team):
    """The EncodedCorpus at `path`, if it was made from `source` and is whole; else None."""
    try:
        header = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        if header.pop("header") != fingerprint(header) or header["source"] != source:
            return None
        corpus = _from_header(header, Vocab(header["words"], header["counts"]), path, team)
        start = 0
        for shard in team.hosted(source["shards"]):
            stop, digest = start + corpus.lengths[shard], hashlib.sha256()
            for first in range(start, stop, CHUNK_TOKENS):
                digest.update(corpus.tokens[first : min(stop, first + CHUNK_TOKENS)].data)
            start, size = stop, digest.digest_size * 2
            if digest.hexdigest() != header["digests"][size * shard : size * (shard + 1)]:
                return None
    except (AttributeError, OSError, ValueError, KeyError, TypeError, IndexError):
        return None  # missing or damaged: it is made anew
    return corpus if max(1, start) == len(corpus.tokens) else None


def _from_header(header, vocab, path, team):
    """What the file at `path` and the one beside it hold."""
    digests = header["digests"]
    return EncodedCorpus(
        vocab,
        MappedTokens(path),
        path,
        header["num_tokens"],
        digests if len(header["lengths"]) == 1 else fingerprint(digests),
        header["rare"],
        tuple(header["lengths"]),
        team,
    )
