"""get_datasets.sh, run against a small mirror on this machine."""

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
import sys
import threading
import time
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "get_datasets.sh"
BASH = shutil.which("bash")
# Where a test is about something else, the tools that most people have.
DOWNLOADER = "curl" if shutil.which("curl") else "wget"
UNPACKER = "unzip" if shutil.which("unzip") else "python3"
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

pytestmark = pytest.mark.skipif(
    os.name == "nt" or BASH is None or shutil.which(DOWNLOADER) is None,
    reason="get_datasets.sh needs bash, and curl or wget",
)


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


# --- running the script -----------------------------------------------------------------------


def command(mirror, data, *options, path=None, **changes):
    """Arguments for subprocess: the script, away from the settings of whoever runs the tests."""
    environment = {
        "PATH": path or os.environ["PATH"],
        "HOME": str(data.parent),
        "SST_BASE_URL": mirror.address,
        "SST_SHA256": mirror.sha256[SST_ZIP],
        "TREES_SHA256": mirror.sha256[TREES_ZIP],
    }
    return {
        "args": [BASH, str(SCRIPT), "--dir", str(data), *options],
        "env": environment | changes,
        "stdin": subprocess.DEVNULL,
        "text": True,
    }


def run(mirror, data, *options, **changes):
    limit = changes.pop("limit", None)  # bytes that any file may have
    arguments = command(mirror, data, *options, **changes)
    if limit:
        arguments["preexec_fn"] = functools.partial(limit_file_size, limit)
    return subprocess.run(**arguments, capture_output=True, timeout=20)


def limit_file_size(limit):
    import resource  # not on Windows

    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))


def assert_complete(result, data):
    assert (result.returncode, result.stderr) == (0, "")
    assert contents(data) == {SST: set(SST_FILES), TREES: set(TREE_FILES)}


def assert_failed(result, message):
    """One line on stderr, with this in it."""
    assert result.returncode != 0
    assert re.fullmatch(r"get_datasets\.sh: .*\n", result.stderr), result.stderr
    assert re.search(message, result.stderr), result.stderr


def contents(data):
    """What is in `data`: names of files (None) and of folders (the set of names inside)."""
    return {
        entry.name: {file.name for file in entry.iterdir()} if entry.is_dir() else None
        for entry in data.iterdir()
    }


def path_with(directory, *tools):
    """A PATH of nothing but what the script always needs, and these tools."""
    directory.mkdir()
    checksum = "sha256sum" if shutil.which("sha256sum") else "shasum"
    for tool in ("bash", "cat", "cut", "dirname", "grep", "mkdir", "mv", "rm", checksum, *tools):
        program = os.path.realpath(sys.executable) if tool == "python3" else shutil.which(tool)
        if program is None:
            pytest.skip(f"{tool} is not installed")
        (directory / tool).symlink_to(program)
    return str(directory)


@pytest.fixture(params=["curl", "wget"])
def downloader(request, tmp_path):
    """A PATH with only one of the two downloaders."""
    return path_with(tmp_path / "bin", request.param, UNPACKER)


@pytest.fixture(params=["unzip", "python3"])
def unpacker(request, tmp_path):
    """A PATH with only one of the two unpackers."""
    return path_with(tmp_path / "bin", DOWNLOADER, request.param)


# --- what should happen -----------------------------------------------------------------------


def test_unpacks_both_archives_and_nothing_else(mirror, tmp_path, downloader):
    assert_complete(run(mirror, tmp_path / "data", path=downloader), tmp_path / "data")
    content = dict(treebank(TREES, TREE_FILES))["trees/dev.txt"]
    assert (tmp_path / "data/trees/dev.txt").read_bytes() == content


def test_unpacks_with_either_unpacker(mirror, tmp_path, unpacker):
    assert_complete(run(mirror, tmp_path / "data", path=unpacker), tmp_path / "data")


def test_unzip_that_cannot_list_types_is_not_used(mirror, tmp_path):
    path = path_with(tmp_path / "bin", DOWNLOADER, "python3")
    (tmp_path / "bin/unzip").write_text(f"#!{BASH}\nexit 1\n")  # busybox answers -Z like this
    (tmp_path / "bin/unzip").chmod(0o755)
    assert_complete(run(mirror, tmp_path / "data", path=path), tmp_path / "data")


def test_second_run_downloads_nothing_and_says_so(mirror, tmp_path):
    run(mirror, tmp_path / "data")
    assert mirror.requests == [(SST_ZIP, 0), (TREES_ZIP, 0)]
    result = run(mirror, tmp_path / "data")
    assert_complete(result, tmp_path / "data")
    assert result.stdout.count("already there: nothing to download") == 2
    assert len(mirror.requests) == 2


