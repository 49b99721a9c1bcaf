"""The command phrases: joins words that belong together, in a text of any size."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..corpus.phrases import ENGLISH_CONNECTOR_WORDS, SCORINGS, Phrases
from ..corpus.sentences import TokenLists
from ..engine.progress import open_bar
from ..saving.files import atomic_write, packing
from .program import Commands, add_command, add_quiet_option
from .train import add_text_options, add_tokenize_option, load_text
from .vectors import check_directory_of, positive_integer, print_table

SUMMARY = """\
  phrases            joins words that belong together, like new_york
"""
NUM_SHOWN = 10
DEFAULT_THRESHOLD = {"default": 10.0, "npmi": 0.5}


def add_phrases_command(commands: Commands) -> None:
    """Add phrases to those of `Parser.add_commands`."""
    text = argparse.ArgumentParser(add_help=False)
    add_text_options(text.add_mutually_exclusive_group(required=True))
    add_tokenize_option(text)
    add = add_command(commands, phrases, "my_text.txt --output phrased.txt --passes 2", text)
    add(
        "--output",
        metavar="FILE",
        required=True,
        help="the text with its phrases joined; compressed if it ends in .gz, .bz2 or .xz",
    )
    add("--table", metavar="FILE", help="all phrases and their scores, with a tab between them")
    add(
        "--passes",
        type=positive_integer,
        default=1,
        metavar="N",
        help="each pass joins two words or phrases: 2 give phrases of up to four words "
        "[%(default)s]",
    )
    add(
        "--min-count",
        type=positive_integer,
        default=5,
        metavar="N",
        help="join no words that stand together less often [%(default)s]",
    )
    add(
        "--scoring",
        choices=SCORINGS,
        default="default",
        help="default: how much more often than by chance, as in the paper; npmi: the same on a "
        "scale from -1 to 1 [%(default)s]",
    )
    add(
        "--threshold",
        type=float,
        metavar="SCORE",
        help="join words whose score is above it [default: 10, npmi: 0.5]",
    )
    add_quiet_option(add)
    add("--delimiter", default="_", help="what joins words [%(default)s]")
    add(
        "--connector-words",
        default="",
        metavar="WORDS",
        help='words that may stand within a phrase, with commas between them, or "english" [none]',
    )


def phrases(options: argparse.Namespace) -> None:
    """Joins words that stand together more often than by chance, and writes the text with them.

    One sentence a line, words separated by spaces, as for train, which can be given what is
    written.
    """
    if not options.delimiter or options.delimiter.split() != [options.delimiter]:
        raise ValueError(
            f"--delimiter must be characters other than white space. Got {options.delimiter!r}."
        )
    outputs = [options.output, *([options.table] if options.table else [])]
    for path in outputs:
        check_directory_of(path)
        if Path(path).resolve() == Path(options.corpus).resolve():
            raise ValueError(f"{path} would be overwritten: name another file.")
    settings = {
        "min_count": options.min_count,
        "threshold": options.threshold,
        "scoring": options.scoring,
        "delimiter": options.delimiter,
        "connector_words": _connector_words(options.connector_words),
    }
    if options.threshold is None:
        settings["threshold"] = DEFAULT_THRESHOLD[options.scoring]

    corpus = load_text(options).sentences
    scores: dict[str, float] = {}
    for number in range(1, options.passes + 1):
        of_pass = "" if options.passes == 1 else f", pass {number} of {options.passes}"
        with _Bar(f"counting{of_pass}", quiet=options.quiet) as bar:
            found = Phrases(corpus, **settings, progress=bar.show)
        scores |= found.export_phrases()
        corpus = found.apply(corpus)
    with _Bar("writing", found.corpus_word_count, quiet=options.quiet) as bar:
        _write_text(options.output, corpus, bar)
    rows = sorted(scores.items(), key=lambda row: (-row[1], row[0]))
    if options.table:
        with atomic_write(options.table, "w", encoding="utf-8") as file:
            file.writelines(
                f"{phrase}\t{score}\n" for phrase, score in [("phrase", "score"), *rows]
            )
    print(f"{len(rows):,} phrases" + (", those with the highest scores:" if rows else ""))
    print_table([[f"  {phrase}", f"{score:.3f}"] for phrase, score in rows[:NUM_SHOWN]])
    print(f"Wrote {' and '.join(outputs)}")


def _connector_words(text: str) -> frozenset[str]:
    if text == "english":
        return ENGLISH_CONNECTOR_WORDS
    return frozenset(filter(None, text.split(",")))


def _write_text(path: str, sentences: TokenLists, bar: _Bar) -> None:
    """Write sentences, one a line."""
    with atomic_write(path) as file, packing(path, file) as text:
        written = 0
        for sentence in sentences:
            text.write((" ".join(sentence) + "\n").encode("utf-8"))
            written += len(sentence)
            bar.show(written)


class _Bar:
    """Shows how many words are done."""

    def __init__(self, what: str, total: int | None = None, *, quiet: bool) -> None:
        self._bar: Any = open_bar(quiet=quiet, desc=what, total=total, unit="word", unit_scale=True)

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, kind: object, *error: object) -> None:
        if kind is None and self._bar.total is not None:
            self.show(self._bar.total)  # words that were joined count, too
        self._bar.close()

    def show(self, num_words: int) -> None:
        self._bar.update(num_words - self._bar.n)
