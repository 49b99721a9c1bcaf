"""get_datasets.sh and what it calls, run against a small mirror on this machine."""

import contextlib
import functools
import hashlib
import io
import os
import random
import re
import shutil
import signal
import socket
import stat
import subprocess
import threading
import time
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from utils import get_datasets

resource = pytest.importorskip("resource", reason="Windows has no bash")

ROOT = Path(get_datasets.__file__).parents[1]
SCRIPT = ROOT / "get_datasets.sh"
SST, TREES = "stanfordSentimentTreebank", "trees"
SST_ZIP, TREES_ZIP = "stanfordSentimentTreebank.zip", "trainDevTestTrees_PTB.zip"
SST_FILES = (
    "README.txt",
    "SOStr.txt",
    "STree.txt",
    "datasetSentences.txt",
    "datasetSplit.txt",
    "dictionary.txt",
    "original_rt_snippets.txt",
    "sentiment_labels.txt",
)
TREE_FILES = ("dev.txt", "test.txt", "train.txt")


# --- the mirror -------------------------------------------------------------------------------


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        mirror = self.server
        name = self.path.lstrip("/")
        content = mirror.files.get(name)
        asked = self.headers.get("Range") if mirror.ranges else None
        start = int(re.fullmatch(r"bytes=(\d+)-", asked)[1]) if asked else 0
        mirror.requests.append((name, start))
        if content is None:
            return self.send_error(404)
        if start >= len(content):
            return self.send_error(416)

        body = content[start:]
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if mirror.cut or mirror.stall:
            body = body[: len(body) // 2]
        with contextlib.suppress(ConnectionError):  # the client may have been killed
            self.wfile.write(body)
            if mirror.stall:
                mirror.released.wait(10)

    def log_message(self, *_):
        pass


class Mirror(ThreadingHTTPServer):
    daemon_threads = False  # so that server_close waits for the handlers and their sockets

    def __init__(self, files):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = files
        self.sha256 = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
        self.address = f"http://127.0.0.1:{self.server_port}"
        self.requests = []  # (name, first byte asked for)
        self.ranges = True  # whether a download can be continued
        self.cut = False  # hang up after half of the content
        self.stall = False  # send half of the content, then nothing more
        self.released = threading.Event()

    def replace(self, name, content):
        """Serve other content, with the checksum that fits it."""
        self.files[name] = content
        self.sha256[name] = hashlib.sha256(content).hexdigest()


def zip_of(members):
    """The bytes of an archive of (name or ZipInfo, content) pairs."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members:
            archive.writestr(member, content)
    return file.getvalue()


def treebank(folder, names):
    """Members laid out like the official archive, with the litter macOS put into it."""
    rng = random.Random(folder)
    members = [(f"{folder}/", ""), (f"{folder}/.DS_Store", "litter")]
    for name in names:
        members.append((f"{folder}/{name}", rng.randbytes(2000)))
        members.append((f"__MACOSX/{folder}/._{name}", "litter"))
    return members


@pytest.fixture
def mirror():
    sst = zip_of(treebank(SST, SST_FILES))
    trees = zip_of(treebank(TREES, TREE_FILES))
    with Mirror({SST_ZIP: sst, TREES_ZIP: trees}) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.released.set()
        server.shutdown()
        thread.join()


# --- running it -------------------------------------------------------------------------------


def command(mirror, data, *options, **changes):
    """Arguments for subprocess: the script, away from the settings of whoever runs the tests."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(data.parent),
        "SST_BASE_URL": mirror.address,
        "SST_SHA256": mirror.sha256[SST_ZIP],
        "TREES_SHA256": mirror.sha256[TREES_ZIP],
    }
    return {
        "args": ["bash", str(SCRIPT), "--dir", str(data), *options],
        "env": environment | changes,
        "stdin": subprocess.DEVNULL,
        "text": True,
    }


def run(mirror, data, *options, limit=None, **changes):
    """Run the script; `limit` is how many bytes any file may have."""
    arguments = command(mirror, data, *options, **changes)
    if limit:
        arguments["preexec_fn"] = functools.partial(
            resource.setrlimit, resource.RLIMIT_FSIZE, (limit, limit)
        )
    return subprocess.run(**arguments, capture_output=True, timeout=20)


def assert_complete(result, data):
    assert (result.returncode, result.stderr) == (0, "")
    assert contents(data) == {SST: set(SST_FILES), TREES: set(TREE_FILES)}


