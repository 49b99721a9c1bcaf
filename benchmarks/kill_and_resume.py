#!/usr/bin/env python3
"""Kills training with SIGKILL at random moments, resumes it, and compares the result bit for bit.

    python benchmarks/kill_and_resume.py                      on the sample
    python benchmarks/kill_and_resume.py --kills 50 -- --treebank data/stanfordSentimentTreebank

Whatever follows -- goes to run.py. Exit status 0 only if every resumed run ended with the vectors
and the loss curve of the undisturbed one.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

RUN = Path(__file__).resolve().parent.parent / "run.py"


def start(output, options):
    command = [sys.executable, RUN, "--output", output, *options]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def finish(process):
    """Wait for a run to end by itself; raise if it fails."""
    _, errors = process.communicate()
    if process.returncode:
        raise RuntimeError(f"run.py failed:\n{errors}")


def kill_until_done(output, options, max_kills, longest, rng):
    """Run to the end, with up to `max_kills` kills on the way; returns how many there were."""
    for kills in range(max_kills):
        process = start(output, options)
        try:
            process.wait(rng.uniform(0, longest))
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
        else:
            finish(process)
            return kills
    finish(start(output, options))
    return max_kills


def result(output):
    """What must not differ: the vectors, digit by digit, and the loss curve."""
    metrics = json.loads((output / "metrics.json").read_text(encoding="utf-8"))
    curve = [values for name, values in metrics.items() if name.startswith("smoothed_loss")]
    return (output / "vectors.txt").read_bytes(), curve


def compare(num_kills, longest, options, rng, report):
    """Kill `num_kills` times, over as many runs as that takes; True if all results are equal."""
    with tempfile.TemporaryDirectory() as directory:
        undisturbed = Path(directory, "undisturbed")
        finish(start(undisturbed, options))
        total, number, equal = 0, 0, True
        while total < num_kills:
            output = Path(directory, f"run-{number}")
            kills = kill_until_done(output, options, num_kills - total, longest, rng)
            same = result(output) == result(undisturbed)
            report(f"run {number}: killed {kills} times, result {'equal' if same else 'DIFFERENT'}")
            total, number, equal = total + kills, number + 1, equal and same
    return equal


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=20, help="how often to kill [%(default)s]")
    parser.add_argument(
        "--longest", type=float, default=4.0, help="seconds between two kills at most [%(default)s]"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the moments [%(default)s]")
    parser.add_argument("options", nargs="*", help="for run.py")
    arguments = parser.parse_args()
    # Later options win: what the caller says comes last.
    options = ["--iterations", "10000", "--checkpoint-every", "200", *arguments.options]
    rng = np.random.default_rng(arguments.seed)
    equal = compare(arguments.kills, arguments.longest, options, rng, print)
    print(f"{arguments.kills} kills: {'all results equal' if equal else 'FAILED'}")
    return 0 if equal else 1


if __name__ == "__main__":
    sys.exit(main())
