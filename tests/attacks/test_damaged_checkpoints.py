"""More of them: ``python benchmarks/attacks/damaged_checkpoints.py``."""

import numpy as np
import pytest

from benchmarks.attacks import damaged_checkpoints
from benchmarks.attacks.damaged_checkpoints import SAVED, try_all, try_saved


def test_every_truncation_and_all_damage_leads_to_the_checkpoint_before_or_an_error(tmp_path):
    tried, recognised = try_all(tmp_path, 500, 300, np.random.default_rng(0))
    assert recognised == tried
    assert tried["truncated"] > 1000
    assert (tried["flipped"], tried["spoiled"]) == (500, 300)


def test_damage_that_is_not_noticed_is_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(damaged_checkpoints, "damaged_versions", lambda good, *_: [("none", good)])
    tried, recognised = try_all(tmp_path, 0, 0, None)
    assert (tried["none"], recognised["none"]) == (1, 0)


@pytest.mark.parametrize("name", SAVED)
def test_all_damage_to_a_saved_file_is_recognised(tmp_path, name):
    tried, recognised = try_saved(tmp_path / name, *SAVED[name], 200, 100, np.random.default_rng(0))
    assert recognised == tried
    assert tried["truncated"] > 1000
    assert (tried["flipped"], tried["spoiled"]) == (200, 100)


def test_damage_to_a_saved_file_that_is_not_noticed_is_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(damaged_checkpoints, "damaged_versions", lambda good, *_: [("none", good)])
    tried, recognised = try_saved(tmp_path / "phrases", *SAVED["phrases"], 0, 0, None)
    assert (tried["none"], recognised["none"]) == (1, 0)
