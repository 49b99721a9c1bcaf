import gzip

import numpy as np
import pytest
from scipy import stats

from word2vec.vectors import evaluation, nearest
from word2vec.vectors.keyed_vectors import KeyedVectors

# Capitals and countries: each country is its capital turned by the same step, so analogies hold.
WORDS = ["paris", "france", "rome", "italy", "bern", "swiss", "Paris", "lima"]
VECTORS = np.array(
    [
        [5, 0, 0, 1, 0],
        [5, 0, 0, 0, 1],
        [0, 5, 0, 1, 0],
        [0, 5, 0, 0, 1],
        [0, 0, 5, 1, 0],
        [0, 0, 5, 0, 1],
        [9, 9, 9, 9, 9],
        [-5, 0, 0, 1, 0],
    ],
    np.float32,
)


@pytest.fixture
def kv():
    return KeyedVectors.from_words(WORDS, VECTORS)


def write(tmp_path, text):
    path = tmp_path / "questions.txt"
    path.write_text(text, encoding="utf8")
    return path


PAIRS = "# comment\nparis\tfrance\t9\nRome\tItaly\t8\n\nparis\trome\t3\nlima\tparis\t1\n"
UNKNOWN_PAIRS = "oslo\tparis\t2\nparis\toslo\t5\n"


def test_word_pairs_correlate_judgments_with_cosines(kv, tmp_path):
    pearson, spearman, oov_ratio = kv.evaluate_word_pairs(write(tmp_path, PAIRS))
    cosines = [25 / 26, 25 / 26, 1 / 26, -24 / 26]
    assert pearson[0] == pytest.approx(stats.pearsonr([9, 8, 3, 1], cosines)[0], abs=1e-6)
    assert pearson[1] == pytest.approx(stats.pearsonr([9, 8, 3, 1], cosines)[1], abs=1e-6)
    assert spearman[0] == pytest.approx(stats.spearmanr([9, 8, 3, 1], cosines)[0], abs=1e-6)
    assert oov_ratio == 0


def test_pairs_of_unknown_words_are_left_out_and_counted(kv, tmp_path):
    path = write(tmp_path, PAIRS + UNKNOWN_PAIRS + "no number\tparis\tx\ntwo\tfields\n")
    result = evaluation.word_pairs(kv, path)
    assert (result.num_used, result.num_unknown, result.num_invalid) == (4, 2, 2)
    assert result.oov_ratio == pytest.approx(100 * 2 / 6)


def test_pairs_of_unknown_words_can_count_as_similarity_zero(kv, tmp_path):
    path = write(tmp_path, PAIRS + UNKNOWN_PAIRS)
    pearson, _, oov_ratio = kv.evaluate_word_pairs(path, dummy4unknown=True)
    cosines = [25 / 26, 25 / 26, 1 / 26, -24 / 26, 0, 0]
    assert pearson[0] == pytest.approx(stats.pearsonr([9, 8, 3, 1, 2, 5], cosines)[0], abs=1e-6)
    assert oov_ratio == pytest.approx(100 * 2 / 6)


def test_case_is_folded_to_the_first_spelling_unless_told_otherwise(kv, tmp_path):
    path = write(tmp_path, PAIRS)
    assert evaluation.word_pairs(kv, path).num_unknown == 0  # "Paris" is read as "paris"
    assert evaluation.word_pairs(kv, path, case_insensitive=False).num_unknown == 1


def test_words_beyond_restrict_vocab_are_unknown(kv, tmp_path):
    path = write(tmp_path, PAIRS)
    assert evaluation.word_pairs(kv, path, restrict_vocab=6).num_unknown == 1
    assert evaluation.word_pairs(kv, path, restrict_vocab=None).num_unknown == 0


def test_delimiter_encoding_and_compression_of_pairs(tmp_path):
    kv = KeyedVectors.from_words(["né", "b", "c"], np.eye(3) + 0.1)
    path = tmp_path / "pairs.gz"
    path.write_bytes(gzip.compress("né,b,1\nb,c,2\n".encode("latin-1")))
    with pytest.warns(stats.ConstantInputWarning):  # all cosines are equal here
        result = evaluation.word_pairs(kv, path, delimiter=",", encoding="latin-1")
    assert result.num_used == 2


def test_too_few_pairs_are_refused_with_the_reason(kv, tmp_path):
    path = write(tmp_path, "paris france 9\noslo\tparis\t2\n")
    with pytest.raises(ValueError, match=r"Got 0 instead: 1 pairs have unknown words, and 1 lines"):
        kv.evaluate_word_pairs(path)


