"""How well word vectors agree with people: word similarity and word analogies.

The counting is that of gensim's methods of the same purpose: which lines are questions, which words
are known, how case is folded, which answers are passed over. What was left out is returned as well.
"""

import io
from dataclasses import dataclass, field

import numpy as np

from ..checks import StrPath, check_choice
from ..saving.reading import naming_errors, open_for_reading
from . import nearest
from .store import VectorStore

# An analogy is answered by the best of so many candidates that is not a word of the question in
# another spelling ("King" for "KING").
NUM_CANDIDATES = 5


@dataclass(frozen=True)
class WordPairs:
    """Result of `word_pairs`.

    Attributes
    ----------
    pearson, spearman : pairs (correlation, two-sided p-value)
    num_used : int
        Pairs the correlations are computed from.
    num_unknown : int
        Pairs with an unknown word.
    num_invalid : int
        Lines that are not two words and a number.
    oov_ratio : float
        Percentage of the pairs that have an unknown word.
    """

    pearson: tuple[float, float]
    spearman: tuple[float, float]
    num_used: int
    num_unknown: int
    num_invalid: int
    oov_ratio: float


@dataclass
class Section:
    """The analogies of one section: quadruples of words (a, b, c, expected answer).

    `num_unknown` of them have an unknown word. They are in neither list, or among the incorrect
    ones if unknown words were to count as errors.
    """

    name: str
    correct: list[tuple[str, ...]] = field(default_factory=list)
    incorrect: list[tuple[str, ...]] = field(default_factory=list)
    num_unknown: int = 0

    @property
    def score(self) -> float:
        """Share of correct answers; 0 if there is none to judge."""
        num_answers = len(self.correct) + len(self.incorrect)
        return len(self.correct) / num_answers if num_answers else 0.0


@dataclass
class Analogies:
    """Result of `word_analogies`: the sections, and how many lines were not four words."""

    sections: list[Section]
    num_invalid: int

    @property
    def total(self) -> Section:
        """All sections as one."""
        return Section(
            "Total accuracy",
            [quadruple for section in self.sections for quadruple in section.correct],
            [quadruple for section in self.sections for quadruple in section.incorrect],
            sum(section.num_unknown for section in self.sections),
        )


def word_pairs(
    kv: VectorStore,
    path: StrPath,
    delimiter: str = "\t",
    encoding: str = "utf8",
    restrict_vocab: int | None = 300000,
    case_insensitive: bool = True,
    dummy4unknown: bool = False,
) -> WordPairs:
    """Correlation of cosine similarities with human judgments; see `KeyedVectors`.

    Returns
    -------
    WordPairs

    Raises
    ------
    ValueError
        If fewer than two pairs are left to correlate.
    """
    from scipy import stats  # takes longer to import than all the rest of the library

    rows_of = _known_words(kv, restrict_vocab, case_insensitive)
    judged, computed = [], []
    num_unknown = num_invalid = 0
    for line in _lines(path, encoding):
        if line.startswith("#"):
            continue
        pair = _parse_pair(line.upper() if case_insensitive else line, delimiter)
        if pair is None:
            num_invalid += bool(line.strip())
            continue
        word_1, word_2, judgment = pair
        known = word_1 in rows_of and word_2 in rows_of
        num_unknown += not known
        if known:
            unit_1, unit_2 = nearest.unit(kv.vectors[[rows_of[word_1], rows_of[word_2]]])
            computed.append(np.dot(unit_1, unit_2))
            judged.append(judgment)
        elif dummy4unknown:
            computed.append(0.0)
            judged.append(judgment)
    if len(judged) < 2:
        raise ValueError(
            f"{path}: a correlation needs at least two pairs. Got {len(judged)} instead: "
            f"{num_unknown} pairs have unknown words, and {num_invalid} lines are not two words "
            f"and a number with {delimiter!r} between them."
        )
    num_pairs = len(judged) if dummy4unknown else len(judged) + num_unknown
    return WordPairs(
        pearson=stats.pearsonr(judged, computed),
        spearman=stats.spearmanr(judged, computed),
        num_used=len(judged),
        num_unknown=num_unknown,
        num_invalid=num_invalid,
        oov_ratio=100 * num_unknown / num_pairs,
    )


