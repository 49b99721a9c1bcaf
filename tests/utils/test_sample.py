"""The sample data: what the generator writes, in the treebank's layout, fit for their purpose."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from data.make_sample import SAMPLE_DIR, write_sample

SCRIPT = SAMPLE_DIR.with_name("make_sample.py")
GROUPS = {
    "praise": "great cool brilliant wonderful well amazing worth sweet enjoyable",
    "blame": "boring bad dumb annoying waste",
    "people": "female male queen king man woman",
    "weather": "rain snow hail",
    "drinks": "coffee tea",
}
GROUP_OF = {word: group for group, words in GROUPS.items() for word in words.split(" ")}


def read_lines(name):
    """The lines of a sample file, without the newline that ends each."""
    *lines, rest = (SAMPLE_DIR / name).read_text(encoding="utf-8").split("\n")
    assert rest == ""
    return lines


def read_pairs(name, separator):
    return [line.rsplit(separator, 1) for line in read_lines(name)]


@pytest.fixture(scope="module")
def sentences():
    repaired = [
        line.encode("latin1").decode("utf-8") for line in read_lines("datasetSentences.txt")
    ]
    return [line.split("\t")[1] for line in repaired[1:]]


@pytest.fixture(scope="module")
def splits():
    return [int(label) for _, label in read_pairs("datasetSplit.txt", ",")[1:]]


@pytest.fixture(scope="module")
def score_of_phrase():
    scores = dict(read_pairs("sentiment_labels.txt", "|")[1:])
    return {phrase: float(scores[i]) for phrase, i in read_pairs("dictionary.txt", "|")}


def as_phrase(sentence):
    return sentence.replace("-LRB-", "(").replace("-RRB-", ")")


def contents(directory):
    return {path.name: path.read_bytes() for path in Path(directory).iterdir()}


def test_shipped_files_are_what_the_generator_writes(tmp_path):
    write_sample(tmp_path)
    assert contents(tmp_path) == contents(SAMPLE_DIR)


def test_another_seed_gives_other_sentences(tmp_path):
    write_sample(tmp_path, seed=1)
    name = "datasetSentences.txt"
    assert contents(tmp_path)[name] != contents(SAMPLE_DIR)[name]


def test_existing_sample_data_are_replaced(tmp_path):
    write_sample(tmp_path, seed=1)
    write_sample(tmp_path)
    assert contents(tmp_path) == contents(SAMPLE_DIR)


@pytest.mark.parametrize("name", ["README.txt", "datasetSentences.txt"])
def test_files_of_others_are_refused_and_left_alone(tmp_path, name):
    (tmp_path / name).write_text("Stanford Sentiment Treebank V1.0\n")
    before = contents(tmp_path)
    with pytest.raises(FileExistsError, match=rf"{name} exists and is not sample data"):
        write_sample(tmp_path)
    assert contents(tmp_path) == before


def run_script(*arguments):
    return subprocess.run(
        [sys.executable, SCRIPT, *arguments], capture_output=True, text=True, check=False
    )


def test_command_line_creates_the_directory_and_writes_the_same_files(tmp_path):
    assert run_script(tmp_path / "new" / "sample").returncode == 0
    assert contents(tmp_path / "new" / "sample") == contents(SAMPLE_DIR)


def test_command_line_explains_itself():
    assert "made-up" in run_script("--help").stdout


def test_command_line_reports_a_refusal_without_a_traceback(tmp_path):
    (tmp_path / "README.txt").write_text("mine\n")
    result = run_script(tmp_path)
    assert result.returncode == 2
    assert "is not sample data" in result.stderr
    assert "Traceback" not in result.stderr


def test_readme_says_that_the_data_are_made_up():
    assert read_lines("README.txt")[0].startswith("Made-up sample data")


def test_sample_stays_small():
    assert sum(map(len, contents(SAMPLE_DIR).values())) < 1_000_000


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("datasetSentences.txt", "sentence_index\tsentence"),
        ("datasetSplit.txt", "sentence_index,splitset_label"),
        ("sentiment_labels.txt", "phrase ids|sentiment values"),
    ],
)
def test_headers_are_those_of_the_treebank(name, header):
    assert read_lines(name)[0] == header


def test_lines_end_in_a_newline_alone():
    assert b"\r" not in b"".join(contents(SAMPLE_DIR).values())


def test_sentence_and_split_indices_count_from_one(sentences):
    expected = [str(i) for i in range(1, len(sentences) + 1)]
    assert [line.split("\t")[0] for line in read_lines("datasetSentences.txt")[1:]] == expected
    assert [index for index, _ in read_pairs("datasetSplit.txt", ",")[1:]] == expected


@pytest.mark.parametrize("word", ["café", "clichéd"])
def test_sentences_are_encoded_twice_and_the_dictionary_once(sentences, word):
    assert any(word in sentence.split(" ") for sentence in sentences)
    assert not any(word in line for line in read_lines("datasetSentences.txt"))
    assert word in [phrase for phrase, _ in read_pairs("dictionary.txt", "|")]


def test_every_sentence_has_a_dictionary_entry_and_a_score(sentences, score_of_phrase):
    assert all(0.0 <= score_of_phrase[as_phrase(sentence)] <= 1.0 for sentence in sentences)


def test_every_token_has_a_dictionary_entry_and_a_score(sentences, score_of_phrase):
    tokens = {token for sentence in sentences for token in as_phrase(sentence).split(" ")}
    assert all(0.0 <= score_of_phrase[token] <= 1.0 for token in tokens)


def test_dictionary_is_sorted_and_its_phrases_and_ids_occur_once():
    phrases, ids = zip(*read_pairs("dictionary.txt", "|"), strict=True)
    assert list(phrases) == sorted(set(phrases))
    assert sorted(map(int, ids)) == list(range(len(ids)))


def test_brackets_are_words_in_the_sentences_and_signs_in_the_dictionary(sentences):
    phrases = [phrase for phrase, _ in read_pairs("dictionary.txt", "|")]
    assert any(re.search(r" -LRB- .+ -RRB- ", sentence) for sentence in sentences)
    assert {"(", ")"} <= set(phrases)
    assert not any("-LRB-" in phrase or "-RRB-" in phrase for phrase in phrases)


def test_some_sentences_are_identical(sentences):
    # the reader has to cope with them, as in the treebank
    assert len(set(sentences)) < len(sentences)


def test_sentences_are_filled_in_and_of_the_promised_lengths(sentences):
    lengths = [len(sentence.split(" ")) for sentence in sentences]
    assert not re.search(r"[{}]|  |\b[Aa] [aeiou]", "\n".join(sentences))
    assert (min(lengths), max(lengths)) == (4, 30)


def test_split_sizes_are_in_the_proportions_of_the_treebank(splits):
    shares = np.bincount(splits, minlength=4)[1:] / len(splits)
    assert shares == pytest.approx([0.72, 0.19, 0.09], abs=0.02)


@pytest.mark.parametrize("split", [1, 2, 3])
def test_all_five_classes_occur_in_every_split(sentences, splits, score_of_phrase, split):
    scores = [
        score_of_phrase[as_phrase(sentence)]
        for sentence, label in zip(sentences, splits, strict=True)
        if label == split
    ]
    assert set(np.searchsorted([0.2, 0.4, 0.6, 0.8], scores)) == {0, 1, 2, 3, 4}


def test_every_word_of_the_plot_occurs_often(sentences):
    counts = Counter(" ".join(sentences).lower().split(" "))
    assert {word: counts[word] for word in GROUP_OF if counts[word] < 60} == {}


@pytest.fixture(scope="module")
def context_vectors(sentences):
    """Unit rows of positive pointwise mutual information at distance 1 to 5, by word."""
    tokenised = [sentence.lower().split(" ") for sentence in sentences]
    index = {word: i for i, word in enumerate(sorted({w for s in tokenised for w in s}))}
    counts = np.zeros((len(index), len(index)))
    for tokens in tokenised:
        ids = [index[token] for token in tokens]
        for distance in range(1, 6):
            np.add.at(counts, (ids[:-distance], ids[distance:]), 1)
    counts += counts.T
    expected = np.outer(counts.sum(1), counts.sum(1)) / counts.sum()
    ppmi = np.log(np.maximum(counts / expected, 1.0))
    ppmi /= np.linalg.norm(ppmi, axis=1, keepdims=True)
    return {word: ppmi[i] for word, i in index.items()}


@pytest.mark.parametrize("word", GROUP_OF)
def test_contexts_of_a_word_are_most_like_those_of_its_group(context_vectors, word):
    others = [other for other in GROUP_OF if other != word]
    nearest = max(others, key=lambda other: context_vectors[word] @ context_vectors[other])
    assert GROUP_OF[nearest] == GROUP_OF[word]


@pytest.mark.parametrize(
    ("a", "b", "c", "expected"),
    [("man", "king", "woman", "queen"), ("man", "male", "woman", "female")],
)
def test_contexts_solve_the_analogy(context_vectors, a, b, c, expected):
    target = context_vectors[b] - context_vectors[a] + context_vectors[c]
    candidates = [word for word in GROUP_OF if word not in (a, b, c)]
    assert max(candidates, key=lambda word: context_vectors[word] @ target) == expected
