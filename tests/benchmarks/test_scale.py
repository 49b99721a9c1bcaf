import json

import numpy as np
import pytest

from benchmarks import merges, scale
from word2vec.options import EngineOptions

OPTIONS = EngineOptions(min_count=1)
RATES = scale.Rates({100: 1000.0, 300: 2000.0}, 1.0)


@pytest.fixture(scope="module")
def text():
    return scale.Text.of_zipf(10**7, 1000, OPTIONS)


def test_many_words_move_all_rows_and_few_words_few(text):
    assert text.rows(10**9) == pytest.approx(2000)
    assert 0 < text.rows(100) < 200


def test_one_rank_sends_nothing_and_merges_no_single_shard(text):
    _, merging, sending, sent = scale.seconds_of_leg(text, 10**5, RATES, 100, 1, 1)
    assert (sending, sent) == (0, 0)
    assert merging == pytest.approx(2 * text.rows(10**5) * 100 * 1e-9)


def test_ranks_divide_training_and_a_slower_network_takes_longer(text):
    def of(ranks, bandwidth=1e9):
        return scale.seconds_of_leg(text, 10**5, RATES, 100, 8, ranks, 1, bandwidth)

    assert of(1)[0] == pytest.approx(4 * of(4)[0])
    assert of(4, 1e8)[2] == pytest.approx(10 * of(4)[2])


def test_words_of_other_sizes_lie_on_a_straight_line():
    assert RATES.of_word(200) == pytest.approx(1500)


def test_memory_has_both_matrices_twice():
    least = 2 * 2 * 10**6 * 4 * 300
    assert least < scale.memory_of_rank(10**6, 300, 1000, OPTIONS) < 1.5 * least


def test_merges_are_compared_and_drawn(tmp_path, capsys):
    rng = np.random.default_rng(0)
    lines = [" ".join(f"w{word}" for word in rng.zipf(1.5, 9) % 50) for _ in range(500)]
    (tmp_path / "text").write_text("\n".join(lines))
    rows, picture = tmp_path / "rows.json", tmp_path / "picture.png"
    options = f"--corpus {tmp_path / 'text'} --shards 2 --merges 1 2 --epochs 1 --rows {rows}"
    for _ in range(2):  # the second time from the rows
        merges.main([*options.split(), "--picture", str(picture)])
    assert [row["merges"] for row in json.loads(rows.read_text())] == [0, 1, 2]
    assert len(capsys.readouterr().out.splitlines()) == 2 * 4
    assert picture.read_bytes().startswith(b"\x89PNG")
