"""Models that are kept, trained on, started from others, and stopped early."""

import os
import signal

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from word2vec import EarlyStopping, KeyedVectors, StopTraining, Word2Vec
from word2vec.engine import model_file, schedule
from word2vec.saving.archive import DamagedFileError
from word2vec.saving.checkpoint import CheckpointError

FIRST = [["tea", "is", "hot"], ["coffee", "is", "hot"], ["ice", "is", "cold"]] * 40
MORE = [["snow", "is", "cold"], ["tea", "is", "hot"], ["rare", "is", "here"]] * 40
SMALL = {"vector_size": 6, "min_count": 1, "sample": None, "epochs": 3, "workers": 1}


def model_of(corpus=FIRST, **options):
    return Word2Vec(**{**SMALL, **options}).fit(corpus)


def state_of(model):
    """All that a model has learned, comparable."""
    return (
        model.wv.index_to_key,
        model.wv.vectors.tolist(),
        model.outside_vectors.tolist(),
        model.losses,
        model.loss_curve,
        model._counts(),
        model._rare,
    )


# Saving


def test_loaded_model_is_the_saved_one(tmp_path):
    model = model_of(min_count=50, seed=np.int64(3))
    model.save(tmp_path / "model.w2v")
    loaded = Word2Vec.load(tmp_path / "model.w2v")
    assert state_of(loaded) == state_of(model)
    assert loaded.get_params() == model.get_params()
    assert loaded.wv.most_similar("is") == model.wv.most_similar("is")


def test_counts_of_rare_words_are_saved_too(tmp_path):
    model = model_of(min_count=50)
    model.save(tmp_path / "model.w2v")
    assert Word2Vec.load(tmp_path / "model.w2v")._rare == {"tea": 40, "coffee": 40} | {
        "ice": 40,
        "cold": 40,
    }


def test_model_that_is_not_trained_is_not_saved(tmp_path):
    with pytest.raises(AttributeError, match="is not trained: call fit"):
        Word2Vec().save(tmp_path / "model.w2v")
    assert not list(tmp_path.iterdir())


def test_model_damaged_at_any_truncation_is_recognised(tmp_path):
    path = tmp_path / "model.w2v"
    model_of(vector_size=2).save(path)
    content = path.read_bytes()
    for size in range(0, len(content), 97):
        path.write_bytes(content[:size])
        with pytest.raises(DamagedFileError, match="is damaged"):
            Word2Vec.load(path)


