"""Phrases: counted, scored and joined as plain Python says, which is written out here."""

import bz2
import gzip
import itertools
import lzma
from collections import Counter
from math import log

import numpy as np
import pytest

from word2vec import ENGLISH_CONNECTOR_WORDS, Phrases, Word2Vec
from word2vec.corpus import LineSentences
from word2vec.saving.archive import DamagedFileError, write_archive

NEW_YORK = [["new", "york", "is", "new"], ["in", "new", "york"], ["new", "york"]]
CONNECTORS = {"of", "the"}
COMPRESS = {".txt": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}


def random_sentences(seed, num_sentences=40):
    """Few words, so that pairs come again; connector words in rows, also at the ends."""
    rng = np.random.default_rng(seed)
    words = ["a", "b", "c", "d", "e", "of", "the"]
    return [
        [words[i] for i in rng.integers(len(words), size=rng.integers(0, 12))]
        for _ in range(num_sentences)
    ]


# -------------------------------------------------------------------- the reference


def places_of_pairs(sentence, connectors):
    """(first, last) of each two words with nothing but connector words between them."""
    places = [i for i, word in enumerate(sentence) if word not in connectors]
    return list(itertools.pairwise(places))


def reference_scores(sentences, min_count, scoring, connectors):
    """From each pair, as a tuple with what stands between, to its score."""
    words = Counter(w for s in sentences for w in s if w not in connectors)
    pairs = Counter(
        tuple(s[i : j + 1]) for s in sentences for i, j in places_of_pairs(s, connectors)
    )
    num_tokens, num_entries = sum(map(len, sentences)), len(words) + len(pairs)
    scores = {}
    for pair, n_ab in pairs.items():
        n_a, n_b = words[pair[0]], words[pair[-1]]
        if n_ab < min_count:
            continue
        if scoring == "default":
            scores[pair] = (n_ab - min_count) / (n_a * n_b) * num_entries
        else:
            p_ab = n_ab / num_tokens
            scores[pair] = log(p_ab / (n_a / num_tokens * n_b / num_tokens)) / -log(p_ab)
    return scores


def reference_joined(sentence, phrases, connectors):
    """From left to right, each word in one phrase at most."""
    joined, done = [], 0
    for i, j in places_of_pairs(sentence, connectors):
        if i >= done and tuple(sentence[i : j + 1]) in phrases:
            joined += [*sentence[done:i], "_".join(sentence[i : j + 1])]
            done = j + 1
    return joined + sentence[done:]


OPTIONS = [
    {"min_count": 1, "threshold": 0.1},
    {"min_count": 2, "threshold": 0.2},
    {"min_count": 1, "threshold": -1, "scoring": "npmi"},
    {"min_count": 4, "threshold": 0.05, "scoring": "npmi"},
]


@pytest.mark.parametrize("connectors", [set(), CONNECTORS], ids=["plain", "connectors"])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("seed", range(4))
def test_scores_and_joined_sentences_are_those_of_the_reference(seed, options, connectors):
    sentences = random_sentences(seed)
    threshold, scoring = options["threshold"], options.get("scoring", "default")
    scores = reference_scores(sentences, options["min_count"], scoring, connectors)
    expected = {pair: score for pair, score in scores.items() if score > threshold}
    phrases = Phrases(sentences, **options, connector_words=connectors)
    exported = phrases.export_phrases()
    assert exported == pytest.approx({"_".join(pair): s for pair, s in expected.items()}, abs=1e-12)
    assert list(exported.values()) == sorted(exported.values(), reverse=True)
    joined = [reference_joined(sentence, expected, connectors) for sentence in sentences]
    assert list(phrases.apply(sentences)) == joined
    assert [phrases[sentence] for sentence in sentences] == joined
    assert exported
    assert joined != sentences


def test_score_worked_by_hand():
    # new 4 times, york 3, together 3; 4 words and 4 pairs: new york, york is, is new, in new
    phrases = Phrases(NEW_YORK, min_count=1, threshold=1)
    assert phrases.export_phrases() == {"new_york": pytest.approx((3 - 1) / (4 * 3) * 8)}


# -------------------------------------------------------------------- corpora


