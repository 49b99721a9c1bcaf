"""What decides the vectors: the settings of both trainers, their defaults and their checks.

Each number stands here once. `Word2Vec` and `train_classic` take their defaults from here, the
command line shows them, and checkpoints hold what must be the same for the result to be the same.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar

from .checks import check_choice, check_finite, check_integer, check_positive

MODELS = ("skipgram", "cbow")
LOSSES = ("neg_sampling", "hierarchical_softmax", "naive_softmax")
REDUCTIONS = ("mean", "sum")

# Farther or more than makes sense, and yet little enough for memory.
LARGEST_WINDOW = 1000
LARGEST_NEGATIVE = 10_000
LARGEST_SHARDS = 4096
LARGEST_SEED = 2**128 - 1  # as much as NumPy's own seeds have

# "tree" is hierarchical softmax.
DEFAULT_ALPHA = {
    "skipgram": 0.075,
    "skipgram_tree": 0.1,
    "cbow_mean": 0.3,
    "cbow_mean_tree": 0.4,
    "cbow_sum": 0.03,
    "cbow_sum_tree": 0.03,
}
# Beyond this, training is stable but the vectors become useless.
LARGEST_ALPHA = 1.0


@dataclass(frozen=True, kw_only=True)
class Options:
    """What both trainers have to know; see `Word2Vec` for what each field means.

    Raises
    ------
    ValueError
        If a value is out of range.
    """

    model: str = "skipgram"
    loss: str = "neg_sampling"
    cbow_reduction: str = "mean"
    vector_size: int = 100
    window: int = 5
    min_count: int = 5
    negative: int = 5
    ns_exponent: float = 0.75
    sample: float | None = 1e-3
    seed: int = 1

    # Fields that a run may be continued with other values of.
    FREE: ClassVar[frozenset[str]] = frozenset()

    def __post_init__(self) -> None:
        check_choice("model", self.model, MODELS)
        check_choice("loss", self.loss, LOSSES)
        check_choice("cbow_reduction", self.cbow_reduction, REDUCTIONS)
        self._check("vector_size", check_integer, 1)
        self._check("window", check_integer, 1, LARGEST_WINDOW)
        self._check("min_count", check_integer, 1)
        self._check("negative", check_integer, 1, LARGEST_NEGATIVE)
        self._check("ns_exponent", check_finite)
        if self.sample == 0 and not isinstance(self.sample, bool):
            object.__setattr__(self, "sample", None)
        if self.sample is not None:
            self._check("sample", check_positive, ", or 0 or None to keep every token")
        self._check("seed", check_integer, 0, LARGEST_SEED)

    def _check(self, name: str, check: Callable, *arguments: Any) -> None:
        """Put the plain Python value that `check` returns in the place of what was given."""
        object.__setattr__(self, name, check(name, getattr(self, name), *arguments))

    @property
    def kind(self) -> str:
        """What decides how large steps should be: one of the names in `DEFAULT_ALPHA`."""
        kind = f"cbow_{self.cbow_reduction}" if self.model == "cbow" else self.model
        return f"{kind}_tree" if self.loss == "hierarchical_softmax" else kind

    def settings(self) -> dict[str, Any]:
        """The fields that must be the same for the result to be the same, by name."""
        return {name: value for name, value in asdict(self).items() if name not in self.FREE}


@dataclass(frozen=True, kw_only=True)
class EngineOptions(Options):
    """The options of `Word2Vec`; an `alpha` of None becomes the default of the model."""

    alpha: float | Any = None  # once made, a number
    min_alpha: float = 1e-4
    epochs: int = 5
    workers: int | None = None
    max_logits: int = 10_000_000
    shards: int = 1

    FREE: ClassVar[frozenset[str]] = frozenset({"workers"})

    def __post_init__(self) -> None:
        super().__post_init__()
        alpha = DEFAULT_ALPHA[self.kind] if self.alpha is None else self.alpha
        alpha = check_positive("alpha", alpha)
        object.__setattr__(self, "alpha", alpha)
        self._check("min_alpha", check_finite)
        if not 0 <= self.min_alpha <= alpha <= LARGEST_ALPHA:
            raise ValueError(
                f"min_alpha and alpha must be 0 <= min_alpha <= alpha <= {LARGEST_ALPHA:g}. "
                f"Got {self.min_alpha} and {alpha} instead."
            )
        self._check("epochs", check_integer, 1)
        if self.workers is not None:
            self._check("workers", check_integer, 1)
        self._check("max_logits", check_integer, 1)
        self._check("shards", check_integer, 1, LARGEST_SHARDS)
        if self.shards & (self.shards - 1):
            raise ValueError(
                "shards must be 1, 2, 4, 8 or another power of two: what they learn is merged in "
                f"pairs. Got {self.shards} instead."
            )


@dataclass(frozen=True, kw_only=True)
class ClassicOptions(Options):
    """The options of `train_classic`: short vectors and all words, as for little text."""

    vector_size: int = 10
    min_count: int = 1
    negative: int = 10
    step: float | Callable[[int], float] = 3.0
    anneal_every: int | None = 20_000
    iterations: int = 40_000
    batch_size: int = 50
    checkpoint_every: int = 5000

    # `sgd` looks after the step itself, and more iterations may be asked for.
    FREE: ClassVar[frozenset[str]] = frozenset(
        {"step", "anneal_every", "iterations", "checkpoint_every"}
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.loss == "hierarchical_softmax":
            raise ValueError(
                "train_classic (sgd) trains with loss='neg_sampling' or 'naive_softmax'. "
                "Hierarchical softmax is what Word2Vec (the engine) has."
            )
        if not callable(self.step):
            self._check("step", check_positive, " or a function")
        if self.anneal_every is not None:
            self._check("anneal_every", check_integer, 1)
        for name in ("iterations", "batch_size", "checkpoint_every"):
            self._check(name, check_integer, 1)


def defaults(options: type[Options]) -> dict[str, Any]:
    """The default of each field of a class of options, by name."""
    return {field.name: field.default for field in fields(options)}


def unknown_argument(
    function: str,
    name: str,
    known: Iterable[str],
    elsewhere: Mapping[str, str] | None = None,
) -> TypeError:
    """The error for an argument that a function does not have; names the one that is meant.

    `elsewhere` says of names that others use what takes their place.
    """
    if elsewhere and name in elsewhere:
        return TypeError(f"{function} has no argument {name!r}: {elsewhere[name]}.")
    known = list(known)
    close = difflib.get_close_matches(name, known, 1)
    hint = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(known)}."
    return TypeError(f"{function} has no argument {name!r}; {hint}")
