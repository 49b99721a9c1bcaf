import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from word2vec import Word2Vec
from word2vec.engine import rounds, schedule
from word2vec.engine.adasum import adasum
from word2vec.engine.legs import Legs
from word2vec.engine.schedule import Schedule
from word2vec.engine.shards import ShardRounds, Shards, legs_per_epoch
from word2vec.options import EngineOptions
from word2vec.saving.checkpoint import CheckpointError
from word2vec.saving.team import Team

SENTENCES = [f"{i % 7} {i % 5} {i % 3} {i % 11}".split() for i in range(2000)]
SMALL = {"vector_size": 8, "min_count": 1, "sample": 0.05, "epochs": 2, "workers": 1, "shards": 4}


@pytest.fixture(autouse=True)
def work_for_several(monkeypatch):
    monkeypatch.setattr(schedule, "USUAL_UNIT", 64)


def fit(corpus=SENTENCES, checkpoint_dir=None, progress=False, start=None, frozen=False, **options):
    model = Word2Vec(**SMALL | options)
    run = {"checkpoint_dir": checkpoint_dir, "progress": progress}
    return model.fit(corpus, start=start, frozen=frozen, **run)


def assert_same_bits(one, other):
    assert_array_equal(one.wv.vectors, other.wv.vectors)
    assert_array_equal(one.outside_vectors, other.outside_vectors)
    assert one.losses == other.losses


# Schedules


@pytest.fixture
def shards():
    return Shards.of([400_000, 0, 380_000, 90_000], EngineOptions(epochs=3, shards=4))


def test_legs_of_a_shard_are_all_its_rounds(shards):
    for number, one in enumerate(shards.schedules):
        legs = [shards.rounds_of(number, leg) for leg in range(shards.legs.num_rounds)]
        assert [round_number for leg in legs for round_number in leg] == [*range(one.num_rounds)]


def test_legs_end_with_the_epoch_in_every_shard(shards):
    for number, one in enumerate(shards.schedules):
        leg = shards.legs.rounds_per_epoch
        assert shards.rounds_of(number, leg).start == one.rounds_per_epoch


def test_there_are_no_more_legs_than_rounds():
    lengths = [schedule.SHORTEST_ROUND * 3] * 2
    assert Shards.of(lengths, EngineOptions(shards=2)).legs.rounds_per_epoch == 3


@pytest.mark.parametrize(("shards", "legs"), [(2, 16), (4, 32), (8, 64), (16, 64)])
def test_shards_of_a_large_corpus_have_eight_legs_each_and_64_at_most(shards, legs):
    assert legs_per_epoch(shards) == legs
    assert Shards.of([10**9] * shards, EngineOptions()).legs.rounds_per_epoch == legs


def test_hosted_shards_train_their_own_schedules(shards):
    hosted = shards.hosted(range(2, 4))
    own = shards.schedules[3]
    for round_number in (0, 5, own.num_rounds - 1):
        number = ShardRounds.number(3, round_number)
        units = hosted.units_of(number)
        assert len(units) == len(own.units_of(round_number))
        assert hosted.fraction(number) == own.fraction(round_number)
        for mine, its in zip(units, own.units_of(round_number), strict=True):
            assert hosted.tokens_of(mine).start == 380_000 + own.tokens_of(its).start
            assert hosted.tokens_of(mine).stop == 380_000 + own.tokens_of(its).stop


def test_units_of_different_shards_have_different_random_numbers(shards):
    hosted = shards.hosted(range(4))
    units = [hosted.units_of(ShardRounds.number(number, 0)) for number in (0, 2, 3)]
    assert len(set().union(*units)) == sum(map(len, units))


# Training


def test_one_shard_has_no_legs():
    whole = Word2Vec(**SMALL | {"shards": 1}).fit(SENTENCES)
    without = Word2Vec(**{key: SMALL[key] for key in SMALL if key != "shards"}).fit(SENTENCES)
    assert_same_bits(whole, without)