def test_data_go_beside_the_script_unless_told(mirror, tmp_path):
    script = shutil.copy(SCRIPT, tmp_path)
    (tmp_path / "elsewhere").mkdir()
    arguments = command(mirror, tmp_path) | {"args": [BASH, script], "cwd": tmp_path / "elsewhere"}
    result = subprocess.run(**arguments, capture_output=True, timeout=20)
    assert_complete(result, tmp_path / "data")
    assert not any((tmp_path / "elsewhere").iterdir())


def test_directory_can_come_from_the_environment(mirror, tmp_path):
    arguments = command(mirror, tmp_path, SST_DATA_DIR=str(tmp_path / "my data"))
    arguments["args"] = [BASH, SCRIPT]
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


def test_progress_is_shown_only_on_a_terminal(mirror, tmp_path, downloader):
    assert run(mirror, tmp_path / "quiet", path=downloader).stderr == ""
    terminal, stderr = os.openpty()
    os.set_blocking(terminal, False)
    with open(terminal, "rb", buffering=0) as shown, open(stderr, "wb") as stderr:
        subprocess.run(
            **command(mirror, tmp_path / "loud", path=downloader),
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            timeout=20,
        )
        assert shown.read(100)


def test_help_names_every_setting():
    result = subprocess.run([BASH, SCRIPT, "--help"], capture_output=True, text=True, timeout=20)
    assert (result.returncode, result.stderr) == (0, "")
    for word in ("--dir", "--keep", "SST_DATA_DIR", "SST_BASE_URL", "SST_SHA256", "TREES_SHA256"):
        assert word in result.stdout


# --- interruptions ----------------------------------------------------------------------------


@pytest.mark.parametrize("ranges", [True, False], ids=["ranges", "no ranges"])
def test_cut_download_is_finished_by_the_next_run(mirror, tmp_path, downloader, ranges):
    data = tmp_path / "data"
    mirror.ranges = ranges
    mirror.cut = True
    assert_failed(run(mirror, data, path=downloader), r"cut .* kept in .*\.zip\.part")
    assert contents(data) == {f"{SST_ZIP}.part": None}

    half = len(mirror.files[SST_ZIP]) // 2
    assert (data / f"{SST_ZIP}.part").stat().st_size == half
    mirror.cut = False
    mirror.requests.clear()
    assert_complete(run(mirror, data, path=downloader), data)
    assert mirror.requests[0] == (SST_ZIP, half if ranges else 0)


@pytest.mark.parametrize("size", [100, 10**6], ids=["shorter", "longer"])
def test_download_that_continues_to_a_wrong_checksum_starts_again(
    mirror, tmp_path, downloader, size
):
    data = tmp_path / "data"
    data.mkdir()
    (data / f"{SST_ZIP}.part").write_bytes(b"x" * size)
    result = run(mirror, data, path=downloader)
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


def send_signal(process, name):
    """As it happens in life: Ctrl-C reaches the whole group, `kill` the script alone."""
    number = getattr(signal, name)
    if name == "SIGTERM":
        process.send_signal(number)
    else:
        os.killpg(process.pid, number)
    return process.communicate(timeout=5)[1]


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_interrupted_download_leaves_only_its_part_file(mirror, tmp_path, downloader, name):
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        pytest.skip("SIGINT is ignored here, and a shell cannot undo that")
    data = tmp_path / "data"
    mirror.stall = True
    part = f"{SST_ZIP}.part"
    process = start_until(data, part, command(mirror, data, path=downloader))
    message = send_signal(process, name)
    assert process.returncode == 128 + getattr(signal, name)
    assert re.fullmatch(r"get_datasets\.sh: interrupted\. .* will be continued\.\n", message)
    assert contents(data) == {part: None}

    mirror.stall = False
    mirror.released.set()
    assert_complete(run(mirror, data, path=downloader), data)


def path_with_unzip_that(directory, ends):
    """A PATH whose unzip unpacks one file of the archive and then ends like this."""
    unzip = shutil.which("unzip")
    if unzip is None:
        pytest.skip("unzip is not installed")
    path = path_with(directory, DOWNLOADER, "sleep")
    program = directory / "unzip"
    program.write_text(
        f"#!{BASH}\n"
        f'case $1 in -Z*) exec {unzip} "$@" ;; esac\n'
        f'{unzip} -q "$5" {SST}/STree.txt -d "${{@: -1}}"\n'
        f"{ends}\n"
    )
    program.chmod(0o755)
    return path


