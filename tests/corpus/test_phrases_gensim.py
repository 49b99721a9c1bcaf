"""Ours beside gensim's `Phrases`, on the same sentences and files."""

from pathlib import Path

import pytest

from word2vec import ENGLISH_CONNECTOR_WORDS, Phrases

theirs = pytest.importorskip("gensim.models.phrases")

TEXT = Path(__file__).parents[2] / "docs" / "derivations.md"
SENTENCES = [line.lower().split() for line in TEXT.read_text(encoding="utf-8").splitlines()]
# Joined strings of different words are one entry in gensim: a stated difference.
SENTENCES = [[word.replace("_", "-") for word in sentence] for sentence in SENTENCES]

OPTIONS = [
    {"min_count": 1, "threshold": 0.5},
    {"min_count": 5, "threshold": 10},
    {"min_count": 3, "threshold": -1, "scoring": "npmi"},
    {"min_count": 2, "threshold": 0.6, "scoring": "npmi", "delimiter": "+-"},
]


@pytest.mark.parametrize("connectors", [frozenset(), ENGLISH_CONNECTOR_WORDS, {"the", "=", "|"}])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_phrases_scores_and_joined_sentences_are_those_of_gensim(options, connectors):
    ours = Phrases(SENTENCES, **options, connector_words=connectors)
    gensims = theirs.Phrases(SENTENCES, **options, connector_words=connectors)
    found = gensims.export_phrases()
    assert ours.export_phrases() == pytest.approx(found, rel=0, abs=1e-9)
    assert len(found) > 10
    assert list(ours.apply(SENTENCES)) == list(gensims[SENTENCES])


def test_connector_words_are_those_of_gensim():
    assert ENGLISH_CONNECTOR_WORDS == theirs.ENGLISH_CONNECTOR_WORDS


def test_a_second_pass_joins_what_gensim_joins():
    options = {"min_count": 3, "threshold": 5}
    ours_first, gensims_first = Phrases(SENTENCES, **options), theirs.Phrases(SENTENCES, **options)
    joined = list(gensims_first[SENTENCES])
    ours = Phrases(ours_first.apply(SENTENCES), **options)
    gensims = theirs.Phrases(joined, **options)
    assert list(ours.apply(joined)) == list(gensims[joined])
