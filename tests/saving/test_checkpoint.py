import hashlib
import json
import warnings
import zipfile

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from word2vec.saving import checkpoint as checkpoints
from word2vec.saving.checkpoint import (
    Checkpoint,
    CheckpointError,
    fingerprint,
    load_latest_checkpoint,
    name_latest_checkpoint,
    read_checkpoint,
    save_checkpoint,
)

SETTINGS = {"window": 5, "model": "skipgram"}


def example(iteration=7):
    arrays = {"parameters": np.arange(6.0).reshape(2, 3), "curve": np.array([1.5])}
    return Checkpoint(SETTINGS, {"iteration": iteration, "loss": 0.1 + 0.2}, arrays)


def save(directory, *iterations):
    """Checkpoints of these iterations; returns their paths."""
    return [save_checkpoint(directory, i, example(i)) for i in iterations]


def damage(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_what_is_saved_is_what_is_read(tmp_path):
    (path,) = save(tmp_path, 7)
    settings, state, arrays = read_checkpoint(path)
    assert settings == SETTINGS
    assert state == example().state
    assert arrays.keys() == example().arrays.keys()
    for name, array in example().arrays.items():
        assert_array_equal(arrays[name], array, strict=True)


def test_file_is_an_ordinary_npz_with_a_json_header_and_nothing_pickled(tmp_path):
    (path,) = save(tmp_path, 7)
    with np.load(path, allow_pickle=False) as archive:
        assert_array_equal(archive["parameters"], example().arrays["parameters"])
        assert json.loads(str(archive["header"]))["settings"] == SETTINGS


def test_archive_ends_with_a_comment_the_checksum_of_all_before(tmp_path):
    (path,) = save(tmp_path, 7)
    with zipfile.ZipFile(path) as archive:
        assert archive.comment.decode() == hashlib.sha256(path.read_bytes()[:-64]).hexdigest()


def test_array_that_would_have_to_be_pickled_is_not_saved(tmp_path):
    checkpoint = Checkpoint({}, {}, {"a": np.array([{}], dtype=object)})
    with pytest.raises(ValueError, match="Object arrays cannot be saved when allow_pickle=False"):
        save_checkpoint(tmp_path, 1, checkpoint)
    assert not list(tmp_path.iterdir())


def test_arrays_in_the_state_become_lists(tmp_path):
    state = {"generator": {"key": np.arange(3, dtype=np.uint64), "position": np.int64(2)}}
    path = save_checkpoint(tmp_path, 1, Checkpoint({}, state, {}))
    assert read_checkpoint(path).state == {"generator": {"key": [0, 1, 2], "position": 2}}


def test_directory_is_created(tmp_path):
    save(tmp_path / "a" / "b", 1)
    assert load_latest_checkpoint(tmp_path / "a" / "b", SETTINGS)


def test_last_two_are_kept(tmp_path):
    save(tmp_path, 1, 2, 10)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "checkpoint-000000002.npz",
        "checkpoint-000000010.npz",
    ]


def test_unfinished_file_left_by_a_kill_is_removed_by_the_next_save(tmp_path):
    (tmp_path / "checkpoint-000000001.npz.tmp").write_bytes(b"half")
    save(tmp_path, 2)
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-000000002.npz"]


def test_other_files_in_the_directory_are_left_alone(tmp_path):
    (tmp_path / "vectors.npz").write_bytes(b"mine")
    save(tmp_path, 1, 2, 3)
    assert (tmp_path / "vectors.npz").read_bytes() == b"mine"


def test_failure_while_writing_leaves_the_older_checkpoints_and_no_litter(tmp_path, monkeypatch):
    save(tmp_path, 1)

    def full_disk(file, array, **options):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np.lib.format, "write_array", full_disk)
    with pytest.raises(OSError, match="No space left"):
        save(tmp_path, 2)
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-000000001.npz"]


def test_latest_checkpoint_is_the_one_with_the_largest_number(tmp_path):
    save(tmp_path, 999_999_999, 1_000_000_000)
    assert load_latest_checkpoint(tmp_path, SETTINGS).state["iteration"] == 1_000_000_000


@pytest.mark.parametrize("exists", [True, False])
def test_no_checkpoint_is_no_error(tmp_path, exists):
    directory = tmp_path if exists else tmp_path / "missing"
    assert load_latest_checkpoint(directory, SETTINGS) is None


def test_damaged_checkpoint_is_passed_over_with_a_warning(tmp_path):
    first, second = save(tmp_path, 1, 2)
    damage(second)
    with pytest.warns(RuntimeWarning, match=f"{second.name} is damaged.* from {first.name}"):
        assert load_latest_checkpoint(tmp_path, SETTINGS).state["iteration"] == 1