@pytest.mark.parametrize("suffix", COMPRESS)
def test_text_file_gives_the_same_as_its_sentences(tmp_path, suffix):
    sentences = random_sentences(5)
    path = tmp_path / f"text{suffix}"
    path.write_bytes(COMPRESS[suffix]("\n".join(map(" ".join, sentences)).encode() + b"\n"))
    options = {"min_count": 2, "threshold": 0.1, "connector_words": CONNECTORS}
    from_file, in_memory = Phrases(path, **options), Phrases(sentences, **options)
    assert from_file.export_phrases() == in_memory.export_phrases()
    assert list(from_file.apply(path)) == list(in_memory.apply(sentences))
    assert list(from_file.apply(LineSentences(path))) == list(in_memory.apply(sentences))


def test_many_chunks_and_little_memory_give_the_same_as_one(tmp_path, monkeypatch):
    sentences = random_sentences(6)
    path = tmp_path / "text.txt"
    path.write_text("\n".join(map(" ".join, sentences)) + "\n")
    options = {"min_count": 2, "threshold": 0.1, "connector_words": CONNECTORS}
    expected = Phrases(path, **options)
    joined = list(expected.apply(path))
    monkeypatch.setattr("word2vec.corpus.textfile.CHUNK_BYTES", 20)
    monkeypatch.setattr("word2vec.corpus.numbering.CHUNK_TOKENS", 10)
    for corpus in (path, sentences):
        phrases = Phrases(corpus, **options, pairs_in_memory=7)
        assert phrases.export_phrases() == expected.export_phrases()
        assert list(phrases.apply(corpus)) == joined


def test_corpus_that_can_be_read_only_once_is_enough_for_counting_but_not_for_applying():
    phrases = Phrases(iter(NEW_YORK), min_count=1, threshold=1)
    with pytest.raises(ValueError, match="corpus can be read only once"):
        phrases.apply(iter(NEW_YORK))


def test_applied_corpus_can_be_iterated_again_and_trained_on():
    phrases = Phrases(NEW_YORK, min_count=1, threshold=1)
    joined = phrases.apply(NEW_YORK * 20)
    assert list(joined) == list(joined)
    model = Word2Vec(vector_size=4, min_count=1, sample=None, workers=1).fit(joined)
    assert set(model.wv.index_to_key) == {"new_york", "is", "new", "in"}


def test_second_pass_finds_longer_phrases():
    sentences = [["new", "york", "city", "hall"], ["new", "york", "city"], ["the", "hall"]] * 3
    first = Phrases(sentences, min_count=1, threshold=0.5)
    second = Phrases(first.apply(sentences), min_count=1, threshold=0.5)
    assert second[first[["in", "new", "york", "city"]]] == ["in", "new_york_city"]
    assert "new_york_city" in second.export_phrases()


def test_words_with_the_delimiter_in_them_are_told_from_phrases():
    # As joined strings all of these would be a_b_c, and a_b would be a word that was seen.
    sentences = [["a_b", "c"]] * 5 + [["a", "b_c"]] * 3 + [["a_b"], ["a", "x"]]
    phrases = Phrases(sentences, min_count=1, threshold=1e-9)
    scores = reference_scores(sentences, 1, "default", set())
    assert phrases[["a", "b"]] == ["a", "b"]
    assert phrases[["a_b", "c"]] == phrases[["a", "b_c"]] == ["a_b_c"]
    highest = max(scores["a_b", "c"], scores["a", "b_c"])
    assert phrases.export_phrases() == {"a_b_c": pytest.approx(highest)}


def test_words_that_are_empty_long_or_foreign_are_words_like_others():
    sentences = [["", "x" * 99, "ä\n \0"]] * 4
    phrases = Phrases(sentences, min_count=1, threshold=0.1, delimiter="+")
    assert phrases[sentences[0]] == ["+" + "x" * 99, "ä\n \0"]


def test_connector_words_alone_make_no_phrase():
    sentences = [["of", "the"], ["the"], ["of", "a", "of"], ["a"]] * 5
    phrases = Phrases(sentences, min_count=1, threshold=1e-9, connector_words=CONNECTORS)
    assert phrases.export_phrases() == {}
    assert list(phrases.apply(sentences)) == sentences


