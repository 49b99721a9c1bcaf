"""Question 17, as a student might answer it."""


def sgd(f, x0, step, iterations, *, anneal_every=None, callback=None):
    x = x0.copy()
    for k in range(iterations):
        loss, grad = f(x)
        x -= step * grad
        if callback:
            callback(k + 1, loss)
        if anneal_every and (k + 1) % anneal_every == 0:
            step /= 2
    return x
