"""The progress bar of both trainers."""

import io
import sys

import pytest
import tqdm.auto

from word2vec.engine.progress import ProgressBar, open_bar
from word2vec.saving.resumable import Progress


def report(done, resumed_at=0):
    return Progress(done=done, total=1000, unit="word", loss=2.5, resumed_at=resumed_at)


def test_bar_shows_share_amount_unit_and_loss(capsys):
    with ProgressBar() as bar:
        bar.show(report(250))
        bar.show(report(1000))
    shown = capsys.readouterr().err
    assert "100%" in shown
    assert "1.00k/1.00k" in shown
    assert "word/s" in shown
    assert "loss 2.500" in shown


def test_what_an_earlier_run_did_counts_for_the_share_but_not_for_the_speed(capsys):
    with ProgressBar() as bar:
        bar.show(report(500, resumed_at=500))
        assert bar._bar.initial == 500
    assert bar.share_at_start == 0.5
    assert "50%" in capsys.readouterr().err


def test_bar_that_nothing_was_reported_to_prints_nothing(capsys):
    with ProgressBar() as bar:
        pass
    assert capsys.readouterr().err == ""
    assert bar.share_at_start == 1


def test_error_ends_the_bar_and_is_not_hidden(capsys):
    with pytest.raises(ZeroDivisionError), ProgressBar() as bar:
        bar.show(report(10))
        1 / 0  # noqa: B018
    assert capsys.readouterr().err.endswith("\n")


def test_bar_without_standard_error_shows_nothing_and_counts(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    with ProgressBar() as bar:
        bar.show(report(500, resumed_at=500))
    assert bar.share_at_start == 0.5


def test_quiet_bar_shows_nothing_and_counts(capsys):
    with ProgressBar(quiet=True) as bar:
        bar.show(report(500, resumed_at=500))
    assert (capsys.readouterr().err, bar.share_at_start) == ("", 0.5)


def test_log_gets_whole_lines_and_few_of_them(monkeypatch):
    log = io.StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    with ProgressBar() as bar:
        for done in range(0, 1001):
            bar.show(report(done))
    lines = log.getvalue().split("\n")
    assert "\r" not in log.getvalue()
    assert len(lines) <= 4  # the beginning, the end, what follows the last line
    assert "100%" in lines[-2]
    assert lines[-1] == ""


def test_bar_in_a_notebook_is_a_widget(monkeypatch):
    made = []

    class Widget:
        """As tqdm.auto has it where ipywidgets are installed."""

        __module__ = "tqdm.notebook"

        def __init__(self, **options):
            made.append(options)

    monkeypatch.setattr(tqdm.auto, "tqdm", Widget)
    assert isinstance(open_bar(total=3), Widget)
    assert made == [{"total": 3, "disable": False}]
