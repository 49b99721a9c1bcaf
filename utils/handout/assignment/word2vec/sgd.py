"""Gradient descent over anything that returns a loss and a gradient."""

import numpy as np


def sgd(f, x0, step, iterations, *, anneal_every=None, callback=None):
    """Minimise `f` from `x0` by stochastic gradient descent.

    Parameters
    ----------
    f : callable
        f(x) -> (loss, gradient), the gradient in the shape of x. It is called once an iteration.
    x0 : ndarray
        The start; left unchanged.
    step : float
        Learning rate: what the gradient is multiplied by.
    iterations : int
        Number of updates.
    anneal_every : int, optional
        Halve the step every so many iterations.
    callback : callable, optional
        Called as callback(iteration, loss) after every update; `iteration` counts from 1, `loss` is
        what `f` returned before the update.

    Returns
    -------
    ndarray of the shape of `x0`

    Notes
    -----
    x <- x - step * gradient. Iteration k (from 0) uses step * 0.5^floor(k / anneal_every).
    """
    x = np.array(x0, dtype=np.float64)
    for iteration in range(iterations):
        loss, gradient = f(x)
        halvings = iteration // anneal_every if anneal_every else 0
        x -= step * 0.5**halvings * gradient
        if callback:
            callback(iteration + 1, loss)
    return x
