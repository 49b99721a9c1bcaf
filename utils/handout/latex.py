"""Turns the sheet from Markdown into LaTeX.

Only what the sheets use: headings, paragraphs, lists, bold and italic, code, links, and formulas as
GitHub writes them, $`...`$ and blocks fenced as ``math``.
"""

import re

SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
}
HEADINGS = {"#": "title", "##": "section*", "###": "subsection*"}
INLINE = re.compile(
    r"\$`(?P<math>[^`]+)`\$|`(?P<code>[^`]+)`|\*\*(?P<bold>.+?)\*\*|\*(?P<italic>.+?)\*"
    r"|\[(?P<label>[^\]]+)\]\((?P<target>[^)]+)\)"
)


def to_latex(markdown: str) -> str:
    """The body of a LaTeX document for a Markdown text of the kinds named above."""
    blocks = re.split(r"\n\s*\n", fence_as_one_block(markdown).strip())
    return "\n\n".join(block_to_latex(block.replace("\0", "\n")) for block in blocks) + "\n"


def fence_as_one_block(markdown: str) -> str:
    """Keep fenced blocks whole: their line ends become zero bytes, with a paragraph around."""
    return re.sub(
        r"^```.*?^```$",
        lambda match: "\n" + match.group().replace("\n", "\0") + "\n",
        markdown,
        flags=re.DOTALL | re.MULTILINE,
    )


def block_to_latex(block: str) -> str:
    fenced = re.fullmatch(r"```(\w*)\n(.*?)\n```", block, re.DOTALL)
    if fenced and fenced.group(1) == "math":
        return f"\\[\n{fenced.group(2)}\n\\]"
    if fenced:
        return f"\\begin{{verbatim}}\n{fenced.group(2)}\n\\end{{verbatim}}"
    heading = re.fullmatch(r"(#{1,3}) (.*)", block)
    if heading:
        return f"\\{HEADINGS[heading.group(1)]}{{{inline(heading.group(2))}}}"
    if block.startswith("- "):
        items = re.split(r"^- ", block, flags=re.MULTILINE)[1:]
        lines = "\n".join(list_item(unwrap(item)) for item in items)
        return f"\\begin{{itemize}}\n{lines}\n\\end{{itemize}}"
    return inline(block)


def list_item(text: str) -> str:
    """An item of a list; one that begins with a letter in brackets has that for its bullet."""
    letter = text[:3] if re.match(r"\([a-z]\) ", text) else ""
    text = text[len(letter) :].strip()
    return f"\\item{f'[{letter}]' if letter else ''} {inline(text)}"


def unwrap(text: str) -> str:
    return " ".join(line.strip() for line in text.strip().splitlines())


def inline(text: str) -> str:
    """A piece of running text."""
    parts, end = [], 0
    for match in INLINE.finditer(text):
        parts.append(escape(text[end : match.start()]))
        parts.append(inline_piece(match))
        end = match.end()
    return "".join(parts) + escape(text[end:])


def inline_piece(match: re.Match[str]) -> str:
    if match["math"]:
        return f"${match['math']}$"
    if match["code"]:
        return f"\\texttt{{{escape(match['code'])}}}"
    if match["bold"]:
        return f"\\textbf{{{inline(match['bold'])}}}"
    if match["italic"]:
        return f"\\emph{{{inline(match['italic'])}}}"
    return f"\\href{{{match['target']}}}{{{inline(match['label'])}}}"


def escape(text: str) -> str:
    return "".join(SPECIAL.get(character, character) for character in text)
