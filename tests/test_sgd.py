import os
import signal
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from word2vec.rowsparse import RowSparse
from word2vec.saving.checkpoint import CheckpointError, read_checkpoint
from word2vec.sgd import linear_schedule, plain_sgd, sgd

START = np.array([0.5, -1.0, 2.0])


def square(x):
    return np.sum(x**2), 2 * x


def noisy_square(rng):
    """A loss that draws from `rng`, as a random batch does."""

    def f(x):
        shift = rng.normal(size=x.shape)
        return np.sum((x - shift) ** 2), 2 * (x - shift)

    return f


def noisy_run(directory=None, iterations=50, seed=0, **options):
    """A run of 50 noisy iterations with a checkpoint every 10."""
    rng = np.random.default_rng(seed)
    options = {"step": 0.1, "checkpoint_every": 10, "anneal_every": 15, "rng": rng, **options}
    f = options.pop("f", noisy_square(rng))
    x0 = options.pop("x0", START)
    return sgd(f, x0, iterations=iterations, checkpoint_dir=directory, **options)


class Killed(Exception):
    """Stands for whatever ends a run from outside."""


def killed_at(iteration):
    def callback(progress):
        if progress.iteration == iteration:
            raise Killed

    return callback


def recorded(field):
    """A callback and the list it fills with one field of the progress."""
    values = []
    return values, lambda progress: values.append(getattr(progress, field))


# The update


def test_plain_sgd_makes_the_same_updates_bit_for_bit():
    plain = plain_sgd(noisy_square(np.random.default_rng(0)), START, 0.1, 50)
    assert_array_equal(plain, noisy_run(anneal_every=None))


def test_update_is_minus_step_times_gradient():
    x = sgd(square, START, 0.1, 3)
    expected = START.copy()
    for _ in range(3):
        expected = expected - 0.1 * (2 * expected)
    assert_array_equal(x, expected)


def test_minimum_is_found():
    assert_allclose(sgd(square, START, 0.1, 200), 0, atol=1e-15)


def test_number_is_minimised_like_an_array():
    assert_allclose(sgd(square, 0.5, 0.1, 200), 0, atol=1e-15)


def test_start_is_left_alone():
    x0 = START.copy()
    sgd(square, x0, 0.1, 3)
    assert_array_equal(x0, START)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept(dtype):
    assert sgd(square, START.astype(dtype), 0.1, 3).dtype == dtype


def test_row_sparse_gradient_updates_the_rows_it_has():
    x0 = np.ones((4, 2))
    gradient = RowSparse(np.array([3, 1]), np.array([[1.0, 2.0], [3.0, 4.0]]))
    x = sgd(lambda x: (0.0, gradient), x0, 0.1, 1)
    assert_array_equal(x, x0 - 0.1 * gradient.to_dense(4))


def test_postprocessing_in_float64_leaves_float32_parameters_float32():
    assert sgd(square, START.astype(np.float32), 0.1, 3, postprocessing=np.float64).dtype == "f4"


def test_postprocessing_is_applied_to_the_start_and_after_every_update():
    seen = []
    sgd(square, START, 0.1, 2, postprocessing=lambda x: seen.append(x.copy()) or np.clip(x, -1, 1))
    assert_array_equal(seen[0], START)
    assert_array_equal(seen[1], np.clip(START, -1, 1) * 0.8)
    assert len(seen) == 3


def test_callback_sees_the_loss_before_and_the_parameters_after_the_update():
    seen = []
    sgd(square, START, 0.1, 1, callback=lambda progress: seen.append((progress.loss, progress.x)))
    ((loss, x),) = seen
    assert loss == np.sum(START**2)
    assert_array_equal(x, START - 0.1 * (2 * START))


def test_no_iterations_return_the_start():
    assert_array_equal(sgd(square, START, 0.1, 0), START)


# The step


def test_step_is_halved_every_so_many_iterations():
    steps, callback = recorded("step")
    sgd(square, START, 0.4, 7, anneal_every=3, callback=callback)
    assert steps == [0.4, 0.4, 0.4, 0.2, 0.2, 0.2, 0.1]


def test_step_may_be_a_function_of_the_iteration():
    steps, callback = recorded("step")
    sgd(square, START, lambda iteration: 0.1 / (1 + iteration), 3, callback=callback)
    assert_allclose(steps, [0.1, 0.1 / 2, 0.1 / 3])


@pytest.mark.parametrize(
    ("iterations", "expected"), [(5, [0.3, 0.25, 0.2, 0.15, 0.1]), (2, [0.3, 0.1]), (1, [0.3])]
)
def test_linear_schedule_runs_from_start_to_end(iterations, expected):
    steps, callback = recorded("step")
    sgd(square, START, linear_schedule(0.3, 0.1, iterations), iterations, callback=callback)
    assert_allclose(steps, expected)


def test_linear_schedule_stays_at_its_end():
    assert_allclose([linear_schedule(0.3, 0.1, 5)(k) for k in (5, 6, 100)], 0.1)


# The loss


