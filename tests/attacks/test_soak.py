import shutil

import numpy as np
import pytest

from benchmarks.attacks import soak
from benchmarks.attacks.processes import left_files, unfinished_files

needs_ps = pytest.mark.skipif(shutil.which("ps") is None, reason="there is no ps")


def samples_of(memory, speed, descriptors=20, threads=4):
    """Samples a minute apart for half an hour; the values over time, 0 to 1, plus some noise."""
    rng = np.random.default_rng(0)
    share, noise = np.linspace(0, 1, 31), rng.normal(scale=0.001, size=(2, 31))
    memory = (memory(share) + noise[0]) * 100
    speed = (speed(share) + noise[1]) * 1e6
    counts = [np.broadcast_to(count, 31) for count in (descriptors, threads)]
    rows = zip(1800 * share, memory, memory, speed, *counts, range(31), strict=True)
    return [soak.Sample(*row) for row in rows]


def judged_of(*values, **counts):
    return soak.after_the_start(samples_of(*values, **counts))


def steady(share):
    return np.ones_like(share)


@pytest.mark.parametrize(
    ("memory", "speed", "descriptors", "is_flat"),
    [
        (steady, steady, 20, True),
        (lambda share: 1 + 0.03 * share, steady, 20, False),
        (lambda share: 1 + 0.015 * share, steady, 20, True),
        (steady, lambda share: 1 - 0.07 * share, 20, False),
        (steady, lambda share: 1 + 0.07 * share, 20, True),
        (steady, steady, [20] * 30 + [21], False),
        (lambda share: 1 + (share > 0.08), lambda share: 1 - (share < 0.08), [9] + [20] * 30, True),
    ],
    ids="flat grows little slows faster descriptors start".split(),
)
def test_verdict_is_about_growth_after_the_first_tenth(memory, speed, descriptors, is_flat):
    assert soak.Verdict.of(judged_of(memory, speed, descriptors)).is_flat == is_flat


def test_thread_that_stays_is_not_flat():
    assert soak.Verdict.of(judged_of(steady, steady)).is_flat
    assert not soak.Verdict.of(judged_of(steady, steady, threads=[4] * 30 + [5])).is_flat


def test_quarters_are_compared_by_their_medians():
    rising = samples_of(lambda share: 1 + share, steady, descriptors=range(31), threads=4)
    first, last = soak.medians_of_quarters(rising)
    assert first[0] == pytest.approx(200 * (1 + 3 / 30), rel=0.01)
    assert last[0] == pytest.approx(200 * (1 + 27 / 30), rel=0.01)
    assert (first[2:], last[2:]) == ((3, 4), (27, 4))


def test_slopes_are_an_hour_s_change_of_the_fitted_line():
    verdict = soak.Verdict.of(judged_of(lambda share: 1 + share, lambda share: 1 - share / 2))
    assert verdict.memory.per_hour == pytest.approx(2 * 200, rel=0.01)  # MiB, of both together
    assert verdict.memory.change == pytest.approx(100 * (2 / 1.1 - 1), rel=0.01)
    assert verdict.speed.change == pytest.approx(100 * (0.5 / 0.95 - 1), rel=0.01)


@needs_ps
def test_model_is_trained_on_and_nothing_is_left(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(soak, "FEWEST_SAMPLES", 4)
    monkeypatch.setattr(soak, "left_files", lambda _: set())  # others may train meanwhile
    text = tmp_path / "text.txt"
    text.write_text("the good film is great\na bad film is boring\n" * 500, encoding="utf-8")
    soak.main(["--train-on", "4", "--workers", "1", "--vector-size", "8", "--corpus", str(text)])
    said = capsys.readouterr().out
    assert "last  quarter, medians: " in said
    assert "\ncheckpoints  4\nleft behind  nothing\n" in said


@needs_ps
def test_soak_prints_sixths_and_leaves_nothing_behind(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(soak, "FEWEST_SAMPLES", 4)  # a busy machine must do
    text, plot = tmp_path / "text.txt", tmp_path / "plot.png"
    text.write_text("the good film is great\na bad film is boring\n" * 500, encoding="utf-8")
    options = "--minutes 0.05 --every 0.1 --vector-size 8 --workers 1"
    soak.main([*options.split(), "--corpus", str(text), "--plot", str(plot)])
    table, verdict = capsys.readouterr().out.split("\n\n")
    heading, *rows = table.splitlines()
    assert heading.split()[1:3] == ["parent", "workers"]
    assert 3 <= len(rows) <= 6
    assert min(float(row[13:22]) for row in rows) > 10  # MiB
    assert "left behind  nothing\n" in verdict
    assert plot.read_bytes().startswith(b"\x89PNG")


def test_files_left_behind_are_found(tmp_path):
    for name in ("word2vec-abc", "other", ".lock", "checkpoint-1.npz.tmp", "checkpoint-1.npz"):
        (tmp_path / name).touch()
    assert tmp_path / "word2vec-abc" in left_files(tmp_path)
    assert {path.name for path in unfinished_files(tmp_path)} == {".lock", "checkpoint-1.npz.tmp"}
