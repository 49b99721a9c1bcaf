"""Word vectors and the questions asked of them.

`KeyedVectors` has the names, arguments, defaults and results of the class of that name in gensim 4,
so that code written for one runs on the other. Similarity is cosine similarity throughout.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from ..checks import FloatArray, StrPath
from . import evaluation, formats, nearest, npy_format
from .store import KEY_TYPES, Key, VectorStore, Word, as_list

if TYPE_CHECKING:
    from typing_extensions import Self

Term = Key | np.ndarray  # of a question: a key, or a vector itself
WeightedTerms = Term | Iterable[Term | tuple[Term, float]]
Neighbors = list[tuple[Word, float]]


class KeyedVectors(VectorStore):
    """A matrix of vectors whose rows are found by key, usually a word.

    Parameters
    ----------
    vector_size : int
        Length d of each vector.
    count : int
        Empty rows to allocate, which `add_vector` then fills one by one.
    dtype : floating-point dtype

    Attributes
    ----------
    vectors : ndarray of shape (n, d)
        After writing into this array call `fill_norms(force=True)`; assigning a new array,
        `add_vector`, `add_vectors` and ``kv[key] = vector`` need no such call.
    index_to_key : list of length n
        The key of each row, the most frequent first where the counts are known.
    key_to_index : dict
        The row of each key.
    vector_size : int
    norms : ndarray of shape (n,) or None
        Length of each vector, once `fill_norms` or a query has computed it.

    Notes
    -----
    Wherever a key is expected, an integer that is not itself a key means that row.
    An unknown key raises a `KeyError` that names the closest spellings.

    Examples
    --------
    >>> import numpy as np
    >>> words = ["king", "queen", "apple"]
    >>> kv = KeyedVectors.from_words(words, np.array([[2.0, 1.0], [1.0, 2.0], [-1.0, 0.5]]))
    >>> kv.most_similar("king", topn=1)
    [('queen', 0.8)]
    """

    # ---------------------------------------------------------------- similarity

    def similarity(self, w1: Key, w2: Key) -> np.floating:
        """Cosine similarity of two keys."""
        return np.dot(nearest.unit(self[w1]), nearest.unit(self[w2]))

    def distance(self, w1: Key, w2: Key) -> np.floating:
        """Cosine distance of two keys, ``1 - similarity``; exactly 0 of a key to itself."""
        similarity = self.similarity(w1, w2)
        return 0 * similarity if w1 == w2 else 1 - similarity  # rounding would leave a little

    def n_similarity(self, ws1: str | Sequence[Term], ws2: str | Sequence[Term]) -> np.floating:
        """Cosine similarity of the mean vectors of two lists of keys; unknown keys are left out.

        Raises
        ------
        ZeroDivisionError
            If one of the lists is empty.
        """
        if len(ws1) == 0 or len(ws2) == 0:
            raise ZeroDivisionError("ws1 and ws2 must each have at least one key")
        mean1 = self.get_mean_vector(ws1, pre_normalize=False)
        mean2 = self.get_mean_vector(ws2, pre_normalize=False)
        return np.dot(nearest.unit(mean1), nearest.unit(mean2))

    @staticmethod
    def cosine_similarities(vector_1: np.ndarray, vectors_all: ArrayLike) -> FloatArray:
        """Cosine of one vector (d,) with each row of a matrix (n, d), as an array (n,)."""
        vectors_all = np.asarray(vectors_all)
        norms = nearest.row_norms(vectors_all)
        return nearest.cosines(vectors_all, norms, nearest.unit(vector_1))

    def distances(self, word_or_vector: Term, other_words: Sequence[Key] | None = ()) -> FloatArray:
        """Cosine distance of a key, or of a vector, to each of `other_words`.

        Parameters
        ----------
        word_or_vector : str, int or ndarray of shape (d,)
        other_words : list of keys
            All keys if empty.

        Returns
        -------
        ndarray of shape (len(other_words),) or (n,)
        """
        query = word_or_vector
        if isinstance(query, KEY_TYPES):
            query = self.get_vector(query)
        if other_words is not None and len(other_words):
            return 1 - self.cosine_similarities(query, self[list(other_words)])
        return 1 - self._cosines(nearest.unit(query))

    def get_mean_vector(
        self,
        keys: Term | Iterable[Term],
        weights: ArrayLike | None = None,
        pre_normalize: bool = True,
        post_normalize: bool = False,
        ignore_missing: bool = True,
    ) -> FloatArray:
        """Weighted mean of the vectors of several keys.

        Parameters
        ----------
        keys : list of (str, int or ndarray of shape (d,))
            Arrays are taken as they are.
        weights : sequence of float, optional
            One for each key, 1 if left out. The sum is divided by the sum of their magnitudes.
        pre_normalize : bool
            Scale the vector of each key to length one first.
        post_normalize : bool
            Scale the mean to length one.
        ignore_missing : bool
            Leave out unknown keys. If none is left the mean is zero.

        Returns
        -------
        ndarray of shape (d,)

        Raises
        ------
        ValueError
            If `keys` is empty or the weights do not fit.
        KeyError
            If a key is unknown and `ignore_missing` is False.
        """
        keys = as_list(keys)
        if not keys:
            raise ValueError("cannot compute mean with no input: keys must have at least one key")
        weights = np.ones(len(keys)) if weights is None else np.asarray(weights)
        if weights.shape != (len(keys),):
            raise ValueError(
                "keys and weights array must have same number of elements. "
                f"Got {len(keys)} keys and weights of shape {weights.shape} instead."
            )
        total: FloatArray = np.zeros(self.vector_size)
        total_weight = 0.0
        for key, weight in zip(keys, weights, strict=True):
            if isinstance(key, np.ndarray):
                total += weight * self._checked_vector(key)
            elif not ignore_missing or key in self:
                total += weight * self.get_vector(key, norm=pre_normalize)
            else:
                continue
            total_weight += abs(weight)
        mean = total / (total_weight or 1)
        if post_normalize:
            mean = nearest.unit(mean)
        return mean.astype(self.vectors.dtype)

    # ---------------------------------------------------------------- nearest neighbours

    def most_similar(
        self,
        positive: WeightedTerms | None = None,
        negative: WeightedTerms | None = None,
        topn: int | None = 10,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
    ) -> Neighbors | Any:
        """The keys most similar to the mean of some keys minus some others.

        ``most_similar(["king", "woman"], ["man"])`` solves the analogy "man is to king as woman is
        to ...". The keys of the question are not among the answers.

        Parameters
        ----------
        positive, negative : key, vector (d,), or list of these or of pairs (key, weight)
            Without a weight, positive ones have 1 and negative ones -1.
        topn : int or None
            How many answers; None for the similarities of all rows.
        clip_start, clip_end : int
            Look only at these rows.
        restrict_vocab : int, optional
            Look only at the first so many rows, whatever the clips say.

        Returns
        -------
        list of (key, float), the most similar first; or, without `topn`, ndarray of shape (rows,)

        Raises
        ------
        KeyError
            If a key is unknown.
        ValueError
            If there is neither a positive nor a negative key.

        Notes
        -----
        With unit vectors u_k and weights w_k of the keys, the score of row i is the cosine of v_i
        and sum_k w_k u_k: 3CosAdd of Levy and Goldberg (2014), eq. 3, for an analogy.
        """
        if isinstance(topn, Integral) and topn < 1:
            return []
        terms = [_with_weight(item, 1.0) for item in as_list(positive)]
        terms += [_with_weight(item, -1.0) for item in as_list(negative)]
        keys = [key for key, _ in terms]
        mean = self.get_mean_vector(
            keys, [weight for _, weight in terms], post_normalize=True, ignore_missing=False
        )
        start, end = (0, restrict_vocab) if restrict_vocab else (clip_start, clip_end or len(self))
        scores = self._cosines(mean, start, end)
        return self._best(scores, topn, self._rows_of(keys), start) if topn else scores

    def most_similar_batch(
        self, keys: Term | Iterable[Term], topn: int = 10, restrict_vocab: int | None = None
    ) -> list[Neighbors]:
        """`most_similar` for each of many keys, several times faster than one after the other.

        Parameters
        ----------
        keys : list of (str, int or ndarray of shape (d,)), or ndarray of shape (q, d)
        topn : int
        restrict_vocab : int, optional
            Look only at the first so many rows.

        Returns
        -------
        list of lists of (key, float)
            Item i is ``most_similar(keys[i], topn=topn)``, with scores up to rounding.

        Raises
        ------
        KeyError
            If a key is unknown.

        Notes
        -----
        The scores are matrix products over parts of `keys`, at most
        `word2vec.vectors.nearest.SCORES_AT_ONCE` of them at a time.
        """
        keys = as_list(keys)
        if not keys or topn < 1:
            return [[] for _ in keys]
        queries = np.stack([self._unit_vector(key) for key in keys])
        num_rows = min(restrict_vocab or len(self), len(self))
        answers = []
        for part in nearest.batches(len(keys), num_rows):
            all_scores = self._cosines(queries[part], 0, num_rows)
            for key, scores in zip(keys[part], all_scores, strict=True):
                answers.append(self._best(scores, topn, self._rows_of([key])))
        return answers

    def most_similar_cosmul(
        self,
        positive: Term | Iterable[Term] | None = None,
        negative: Term | Iterable[Term] | None = None,
        topn: int | None = 10,
        restrict_vocab: int | None = None,
    ) -> Neighbors | Any:
        """As `most_similar`, with the similarities multiplied and divided instead of added.

        No single large similarity can then decide the answer.

        Parameters
        ----------
        positive, negative : key, vector (d,), or list of these
        topn : int or None
            How many answers; None for the scores of all rows.
        restrict_vocab : int, optional
            Look only at the first so many rows.

        Returns
        -------
        list of (key, float), the best first; or, without `topn`, ndarray of shape (rows,)

        Raises
        ------
        KeyError
            If a key is unknown.
        ValueError
            If there is no positive key.

        Notes
        -----
        3CosMul of Levy and Goldberg (2014), "Linguistic regularities in sparse and explicit word
        representations", eq. 4, with each cosine c shifted to (1 + c) / 2:
        score_i = prod_positive / (prod_negative + 1e-6).
        """
        if isinstance(topn, Integral) and topn < 1:
            return []
        positive, negative = as_list(positive), as_list(negative)
        if not positive:
            raise ValueError("cannot compute similarity with no input: positive must have a key")

        def product(keys):
            cosines = [self._cosines(self._unit_vector(key), 0, restrict_vocab) for key in keys]
            return np.prod([(1 + cosine) / 2 for cosine in cosines], axis=0)

        scores = product(positive) / (product(negative) + 1e-6)
        return self._best(scores, topn, self._rows_of(positive + negative)) if topn else scores

    def similar_by_key(
        self, key: Key, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Neighbors | Any:
        """`most_similar` for one key."""
        return self.most_similar([key], topn=topn, restrict_vocab=restrict_vocab)

    def similar_by_word(
        self, word: Key, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Neighbors | Any:
        """`most_similar` for one word."""
        return self.similar_by_key(word, topn, restrict_vocab)

    def similar_by_vector(
        self, vector: ArrayLike, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Neighbors | Any:
        """`most_similar` for one vector (d,)."""
        return self.most_similar([np.asarray(vector)], topn=topn, restrict_vocab=restrict_vocab)

    def _cosines(self, unit_query, start=0, end=None):
        self.fill_norms()
        return nearest.cosines(self.vectors[start:end], self.norms[start:end], unit_query)

    def _best(self, scores, topn, excluded_rows, first_row=0):
        """The `topn` best (key, score), given the scores of the rows from `first_row` on."""
        best = nearest.largest(scores, topn + len(excluded_rows))
        found = [
            (self.index_to_key[row + first_row], float(scores[row]))
            for row in best.tolist()
            if row + first_row not in excluded_rows
        ]
        return found[:topn]

    def _rows_of(self, keys):
        return {self.get_index(key) for key in keys if not isinstance(key, np.ndarray)}

    def _unit_vector(self, key):
        if isinstance(key, np.ndarray):
            return nearest.unit(self._checked_vector(key)).astype(self.vectors.dtype)
        return self.get_vector(key, norm=True)

    def _checked_vector(self, vector):
        if vector.shape != (self.vector_size,):
            raise ValueError(
                f"a vector must have shape ({self.vector_size},). Got {vector.shape} instead."
            )
        return vector

    # ---------------------------------------------------------------- comparing keys

    def most_similar_to_given(self, key1: Key, keys_list: Sequence[Key]) -> Word:
        """The key of `keys_list` that is most similar to `key1`."""
        return keys_list[int(np.argmax([self.similarity(key1, key) for key in keys_list]))]

    def closer_than(self, key1: Key, key2: Key) -> list[Word]:
        """All keys that are more similar to `key1` than `key2` is."""
        distances = self.distances(key1)
        closer = np.flatnonzero(distances < distances[self.get_index(key2)])
        own_row = self.get_index(key1)
        return [self.index_to_key[row] for row in closer if row != own_row]

    def rank(self, key1: Key, key2: Key) -> int:
        """Place of `key2` among the keys most similar to `key1`; the most similar has rank 1."""
        return len(self.closer_than(key1, key2)) + 1

    def rank_by_centrality(
        self, words: Sequence[Key], use_norm: bool = True
    ) -> list[tuple[np.floating, Word]]:
        """Words by their similarity to the mean of them all.

        Parameters
        ----------
        words : list of keys
            Unknown ones are left out with a warning.
        use_norm : bool
            Scale each vector to length one first.

        Returns
        -------
        list of (float, key), the most similar first

        Raises
        ------
        ValueError
            If no word is known.
        """
        known = [word for word in words if word in self]
        if len(known) < len(words):
            unknown = [word for word in words if word not in self]
            warnings.warn(f"words not present in vocabulary are left out: {unknown}", stacklevel=2)
        if not known:
            raise ValueError("cannot select a word from an empty list: no known word was given")
        vectors = np.stack([self.get_vector(word, norm=use_norm) for word in known])
        mean = self.get_mean_vector(vectors, post_normalize=True)
        return sorted(zip(vectors @ mean, known, strict=True), reverse=True)

    def doesnt_match(self, words: Sequence[Key]) -> Word:
        """The word that is least similar to the mean of them all."""
        return self.rank_by_centrality(words)[-1][1]

    def relative_cosine_similarity(self, wa: Key, wb: Key, topn: int = 10) -> float:
        """Similarity of two keys, relative to those of the `topn` keys most similar to `wa`.

        Above 1 / topn, `wb` is closer to `wa` than these are on average.

        Raises
        ------
        ValueError
            If there are no other keys.

        References
        ----------
        Leeuwenberg et al. (2016), "A minimally supervised approach for synonym extraction with
        word embeddings", eq. 1.
        """
        neighbors = self.similar_by_key(wa, topn)
        if not neighbors:
            raise ValueError("relative similarity needs at least one other key, and topn >= 1")
        return float(self.similarity(wa, wb)) / sum(score for _, score in neighbors)

    def vectors_for_all(
        self, keys: Iterable[Key], allow_inference: bool = True, copy_vecattrs: bool = False
    ) -> Self:
        """The vectors of some keys as `KeyedVectors` of their own.

        Parameters
        ----------
        keys : iterable of keys
            Unknown ones are left out; repeated ones are taken once.
        allow_inference : bool
            Accept rows as keys, too. (In gensim also: words a subclass can infer.)
        copy_vecattrs : bool
            Copy the attributes of the keys.
        """
        known = self if allow_inference else self.key_to_index
        keys = [key for key in dict.fromkeys(keys) if key in known]
        chosen = type(self).from_words(keys, self[keys])
        if copy_vecattrs:
            rows = [self.get_index(key) for key in keys]
            chosen.expandos = {name: values[rows] for name, values in self.expandos.items()}
        return chosen

    # ---------------------------------------------------------------- evaluation

    def evaluate_word_pairs(
        self,
        pairs: StrPath,
        delimiter: str = "\t",
        encoding: str = "utf8",
        restrict_vocab: int | None = 300000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
    ) -> tuple[tuple[float, float], tuple[float, float], float]:
        """Correlation of the similarities with human judgments, as in WordSim-353.

        Parameters
        ----------
        pairs : path
            Lines of two words and a number; lines starting with ``#`` are comments.
        delimiter, encoding : str
        restrict_vocab : int or None
            Words beyond the first so many rows count as unknown.
        case_insensitive : bool
            Compare words in upper case; of several spellings the first (most frequent) is taken.
        dummy4unknown : bool
            Give pairs with an unknown word similarity 0 instead of leaving them out.

        Returns
        -------
        pearson, spearman : pairs (correlation, two-sided p-value)
        oov_ratio : float
            Percentage of the pairs that have an unknown word.

        Raises
        ------
        ValueError
            If fewer than two pairs are left.

        See Also
        --------
        word2vec.vectors.evaluation.word_pairs : also returns how many pairs were used and skipped.
        """
        result = evaluation.word_pairs(
            self, pairs, delimiter, encoding, restrict_vocab, case_insensitive, dummy4unknown
        )
        return result.pearson, result.spearman, result.oov_ratio

    def evaluate_word_analogies(
        self,
        analogies: StrPath,
        restrict_vocab: int | None = 300000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
        similarity_function: str = "most_similar",
    ) -> tuple[float, list[dict[str, Any]]]:
        """Share of analogies "a is to b as c is to ..." whose answer is found, section by section.

        Parameters
        ----------
        analogies : path
            Lines of four words, in sections that begin with a line ``: name``, as in
            ``questions-words.txt``.
        restrict_vocab : int or None
            Words beyond the first so many rows are unknown, and are no answers.
        case_insensitive : bool
            Compare words in upper case; of several spellings the first (most frequent) is taken.
        dummy4unknown : bool
            Count analogies with an unknown word as wrong instead of leaving them out.
        similarity_function : {"most_similar", "most_similar_cosmul"}
            The method whose formula answers.

        Returns
        -------
        score : float
            Correct answers by questions answered, over all sections.
        sections : list of dict
            With the keys ``"section"`` (its name), ``"correct"`` and ``"incorrect"`` (lists of the
            quadruples of words); the last one is ``"Total accuracy"``.

        Raises
        ------
        ValueError
            If there are no analogies, or some stand before the first section.

        See Also
        --------
        word2vec.vectors.evaluation.word_analogies : also returns how many analogies were skipped.
        """
        result = evaluation.word_analogies(
            self, analogies, restrict_vocab, case_insensitive, dummy4unknown, similarity_function
        )
        sections = [
            {"section": part.name, "correct": part.correct, "incorrect": part.incorrect}
            for part in [*result.sections, result.total]
        ]
        return result.total.score, sections

    # ---------------------------------------------------------------- files

    @classmethod
    def load_word2vec_format(
        cls,
        fname: StrPath,
        fvocab: StrPath | None = None,
        binary: bool = False,
        encoding: str = "utf8",
        unicode_errors: str = "strict",
        limit: int | None = None,
        datatype: DTypeLike = np.float32,
        no_header: bool = False,
    ) -> Self:
        """Load a file of the C tool, gensim, fastText (``.vec``) or GloVe.

        Parameters
        ----------
        fname : path
            May be compressed with gzip.
        fvocab : path, optional
            Lines of a word and its count, as written by `save_word2vec_format` and by the C tool's
            ``-save-vocab``.
        binary : bool
            Whether the file is in the binary format.
        encoding, unicode_errors : str
            How words are decoded. ``"replace"`` or ``"ignore"`` read words the C tool has cut in
            the middle of a character.
        limit : int, optional
            Read only the first so many vectors.
        datatype : floating-point dtype
        no_header : bool
            The first line is already a vector, as in GloVe's files. Also recognised without being
            told, unless that line consists of just two integers.

        Returns
        -------
        KeyedVectors

        Raises
        ------
        ValueError
            If the file is damaged or of another format; the message says where.
        EOFError
            If it ends early.

        Warns
        -----
        UserWarning
            If words occur twice (the first is kept), vectors have NaN or infinity, or the file
            goes on after the number of vectors its header names; with their count.
        """
        words, vectors = formats.read_word2vec(
            fname,
            binary=binary,
            encoding=encoding,
            unicode_errors=unicode_errors,
            limit=limit,
            datatype=datatype,
            no_header=no_header,
        )
        counts = None
        if fvocab is not None:
            counts = formats.read_counts(fvocab, words, encoding, unicode_errors)
        return cls.from_words(words, vectors, counts)

    def save_word2vec_format(
        self,
        fname: StrPath,
        fvocab: StrPath | None = None,
        binary: bool = False,
        total_vec: int | None = None,
        write_header: bool = True,
        prefix: str = "",
        append: bool = False,
        sort_attr: str = "count",
    ) -> None:
        """Save in the format of the C tool, byte for byte as gensim does.

        Parameters
        ----------
        fname : path
            Compressed with gzip if it ends in ``.gz``. The file appears when it is complete.
        fvocab : path, optional
            Where to write the words and their counts.
        binary : bool
            Numbers as float32 instead of decimal digits.
        total_vec : int, optional
            Number of vectors named in the header, if more are to be appended later.
        write_header : bool
            Without it, the text format is GloVe's.
        prefix : str
            Put before each word.
        append : bool
            Append to the file, in place.
        sort_attr : str
            Write the keys with the largest such attribute first; rows keep their order if no key
            has it.

        Raises
        ------
        ValueError
            If a word would be read back as another: with a newline, in the binary format with a
            space, in text with a space at its end. If `fvocab` is given and the keys have no
            `sort_attr`.
        """
        rows, keys, vectors = self._in_order_of(sort_attr)
        words = [f"{prefix}{key}" for key in keys]
        if fvocab is not None:
            if sort_attr not in self.expandos:
                raise ValueError(
                    f"fvocab needs the attribute {sort_attr!r}, which these vectors do not have"
                )
            formats.write_counts(fvocab, words, self.expandos[sort_attr][rows], append=append)
        formats.write_word2vec(
            fname,
            words,
            vectors,
            binary=binary,
            num_vectors=total_vec,
            write_header=write_header,
            append=append,
        )

    def save(self, fname: StrPath) -> None:
        """Save in our own format, which `load` reads at once.

        Parameters
        ----------
        fname : path
            Must end in ``.npy``. The vocabulary follows the matrix, with the counts if they are
            known. See `word2vec.vectors.npy_format`.
        """
        rows, keys, vectors = self._in_order_of(None)
        counts = self.expandos["count"][rows] if "count" in self.expandos else None
        npy_format.save(fname, keys, vectors, counts)

    @classmethod
    def load(cls, fname: StrPath, mmap: bool = False) -> Self:
        """Load what `save` has written.

        Parameters
        ----------
        fname : path
        mmap : bool
            Map the matrix into memory instead of reading it: at once, whatever its size, and
            shared by all processes that do so. It is copied when a vector is first replaced.

        Raises
        ------
        ValueError
            If the file is damaged. With `mmap`, the bytes of the matrix are not checked.
        """
        words, vectors, counts = npy_format.load(fname, mmap)
        return cls.from_words(words, vectors, counts)


def _with_weight(item, weight):
    """(key or vector, weight) of an item that may bring its own weight."""
    if isinstance(item, (*KEY_TYPES, np.ndarray)):
        return item, weight
    key, weight = item
    return key, weight
