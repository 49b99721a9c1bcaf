"""Phrases: words that stand together more often than chance would have it, joined to one.

Everything works on numbers of words, chunk by chunk. Two words that follow each other in a sentence
are one key, a 64-bit integer: the number of the first, and that of the *end*. The end is the second
word, or the second word with the connector words before it ("of the rings"), which has a number of
its own. So counting is sorting integers, and finding phrases is looking integers up.
"""

from __future__ import annotations

import os
import reprlib
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from .. import __version__
from ..checks import StrPath, check_choice, check_finite, check_integer
from ..saving.archive import pack_strings, read_archive, unpack_strings, write_archive
from .counting import KeyCounter
from .joining import Joiner
from .keytable import KeyTable, hashes_of
from .numbering import (
    add_counts,
    chunks_of_sentences,
    number_words,
)
from .sentences import (
    Corpus,
    TokenLists,
    check_sentences,
    check_words,
    explained_unhashable_words,
    source_name,
)
from .textfile import check_text_file

FORMAT = "word2vec-phrases"
VERSION = 1

SCORINGS = ("default", "npmi")

# The articles, prepositions and conjunctions of gensim's set of this name.
ENGLISH_CONNECTOR_WORDS = frozenset(
    "a an and at by for from in of on or the to with without".split()
)

_END_BITS = 32
_FIRST_LONG_END = 1 << 31  # ends below are words, those above have connector words before them


