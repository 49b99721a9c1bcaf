import importlib.util
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import kernel_profile, phrases_vs_gensim, train_on, train_vs_gensim
from word2vec import Word2Vec
from word2vec.engine import kernels
from word2vec.engine.units import BLOCK_SIZE, GROUP_SIZE, Engine, num_shared_negatives

TEXT = "the good film is great\na bad film is boring\nthe king and the queen drink tea\n"

needs_gensim = pytest.mark.skipif(
    importlib.util.find_spec("gensim") is None, reason="compares with gensim"
)
needs_wait4 = pytest.mark.skipif(sys.platform == "win32", reason="there is no wait4 on Windows")
needs_smaps = pytest.mark.skipif(
    not Path("/proc/self/smaps_rollup").exists(), reason="this system does not tell"
)


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text(TEXT * 20, encoding="utf-8")
    return path


@needs_wait4
@needs_gensim
def test_one_command_prints_ours_beside_gensim(corpus, tmp_path, monkeypatch, capsys):
    (tmp_path / "pairs").write_text("good\tgreat\t9\nbad\tboring\t7\nking\ttea\t1\n")
    (tmp_path / "others").write_text("film\tfilm\t5\nfilm\tqueen\t2\ngood\tbad\t1\n")
    (tmp_path / "analogies").write_text(": all\ngood great bad boring\n")
    options = f"--corpus {corpus} --seeds 1 --ours-workers 1 2 --epochs 1 --min-count 1"
    options += f" --vector-size 8 6 --pairs {tmp_path / 'pairs'} {tmp_path / 'others'}"
    options += f" --analogies {tmp_path / 'analogies'}"
    monkeypatch.setattr(sys, "argv", ["train_vs_gensim", *options.split()])
    train_vs_gensim.main()
    printed = capsys.readouterr().out
    summary = printed.split("mean\n")[2]  # under the second heading
    medians = {}
    for line in summary.splitlines():
        name, found, figures = line.partition("median")
        if found:
            medians[name.strip()] = [float(figure.replace(",", "")) for figure in figures.split()]
    assert list(medians) == ["ours, 1 worker", "ours, 2 workers", "gensim"]
    for speed, ratio, cpu_seconds, megabytes, pairs, others, analogies, _ in medians.values():
        assert min(speed, ratio, cpu_seconds, megabytes) > 0
        assert -1 <= min(pairs, others) <= max(pairs, others) <= 1
        assert analogies in (0, 1)
    assert medians["gensim"][1] == 1
    assert all(f"vector_size {size}, " in printed for size in (8, 6))
    assert printed.count("Time to gensim's quality, ours, 2 workers:") == 2
    assert "as fast as ours, 1 worker, and the same vectors, bit for bit" in summary


def test_every_tool_is_told_the_same_settings(corpus):
    options = "--vector-size 17 --window 3 --negative 4 --sample 0.01 --min-count 2 --epochs 6"
    options += f" --corpus {corpus} --c-tool {corpus} --fasttext {corpus} --koan {corpus}"
    args = train_vs_gensim.parse_args([*options.split(), "--workers", "8", "--model", "cbow"])
    ours, gensim, *others = train_vs_gensim.tools(args, 17, seed=9)
    assert [tool.name for tool in others] == ["C tool", "fastText", "koan"]
    same = {"vector_size": 17, "window": 3, "negative": 4, "sample": 0.01}
    same |= {"min_count": 2, "epochs": 6, "workers": 8, "seed": 9}
    assert json.loads(ours.command[-1]) == {**same, "model": "cbow"}
    assert json.loads(gensim.command[-1]) == {**same, "sg": 0}
    for tool in others:
        assert {"17", "3", "4", "0.01", "2", "6", "8"} <= set(tool.command)


def test_with_hierarchical_softmax_no_tool_draws_negatives(corpus):
    options = f"--corpus {corpus} --c-tool {corpus} --fasttext {corpus}"
    args = train_vs_gensim.parse_args([*options.split(), "--loss", "hierarchical_softmax"])
    ours, gensim, c_tool, fasttext = train_vs_gensim.tools(args, 100, seed=1)
    assert json.loads(ours.command[-1])["loss"] == "hierarchical_softmax"
    theirs = json.loads(gensim.command[-1])
    assert (theirs["hs"], theirs["negative"]) == (1, 0)
    for option, value in [("-hs", "1"), ("-negative", "0")]:
        assert c_tool.command[c_tool.command.index(option) + 1] == value
    assert fasttext.command[fasttext.command.index("-loss") + 1] == "hs"


