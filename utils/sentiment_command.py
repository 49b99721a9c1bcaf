"""The command `run.py sentiment`: classifies the treebank's sentences with word vectors."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from utils import sentiment as model
from utils.pictures import save_sentiment_pictures
from utils.treebank import DATA_DIR, LABELS, SPLITS, StanfordSentiment, default_path
from word2vec import KeyedVectors, Word2Vec, softmax
from word2vec.commands.program import Commands, add_command, add_json_option, add_quiet_option
from word2vec.saving.files import atomic_write
from word2vec.vectors.by_name import load_vectors

DEFAULTS: dict[str, Any] = {
    # Vectors trained on the treebank's text: little text, so many passes.
    "word2vec": {"vector_size": 100, "min_count": 1, "epochs": 30},
    "means": {
        "strengths": (1e-4, 1e-3, 1e-2, 1e-1),
        "hidden": 50,
        "sgd": {"step": 0.3, "epochs": 20},
        "lbfgs": {"max_iterations": 100},
    },
    "averaging": {
        "strengths": (1e-5, 1e-4, 1e-3),
        "hidden": 100,
        "sentence_copies": 3,
        "sgd": {"step": 1.0, "epochs": 5, "batch_size": 128, "word_dropout": 0.3},
    },
}
# Enough for sentences of a small grammar, in seconds.
SAMPLE_DEFAULTS: dict[str, Any] = {
    "word2vec": {"vector_size": 20, "min_count": 1, "epochs": 3},
    "means": {
        "strengths": (1e-4, 1e-3, 1e-2),
        "hidden": 10,
        "sgd": {"step": 0.3, "epochs": 5},
        "lbfgs": {"max_iterations": 50},
    },
    "averaging": DEFAULTS["averaging"] | {"strengths": (1e-5, 1e-4), "hidden": 10},
}


class Result(NamedTuple):
    """A kind of classifier after its sweep."""

    name: str
    strengths: Sequence[float]
    dev_accuracies: Sequence[float]
    best: int  # index of the chosen strength
    probabilities: dict[str, np.ndarray]  # of the chosen classifier, by split

    @property
    def dev_accuracy(self) -> float:
        return self.dev_accuracies[self.best]


def add_sentiment_command(commands: Commands) -> None:
    """Add sentiment to those of `Parser.add_commands`."""
    add = add_command(commands, sentiment, "--vectors output/vectors.txt --seed 2")
    add("--vectors", metavar="FILE", help="vectors, in a format that the end of the name says")
    add("--treebank", metavar="DIR", help="the treebank's classic files, or its labelled trees")
    add("--output", metavar="DIR", default="output", help="where results go [%(default)s]")
    add("--seed", type=int, default=1, help="the same seed gives the same results [%(default)s]")
    add_quiet_option(add)
    add_json_option(add)


def sentiment(options: argparse.Namespace) -> dict[str, Any]:
    """Classifies the sentences of the Stanford Sentiment Treebank by their word vectors.

    Softmax regression and a two-layer network see the mean of a sentence's word vectors; each is
    trained with SGD and with L-BFGS. The averaging network trains the vectors as well, and learns
    from the labelled phrases inside the training sentences. The dev sentences choose the strength
    of L2 and the classifier; the test sentences choose nothing.

    Without --vectors, vectors are trained on the text of the training sentences. Without the
    treebank in data/ (./get_datasets.sh), the small made-up sample is used. Into the output
    directory it writes
      sentiment.json            settings and results
      sentiment_sweep.png       accuracy on dev against the strength of L2
      sentiment_confusion.png   which classes the test sentences got
    """
    sample = DATA_DIR / "sample"
    path = Path(options.treebank or default_path() or sample)
    output = Path(options.output)
    treebank = StanfordSentiment(path)
    for split in SPLITS:
        if split not in treebank.splits:
            raise ValueError(f"{path} has no {split} sentences.")
    settings = SAMPLE_DEFAULTS if path.resolve() == sample else DEFAULTS
    print(f"Sentences: {path}")
    vectors = load_or_train_vectors(options, treebank, settings["word2vec"])
    output.mkdir(parents=True, exist_ok=True)

    results = compare_classifiers(treebank, vectors, settings, options.seed)
    chosen = max(results, key=lambda result: result.dev_accuracy)
    labels = {split: treebank.split(split)[1] for split in SPLITS}
    print()
    print_results(results, labels)
    print(f"\nChosen on dev: {describe(chosen)}")
    matrix = report_on_test(chosen, treebank)

    save_sentiment_pictures(results, matrix, LABELS, output)
    found = summary(options, settings, results, chosen, labels, matrix)
    with atomic_write(output / "sentiment.json", "w", encoding="utf-8") as file:
        json.dump(found, file, indent=2)
    print(f"\nWrote sentiment.json, sentiment_sweep.png and sentiment_confusion.png into {output}")
    return found


def load_or_train_vectors(
    options: argparse.Namespace, treebank: StanfordSentiment, settings: dict[str, Any]
) -> KeyedVectors:
    if options.vectors:
        vectors = load_vectors(options.vectors)
        source = options.vectors
    else:
        sentences, _ = treebank.split("train")
        vectors = Word2Vec(**settings, seed=options.seed).fit(sentences).wv
        source = "trained on the text of the training sentences"
    # The rest of a large file would only cost memory.
    words = {word for sentence in treebank.sentences for word in sentence}
    spelt = {word for s in treebank.sentences for word in model.match_words(s, vectors)}
    used = [word for word in vectors.index_to_key if word in spelt]
    if not used:
        raise ValueError(f"{source} has a vector for none of the treebank's words.")
    if not np.isfinite(vectors[used]).all():
        raise ValueError(f"{source} has vectors with NaN or infinity for words of the treebank.")
    print(
        f"Vectors: {source}; length {vectors.vector_size}, {len(used)} of {len(vectors)} occur.\n"
        f"Of the treebank's {len(words)} words, {sum(word in vectors for word in words)} have one."
    )
    return KeyedVectors.from_words(used, vectors[used])


# -------------------------------------------------------------------- classifiers


def compare_classifiers(
    treebank: StanfordSentiment, vectors: KeyedVectors, settings: dict[str, Any], seed: int
) -> list[Result]:
    """A `Result` for each kind of classifier, every choice made on dev."""
    return [
        *classify_means(treebank, vectors, settings["means"], seed),
        classify_with_trained_vectors(treebank, vectors, settings["averaging"], seed),
    ]


def classify_means(
    treebank: StanfordSentiment, vectors: KeyedVectors, settings: dict[str, Any], seed: int
) -> Iterator[Result]:
    """Softmax regression and the two-layer network, on mean vectors, with both optimizers."""
    x = {split: model.mean_features(treebank.split(split)[0], vectors) for split in SPLITS}
    center, spread = x["train"].mean(axis=0), x["train"].std(axis=0)
    x = {split: (means - center) / np.where(spread > 0, spread, 1) for split, means in x.items()}
    targets = treebank.split("train")[1]
    for name, hidden in (("softmax regression", 0), ("two-layer network", settings["hidden"])):
        rng = np.random.default_rng(seed)
        start = model.start_classifier(vectors.vector_size, hidden, len(LABELS), rng)

        def with_sgd(l2, start=start):
            rng = np.random.default_rng(seed)
            return model.fit_sgd(start, x["train"], targets, l2, rng=rng, **settings["sgd"])

        def with_lbfgs(l2, start=start):
            return model.fit_lbfgs(start, x["train"], targets, l2, **settings["lbfgs"])

        for optimizer, fit in (("SGD", with_sgd), ("L-BFGS", with_lbfgs)):
            yield choose(f"{name}, {optimizer}", settings["strengths"], fit, x, treebank)


def classify_with_trained_vectors(
    treebank: StanfordSentiment, vectors: KeyedVectors, settings: dict[str, Any], seed: int
) -> Result:
    """The averaging network, trained on the distinct phrases and the training sentences."""
    sentences, labels = treebank.split("train")
    label_of = dict(zip(*treebank.phrases("train"), strict=True))
    # A few copies, for it is sentences that count in the end.
    copies = settings["sentence_copies"]
    targets = np.concatenate([list(label_of.values()), *[labels] * copies])

    row_of, table = model.word_table(sentences, vectors)
    examples = model.bags([*label_of, *sentences * copies], row_of, "root")
    x = {split: model.bags(treebank.split(split)[0], row_of, "root") for split in SPLITS}

    def fit(l2):
        rng = np.random.default_rng(seed)
        layers = model.start_classifier(table.shape[1], settings["hidden"], len(LABELS), rng)
        layers = {name: array.astype(table.dtype) for name, array in layers.items()}
        start = {"vectors": table, **layers}
        return model.fit_sgd(start, examples, targets, l2, rng=rng, **settings["sgd"])

    return choose("averaging network, SGD", settings["strengths"], fit, x, treebank)


def choose(
    name: str,
    strengths: Sequence[float],
    fit: Callable[[float], dict[str, np.ndarray]],
    x: dict[str, Any],
    treebank: StanfordSentiment,
) -> Result:
    """Sweep the strengths of L2; only then compute what the chosen classifier says of test."""
    best, classifiers, accuracies = model.sweep(strengths, fit, x["dev"], treebank.split("dev")[1])
    print(f"{name}: L2 {strengths[best]:g} is best on dev, {accuracies[best]:.1%}", flush=True)
    probabilities = {split: softmax(model.logits(classifiers[best], x[split])) for split in SPLITS}
    return Result(name, strengths, accuracies, best, probabilities)


# -------------------------------------------------------------------- what is shown


def print_results(results: Sequence[Result], labels: dict[str, np.ndarray]) -> None:
    width = max(len(result.name) for result in results)
    print(f"{'':{width}}      5 classes            2 classes")
    print(f"{'accuracy in %':{width}}  " + "  ".join(f"{split:>5}" for split in SPLITS * 2))
    for result in results:
        cells = [
            f"{100 * measure(result.probabilities[split], labels[split]):5.1f}"
            for measure in (model.accuracy, model.binary_accuracy)
            for split in SPLITS
        ]
        print(f"{result.name:{width}}  " + "  ".join(cells))


def report_on_test(result: Result, treebank: StanfordSentiment) -> np.ndarray:
    """Print how the classifier does on each class; returns the confusion matrix."""
    sentences, labels = treebank.split("test")
    probabilities = result.probabilities["test"]
    predicted = probabilities.argmax(axis=1)
    matrix = model.confusion_matrix(labels, predicted, len(LABELS))
    width = max(map(len, LABELS))

    print(f"\n{'true class (test)':{width + 4}}" + "".join(f"{name:>15}" for name in LABELS))
    for name, row in zip(LABELS, matrix, strict=True):
        print(f"{name:{width + 4}}" + "".join(f"{count:15d}" for count in row))
    shares = zip(LABELS, *model.precision_and_recall(matrix), strict=True)
    print(f"\n{'':{width}}  precision  recall")
    for name, precision, recall in shares:
        print(f"{name:{width}}  {precision:9.3f}  {recall:6.3f}")

    print("\nThe most wrong sentences of test:")
    for row in model.most_wrong(probabilities, labels, 5):
        print(
            f"  {LABELS[labels[row]]}, called {LABELS[predicted[row]]} "
            f"(p = {probabilities[row, labels[row]]:.4f}): {' '.join(sentences[row])}"
        )
    return matrix


def describe(result: Result) -> str:
    return f"{result.name}, L2 {result.strengths[result.best]:g}"


def summary(
    options: argparse.Namespace,
    settings: dict[str, Any],
    results: Sequence[Result],
    chosen: Result,
    labels: dict[str, np.ndarray],
    matrix: np.ndarray,
) -> dict[str, Any]:
    def accuracies(result: Result, measure: Callable[..., float]) -> dict[str, float]:
        return {split: measure(result.probabilities[split], labels[split]) for split in SPLITS}

    return {
        "vectors": options.vectors,
        "seed": options.seed,
        "settings": settings,
        "chosen_on_dev": describe(chosen),
        "classifiers": {
            result.name: {
                "l2": result.strengths[result.best],
                "dev_accuracy_by_l2": dict(
                    zip(map(str, result.strengths), result.dev_accuracies, strict=True)
                ),
                "accuracy_5_classes": accuracies(result, model.accuracy),
                "accuracy_2_classes": accuracies(result, model.binary_accuracy),
            }
            for result in results
        },
        "confusion_matrix_of_test": matrix.tolist(),
    }
