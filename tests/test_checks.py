"""The limits on memory that checks name; other checks are tested where they are used."""

import pytest

from word2vec import checks

resource = pytest.importorskip("resource", reason="Windows has no such limits")


@pytest.fixture
def groups(tmp_path, monkeypatch):
    """A made-up /sys/fs/cgroup, in which this process belongs to /service/job."""
    own = tmp_path / "own"
    own.write_text("4:memory:/service/job\n0::/service/job\n", "utf-8")
    monkeypatch.setattr(checks, "CONTROL_GROUPS", tmp_path)
    monkeypatch.setattr(checks, "OWN_CONTROL_GROUPS", own)
    return tmp_path


@pytest.mark.parametrize(
    "name",
    [
        "memory.max",
        "service/memory.max",
        "service/job/memory.max",
        "memory/memory.limit_in_bytes",
        "memory/service/job/memory.limit_in_bytes",
    ],
)
def test_limit_of_a_container_is_found_in_both_versions_of_control_groups(groups, name):
    path = groups / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("20971520\n", "ascii")
    assert checks.memory_limit() == (20 << 20, f"the container ({path}) has")


def test_group_without_a_limit_has_that_of_the_machine(groups):
    (groups / "memory.max").write_text("max\n", "ascii")
    size, whose = checks.memory_limit()
    assert (size > 20 << 20, whose) == (True, "this machine has")


def test_limit_of_the_shell_is_found(groups, monkeypatch):
    monkeypatch.setattr(resource, "getrlimit", lambda name: (30 << 20, -1))
    assert checks.memory_limit()[0] == 30 << 20
    assert "(ulimit -" in checks.memory_limit()[1]


def test_what_does_not_fit_is_refused_with_the_limit(groups):
    (groups / "memory.max").write_text("20971520\n", "ascii")
    with pytest.raises(ValueError, match=r"at least 30 MiB .*; the container \(.*\) has 20 "):
        checks.check_memory(30 << 20, "It", "Take less.")
