#!/usr/bin/env python3
"""Draws docs/blocks.png: the pairs of a stretch of text, and the blocks that hold them."""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from word2vec.engine.blocks import draw_blocks  # noqa: E402 - needs the path above

BLOCK_SIZE, WINDOW, VOCAB_SIZE, NUM_TOKENS, SENTENCE_END = 16, 5, 1000, 64, 37


def main():
    rng = np.random.default_rng(3)
    tokens = np.insert(rng.integers(VOCAB_SIZE, size=NUM_TOKENS), SENTENCE_END, VOCAB_SIZE)
    keep = np.full(VOCAB_SIZE + 1, 2, dtype=np.float32)
    tokens = tokens.astype(np.int32)
    blocks = draw_blocks(tokens, VOCAB_SIZE, keep, WINDOW, "expected", None, 0, BLOCK_SIZE, 1, rng)

    figure, ax = plt.subplots(figsize=(7, 7), layout="constrained")
    for block, weights in enumerate(blocks.weights):
        column, row = np.nonzero(weights)
        start = block * BLOCK_SIZE
        ax.scatter(
            column + start - WINDOW,
            row + start,
            s=12 * weights[column, row],
            color="#0072B2",
            linewidth=0,
        )
        ax.add_patch(
            Rectangle(
                (start - WINDOW - 0.5, start - 0.5),
                BLOCK_SIZE + 2 * WINDOW,
                BLOCK_SIZE,
                facecolor="#E69F00",
                alpha=0.18,
                edgecolor="#D55E00",
            )
        )
    ax.axhline(SENTENCE_END - 0.5, color="0.6", linewidth=0.8, linestyle="--")
    ax.axvline(SENTENCE_END - 0.5, color="0.6", linewidth=0.8, linestyle="--")
    ax.text(NUM_TOKENS + 4, SENTENCE_END - 1.2, "a sentence ends", ha="right", color="0.4")
    ax.set(
        xlabel="outside word, by its place in the text",
        ylabel="center word, by its place in the text",
        xlim=(-WINDOW - 1, NUM_TOKENS + WINDOW),
        ylim=(NUM_TOKENS, -1),
        aspect="equal",
    )
    ax.spines[["top", "right"]].set_visible(False)
    figure.savefig(ROOT / "docs" / "blocks.png", dpi=110)


if __name__ == "__main__":
    main()