def test_tool_without_hierarchical_softmax_is_refused(corpus, capsys):
    options = f"--corpus {corpus} --koan {corpus} --loss hierarchical_softmax"
    with pytest.raises(SystemExit):
        train_vs_gensim.parse_args(options.split())
    assert "koan has no hierarchical softmax; leave --koan out" in capsys.readouterr().err


@needs_wait4
def test_a_tool_is_timed_and_its_vectors_are_judged(corpus, tmp_path):
    (tmp_path / "pairs").write_text("a\tb\t2\na\tc\t0\nb\tc\t1\n")
    program = (
        "open('v.txt', 'w').write('3 2\\na 1 0\\nb 1 1\\nc 0 1\\n'); import time; time.sleep(1)"
    )
    tool = train_vs_gensim.Tool("tool", [sys.executable, "-c", program], "v.txt")
    (tmp_path / "reversed").write_text("a\tb\t0\na\tc\t2\nb\tc\t1\n")
    test_sets = train_vs_gensim.TestSets((tmp_path / "pairs", tmp_path / "reversed"))
    run = train_vs_gensim.measure(tool, corpus, 1000, test_sets)
    assert 1 <= run.seconds == 1000 / run.words_per_second
    assert run.cpu_seconds < run.seconds
    # Ranks 3, 1, 2 and 1, 3, 2 beside 2.5, 1, 2.5.
    assert run.scores == pytest.approx((0.75**0.5, -(0.75**0.5)))
    assert run.mean == pytest.approx(0)


@needs_wait4
def test_a_tool_that_writes_no_vectors_is_not_judged_by_earlier_ones(corpus):
    program = "open('v.txt', 'w').write('1 2\\na 1 0\\n')"
    for_real = train_vs_gensim.Tool("tool", [sys.executable, "-c", program], "v.txt")
    train_vs_gensim.measure(for_real, corpus, 1)
    with pytest.raises(FileNotFoundError, match=r"v\.txt"):
        train_vs_gensim.measure(for_real._replace(command=["true"]), corpus, 1)


@needs_smaps
def test_memory_is_that_of_all_processes_of_a_run_together(tmp_path):
    hold = "import time; data = b'x' * {}; time.sleep(1)"
    parent = f"import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', {hold!r}])"
    program = f"{parent}; {hold}; child.wait()".format(60_000_000, 90_000_000)
    _, _, megabytes = train_vs_gensim.run_process([sys.executable, "-c", program], tmp_path)
    assert 150 < megabytes < 200


@needs_wait4
def test_a_tool_that_fails_is_named_with_what_it_said(tmp_path):
    command = [sys.executable, "-c", "import sys; sys.exit('no such option')"]
    with pytest.raises(SystemExit, match=r"failed \(exit status 1\):\nno such option"):
        train_vs_gensim.run_process(command, tmp_path)


def test_ratios_are_of_runs_of_the_same_turn(capsys):
    def runs(*seconds):
        return [train_vs_gensim.Run(s, 600 / s, s, 50, (), "") for s in seconds]

    train_vs_gensim.print_summary({"ours": runs(1, 2, 6), "gensim": runs(4, 6, 30)})
    rows = [line.split()[1:4] for line in capsys.readouterr().out.splitlines()[2:5]]
    assert rows == [
        ["median", "300", "4.00"],
        ["least", "100", "3.00"],
        ["greatest", "600", "5.00"],
    ]


def test_time_to_quality_is_that_of_the_fewest_epochs_that_reach_it(corpus, monkeypatch, capsys):
    def run(seconds, mean):
        return train_vs_gensim.Run(seconds, 1, 1, 1, (mean,), "")

    means = {1: 0.1, 2: 0.3, 3: 0.4, 4: 0.45}

    def measure(tool, *_):
        epochs = json.loads(tool.command[-1])["epochs"]
        return run(10 * epochs, means[epochs])

    monkeypatch.setattr(train_vs_gensim, "measure", measure)
    args = train_vs_gensim.parse_args(["--corpus", str(corpus), "--seeds", "1", "2"])
    runs = {"ours, 2 workers": [], "gensim": []}
    reached = []
    for seed, mean in [(1, 0.25), (2, 0.6)]:
        runs["ours, 2 workers"].append(run(50, 0.5))
        runs["gensim"].append(run(100, mean))
        reached.append(train_vs_gensim.reach_quality(args, 8, 1000, seed, runs))
    train_vs_gensim.print_quality(args, runs, reached)
    printed = capsys.readouterr().out
    assert "seed 1: 2 of 5 epochs, mean 0.300 beside 0.250: 5.00 times as fast" in printed
    assert "seed 2: not reached, mean 0.500 beside 0.600" in printed
    assert "median of 1: 5.00" in printed