def test_a_leg_of_two_shards_is_the_adasum_of_what_each_learns(monkeypatch):
    monkeypatch.setattr("word2vec.engine.shards.legs_per_epoch", lambda shards: 1)
    learned = []
    take = Legs._take_moves

    def keep(self):
        learned.append(take(self))
        return learned[-1]

    monkeypatch.setattr(Legs, "_take_moves", keep)
    model = fit(shards=2, epochs=1)
    num_words = len(model.wv)
    dense = [moves.to_dense(2 * num_words) for moves in learned]
    # Outside vectors begin with zeros.
    assert_allclose(model.outside_vectors, adasum(*dense)[num_words:], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    "options",
    [
        {"model": "skipgram"},
        {"model": "cbow"},
        {"loss": "naive_softmax", "epochs": 1},
        {"loss": "hierarchical_softmax"},
    ],
    ids=["skipgram", "cbow", "naive_softmax", "hierarchical_softmax"],
)
def test_workers_change_no_bit(options):
    assert_same_bits(fit(**options), fit(**options, workers=2))


def test_the_loss_falls():
    losses = fit(epochs=8).losses
    assert losses[-1] < losses[0]


def test_a_shard_without_text_learns_nothing_and_harms_nothing():
    model = fit([["a", "b", "c"]] * 3, shards=8, sample=None)
    assert np.isfinite(model.wv.vectors).all()


def test_killed_training_goes_on_to_the_same_bits(tmp_path, monkeypatch):
    monkeypatch.setattr("word2vec.engine.training.CHECKPOINT_SECONDS", 0)

    class Killed(Exception):
        pass

    seen = []

    def kill(progress):
        seen.append(progress.done)
        if len(seen) == 5:
            raise Killed

    with pytest.raises(Killed):
        fit(checkpoint_dir=tmp_path, progress=kill)
    resumed = []
    model = fit(checkpoint_dir=tmp_path, progress=lambda progress: resumed.append(progress))
    assert resumed[0].resumed_at == seen[3]
    assert_same_bits(model, fit())


def test_other_shards_do_not_go_on_from_a_checkpoint(tmp_path):
    fit(checkpoint_dir=tmp_path)
    with pytest.raises(CheckpointError, match="shards is 2, was 4"):
        fit(checkpoint_dir=tmp_path, shards=2)


def test_training_can_be_stopped_and_keeps_what_is_whole():
    seen = []

    def stop(progress):
        seen.append(progress.copy_vectors())
        return len(seen) == 3

    model = fit(progress=stop)
    assert_array_equal(model.wv.vectors, seen[2].vectors)


def test_frozen_words_stay_where_they_are():
    start = fit()
    model = fit([["new", *words] for words in SENTENCES], start=start, frozen=True)
    for word in start.wv.index_to_key:
        assert_array_equal(model.wv[word], start.wv[word])
    assert "new" in model.wv


def test_shards_are_saved_with_the_model(tmp_path):
    fit().save(tmp_path / "model")
    assert Word2Vec.load(tmp_path / "model").shards == 4


def test_a_model_of_shards_learns_on():
    model = fit()
    model.partial_fit([["new", "words", "too"]] * 300, epochs=1)
    assert "new" in model.wv


@pytest.mark.parametrize("shards", [3, 6, 0, -1, 8192, 2.0, True])
def test_shards_must_be_a_power_of_two(shards):
    with pytest.raises(ValueError, match="shards must be"):
        Word2Vec(shards=shards)


def test_ranks_on_the_same_processors_divide_them(monkeypatch):
    monkeypatch.setattr(rounds, "num_processors", lambda: 8)
    many = Schedule(10**9, 4096, 16, 10**6, 5)
    assert rounds.choose_workers(EngineOptions(), many, neighbors=4) == 2
    assert rounds.choose_workers(EngineOptions(), many, neighbors=16) == 1
    assert rounds.choose_workers(EngineOptions(workers=3), many, neighbors=4) == 3


def test_a_process_alone_is_a_team_that_agrees_with_itself():
    team = Team()
    assert team.agree([15], False) == (15, False)
    assert team.agree([], True) == (0, True)
    assert team.hosted(8) == range(8)
    team.check_same({"a": 1})
