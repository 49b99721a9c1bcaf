#!/usr/bin/env python3
"""Damages checkpoints, models and phrases in every way it can think of.

    python benchmarks/attacks/damaged_checkpoints.py --flips 20000

The newest of two checkpoints is truncated to every length, or has bits flipped, stretches zeroed,
cut out, repeated or overwritten. The one before it must be used, with a warning; without one before
it, a clear error is right. A saved `Word2Vec` or `Phrases` is damaged likewise, and loading it must
say so. Exit status 0 only if that was so every time.
"""

import argparse
import sys
import tempfile
import warnings
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from word2vec import Phrases, Word2Vec
from word2vec.saving.checkpoint import (
    Checkpoint,
    DamagedCheckpointError,
    load_latest_checkpoint,
    save_checkpoint,
)

SETTINGS = {"seed": 1, "window": 5}


def save_example(directory, iteration):
    parameters = np.random.default_rng(iteration).normal(size=(5, 3))
    arrays = {"parameters": parameters, "curve": np.array([1.5])}
    return save_checkpoint(
        directory, iteration, Checkpoint(SETTINGS, {"iteration": iteration}, arrays)
    )


def flip(content, rng):
    """One to eight bits flipped."""
    for bit in rng.choice(8 * len(content), size=rng.integers(1, 9), replace=False).tolist():
        content[bit // 8] ^= 1 << bit % 8


def spoil(content, rng):
    """A stretch of bytes zeroed, cut out, repeated, or overwritten by noise."""
    start, stop = sorted(rng.choice(len(content) + 1, size=2, replace=False).tolist())
    replacements = [
        bytes(stop - start),
        b"",
        content[start:stop] * 2,
        rng.bytes(stop - start),
    ]
    content[start:stop] = replacements[rng.integers(4)]


def damaged_versions(good, num_flips, num_spoiled, rng):
    """Yield the kind of damage and the content, for all truncations and so many of the others."""
    for length in range(len(good)):
        yield "truncated", good[:length]
    for kind, damage, number in (("flipped", flip, num_flips), ("spoiled", spoil, num_spoiled)):
        made = 0
        while made < number:
            content = bytearray(good)
            damage(content, rng)
            if content != good:  # zeros may have been zeroed
                made += 1
                yield kind, bytes(content)


def is_recognised(directory, other, content):
    """Whether `content` in the place of the newest checkpoint leads to the one before, or an error.

    `directory` has the checkpoints of iterations 1 and 2, `other` only that of iteration 2.
    """
    for place in (directory, other):
        (place / "checkpoint-000000002.npz").write_bytes(content)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        _, state, arrays = load_latest_checkpoint(directory, SETTINGS)
    expected = np.random.default_rng(1).normal(size=(5, 3))
    if state != {"iteration": 1} or not np.array_equal(arrays["parameters"], expected):
        return False
    if "is damaged: its checksum does not match" not in str(caught[0].message):
        return False
    try:
        load_latest_checkpoint(other, SETTINGS)
    except DamagedCheckpointError:
        return False  # it must say what to do
    except ValueError as error:
        return "No other checkpoint is left: delete the directory" in str(error)
    return False


def try_all(parent, num_flips, num_spoiled, rng):
    """Damage a checkpoint in each way; for each, how many were tried and how many recognised."""
    directory, other = Path(parent, "two"), Path(parent, "one")
    save_example(directory, 1)
    good = save_example(directory, 2).read_bytes()
    save_example(other, 2)
    tried, recognised = Counter(), Counter()
    for kind, content in damaged_versions(good, num_flips, num_spoiled, rng):
        tried[kind] += 1
        recognised[kind] += is_recognised(directory, other, content)
    return tried, recognised


def save_model(path):
    sentences = [["tea", "is", "hot"], ["coffee", "is", "hot"]] * 50
    Word2Vec(vector_size=4, min_count=1, sample=0, epochs=1, workers=1).fit(sentences).save(path)


def save_phrases(path):
    sentences = [["new", "york", "is", "new"], ["word", "of", "mouth"]] * 3
    Phrases(sentences, min_count=1, threshold=0.5, connector_words={"of"}).save(path)


SAVED = {"model": (save_model, Word2Vec.load), "phrases": (save_phrases, Phrases.load)}


def try_saved(path, save, load, num_flips, num_spoiled, rng):
    """Damage a saved file in each way; as `try_all`, of how often loading it has said so."""
    save(path)
    tried, recognised = Counter(), Counter()
    for kind, content in damaged_versions(path.read_bytes(), num_flips, num_spoiled, rng):
        path.write_bytes(content)
        tried[kind] += 1
        try:
            load(path)
        except ValueError as error:
            recognised[kind] += "is damaged: its checksum does not match" in str(error)
    return tried, recognised


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--flips", type=int, default=20_000, help="[%(default)s]")
    parser.add_argument("--spoiled", type=int, default=5000, help="[%(default)s]")
    parser.add_argument("--seed", type=int, default=0, help="of the damage [%(default)s]")
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    numbers = arguments.flips, arguments.spoiled, rng
    failed = False
    with tempfile.TemporaryDirectory() as parent:
        results = {"checkpoint": try_all(parent, *numbers)}
        for name, (save, load) in SAVED.items():
            results[name] = try_saved(Path(parent, name), save, load, *numbers)
    for name, (tried, recognised) in results.items():
        for kind, number in tried.items():
            print(f"{name:10} {kind:10} tried {number:6}, recognised {recognised[kind]:6}")
        failed |= recognised != tried
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
