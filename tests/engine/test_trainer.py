import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import word2vec
from word2vec import Word2Vec
from word2vec.engine import rounds, schedule
from word2vec.engine.rounds import LocalRounds, choose_workers
from word2vec.engine.schedule import LONGEST_UNIT, ROUNDS_PER_EPOCH, Schedule
from word2vec.engine.units import (
    FEWEST_SHARED,
    MOST_SHARED,
    bounded_steps,
    move_rows,
    num_shared_negatives,
)
from word2vec.rowsparse import RowGroups
from word2vec.saving.checkpoint import CheckpointError, read_checkpoint


def sentences(number=300, seed=0):
    """Drinks and weather, each in contexts of their own."""
    rng = np.random.default_rng(seed)
    kinds = [
        ("she drinks hot {} every morning", ["coffee", "tea", "milk"]),
        ("today heavy {} falls outside again", ["rain", "snow", "hail"]),
    ]
    chosen = [kinds[i] for i in rng.integers(2, size=number)]
    return [pattern.format(rng.choice(words)).split() for pattern, words in chosen]


SENTENCES = sentences()
SMALL = {"vector_size": 8, "min_count": 1, "sample": None, "epochs": 3}
COMBINATIONS = [
    {"model": model, "loss": loss}
    for model in ("skipgram", "cbow")
    for loss in ("neg_sampling", "hierarchical_softmax", "naive_softmax")
]
every_combination = pytest.mark.parametrize(
    "options", COMBINATIONS, ids=lambda options: "-".join(options.values())
)


@pytest.fixture(autouse=True)
def work_for_sixteen(monkeypatch):
    """Little text in many units: a round of 256 tokens is 16 of them."""
    monkeypatch.setattr(schedule, "USUAL_UNIT", 16)


def fit(corpus=SENTENCES, checkpoint_dir=None, progress=False, **options):
    model = Word2Vec(**{**SMALL, "workers": 1, **options})
    return model.fit(corpus, checkpoint_dir=checkpoint_dir, progress=progress)


class Killed(Exception):
    pass


def kill_after(rounds):
    def callback(progress, count=[0]):  # noqa: B006 - counts its own calls
        count[0] += 1
        if count[0] == rounds:
            raise Killed

    return callback


# Learning


@every_combination
def test_loss_falls_and_like_words_become_alike(options):
    model = fit(**options, epochs=10)
    assert model.losses[-1] < 0.9 * model.losses[0]
    wv = model.wv
    assert wv.similarity("coffee", "tea") > wv.similarity("coffee", "rain")
    assert wv.similarity("rain", "snow") > wv.similarity("tea", "snow")


def test_vectors_have_the_words_with_their_counts():
    wv = fit([["a", "b"], ["a", "b", "c"]]).wv
    assert wv.index_to_key == ["a", "b", "c"]
    assert wv.get_vecattr("c", "count") == 1
    assert wv.vectors.dtype == np.float32


def test_there_is_a_loss_for_every_epoch_from_near_its_value_for_zero_scores():
    losses = fit(epochs=4, alpha=1e-6, min_alpha=1e-6).losses
    assert_allclose(losses, [(1 + 5) * np.log(2)] * 4, rtol=1e-3)


