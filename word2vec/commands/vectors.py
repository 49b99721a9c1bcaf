"""The commands that use trained vectors: their options, what they call and print."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..vectors import evaluation
from ..vectors.by_name import check_name, load_vectors, save_vectors
from ..vectors.keyed_vectors import KeyedVectors
from .program import Commands, add_command, add_json_option

TRAINED = "output/vectors.txt"  # what training writes unless told otherwise

SUMMARIES = """\
  neighbors          the words most similar to given ones
  analogy            man is to king as woman is to ...
  evaluate           how well vectors agree with people
  convert            from one file format of vectors to another
"""


def add_vector_commands(commands: Commands) -> None:
    """Add neighbors, analogy, evaluate and convert to those of `Parser.add_commands`.

    The docstrings of the functions of these names are the help.
    """
    reading, using = reading_options(), using_options()
    asking = argparse.ArgumentParser(add_help=False, parents=[using])
    asking.add_argument(
        "--topn",
        type=positive_integer,
        default=10,
        metavar="N",
        help="how many to show [%(default)s]",
    )

    add_json_option(asking.add_argument)

    add = add_command(commands, neighbors, "great boring --vectors my_vectors/vectors.txt", asking)
    add("words", nargs="+", metavar="WORD", help="after --, also words that begin with a hyphen")

    add = add_command(
        commands, analogy, "man king woman --vectors news.bin.gz --limit 200000", asking
    )
    for name in ("a", "b", "c"):
        add(name, metavar=name.upper())

    add = add_command(
        commands, evaluate, "--pairs wordsim353.tsv --analogies questions-words.txt", using
    )
    add("--pairs", metavar="FILE", help="lines of two words and a number, with tabs between them")
    add("--analogies", metavar="FILE", help="lines of four words, in sections that begin ': name'")
    add_json_option(add)

    add = add_command(commands, convert, "glove.6B.100d.txt glove.bin.gz", reading)
    add("source", metavar="IN")
    add("target", metavar="OUT")


def reading_options() -> argparse.ArgumentParser:
    """A parent for parsers of commands that read a file of vectors."""
    parent = argparse.ArgumentParser(add_help=False)
    add = parent.add_argument
    add(
        "--limit",
        type=positive_integer,
        metavar="N",
        help="take only the first N vectors of the file",
    )
    add(
        "--unicode-errors",
        choices=["strict", "replace", "ignore"],
        default="strict",
        help="for words that are not UTF-8: the C program may have cut some [%(default)s]",
    )
    return parent


def using_options() -> argparse.ArgumentParser:
    """A parent for parsers of commands whose vectors are those of ``--vectors``."""
    parent = argparse.ArgumentParser(add_help=False, parents=[reading_options()])
    parent.add_argument(
        "--vectors",
        metavar="FILE",
        default=TRAINED,
        help="ending in .txt or .vec (text), .bin (binary), each also with .gz, or .npy (our own "
        "format) [%(default)s]",
    )
    return parent


def positive_integer(text: str) -> int:
    """The integer >= 1 that `text` says; argparse reports the error."""
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be an integer >= 1. Got {text!r} instead")
    return number


# -------------------------------------------------------------------- commands


Json = dict[str, Any]  # what ``--json`` prints


def neighbors(options: argparse.Namespace) -> list[Json]:
    """Shows the words most similar to each WORD, with the cosine."""
    answers = load_chosen_vectors(options).most_similar_batch(options.words, topn=options.topn)
    results: list[Json] = []
    for word, found in zip(options.words, answers, strict=True):
        _print_answers(word, found)
        results.append({"word": word, "neighbors": _answers_as_json(found)})
    return results


def analogy(options: argparse.Namespace) -> Json:
    """Solves "A is to B as C is to ...": shows the words most similar to B - A + C."""
    vectors = load_chosen_vectors(options)
    found = vectors.most_similar([options.b, options.c], [options.a], topn=options.topn)
    _print_answers(f"{options.a} is to {options.b} as {options.c} is to", found)
    asked: Json = {name: getattr(options, name) for name in ("a", "b", "c")}
    return asked | {"answers": _answers_as_json(found)}


def evaluate(options: argparse.Namespace) -> Json:
    """Compares similarities with human judgments (--pairs) and answers analogies (--analogies).

    Case is ignored. Words after the first 300000 are unknown, and lines that have an unknown word
    are not used; the tables count them.
    """
    if not options.pairs and not options.analogies:
        raise ValueError("evaluate needs --pairs FILE, --analogies FILE or both")
    vectors = load_chosen_vectors(options)
    results: Json = {}
    if options.pairs:
        pairs = evaluation.word_pairs(vectors, options.pairs)
        print_table(_rows_of_pairs(options.pairs, pairs))
        results["pairs"] = {
            "file": options.pairs,
            "used": pairs.num_used,
            "unknown_words": pairs.num_unknown,
            "not_a_pair": pairs.num_invalid,
            "spearman": pairs.spearman[0],
            "pearson": pairs.pearson[0],
        }
    if options.pairs and options.analogies:
        print()
    if options.analogies:
        analogies = evaluation.word_analogies(vectors, options.analogies)
        print_table(_rows_of_analogies(analogies))
        print(f"Lines that are not four words: {analogies.num_invalid}")
        results["analogies"] = {
            "file": options.analogies,
            "not_four_words": analogies.num_invalid,
            "sections": [_section_as_json(section) for section in analogies.sections],
            "total": _section_as_json(analogies.total),
        }
    return results


def convert(options: argparse.Namespace) -> None:
    """Converts a file of vectors. The ends of both names say the formats:

    .txt .vec   text; GloVe's, which has no header, is recognised
    .bin        binary
    .npy        our own format: a matrix as NumPy writes it, with the words behind it

    Text and binary may be compressed: .txt.gz, .vec.gz, .bin.gz.
    """
    check_name(options.target)
    check_directory_of(options.target)
    vectors = load_vectors(options.source, options.limit, options.unicode_errors)
    save_vectors(vectors, options.target)
    print(f"Wrote {len(vectors)} vectors of length {vectors.vector_size} into {options.target}")


# -------------------------------------------------------------------- helpers


def load_chosen_vectors(options: argparse.Namespace) -> KeyedVectors:
    """The vectors that the options of `using_options` name."""
    if options.vectors == TRAINED and not Path(TRAINED).exists():
        raise FileNotFoundError(
            f"There is no file {TRAINED} yet: the command train writes it. "
            "Name another file with --vectors."
        )
    return load_vectors(options.vectors, options.limit, options.unicode_errors)


def check_directory_of(path: str) -> None:
    """Raise before the work whose result could not be written."""
    directory = Path(path).parent
    if not directory.is_dir():
        raise FileNotFoundError(f"There is no directory {directory} to write {path} into.")


def _rows_of_pairs(path: str, result: evaluation.WordPairs) -> list[list]:
    return [
        ["word pairs", "used", "unknown words", "not a pair", "Spearman", "Pearson"],
        [
            Path(path).name,
            result.num_used,
            result.num_unknown,
            result.num_invalid,
            f"{result.spearman[0]:.3f}",
            f"{result.pearson[0]:.3f}",
        ],
    ]


def _rows_of_analogies(result: evaluation.Analogies) -> list[list]:
    rows: list[list] = [["analogies", "used", "unknown words", "correct", "accuracy"]]
    for section in [*result.sections, result.total]:
        num_used = len(section.correct) + len(section.incorrect)
        accuracy = f"{section.score:.3f}" if num_used else "-"
        rows.append([section.name, num_used, section.num_unknown, len(section.correct), accuracy])
    return rows


def _print_answers(question: str, answers: Iterable[tuple[str, float]]) -> None:
    print(question)
    print_table([[f"  {word}", f"{score:.3f}"] for word, score in answers])


def _answers_as_json(answers: Iterable[tuple[str, float]]) -> list[Json]:
    return [{"word": word, "cosine": cosine} for word, cosine in answers]


def _section_as_json(section: Any) -> Json:
    num_correct = len(section.correct)
    num_used = num_correct + len(section.incorrect)
    return {
        "name": section.name,
        "used": num_used,
        "unknown_words": section.num_unknown,
        "correct": num_correct,
        "accuracy": num_correct / num_used if num_used else None,
    }


def print_table(rows: list[list]) -> None:
    """The first column flush left, the others flush right."""
    rows = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *others in rows:
        print("  ".join([first.ljust(widths[0]), *map(str.rjust, others, widths[1:])]))
