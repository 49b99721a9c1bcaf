"""Stochastic gradient descent over anything that returns a loss and a gradient."""

import contextlib
import numbers
from typing import NamedTuple

import numpy as np

from .checks import as_float_array, check_integer
from .rowsparse import RowSparse
from .saving.checkpoint import (
    Checkpoint,
    CheckpointError,
    fingerprint,
    load_latest_checkpoint,
    name_latest_checkpoint,
    save_checkpoint,
)
from .saving.interrupts import held_back_signals
from .saving.locks import lock_directory

SMOOTHING = 0.95
CURVE_EVERY = 100


class Progress(NamedTuple):
    """What `sgd` tells its callback after each iteration."""

    iteration: int  # updates made so far, across a resume
    x: np.ndarray  # the current parameters themselves, not a copy: look, do not touch
    loss: float  # of this iteration, before its update
    smoothed_loss: float  # exponential moving average, 0.95 old + 0.05 new
    step: float  # the step this iteration used
    curve: list  # the smoothed loss after every 100th iteration, from the first run on


def sgd(
    f,
    x0,
    step,
    iterations,
    *,
    postprocessing=None,
    anneal_every=None,
    checkpoint_dir=None,
    checkpoint_every=5000,
    settings=None,
    callback=None,
    rng=None,
):
    """Minimise `f` from `x0` by stochastic gradient descent.

    Parameters
    ----------
    f : callable
        f(x) -> (loss, gradient). The gradient has the shape of x, or is a `RowSparse`, which
        updates only the rows it has. `f` may draw random numbers, from `rng` only.
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
        Called with a `Progress` after every iteration, and once where a resumed run starts.
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
    step_at = _step_schedule(step, anneal_every)
    check_integer("iterations", iterations, 0)
    check_integer("checkpoint_every", checkpoint_every, 1)
    x = as_float_array("x0", x0).copy()
    if not np.isfinite(x).all():
        raise ValueError("x0 must be finite. Got NaN or infinity instead.")
    run = {
        **(settings or {}),
        "x0": f"{x.dtype}{x.shape} {fingerprint(x)}",
        "step": step_at(0),
        "anneal_every": anneal_every,
        "generator": rng and fingerprint(rng.bit_generator.state),
    }
    with contextlib.ExitStack() as stack:
        signals = []
        if checkpoint_dir:
            signals = stack.enter_context(held_back_signals())
            stack.enter_context(lock_directory(checkpoint_dir))
        saved = checkpoint_dir and load_latest_checkpoint(checkpoint_dir, run)
        if saved:
            x, done, smoothed_loss, curve = _restore(saved, step_at, iterations, rng)
            if callback:
                step_now, loss = saved.state["step"], saved.state["loss"]
                callback(Progress(done, x, loss, smoothed_loss, step_now, curve))
        else:
            x, done, smoothed_loss, curve = _postprocess(postprocessing, x), 0, None, []

        stop = done == iterations
        while not stop:
            step_now = step_at(done)
            with np.errstate(over="ignore", invalid="ignore"):  # one error instead, below
                loss, gradient = f(x)
                changed = _update(x, step_now, gradient)
                if postprocessing:
                    x = changed = _postprocess(postprocessing, x)
                for what, values in (("loss", loss), ("x", changed)):
                    if not _all_finite(values):
                        raise FloatingPointError(_diverged(what, done, step_now, checkpoint_dir))

            done += 1
            loss = float(loss)
            if smoothed_loss is None:
                smoothed_loss = loss
            smoothed_loss = SMOOTHING * smoothed_loss + (1 - SMOOTHING) * loss
            if done % CURVE_EVERY == 0:
                curve.append(smoothed_loss)
            if callback:
                callback(Progress(done, x, loss, smoothed_loss, step_now, curve))

            stop = done == iterations or bool(signals)
            if checkpoint_dir and (stop or done % checkpoint_every == 0):
                state = {
                    "iteration": done,
                    "step": step_now,
                    "loss": loss,
                    "smoothed_loss": smoothed_loss,
                    "generator": rng and rng.bit_generator.state,
                }
                arrays = {"parameters": x, "curve": np.array(curve)}
                save_checkpoint(checkpoint_dir, done, Checkpoint(run, state, arrays))
    return x


def linear_schedule(start, end, iterations):
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


def _step_schedule(step, anneal_every):
    """The step as a function of the iteration, checked."""
    if anneal_every is not None:
        check_integer("anneal_every", anneal_every, 1)
    if not callable(step) and not (isinstance(step, numbers.Real) and 0 < step < np.inf):
        raise ValueError(f"step must be a positive number or a function. Got {step!r} instead.")

    def step_at(iteration):
        base = step(iteration) if callable(step) else step
        return float(base) * 0.5 ** (iteration // anneal_every if anneal_every else 0)

    return step_at


def _restore(saved, step_at, iterations, rng):
    """Parameters, iteration, smoothed loss and curve of a checkpoint; sets the generator."""
    done = saved.state["iteration"]
    if done > iterations:
        raise CheckpointError(
            f"The checkpoint is at iteration {done}, beyond the {iterations} asked for. "
            "Ask for more iterations, or use another directory."
        )
    if step_at(done - 1) != saved.state["step"]:
        raise CheckpointError(
            f"The step of iteration {done - 1} is {step_at(done - 1)}, was {saved.state['step']}: "
            "the checkpoint belongs to a run with another schedule. Use another directory."
        )
    if rng is not None:
        rng.bit_generator.state = saved.state["generator"]
    curve = saved.arrays["curve"].tolist()
    return saved.arrays["parameters"], done, saved.state["smoothed_loss"], curve


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


def _all_finite(values):
    # A sum is several times faster and hides neither NaN nor infinity; but it can itself overflow.
    return np.isfinite(np.sum(values)) or np.isfinite(values).all()


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


def _diverged(what, done, step, checkpoint_dir):
    return (
        f"{what} became NaN or infinite in iteration {done}, at step {step:g}. "
        f"The step is too large: lower it.{name_latest_checkpoint(checkpoint_dir)}"
    )
