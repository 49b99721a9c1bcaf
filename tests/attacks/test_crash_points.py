"""Writing killed at every system call.

All of them: ``python benchmarks/attacks/crash_points.py``.
"""

import os

import pytest

fcntl = pytest.importorskip("fcntl", reason="kills forks of this process")

from benchmarks.attacks.crash_points import KINDS, Kind, require, try_all  # noqa: E402


@pytest.mark.parametrize("name", KINDS)
def test_kill_or_power_cut_leaves_the_old_or_the_new_and_the_next_save_no_litter(name):
    tried, survived = try_all(KINDS[name], stride=6)
    assert survived == tried
    assert tried >= 15


def write_in_place(path, content):
    with open(path, "w") as file:
        file.write(content)


def write_and_rename_without_a_sync(path, content):
    write_in_place(path.with_suffix(".tmp"), content)
    os.replace(path.with_suffix(".tmp"), path)


def write_under_a_name_for_each_process(path, content):
    unfinished = path.with_suffix(f".{os.getpid()}.tmp")
    with open(unfinished, "w") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(unfinished, path)


@pytest.mark.filterwarnings("ignore:unclosed file")
@pytest.mark.parametrize(
    "write",
    [write_in_place, write_and_rename_without_a_sync, write_under_a_name_for_each_process],
)
def test_careless_writing_is_found_out(write):
    def read(directory):
        content = (directory / "file").read_text()
        require(content == content[:1] * 10_000)
        return int(content[0])

    careless = Kind(lambda d, v: write(d / "file", f"{v}" * 10_000), read, ("file",), 1)
    tried, survived = try_all(careless)
    assert survived < tried
