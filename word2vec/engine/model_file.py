"""Trained models as files: all that is needed to ask them, and to train them on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .. import __version__
from ..checks import FloatArray, IntArray, StrPath
from ..saving.archive import (
    DamagedFileError,
    pack_strings,
    read_archive,
    unpack_strings,
    write_archive,
)
from ..saving.checkpoint import TRAINING_VERSION

FORMAT = "word2vec model"
VERSION = 2  # 1: before hierarchical softmax, so without trees
_MATRICES = ("center_vectors", "outside_vectors")


@dataclass
class Model:
    """What a training has come to."""

    params: dict[str, Any]  # arguments of `Word2Vec`
    counts: dict[str, int]  # of the words that have rows, in their order
    rare: dict[str, int]  # of all other words ever counted
    center_vectors: FloatArray  # (V, d) float32
    outside_vectors: FloatArray
    losses: list[float] = field(default_factory=list)
    loss_curve: list[list[float]] = field(default_factory=list)
    num_trainings: int = 1  # `fit` and each `partial_fit`
    tree: IntArray | None = None  # (V - 1, 2): the children of a `HuffmanTree`


def write_model(path: StrPath, model: Model) -> None:
    """Write a model into one file, which appears when it is complete."""
    text, lengths = pack_strings([*model.counts, *model.rare])
    header = {
        "format": FORMAT,
        "version": VERSION,
        "training": TRAINING_VERSION,
        "library": __version__,
        "params": model.params,
        "losses": model.losses,
        "loss_curve": model.loss_curve,
        "num_trainings": model.num_trainings,
    }
    arrays = {
        "words": text,
        "word_lengths": lengths,
        "counts": np.array([*model.counts.values(), *model.rare.values()], np.int64),
        "center_vectors": model.center_vectors,
        "outside_vectors": model.outside_vectors,
    }
    if model.tree is not None:
        arrays["tree"] = model.tree
    write_archive(path, header, arrays)


def read_model(path: StrPath, mmap: bool = False) -> Model:
    """Read what `write_model` has written.

    Parameters
    ----------
    path : str or path-like
    mmap : bool
        Map both matrices into memory instead of reading them; their bytes are not checked then.

    Raises
    ------
    DamagedFileError
        If a byte of the file is not what was written.
    ValueError
        If it is whole, but no model, or of a later version of the format.
    """
    header, arrays = read_archive(path, _MATRICES if mmap else ())
    if header.get("format") != FORMAT:
        raise ValueError(
            f"{path} is no saved model of this library. Vectors alone are opened by "
            "KeyedVectors.load or load_word2vec_format."
        )
    if header["version"] > VERSION:
        raise ValueError(
            f"{path} was written by version {header['library']} of word2vec (model format "
            f"{header['version']}); this is version {__version__}, which reads formats up to "
            f"{VERSION}. Install that version or a later one."
        )
    try:
        words = unpack_strings(arrays["words"], arrays["word_lengths"])
        counted = list(zip(words, arrays["counts"].tolist(), strict=True))
        num_rows = len(arrays["center_vectors"])
        for name in _MATRICES:
            dtype, width = arrays[name].dtype, arrays[name].shape[1:]
            if dtype != np.float32 or width != (header["params"]["vector_size"],):
                raise ValueError(f"{name} has another shape or type than the rest says")
        return Model(
            header["params"],
            dict(counted[:num_rows]),
            dict(counted[num_rows:]),
            arrays["center_vectors"],
            arrays["outside_vectors"],
            header["losses"],
            header["loss_curve"],
            header["num_trainings"],
            arrays.get("tree"),
        )
    except (KeyError, ValueError) as error:
        raise DamagedFileError(f"{path} is no whole model: {error}") from error