def test_text_file_and_token_lists_give_the_same_vectors(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("\n".join(map(" ".join, SENTENCES)) + "\n", encoding="utf-8")
    assert_array_equal(fit(path).wv.vectors, fit().wv.vectors)


# Same seed, same bits


@every_combination
@pytest.mark.parametrize("workers", [2, 3])
def test_any_number_of_workers_gives_the_same_bits(options, workers):
    alone, together = fit(**options), fit(**options, workers=workers)
    assert_array_equal(alone.wv.vectors, together.wv.vectors)
    assert alone.losses == together.losses


@pytest.mark.parametrize("workers", [5, 16])
def test_many_workers_give_the_same_bits(workers):
    alone, together = fit(epochs=1), fit(epochs=1, workers=workers)
    assert_array_equal(alone.wv.vectors, together.wv.vectors)
    assert alone.losses == together.losses


def test_seed_decides_the_result():
    assert_array_equal(fit(seed=3).wv.vectors, fit(seed=3).wv.vectors)
    assert not np.array_equal(fit(seed=3).wv.vectors, fit(seed=4).wv.vectors)


@pytest.mark.parametrize("rounds", [1, 5, 9, 14])
def test_killed_and_resumed_training_gives_the_same_bits(tmp_path, rounds, monkeypatch):
    monkeypatch.setattr("word2vec.engine.training.CHECKPOINT_SECONDS", 0)
    with pytest.raises(Killed):
        fit(checkpoint_dir=tmp_path, progress=kill_after(rounds))
    resumed, undisturbed = fit(checkpoint_dir=tmp_path), fit()
    assert_array_equal(resumed.wv.vectors, undisturbed.wv.vectors)
    assert resumed.losses == undisturbed.losses
    assert resumed.loss_curve == undisturbed.loss_curve


def test_run_with_one_worker_can_be_continued_with_two(tmp_path, monkeypatch):
    monkeypatch.setattr("word2vec.engine.training.CHECKPOINT_SECONDS", 0)
    with pytest.raises(Killed):
        fit(checkpoint_dir=tmp_path, progress=kill_after(5))
    resumed = fit(checkpoint_dir=tmp_path, workers=2)
    assert_array_equal(resumed.wv.vectors, fit().wv.vectors)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on Windows")
def test_training_killed_by_sigkill_and_resumed_gives_the_same_bits(tmp_path):
    text, checkpoints = tmp_path / "text.txt", tmp_path / "checkpoints"
    text.write_text("\n".join(map(" ".join, SENTENCES)), encoding="utf-8")
    script = (
        "import word2vec.engine.training as t; t.CHECKPOINT_SECONDS = 0\n"
        "import word2vec.engine.schedule as s; s.USUAL_UNIT = 16\n"
        "from word2vec import Word2Vec\n"
        f"Word2Vec(vector_size=8, min_count=1, sample=None, epochs=60, workers=2)"
        f".fit({str(text)!r}, checkpoint_dir={str(checkpoints)!r})"
    )
    root = Path(word2vec.__file__).parent.parent
    process = subprocess.Popen([sys.executable, "-c", script], cwd=root)
    while not list(checkpoints.glob("checkpoint-*.npz")):
        assert process.poll() is None
    process.kill()
    assert process.wait() == -signal.SIGKILL

    options = {"epochs": 60, "seed": 1, "workers": 1}
    resumed = fit(text, checkpoint_dir=checkpoints, **options)
    assert_array_equal(resumed.wv.vectors, fit(text, **options).wv.vectors)


def test_signal_saves_and_stops(tmp_path):
    class Stopped(Exception):
        pass

    def obey(number, frame):
        raise Stopped

    def interrupt(progress):
        if progress.epoch == 2:
            os.kill(os.getpid(), signal.SIGTERM)

    previous = signal.signal(signal.SIGTERM, obey)
    try:
        with pytest.raises(Stopped):
            fit(checkpoint_dir=tmp_path, progress=interrupt)
    finally:
        signal.signal(signal.SIGTERM, previous)
    assert list(tmp_path.glob("checkpoint-*.npz"))
    assert_array_equal(fit(checkpoint_dir=tmp_path).wv.vectors, fit().wv.vectors)


def test_finished_training_is_not_repeated(tmp_path):
    first, calls = fit(checkpoint_dir=tmp_path), []
    again = fit(checkpoint_dir=tmp_path, progress=calls.append)
    assert not calls
    assert_array_equal(again.wv.vectors, first.wv.vectors)
    assert again.losses == first.losses


def test_checkpoint_of_other_rounds_is_refused_by_name(tmp_path, monkeypatch):
    fit(checkpoint_dir=tmp_path)
    monkeypatch.setattr(schedule, "USUAL_UNIT", 64)
    with pytest.raises(CheckpointError, match="units_per_round is 4, was 16"):
        fit(checkpoint_dir=tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": 5}, "seed is 5, was 1"),
        ({"epochs": 4}, "run with epochs=3, and it is done: .* so epochs=4 is another run"),
        ({"min_count": 2}, "min_count is 2, was 1"),
        ({"corpus": SENTENCES[1:]}, "the corpus is another one"),
    ],
)
def test_checkpoint_of_other_training_is_refused_by_name(tmp_path, change, message):
    fit(checkpoint_dir=tmp_path)
    with pytest.raises(CheckpointError, match=message):
        fit(checkpoint_dir=tmp_path, **change)