def assert_failed(result, message):
    """One line on stderr, with this in it."""
    assert result.returncode == 1
    assert re.fullmatch(r"get_datasets\.sh: .*\n", result.stderr), result.stderr
    assert re.search(message, result.stderr), result.stderr


def contents(data):
    """What is in `data`: names of files (None) and of folders (the set of names inside)."""
    return {
        entry.name: {file.name for file in entry.iterdir()} if entry.is_dir() else None
        for entry in data.iterdir()
    }


# --- what should happen -----------------------------------------------------------------------


def test_unpacks_both_archives_and_nothing_else(mirror, tmp_path):
    assert_complete(run(mirror, tmp_path / "data"), tmp_path / "data")
    content = dict(treebank(TREES, TREE_FILES))["trees/dev.txt"]
    assert (tmp_path / "data/trees/dev.txt").read_bytes() == content


def test_second_run_downloads_nothing_and_says_so(mirror, tmp_path):
    run(mirror, tmp_path / "data")
    assert mirror.requests == [(SST_ZIP, 0), (TREES_ZIP, 0)]
    result = run(mirror, tmp_path / "data")
    assert_complete(result, tmp_path / "data")
    assert result.stdout.count("already there: nothing to download") == 2
    assert len(mirror.requests) == 2


def test_data_go_beside_the_script_unless_told(mirror, tmp_path):
    (tmp_path / "utils").mkdir()
    shutil.copy(get_datasets.__file__, tmp_path / "utils")
    script = shutil.copy(SCRIPT, tmp_path)
    (tmp_path / "elsewhere").mkdir()
    arguments = command(mirror, tmp_path) | {
        "args": ["bash", script],
        "cwd": tmp_path / "elsewhere",
    }
    result = subprocess.run(**arguments, capture_output=True, timeout=20)
    assert_complete(result, tmp_path / "data")
    assert not any((tmp_path / "elsewhere").iterdir())


def test_directory_can_come_from_the_environment(mirror, tmp_path):
    arguments = command(mirror, tmp_path, SST_DATA_DIR=str(tmp_path / "my data"))
    arguments["args"] = ["bash", SCRIPT]
    result = subprocess.run(**arguments, capture_output=True, timeout=20)
    assert_complete(result, tmp_path / "my data")


def test_keep_keeps_the_archives(mirror, tmp_path):
    run(mirror, tmp_path / "data", "--keep")
    for name in (SST_ZIP, TREES_ZIP):
        assert (tmp_path / "data" / name).read_bytes() == mirror.files[name]


def test_archives_already_in_place_are_used_and_left_there(mirror, tmp_path):
    for name, content in mirror.files.items():
        (tmp_path / name).write_bytes(content)
    assert run(mirror, tmp_path).returncode == 0
    assert not mirror.requests
    assert contents(tmp_path).keys() == {SST, TREES, SST_ZIP, TREES_ZIP}


def test_progress_is_shown_only_on_a_terminal(mirror, tmp_path):
    assert run(mirror, tmp_path / "quiet").stderr == ""
    terminal, stderr = os.openpty()
    os.set_blocking(terminal, False)
    with open(terminal, "rb", buffering=0) as shown, open(stderr, "wb") as stderr:
        subprocess.run(
            **command(mirror, tmp_path / "loud"),
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            timeout=20,
        )
        assert b" MB" in shown.read(100)


def test_help_names_every_setting(capsys):
    with pytest.raises(SystemExit, match="0"):
        get_datasets.main(["--help"])
    shown = capsys.readouterr().out
    for word in ("--dir", "--keep", "SST_DATA_DIR", "SST_BASE_URL", "SST_SHA256", "TREES_SHA256"):
        assert word in shown


def test_official_checksums_and_addresses_are_well_formed():
    for address, _, sha256, *_ in get_datasets.DATASETS:
        assert re.fullmatch("[0-9a-f]{64}", sha256)
        assert address.startswith("https://nlp.stanford.edu/")


# --- interruptions ----------------------------------------------------------------------------


@pytest.mark.parametrize("ranges", [True, False], ids=["ranges", "no ranges"])
def test_cut_download_is_finished_by_the_next_run(mirror, tmp_path, ranges):
    data = tmp_path / "data"
    mirror.ranges = ranges
    mirror.cut = True
    assert_failed(run(mirror, data), r"cut .* kept in .*\.zip\.part")
    assert contents(data) == {f"{SST_ZIP}.part": None}

    half = len(mirror.files[SST_ZIP]) // 2
    assert (data / f"{SST_ZIP}.part").stat().st_size == half
    mirror.cut = False
    mirror.requests.clear()
    assert_complete(run(mirror, data), data)
    assert mirror.requests[0] == (SST_ZIP, half if ranges else 0)


