"""The table of epochs that the command train writes while it trains."""

import pytest

from word2vec import Word2Vec
from word2vec.commands.epoch_table import EpochTable

SENTENCES = [["tea", "is", "hot"], ["coffee", "is", "hot"], ["ice", "is", "cold"]] * 40
MODEL = {"vector_size": 4, "min_count": 1, "sample": 0, "epochs": 4, "workers": 1}


def rows_of(path):
    heading, *rows = [line.split("\t") for line in path.read_text().splitlines()]
    assert heading == ["epoch", "loss", "words_per_second"]
    return [(int(epoch), float(loss)) for epoch, loss, _ in rows]


def train(path, checkpoint_dir=None, die_in_epoch=None):
    table = EpochTable(path)

    def show(progress):
        table.add(progress)
        if progress.epoch == die_in_epoch and progress.epoch_ends:
            assert len(rows_of(path)) == die_in_epoch  # already
            raise ZeroDivisionError

    return Word2Vec(**MODEL).fit(SENTENCES, checkpoint_dir=checkpoint_dir, progress=show)


def test_table_has_the_loss_of_each_epoch(tmp_path):
    losses = train(tmp_path / "epochs.tsv").losses
    rows = rows_of(tmp_path / "epochs.tsv")
    assert [epoch for epoch, _ in rows] == [1, 2, 3, 4]
    assert [loss for _, loss in rows] == pytest.approx(losses, abs=1e-6)


def test_run_that_is_continued_keeps_its_lines_and_replaces_those_that_were_lost(tmp_path):
    train(tmp_path / "undisturbed")
    with pytest.raises(ZeroDivisionError):  # after the line of epoch 3, before its checkpoint
        train(tmp_path / "epochs.tsv", tmp_path / "checkpoints", die_in_epoch=3)
    train(tmp_path / "epochs.tsv", tmp_path / "checkpoints")
    assert rows_of(tmp_path / "epochs.tsv") == rows_of(tmp_path / "undisturbed")


def test_new_run_begins_a_new_table(tmp_path):
    train(tmp_path / "epochs.tsv")
    with pytest.raises(ZeroDivisionError):
        train(tmp_path / "epochs.tsv", die_in_epoch=1)
    assert len(rows_of(tmp_path / "epochs.tsv")) == 1


def test_lost_table_of_a_run_that_is_continued_begins_where_it_is(tmp_path):
    with pytest.raises(ZeroDivisionError):
        train(tmp_path / "epochs.tsv", tmp_path / "checkpoints", die_in_epoch=3)
    (tmp_path / "epochs.tsv").unlink()
    train(tmp_path / "epochs.tsv", tmp_path / "checkpoints")
    assert [epoch for epoch, _ in rows_of(tmp_path / "epochs.tsv")] == [3, 4]
