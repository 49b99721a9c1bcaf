"""The questions that are graded: number, title, functions, and tests with their points."""

import json
from pathlib import Path


def read_questions():
    path = Path(__file__).with_name("questions.json")
    return json.loads(path.read_text(encoding="utf-8"))