@pytest.mark.parametrize("size", [100, 10**6], ids=["shorter", "longer"])
def test_download_that_continues_to_a_wrong_checksum_starts_again(mirror, tmp_path, size):
    data = tmp_path / "data"
    data.mkdir()
    (data / f"{SST_ZIP}.part").write_bytes(b"x" * size)
    result = run(mirror, data)
    assert "starting again" in result.stdout
    assert_complete(result, data)


def test_complete_part_file_is_not_downloaded_again(mirror, tmp_path):
    (tmp_path / f"{SST_ZIP}.part").write_bytes(mirror.files[SST_ZIP])
    assert_complete(run(mirror, tmp_path), tmp_path)
    assert mirror.requests == [(TREES_ZIP, 0)]


def test_part_file_of_data_in_place_is_removed(mirror, tmp_path):
    run(mirror, tmp_path / "data")
    (tmp_path / "data" / f"{SST_ZIP}.part").write_bytes(mirror.files[SST_ZIP])
    assert_complete(run(mirror, tmp_path / "data"), tmp_path / "data")


def start_until(directory, pattern, arguments):
    """Start the script in its own process group; return when a file like this has content."""
    process = subprocess.Popen(**arguments, stderr=subprocess.PIPE, start_new_session=True)
    deadline = time.monotonic() + 10
    while not any(file.stat().st_size for file in directory.glob(pattern)):
        assert process.poll() is None, "ended too early"
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return process


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_interrupted_download_leaves_only_its_part_file(mirror, tmp_path, name):
    data = tmp_path / "data"
    mirror.stall = True
    part = f"{SST_ZIP}.part"
    process = start_until(data, part, command(mirror, data))
    process.send_signal(getattr(signal, name))
    message = process.communicate(timeout=5)[1]
    assert process.returncode == 128 + getattr(signal, name)
    assert re.fullmatch(r"get_datasets\.sh: interrupted\. .* will be continued\.\n", message)
    assert contents(data) == {part: None}

    mirror.stall = False
    mirror.released.set()
    assert_complete(run(mirror, data), data)


def test_what_a_kill_leaves_behind_is_removed(mirror, tmp_path):
    data = tmp_path / "data"
    mirror.stall = True
    process = start_until(data, f"{SST_ZIP}.part", command(mirror, data))
    process.kill()
    process.communicate(timeout=5)
    assert len(contents(data)) == 2  # the unfinished download, and where it would be unpacked
    mirror.stall = False
    mirror.released.set()
    assert_complete(run(mirror, data), data)


def test_two_runs_at_once_do_not_meet(mirror, tmp_path):
    mirror.stall = True
    process = start_until(tmp_path, f"{SST_ZIP}.part", command(mirror, tmp_path))
    assert_failed(run(mirror, tmp_path), "another run is at work")
    process.kill()
    process.communicate(timeout=5)


# --- failures ---------------------------------------------------------------------------------


def test_wrong_checksum_unpacks_nothing_and_removes_the_file(mirror, tmp_path):
    mirror.files[SST_ZIP] += b"altered"
    result = run(mirror, tmp_path / "data")
    assert_failed(result, f"wrong checksum: expected {mirror.sha256[SST_ZIP]}, got .* removed")
    assert contents(tmp_path / "data") == {}


def test_missing_archive_names_the_address_and_the_mirror(mirror, tmp_path):
    del mirror.files[SST_ZIP]
    result = run(mirror, tmp_path / "data")
    assert_failed(result, rf"{mirror.address}/{SST_ZIP}: the server does not have it .* SST_BASE_U")
    assert contents(tmp_path / "data") == {}


def test_no_server_is_told_and_keeps_what_has_arrived(mirror, tmp_path):
    part = tmp_path / f"{SST_ZIP}.part"
    part.write_bytes(b"beginning")
    with socket.socket() as unused:  # bound but not listening: connections are refused
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}"
        result = run(mirror, tmp_path, SST_BASE_URL=address)
    assert_failed(result, r"no connection.* Check the network .* kept in .*\.part")
    assert part.read_bytes() == b"beginning"