@pytest.mark.parametrize("corpus", [[], [[]], [[], []]])
def test_corpus_without_words_is_refused(corpus):
    with pytest.raises(ValueError, match="corpus: there are no words. Is it empty, or all white"):
        Phrases(corpus)


def test_file_without_words_is_named(tmp_path):
    (tmp_path / "empty.txt").write_bytes(b"\n \n")
    with pytest.raises(ValueError, match=r"empty\.txt: there are no words"):
        Phrases(tmp_path / "empty.txt")


@pytest.mark.parametrize("content", [b"a b\nb \xff a\n", b"a b\n\0\n"])
def test_file_that_is_no_text_is_named_with_its_line(tmp_path, content):
    (tmp_path / "bad.txt").write_bytes(content)
    phrases = Phrases([["a", "b"]], min_count=1, threshold=1e-9)
    for use in (Phrases, lambda path: list(phrases.apply(path))):
        with pytest.raises(ValueError, match=r"bad\.txt, line 2: "):
            use(tmp_path / "bad.txt")


@pytest.mark.parametrize(
    ("corpus", "message"),
    [
        (["a b", "c d"], "Sentence 0 is a string"),
        ([["a", 3]], "Words must be str. Got 3 of int"),
        ([[["a", "b"], ["c"]]], "Is the corpus a list of lists of words?"),
        (3, "must be a list of words|not iterable"),
    ],
)
def test_corpus_of_another_kind_is_refused(corpus, message):
    with pytest.raises(TypeError, match=message):
        Phrases(corpus)


# -------------------------------------------------------------------- one sentence


def test_item_of_sentences_is_what_apply_returns():
    phrases = Phrases(NEW_YORK, min_count=1, threshold=1)
    assert list(phrases[NEW_YORK]) == list(phrases.apply(NEW_YORK))
    assert phrases[["new", "york"]] == phrases[("new", "york")] == ["new_york"]
    assert phrases[[]] == []


def test_item_of_a_text_is_refused():
    phrases = Phrases(NEW_YORK, min_count=1, threshold=1)
    with pytest.raises(TypeError, match=r"must be a list of words. Got 'new york'.*text.split\(\)"):
        phrases["new york"]


def test_sentence_is_left_as_it_was():
    sentence = ["new", "york"]
    Phrases(NEW_YORK, min_count=1, threshold=1)[sentence]
    assert sentence == ["new", "york"]


# -------------------------------------------------------------------- arguments


def test_threshold_can_be_changed_without_counting_again():
    sentences = random_sentences(7)
    phrases = Phrases(sentences, min_count=2, threshold=100)
    assert phrases.export_phrases() == {}
    phrases.threshold = 0.1
    expected = Phrases(sentences, min_count=2, threshold=0.1)
    assert phrases.export_phrases() == expected.export_phrases() != {}
    assert list(phrases.apply(sentences)) == list(expected.apply(sentences))
    with pytest.raises(ValueError, match="threshold must be positive"):
        phrases.threshold = 0
    assert phrases.threshold == 0.1


def test_threshold_changed_meanwhile_counts_from_the_next_reading(tmp_path, monkeypatch):
    monkeypatch.setattr("word2vec.corpus.textfile.CHUNK_BYTES", 10)
    monkeypatch.setattr("word2vec.corpus.numbering.CHUNK_TOKENS", 2)
    path = tmp_path / "text.txt"
    path.write_text("new york\n" * 5)
    for corpus in (path, [["new", "york"]] * 5):
        phrases = Phrases(corpus, min_count=1, threshold=0.1)
        joined = phrases.apply(corpus)
        reading = iter(joined)
        assert next(reading) == ["new_york"]
        phrases.threshold = 100
        assert list(reading) == [["new_york"]] * 4
        assert list(joined) == [["new", "york"]] * 5