def test_missing_gensim_is_named(corpus, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["train_vs_gensim", "--corpus", str(corpus)])
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match="pip install gensim"):
        train_vs_gensim.main()


@pytest.mark.parametrize(
    ("name", "message"), [("text.txt.xz", "is compressed"), ("none", "there is no file")]
)
def test_corpus_that_not_all_tools_can_read_is_refused(name, message, tmp_path, capsys):
    (tmp_path / "text.txt.xz").touch()
    with pytest.raises(SystemExit):
        train_vs_gensim.parse_args(["--corpus", str(tmp_path / name)])
    assert message in capsys.readouterr().err


def options_of(model):
    return Word2Vec(model=model, vector_size=8, window=3, sample=None).options


def profile_turn(model, num_words=256):
    """A turn on 256 words without ends of sentences, all of them kept: a unit."""
    options = options_of(model)
    ids = np.random.default_rng(0).integers(20, size=num_words, dtype=np.int32)
    (turn,) = kernel_profile.run_turns(options, np.bincount(ids), ids, 4, 1)
    return turn


@pytest.mark.parametrize("model", ["skipgram", "cbow"])
def test_every_matrix_product_is_counted(model):
    size, group, window = BLOCK_SIZE, BLOCK_SIZE * GROUP_SIZE, 3
    shared, seen = num_shared_negatives(options_of(model)), BLOCK_SIZE + 2 * window
    # Gradients of the words of a block: they are seen by it and by the one before.
    of_blocks = {(size, seen, 8), (size, 2 * size, 8)}
    if model == "skipgram":
        of_blocks.add((seen, 8, size))
    of_groups = {(group, 8, shared), (group, shared, 8), (shared, group, 8)}
    products = profile_turn(model).profile.products
    assert set(products) == of_blocks | of_groups
    # As many blocks as there are, one more where two see the same, and as many groups.
    numbers = 256 // size, 256 // size + 1, 256 // group
    assert {done.number for done in products.values()} == set(numbers)


@pytest.mark.parametrize("model", ["skipgram", "cbow"])
def test_every_part_is_timed_and_no_time_twice(model):
    turn = profile_turn(model)
    assert min(turn.profile.seconds.values()) > 0
    assert sum(turn.profile.seconds.values()) < turn.profiled_seconds


def test_profiling_ends_with_its_block():
    before = kernels.take_rows, Engine.compute, kernel_profile.AliasTable.draw
    with kernel_profile.Profile():
        assert kernels.take_rows is not before[0]
    assert (kernels.take_rows, Engine.compute, kernel_profile.AliasTable.draw) == before


def test_profile_of_an_engine_that_computes_something_else_is_void(monkeypatch):
    clock = kernel_profile.Profile.clock

    def spoiling_clock(self, part, function, *args, **kwargs):
        result, elapsed = clock(self, part, function, *args, **kwargs)
        return (2 * result if part == kernel_profile.PRODUCTS else result), elapsed

    monkeypatch.setattr(kernel_profile.Profile, "clock", spoiling_clock)
    with pytest.raises(SystemExit, match="other vectors"):
        profile_turn("skipgram", 512)  # in the first round all scores are 0


@pytest.mark.parametrize("text", ["given", "made up"])
def test_profile_prints_shares_of_the_whole_time(text, corpus, capsys):
    options = ["--turns", "1", "--units", "8", "--min-count", "1", "--vector-size", "16"]
    kernel_profile.main([*options, "--corpus", str(corpus)] if text == "given" else options)
    heading, *lines = capsys.readouterr().out.split("\n\n")[1].splitlines()
    assert heading.startswith("part")
    shares = [float(line[24:].split()[0]) for line in lines]
    assert sum(shares) == pytest.approx(100, abs=0.5)


def test_share_of_products_in_plain_time_leaves_the_profiler_out(capsys):
    profile = kernel_profile.Profile()
    profile.seconds[kernel_profile.PRODUCTS] = 1.0
    kernel_profile.print_parts([kernel_profile.Turn(2.0, 0.4, 4.0, profile, 1.0)], 10)
    table, last = capsys.readouterr().out.rsplit("\n\n", 1)
    assert "matrix products         25.0" in table
    assert last.startswith("matrix products, % of the plain engine's time: 50.0")


