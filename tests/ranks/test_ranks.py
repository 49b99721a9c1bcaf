"""Training over MPI, with a real mpiexec; skipped without mpi4py."""

import gzip
import os
import re
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from tests.ranks.launch import finish, needs_mpi, run, start

pytestmark = needs_mpi

TRAIN = """
model = trainer(workers=int(sys.argv[1])).fit("texts", comm=comm)
say(bits(model))
"""


@pytest.fixture
def texts(tmp_path):
    """Four files of about equal length, one of them compressed."""
    rng = np.random.default_rng(0)
    words = np.array([f"word{number}" for number in range(60)])
    folder = tmp_path / "texts"
    folder.mkdir()
    for number in range(4):
        chosen = words[np.minimum(rng.zipf(1.4, size=(600, 7)), 60) - 1]
        text = "\n".join(map(" ".join, chosen)) + "\n"
        if number == 1:
            (folder / "1.txt.gz").write_bytes(gzip.compress(text.encode()))
        else:
            (folder / f"{number}.txt").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def alone(texts):
    """The bits of a process without MPI."""
    (said,) = run(1, "say(bits(trainer().fit('texts')))", texts.parent)
    return said.removeprefix("0: ")


@pytest.mark.parametrize(("ranks", "workers"), [(1, 1), (2, 2), (4, 1), (8, 1)])
def test_any_number_of_ranks_gives_the_bits_of_one_process(texts, alone, ranks, workers):
    said = run(ranks, TRAIN, texts.parent, str(workers))
    assert said == [f"{rank}: {alone}" for rank in range(ranks)]


def test_sentences_are_divided_like_files(tmp_path):
    script = """
        sentences = [f"{i % 7} {i % 5} {i % 3}".split() for i in range(3000)]
        model = trainer(shards=4).fit(sentences, comm=comm if comm.size > 1 else None)
        say(bits(model))
    """
    (alone,) = run(1, script, tmp_path)
    assert run(2, script, tmp_path) == [alone, alone.replace("0:", "1:")]


def test_no_rank_reads_or_keeps_the_text_of_others(texts):
    (texts / "1.txt.gz").unlink()
    (texts / "4.txt").write_bytes((texts / "3.txt").read_bytes())
    for number, name in enumerate(("0.txt", "2.txt", "3.txt", "4.txt")):
        text = (texts / name).read_text().replace("word", f"{'abcd'[number]}word")
        (texts / name).write_text(text[:20_000].rpartition("\n")[0].ljust(20_000) + "\n")
    script = """
        opened = set()
        sys.addaudithook(lambda event, what: event == "open" and opened.add(str(what[0])))
        import word2vec.engine.training as training
        encoded = []
        before = training.Training.__init__
        def keep(self, options, corpus, *rest, **others):
            encoded.append(corpus)
            before(self, options, corpus, *rest, **others)
        training.Training.__init__ = keep
        trainer(shards=4, min_count=1).fit("texts", comm=comm)
        names = sorted(name[-5:] for name in opened if name.startswith("texts"))
        words = {encoded[0].vocab.words[token][0] for token in encoded[0].tokens[:]
                 if token < len(encoded[0].vocab)}
        say(*names, *sorted(words))
    """
    assert run(4, script, texts.parent) == ["0: 0.txt a", "1: 2.txt b", "2: 3.txt c", "3: 4.txt d"]


def test_a_merge_sends_little_more_than_the_rows_that_moved(texts):
    script = """
        from word2vec.engine import exchange, legs
        from word2vec.engine.ranks import Ranks
        rows = [0, 0, 0]
        def counted(team, moves, num_rows):
            before = team.bytes_sent, team.bytes_received
            rows[0] += exchange.merge_all(moves).values.nbytes
            for merged in exchange.exchange(team, moves, num_rows):
                rows[0] += merged.values.nbytes
                yield merged
            rows[1] += team.bytes_sent - before[0]
            rows[2] += team.bytes_received - before[1]
        legs.exchange = counted
        trainer(vector_size=50).fit("texts", comm=comm)
        say(rows[1] <= 1.2 * rows[0], rows[2] <= 1.2 * rows[0], rows[1] > 0.1 * rows[0])
    """
    assert run(2, script, texts.parent) == ["0: True True True", "1: True True True"]


