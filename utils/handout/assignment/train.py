#!/usr/bin/env python3
"""Trains word vectors with your functions, draws them, and tells sentiment with your network.

    python train.py

Needs skipgram (with all it stands on), normalize_rows and plain_sgd for the vectors, two_layer_net
for the sentiment. It writes word_vectors.png and loss.png.
"""

from collections import Counter
from pathlib import Path

import matplotlib

matplotlib.use("Agg")  # pictures go into files

import numpy as np

from utils.plotting import plot_loss, plot_words
from word2vec.functions import normalize_rows
from word2vec.models import skipgram
from word2vec.network import two_layer_net
from word2vec.sgd import plain_sgd

DATA = Path(__file__).resolve().parent / "data"
VECTOR_SIZE = 10
WINDOW = 5
NEGATIVES = 5
BATCH_SIZE = 20  # windows
STEPS, ITERATIONS = (2.0, 1.0, 0.5), 1500  # so many with each step
GROUPS = {
    "praise": "great cool brilliant wonderful amazing sweet enjoyable".split(),
    "blame": "boring bad dumb annoying stupid dull".split(),
    "people": "female male queen king man woman".split(),
    "weather": "rain snow hail".split(),
    "drinks": "coffee tea".split(),
}


def main():
    sentences, labels = read(DATA / "train.tsv")
    print(f"{len(sentences)} sentences")
    words, vectors, losses = train_vectors(sentences)
    draw(words, vectors, losses)
    print("word_vectors.png and loss.png are drawn")
    accuracy = classify(words, vectors, sentences, labels, *read(DATA / "dev.tsv"))
    print(f"sentiment of sentences it was not trained on, 5 classes: {accuracy:.0%} right")


def read(path):
    """Sentences as lists of words, and their sentiment, 0 (very negative) to 4 (very positive)."""
    lines = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    return [text.split(" ") for _, text in lines], np.array([int(label) for label, _ in lines])


# -------------------------------------------------------------------- word vectors


def train_vectors(sentences):
    """The words, a vector for each, and the loss after every iteration."""
    counts = Counter(word for sentence in sentences for word in sentence)
    words = [word for word, _ in counts.most_common()]
    index = {word: row for row, word in enumerate(words)}
    texts = [np.array([index[word] for word in sentence]) for sentence in sentences]
    texts = [text for text in texts if len(text) > 1]
    noise = np.array([counts[word] for word in words]) ** 0.75
    noise /= noise.sum()

    num_words, rng, losses = len(words), np.random.default_rng(1), []

    def loss_and_gradient(vectors):
        """Mean over a random batch of windows; center vectors above, outside vectors below."""
        loss, grad = 0.0, np.zeros_like(vectors)
        for center_idx, outside_indices in random_windows(texts, BATCH_SIZE, rng):
            negatives = rng.choice(num_words, (len(outside_indices), NEGATIVES), p=noise)
            window_loss, grad_center, grad_outside = skipgram(
                center_idx, outside_indices, vectors[:num_words], vectors[num_words:], negatives
            )
            loss += window_loss / BATCH_SIZE
            grad[:num_words] += grad_center / BATCH_SIZE
            grad[num_words:] += grad_outside / BATCH_SIZE
        losses.append(float(loss))
        if len(losses) % 500 == 0:
            print(f"iteration {len(losses)}: loss {np.mean(losses[-500:]):.2f}", flush=True)
        return loss, grad

    vectors = np.zeros((2 * num_words, VECTOR_SIZE))
    vectors[:num_words] = (rng.random((num_words, VECTOR_SIZE)) - 0.5) / VECTOR_SIZE
    for step in STEPS:
        vectors = plain_sgd(loss_and_gradient, vectors, step, ITERATIONS)
    return words, vectors[:num_words], losses


def random_windows(texts, number, rng):
    """So many times: a random word of a random text, and the words up to a random distance away."""
    for _ in range(number):
        text = texts[rng.integers(len(texts))]
        center, reach = rng.integers(len(text)), rng.integers(1, WINDOW + 1)
        before, after = text[max(0, center - reach) : center], text[center + 1 : center + reach + 1]
        yield text[center], np.concatenate([before, after])


def draw(words, vectors, losses):
    """Directions are what is compared, so all vectors are drawn with length one."""
    directions = dict(zip(words, normalize_rows(vectors), strict=True))
    groups = {name: [w for w in group if w in directions] for name, group in GROUPS.items()}
    shown = [word for group in groups.values() for word in group]
    ax = plot_words(shown, directions, groups=groups)
    ax.figure.savefig("word_vectors.png", dpi=150)
    means = np.reshape(losses, (-1, 100)).mean(axis=1)
    ax = plot_loss(means, iterations=100 * np.arange(1, len(means) + 1))
    ax.figure.savefig("loss.png", dpi=150)


# -------------------------------------------------------------------- sentiment


def classify(words, vectors, sentences, labels, new_sentences, new_labels):
    """Train the network on the mean vector of each sentence; its accuracy on new sentences."""
    vector_of = dict(zip(words, vectors, strict=True))
    unknown = np.zeros(VECTOR_SIZE)

    def features(sentences):
        means = [np.mean([vector_of.get(word, unknown) for word in s], axis=0) for s in sentences]
        return np.array(means)

    x, hidden, classes, batch = features(sentences), 15, 5, 50
    rng = np.random.default_rng(1)
    shapes = {
        "w1": (VECTOR_SIZE, hidden),
        "b1": (hidden,),
        "w2": (hidden, classes),
        "b2": (classes,),
    }
    ends = np.cumsum([0, *(np.prod(shape) for shape in shapes.values())])

    def unpack(parameters):
        """The four arrays, out of the one vector that sgd works on."""
        parts = zip(shapes.items(), ends[:-1], ends[1:], strict=True)
        return {name: parameters[a:b].reshape(shape) for (name, shape), a, b in parts}

    def loss_and_gradient(parameters):
        chosen = rng.integers(len(x), size=batch)
        loss, grads = two_layer_net(x[chosen], labels[chosen], **unpack(parameters))
        return loss / batch, np.concatenate([grads[name].ravel() for name in shapes]) / batch

    parameters = 0.3 * rng.normal(size=ends[-1])
    for step in (1.0, 0.5, 0.25):
        parameters = plain_sgd(loss_and_gradient, parameters, step, 1000)
    net = unpack(parameters)
    hidden_units = 1 / (1 + np.exp(-(features(new_sentences) @ net["w1"] + net["b1"])))
    predicted = (hidden_units @ net["w2"] + net["b2"]).argmax(axis=1)
    return np.mean(predicted == new_labels)


if __name__ == "__main__":
    main()
