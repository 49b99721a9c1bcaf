"""Sentiment: features, objectives, choices made on dev, and the command."""

import copy
import json
import shutil

import matplotlib.pyplot as plt
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import run
from utils import sentiment
from utils.gradcheck import gradcheck_naive
from utils.sentiment_command import SAMPLE_DEFAULTS, compare_classifiers
from utils.treebank import DATA_DIR, StanfordSentiment
from word2vec import KeyedVectors, softmax

VECTORS = KeyedVectors.from_words(["good", "film", "it's"], np.array([[1.0, 3], [2, 0], [0, 6]]))
SENTENCES = [["good", "film"], ["unknown"], ["it", "'s", "good", "good"], []]


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


# -------------------------------------------------------------------- features


def test_mean_features_are_those_worked_by_hand():
    expected = [[1.5, 1.5], [0, 0], [2 / 3, 4], [0, 0]]  # (0 + 1 + 1) / 3, (6 + 3 + 3) / 3
    assert_allclose(sentiment.mean_features(SENTENCES, VECTORS), expected)


def test_bags_of_root_scale_divide_by_the_root_of_a_third_of_the_number_of_words():
    bags = sentiment.bags(SENTENCES, VECTORS.key_to_index, "root").toarray()
    expected = np.zeros((4, 3))
    expected[0, :2] = np.sqrt(3 / 2)
    expected[2] = [2, 0, 1]  # three words: sqrt(3 / 3)
    assert_allclose(bags, expected)


def test_pair_of_neighbors_counts_as_a_word_if_it_has_a_row():
    bags = sentiment.bags([["not", "so", "good"]], {"not": 0, "not so": 1, "not good": 2}, "mean")
    assert_allclose(bags.toarray(), [[0.5, 0.5, 0]])


def test_unknown_scale_is_refused():
    with pytest.raises(ValueError, match="scale must be 'mean' or 'root'. Got 'sum'"):
        sentiment.bags(SENTENCES, VECTORS.key_to_index, "sum")


@pytest.mark.parametrize(
    ("sentence", "known", "expected"),
    [
        ("it 's fun", "it's fun", "it's fun"),
        ("it 's fun", "it fun", "it 's fun"),
        ("do n't", "don't do n't", "don't"),
        ("'s", "'s", "'s"),
        ("well-made", "well made", "well made"),
        ("well-made", "well-made well made", "well-made"),
        ("actor\\/director", "director", "director"),
        ("ho-hum", "fun", "ho-hum"),
        ("--", "fun", "--"),
    ],
)
def test_words_are_written_as_the_vectors_spell_them(sentence, known, expected):
    assert sentiment.match_words(sentence.split(), set(known.split())) == expected.split()


def test_word_table_keeps_vectors_up_to_shift_and_scale_and_starts_the_rest_at_zero():
    sentences = [["good", "plot"], ["good", "plot", "film"], ["plot", "film", "plot", "film"]]
    row_of, table = sentiment.word_table(sentences, VECTORS)
    assert list(row_of) == ["good", "film", "it's", "plot", "good plot", "plot film"]
    assert_array_equal(table[3:], 0)
    shifted = VECTORS.vectors - [1, 3]
    assert_allclose(table[:3], 0.2 * shifted / shifted.std(), rtol=1e-6)
    assert "plot" not in VECTORS


def test_dropping_words_leaves_every_sentence_one_and_rescales_the_rest():
    words = ["a", "b", "c", "d"]
    bags = sentiment.bags(
        [words, ["a"], [], words] * 50, {w: i for i, w in enumerate(words)}, "root"
    )
    dropped = sentiment._drop_words(bags, 0.7, np.random.default_rng(0)).toarray()
    counts = (dropped > 0).sum(axis=1)
    assert_array_equal(counts[1::4], 1)
    assert_array_equal(counts[2::4], 0)
    assert set(counts[::4]) == {1, 2, 3, 4}
    weights = np.sqrt(3 / np.maximum(counts, 1))[:, np.newaxis]
    assert_allclose(dropped, np.where(dropped > 0, weights, 0))


# -------------------------------------------------------------------- objectives

N, V, D, H, C = 6, 5, 4, 3, 3
LABELS = np.array([0, 1, 2, 2, 1, 0])


