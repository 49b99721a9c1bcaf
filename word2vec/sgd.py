"""Stochastic gradient descent over anything that returns a loss and a gradient.

`plain_sgd` is all there is to it. `sgd` makes the same updates, bit for bit, and can be watched,
stopped, killed and continued.
"""

from __future__ import annotations

import contextlib
import numbers
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, SupportsFloat

import numpy as np
from numpy.typing import ArrayLike

from .checks import FloatArray, StrPath, as_float_array, check_integer
from .rowsparse import RowSparse
from .saving.checkpoint import Checkpoint, CheckpointError, fingerprint, name_latest_checkpoint
from .saving.locks import lock_directory
from .saving.resumable import Progress, carry_out

Objective = Callable[[np.ndarray], tuple[SupportsFloat, np.ndarray | RowSparse]]

SMOOTHING = 0.95
CURVE_EVERY = 100


def plain_sgd(
    f: Callable[[np.ndarray], tuple[SupportsFloat, np.ndarray]],
    x0: ArrayLike,
    step: float,
    iterations: int,
) -> FloatArray:
    """Gradient descent as in the textbook: x <- x - step * gradient, again and again.

    Parameters
    ----------
    f : callable
        f(x) -> (loss, gradient of the shape of x).
    x0 : array_like
        The start; left unchanged.
    step : float
    iterations : int

    Returns
    -------
    ndarray of the shape of `x0`

    Examples
    --------
    >>> plain_sgd(lambda x: (np.sum(x**2), 2 * x), [8.0, -16.0], step=0.25, iterations=3)
    array([ 1., -2.])
    """
    x = np.array(x0, dtype=float)
    for _ in range(iterations):
        _, gradient = f(x)
        x -= step * gradient
    return x


@dataclass(frozen=True, kw_only=True)
class SgdProgress(Progress):
    """What `sgd` tells its callback after each iteration; `done` and `total` count iterations."""

    x: FloatArray  # the current parameters themselves, not a copy: look, do not touch
    smoothed_loss: float  # exponential moving average, 0.95 old + 0.05 new
    step: float  # the step this iteration used
    curve: list[float]  # the smoothed loss after every 100th iteration, from the first run on

    @property
    def iteration(self) -> int:
        """Updates made so far, across a resume; `loss` is that before the last of them."""
        return self.done

    def describe(self) -> str:
        return f"loss {self.smoothed_loss:.3f}"


