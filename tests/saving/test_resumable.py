"""The loop that both trainers share: a signal that the program itself handles is told."""

import os
import signal

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from word2vec import Interrupted, Word2Vec, sgd

SENTENCES = [["tea", "is", "hot"], ["coffee", "is", "hot"]] * 50
NUMBERS = [signal.SIGINT, signal.SIGTERM]
either_signal = pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number.name)


@pytest.fixture
def handled(number):
    """A program that handles the signal and goes on; what it received is in the list."""
    received = []
    previous = signal.signal(number, lambda *arguments: received.append(arguments[0]))
    yield received
    signal.signal(number, previous)


def kill_once(number):
    """A callback that sends the signal when it is called first."""
    done = []

    def callback(progress):
        if not done:
            done.append(progress)
            os.kill(os.getpid(), number)

    return callback


def fit(**options):
    model = Word2Vec(vector_size=4, min_count=1, sample=None, workers=1)
    return model.fit(SENTENCES, **options).wv.vectors


def descend(**options):
    return sgd(lambda x: (np.sum(x**2), 2 * x), np.ones(3), 0.1, 20, **options)


@either_signal
@pytest.mark.parametrize(
    ("train", "callback"), [(fit, "progress"), (descend, "callback")], ids=["fit", "sgd"]
)
def test_signal_that_the_program_handles_raises_interrupted_and_is_gone_on_from(
    tmp_path, number, handled, train, callback
):
    message = f"stopped by {number.name}. It is saved in {tmp_path}: the same call .* goes on"
    with pytest.raises(Interrupted, match=message):
        train(checkpoint_dir=tmp_path, **{callback: kill_once(number)})
    assert handled == [number]
    assert_array_equal(train(checkpoint_dir=tmp_path), train())


@either_signal
def test_interrupted_fit_keeps_what_it_has_learned_so_far(number, handled):
    model = Word2Vec(vector_size=4, min_count=1, sample=None, workers=1)
    with pytest.raises(Interrupted, match="What was learned so far is kept"):
        model.fit(SENTENCES, progress=kill_once(number))
    assert model.wv.vectors.shape == model.outside_vectors.shape == (4, 4)
    assert model.losses == []  # no epoch came to its end


@pytest.mark.parametrize("number", [signal.SIGTERM])
def test_signal_in_the_last_step_does_not_hide_the_result(tmp_path, number, handled):
    def kill_at_the_end(progress):
        if progress.done == progress.total:
            os.kill(os.getpid(), number)

    assert_array_equal(descend(checkpoint_dir=tmp_path, callback=kill_at_the_end), descend())
    assert handled == [number]