def classifier_and_input(kind):
    rng = np.random.default_rng(3)
    x = rng.normal(size=(N, D))
    classifier = sentiment.start_classifier(D, 0 if kind == "regression" else H, C, rng)
    classifier = {name: rng.normal(size=array.shape) for name, array in classifier.items()}
    if kind == "averaging":
        classifier = {"vectors": rng.normal(size=(V, D)), **classifier}
        words = [["a", "b"], ["c"], ["a", "a", "d"], [], ["e", "c"], ["b"]]
        x = sentiment.bags(words, {word: row for row, word in enumerate("abcde")}, "root")
    return classifier, x


PARAMETERS = {
    "regression": ["w1", "b1"],
    "network": ["w1", "b1", "w2", "b2"],
    "averaging": ["vectors", "w1", "b1", "w2", "b2"],
}


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, names in PARAMETERS.items() for name in names]
)
def test_every_gradient_passes_the_gradient_check_with_regularisation(kind, name):
    classifier, x = classifier_and_input(kind)
    assert list(classifier) == PARAMETERS[kind]

    def f(array):
        loss, grads = sentiment.loss_and_gradients({**classifier, name: array}, x, LABELS, l2=0.7)
        return loss, grads[name]

    gradcheck_naive(f, classifier[name], f"{kind} {name}")


def test_gradient_of_the_features_of_softmax_regression_passes_the_gradient_check():
    classifier, x = classifier_and_input("regression")

    def f(x):
        loss, grads = sentiment.softmax_regression(x, LABELS, **classifier)
        return loss, grads["x"]

    gradcheck_naive(f, x, "x")


def test_regularised_loss_has_the_value_worked_by_hand():
    # Logits (log 3, 0): p = 3/4. Mean over two equal rows, and (l2 / 2) (log 3)^2; no b in it.
    classifier = {"w1": np.array([[np.log(3), 0.0]]), "b1": np.array([5.0, 5.0])}
    loss, _ = sentiment.loss_and_gradients(classifier, np.ones((2, 1)), [0, 0], l2=0.5)
    assert_allclose(loss, np.log(4 / 3) + 0.25 * np.log(3) ** 2)


@pytest.mark.parametrize("kind", PARAMETERS)
def test_logits_are_those_of_which_the_loss_is_taken(kind):
    classifier, x = classifier_and_input(kind)
    loss, _ = sentiment.loss_and_gradients(classifier, x, LABELS, l2=0.0)
    probabilities = softmax(sentiment.logits(classifier, x))
    assert_allclose(loss, -np.log(probabilities[np.arange(N), LABELS]).mean())


def test_packing_and_unpacking_gives_the_arrays_back():
    classifier, _ = classifier_and_input("averaging")
    back = sentiment.unpack(sentiment.pack(classifier, classifier), classifier)
    assert list(back) == list(classifier)
    for name, array in classifier.items():
        assert_array_equal(back[name], array)


# -------------------------------------------------------------------- training


def norm_of_gradient(classifier, x, l2):
    _, grads = sentiment.loss_and_gradients(classifier, x, LABELS, l2)
    return np.linalg.norm(sentiment.pack(grads, classifier))


@pytest.mark.parametrize("kind", ["regression", "network"])
def test_lbfgs_ends_where_the_gradient_is_zero(kind):
    start, x = classifier_and_input(kind)
    found = sentiment.fit_lbfgs(start, x, LABELS, 0.1)
    assert norm_of_gradient(start, x, 0.1) > 0.1
    assert norm_of_gradient(found, x, 0.1) < 1e-3


def test_sgd_finds_the_minimum_that_lbfgs_finds():
    start, x = classifier_and_input("regression")
    minimum = sentiment.fit_lbfgs(start, x, LABELS, 0.1)
    rng = np.random.default_rng(0)
    found = sentiment.fit_sgd(start, x, LABELS, 0.1, step=0.2, epochs=20_000, rng=rng)
    assert_allclose(found["w1"], minimum["w1"], atol=0.02)


