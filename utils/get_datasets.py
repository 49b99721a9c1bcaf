"""Downloads the Stanford Sentiment Treebank, for get_datasets.sh; needs nothing but Python."""

import argparse
import contextlib
import hashlib
import http.client
import os
import shutil
import signal
import stat
import sys
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

MAX_BYTES = 10**9  # no server and no archive may fill the disk; the real files have a few MB
PLACE = ".get_datasets."  # begins the names of directories to unpack into
DESCRIPTION = """\
Downloads the two archives of the Stanford Sentiment Treebank (7 MB), compares their SHA-256
checksums and unpacks them (about 25 MB) to
  DIR/stanfordSentimentTreebank/   sentences, splits, phrases and their sentiment
  DIR/trees/                       the same sentences as labelled trees
What is already there is left alone and not downloaded again. An interrupted download stays in
DIR as a .part file: run the script again to continue it.
"""
EPILOG = """\
environment:
  SST_DATA_DIR               like --dir
  SST_BASE_URL               a mirror of stanfordSentimentTreebank.zip and trainDevTestTrees_PTB.zip
  SST_SHA256, TREES_SHA256   checksums of these two, if they differ from the official ones

examples:
  ./get_datasets.sh
  SST_BASE_URL=https://mirror.example.org/sst ./get_datasets.sh --dir /tmp/treebank --keep

Without a network: put the two archives into DIR and run the script. It unpacks them and leaves
them where they are.
"""
# Of each archive: its address, the variable for its checksum, the checksum, the folder that is
# taken from it, and what must be in there.
DATASETS = (
    (
        "https://nlp.stanford.edu/~socherr/stanfordSentimentTreebank.zip",
        "SST_SHA256",
        "3f5209483b46bbf129cacbbbe6ae02fe780407034f61cf6342b7833257c3f1db",
        "stanfordSentimentTreebank",
        "datasetSentences datasetSplit dictionary sentiment_labels SOStr STree",
    ),
    (
        "https://nlp.stanford.edu/sentiment/trainDevTestTrees_PTB.zip",
        "TREES_SHA256",
        "5c613a4f673fc74097d523a2c83f38e0cc462984d847b82c7aaf36b01cbbbfcc",
        "trees",
        "train dev test",
    ),
)


class Failure(Exception):
    """What the user is told in a line; says cause and cure."""


