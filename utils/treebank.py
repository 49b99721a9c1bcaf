"""Reads the Stanford Sentiment Treebank, from its classic text files or from its labelled trees."""

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from word2vec.checks import StrPath

SPLITS = ("train", "dev", "test")
LABELS = ("very negative", "negative", "neutral", "positive", "very positive")
DATA_DIR = Path(__file__).resolve().parent.parent / "data"

# Upper ends of the classes on the sentiment scale 0 to 1; each end belongs to the class below it.
_CLASS_ENDS = np.array([0.2, 0.4, 0.6, 0.8])
_SPLIT_CODES = {"1": "train", "2": "test", "3": "dev"}
_BRACKETS = {"-LRB-": "(", "-RRB-": ")"}
_TREE_TOKENS = re.compile(r"\(|\)|[^() ]+")


class TreebankError(ValueError):
    """A treebank file that is missing, truncated or damaged. Names the file and the cure."""

    def __init__(self, path: StrPath, problem: str, line: int | None = None) -> None:
        place = f"{path}, line {line}" if line else f"{path}"
        super().__init__(
            f"{place}: {problem} Get the data with get_datasets.sh (move a damaged copy away "
            "first)."
        )


class StanfordSentiment:
    """Sentences of the treebank with their split and sentiment.

    Parameters
    ----------
    path : str or path-like, optional
        A directory in the classic layout (``datasetSentences.txt``, ``datasetSplit.txt``,
        ``dictionary.txt``, ``sentiment_labels.txt``) or with the labelled trees (``train.txt``,
        ``dev.txt``, ``test.txt``). Default: what `get_datasets.sh` downloads into ``data/``.
    lowercase : bool
        Lower-case all words, as the course does.

    Attributes
    ----------
    sentences : list of lists of str
        In the order of the files. For the trees: train, dev, test.
    splits : ndarray of str, shape (number of sentences,)
        ``"train"``, ``"dev"`` or ``"test"``.
    labels : ndarray of int64, shape (number of sentences,)
        0 (very negative) to 4 (very positive), as named in `LABELS`.

    Raises
    ------
    TreebankError
        If a file is missing, truncated or damaged; the message names the file and the line.

    Notes
    -----
    ``datasetSentences.txt`` is encoded twice, which is repaired here. Words are separated by ASCII
    spaces only: three of them contain a no-break space. The classic scores become classes by
    cutting at 0.2, 0.4, 0.6 and 0.8, each cut belonging to the class below it.

    References
    ----------
    Socher et al., "Recursive Deep Models for Semantic Compositionality Over a Sentiment Treebank",
    2013.
    """

    def __init__(self, path: StrPath | None = None, *, lowercase: bool = True) -> None:
        path = path or default_path()
        if path is None:
            raise TreebankError(DATA_DIR, "the Stanford Sentiment Treebank is not here.")
        self.path = Path(path)
        if (self.path / "datasetSentences.txt").exists():
            read = _read_classic
        elif (self.path / "train.txt").exists():
            read = _read_trees
        else:
            raise TreebankError(
                self.path, "there is neither a datasetSentences.txt nor a train.txt in here."
            )
        sentences, splits, labels = read(self.path)
        if not sentences:
            raise TreebankError(self.path, "there is not a single sentence in here.")
        self.sentences = [
            [word.lower() for word in sentence] if lowercase else sentence for sentence in sentences
        ]
        self.splits = np.array(splits)
        self.labels = np.array(labels, dtype=np.int64)

    def __len__(self) -> int:
        return len(self.sentences)

    def split(self, name: str) -> tuple[list[list[str]], NDArray[np.int64]]:
        """Sentences and labels of one split.

        Parameters
        ----------
        name : {"train", "dev", "test"}

        Returns
        -------
        sentences : list of lists of str
        labels : ndarray of int64
        """
        _check_split(name)
        members = np.flatnonzero(self.splits == name)
        return [self.sentences[i] for i in members], self.labels[members]

    def phrases(self, name: str) -> tuple[list[tuple[str, ...]], NDArray[np.int64]]:
        """Labelled phrases of one split: every node of its trees, as often as it occurs.

        Parameters
        ----------
        name : {"train", "dev", "test"}

        Returns
        -------
        phrases : list of tuples of str
            Single words, whole sentences and all between; sentence by sentence, ordered by where
            they start, then by where they end.
        labels : ndarray of int64

        Raises
        ------
        TreebankError
            If the files that hold the phrases are damaged.

        Notes
        -----
        The trees of the classic layout are in ``STree.txt``. Where that is missing, as in the
        sample, phrases are the sentences and those of their words that ``dictionary.txt`` has.
        """
        _check_split(name)
        classic = (self.path / "datasetSentences.txt").exists()
        spans = _classic_spans(self.path) if classic else _spans_of_trees(self.path)
        phrases, labels = [], []
        for words, split, found in zip(self.sentences, self.splits, spans, strict=True):
            if split == name:
                found = sorted(found)  # the same order for both layouts
                phrases += [tuple(words[start:end]) for start, end, _ in found]
                labels += [label for _, _, label in found]
        return phrases, np.array(labels, dtype=np.int64)