def test_scaling_is_computed_from_the_phases_of_a_round(capsys):
    turn = kernel_profile.Turn(2.0, 0.4, 3.0, None, 1.0)  # 10 rounds: 160 ms and 40 ms each
    kernel_profile.print_scaling([turn], 10, 16)
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[3:]]
    expected = [(2, 80 + 20), (4, 40 + 10), (8, 20 + 5), (16, 10 + 2.5)]
    assert rows == [[f"{n}", f"{ms:.2f}", f"{200 / ms:.2f}"] for n, ms in expected]


def test_operations_of_a_product_are_its_multiplications_and_additions():
    assert kernel_profile.num_flop(2, 3, 4, 10) == 2 * (2 * 3 * 4) * 10


# -------------------------------------------------------------------- phrases


def compare_phrases(corpus, monkeypatch, *options):
    command = ["phrases_vs_gensim", "--corpus", str(corpus), "--min-count", "1", *options]
    monkeypatch.setattr(sys, "argv", command)
    return phrases_vs_gensim.main()


@needs_gensim
def test_phrases_are_printed_beside_those_of_gensim(corpus, monkeypatch, capsys):
    monkeypatch.setitem(phrases_vs_gensim.THRESHOLDS, "default", 0.1)
    options = ["--scoring", "default", "--connectors", "1"]
    assert compare_phrases(corpus, monkeypatch, *options) == 0
    heading, _, ours, gensims, result = capsys.readouterr().out.strip().splitlines()
    assert heading == "scoring default, threshold 0.1, English connector words"
    for line, name in ((ours, "ours"), (gensims, "gensim")):
        first, *figures = line.split()
        assert first == name
        assert min(map(float, figures)) >= 0
    assert re.fullmatch(r"the same \d+ phrases, scores to \S+, the same joined sentences", result)


@needs_gensim
@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("**options)", "**options | {'threshold': 1e9})", "OTHER phrases: "),
        ('" ".join', '"+".join', "OTHER joined sentences"),
    ],
)
def test_phrases_that_differ_are_told(corpus, monkeypatch, capsys, old, new, message):
    original = phrases_vs_gensim.END

    def run(program, corpus, options):
        end = original.replace(old, new) if program == phrases_vs_gensim.OURS else original
        monkeypatch.setattr(phrases_vs_gensim, "END", end)
        return run_original(program, corpus, options)

    run_original = phrases_vs_gensim.run
    monkeypatch.setattr(phrases_vs_gensim, "run", run)
    monkeypatch.setitem(phrases_vs_gensim.THRESHOLDS, "default", 0.05)
    assert compare_phrases(corpus, monkeypatch, "--scoring", "default", "--connectors", "0") == 1
    assert message in capsys.readouterr().out


# -------------------------------------------------------------- training on


def lines_of(printed):
    """The figures of each line of the table, by its name."""
    rows = re.findall(r"^(\w+, \w+) +(.*)$", printed, re.MULTILINE)
    return {name: [float(figure.replace(",", "")) for figure in row.split()] for name, row in rows}


@needs_wait4
@pytest.mark.parametrize("tool", ["ours", pytest.param("gensim", marks=needs_gensim)])
def test_halves_are_judged_beside_the_whole_and_lost_words_counted(tool, tmp_path, capsys):
    half = ["the good film is great", "a bad film is boring"] * 10
    text = tmp_path / "text.txt"
    # "split" is too rare in either half, but not in both together.
    text.write_text("\n".join([*half, *["is split"] * 4, *half]))
    (tmp_path / "pairs").write_text("good\tgreat\t9\nbad\tboring\t7\nfilm\ta\t1\n")
    options = f"--corpus {text} --pairs {tmp_path / 'pairs'} --tools {tool}"
    train_on.main([*options.split(), "--min-count", "3", "--epochs", "1", "--vector-size", "4"])
    printed = capsys.readouterr().out
    rows = lines_of(printed)
    (_, words, lost, pairs, mean), halves = rows[f"{tool}, whole"], rows[f"{tool}, halves"]
    assert (words, lost) == (9, 0)
    assert pairs == mean
    assert halves[1:3] == ([9, 0] if tool == "ours" else [8, 1])
    assert float(printed.split("halves ")[-1]) == pytest.approx(halves[-1] - mean, abs=1.1e-3)


def test_halves_need_something_to_judge_by(corpus, capsys):
    with pytest.raises(SystemExit):
        train_on.parse_args(["--corpus", str(corpus)])
    assert "nothing to judge by: give --pairs or --analogies, or both" in capsys.readouterr().err