def test_step_of_the_averaging_network_touches_only_words_of_the_batch_and_equals_the_full_one():
    start, x = classifier_and_input("averaging")
    x, labels = x[[1, 1]], LABELS[[1, 1]]  # whatever is drawn, the batch is the same
    _, grads = sentiment.loss_and_gradients(start, x, labels, 0.7)
    found = sentiment.fit_sgd(
        start, x, labels, 0.7, step=0.1, epochs=1, batch_size=2, rng=np.random.default_rng(0)
    )
    for name in start:
        assert_allclose(found[name], start[name] - 0.1 * grads[name], atol=1e-12)
    assert_array_equal(np.delete(found["vectors"], 2, axis=0), np.delete(start["vectors"], 2, 0))
    assert (found["vectors"][2] != start["vectors"][2]).any()


@pytest.mark.parametrize("kind", PARAMETERS)
def test_training_with_sgd_is_repeatable_lowers_the_loss_and_leaves_the_start_alone(kind):
    start, x = classifier_and_input(kind)
    before = {name: array.copy() for name, array in start.items()}

    def fit():
        rng = np.random.default_rng(5)
        return sentiment.fit_sgd(
            start, x, LABELS, 0.0, step=0.1, epochs=200, rng=rng, batch_size=3, word_dropout=0.2
        )

    found, again = fit(), fit()
    loss, _ = sentiment.loss_and_gradients(found, x, LABELS, 0.0)
    assert loss < 0.8 * sentiment.loss_and_gradients(start, x, LABELS, 0.0)[0]
    for name in start:
        assert_array_equal(start[name], before[name])
        assert_array_equal(found[name], again[name])


def test_larger_strength_gives_smaller_weights():
    start, x = classifier_and_input("regression")
    weak, strong = (sentiment.fit_lbfgs(start, x, LABELS, l2)["w1"] for l2 in (0.01, 1.0))
    assert np.linalg.norm(strong) < 0.5 * np.linalg.norm(weak)


@pytest.mark.parametrize(
    ("x", "labels", "l2", "message"),
    [
        (np.ones((2, D)), [0, 1], -1.0, "l2 must not be negative. Got -1.0"),
        (np.ones((2, D)), [0, 1], np.nan, "l2 must be a finite number. Got nan"),
        (np.ones((2, D)), [0], 0.1, "x and targets must have the same number of rows.*Got 2 and 1"),
        (np.ones((0, D)), [], 0.1, "same number of rows, at least one. Got 0 and 0"),
    ],
)
def test_examples_that_cannot_be_fitted_are_refused(x, labels, l2, message):
    start, _ = classifier_and_input("regression")
    with pytest.raises(ValueError, match=message):
        sentiment.fit_lbfgs(start, x, labels, l2)
    with pytest.raises(ValueError, match=message):
        sentiment.fit_sgd(start, x, labels, l2, step=0.1, epochs=1, rng=np.random.default_rng())


def test_vectors_that_do_not_come_first_are_refused():
    start, x = classifier_and_input("averaging")
    start["vectors"] = start.pop("vectors")
    with pytest.raises(ValueError, match="start must have its vectors first. Got .'w1'"):
        sentiment.fit_sgd(start, x, LABELS, 0.1, step=0.1, epochs=1, rng=np.random.default_rng())


# -------------------------------------------------------------------- choosing on dev


def biased(towards, num_classes=5):
    """A classifier that always says one class."""
    return {"w1": np.zeros((1, num_classes)), "b1": np.eye(num_classes)[towards]}


def test_sweep_takes_the_best_on_dev_and_of_equals_the_strongest():
    says = {0.1: 3, 0.01: 1, 0.001: 1}
    best, classifiers, accuracies = sentiment.sweep(
        list(says), lambda l2: biased(says[l2]), np.ones((4, 1)), np.array([1, 1, 3, 0])
    )
    assert (best, accuracies) == (1, [0.25, 0.5, 0.5])
    assert len(classifiers) == 3


def test_sweep_without_strengths_is_refused():
    with pytest.raises(ValueError, match="strengths must not be empty"):
        sentiment.sweep([], biased, np.ones((1, 1)), np.array([1]))


QUICK = {
    "means": {
        "strengths": (1e-3, 1.0),
        "hidden": 2,
        "sgd": {"step": 0.3, "epochs": 1},
        "lbfgs": {"max_iterations": 3},
    },
    "averaging": {
        "strengths": (1e-3, 1.0),
        "hidden": 2,
        "sentence_copies": 1,
        "sgd": {"step": 1.0, "epochs": 1, "batch_size": 64, "word_dropout": 0.3},
    },
}