def default_path() -> Path | None:
    """The treebank that was downloaded into data/, the classic layout if both are there; or None"""
    directories = (DATA_DIR / "stanfordSentimentTreebank", DATA_DIR / "trees")
    return next((directory for directory in directories if directory.is_dir()), None)


def _check_split(name):
    if name not in SPLITS:
        raise ValueError(f"name must be one of {', '.join(SPLITS)}. Got {name!r} instead.")


def _read_lines(path):
    """The lines of a UTF-8 file, without their ends.

    Only "\\n" ends a line: str.splitlines would also split at the U+0085 that some words contain.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise TreebankError(path, "the file is missing.") from None
    except IsADirectoryError:
        raise TreebankError(path, "a directory is in the place of the file.") from None
    lines = content.split(b"\n")
    if lines.pop():
        raise TreebankError(
            path, "the file is truncated: its last line does not end.", len(lines) + 1
        )
    for number, line in enumerate(lines, start=1):
        try:
            lines[number - 1] = line.decode("utf-8").removesuffix("\r")
        except UnicodeDecodeError:
            raise TreebankError(path, "not UTF-8 text.", number) from None
    return lines


def _read_table(path, separator, header, last_separator=False):
    """Rows of a two-column file with their line numbers, after checking its header, if it has one.

    With `last_separator`, a line is split at the last separator: phrases may contain it.
    """
    lines = _read_lines(path)
    first = 1 if header is None else 2
    if header is not None and lines[:1] != [header]:
        raise TreebankError(path, f"expected the header {header!r}.", 1)
    for number, line in enumerate(lines[first - 1 :], start=first):
        columns = line.rsplit(separator, 1) if last_separator else line.split(separator)
        if len(columns) != 2:
            raise TreebankError(path, f"expected two columns, got {line!r}.", number)
        yield number, *columns


def _read_classic(directory):
    """Sentences, splits and labels of the classic layout."""
    split_of = _read_splits(directory / "datasetSplit.txt")
    score_of = _read_phrase_scores(directory)
    path = directory / "datasetSentences.txt"
    sentences, splits, labels = [], [], []
    for number, index, text in _read_table(path, "\t", "sentence_index\tsentence"):
        try:
            text = text.encode("latin-1").decode("utf-8")
        except UnicodeError:
            raise TreebankError(path, "the text is not encoded twice as UTF-8.", number) from None
        if index not in split_of:
            raise TreebankError(path, f"sentence {index} is not in datasetSplit.txt.", number)
        words = text.split(" ")
        score = score_of.get(_as_phrase(words))
        if score is None:
            raise TreebankError(path, f"sentence {index} is not in dictionary.txt.", number)
        sentences.append(words)
        splits.append(split_of.pop(index))
        labels.append(_class_of(score))
    if split_of:
        raise TreebankError(
            path, f"truncated: {len(split_of)} sentences of datasetSplit.txt are missing."
        )
    return sentences, splits, labels


def _as_phrase(words):
    """Words as ``dictionary.txt`` writes them."""
    return " ".join(_BRACKETS.get(word, word) for word in words)


def _score(score_of, words):
    phrase = _as_phrase(words)
    if phrase not in score_of:
        raise ValueError(f"{phrase!r} is not in dictionary.txt")
    return score_of[phrase]


def _class_of(score):
    return int(np.searchsorted(_CLASS_ENDS, score))


def _classic_spans(directory):
    """For each sentence the phrases of its tree: start, end and label."""
    sentences, _, _ = _read_classic(directory)
    score_of = _read_phrase_scores(directory)
    path = directory / "STree.txt"
    if not path.exists():
        for words in sentences:
            spans = {(0, len(words)), *((i, i + 1) for i in range(len(words)))}
            scored = [(a, b, score_of.get(_as_phrase(words[a:b]))) for a, b in spans]
            yield [(a, b, _class_of(score)) for a, b, score in scored if score is not None]
        return
    lines = _read_lines(path)
    if len(lines) != len(sentences):
        raise TreebankError(path, f"{len(lines)} trees for {len(sentences)} sentences.")
    for number, (line, words) in enumerate(zip(lines, sentences, strict=True), start=1):
        try:
            spans = _spans_of_parents([int(parent) for parent in line.split("|")], len(words))
            yield [(a, b, _class_of(_score(score_of, words[a:b]))) for a, b in spans]
        except ValueError as error:
            raise TreebankError(
                path, f"not a tree of sentence {number}: {error}.", number
            ) from None


def _spans_of_parents(parents, num_words):
    """Start and end of each node of a tree that is given by the parent of each node, from 1.

    The first `num_words` nodes are the words, a parent comes after its children, the last node is
    the root, whose parent is 0.
    """
    num_nodes = len(parents)
    if num_nodes < num_words or parents[-1] != 0:
        raise ValueError(f"{num_nodes} nodes for {num_words} words, or no root")
    inner = num_nodes - num_words
    starts = [*range(num_words), *[num_words] * inner]
    ends = [*range(1, num_words + 1), *[0] * inner]
    sizes = [1] * num_words + [0] * inner
    for node, parent in enumerate(parents):
        if ends[node] - starts[node] != sizes[node]:
            raise ValueError(f"node {node + 1} covers words that do not stand together")
        if node == num_nodes - 1:
            break
        if not max(node + 1, num_words) < parent <= num_nodes:
            raise ValueError(f"node {node + 1} cannot have the parent {parent}")
        starts[parent - 1] = min(starts[parent - 1], starts[node])
        ends[parent - 1] = max(ends[parent - 1], ends[node])
        sizes[parent - 1] += sizes[node]
    return list(zip(starts, ends, strict=True))


def _read_splits(path):
    """From the number of each sentence, as text, to the name of its split."""
    split_of = {}
    for number, index, code in _read_table(path, ",", "sentence_index,splitset_label"):
        if code not in _SPLIT_CODES or index in split_of:
            raise TreebankError(path, f"unknown split {code!r}, or a repeated sentence.", number)
        split_of[index] = _SPLIT_CODES[code]
    return split_of


def _read_phrase_scores(directory):
    """From each phrase of dictionary.txt to its score, 0 to 1."""
    path = directory / "sentiment_labels.txt"
    score_of_id = {}
    for number, phrase_id, score in _read_table(path, "|", "phrase ids|sentiment values"):
        try:
            score_of_id[phrase_id] = float(score)
        except ValueError:
            raise TreebankError(path, f"{score!r} is not a number.", number) from None
        if not 0 <= score_of_id[phrase_id] <= 1:
            raise TreebankError(path, f"the score {score} is not between 0 and 1.", number)
    path = directory / "dictionary.txt"
    score_of = {}
    for number, phrase, phrase_id in _read_table(path, "|", None, last_separator=True):
        if phrase_id not in score_of_id:
            raise TreebankError(path, f"id {phrase_id} is not in sentiment_labels.txt.", number)
        score_of[phrase] = score_of_id[phrase_id]
    return score_of


def _read_trees(directory):
    """Sentences, splits and labels of the labelled trees."""
    sentences, splits, labels = [], [], []
    for split, words, spans in _parse_trees(directory):
        sentences.append(words)
        splits.append(split)
        labels.append(spans[-1][2])
    return sentences, splits, labels


def _spans_of_trees(directory):
    """For each sentence the phrases of its tree: start, end and label."""
    return (spans for _, _, spans in _parse_trees(directory))


def _parse_trees(directory):
    """Split, leaves and phrases of each labelled tree."""
    for split in SPLITS:
        path = directory / f"{split}.txt"
        for number, line in enumerate(_read_lines(path), start=1):
            try:
                yield split, *_parse_tree(line)
            except ValueError as error:
                raise TreebankError(path, f"not a labelled tree: {error}.", number) from None


def _parse_tree(line):
    """Leaves and phrases of a tree like ``(3 (2 good) (4 film))``.

    A phrase is where it starts and ends among the leaves, and its label; the last is the whole.
    """
    tokens = _TREE_TOKENS.findall(line)
    words: list[str] = []
    spans, unfinished = [], []
    for position, token in enumerate(tokens):
        if token == "(":
            following = tokens[position + 1 : position + 2]
            if following not in (["0"], ["1"], ["2"], ["3"], ["4"]):
                raise ValueError("a label must be 0 to 4")
            unfinished.append((len(words), int(following[0])))
        elif token == ")" and unfinished:
            start, label = unfinished.pop()
            if start == len(words):
                raise ValueError("a phrase of it has no words")
            spans.append((start, len(words), label))
        elif tokens[position - 1] != "(":
            words.append(token)
        if not unfinished and position < len(tokens) - 1:
            raise ValueError("it ends before the line does")
    if unfinished or not words:
        raise ValueError("its brackets do not match" if unfinished else "it has no words")
    return words, spans