def test_warning_of_damage_names_the_line_that_asked(tmp_path):
    *_, second = save(tmp_path, 1, 2)
    damage(second)
    with pytest.warns(RuntimeWarning, match="is damaged") as caught:
        load_latest_checkpoint(tmp_path, SETTINGS)
    assert [warning.filename for warning in caught] == [__file__]


def test_damaged_checkpoint_makes_room_for_those_after_the_one_used_instead(tmp_path):
    *_, damaged = save(tmp_path, 10, 20)
    damage(damaged)
    save(tmp_path, 11, 12)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "checkpoint-000000011.npz",
        "checkpoint-000000012.npz",
    ]


def test_undamaged_checkpoint_is_read_without_a_warning(tmp_path):
    first, _ = save(tmp_path, 1, 2)
    damage(first)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert load_latest_checkpoint(tmp_path, SETTINGS).state["iteration"] == 2


def test_only_damaged_checkpoints_are_an_error_with_a_cure(tmp_path):
    first, second = save(tmp_path, 1, 2)
    damage(first)
    damage(second)
    damaged = "is damaged: its checksum does not match."
    cure = "No other checkpoint is left: delete the directory to start anew."
    message = f"^{second} {damaged} {first} {damaged} {cure}$"
    with pytest.raises(CheckpointError, match=message):
        load_latest_checkpoint(tmp_path, SETTINGS)


def test_other_settings_are_refused_and_named(tmp_path):
    save(tmp_path, 1)
    differing = "model is None, was 'skipgram'; seed is 3, was None; window is 4, was 5. "
    cure = "Use the settings of that run, or another directory.$"
    message = f"000001.npz belongs to another run: {differing}{cure}"
    with pytest.raises(CheckpointError, match=message):
        load_latest_checkpoint(tmp_path, {"window": 4, "seed": 3})


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "VERSION",
            99,
            r"format 99, training \d+\); this is version .* \(format 3, training \d+\)",
        ),
        ("TRAINING_VERSION", 99, r"format 3, training 99\); this is version .* would go on with o"),
    ],
)
def test_checkpoint_of_another_version_is_refused_with_both_named(
    tmp_path, monkeypatch, name, value, message
):
    save(tmp_path, 1)
    with monkeypatch.context() as patch:
        patch.setattr(checkpoints, name, value)
        save(tmp_path, 2)
    # Not passed over like a damaged one: going back silently would lose what it has learned.
    with pytest.raises(CheckpointError, match=f"000002.npz was written .*{message}.* start anew.$"):
        load_latest_checkpoint(tmp_path, SETTINGS)


def test_checkpoint_that_names_no_library_is_of_an_unknown_version(tmp_path, monkeypatch):
    write_archive = checkpoints.write_archive

    def without_library(path, header, arrays):
        kept = {name: header[name] for name in header.keys() - {"library", "training"}}
        write_archive(path, kept, arrays)

    monkeypatch.setattr(checkpoints, "write_archive", without_library)
    (path,) = save(tmp_path, 1)
    with pytest.raises(CheckpointError, match="was written by version unknown of word2vec"):
        read_checkpoint(path)


@pytest.mark.parametrize("iterations", [[1], [1, 2], [9, 1_000_000_000]])
def test_newest_checkpoint_is_named_in_a_sentence(tmp_path, iterations):
    *_, newest = save(tmp_path, *iterations)
    assert name_latest_checkpoint(tmp_path) == f" The last good checkpoint is {newest}."


def test_nothing_is_named_where_there_is_no_checkpoint(tmp_path):
    assert name_latest_checkpoint(tmp_path) == ""
    assert name_latest_checkpoint(None) == ""


def test_fingerprint_sees_content_shape_and_dtype():
    array = np.arange(6.0)
    others = [array + 1, array.reshape(2, 3), array.astype(np.float32), array[::-1]]
    assert len({fingerprint(other) for other in [array, *others]}) == 5
    assert fingerprint(array) == fingerprint(array.copy())


def test_fingerprint_of_settings_does_not_see_their_order():
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    assert fingerprint({"a": 1, "b": 2}) != fingerprint({"a": 1, "b": 3})


def test_file_of_nothing_but_the_checksum_of_nothing_is_damaged(tmp_path):
    path = tmp_path / "checkpoint-000000001.npz"
    path.write_bytes(hashlib.sha256(b"").hexdigest().encode())
    with pytest.raises(CheckpointError, match=path.name):
        read_checkpoint(path)
