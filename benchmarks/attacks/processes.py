"""What the operating system says about processes, and about the files that ours may leave behind.

For the benchmarks that need it; Linux and macOS.
"""

import subprocess
import time
from pathlib import Path
from typing import NamedTuple

from word2vec.saving.locks import LOCK_NAME


class Process(NamedTuple):
    """A process that runs; a zombie does not."""

    pid: int
    parent: int
    group: int
    memory: int  # resident, in KiB


def processes():
    """All processes, as `ps` lists them, without itself."""
    columns = [
        word for name in ("pid", "ppid", "pgid", "rss", "stat") for word in ("-o", f"{name}=")
    ]
    with subprocess.Popen(["ps", "-A", *columns], stdout=subprocess.PIPE, text=True) as ps:
        rows = [line.split() for line in ps.stdout]
    running = [Process(*map(int, row[:4])) for row in rows if not row[4].startswith("Z")]
    return [process for process in running if process.pid != ps.pid]


def family(pid):
    """A process, those that it has started, those that they have started, and so on."""
    found, running = {pid}, processes()
    while more := {one.pid for one in running if one.parent in found} - found:
        found |= more
    return [process for process in running if process.pid in found]


def descendants(pid):
    """The same without the process itself."""
    return [process for process in family(pid) if process.pid != pid]


def left_files(temporary):
    """Files of word2vec in shared memory and in a directory of temporary files."""
    return {path for place in ("/dev/shm", temporary) for path in Path(place).glob("word2vec-*")}


def unfinished_files(directory):
    """Locks and half-written files in a directory."""
    return {
        path
        for path in Path(directory).rglob("*")
        if path.name == LOCK_NAME or path.suffix == ".tmp"
    }


def remaining(look, seconds):
    """What `look` still finds after so many seconds; at once if it finds nothing."""
    deadline = time.monotonic() + seconds
    while (found := look()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found