# Workers


def test_workers_run_from_a_script_without_a_main_guard(tmp_path):
    root = Path(word2vec.__file__).parent.parent
    script = tmp_path / "script.py"
    script.write_text(
        f"import sys; sys.path.insert(0, {str(root)!r})\n"
        "from word2vec import Word2Vec\n"
        "from word2vec.engine import schedule\n"
        "schedule.USUAL_UNIT = 16\n"
        "model = Word2Vec(vector_size=4, min_count=1, sample=None, workers=2)\n"
        "model.fit([['a', 'b', 'c']] * 50)\n"
        "print(len(model.wv))\n"
    )
    out = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60)
    assert (out.stdout, out.stderr, out.returncode) == ("3\n", "", 0)


def test_workers_can_be_used_from_another_thread():
    results = []
    thread = threading.Thread(target=lambda: results.append(fit(workers=2)))
    thread.start()
    thread.join()
    assert_array_equal(results[0].wv.vectors, fit().wv.vectors)


# What is not finite


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("what", ["loss", "center_vectors", "outside_vectors"])
@pytest.mark.parametrize("save_each_round", [True, False])
@pytest.mark.filterwarnings("ignore:.*encountered in:RuntimeWarning")  # from computing with it
def test_what_is_not_finite_stops_training_and_is_never_saved(
    tmp_path, monkeypatch, what, value, save_each_round
):
    run_round = LocalRounds.run_round
    rounds_per_epoch = len(recorded_rounds()) // SMALL["epochs"]
    spoiled_round = rounds_per_epoch + 1  # the second of the second epoch

    def spoiled(self, number):
        loss, num_pairs = run_round(self, number)
        if number == spoiled_round and what != "loss":
            getattr(self, what)[-1, -1] = value
        return value if (number, what) == (spoiled_round, "loss") else loss, num_pairs

    monkeypatch.setattr(LocalRounds, "run_round", spoiled)
    if save_each_round:
        monkeypatch.setattr("word2vec.engine.training.CHECKPOINT_SECONDS", 0)
    last = spoiled_round if save_each_round else rounds_per_epoch
    path, rounds = tmp_path / f"checkpoint-{last:09d}.npz", []
    message = f"became NaN or infinite. Lower alpha. The last good checkpoint is {path}"
    with pytest.raises(FloatingPointError, match=message):
        fit(checkpoint_dir=tmp_path, progress=rounds.append)
    assert max(tmp_path.glob("checkpoint-*")) == path
    assert all(np.isfinite(array).all() for array in read_checkpoint(path).arrays.values())
    if what == "loss":
        assert len(rounds) == spoiled_round  # at once, before it is reported
    monkeypatch.setattr(LocalRounds, "run_round", run_round)
    assert_array_equal(fit(checkpoint_dir=tmp_path).wv.vectors, fit().wv.vectors)


def recorded_rounds():
    rounds = []
    fit(progress=rounds.append)
    return rounds


def test_result_that_is_not_finite_is_not_returned_without_checkpoints_either(monkeypatch):
    run_round = LocalRounds.run_round

    def spoiled(self, number):
        result = run_round(self, number)
        self.outside_vectors[0, 0] = np.nan
        return result

    monkeypatch.setattr(LocalRounds, "run_round", spoiled)
    with pytest.raises(FloatingPointError, match=r"became NaN or infinite. Lower alpha\.$"):
        fit()


# The schedule and the step