def word_analogies(
    kv: VectorStore,
    path: StrPath,
    restrict_vocab: int | None = 300000,
    case_insensitive: bool = True,
    dummy4unknown: bool = False,
    similarity_function: str = "most_similar",
) -> Analogies:
    """Answer the analogies of a file; see `KeyedVectors`.

    Returns
    -------
    Analogies

    Raises
    ------
    ValueError
        If there are no analogies, some stand before the first section, or the similarity function
        is unknown.
    """
    check_choice("similarity_function", similarity_function, _ANALOGY_SCORES)
    rows_of = _known_words(kv, restrict_vocab, case_insensitive)
    sections, questions = [], []  # a question: its section, and the four words
    num_invalid = 0
    for number, line in enumerate(_lines(path, "utf8"), 1):
        if line.startswith(": "):
            sections.append(Section(line.lstrip(": ").strip()))
            continue
        words = tuple((line.upper() if case_insensitive else line).split())
        if not words:
            continue
        if not sections:
            raise ValueError(f"{path}: line {number} stands before the first section (': name')")
        if len(words) != 4:
            num_invalid += 1
        else:
            questions.append((sections[-1], words))
    if not questions:
        raise ValueError(f"{path}: there are no lines of four words")

    is_known = [all(word in rows_of for word in words) for _, words in questions]
    asked = [words[:3] for (_, words), known in zip(questions, is_known, strict=True) if known]
    rows = np.array([[rows_of[word] for word in words] for words in asked], np.intp).reshape(-1, 3)
    num_rows = len(kv) if restrict_vocab is None else min(restrict_vocab, len(kv))
    candidates = _candidates(kv, rows, num_rows, similarity_function)
    for (section, words), known in zip(questions, is_known, strict=True):
        answer = None
        if known:
            found = [str(kv.index_to_key[row]) for row in next(candidates)]
            found = [word.upper() for word in found] if case_insensitive else found
            answer = next((word for word in found if word not in words[:3]), None)
        else:
            section.num_unknown += 1
        if known or dummy4unknown:
            (section.correct if answer == words[3] else section.incorrect).append(words)
    return Analogies(sections, num_invalid)


def _known_words(kv, restrict_vocab, case_insensitive):
    """Row of each word; of several spellings, the first row."""
    words = [word for word in kv.index_to_key[:restrict_vocab] if isinstance(word, str)]
    rows_of: dict[str, int] = {}
    for word in words:
        rows_of.setdefault(word.upper() if case_insensitive else word, kv.key_to_index[word])
    return rows_of


def _lines(path, encoding):
    with (
        naming_errors(path),
        open_for_reading(path) as file,
        io.TextIOWrapper(file, encoding=encoding) as lines,
    ):
        yield from lines


def _parse_pair(line, delimiter):
    try:
        word_1, word_2, judgment = line.split(delimiter)
        return word_1, word_2, float(judgment)
    except ValueError:
        return None


def _candidates(kv, questions, num_rows, similarity_function):
    """For each question (rows of a, b, c) the rows of the best answers, best first.

    The questions are answered many at a time, by matrix products of bounded size.
    """
    score = _ANALOGY_SCORES[similarity_function]
    kv.fill_norms()
    vectors, norms = kv.vectors[:num_rows], kv.norms[:num_rows]
    for part in nearest.batches(len(questions), 3 * num_rows):
        units = nearest.unit(kv.vectors[questions[part]])  # (questions, 3, d)
        for rows, scores in zip(questions[part], score(vectors, norms, units), strict=True):
            best = nearest.largest(scores, NUM_CANDIDATES + 3)
            yield best[~np.isin(best, rows)][:NUM_CANDIDATES]


def _cosadd(vectors, norms, units):
    """3CosAdd: cosine with b + c - a."""
    a, b, c = units[:, 0], units[:, 1], units[:, 2]
    return nearest.cosines(vectors, norms, nearest.unit(b + c - a))


def _cosmul(vectors, norms, units):
    """3CosMul: cos b * cos c / cos a, each shifted to [0, 1]."""
    a, b, c = ((1 + nearest.cosines(vectors, norms, units[:, i])) / 2 for i in range(3))
    return b * c / (a + 1e-6)


_ANALOGY_SCORES = {"most_similar": _cosadd, "most_similar_cosmul": _cosmul}