@pytest.mark.parametrize("name", ["SIGTERM", "SIGKILL"])
def test_kill_while_unpacking_leaves_nothing_half_done(mirror, tmp_path, name):
    data = tmp_path / "data"
    arguments = command(mirror, data, path=path_with_unzip_that(tmp_path / "bin", "exec sleep 30"))
    process = start_until(data, f".get_datasets.*/{SST}/STree.txt", arguments)
    send_signal(process, name)
    left = {f"{SST_ZIP}.part"}
    if name == "SIGKILL":  # nothing can clean up then, but the next run does
        left.add(f".get_datasets.{process.pid}")
    assert contents(data).keys() == left
    assert_complete(run(mirror, data), data)


def test_two_runs_at_once_do_not_meet(mirror, tmp_path):
    (tmp_path / f".get_datasets.{os.getpid()}").mkdir()
    assert_failed(run(mirror, tmp_path), f"process {os.getpid()} is at work")
    assert not mirror.requests


# --- failures ---------------------------------------------------------------------------------


def test_wrong_checksum_unpacks_nothing_and_removes_the_file(mirror, tmp_path, downloader):
    mirror.files[SST_ZIP] += b"altered"
    result = run(mirror, tmp_path / "data", path=downloader)
    assert_failed(result, f"wrong checksum: expected {mirror.sha256[SST_ZIP]}, got .* removed")
    assert contents(tmp_path / "data") == {}


def test_missing_archive_names_the_address_and_the_mirror(mirror, tmp_path, downloader):
    del mirror.files[SST_ZIP]
    result = run(mirror, tmp_path / "data", path=downloader)
    assert_failed(result, rf"{mirror.address}/{SST_ZIP}: the server does not have it .* SST_BASE_U")
    assert contents(tmp_path / "data") == {}


def test_no_server_is_told_and_keeps_what_has_arrived(mirror, tmp_path, downloader):
    part = tmp_path / f"{SST_ZIP}.part"
    part.write_bytes(b"beginning")
    with socket.socket() as unused:  # bound but not listening: connections are refused
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}"
        result = run(mirror, tmp_path, path=downloader, SST_BASE_URL=address)
    assert_failed(result, r"no connection.* Check the network .* kept in .*\.part")
    assert part.read_bytes() == b"beginning"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_full_disk_is_told(mirror, tmp_path, downloader):
    data = tmp_path / "data"
    data.mkdir()
    (data / f"{SST_ZIP}.part").symlink_to("/dev/full")
    assert_failed(run(mirror, data, path=downloader), "cannot be written .* disk full")
    assert contents(data) == {}


def test_full_disk_while_unpacking_keeps_the_download(mirror, tmp_path):
    path = path_with_unzip_that(tmp_path / "bin", "exit 50")
    assert_failed(run(mirror, tmp_path / "data", path=path), "cannot unpack .* disk full")
    assert contents(tmp_path / "data") == {f"{SST_ZIP}.part": None}


def test_file_in_place_of_the_directory_is_told(mirror, tmp_path):
    (tmp_path / "data").write_text("mine")
    assert_failed(run(mirror, tmp_path / "data"), r"cannot write to .* --dir")
    assert (tmp_path / "data").read_text() == "mine"


@pytest.mark.parametrize(
    ("installed", "message"),
    [
        (["unzip"], "curl wget"),
        (["curl"], "unzip python3"),
    ],
)
def test_missing_tool_is_named(mirror, tmp_path, installed, message):
    path = path_with(tmp_path / "bin", *installed)
    assert_failed(run(mirror, tmp_path / "data", path=path), f"needs one of these tools: {message}")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("option", ["--dri", "--dir"])
def test_unusable_argument_is_told(mirror, tmp_path, option):
    assert_failed(run(mirror, tmp_path, option), f"{option}.*--help")