@pytest.mark.parametrize("num_tokens", [1, 63, 1000, 10**5, 10**7, 10**9])
def test_every_token_is_in_one_unit_of_every_epoch(num_tokens, monkeypatch):
    monkeypatch.undo()
    plan = Schedule.of(num_tokens, Word2Vec(epochs=2).options)
    units = [unit for r in range(plan.num_rounds) for unit in plan.units_of(r)]
    assert units == list(range(2 * plan.units_per_epoch))
    stops = [plan.tokens_of(unit) for unit in units]
    one_epoch = stops[: plan.units_per_epoch]
    assert [part.start for part in one_epoch] == [0, *(part.stop for part in one_epoch[:-1])]
    assert one_epoch[-1].stop == num_tokens
    assert stops[plan.units_per_epoch :] == one_epoch
    assert all(len(plan.units_of(r)) <= plan.units_per_round for r in range(plan.num_rounds))


def test_rounds_grow_with_the_corpus_as_far_as_memory_allows(monkeypatch):
    monkeypatch.undo()
    options = Word2Vec().options
    for num_tokens in (10**5, 10**6, 10**7):
        rounds_per_epoch = Schedule.of(num_tokens, options).rounds_per_epoch
        assert rounds_per_epoch == pytest.approx(ROUNDS_PER_EPOCH, rel=0.02)
    assert Schedule.of(10**11, options).unit_length == LONGEST_UNIT


def test_little_text_has_few_units_and_finds_work_for_few(monkeypatch):
    monkeypatch.undo()
    sixteen = Word2Vec(workers=16).options
    found = [choose_workers(sixteen, Schedule.of(n, sixteen)) for n in (10**5, 4 * 10**6, 10**8)]
    assert found[0] == 1 < found[1] < found[2] == 16


@pytest.mark.parametrize(
    ("quota", "expected"),
    [
        ("150000 100000", 2),
        ("50000 100000", 1),
        ("max 100000", 8),
        ("1000000 100000", 8),
        (None, 8),
    ],
)
def test_processors_are_those_that_a_container_may_use(quota, expected, tmp_path, monkeypatch):
    if quota:
        (tmp_path / "cpu.max").write_text(f"{quota}\n")
    monkeypatch.setattr(rounds, "CPU_QUOTA", tmp_path / "cpu.max")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(8), raising=False)
    assert rounds.num_processors() == expected


def test_step_is_minus_alpha_times_the_sum_of_the_gradients_of_a_row():
    matrix = np.ones((6, 2), dtype=np.float32)
    gradients = np.array([[0.5, 1], [-1, 0.25], [2, 2]], dtype=np.float32)
    expected = matrix.copy()
    expected[1] -= np.float32(0.1) * (gradients[0] + gradients[2])
    expected[4] -= np.float32(0.1) * gradients[1]
    move_rows(matrix, RowGroups.of(np.array([1, 4, 1])), gradients, 0.1, largest=1.0)
    assert_allclose(matrix, expected)


@pytest.mark.parametrize("alpha", [1e-3, 0.05, 1.0])
def test_no_move_is_longer_than_allowed_and_all_keep_their_direction(alpha):
    gradients = np.array([[1e3, 0], [0, -1e6], [3e-3, 4e-3]], dtype=np.float32)
    moves = bounded_steps(gradients, alpha, largest=2.0)[:, np.newaxis] * gradients
    assert_allclose(moves[0], [min(2, alpha * 1e3), 0], rtol=1e-6)
    assert_allclose(moves[1], [0, -2], rtol=1e-6)
    assert_allclose(moves[2], alpha * gradients[2], rtol=1e-6)


def test_the_move_of_a_whole_round_is_bounded():
    matrix = np.zeros((1, 2), dtype=np.float32)
    gradients = np.full((100, 2), 1.0, dtype=np.float32)
    move_rows(matrix, RowGroups.of(np.zeros(100, dtype=int)), gradients, 0.5, largest=0.3)
    assert_allclose(np.linalg.norm(matrix), 0.3, rtol=1e-6)


