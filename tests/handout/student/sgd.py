"""Question 17, as a student might answer it."""

import numpy as np


def plain_sgd(f, x0, step, iterations):
    x = np.array(x0, dtype=float)
    for _ in range(iterations):
        _, grad = f(x)
        x -= step * grad
    return x
