#!/usr/bin/env python3
"""Grades the functions in word2vec/.

python grade.py           the points of every question, and the first thing that is wrong
python grade.py 4         every test of question 4; what your code prints is shown
"""

import argparse
import concurrent.futures
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

from grading.questions import read_questions

HERE = Path(__file__).resolve().parent
# Seconds for each question. All are graded at the same time, so all is over within a minute; a loop
# that never ends is over sooner, for a question may use only a few seconds of the processor.
TIME_LIMIT = 50
TIME_HELP = f"for each question, all at the same time; more on a very busy machine [{TIME_LIMIT}]"
ENDLESS = "stopped after too long a time: is there a loop that never ends?"
LEFT_OUT = "not tested, after what happened before"


def main():
    options = parse_arguments()
    questions = read_questions()
    unknown = set(options.questions) - {question["number"] for question in questions}
    if unknown:
        sys.exit(
            f"grade.py: question {min(unknown)} is not graded here; those that are: "
            + ", ".join(str(question["number"]) for question in questions)
        )
    if options.questions:
        questions = [question for question in questions if question["number"] in options.questions]
    grades = grade(options, questions)
    print_grades(grades, in_detail=bool(options.questions))
    if options.json:
        Path(options.json).write_text(json.dumps(summary(grades), indent=2) + "\n", "utf-8")


def parse_arguments(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("questions", nargs="*", type=int, metavar="QUESTION", help="grade these, in detail")
    add("--directory", default=HERE, metavar="DIR", help="whose work to grade [this one]")
    add("--time-limit", default=TIME_LIMIT, type=float, metavar="SECONDS", help=TIME_HELP)
    add("--json", metavar="FILE", help="write all points and messages into a file as well")
    return parser.parse_args(arguments)


def grade(options, questions):
    """Each question with the messages of its tests; every question in a process of its own."""
    with concurrent.futures.ThreadPoolExecutor(len(questions)) as pool:
        jobs = [pool.submit(messages, question, options) for question in questions]
        return [
            {**question, "messages": job.result()}
            for question, job in zip(questions, jobs, strict=True)
        ]


def messages(question, options):
    """What is wrong according to each test of a question; None where nothing is."""
    with tempfile.TemporaryDirectory() as scratch:
        results = Path(scratch, "results")
        results.touch()
        command = [sys.executable, "-m", "grading.judging", str(question["number"])]
        problem = run([*command, Path(options.directory).resolve(), results], options)
        found = [json.loads(line) for line in results.read_text("utf-8").splitlines()]
    missing = len(question["tests"]) - len(found)
    if missing:
        found += [problem, *[LEFT_OUT] * (missing - 1)]
    return found


def run(command, options):
    """Run the tests of a question; returns what to say if they do not come to their end."""
    output = None if options.questions else subprocess.DEVNULL
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            command,
            cwd=HERE,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            timeout=options.time_limit,
        )
    except subprocess.TimeoutExpired:
        return ENDLESS
    if hasattr(signal, "SIGXCPU") and done.returncode == -signal.SIGXCPU:
        return ENDLESS
    return f"Python stopped in the middle of the test, with exit status {done.returncode}."


# -------------------------------------------------------------------- the table


def print_grades(grades, in_detail):
    title_width = max(len(grade["title"]) for grade in grades)
    indent = 4 + title_width + 2 + 9 + 2
    width = max(60, min(shutil.get_terminal_size((110, 24)).columns, 140)) - indent
    print(f"{'no.':>3} {'question':{title_width}}  {'points':>9}")
    for grade in grades:
        got, possible = points(grade)
        wrong = [
            f"{test['claim']}: {message}"
            for test, message in zip(grade["tests"], grade["messages"], strict=True)
            if message
        ]
        head = f"{grade['number']:3} {grade['title']:{title_width}}  {got:>3} of {possible:>2}"
        print_beside(f"{head:{indent}}", "" if in_detail else first_wrong(wrong), width)
        if in_detail:
            for test, message in zip(grade["tests"], grade["messages"], strict=True):
                mark = f"    {0 if message else test['points']} of {test['points']}  "
                text = f"{test['claim']}: {message}" if message else test["claim"]
                print_beside(mark, text, width + indent - len(mark))
    got, possible = total(grades)
    head = f"{'':4}{'total':{title_width}}  {got:>3} of {possible:>2}"
    print(f"{head:{indent}}{got / possible:.0%}")


def first_wrong(wrong):
    # Of what is not written, all tests would say the same.
    if not wrong:
        return ""
    if wrong[0].endswith("is not written yet."):
        return wrong[0].split(": ")[-1]
    more = len(wrong) - 1
    return wrong[0] + (f" (and {more} more)" if more else "")


def print_beside(head, text, width):
    lines = textwrap.wrap(text, width) or [""]
    print((head + lines[0]).rstrip())
    for line in lines[1:]:
        print(" " * len(head) + line)


def points(grade):
    pairs = list(zip(grade["tests"], grade["messages"], strict=True))
    got = sum(test["points"] for test, message in pairs if not message)
    return got, sum(test["points"] for test, _ in pairs)


def total(grades):
    got, possible = zip(*map(points, grades), strict=True)
    return sum(got), sum(possible)


def summary(grades):
    got, possible = total(grades)
    return {
        "points": got,
        "possible": possible,
        "questions": [
            {
                "number": grade["number"],
                "title": grade["title"],
                "points": points(grade)[0],
                "possible": points(grade)[1],
                "tests": [
                    {**test, "message": message}
                    for test, message in zip(grade["tests"], grade["messages"], strict=True)
                ],
            }
            for grade in grades
        ],
    }


if __name__ == "__main__":
    main()