class Stopped(BaseException):
    """A signal came."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="./get_datasets.sh",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    data = os.environ.get("SST_DATA_DIR") or Path(__file__).resolve().parents[1] / "data"
    parser.add_argument("--dir", type=Path, default=data, help="the directory to fill [data/]")
    parser.add_argument("--keep", action="store_true", help="keep the archives after unpacking")

    def refuse(message):
        raise Failure(f"{message}. See --help.")

    def stop(number, frame):
        raise Stopped(number)

    parser.error = refuse  # type: ignore[method-assign]
    try:
        options = parser.parse_args(arguments)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, stop)
        with working_directory(Path(options.dir)) as temporary:
            for dataset in DATASETS:
                get(*dataset, Path(options.dir), temporary, options.keep)
    except Failure as failure:
        print(f"get_datasets.sh: {failure}", file=sys.stderr)
        return 1
    except Stopped as stopped:
        print(
            "get_datasets.sh: interrupted. Run it again to finish; an unfinished download is kept "
            f"in {options.dir} as a .part file and will be continued.",
            file=sys.stderr,
        )
        return 128 + stopped.args[0]
    return 0


@contextlib.contextmanager
def working_directory(data: Path) -> Iterator[Path]:
    """A place on the same disk as the data; keeps a second run out."""
    import fcntl  # not on Windows, which has no bash to call this

    try:
        data.mkdir(parents=True, exist_ok=True)
        lock = os.open(data, os.O_RDONLY)  # held until the program ends
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for left in data.glob(f"{PLACE}*"):  # by a run that could not clean up
            shutil.rmtree(left)
        temporary = tempfile.TemporaryDirectory(prefix=PLACE, dir=data)
    except BlockingIOError:
        raise Failure(f"another run is at work in {data}. Wait until it has ended.") from None
    except OSError as error:
        why = f"cannot write to {data} ({error.strerror})"
        raise Failure(f"{why}. Choose another directory with --dir.") from error
    with temporary:
        yield Path(temporary.name)


def get(
    address: str,
    variable: str,
    sha256: str,
    folder: str,
    names: str,
    data: Path,
    temporary: Path,
    keep: bool,
) -> None:
    """Make a folder from its archive, unless it is there."""
    target, needed = data / folder, [f"{name}.txt" for name in names.split()]
    archive = data / address.rpartition("/")[2]
    part = archive.with_name(f"{archive.name}.part")
    if os.path.lexists(target):
        if missing := first_missing(target, needed):
            raise Failure(
                f"{target} is there but lacks {missing}. Nothing was changed. Move it away "
                f"(mv '{target}' '{target}.old') and run this again."
            )
        part.unlink(missing_ok=True)  # of a run that was stopped just before it removed this
        print(f"{target} is already there: nothing to download.")
        return

    sha256 = os.environ.get(variable, sha256)
    if "SST_BASE_URL" in os.environ:
        address = f"{os.environ['SST_BASE_URL']}/{archive.name}"
    source = archive if archive.exists() else part
    if source == part:
        download(address, sha256, part)
    elif sha256_of(archive) != sha256:
        raise Failure(
            f"{archive} is there but its checksum is not {sha256}. Nothing was changed. Move it "
            "away and run this again, or set the checksum you expect (see --help)."
        )
    try:
        fault = unpack(source, folder, needed, temporary)
    except OSError as error:
        raise Failure(
            f"cannot unpack {source} into {data} ({error.strerror}). Is the disk full? Make room "
            "and run this again; the download is kept."
        ) from error
    if fault:
        part.unlink(missing_ok=True)
        raise Failure(
            f"the file {archive.name} {fault}. Nothing was unpacked. Use the official archive or "
            "another mirror (see --help)."
        )
    os.replace(temporary / folder, target)
    if keep and source == part:
        os.replace(part, archive)
    part.unlink(missing_ok=True)
    print(f"{target} is complete.")


def first_missing(directory: Path, names: Sequence[str]) -> str:
    """The first name that is no file with content there."""
    files = ((name, directory / name) for name in names)
    return next((name for name, path in files if not path.is_file() or not path.stat().st_size), "")


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()  # of a few MB


def download(address: str, sha256: str, part: Path) -> None:
    """End with the file `part` of that checksum, or not at all."""
    if part.exists() and sha256_of(part) != sha256:
        print(f"Continuing {address}", flush=True)
        transfer(address, part)
        if sha256_of(part) != sha256:
            print("It cannot be continued: starting again.")
            part.unlink()
    if not part.exists():
        print(f"Downloading {address}", flush=True)
        transfer(address, part)
    if (found := sha256_of(part)) != sha256:
        part.unlink()
        raise Failure(
            f"{address} has the wrong checksum: expected {sha256}, got {found}. The download was "
            "removed. Run this again; if it stays wrong, use another mirror or, if you trust this "
            "one, set its checksum (see --help)."
        )


def transfer(address: str, part: Path) -> None:
    """Download to `part`, or only the rest if it has the beginning and the server can do that."""
    start = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(address, headers={"Range": f"bytes={start}-"} if start else {})
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            start = start if response.status == 206 else 0  # else all of it comes
            promised = start + int(response.headers.get("Content-Length", 0))
            if write_rest(response, part, start) < promised:
                raise http.client.IncompleteRead(b"")
    except urllib.error.HTTPError as error:
        if error.code == 416 and start:  # there is nothing after what we have
            return
        why = f"the server does not have it or refuses it ({error}). Try later, or set SST_BASE_URL"
        raise Failure(f"cannot download {address}: {why} to a mirror (see --help).") from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        kept = (
            f" What has arrived is kept in {part} and will be continued." if part.exists() else ""
        )
        why = f"there is no connection, or it was cut ({error}). Check the network and run this"
        raise Failure(f"cannot download {address}: {why} again.{kept}") from error


def write_rest(response: Any, part: Path, start: int) -> int:
    """Write what comes to `part`, from a position on; returns where it ends."""
    try:
        file = open(part, "ab" if start else "wb", buffering=0)  # noqa: SIM115 - closed below
        with file:
            while chunk := response.read1(1 << 16):
                start += len(chunk)
                if start > MAX_BYTES:
                    raise Failure(f"{part.name} would be larger than 1 GB. Use another mirror.")
                write(file, chunk)
                if sys.stderr.isatty():
                    print(f"\r{start / 1e6:.1f} MB", end="", file=sys.stderr, flush=True)
    finally:
        if sys.stderr.isatty():
            print(file=sys.stderr)
    return start


def write(file: Any, chunk: bytes) -> None:
    try:
        while chunk:
            chunk = chunk[file.write(chunk) :]
    except OSError as error:
        why = f"cannot write {file.name} ({error.strerror}). Is the disk full? Make room, or choose"
        raise Failure(f"{why} another directory with --dir.") from error


def unpack(source: Path, folder: str, names: Sequence[str], temporary: Path) -> str | None:
    """Unpack a folder without dot files, which are litter of macOS; returns what is wrong."""
    try:
        with zipfile.ZipFile(source) as archive:
            members = archive.infolist()
            if any(map(leads_elsewhere, members)):
                return "has links, devices, or names that lead out of it"
            if sum(member.file_size for member in members) >= MAX_BYTES:
                return "would unpack to over 1 GB"
            for member in members:
                if member.filename.startswith(f"{folder}/") and "/." not in member.filename:
                    archive.extract(member, temporary)
    except (zipfile.BadZipFile, EOFError) as error:
        return f"is no zip archive, or a damaged one ({error})"
    except RuntimeError as error:  # it asks for a password, or is packed in a strange way
        return f"cannot be unpacked ({error})"
    missing = first_missing(temporary / folder, names)
    return f"lacks {folder}/{missing}" if missing else None


def leads_elsewhere(member: zipfile.ZipInfo) -> bool:
    name, kind = member.filename, stat.S_IFMT(member.external_attr >> 16)
    is_special = kind not in (0, stat.S_IFREG, stat.S_IFDIR)
    return is_special or name.startswith("/") or ".." in name.split("/") or "\\" in name


if __name__ == "__main__":
    sys.exit(main())