ANALOGIES = """\
: capitals
paris france rome italy
Rome italy Bern swiss
paris france rome swiss
: other
oslo norway rome italy
three words only

bern swiss paris france
"""


def test_analogies_are_counted_section_by_section(kv, tmp_path):
    score, sections = kv.evaluate_word_analogies(write(tmp_path, ANALOGIES))
    assert sections == [
        {
            "section": "capitals",
            "correct": [("PARIS", "FRANCE", "ROME", "ITALY"), ("ROME", "ITALY", "BERN", "SWISS")],
            "incorrect": [("PARIS", "FRANCE", "ROME", "SWISS")],
        },
        {"section": "other", "correct": [("BERN", "SWISS", "PARIS", "FRANCE")], "incorrect": []},
        {
            "section": "Total accuracy",
            "correct": sections[0]["correct"] + sections[1]["correct"],
            "incorrect": sections[0]["incorrect"],
        },
    ]
    assert score == pytest.approx(3 / 4)


def test_skipped_analogies_are_counted(kv, tmp_path):
    result = evaluation.word_analogies(kv, write(tmp_path, ANALOGIES))
    assert [section.num_unknown for section in result.sections] == [0, 1]
    assert result.total.num_unknown == 1
    assert result.num_invalid == 1


def test_analogies_with_unknown_words_can_count_as_wrong(kv, tmp_path):
    score, sections = kv.evaluate_word_analogies(write(tmp_path, ANALOGIES), dummy4unknown=True)
    assert sections[1]["incorrect"] == [("OSLO", "NORWAY", "ROME", "ITALY")]
    assert score == pytest.approx(3 / 5)


def test_analogies_with_case_kept(kv, tmp_path):
    _, sections = kv.evaluate_word_analogies(write(tmp_path, ANALOGIES), case_insensitive=False)
    assert sections[0]["correct"] == [("paris", "france", "rome", "italy")]


def test_question_word_in_another_spelling_is_no_answer(tmp_path):
    # b + c - a points exactly at "ROME", another spelling of c; "italy" is only near.
    target = VECTORS[1] + VECTORS[2] - VECTORS[0]
    vectors = np.vstack([VECTORS[:3], target + np.eye(5)[0], target])
    kv = KeyedVectors.from_words(["paris", "france", "rome", "italy", "ROME"], vectors)
    assert kv.most_similar(["france", "rome"], ["paris"])[0][0] == "ROME"
    path = write(tmp_path, ": s\nparis france rome italy\n")
    assert kv.evaluate_word_analogies(path)[0] == 1
    assert kv.evaluate_word_analogies(path, case_insensitive=False)[0] == 0


@pytest.mark.parametrize("method", ["most_similar", "most_similar_cosmul"])
def test_batched_answers_equal_single_queries(tmp_path, monkeypatch, method):
    monkeypatch.setattr(nearest, "SCORES_AT_ONCE", 1000)  # several parts
    rng = np.random.default_rng(0)
    kv = KeyedVectors.from_words([f"w{i}" for i in range(60)], rng.normal(size=(60, 4)))
    questions = rng.permuted(np.tile(np.arange(50), (40, 1)), axis=1)[:, :3]
    lines = [": s"]
    for a, b, c in questions:
        (answer, _), *_ = getattr(kv, method)([f"w{b}", f"w{c}"], [f"w{a}"], restrict_vocab=50)
        lines.append(f"w{a} w{b} w{c} {answer}")
    path = write(tmp_path, "\n".join(lines))
    score, sections = kv.evaluate_word_analogies(
        path, restrict_vocab=50, similarity_function=method
    )
    assert score == 1
    assert len(sections[0]["correct"]) == 40


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("paris france rome italy\n", r"line 1 stands before the first section"),
        (": only a section\n", r"there are no lines of four words"),
        ("", r"there are no lines of four words"),
    ],
)
def test_files_that_are_no_analogies_are_refused(kv, tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        kv.evaluate_word_analogies(write(tmp_path, text))


def test_score_is_zero_if_all_words_are_unknown(kv, tmp_path):
    score, sections = kv.evaluate_word_analogies(write(tmp_path, ": s\na b c d\n"))
    assert score == 0
    assert sections[-1] == {"section": "Total accuracy", "correct": [], "incorrect": []}


def test_unknown_similarity_function_is_refused(kv, tmp_path):
    with pytest.raises(ValueError, match=r"must be .*'most_similar_cosmul'.* Got 'cosine'"):
        kv.evaluate_word_analogies(write(tmp_path, ANALOGIES), similarity_function="cosine")