def test_full_disk_is_told_and_what_has_arrived_is_kept(mirror, tmp_path):
    result = run(mirror, tmp_path, limit=len(mirror.files[SST_ZIP]) // 2)
    assert_failed(result, r"cannot write .*\.part \(File too large\)\. Is the disk full\?")
    assert contents(tmp_path).keys() <= {f"{SST_ZIP}.part"}


def test_full_disk_while_unpacking_keeps_the_download(mirror, tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(28, "No space left on device")

    (tmp_path / SST_ZIP).write_bytes(mirror.files[SST_ZIP])
    monkeypatch.setattr(zipfile.ZipFile, "extract", refuse)
    dataset = get_datasets.DATASETS[0]
    monkeypatch.setenv("SST_SHA256", mirror.sha256[SST_ZIP])
    with pytest.raises(get_datasets.Failure, match="cannot unpack .* disk full"):
        get_datasets.get(*dataset, tmp_path, tmp_path, keep=False)
    assert contents(tmp_path) == {SST_ZIP: None}


def test_download_that_would_be_too_large_is_refused(mirror, tmp_path, monkeypatch):
    monkeypatch.setattr(get_datasets, "MAX_BYTES", 1000)
    with pytest.raises(get_datasets.Failure, match="would be larger than 1 GB"):
        get_datasets.transfer(f"{mirror.address}/{SST_ZIP}", tmp_path / "part")


def test_file_in_place_of_the_directory_is_told(mirror, tmp_path):
    (tmp_path / "data").write_text("mine")
    assert_failed(run(mirror, tmp_path / "data"), r"cannot write to .* --dir")
    assert (tmp_path / "data").read_text() == "mine"


def test_missing_python_is_named(mirror, tmp_path):
    bash = shutil.which("bash")
    arguments = command(mirror, tmp_path / "data", PATH=str(tmp_path)) | {"args": [bash, SCRIPT]}
    assert_failed(subprocess.run(**arguments, capture_output=True, timeout=20), "needs python3")


@pytest.mark.parametrize("option", ["--dri", "--dir"])
def test_unusable_argument_is_told(mirror, tmp_path, option):
    assert_failed(run(mirror, tmp_path, option), f"{option}.*--help")


# --- data of the user -------------------------------------------------------------------------


def test_existing_data_are_not_touched(mirror, tmp_path):
    folder = tmp_path / SST
    folder.mkdir()
    for name in SST_FILES:
        (folder / name).write_text("mine")
    assert_complete(run(mirror, tmp_path), tmp_path)
    assert mirror.requests == [(TREES_ZIP, 0)]
    assert {file.read_text() for file in folder.iterdir()} == {"mine"}


def test_incomplete_data_are_reported_and_left_alone(mirror, tmp_path):
    folder = tmp_path / SST
    folder.mkdir()
    (folder / "datasetSentences.txt").write_text("mine")
    assert_failed(run(mirror, tmp_path), r"lacks datasetSplit\.txt.*Move it away")
    assert contents(tmp_path) == {SST: {"datasetSentences.txt"}}
    assert not mirror.requests


def test_file_in_place_of_the_data_is_left_alone(mirror, tmp_path):
    (tmp_path / SST).write_text("mine")
    assert_failed(run(mirror, tmp_path), r"lacks datasetSentences\.txt.*Move it away")
    assert (tmp_path / SST).read_text() == "mine"
    assert not mirror.requests


def test_link_that_leads_nowhere_is_left_alone(mirror, tmp_path):
    (tmp_path / SST).symlink_to(tmp_path / "unmounted")
    assert_failed(run(mirror, tmp_path), r"lacks datasetSentences\.txt.*Move it away")
    assert (tmp_path / SST).is_symlink()
    assert not (tmp_path / "unmounted").exists()


def test_archive_of_the_user_with_another_checksum_is_left_alone(mirror, tmp_path):
    (tmp_path / SST_ZIP).write_bytes(b"mine")
    assert_failed(run(mirror, tmp_path), f"{SST_ZIP} is there but its checksum.*Move it away")
    assert (tmp_path / SST_ZIP).read_bytes() == b"mine"
    assert not mirror.requests


# --- archives not to be trusted, though their checksum is right -------------------------------


def special(file_type):
    """A member that is no plain file. Hard links are unknown to the format."""
    member = zipfile.ZipInfo(f"{SST}/special")
    member.create_system = 3  # Unix
    member.external_attr = (file_type | 0o777) << 16
    return member


LEADING_ELSEWHERE = {
    "absolute": "/tmp/absolute.txt",
    "above": f"{SST}/../../above.txt",
    "above at once": "../above.txt",
    "ends above": f"{SST}/..",
    "backslash": "..\\above.txt",
    "drive": "C:\\above.txt",
    "symbolic link": special(stat.S_IFLNK),
    "named pipe": special(stat.S_IFIFO),
    "device": special(stat.S_IFCHR),
}


@pytest.mark.parametrize("member", LEADING_ELSEWHERE.values(), ids=LEADING_ELSEWHERE)
def test_archive_that_leads_elsewhere_is_refused(mirror, tmp_path, member):
    mirror.replace(SST_ZIP, zip_of([*treebank(SST, SST_FILES), (member, "/etc")]))
    result = run(mirror, tmp_path / "data")
    assert_failed(result, "has links, devices, or names that lead out of it")
    assert contents(tmp_path / "data") == {}


def test_archive_without_an_expected_file_is_refused(mirror, tmp_path):
    mirror.replace(SST_ZIP, zip_of(treebank(SST, SST_FILES[:-1])))
    result = run(mirror, tmp_path / "data")
    assert_failed(result, f"lacks {SST}/sentiment_labels.txt")
    assert contents(tmp_path / "data") == {}


def test_archive_without_the_folder_is_refused(mirror, tmp_path):
    mirror.replace(SST_ZIP, zip_of(treebank("other", SST_FILES)))
    result = run(mirror, tmp_path / "data")
    assert_failed(result, f"lacks {SST}/datasetSentences.txt")
    assert contents(tmp_path / "data") == {}


def test_download_that_is_no_zip_archive_is_told(mirror, tmp_path):
    mirror.replace(SST_ZIP, b"<html>Please log in</html>")
    result = run(mirror, tmp_path / "data")
    assert_failed(result, f"{SST_ZIP} is no zip archive")
    assert contents(tmp_path / "data") == {}


def test_truncated_archive_is_told(mirror, tmp_path):
    mirror.replace(SST_ZIP, mirror.files[SST_ZIP][:-30])
    result = run(mirror, tmp_path / "data")
    assert_failed(result, f"{SST_ZIP} is no zip archive, or a damaged one")
    assert contents(tmp_path / "data") == {}


def with_size(content, size, promised):
    """An archive with a member of this size, which promises another."""
    size, promised = size.to_bytes(4, "little"), promised.to_bytes(4, "little")
    assert content.count(size) == 2  # before the member and in the directory
    return content.replace(size, promised)


def test_archive_that_promises_a_gigabyte_is_refused(mirror, tmp_path):
    members = [*treebank(SST, SST_FILES), (f"{SST}/large.txt", b"0" * 1_234_567)]
    mirror.replace(SST_ZIP, with_size(zip_of(members), 1_234_567, 10**9))
    result = run(mirror, tmp_path / "data")
    assert_failed(result, f"{SST_ZIP} would unpack to over 1 GB")
    assert contents(tmp_path / "data") == {}


def test_archive_that_swells_beyond_its_promise_is_refused(mirror, tmp_path):
    members = [*treebank(SST, SST_FILES), (f"{SST}/large.txt", b"0" * 1_234_567)]
    mirror.replace(SST_ZIP, with_size(zip_of(members), 1_234_567, 1_234))
    assert_failed(run(mirror, tmp_path / "data"), "is no zip archive, or a damaged one")
    assert contents(tmp_path / "data") == {}


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_repeated_member_raises_no_question(mirror, tmp_path):
    members = treebank(SST, SST_FILES)
    mirror.replace(SST_ZIP, zip_of([*members, members[-2]]))
    assert_complete(run(mirror, tmp_path / "data"), tmp_path / "data")


def test_encrypted_archive_is_told_and_no_password_asked_for(mirror, tmp_path):
    content = bytearray(mirror.files[SST_ZIP])
    for signature, flags in (
        (b"PK\3\4", 6),
        (b"PK\1\2", 8),
    ):  # of each member, and in the directory
        for found in re.finditer(re.escape(signature), bytes(content)):
            content[found.start() + flags] |= 1
    mirror.replace(SST_ZIP, bytes(content))
    assert_failed(run(mirror, tmp_path / "data"), "cannot be unpacked .*password")
    assert contents(tmp_path / "data") == {}


def test_damaged_archive_is_told_in_one_line(mirror, tmp_path):
    content = bytearray(mirror.files[SST_ZIP])
    content[1000] ^= 1  # within the first file
    mirror.replace(SST_ZIP, bytes(content))
    result = run(mirror, tmp_path / "data")
    assert_failed(result, "is no zip archive, or a damaged one .*Nothing was unpacked")
    assert contents(tmp_path / "data") == {}