def sgd(
    f: Objective,
    x0: ArrayLike,
    step: float | Callable[[int], float],
    iterations: int,
    *,
    postprocessing: Callable[[np.ndarray], ArrayLike] | None = None,
    anneal_every: int | None = None,
    checkpoint_dir: StrPath | None = None,
    checkpoint_every: int = 5000,
    settings: Mapping[str, Any] | None = None,
    callback: Callable[[SgdProgress], Any] | None = None,
    rng: np.random.Generator | None = None,
) -> FloatArray:
    """Minimise `f` from `x0` by stochastic gradient descent.

    Parameters
    ----------
    f : callable
        f(x) -> (loss, gradient). The gradient has the shape of x, or is a `RowSparse` of distinct
        rows, and only these are updated. `f` may draw random numbers, from `rng` only.
    x0 : array_like
        The start; left unchanged. float32 and float64 are kept, integers become float64.
    step : float or callable
        Learning rate, or a function of the iteration 0, 1, ... that returns it, such as
        `linear_schedule`. It multiplies the gradient as `f` returns it: if the loss is a sum over
        examples, so is the gradient.
    iterations : int
        Updates to make altogether, those before a resume included.
    postprocessing : callable, optional
        x -> x, applied to the start and after every update, for example `normalize_rows`.
    anneal_every : int, optional
        Halve the step every so many iterations.
    checkpoint_dir : str or path-like, optional
        Save the run here, and continue from here if there is something to continue: the result has
        the same bits as that of an undisturbed run. Ctrl-C and SIGTERM wait for the iteration to
        end and are saved first.
    checkpoint_every : int
        Iterations between two checkpoints. One more is written at the end.
    settings : dict, optional
        JSON values that describe `f` (data, model, seed, ...). They are kept in the checkpoints,
        and a checkpoint with others is refused.
    callback : callable, optional
        Called with an `SgdProgress` after every iteration, and once where a resumed run starts.
    rng : numpy.random.Generator, optional
        The generator that `f` draws from, so that checkpoints can hold its state.

    Returns
    -------
    ndarray of the shape of `x0`

    Raises
    ------
    CheckpointError
        If the checkpoint in `checkpoint_dir` comes from another run (start, step, generator or
        settings differ), is ahead of `iterations`, or all are damaged.
    FloatingPointError
        As soon as the loss or the parameters become NaN or infinite. The last good checkpoint is
        kept; none is written with such numbers.
    InUseError
        If another run uses `checkpoint_dir`.
    Interrupted
        If SIGINT or SIGTERM came and the program's own handler returned: the run is saved, but
        not done. Only with `checkpoint_dir`.
    TypeError, ValueError
        If an argument is out of range, or the gradient's shape is not that of x.

    Notes
    -----
    x <- x - step * gradient, with step halved every `anneal_every` iterations: iteration k (from 0)
    uses step * 0.5^floor(k / anneal_every).

    Examples
    --------
    >>> x = sgd(lambda x: (np.sum(x**2), 2 * x), [0.5, -1.0], step=0.1, iterations=100)
    >>> bool(np.abs(x).max() < 1e-9)
    True
    """
    check_integer("iterations", iterations, 0)
    check_integer("checkpoint_every", checkpoint_every, 1)
    x = as_float_array("x0", x0).copy()
    if not np.isfinite(x).all():
        raise ValueError("x0 must be finite. Got NaN or infinity instead.")
    step_at = _step_schedule(step, anneal_every)
    descent = _Descent(
        f=f,
        x=_postprocess(postprocessing, x),
        step_at=step_at,
        iterations=iterations,
        postprocessing=postprocessing,
        checkpoint_every=checkpoint_every,
        checkpoint_dir=checkpoint_dir,
        callback=callback,
        rng=rng,
        settings={
            **(settings or {}),
            "x0": f"{x.dtype}{x.shape} {fingerprint(x)}",
            "step": step_at(0),
            "anneal_every": anneal_every,
            "generator": rng and fingerprint(rng.bit_generator.state),
        },
    )
    with lock_directory(checkpoint_dir) if checkpoint_dir else contextlib.nullcontext():
        carry_out(descent, checkpoint_dir or None)
    return descent.x


def linear_schedule(start: float, end: float, iterations: int) -> Callable[[int], float]:
    """A step for `sgd` that falls on a straight line from `start` to `end`.

    Parameters
    ----------
    start, end : float
        Steps of the first and the last iteration.
    iterations : int
        As given to `sgd`; further iterations stay at `end`.

    Returns
    -------
    callable
        From the iteration 0, 1, ... to the step.

    Examples
    --------
    >>> schedule = linear_schedule(0.3, 0.1, iterations=5)
    >>> [round(schedule(k), 3) for k in range(6)]
    [0.3, 0.25, 0.2, 0.15, 0.1, 0.1]
    """

    def step_at(iteration):
        fraction = min(iteration / max(1, iterations - 1), 1.0)
        return start + fraction * (end - start)

    return step_at


