"""The command line in other terminals than one's own: none, narrow ones, other alphabets."""

import os
import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest

import run
import word2vec
from word2vec.__main__ import main

fcntl, pty, termios = map(pytest.importorskip, ("fcntl", "pty", "termios"))  # not on Windows

TEXT = "the café is 一 good\na bad film is boring\n" * 20
TRAIN = ["train", "text.txt", "--min-count", "1", "--sample", "1", "--epochs", "2"]
PROGRAM = [sys.executable, "-m", "word2vec"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(word2vec.__file__).parents[1])}


@pytest.fixture(autouse=True)
def _directory(tmp_path, monkeypatch):
    """A directory with nothing but a text."""
    monkeypatch.chdir(tmp_path)
    Path("text.txt").write_text(TEXT, encoding="utf-8")


@pytest.mark.parametrize(
    "variables",
    [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}],
    ids=str,
)
def test_words_that_the_terminal_cannot_show_are_escaped(variables):
    ended = subprocess.run(
        [*PROGRAM, *TRAIN], env=ENVIRONMENT | variables, capture_output=True, timeout=60
    )
    assert ended.returncode == 0
    assert rb"\u4e00" in ended.stdout


def test_daemon_without_standard_streams_can_train():
    closed = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh"]
    ended = subprocess.run([*closed, *PROGRAM, *TRAIN], env=ENVIRONMENT, timeout=60)
    assert ended.returncode == 0
    assert {"metrics.json", "vectors.txt", "vocab.txt"} < {*os.listdir("output")}


def test_read_only_home_is_enough_for_pictures(tmp_path):
    mounted = """exec unshare -rm sh -c 'mount -t tmpfs -o ro tmpfs home && exec "$@"' sh "$@" """
    in_shell = ["sh", "-c", mounted, "sh"]
    (tmp_path / "home").mkdir()
    if subprocess.run([*in_shell, "true"], capture_output=True).returncode:
        pytest.skip("a file system cannot be mounted")
    homes = ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "MPLCONFIGDIR", "PYTHONPATH")
    variables = {name: value for name, value in ENVIRONMENT.items() if name not in homes}
    variables |= {"HOME": str(tmp_path / "home"), "TMPDIR": str(tmp_path)}
    command = [*in_shell, sys.executable, run.__file__, *TRAIN]
    ended = subprocess.run(command, env=variables, capture_output=True, timeout=60)
    assert ended.returncode == 0, ended.stderr
    assert {"vectors.txt", "word_vectors.png", "loss.png"} < {*os.listdir("output")}


def test_narrow_terminal_gets_a_bar_that_fits_and_no_colours():
    mine, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("4H", 20, 30, 0, 0))
    variables = {"NO_COLOR": "1", "TERM": "xterm-256color"}
    process = subprocess.Popen(
        [*PROGRAM, *TRAIN], env=ENVIRONMENT | variables, stdout=subprocess.DEVNULL, stderr=its
    )
    os.close(its)
    shown = b""
    try:
        while part := os.read(mine, 1 << 16):
            shown += part
    except OSError:  # Linux says so when nobody has the other side any more
        pass
    os.close(mine)
    assert process.wait(60) == 0
    assert "100%" in shown.decode()
    lines = re.split("[\r\n]+", shown.decode())
    assert max(len(line) for line in lines if not line.startswith("word2vec: warning: ")) <= 30
    assert "\x1b[" not in shown.decode()


def test_quiet_training_says_nothing(capsys):
    assert main([*TRAIN, "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")
    assert Path("output/vectors.txt").exists()


def test_quiet_phrases_say_nothing(capsys):
    assert main(["phrases", "text.txt", "--output", "phrased.txt", "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")
    assert Path("phrased.txt").exists()


def test_quiet_commands_still_report_errors(capsys):
    assert main(["train", "missing.txt", "--quiet"]) == 2
    assert "There is no text file missing.txt" in capsys.readouterr().err