class Phrases:
    """Finds phrases of two words in a corpus, and joins them; names and scores as in gensim.

    Parameters
    ----------
    corpus : str, path-like or iterable of lists of str
        A text file, one sentence a line, plain or compressed; or sentences. It is read once.
    min_count : int
        Pairs that occur less often are no phrases.
    threshold : float
        Pairs are phrases if their score is above it. Positive with the default scoring; -1 to 1
        with "npmi".
    scoring : {"default", "npmi"}
    delimiter : str
        Put between the words that are joined.
    connector_words : iterable of str
        Words that may stand within a phrase, but not begin or end one, such as
        `ENGLISH_CONNECTOR_WORDS`.
    pairs_in_memory : int
        While counting, so many pairs are held in memory, at about 40 bytes each; the others go to
        a temporary file. It does not change the result.
    progress : callable, optional
        Called now and then with the number of words read.

    Attributes
    ----------
    min_count, threshold, scoring, delimiter, connector_words
        The arguments. `threshold` may be changed: nothing has to be counted again.
    corpus_word_count : int
        Words in the corpus.

    Raises
    ------
    OSError, TypeError, ValueError
        If an argument is out of range, or the corpus is missing, damaged or empty.

    Notes
    -----
    With n(a b) the count of a pair, n(a) that of a word, L the words of the corpus, and F the
    number of distinct words and distinct pairs together (connector words not counted):

        default:  (n(a b) - min_count) F / (n(a) n(b))
        npmi:     log(p(a b) / (p(a) p(b))) / -log p(a b)  with  p(x) = n(x) / L

    (Mikolov et al. 2013b, eq. 6, as gensim scales it; Bouma 2009.) A pair with connector words in
    between counts only with just these. Sentences are joined from left to right, and no word
    belongs to two phrases: phrases of more than two words are found by a second `Phrases` of what
    the first has joined.

    Memory is needed for the distinct words, the distinct ends that have connector words, and the
    pairs that reach `min_count`, and for `pairs_in_memory`.

    Examples
    --------
    >>> sentences = [["new", "york", "is", "new"], ["in", "new", "york"], ["new", "york"]]
    >>> phrases = Phrases(sentences, min_count=1, threshold=1)
    >>> phrases[["we", "love", "new", "york"]]
    ['we', 'love', 'new_york']
    >>> phrases.export_phrases()
    {'new_york': 1.3333333333333333}
    >>> list(phrases.apply(sentences))
    [['new_york', 'is', 'new'], ['in', 'new_york'], ['new_york']]
    """

    def __init__(
        self,
        corpus: Corpus,
        *,
        min_count: int = 5,
        threshold: float = 10.0,
        scoring: str = "default",
        delimiter: str = "_",
        connector_words: Iterable[str] = frozenset(),
        pairs_in_memory: int = 4_000_000,
        progress: Callable[[int], Any] | None = None,
    ) -> None:
        self.min_count = check_integer("min_count", min_count, 1)
        check_choice("scoring", scoring, SCORINGS)
        self.scoring = scoring
        if not isinstance(delimiter, str):
            raise TypeError(f"delimiter must be a str. Got {delimiter!r} instead.")
        self.delimiter = delimiter
        self.connector_words = _as_words("connector_words", connector_words)
        self._threshold = _check_threshold(threshold, scoring)
        pairs_in_memory = check_integer("pairs_in_memory", pairs_in_memory, 1)
        self._counts = _count(corpus, min_count, self.connector_words, pairs_in_memory, progress)
        self._select()

    @property
    def threshold(self) -> float:
        """The score above which a pair is a phrase."""
        return self._threshold

    @threshold.setter
    def threshold(self, value: float) -> None:
        self._threshold = _check_threshold(value, self.scoring)
        self._select()

    @property
    def corpus_word_count(self) -> int:
        """Words in the corpus."""
        return self._counts.num_tokens

    def __repr__(self) -> str:
        return (
            f"<Phrases: {len(self._joined):,} phrases of {self.corpus_word_count:,} words, "
            f"min_count={self.min_count}, threshold={self.threshold:g}, scoring={self.scoring!r}>"
        )

    def export_phrases(self) -> dict[str, float]:
        """All phrases, joined, with their scores; the highest score first.

        If different words give the same joined phrase ("a_b" and "c", "a" and "b_c"), it has the
        highest of their scores.
        """
        found = sorted(zip((-self._scores).tolist(), self._joined, strict=True))
        exported: dict[str, float] = {}
        for negated, phrase in found:
            exported.setdefault(phrase, -negated)
        return exported

    @overload
    def __getitem__(self, sentence: list[str] | tuple[str, ...]) -> list[str]: ...

    @overload
    def __getitem__(self, sentence: TokenLists) -> PhrasedSentences: ...

    def __getitem__(self, sentence: Any) -> list[str] | PhrasedSentences:
        """A sentence with its phrases joined; of a list of sentences, what `apply` returns."""
        if isinstance(sentence, (str, bytes)):
            raise TypeError(
                f"A sentence must be a list of words. Got {reprlib.repr(sentence)} instead; "
                "use text.split()."
            )
        is_one = isinstance(sentence, (list, tuple)) and all(isinstance(w, str) for w in sentence)
        return (
            next(self._joiner.join_sentences([list(sentence)])) if is_one else self.apply(sentence)
        )

    def apply(self, corpus: Corpus) -> PhrasedSentences:
        """The sentences of a corpus with their phrases joined, to be iterated any number of times.

        Parameters
        ----------
        corpus : str, path-like or iterable of lists of str
            As for `Word2Vec.fit`, which takes what is returned.

        Returns
        -------
        PhrasedSentences
            Its iterators yield lists of str; the corpus is read anew each time, chunk by chunk.

        Raises
        ------
        OSError, TypeError, ValueError
            If the corpus is missing, or can be read only once.
        """
        return PhrasedSentences(self, corpus)

    def save(self, path: StrPath) -> None:
        """Write all that `load` needs into one file, which appears when it is complete.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        header = {
            "format": FORMAT,
            "version": VERSION,
            "library": __version__,
            "min_count": self.min_count,
            "threshold": self.threshold,
            "scoring": self.scoring,
            "delimiter": self.delimiter,
            "num_connectors": len(self.connector_words),
            "num_entries": self._counts.num_entries,
            "num_tokens": self._counts.num_tokens,
        }
        text, lengths = pack_strings(self._counts.words)
        arrays = {
            "words": text,
            "word_lengths": lengths,
            "word_counts": self._counts.word_counts,
            "sequences": self._counts.sequences,
            "sequence_lengths": self._counts.lengths,
            "sequence_counts": self._counts.counts,
        }
        write_archive(path, header, arrays)

    @classmethod
    def load(cls, path: StrPath) -> Phrases:
        """Read what `save` has written.

        Raises
        ------
        ValueError
            If a byte of the file is not what was written, or it holds no phrases.
        OSError
            If it cannot be read.
        """
        header, arrays = read_archive(path)
        if header.get("format") != FORMAT:
            raise ValueError(f"{path} holds no phrases. Phrases.save writes such files.")
        if header["version"] != VERSION:
            raise ValueError(
                f"{path} has version {header['version']} of the format, written by version "
                f"{header['library']} of this library, which here is {__version__} and reads "
                f"{VERSION}. Load it with that version, or count the phrases again."
            )
        words = unpack_strings(arrays["words"], arrays["word_lengths"])
        phrases = cls.__new__(cls)
        phrases.min_count = header["min_count"]
        phrases.scoring = header["scoring"]
        phrases.delimiter = header["delimiter"]
        phrases.connector_words = frozenset(words[: header["num_connectors"]])
        phrases._threshold = header["threshold"]
        phrases._counts = _Counts(
            words,
            arrays["word_counts"],
            arrays["sequences"],
            arrays["sequence_lengths"],
            arrays["sequence_counts"],
            header["num_entries"],
            header["num_tokens"],
        )
        phrases._select()
        return phrases

    def _select(self) -> None:
        """Prepare for joining: the pairs whose score is above the threshold."""
        counts = self._counts
        scores = _scores(counts, self.min_count, self.scoring)
        is_phrase = scores > self._threshold
        lengths = counts.lengths[is_phrase]
        sequences = counts.sequences[np.repeat(is_phrase, counts.lengths)]
        words = iter([counts.words[row] for row in sequences.tolist()])
        phrases = [tuple(islice(words, length)) for length in lengths.tolist()]
        self._joined = list(map(self.delimiter.join, phrases))
        self._scores = scores[is_phrase]
        self._joiner = Joiner(dict(zip(phrases, self._joined, strict=True)), self.delimiter)


class PhrasedSentences:
    """The sentences of a corpus with phrases joined; each iteration reads the corpus anew.

    Parameters
    ----------
    phrases : Phrases
    corpus : str, path-like or iterable of lists of str
    """

    def __init__(self, phrases: Phrases, corpus: Corpus) -> None:
        if isinstance(corpus, (str, os.PathLike)):
            check_text_file(corpus)
        else:
            check_sentences("corpus", corpus)
        self._phrases, self._corpus = phrases, corpus

    def __iter__(self) -> Iterator[list[str]]:
        joiner = self._phrases._joiner  # another one if the threshold is changed meanwhile
        if isinstance(self._corpus, (str, os.PathLike)):
            yield from joiner.join_text(self._corpus)
        else:
            for sentences in chunks_of_sentences(self._corpus):
                yield from joiner.join_sentences(sentences)


class _Counts(NamedTuple):
    """What is kept of a corpus."""

    words: list[str]  # connector words first, then those of the sequences
    word_counts: NDArray[np.int64]
    # Pairs that reach min_count, with the connector words between them, one after another.
    sequences: NDArray[np.int32]  # rows of `words`
    lengths: NDArray[np.int64]  # how many words each has
    counts: NDArray[np.int64]  # how often each occurs
    num_entries: int  # distinct words and pairs in the corpus
    num_tokens: int


def _count(corpus, min_count, connector_words, pairs_in_memory, progress):
    """The `_Counts` of a corpus."""
    num_connectors = len(connector_words)
    # They come first, so that numbers tell which words are connector words.
    numbered = number_words(corpus, sorted(connector_words))
    long_ends = KeyTable(1)
    word_counts = np.zeros(num_connectors, dtype=np.int64)
    num_tokens = 0
    with KeyCounter(pairs_in_memory) as pairs:
        for tokens, lengths in numbered:
            word_counts = add_counts(word_counts, tokens)
            pairs.add(_neighbors(tokens, lengths, num_connectors, long_ends))
            num_tokens += len(tokens)
            if progress is not None:
                progress(num_tokens)
        words = numbered.words()
        if not num_tokens:
            name = source_name(corpus, "corpus")
            raise ValueError(f"{name}: there are no words. Is it empty, or all white space?")
        num_entries, kept = len(words) - num_connectors, []
        for keys, counts in pairs.totals():
            num_entries += len(keys)
            is_kept = counts >= min_count
            kept.append((keys[is_kept], counts[is_kept]))
    keys, counts = map(np.concatenate, zip(*kept, strict=True))
    sequences, lengths, order = _sequences_of(keys, long_ends.keys()[:, 0])
    is_used = np.zeros(len(words), dtype=bool)
    is_used[:num_connectors] = is_used[sequences] = True
    used = np.flatnonzero(is_used)
    new_rows = np.cumsum(is_used, dtype=np.int32) - 1
    return _Counts(
        [words[row] for row in used.tolist()],
        word_counts[used],
        new_rows[sequences],
        lengths,
        counts[order],
        num_entries,
        num_tokens,
    )


def _neighbors(
    tokens: NDArray[np.int32], lengths: NDArray[np.int64], num_connectors: int, long_ends: KeyTable
) -> NDArray[np.int64]:
    """The keys of pairs of words with nothing but connector words between them.

    Parameters
    ----------
    tokens : ndarray of int32
        Numbers of words, sentence after sentence; those below `num_connectors` are connector
        words.
    lengths : ndarray of int64
        Of the sentences.
    long_ends : KeyTable
        Numbers the ends that have connector words before them: its keys are the first of these, in
        the upper half, and the end that follows it, in the lower.
    """
    places = np.flatnonzero(tokens >= num_connectors)
    is_pair = np.ones(max(len(places) - 1, 0), dtype=bool)
    # The first of each sentence does not follow the last of the one before.
    starts = np.searchsorted(places, np.cumsum(lengths))
    is_pair[starts[(starts > 0) & (starts < len(places))] - 1] = False
    first, last = places[:-1][is_pair], places[1:][is_pair]
    ends = tokens[last].astype(np.int64)
    gaps = last - first - 1
    longer = np.flatnonzero(gaps)
    distance = 1
    while len(longer):
        before = tokens[last[longer] - distance].astype(np.int64)
        keys = (before << _END_BITS | ends[longer]).view(np.uint64)[:, np.newaxis]
        numbers = long_ends.number(keys, hashes_of(keys))
        ends[longer] = numbers + np.int64(_FIRST_LONG_END)
        longer = longer[gaps[longer] > distance]
        distance += 1
    return tokens[first].astype(np.int64) << _END_BITS | ends


def _sequences_of(
    keys: NDArray[np.int64], long_ends: NDArray[np.uint64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.intp]]:
    """The words of pairs, one pair after another; how many each has; the order of the pairs."""
    first, end = keys >> _END_BITS, keys & ((1 << _END_BITS) - 1)
    is_long = end >= _FIRST_LONG_END
    short, long = np.flatnonzero(~is_long), np.flatnonzero(is_long)
    words: list[int] = []
    lengths: list[int] = []
    for word, rest in zip(first[long].tolist(), end[long].tolist(), strict=True):
        before = len(words)
        words.append(word)
        while rest >= _FIRST_LONG_END:
            connector_and_rest = int(long_ends[rest - _FIRST_LONG_END])
            words.append(connector_and_rest >> _END_BITS)
            rest = connector_and_rest & ((1 << _END_BITS) - 1)
        words.append(rest)
        lengths.append(len(words) - before)
    return (
        np.concatenate([np.column_stack([first, end])[short].ravel(), np.array(words, np.int64)]),
        np.concatenate([np.full(len(short), 2), np.array(lengths, np.int64)]),
        np.concatenate([short, long]),
    )


def _scores(counts: _Counts, min_count: int, scoring: str) -> NDArray[np.float64]:
    """The score of each pair; all occur `min_count` times or more."""
    stops = np.cumsum(counts.lengths)
    n_a = counts.word_counts[counts.sequences[stops - counts.lengths]].astype(np.float64)
    n_b = counts.word_counts[counts.sequences[stops - 1]].astype(np.float64)
    n_ab = counts.counts.astype(np.float64)
    if scoring == "default":
        return (n_ab - min_count) / (n_a * n_b) * counts.num_entries
    p_a, p_b, p_ab = (n / counts.num_tokens for n in (n_a, n_b, n_ab))
    return np.log(p_ab / (p_a * p_b)) / -np.log(p_ab)


def _as_words(name: str, words: Iterable[str]) -> frozenset[str]:
    """A set of words; raises TypeError for a single string, whose letters would be taken."""
    if isinstance(words, (str, bytes)) or not isinstance(words, Iterable):
        raise TypeError(f"{name} must be a set of words. Got {words!r} instead.")
    with explained_unhashable_words():
        found = frozenset(words)
    check_words(found)
    return found


def _check_threshold(threshold: float, scoring: str) -> float:
    threshold = check_finite("threshold", threshold)
    if scoring == "default" and threshold <= 0:
        raise ValueError(f"threshold must be positive with scoring='default'. Got {threshold}.")
    if scoring == "npmi" and not -1 <= threshold <= 1:
        raise ValueError(f"threshold must be -1 to 1 with scoring='npmi'. Got {threshold}.")
    return threshold