def test_smoothed_loss_is_an_exponential_moving_average():
    losses, callback = recorded("loss")
    smoothed, second = recorded("smoothed_loss")
    sgd(square, START, 0.1, 3, callback=lambda progress: (callback(progress), second(progress)))
    expected = [losses[0], 0.95 * losses[0] + 0.05 * losses[1]]
    expected.append(0.95 * expected[1] + 0.05 * losses[2])
    assert_allclose(smoothed, expected)


def test_curve_holds_every_hundredth_smoothed_loss():
    smoothed, callback = recorded("smoothed_loss")
    curves, second = recorded("curve")
    sgd(square, START, 0.01, 250, callback=lambda progress: (callback(progress), second(progress)))
    assert curves[-1] == [smoothed[99], smoothed[199]]


# Resuming


@pytest.mark.parametrize("kill", [1, 9, 10, 11, 29, 49, 50])
def test_killed_and_resumed_run_ends_with_the_same_bits(tmp_path, kill):
    with pytest.raises(Killed):
        noisy_run(tmp_path, callback=killed_at(kill))
    assert_array_equal(noisy_run(tmp_path), noisy_run())


def test_run_whose_step_differs_in_every_iteration_resumes(tmp_path):
    step = linear_schedule(0.1, 0.01, 50)
    with pytest.raises(Killed):
        noisy_run(tmp_path, step=step, callback=killed_at(25))
    assert_array_equal(noisy_run(tmp_path, step=step), noisy_run(step=step))


def test_checkpoint_is_written_every_5000_iterations_unless_told_otherwise(tmp_path):
    with pytest.raises(Killed):
        sgd(square, START, 0.1, 6000, checkpoint_dir=tmp_path, callback=killed_at(5001))
    assert [path.name for path in tmp_path.glob("*.npz")] == ["checkpoint-000005000.npz"]


def test_run_killed_again_and_again_ends_with_the_same_bits(tmp_path):
    for kill in range(5, 50, 7):
        with pytest.raises(Killed):
            noisy_run(tmp_path, callback=killed_at(kill))
    assert_array_equal(noisy_run(tmp_path), noisy_run())


@pytest.mark.parametrize(
    "bit_generator", [np.random.MT19937, np.random.PCG64, np.random.Philox, np.random.SFC64]
)
def test_every_generator_of_numpy_resumes(tmp_path, bit_generator):
    def run(directory, callback=None):
        rng = np.random.Generator(bit_generator(3))
        f = noisy_square(rng)
        return noisy_run(directory, f=f, rng=rng, callback=callback)

    with pytest.raises(Killed):
        run(tmp_path, killed_at(25))
    assert_array_equal(run(tmp_path), run(None))


def test_progress_goes_on_after_a_resume_as_if_nothing_had_happened(tmp_path):
    def history(directory, kill=None):
        seen = {}

        def callback(progress):
            seen[progress.iteration] = replace(
                progress, x=progress.x.tolist(), curve=[*progress.curve], resumed_at=0
            )
            if progress.iteration == kill:
                raise Killed

        if kill:
            with pytest.raises(Killed):
                noisy_run(directory, 150, callback=callback)
        else:
            noisy_run(directory, 150, callback=callback)
        return seen

    history(tmp_path, kill=125)
    resumed, undisturbed = history(tmp_path), history(None)
    assert min(resumed) == 120
    assert resumed == {iteration: undisturbed[iteration] for iteration in resumed}


def test_more_iterations_continue_a_finished_run(tmp_path):
    noisy_run(tmp_path, iterations=30)
    assert_array_equal(noisy_run(tmp_path, iterations=50), noisy_run(iterations=50))


def test_finished_run_is_not_run_again(tmp_path):
    x = noisy_run(tmp_path)
    calls, callback = recorded("iteration")
    assert_array_equal(noisy_run(tmp_path, callback=callback), x)
    assert calls == [50]  # the one call that says where the run was resumed


def test_postprocessing_is_not_applied_again_to_a_resumed_start(tmp_path):
    halve = {"postprocessing": lambda x: x / 2}
    with pytest.raises(Killed):
        noisy_run(tmp_path, callback=killed_at(25), **halve)
    assert_array_equal(noisy_run(tmp_path, **halve), noisy_run(**halve))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_is_obeyed_after_the_iteration_and_a_checkpoint(tmp_path, number):
    class Terminated(Exception):
        pass

    def obey(number, frame):
        raise Terminated

    iterations, record = recorded("iteration")

    def send_in_the_middle(progress):
        record(progress)
        if progress.iteration == 23:
            os.kill(os.getpid(), number)

    previous = signal.signal(number, obey)
    try:
        with pytest.raises(Terminated):
            noisy_run(tmp_path, callback=send_in_the_middle)
    finally:
        signal.signal(number, previous)
    assert iterations[-1] == 23
    assert (tmp_path / "checkpoint-000000023.npz").exists()
    assert_array_equal(noisy_run(tmp_path), noisy_run())