def test_a_group_shares_as_many_negatives_as_one_of_its_centers_would_draw():
    options = Word2Vec(negative=5, window=5).options
    assert num_shared_negatives(options) == 32
    assert num_shared_negatives(replace(options, model="cbow")) == 24
    assert num_shared_negatives(replace(options, negative=1)) == FEWEST_SHARED
    assert num_shared_negatives(replace(options, negative=1000)) == MOST_SHARED


@pytest.mark.parametrize("seed", range(12))
def test_no_legal_settings_end_in_nan(seed):
    rng = np.random.default_rng(seed)
    options = {
        "model": rng.choice(["skipgram", "cbow"]),
        "loss": rng.choice(["neg_sampling", "hierarchical_softmax", "naive_softmax"]),
        "cbow_reduction": rng.choice(["mean", "sum"]),
        "vector_size": int(rng.integers(1, 30)),
        "window": int(rng.integers(1, 30)),
        "negative": int(rng.integers(1, 40)),
        "ns_exponent": rng.choice([rng.uniform(-1, 2), -30.0, 30.0]),
        "sample": rng.choice([None, 1e-3, 1e-2]),
        "alpha": rng.choice([1e-3, 0.1, 1.0]),
        "epochs": 20,
    }
    vectors = fit(**{name: getattr(v, "item", lambda v=v: v)() for name, v in options.items()}).wv
    assert np.isfinite(vectors.vectors).all()
    assert np.abs(vectors.vectors).max() < 1e3


# Subsampling; other bad input is in test_bad_input.py


def test_subsampling_that_would_leave_nothing_is_left_out_with_a_warning():
    with pytest.warns(UserWarning, match=r"sample=1e-12\) would leave fewer than 20 pairs"):
        model = fit(sample=1e-12)
    assert_array_equal(model.wv.vectors, fit(sample=None).wv.vectors)


def test_sample_of_zero_means_none():
    assert_array_equal(fit(sample=0).wv.vectors, fit(sample=None).wv.vectors)


def test_corpus_of_a_dozen_words_trains_with_the_defaults():
    texts = [["human", "interface", "computer"], ["survey", "user", "computer", "system"]] * 4
    with pytest.warns(UserWarning, match="too small for it"):
        model = Word2Vec(vector_size=8, min_count=1).fit(texts)
    assert np.isfinite(model.losses).all()


# Progress


def test_progress_counts_tokens_and_epochs():
    seen = []
    fit(progress=seen.append)
    assert seen[-1].tokens == seen[-1].total_tokens == 3 * sum(map(len, SENTENCES))
    assert [p.tokens for p in seen] == sorted(p.tokens for p in seen)
    assert {p.epoch for p in seen} == {1, 2, 3}


def test_progress_tells_how_much_an_earlier_run_has_done(tmp_path, monkeypatch):
    monkeypatch.setattr("word2vec.engine.training.CHECKPOINT_SECONDS", 0)
    first, second = [], []

    def stop_at_five(progress):
        first.append(progress)
        if len(first) == 5:
            raise Killed

    with pytest.raises(Killed):
        fit(checkpoint_dir=tmp_path, progress=stop_at_five)
    fit(checkpoint_dir=tmp_path, progress=second.append)
    assert {p.resumed_at for p in first} == {0}
    assert {p.resumed_at for p in second} == {first[3].tokens}  # the last that was saved


def test_loss_curve_with_a_point_an_epoch_is_the_losses(monkeypatch):
    monkeypatch.setattr("word2vec.engine.training.CURVE_POINTS", 3)
    model = fit()
    assert model.loss_curve == [[epoch, loss] for epoch, loss in enumerate(model.losses, start=1)]


def test_loss_curve_of_a_long_run_has_up_to_200_points_to_its_end():
    curve = fit(SENTENCES[:60], epochs=150).loss_curve
    assert 100 <= len(curve) <= 200
    assert curve[-1][0] == 150


def test_progress_bar_can_be_shown(capsys):
    fit(progress=True)
    assert "loss" in capsys.readouterr().err
