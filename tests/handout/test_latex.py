"""Markdown of the sheets as LaTeX."""

import re

import pytest

from utils.handout.latex import to_latex


@pytest.mark.parametrize(
    ("markdown", "latex"),
    [
        ("# Title", "\\title{Title}"),
        ("## Part", "\\section*{Part}"),
        ("### 1. Question (2 points)", "\\subsection*{1. Question (2 points)}"),
        ("100 % of a_b & c", "100 \\% of a\\_b \\& c"),
        ("**bold** and *italic*", "\\textbf{bold} and \\emph{italic}"),
        ("the file `a_b.py`", "the file \\texttt{a\\_b.py}"),
        ("with $`u_w^\\top v_c`$ in it", "with $u_w^\\top v_c$ in it"),
        ("```math\na_i^2\n\nb\n```", "\\[\na_i^2\n\nb\n\\]"),
        ("```\nx_1 = 2 % 3\n```", "\\begin{verbatim}\nx_1 = 2 % 3\n\\end{verbatim}"),
        ("[here](https://example.org)", "\\href{https://example.org}{here}"),
        (
            "- one\n- two, and\n  more",
            "\\begin{itemize}\n\\item one\n\\item two, and more\n\\end{itemize}",
        ),
        ("- (a) one", "\\begin{itemize}\n\\item[(a)] one\n\\end{itemize}"),
    ],
)
def test_each_kind_of_markdown_has_its_latex(markdown, latex):
    assert to_latex(markdown) == latex + "\n"


def test_a_formula_may_stand_directly_below_its_paragraph():
    latex = to_latex("The loss is\n```math\nJ\n```\nand no other.")
    assert latex == "The loss is\n\n\\[\nJ\n\\]\n\nand no other.\n"


@pytest.mark.parametrize("sheet", ["questions", "answers"])
def test_the_sheets_have_no_markdown_left(teachers, sheet):
    text = (teachers / f"{sheet}.tex").read_text("utf-8")
    assert text.count("\\begin{document}") == text.count("\\end{document}") == 1
    for environment in ("itemize", "aligned"):
        assert text.count(f"\\begin{{{environment}}}") == text.count(f"\\end{{{environment}}}")
    assert "`" not in text
    assert "**" not in text
    assert not re.search(r"^#", text, re.MULTILINE)
    assert text.isascii()
