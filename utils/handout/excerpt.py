"""Cuts a small package out of a larger one: some functions, what they need, and nothing else.

A module is read as its top-level statements; one of them is needed if it defines a needed name, and
needs the names it uses itself, in other modules too. Functions to be left *blank* keep signature
and docstring and need nothing. Type hints are left out, with what only they need: the docstrings
say the same. Only names count, never line numbers, so that the larger package can be rewritten
around them.
"""

import ast
import re
import textwrap
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

LINE_LENGTH = 100
# Sections of a docstring that give the answer away, or speak of what the answer need not do.
NOT_FOR_STUDENTS = ("Notes", "Raises")


NUMPY = "import numpy as np"


class ExcerptError(ValueError):
    """A name to be cut out that is not there."""


class Blank(NamedTuple):
    """What takes the place of a function's body."""

    body: str
    docstring_sections_without: tuple[str, ...] = NOT_FOR_STUDENTS


class Statement(NamedTuple):
    """A top-level statement of a module, with the comments above it."""

    node: ast.stmt
    source: str
    gap: int  # empty lines above
    defines: set[str]


def excerpt(
    roots: Sequence[Path], names: Iterable[str], blanks: Mapping[str, Blank]
) -> dict[str, str]:
    """The sources of a package that has the functions asked for, and all they need.

    Parameters
    ----------
    roots : list of Path
        Directories with packages; a module is taken from the first that has it.
    names : list of str
        Dotted names of functions, classes or constants, such as ``word2vec.losses.softmax``.
    blanks : dict from str to Blank
        Dotted names of functions to leave blank.

    Returns
    -------
    dict from str to str
        Relative path of each file, and its content.

    Raises
    ------
    ExcerptError
        If a name is not there, or a blank is no function.
    """
    modules = {}
    asked_for = {*blanks, *names}
    waiting = list(asked_for)
    needed = set()
    while waiting:
        name = waiting.pop()
        if name in needed:
            continue
        needed.add(name)
        module_name, _, short = name.rpartition(".")
        if module_name not in modules:
            modules[module_name] = Module(roots, module_name)
        waiting += modules[module_name].needs(short, blank=name in blanks)

    files = {}
    for name, module in modules.items():
        files[module.file] = module.cut(needed, asked_for, blanks)
        parts = name.split(".")[:-1]
        for package in (".".join(parts[:length]) for length in range(1, len(parts) + 1)):
            if package not in modules:
                module = Module(roots, package)
                files[module.file] = module.cut(set(), set(), {})
    return files


class Module:
    """A module as its statements."""

    def __init__(self, roots: Sequence[Path], name: str) -> None:
        self.name = name
        path, self.is_package = find(roots, name)
        self.file = name.replace(".", "/") + ("/__init__.py" if self.is_package else ".py")
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text, str(path))
        self.docstring = (ast.get_docstring(tree) or "").split("\n\n")[0]
        self._roots = roots
        self._statements = list(statements(tree, text.splitlines()))

    def needs(self, short: str, blank: bool) -> list[str]:
        """Dotted names of what the definition of a name needs, in this repository."""
        found = [statement for statement in self._statements if short in statement.defines]
        if not found:
            raise ExcerptError(f"{self.file} does not define {short}.")
        names = []
        for statement in found:
            if isinstance(statement.node, ast.Import | ast.ImportFrom):
                names += self._imported(statement.node, [short])
                continue
            if blank:
                if not isinstance(statement.node, ast.FunctionDef):
                    raise ExcerptError(f"{self.name}.{short} is no function: it cannot be blank.")
                defaults = statement.node.args.defaults + statement.node.args.kw_defaults
                used = {use for default in defaults if default for use in used_names(default)}
            else:
                used = used_names(statement.node)
                for node in ast.walk(statement.node):
                    names += self._imported(node, None)
            names += [f"{self.name}.{use}" for use in used if self._is_defined(use)]
        return names

    def _is_defined(self, name):
        return any(name in statement.defines for statement in self._statements)

    def _imported(self, node, shorts):
        """Dotted names that an import brings in from this repository, of these or of all."""
        if not isinstance(node, ast.ImportFrom):
            return []
        module = self._absolute(node)
        if module is None:
            return []
        return [
            f"{module}.{alias.name}"
            for alias in node.names
            if shorts is None or (alias.asname or alias.name) in shorts
        ]

    def _absolute(self, node):
        """The module that an import names, or None if it is not from this repository."""
        if node.level:
            package = self.name.split(".") if self.is_package else self.name.split(".")[:-1]
            base = package[: len(package) - node.level + 1]
            name = ".".join([*base, *([node.module] if node.module else [])])
        else:
            name = node.module
        try:
            find(self._roots, name)
        except ExcerptError:
            return None
        return name

    def cut(self, needed: set[str], asked_for: set[str], blanks: Mapping[str, Blank]) -> str:
        """Source of the module with the needed names alone.

        Whoever fills in its blanks will want NumPy and the functions that were asked for, so a
        module with blanks imports them.
        """
        has_blanks = any(name.rpartition(".")[0] == self.name for name in blanks)
        used = set()
        for statement in self._statements:
            own = {f"{self.name}.{name}" for name in statement.defines}
            if own & needed and not own & set(blanks):
                used |= used_names(statement.node)

        chunks = [quoted(self.docstring)] if self.docstring else []
        if has_blanks and not any(statement.source == NUMPY for statement in self._statements):
            chunks.append("\n" + NUMPY)
        gap = 0  # also where what stood between is left out
        for statement in self._statements:
            node = statement.node
            gap = max(gap, statement.gap)
            own = {f"{self.name}.{name}" for name in statement.defines}
            if isinstance(node, ast.Import | ast.ImportFrom):
                source = self._cut_import(node, used, asked_for if has_blanks else set())
            elif own & set(blanks):
                source = blanked(statement, blanks[min(own & set(blanks))])
            else:
                source = statement.source if own & needed else None
            if source is not None:
                chunks.append("\n" * gap + source)
                gap = 0
        return "\n".join(chunks) + "\n"

    def _cut_import(self, node, used, wanted):
        if getattr(node, "module", "") == "__future__":
            return ast.unparse(node) if used else None
        if wanted and ast.unparse(node) == NUMPY:
            return NUMPY
        kept = [
            alias
            for alias in node.names
            if (alias.asname or alias.name).split(".")[0] in used
            or wanted.intersection(self._imported(node, [alias.asname or alias.name]))
        ]
        if not kept:
            return None
        if isinstance(node, ast.Import):
            return ast.unparse(ast.Import(kept))
        return wrapped(ast.unparse(ast.ImportFrom(node.module, kept, node.level)))


