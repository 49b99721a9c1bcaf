import shutil
import sys

import numpy as np
import pytest

from benchmarks.attacks.kill_and_resume import KINDS, Attack, Trial, run_undisturbed

TEXT = "the good film is great\na bad film is boring\nthe king and the queen drink tea\n"


@pytest.mark.skipif(shutil.which("ps") is None, reason="there is no ps")
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on Windows")
@pytest.mark.parametrize(
    "attack",
    [
        Attack("engine, 2 workers", "SIGKILL", "worker"),
        Attack("sgd", "SIGKILL", "process"),
        Attack("trained on", "SIGTERM", "process"),
        Attack("phrases", "SIGINT", "process"),
    ],
)
def test_run_killed_at_random_moments_and_resumed_ends_with_the_same_bits(attack, tmp_path):
    text = tmp_path / "text.txt"
    text.write_text(TEXT * 20, encoding="utf-8")
    reference = run_undisturbed(KINDS[attack.kind], text)
    trial = Trial(attack, text, reference, np.random.default_rng(0), patience=30)
    trial.kill(2)
    assert trial.kills == 2
    assert trial.is_good, (trial.numbers, trial.problems)
