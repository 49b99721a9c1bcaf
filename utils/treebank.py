"""Reads the Stanford Sentiment Treebank, from its classic text files or from its labelled trees."""

import re
from pathlib import Path

import numpy as np

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

    def __init__(self, path, problem, line=None):
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

    def __init__(self, path=None, *, lowercase=True):
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
        self.sentences = [
            [word.lower() for word in sentence] if lowercase else sentence for sentence in sentences
        ]
        self.splits = np.array(splits)
        self.labels = np.array(labels, dtype=np.int64)

    def __len__(self):
        return len(self.sentences)

    def split(self, name):
        """Sentences and labels of one split.

        Parameters
        ----------
        name : {"train", "dev", "test"}

        Returns
        -------
        sentences : list of lists of str
        labels : ndarray of int64
        """
        if name not in SPLITS:
            raise ValueError(f"name must be one of {', '.join(SPLITS)}. Got {name!r} instead.")
        members = np.flatnonzero(self.splits == name)
        return [self.sentences[i] for i in members], self.labels[members]


def default_path():
    """The treebank that was downloaded into data/, the classic layout if both are there; or None"""
    directories = (DATA_DIR / "stanfordSentimentTreebank", DATA_DIR / "trees")
    return next((directory for directory in directories if directory.is_dir()), None)


def _read_lines(path):
    """The lines of a UTF-8 file, without their ends.

    Only "\\n" ends a line: str.splitlines would also split at the U+0085 that some words contain.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise TreebankError(path, "the file is missing.") from None
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
        score = score_of.get(" ".join(_BRACKETS.get(word, word) for word in words))
        if score is None:
            raise TreebankError(path, f"sentence {index} is not in dictionary.txt.", number)
        sentences.append(words)
        splits.append(split_of.pop(index))
        labels.append(int(np.searchsorted(_CLASS_ENDS, score)))
    if split_of:
        raise TreebankError(
            path, f"truncated: {len(split_of)} sentences of datasetSplit.txt are missing."
        )
    return sentences, splits, labels


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
    for split in SPLITS:
        path = directory / f"{split}.txt"
        for number, line in enumerate(_read_lines(path), start=1):
            try:
                words, label = _parse_tree(line)
            except ValueError as error:
                raise TreebankError(path, f"not a labelled tree: {error}.", number) from None
            sentences.append(words)
            splits.append(split)
            labels.append(label)
    return sentences, splits, labels


def _parse_tree(line):
    """Leaves and root label of a tree like ``(3 (2 good) (4 film))``."""
    tokens = _TREE_TOKENS.findall(line)
    depth, words = 0, []
    for position, token in enumerate(tokens):
        if token == "(":
            depth += 1
            label = tokens[position + 1 : position + 2]
            if label not in (["0"], ["1"], ["2"], ["3"], ["4"]):
                raise ValueError("a label must be 0 to 4")
        elif token == ")":
            depth -= 1
        elif tokens[position - 1] != "(":
            words.append(token)
        if depth < 1 and position < len(tokens) - 1:
            raise ValueError("it ends before the line does")
    if depth or not words:
        raise ValueError("its brackets do not match" if depth else "it has no words")
    return words, int(tokens[1])