def test_model_with_a_flipped_bit_is_recognised(tmp_path):
    path = tmp_path / "model.w2v"
    model_of(vector_size=2).save(path)
    content, rng = path.read_bytes(), np.random.default_rng(0)
    for place in rng.integers(8 * len(content), size=300):
        damaged = bytearray(content)
        damaged[place // 8] ^= 1 << place % 8
        path.write_bytes(damaged)
        with pytest.raises(DamagedFileError):
            Word2Vec.load(path)


def test_model_is_mapped_and_trained_on_to_the_same_bits(tmp_path):
    model = model_of()
    model.save(tmp_path / "model.w2v")
    mapped = Word2Vec.load(tmp_path / "model.w2v", mmap=True)
    for matrix in (mapped.wv.vectors, mapped.outside_vectors):
        assert isinstance(matrix.base, np.memmap)
        assert not matrix.flags.writeable
    assert state_of(mapped) == state_of(model)
    assert mapped.wv.most_similar("tea") == model.wv.most_similar("tea")
    mapped.save(tmp_path / "model.w2v")  # in the place of the file that is mapped
    assert state_of(Word2Vec.load(tmp_path / "model.w2v")) == state_of(model)
    assert state_of(mapped.partial_fit(MORE)) == state_of(model.partial_fit(MORE))


def test_damage_to_what_is_not_mapped_is_recognised(tmp_path):
    path = tmp_path / "model.w2v"
    model_of(vector_size=2).save(path)
    good = path.read_bytes()
    in_header = [name.encode("utf-32-le") for name in ("losses", "louses")]
    for wrong in (good[:1000], good.replace(*in_header), good.replace(b"tea", b"pea")):
        assert wrong != good
        path.write_bytes(wrong)
        with pytest.raises(DamagedFileError, match="is no whole"):
            Word2Vec.load(path, mmap=True)


def test_matrices_that_do_not_fit_the_rest_are_recognised(tmp_path):
    counts, matrix = {"a": 2, "b": 1}, np.zeros((2, 3), np.float32)
    for center, outside in ((matrix[:, :2], matrix), (matrix, matrix.astype(np.float64))):
        model = model_file.Model({"vector_size": 3}, counts, {}, center, outside)
        model_file.write_model(tmp_path / "model.w2v", model)
        with pytest.raises(DamagedFileError, match="_vectors has another shape or type"):
            Word2Vec.load(tmp_path / "model.w2v")


def test_model_of_a_later_format_is_refused_with_both_versions(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(model_file, "VERSION", 99)
        model_of().save(tmp_path / "model.w2v")
    with pytest.raises(ValueError, match=r"model format 99\); .* reads formats up to 2. Install"):
        Word2Vec.load(tmp_path / "model.w2v")


def test_file_that_is_no_model_is_refused(tmp_path):
    model_of().fit(FIRST, checkpoint_dir=tmp_path)
    (path, *_) = tmp_path.glob("checkpoint-*.npz")
    with pytest.raises(ValueError, match="is no saved model of this library"):
        Word2Vec.load(path)


# Training on


def test_training_on_adds_counts_and_gives_rows_to_words_that_reach_min_count():
    model = model_of(min_count=60)
    assert set(model.wv.index_to_key) == {"is", "hot"}
    model.partial_fit(MORE)
    assert model.wv.index_to_key == ["is", "hot", "cold", "tea"]
    assert model._counts() == {"is": 240, "hot": 120, "cold": 80, "tea": 80}
    assert model._rare == {"coffee": 40, "ice": 40, "snow": 40, "rare": 40, "here": 40}


def test_no_word_is_lost_and_losses_go_on():
    model = model_of()
    known = set(model.wv.index_to_key)
    model.partial_fit(MORE, epochs=2)
    assert known < set(model.wv.index_to_key)
    assert len(model.losses) == 5
    assert model.loss_curve[-1][0] == 5
    assert model.get_params() == Word2Vec(**SMALL).get_params()


def test_new_words_begin_at_random_and_others_where_they_were(monkeypatch):
    model = model_of()
    before, outside = model.wv, model.outside_vectors
    model.partial_fit(MORE, alpha=1e-9, min_alpha=0)
    for word in before.index_to_key:
        old, new = before.key_to_index[word], model.wv.key_to_index[word]
        np.testing.assert_allclose(model.wv.vectors[new], before.vectors[old], atol=1e-6)
        np.testing.assert_allclose(model.outside_vectors[new], outside[old], atol=1e-6)
    row = model.wv.key_to_index["snow"]
    assert 0 < np.abs(model.wv.vectors[row]).max() <= 1 / 12 + 1e-6
    np.testing.assert_allclose(model.outside_vectors[row], 0, atol=1e-6)


def test_training_on_begins_with_half_the_step():
    first = Word2Vec(**SMALL).options.alpha
    default, same, larger = (
        model_of().partial_fit(MORE, alpha=alpha).wv.vectors for alpha in (None, first / 2, first)
    )
    np.testing.assert_array_equal(default, same)
    assert not np.array_equal(default, larger)


def test_step_of_training_on_is_no_less_than_its_end():
    model = Word2Vec(**SMALL, alpha=0.05, min_alpha=0.05).fit(FIRST)
    assert np.isfinite(model.partial_fit(MORE).losses).all()


def test_vocabulary_stays_if_it_must_not_grow():
    model = model_of()
    known = set(model.wv.index_to_key)
    model.partial_fit(MORE, grow=False)
    assert set(model.wv.index_to_key) == known
    assert model._rare == {"snow": 40, "rare": 40, "here": 40}


def test_training_on_has_the_same_bits_for_any_number_of_workers_and_after_loading(tmp_path):
    model_of().save(tmp_path / "model.w2v")
    expected = state_of(model_of().partial_fit(MORE))
    for workers in (1, 2):
        loaded = Word2Vec.load(tmp_path / "model.w2v").set_params(workers=workers)
        assert state_of(loaded.partial_fit(MORE)) == expected


def test_training_on_does_not_repeat_the_random_numbers_of_before():
    again = model_of().partial_fit(FIRST)
    other = Word2Vec(**SMALL).fit(FIRST, start=model_of())
    assert not np.array_equal(again.wv.vectors, other.wv.vectors)


def test_training_on_that_was_killed_continues_with_the_same_bits(tmp_path):
    class Killed(Exception):
        pass

    def kill(progress):
        if progress.epoch == 2 and progress.epoch_ends:
            raise Killed

    model = model_of()
    before = state_of(model)
    with pytest.raises(Killed):
        model.partial_fit(MORE, checkpoint_dir=tmp_path, progress=kill)
    assert state_of(model) == before
    resumed = model.partial_fit(MORE, checkpoint_dir=tmp_path)
    assert state_of(resumed) == state_of(model_of().partial_fit(MORE))


def test_directory_of_the_first_training_is_refused_for_the_next(tmp_path):
    model = model_of().fit(FIRST, checkpoint_dir=tmp_path)
    with pytest.raises(CheckpointError, match="start is .* another directory"):
        model.partial_fit(MORE, checkpoint_dir=tmp_path)


def test_directory_of_a_run_that_is_done_says_how_to_train_on(tmp_path):
    first = model_of().fit(FIRST, checkpoint_dir=tmp_path / "first")
    longer = Word2Vec(**SMALL | {"epochs": 5})
    message = (
        r"holds this run with epochs=3, and it is done: .* so epochs=5 is another run. To train "
        r"on: the same call with epochs=3 .* then call partial_fit\(corpus, epochs=...\) on it"
    )
    with pytest.raises(CheckpointError, match=message):
        longer.fit(FIRST, checkpoint_dir=tmp_path / "first")
    # What it says works.
    model = Word2Vec(**SMALL).fit(FIRST, checkpoint_dir=tmp_path / "first")
    assert state_of(model) == state_of(first)
    model.partial_fit(FIRST, epochs=2, checkpoint_dir=tmp_path / "second")
    assert len(model.losses) == 5


def test_directory_of_a_run_that_is_not_done_asks_for_its_epochs(tmp_path):
    options = {"checkpoint_dir": tmp_path, "progress": lambda progress: progress.epoch_ends}
    Word2Vec(**SMALL).fit(FIRST, **options)
    with pytest.raises(CheckpointError, match="another run: epochs is 5, was 3. Use the settings"):
        Word2Vec(**SMALL | {"epochs": 5}).fit(FIRST, **options)


def test_partial_fit_of_a_new_model_is_fit():
    assert state_of(Word2Vec(**SMALL).partial_fit(FIRST)) == state_of(model_of())


# A model with a tree

WITH_TREE = {"loss": "hierarchical_softmax"}


def ways_to(model, word):
    row = model.wv.key_to_index[word]
    return model.tree.paths[row].tolist(), model.tree.codes[row].tolist()


def test_tree_is_saved_with_the_model(tmp_path):
    model = model_of(**WITH_TREE)
    model.save(tmp_path / "model.w2v")
    loaded = Word2Vec.load(tmp_path / "model.w2v")
    assert state_of(loaded) == state_of(model)
    assert loaded.outside_vectors.shape == (len(model.wv) - 1, 6)
    assert ways_to(loaded, "coffee") == ways_to(model, "coffee")


def test_model_without_a_tree_has_none_after_loading_too(tmp_path):
    model = model_of()
    model.save(tmp_path / "model.w2v")
    assert model.tree is None
    assert Word2Vec.load(tmp_path / "model.w2v").tree is None


def test_files_of_format_1_are_read(tmp_path, monkeypatch):
    model = model_of()
    monkeypatch.setattr(model_file, "VERSION", 1)
    model.save(tmp_path / "model.w2v")
    monkeypatch.undo()
    assert state_of(Word2Vec.load(tmp_path / "model.w2v")) == state_of(model)


@pytest.mark.parametrize("kind", ["skipgram", "cbow"])
def test_training_on_with_a_tree_has_the_same_bits_for_workers_and_after_loading(tmp_path, kind):
    model_of(**WITH_TREE, model=kind).save(tmp_path / "model.w2v")
    expected = state_of(model_of(**WITH_TREE, model=kind).partial_fit(MORE))
    for workers in (1, 2):
        loaded = Word2Vec.load(tmp_path / "model.w2v").set_params(workers=workers)
        assert state_of(loaded.partial_fit(MORE)) == expected


def test_trained_nodes_stay_above_the_words_they_were_above():
    model = model_of(**WITH_TREE)
    words, nodes = list(model.wv.index_to_key), len(model.outside_vectors)
    before = {word: ways_to(model, word) for word in words}
    vectors = model.outside_vectors
    model.partial_fit(MORE, alpha=1e-9, min_alpha=0)
    assert model.wv.index_to_key != words  # rows are sorted anew
    for word in words:
        now = [step for step in zip(*ways_to(model, word), strict=True) if step[0] < nodes]
        assert now == list(zip(*before[word], strict=True))
    np.testing.assert_allclose(model.outside_vectors[:nodes], vectors, atol=1e-6)
    np.testing.assert_allclose(model.outside_vectors[nodes:], 0, atol=1e-6)


def test_training_on_with_a_tree_that_was_killed_continues_with_the_same_bits(tmp_path):
    class Killed(Exception):
        pass

    def kill(progress):
        if progress.epoch == 2 and progress.epoch_ends:
            raise Killed

    model = model_of(**WITH_TREE)
    with pytest.raises(Killed):
        model.partial_fit(MORE, checkpoint_dir=tmp_path, progress=kill)
    resumed = model.partial_fit(MORE, checkpoint_dir=tmp_path)
    assert state_of(resumed) == state_of(model_of(**WITH_TREE).partial_fit(MORE))


@pytest.mark.parametrize(("first", "then"), [({}, WITH_TREE), (WITH_TREE, {})])
def test_vectors_of_nodes_are_not_trained_on_as_those_of_words(first, then):
    model = model_of(**first).set_params(**{"loss": "neg_sampling", **then})
    with pytest.raises(ValueError, match="has vectors of the nodes of a tree, .* Set loss to what"):
        model.partial_fit(MORE)
    started = Word2Vec(**SMALL, **then).fit(MORE, start=model)
    assert np.isfinite(started.outside_vectors).all()


def test_tree_does_not_lose_words():
    model = model_of(**WITH_TREE).set_params(min_count=200)
    with pytest.raises(ValueError, match="min_count=200 the word 'hot' would lose its row, but"):
        model.partial_fit(MORE)


# Starting from other vectors


def test_training_starts_from_the_words_that_other_vectors_have():
    start = KeyedVectors.from_words(["tea", "unused"], np.full((2, 6), 0.5, np.float32))
    model = Word2Vec(**SMALL, alpha=1e-9, min_alpha=0).fit(FIRST, start=start)
    np.testing.assert_allclose(model.wv["tea"], 0.5, atol=1e-6)
    assert np.abs(model.wv["is"]).max() < 0.1
    assert "unused" not in model.wv


def test_start_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="start has vectors of size 3, but vector_size is 6"):
        Word2Vec(**SMALL).fit(FIRST, start=KeyedVectors.from_words(["tea"], np.ones((1, 3))))
    with pytest.raises(TypeError, match="start must be KeyedVectors or a trained Word2Vec. Got d"):
        Word2Vec(**SMALL).fit(FIRST, start={})
    with pytest.raises(ValueError, match="NaN or infinity"):
        Word2Vec(**SMALL).fit(
            FIRST, start=KeyedVectors.from_words(["tea"], np.full((1, 6), np.nan))
        )


# Watching and stopping


def test_callback_sees_speed_and_at_the_end_of_each_epoch_the_vectors():
    seen = []

    def watch(progress):
        assert (progress.vectors is not None) == progress.epoch_ends
        assert progress.words_per_second > 0
        if progress.epoch_ends:
            seen.append(progress.vectors)

    model = Word2Vec(**SMALL).fit(FIRST, progress=watch)
    assert len(seen) == 3
    assert_array_equal(seen[-1].vectors, model.wv.vectors)
    assert not np.array_equal(seen[0].vectors, seen[1].vectors)


def stop_by_returning(progress):
    return progress.epoch == 2 and progress.epoch_ends


def stop_by_raising(progress):
    if progress.epoch == 2 and progress.epoch_ends:
        raise StopTraining


@pytest.mark.parametrize("stop", [stop_by_returning, stop_by_raising])
def test_stopped_training_keeps_what_was_learned(stop):
    seen = []

    def watch(progress):
        if progress.epoch_ends:
            seen.append(progress.vectors.vectors)
        return stop(progress)

    model = Word2Vec(**SMALL).fit(FIRST, progress=watch)
    assert len(model.losses) == 2
    assert_array_equal(model.wv.vectors, seen[1])
    assert model.outside_vectors.any()


def test_curve_goes_on_where_a_stopped_one_ended():
    model = Word2Vec(**SMALL | {"epochs": 2})
    corpus = FIRST * 9  # several rounds an epoch
    model.fit(corpus, progress=lambda progress: progress.done > 0.7 * progress.total)
    ended = model.loss_curve[-1][0]
    assert 1 < ended < 2
    model.partial_fit(corpus, epochs=1)
    places = [place for place, _ in model.loss_curve]
    assert places == sorted(set(places))
    assert places[-1] == ended + 1


def test_truth_that_is_not_true_does_not_stop():
    assert len(Word2Vec(**SMALL).fit(FIRST, progress=lambda progress: 1).losses) == 3


def test_ctrl_c_is_raised_and_what_was_learned_is_kept():
    def interrupt(progress):
        if progress.epoch == 2:
            os.kill(os.getpid(), signal.SIGINT)

    model = Word2Vec(**SMALL)
    with pytest.raises(KeyboardInterrupt):
        model.fit(FIRST, progress=interrupt)
    assert len(model.losses) == 1
    assert model.wv.vectors.shape == model.outside_vectors.shape


def test_early_stopping_ends_after_patience_and_keeps_the_best():
    scores = iter([1.0, 3.0, 2.0, 2.5, 9.0])
    watch = EarlyStopping(lambda vectors: next(scores), patience=2)
    model = Word2Vec(**SMALL | {"epochs": 9}).fit(FIRST, progress=watch)
    assert watch.scores == [1.0, 3.0, 2.0, 2.5]
    assert watch.best_epoch == 2
    assert len(model.losses) == 4
    assert not np.array_equal(watch.best_vectors.vectors, model.wv.vectors)


# Frozen words


@pytest.mark.parametrize("options", [{}, {"model": "cbow"}, {"loss": "naive_softmax"}])
def test_frozen_words_keep_their_bits_and_others_learn(options):
    start = model_of(**options)
    model = Word2Vec(**SMALL | options).fit(FIRST, start=start, frozen=["tea", "is"])
    for word in ("tea", "is"):
        assert_array_equal(model.wv[word], start.wv[word])
    for word in ("coffee", "hot"):
        assert not np.array_equal(model.wv[word], start.wv[word])
    row = model.wv.key_to_index["tea"]
    assert not np.array_equal(model.outside_vectors[row], start.outside_vectors[row])


def test_only_new_words_move_if_all_known_ones_are_frozen():
    model = model_of()
    before = model.wv
    model.partial_fit(MORE, frozen=True)
    for word in before.index_to_key:
        assert_array_equal(model.wv[word], before[word])
    assert np.abs(model.wv["snow"]).max() > 1 / 12  # where it began, at most


def test_frozen_words_give_the_same_bits_for_any_number_of_workers(monkeypatch):
    monkeypatch.setattr(schedule, "USUAL_UNIT", 16)
    results = []
    for workers in (1, 3):
        model = model_of().set_params(workers=workers)
        results.append(state_of(model.partial_fit(FIRST + MORE, frozen=["is", "hot"])))
    assert results[0] == results[1]


def test_run_with_frozen_words_is_resumed_as_such_alone(tmp_path):
    def stop(progress):
        return progress.epoch == 2

    start, options = model_of(), {"frozen": ["tea"], "checkpoint_dir": tmp_path}
    Word2Vec(**SMALL).fit(FIRST, start=start, **options, progress=stop)
    with pytest.raises(CheckpointError, match="frozen is None, was"):
        Word2Vec(**SMALL).fit(FIRST, start=start, checkpoint_dir=tmp_path)
    resumed = Word2Vec(**SMALL).fit(FIRST, start=start, **options)
    undisturbed = Word2Vec(**SMALL).fit(FIRST, start=start, frozen=["tea"])
    assert state_of(resumed) == state_of(undisturbed)


def test_nothing_frozen_is_as_without():
    expected = state_of(Word2Vec(**SMALL).fit(FIRST, start=model_of()))
    start = KeyedVectors.from_words(["absent"], np.ones((1, 6)))
    assert state_of(Word2Vec(**SMALL).fit(FIRST, start=model_of(), frozen=[])) == expected
    assert Word2Vec(**SMALL).fit(FIRST, start=start, frozen=True).wv is not None  # has no such row


@pytest.mark.parametrize("frozen", [True, ["tea"]])
def test_words_without_a_vector_to_start_with_are_not_frozen(frozen):
    with pytest.raises(ValueError, match="all start at random: give fit vectors with start="):
        Word2Vec(**SMALL).fit(FIRST, frozen=frozen)
    with pytest.raises(ValueError, match="or train first"):
        Word2Vec(**SMALL).partial_fit(FIRST, frozen=frozen)


def test_frozen_that_names_no_known_words_is_refused():
    model = model_of()
    with pytest.raises(ValueError, match="a vector to start with: 'cocoa', 'milk'. Leave them out"):
        model.partial_fit(MORE, frozen=["milk", "tea", "cocoa"])
    for wrong in ("tea", 3, [["tea"]]):
        with pytest.raises(TypeError, match="frozen must be True, False or several words"):
            model.partial_fit(MORE, frozen=wrong)
    assert len(model.losses) == 3


# Hardly trained


def test_text_that_needs_more_epochs_is_trained_with_a_warning_that_says_so():
    message = (
        r"The loss has hardly fallen, from 4\.1\d+ to 4\.1\d+: .* more epochs than 3, such as 60"
    )
    with pytest.warns(UserWarning, match=message) as caught:
        model_of(FIRST[:9])
    assert caught[0].filename == __file__


@pytest.mark.filterwarnings("error:The loss has hardly fallen")
def test_nothing_is_said_where_the_loss_falls_or_cannot_tell():
    model = model_of(FIRST[:9], epochs=300)
    model.partial_fit(FIRST[:9], epochs=2)  # learned before
    model_of(FIRST[:9], epochs=1)  # a single round, with nothing to compare it to
    Word2Vec(**SMALL).fit(FIRST[:9], progress=lambda progress: True)  # stopped
