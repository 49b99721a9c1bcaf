"""The progress bar of both trainers."""

import pytest

from word2vec.engine.progress import ProgressBar
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