def test_pair_that_just_reaches_the_threshold_is_no_phrase():
    exact = Phrases(NEW_YORK, min_count=1, threshold=1).export_phrases()["new_york"]
    assert Phrases(NEW_YORK, min_count=1, threshold=exact).export_phrases() == {}


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"min_count": 0}, ValueError, "min_count must be an integer >= 1. Got 0"),
        ({"min_count": 2.5}, ValueError, "min_count must be an integer >= 1. Got 2.5"),
        ({"threshold": 0}, ValueError, "threshold must be positive with scoring='default'. Got 0"),
        ({"threshold": "1"}, ValueError, "threshold must be a finite number. Got '1'"),
        ({"threshold": float("nan")}, ValueError, "threshold must be a finite number"),
        ({"scoring": "npmi"}, ValueError, "threshold must be -1 to 1 with scoring='npmi'. Got 10"),
        ({"scoring": "best"}, ValueError, "scoring must be 'default' or 'npmi'. Got 'best'"),
        ({"delimiter": b"_"}, TypeError, "delimiter must be a str. Got b'_'"),
        ({"connector_words": "of"}, TypeError, "connector_words must be a set of words. Got 'of'"),
        ({"connector_words": [1]}, TypeError, "Words must be str. Got 1 of int"),
        ({"connector_words": [["of"]]}, TypeError, "Words must be str, but one has an unhashable"),
        ({"pairs_in_memory": 0}, ValueError, "pairs_in_memory must be an integer >= 1"),
    ],
)
def test_wrong_argument_is_refused_by_name(options, error, message):
    with pytest.raises(error, match=message):
        Phrases(NEW_YORK, **options)


def test_representation_says_how_many_phrases_of_how_much_text():
    phrases = Phrases(NEW_YORK, min_count=1, threshold=1)
    expected = "<Phrases: 1 phrases of 9 words, min_count=1, threshold=1, scoring='default'>"
    assert repr(phrases) == expected


def test_progress_is_told_how_many_words_were_read(monkeypatch):
    monkeypatch.setattr("word2vec.corpus.numbering.CHUNK_TOKENS", 4)
    told = []
    Phrases(NEW_YORK, progress=told.append)
    assert told == [4, 9, 9]


# -------------------------------------------------------------------- saving


@pytest.mark.parametrize("scoring", ["default", "npmi"])
def test_what_is_saved_is_what_is_loaded(tmp_path, scoring):
    sentences = random_sentences(8)
    options = {"min_count": 2, "threshold": 0.1, "scoring": scoring, "delimiter": "+"}
    phrases = Phrases(sentences, **options, connector_words=CONNECTORS | {"never"})
    phrases.save(tmp_path / "phrases")
    loaded = Phrases.load(tmp_path / "phrases")
    assert repr(loaded) == repr(phrases)
    assert loaded.connector_words == phrases.connector_words == CONNECTORS | {"never"}
    assert loaded.delimiter == "+"
    assert loaded.export_phrases() == phrases.export_phrases() != {}
    assert list(loaded.apply(sentences)) == list(phrases.apply(sentences))
    loaded.threshold = phrases.threshold = 0.01
    assert loaded.export_phrases() == phrases.export_phrases()


def test_every_truncation_and_every_flipped_byte_is_recognised(tmp_path):
    path = tmp_path / "phrases"
    Phrases(NEW_YORK, min_count=1, threshold=1).save(path)
    good = path.read_bytes()
    damaged = [good[:length] for length in range(0, len(good), 5)]
    damaged += [good[:i] + bytes([good[i] ^ 4]) + good[i + 1 :] for i in range(0, len(good), 5)]
    for content in damaged:
        path.write_bytes(content)
        with pytest.raises(DamagedFileError, match="phrases is damaged: its checksum does not"):
            Phrases.load(path)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ({"format": "other"}, "holds no phrases. Phrases.save writes such files"),
        ({}, "holds no phrases"),
        (
            {"format": "word2vec-phrases", "version": 99, "library": "7.0"},
            r"has version 99 of the format, written by version 7\.0 of this library",
        ),
    ],
)
def test_file_of_something_else_is_refused(tmp_path, header, message):
    write_archive(tmp_path / "other", header, {})
    with pytest.raises(ValueError, match=message):
        Phrases.load(tmp_path / "other")


def test_english_connector_words_are_the_small_ones():
    assert {"of", "the", "and"} < ENGLISH_CONNECTOR_WORDS
    assert len(ENGLISH_CONNECTOR_WORDS) == 15