def test_what_a_rank_sends_to_itself_is_neither_sent_nor_copied(tmp_path):
    script = """
        import numpy as np
        from word2vec.engine.ranks import Ranks
        team = Ranks(comm)
        before = team.bytes_sent
        array = np.arange(20.0).reshape(5, 4) + 100 * rank
        swapped, shared = team.swap(array, [2, 3]), team.share(array)
        say(team.bytes_sent - before == array[:3 - rank].nbytes * (rank == 1)
            + array[2:].nbytes * (rank == 0) + array.nbytes)
        say(*(np.shares_memory(parts[rank], array) for parts in (swapped, shared)))
        say(*(parts[1 - rank][:, 0].astype(int).tolist() for parts in (swapped, shared)))
    """
    assert run(2, script, tmp_path) == [
        "0: True",
        "0: True True",
        "0: [100, 104] [100, 104, 108, 112, 116]",
        "1: True",
        "1: True True",
        "1: [8, 12, 16] [0, 4, 8, 12, 16]",
    ]


# What is wrong is said on all ranks, and nobody waits for ever

FAILS = """
try:
    {}
except Exception as error:
    say(type(error).__name__, error)
"""


def errors_of(ranks, statement, folder):
    return run(ranks, FAILS.format(statement), folder)


def test_other_settings_are_named_on_all_ranks(texts):
    said = errors_of(2, "trainer(window=5 + rank).fit('texts', comm=comm)", texts.parent)
    assert len(said) == 2
    for line in said:
        assert "ValueError The ranks differ: window is 5 on rank 0 and 6 on rank 1." in line


def test_another_version_is_named_on_all_ranks(texts):
    statement = """
    import word2vec.engine.ranks as ranks
    if rank == 1:
        ranks.__version__ = "9.9"
    trainer().fit('texts', comm=comm)
    """
    for line in errors_of(2, statement, texts.parent):
        assert re.search(r"word2vec is '.*' on rank 0 and '9.9' on rank 1", line)


def test_other_processors_are_warned_of_on_all_ranks(texts):
    script = """
        import platform
        warnings.simplefilter("error")
        if rank == 1:
            platform.machine = lambda: "abacus"
        try:
            trainer().fit("texts", comm=comm)
        except RuntimeWarning as warning:
            say(warning)
    """
    said = run(2, script, texts.parent)
    assert len(said) == 2
    for line in said:
        assert re.search(
            r"processor is .* and 'abacus with .*' on rank 1.*may give other bits", line
        )


def test_a_missing_file_is_named_on_all_ranks(texts):
    statement = "trainer().fit('texts/0.txt' if rank == 0 else 'texts/9.txt', comm=comm)"
    first, second = errors_of(2, statement, texts.parent)
    assert "0: RankError Rank 1: FileNotFoundError: There is no text file texts/9.txt" in first
    assert "1: FileNotFoundError There is no text file texts/9.txt" in second


def test_other_files_are_named_on_all_ranks(texts):
    (texts / "0.txt").rename(texts.parent / "0.txt")
    other = texts.parent / "others"
    other.mkdir()
    (other / "0.txt").write_text("a b c\n" * 5)
    statement = "trainer().fit('0.txt' if rank == 0 else 'others/0.txt', comm=comm)"
    for line in errors_of(2, statement, texts.parent):
        assert re.search(r"rank 0 has 0.txt \([\d,]+ bytes\), rank 1 has 0.txt \(30 bytes\)", line)


