"""Runs the tests of one question. `python -m grading.judging` does it in a process of its own."""

import contextlib
import json
import sys
import traceback
import warnings
from pathlib import Path

import numpy as np

from . import functions, losses, models, training
from .comparing import Wrong
from .loading import PACKAGE, CannotBeLoaded, student_functions
from .questions import read_questions

MEMORY_LIMIT = 4 << 30  # bytes
PROCESSOR_LIMIT = 3  # seconds; a question needs less than one
TEST_MODULES = (functions, losses, models, training)


def judge(question, directory):
    """Run the tests of a question, one after the other.

    Yields
    ------
    str or None
        What is wrong, for each test; None if nothing is.
    """
    all_names = [name for other in read_questions() for name in other["functions"]]
    try:
        with student_functions(directory, question["functions"], all_names) as student:
            for test in question["tests"]:
                yield verdict(find_test(test["claim"]), student)
    except CannotBeLoaded as error:
        for _ in question["tests"]:
            yield str(error)


def find_test(claim):
    name = claim.replace(" ", "_")
    for module in TEST_MODULES:
        if hasattr(module, name):
            return getattr(module, name)
    raise LookupError(f"There is no test {name} in grading/.")


def verdict(test, student):
    """What is wrong according to one test, or None."""
    # A test starts from NumPy's usual state, whatever the student's code has done to it.
    try:
        with warnings.catch_warnings(), np.errstate(all="warn", under="ignore"):
            warnings.simplefilter("ignore")
            test(student)
    except Wrong as wrong:
        return str(wrong)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # also SystemExit: it is a mistake like any other
        return explain(error)
    return None


def explain(error):
    """An exception out of the student's code: what, and where."""
    message = str(error)
    if message.endswith("is not written yet."):
        return message
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).parent.name == PACKAGE]
    place = f" ({PACKAGE}/{Path(own[-1].filename).name}, line {own[-1].lineno})" if own else ""
    return f"{type(error).__name__}: {message}{place}".replace("\n", " ")


def limit_resources():
    with contextlib.suppress(ImportError, ValueError, OSError):  # not to be had everywhere
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_LIMIT, PROCESSOR_LIMIT + 1))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))


def main(number, directory, results):
    """Write a line of JSON for each test of a question, at once, in case the next never ends."""
    limit_resources()
    question = next(q for q in read_questions() if q["number"] == int(number))
    with open(results, "w", encoding="utf-8") as file:
        for message in judge(question, directory):
            file.write(json.dumps(message) + "\n")
            file.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