@pytest.fixture(scope="module")
def treebank():
    return StanfordSentiment(DATA_DIR / "sample")


@pytest.fixture(scope="module")
def vectors(treebank):
    words = sorted({word for sentence in treebank.sentences for word in sentence})
    return KeyedVectors.from_words(words, np.random.default_rng(6).normal(size=(len(words), 5)))


def mislabelled(treebank, split):
    """The treebank with all labels of one split wrong."""
    other = copy.copy(treebank)
    other.labels = np.where(other.splits == split, (other.labels + 1) % 5, other.labels)
    return other


def test_labels_of_test_have_no_influence_on_anything(treebank, vectors):
    results = compare_classifiers(treebank, vectors, QUICK, seed=1)
    others = compare_classifiers(mislabelled(treebank, "test"), vectors, QUICK, seed=1)
    assert len(results) == 5
    for one, other in zip(results, others, strict=True):
        assert one.best == other.best
        assert one.dev_accuracies == other.dev_accuracies
        for split, probabilities in one.probabilities.items():
            assert_array_equal(probabilities, other.probabilities[split])


def test_labels_of_dev_choose_but_do_not_train(treebank, vectors):
    settings = {kind: values | {"strengths": (1e-3,)} for kind, values in QUICK.items()}
    results = compare_classifiers(treebank, vectors, settings, seed=1)
    others = compare_classifiers(mislabelled(treebank, "dev"), vectors, settings, seed=1)
    for one, other in zip(results, others, strict=True):
        assert one.dev_accuracies != other.dev_accuracies
        assert_array_equal(one.probabilities["dev"], other.probabilities["dev"])


# -------------------------------------------------------------------- evaluation

PROBABILITIES = np.array(
    [
        [0.3, 0.3, 0.0, 0.4, 0.0],  # negative together, though one positive class is likeliest
        [0.0, 0.1, 0.6, 0.1, 0.2],  # positive, though neutral is likeliest
        [0.1, 0.1, 0.7, 0.0, 0.1],
        [0.0, 0.0, 0.0, 0.2, 0.8],
    ]
)


def test_accuracies_are_those_counted_by_hand():
    labels = [1, 4, 2, 0]
    assert sentiment.accuracy(PROBABILITIES, labels) == 1 / 4
    assert sentiment.binary_accuracy(PROBABILITIES, labels) == 2 / 3  # the third is neutral
    assert np.isnan(sentiment.binary_accuracy(PROBABILITIES, [2, 2, 2, 2]))


def test_confusion_matrix_has_true_classes_as_rows():
    matrix = sentiment.confusion_matrix([0, 0, 2, 2], [0, 1, 2, 1], 3)
    assert_array_equal(matrix, [[1, 1, 0], [0, 0, 0], [0, 1, 1]])


def test_confusion_matrix_refuses_unknown_classes():
    with pytest.raises(IndexError, match=r"predicted must be rows of the matrix, 0 to 2. Got 3"):
        sentiment.confusion_matrix([0], [3], 3)


def test_precision_is_of_columns_and_recall_of_rows():
    precision, recall = sentiment.precision_and_recall([[3, 1, 0], [2, 4, 0], [0, 0, 0]])
    assert_allclose(precision, [3 / 5, 4 / 5, 0])
    assert_allclose(recall, [3 / 4, 4 / 6, 0])


def test_most_wrong_rows_gave_their_class_the_least():
    assert_array_equal(sentiment.most_wrong(PROBABILITIES, [3, 1, 2, 2], 3), [3, 1, 0])


# -------------------------------------------------------------------- command


@pytest.fixture
def sample_only(monkeypatch):
    monkeypatch.setattr("utils.sentiment_command.default_path", lambda: None)