@pytest.mark.parametrize("ranks", [3, 8])
def test_a_number_of_ranks_that_does_not_suit_the_shards_is_refused(texts, ranks):
    for line in errors_of(ranks, "trainer(shards=4).fit('texts', comm=comm)", texts.parent):
        assert f"There are {ranks} ranks for 4 shards." in line


def test_what_is_no_communicator_is_refused_with_what_to_install(tmp_path):
    (line,) = errors_of(1, "trainer().fit([['a', 'b']] * 9, comm='world')", tmp_path)
    assert "TypeError comm must be a communicator of mpi4py" in line
    assert "pip install mpi4py mpich" in line


def test_a_rank_that_fails_in_a_leg_ends_all_with_its_reason(texts):
    statement = """
    from word2vec.engine.legs import Legs
    def fail(self, shard, leg):
        if shard == 7 and leg == 3:
            raise MemoryError("no room")
        return train(self, shard, leg)
    train, Legs._train = Legs._train, fail
    trainer().fit('texts', comm=comm)
    """
    first, second = errors_of(2, statement, texts.parent)
    assert "0: RankError Rank 1: MemoryError: no room" in first
    assert "1: MemoryError no room" in second


def test_a_rank_that_fails_in_a_merge_ends_the_job_with_its_reason(texts):
    script = """
        from word2vec.engine.legs import Legs
        def fail(self, moves):
            if rank == 1:
                raise MemoryError("no room")
            apply(self, moves)
        apply, Legs._apply = Legs._apply, fail
        trainer().fit("texts", comm=comm)
    """
    process = start(2, script, texts.parent)
    _, errors = finish(process)
    assert process.returncode
    assert "Rank 1 has failed and ends the job: MemoryError: no room" in errors


# Interrupted

SLOWLY = """
import time
from word2vec.engine import training
training.CHECKPOINT_SECONDS = float(sys.argv[1])
def slowly(progress):
    time.sleep(0.05)
say("pid", os.getpid())
model = trainer(epochs=3).fit("texts", comm=comm, checkpoint_dir="saved", progress=slowly)
say(bits(model))
"""


def interrupted(texts, disturb, seconds=0):
    """The exit status of a run that saves after so many seconds and is disturbed when it has."""
    process = start(2, SLOWLY, texts.parent, str(seconds))
    try:
        pids = {}
        for _ in range(2):
            rank, _, pid = process.stdout.readline().split()
            pids[int(rank[0])] = int(pid)
        deadline = time.monotonic() + 60
        while not list(Path(texts.parent, "saved").glob("checkpoint-*.npz")):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        disturb(process, pids)
        said, _ = finish(process)
        assert not any(re.fullmatch(r"\d: \w{64}", line) for line in said)  # it was not done
        for pid in pids.values():
            with pytest.raises(ProcessLookupError):
                os.kill(pid, 0)
        return process.returncode
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.parametrize(("killed", "goes_on_with"), [(0, 2), (1, 4), (1, 1)])
def test_a_killed_rank_ends_the_job_and_any_number_of_ranks_goes_on(texts, killed, goes_on_with):
    undisturbed = run(1, "say(bits(trainer(epochs=3).fit('texts')))", texts.parent)
    assert interrupted(texts, lambda _, pids: os.kill(pids[killed], signal.SIGKILL))
    goes_on = "say(bits(trainer(epochs=3).fit('texts', comm=comm, checkpoint_dir='saved')))"
    said = run(goes_on_with, goes_on, texts.parent)
    assert said == [undisturbed[0].replace("0:", f"{rank}:") for rank in range(goes_on_with)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_to_mpiexec_save_first(texts, number):
    def disturb(process, pids):
        time.sleep(0.1)
        process.send_signal(number)

    assert interrupted(texts, disturb, seconds=1000)
    names = sorted(path.stem for path in Path(texts.parent, "saved").glob("checkpoint-*.npz"))
    epoch, latest = (int(name.removeprefix("checkpoint-")) for name in names)
    assert epoch < latest < 2 * epoch
