import sys

import numpy as np
import pytest

from benchmarks.kill_and_resume import compare

TEXT = "the good film is great\na bad film is boring\nthe king and the queen drink tea\n"


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on Windows")
def test_run_killed_at_random_moments_and_resumed_ends_with_the_same_bits(tmp_path):
    corpus = tmp_path / "text.txt"
    corpus.write_text(TEXT * 20, encoding="utf-8")
    options = f"--corpus {corpus} --iterations 1000 --checkpoint-every 50".split()
    lines = []
    assert compare(3, 2.0, options, np.random.default_rng(0), lines.append), lines