def test_command_on_the_sample_prints_and_writes_all_its_results(
    sample_only, treebank, tmp_path, monkeypatch, capsys
):
    for kind, number in (("means", 2), ("averaging", 1)):  # of the strengths: a shorter sweep
        settings = SAMPLE_DEFAULTS[kind]
        monkeypatch.setitem(settings, "strengths", settings["strengths"][:number])
    assert run.main(["sentiment", "--output", str(tmp_path / "new")]) == 0
    out = capsys.readouterr().out
    for expected in (
        "data/sample",
        "trained on the text of the training sentences",
        "softmax regression, SGD: L2 ",
        "softmax regression, L-BFGS: L2 ",
        "two-layer network, SGD: L2 ",
        "two-layer network, L-BFGS: L2 ",
        "averaging network, SGD: L2 ",
        "5 classes            2 classes",
        "Chosen on dev: ",
        "true class (test)",
        "precision  recall",
        "The most wrong sentences of test:",
    ):
        assert expected in out
    files = {path.name: path.read_bytes() for path in (tmp_path / "new").iterdir()}
    assert set(files) == {"sentiment.json", "sentiment_sweep.png", "sentiment_confusion.png"}
    assert all(files[name].startswith(b"\x89PNG") for name in files if name.endswith("png"))

    summary = json.loads(files["sentiment.json"])
    num_test = len(treebank.split("test")[0])
    assert np.sum(summary["confusion_matrix_of_test"]) == num_test
    chosen = summary["classifiers"][summary["chosen_on_dev"].rpartition(", L2")[0]]
    dev = {name: c["accuracy_5_classes"]["dev"] for name, c in summary["classifiers"].items()}
    assert chosen["accuracy_5_classes"]["dev"] == max(dev.values())
    right = np.trace(summary["confusion_matrix_of_test"])
    assert_allclose(chosen["accuracy_5_classes"]["test"], right / num_test)
    assert chosen["accuracy_5_classes"]["test"] > 0.5  # chance is under 0.3
    assert chosen["accuracy_2_classes"]["test"] > 0.9
    for classifier in summary["classifiers"].values():
        by_strength = classifier["dev_accuracy_by_l2"]
        assert max(by_strength.values()) == by_strength[str(classifier["l2"])]


def test_command_takes_vectors_from_a_file(sample_only, vectors, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("utils.sentiment_command.SAMPLE_DEFAULTS", {"word2vec": {}} | QUICK)
    path = tmp_path / "vectors.txt"
    vectors.save_word2vec_format(path)
    arguments = ["sentiment", "--vectors", str(path), "--output", str(tmp_path)]
    assert run.main(arguments) == 0
    expected = f"Vectors: {path}; length 5, {len(vectors)} of {len(vectors)} occur.\n"
    assert expected in capsys.readouterr().out


def test_command_prints_as_json_what_it_writes(sample_only, vectors, tmp_path, monkeypatch, capsys):
    quickest = {"word2vec": {}, **QUICK}
    monkeypatch.setattr("utils.sentiment_command.SAMPLE_DEFAULTS", quickest)
    path = tmp_path / "vectors.txt"
    vectors.save_word2vec_format(path)
    arguments = ["sentiment", "--vectors", str(path), "--output", str(tmp_path), "--json"]
    assert run.main(arguments) == 0
    written = json.loads((tmp_path / "sentiment.json").read_text("utf-8"))
    assert json.loads(capsys.readouterr().out) == written


@pytest.mark.filterwarnings("ignore:.*vectors have NaN or infinity")
@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("Wort 1 2\n", "has a vector for none of the treebank's words."),
        ("the 1 nan\n", "has vectors with NaN or infinity for words of the treebank."),
    ],
)
def test_vectors_that_cannot_be_used_are_refused(sample_only, content, message, tmp_path, capsys):
    path = tmp_path / "vectors.txt"
    path.write_text(content)
    assert run.main(["sentiment", "--vectors", str(path), "--output", str(tmp_path / "o")]) == 2
    assert capsys.readouterr().err.endswith(f"run.py: {path} {message}\n")
    assert not (tmp_path / "o").exists()


def test_treebank_without_dev_sentences_is_refused(treebank, tmp_path, capsys):
    for source in treebank.path.glob("*.txt"):
        shutil.copy(source, tmp_path)
    path = tmp_path / "datasetSplit.txt"
    path.write_text(path.read_text().replace(",3\n", ",1\n"))
    assert run.main(["sentiment", "--treebank", str(tmp_path), "--output", str(tmp_path)]) == 2
    assert capsys.readouterr().err == f"run.py: {tmp_path} has no dev sentences.\n"


def test_missing_treebank_is_named(tmp_path, capsys):
    assert run.main(["sentiment", "--treebank", str(tmp_path)]) == 2
    assert "there is neither a datasetSentences.txt nor a train.txt" in capsys.readouterr().err