def test_download_that_grows_too_large_is_stopped_and_told(mirror, tmp_path, downloader):
    result = run(mirror, tmp_path, path=downloader, limit=len(mirror.files[SST_ZIP]) // 2)
    assert_failed(result, r"cannot be written .* or the file larger than 1 GB\? .* another mirror")
    assert contents(tmp_path).keys() <= {"bin", f"{SST_ZIP}.part"}


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
def test_archive_that_leads_elsewhere_is_refused(mirror, tmp_path, unpacker, member):
    mirror.replace(SST_ZIP, zip_of([*treebank(SST, SST_FILES), (member, "/etc")]))
    result = run(mirror, tmp_path / "data", path=unpacker)
    assert_failed(result, "has links, devices, or names that lead out of it")
    assert contents(tmp_path / "data") == {}


def test_archive_without_an_expected_file_is_refused(mirror, tmp_path, unpacker):
    mirror.replace(SST_ZIP, zip_of(treebank(SST, SST_FILES[:-1])))
    result = run(mirror, tmp_path / "data", path=unpacker)
    assert_failed(result, f"lacks {SST}/sentiment_labels.txt")
    assert contents(tmp_path / "data") == {}


def test_archive_without_the_folder_is_refused(mirror, tmp_path, unpacker):
    mirror.replace(SST_ZIP, zip_of(treebank("other", SST_FILES)))
    result = run(mirror, tmp_path / "data", path=unpacker)
    assert_failed(result, f"lacks {SST}/datasetSentences.txt")
    assert contents(tmp_path / "data") == {}


def test_download_that_is_no_zip_archive_is_told(mirror, tmp_path, unpacker):
    mirror.replace(SST_ZIP, b"<html>Please log in</html>")
    result = run(mirror, tmp_path / "data", path=unpacker)
    assert_failed(result, f"{SST_ZIP} is no zip archive")
    assert contents(tmp_path / "data") == {}


def test_truncated_archive_is_told(mirror, tmp_path, unpacker):
    mirror.replace(SST_ZIP, mirror.files[SST_ZIP][:-30])
    result = run(mirror, tmp_path / "data", path=unpacker)
    assert_failed(result, f"{SST_ZIP} is no zip archive, or a truncated one")
    assert contents(tmp_path / "data") == {}


def with_size(content, size, promised):
    """An archive with a member of this size, which promises another."""
    size, promised = size.to_bytes(4, "little"), promised.to_bytes(4, "little")
    assert content.count(size) == 2  # before the member and in the directory
    return content.replace(size, promised)


def test_archive_that_promises_a_gigabyte_is_refused(mirror, tmp_path, unpacker):
    members = [*treebank(SST, SST_FILES), (f"{SST}/large.txt", b"0" * 1_234_567)]
    mirror.replace(SST_ZIP, with_size(zip_of(members), 1_234_567, 10**9))
    result = run(mirror, tmp_path / "data", path=unpacker)
    assert_failed(result, f"{SST_ZIP} would unpack to over 1 GB")
    assert contents(tmp_path / "data") == {}


def test_archive_that_swells_beyond_its_promise_is_stopped(mirror, tmp_path, unpacker):
    members = [*treebank(SST, SST_FILES), (f"{SST}/large.txt", b"0" * 1_234_567)]
    mirror.replace(SST_ZIP, with_size(zip_of(members), 1_234_567, 1_234))
    result = run(mirror, tmp_path / "data", path=unpacker, limit=1_000_000)
    assert_failed(result, "cannot unpack .* damaged: remove it")
    assert contents(tmp_path / "data") == {f"{SST_ZIP}.part": None}


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_repeated_member_raises_no_question(mirror, tmp_path, unpacker):
    members = treebank(SST, SST_FILES)
    mirror.replace(SST_ZIP, zip_of([*members, members[-2]]))
    assert_complete(run(mirror, tmp_path / "data", path=unpacker), tmp_path / "data")


def test_encrypted_archive_is_told_and_no_password_asked_for(mirror, tmp_path, unpacker):
    content = bytearray(mirror.files[SST_ZIP])
    for signature, flags in (
        (b"PK\3\4", 6),
        (b"PK\1\2", 8),
    ):  # of each member, and in the directory
        for found in re.finditer(re.escape(signature), bytes(content)):
            content[found.start() + flags] |= 1
    mirror.replace(SST_ZIP, bytes(content))
    assert_failed(run(mirror, tmp_path / "data", path=unpacker), "cannot unpack")
    assert contents(tmp_path / "data") == {f"{SST_ZIP}.part": None}


def test_damaged_archive_is_told_in_one_line(mirror, tmp_path, unpacker):
    content = bytearray(mirror.files[SST_ZIP])
    content[1000] ^= 1  # within the first file
    mirror.replace(SST_ZIP, bytes(content))
    result = run(mirror, tmp_path / "data", path=unpacker)
    assert_failed(result, "cannot unpack .* damaged: remove it")
    assert contents(tmp_path / "data") == {f"{SST_ZIP}.part": None}