# Refusing to resume


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x0": START + 1}, "x0 is 'float64"),
        ({"x0": START.astype(np.float32)}, "x0 is 'float32"),
        ({"step": 0.2}, "step is 0.2, was 0.1"),
        ({"anneal_every": None}, "anneal_every is None, was 15"),
        ({"seed": 1}, "the generator is another one"),
        ({"settings": {"window": 4}}, "window is 4, was None"),
        (
            {"step": lambda iteration: 0.1 / (1 + iteration)},
            r"^The step of iteration 29 is 0\.00166\d*, was 0\.05: the checkpoint belongs to a run "
            r"with another schedule\. Use another directory\.$",
        ),
        (
            {"iterations": 20},
            r"at iteration 30, beyond the 20 asked for\. Ask for more iterations, or use another "
            r"directory\.$",
        ),
    ],
)
def test_checkpoint_of_another_run_is_refused_by_name(tmp_path, change, message):
    noisy_run(tmp_path, iterations=30)
    with pytest.raises(CheckpointError, match=message):
        noisy_run(tmp_path, **change)


# What cannot be minimised


def test_loss_that_diverges_stops_the_run_and_names_the_checkpoint(tmp_path):
    message = f"loss became .* step 100. The step is too large.* last good checkpoint .*{tmp_path}"
    with np.errstate(all="raise"), pytest.raises(FloatingPointError, match=message):
        noisy_run(tmp_path, step=100.0, iterations=1000, anneal_every=None)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", ["loss", "gradient", "row-sparse gradient", "postprocessing"])
def test_what_is_not_finite_stops_the_run_at_once_and_is_never_saved(tmp_path, place, value):
    iteration = 0

    def spoiled(array, where):
        array = np.array(array)
        if place == where and iteration == 25:
            array.flat[-1] = value
        return array

    def f(x):
        nonlocal iteration
        iteration += 1
        if place == "row-sparse gradient":
            return 0.0, RowSparse(np.array([0, 2]), spoiled(x[[0, 2]], place))
        return spoiled(0.0, "loss"), spoiled(x, "gradient")

    what = "loss" if place == "loss" else "x"
    last = tmp_path / "checkpoint-000000020.npz"
    message = f"^{what} became NaN or infinite in iteration 24, .* good checkpoint is {last}"
    postprocessing = lambda x: spoiled(x, "postprocessing")  # noqa: E731
    with pytest.raises(FloatingPointError, match=message):
        noisy_run(tmp_path, f=f, postprocessing=postprocessing)
    assert max(tmp_path.iterdir()) == last
    assert np.isfinite(read_checkpoint(last).arrays["parameters"]).all()


def test_large_but_finite_numbers_whose_sum_overflows_are_no_error():
    x = sgd(lambda x: (1e300, 0 * x), np.full(2, 1.7e308), 0.1, 1)
    assert_array_equal(x, [1.7e308, 1.7e308])


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_start_that_is_not_finite_is_refused(value):
    message = "^x0 must be finite. Got NaN or infinity instead.$"
    with pytest.raises(ValueError, match=message):
        sgd(square, [0.0, value], 0.1, 1)


def test_start_that_is_not_real_numbers_is_refused():
    with pytest.raises(TypeError, match="^x0 must hold real numbers. Got dtype complex128"):
        sgd(square, [1j], 0.1, 1)


def test_opposite_infinities_end_in_the_same_error_where_numpy_is_told_to_raise():
    gradient = np.array([np.inf, -np.inf])
    with np.errstate(all="raise"), pytest.raises(FloatingPointError, match="^x became NaN or inf"):
        sgd(lambda x: (0.0, gradient), [0.0, 0.0], 0.1, 1)


def test_run_that_diverges_before_its_first_checkpoint_does_not_promise_one(tmp_path):
    with pytest.raises(FloatingPointError, match=r"The step is too large: lower it\.$"):
        noisy_run(tmp_path, f=lambda x: (np.nan, x))
    assert list(tmp_path.iterdir()) == []


def test_gradient_of_the_wrong_shape_is_refused():
    with pytest.raises(ValueError, match=r"the shape of x, \(3,\). Got \(2,\)"):
        sgd(lambda x: (0.0, np.zeros(2)), START, 0.1, 1)


def test_postprocessing_that_returns_nothing_is_refused():
    with pytest.raises(ValueError, match=r"postprocessing must return an array of the shape of x"):
        sgd(square, START, 0.1, 1, postprocessing=lambda x: None)


@pytest.mark.parametrize("step", [0, -0.1, np.nan, np.inf, "0.1", None])
def test_step_that_is_no_positive_number_is_refused(step):
    with pytest.raises(ValueError, match="step must be a positive number or a function. Got"):
        sgd(square, START, step, 1)


@pytest.mark.parametrize("name", ["iterations", "anneal_every", "checkpoint_every"])
@pytest.mark.parametrize("value", [-1, 2.5])
def test_number_that_is_no_count_is_refused(name, value):
    with pytest.raises(ValueError, match=f"{name} must be an integer >= [01]. Got {value} instead"):
        sgd(square, START, 0.1, **{"iterations": 1, name: value})