@dataclass
class _Descent:
    """A run of `sgd`, as something that `carry_out` can save and continue."""

    f: Objective
    x: FloatArray
    step_at: Callable[[int], float]
    iterations: int
    postprocessing: Callable[[np.ndarray], ArrayLike] | None
    checkpoint_every: int
    checkpoint_dir: StrPath | None
    callback: Callable[[SgdProgress], Any] | None
    rng: np.random.Generator | None
    settings: dict[str, Any]
    position: int = 0  # updates made
    resumed_at: int = 0
    last_loss: float = 0.0
    last_step: float = 0.0
    smoothed_loss: float = 0.0
    curve: list[float] = field(default_factory=list)

    @property
    def is_done(self) -> bool:
        return self.position >= self.iterations

    def step(self) -> bool:
        step = self.step_at(self.position)
        with np.errstate(over="ignore", invalid="ignore"):  # one error instead, below
            loss, gradient = self.f(self.x)
            changed = _update(self.x, step, gradient)
            if self.postprocessing:
                self.x = changed = _postprocess(self.postprocessing, self.x)
            self._check_finite("loss", loss, step)
            self._check_finite("x", changed, step)

        self.position += 1
        self.last_loss, self.last_step = float(loss), step
        if self.position == 1:
            self.smoothed_loss = self.last_loss
        self.smoothed_loss = SMOOTHING * self.smoothed_loss + (1 - SMOOTHING) * self.last_loss
        if self.position % CURVE_EVERY == 0:
            self.curve.append(self.smoothed_loss)
        self._report()
        return self.is_done or self.position % self.checkpoint_every == 0

    def checkpoint(self) -> Checkpoint:
        state = {
            "iteration": self.position,
            "step": self.last_step,
            "loss": self.last_loss,
            "smoothed_loss": self.smoothed_loss,
            "generator": self.rng and self.rng.bit_generator.state,
        }
        arrays = {"parameters": self.x, "curve": np.array(self.curve)}
        return Checkpoint(self.settings, state, arrays)

    def restore(self, checkpoint: Checkpoint) -> None:
        state = checkpoint.state
        done = state["iteration"]
        if done > self.iterations:
            raise CheckpointError(
                f"The checkpoint is at iteration {done}, beyond the {self.iterations} asked for. "
                "Ask for more iterations, or use another directory."
            )
        if self.step_at(done - 1) != state["step"]:
            raise CheckpointError(
                f"The step of iteration {done - 1} is {self.step_at(done - 1)}, was "
                f"{state['step']}: the checkpoint belongs to a run with another schedule. Use "
                "another directory."
            )
        if self.rng is not None:
            self.rng.bit_generator.state = state["generator"]
        self.x = checkpoint.arrays["parameters"]
        self.curve = checkpoint.arrays["curve"].tolist()
        self.position = self.resumed_at = done
        self.last_loss, self.last_step = state["loss"], state["step"]
        self.smoothed_loss = state["smoothed_loss"]
        self._report()

    def _report(self) -> None:
        if self.callback:
            self.callback(
                SgdProgress(
                    done=self.position,
                    total=self.iterations,
                    unit="iteration",
                    loss=self.last_loss,
                    resumed_at=self.resumed_at,
                    x=self.x,
                    smoothed_loss=self.smoothed_loss,
                    step=self.last_step,
                    curve=self.curve,
                )
            )

    def _check_finite(self, what: str, values: Any, step: float) -> None:
        # A sum is several times faster and hides neither NaN nor infinity; but it can overflow.
        if not (np.isfinite(np.sum(values)) or np.isfinite(values).all()):
            raise FloatingPointError(
                f"{what} became NaN or infinite in iteration {self.position}, at step {step:g}. "
                f"The step is too large: lower it.{name_latest_checkpoint(self.checkpoint_dir)}"
            )


def _step_schedule(
    step: float | Callable[[int], float], anneal_every: int | None
) -> Callable[[int], float]:
    """The step as a function of the iteration, checked."""
    if anneal_every is not None:
        check_integer("anneal_every", anneal_every, 1)
    if not callable(step) and not (isinstance(step, numbers.Real) and 0 < step < np.inf):
        raise ValueError(f"step must be a positive number or a function. Got {step!r} instead.")

    def step_at(iteration):
        base = step(iteration) if callable(step) else step
        return float(base) * 0.5 ** (iteration // anneal_every if anneal_every else 0)

    return step_at


def _update(x, step, gradient):
    """x -= step * gradient, in place; returns the part of x that was changed."""
    if isinstance(gradient, RowSparse):
        changed = x[gradient.rows] - step * gradient.values
        x[gradient.rows] = changed
        return changed
    gradient = np.asarray(gradient)
    if gradient.shape != x.shape:
        raise ValueError(
            f"The gradient must have the shape of x, {x.shape}. Got {gradient.shape} instead."
        )
    x -= step * gradient
    return x


def _postprocess(postprocessing, x):
    if postprocessing is None:
        return x
    processed = np.asarray(postprocessing(x))
    if processed.shape != x.shape:
        raise ValueError(
            f"postprocessing must return an array of the shape of x, {x.shape}. "
            f"Got shape {processed.shape} instead."
        )
    return processed.astype(x.dtype, copy=False)