def find(roots: Sequence[Path], name: str) -> tuple[Path, bool]:
    """Path of a module, and whether it is a package."""
    for root in roots:
        path = root.joinpath(*name.split("."))
        if path.with_suffix(".py").is_file():
            return path.with_suffix(".py"), False
        if (path / "__init__.py").is_file():
            return path / "__init__.py", True
    raise ExcerptError(f"There is no module {name}.")


def statements(tree: ast.Module, lines: Sequence[str]) -> Iterator[Statement]:
    """The statements of a module, each with the comment lines that stand directly above it."""
    end_of_last = 0
    for node in tree.body:
        decorators = getattr(node, "decorator_list", [])
        first = min([node.lineno, *(decorator.lineno for decorator in decorators)]) - 1
        top = first
        while top > end_of_last and lines[top - 1].startswith("#"):
            top -= 1
        gap = 0
        while top - gap > end_of_last and not lines[top - gap - 1].strip():
            gap += 1
        is_docstring = node is tree.body[0] and ast.get_docstring(tree) is not None
        if not is_docstring:
            source = without_type_hints("\n".join(lines[top : node.end_lineno]))
            yield Statement(ast.parse(source).body[0], source, gap, defined_names(node))
        end_of_last = node.end_lineno or end_of_last


def without_type_hints(source: str) -> str:
    """The source of a statement, with the functions in it freed of their type hints."""
    text = source.encode()  # ast counts bytes
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))

    def end_of(node):
        return starts[node.end_lineno - 1] + node.end_col_offset

    cuts = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.arg) and node.annotation:
            end_of_name = starts[node.lineno - 1] + node.col_offset + len(node.arg.encode())
            cuts.append((end_of_name, end_of(node.annotation)))
        elif isinstance(node, ast.FunctionDef) and node.returns:
            arrow = text.rindex(b"->", 0, starts[node.returns.lineno - 1] + node.returns.col_offset)
            cuts.append((len(text[:arrow].rstrip()), end_of(node.returns)))
    for start, end in sorted(cuts, reverse=True):
        text = text[:start] + re.sub(rb"\A = ", b"=", text[end:])
    return on_one_line(text.decode())


def on_one_line(source: str) -> str:
    """Signatures that needed two lines more for their hints, without them."""

    def shorter(match):
        line = f"{match.group(1)}{match.group(2)}):"
        return line if len(line) <= LINE_LENGTH else match.group()

    return re.sub(r"^( *def \w+\()\n +([^\n]*[^,\n])\n *\):$", shorter, source, flags=re.MULTILINE)


def defined_names(node: ast.stmt) -> set[str]:
    """Names that a top-level statement gives to its module."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    if isinstance(node, ast.If | ast.Try):
        return {name for child in node.body for name in defined_names(child)}
    stored = (child for child in ast.walk(node) if isinstance(child, ast.Name))
    return {child.id for child in stored if isinstance(child.ctx, ast.Store)}


def used_names(node: ast.AST) -> set[str]:
    names = (child for child in ast.walk(node) if isinstance(child, ast.Name))
    return {name.id for name in names if isinstance(name.ctx, ast.Load)}


# -------------------------------------------------------------------- blank functions


def blanked(statement: Statement, blank: Blank) -> str:
    """The source of a function without its decorators and its body."""
    node = statement.node
    if not isinstance(node, ast.FunctionDef) or not (docstring := ast.get_docstring(node)):
        raise ExcerptError("Only a function with a docstring can be left blank.")
    signature = statement.source.splitlines()[node.lineno - 1 : node.body[0].lineno - 1]
    docstring = without_sections(docstring, blank.docstring_sections_without)
    body = f"{quoted(docstring)}\n{blank.body.strip()}"
    return "\n".join([*signature, textwrap.indent(body, "    ")])


def quoted(docstring: str) -> str:
    end = "\n" if "\n\n" in docstring else ""
    return f'{"r" if chr(92) in docstring else ""}"""{docstring}{end}"""'


def without_sections(docstring: str, titles: Container[str]) -> str:
    """A docstring in NumPy style without the sections of these titles."""
    parts = re.split(r"\n(?=[A-Z][\w ]*\n-{3,}\n)", docstring)
    return "\n".join(part for part in parts if part.split("\n")[0] not in titles).rstrip()


def wrapped(line: str) -> str:
    """An import in brackets, over several lines, if it is too long for one."""
    if len(line) <= LINE_LENGTH:
        return line
    head, names = line.split(" import ")
    return f"{head} import (\n" + "".join(f"    {name},\n" for name in names.split(", ")) + ")"
