"""Cuts a small package out of a larger one: some functions, what they need, and nothing else.

A module is read as its top-level statements; one of them is needed if it defines a needed name, and
needs the names it uses itself, in other modules too. Functions to be left *blank* keep signature
and docstring and need nothing. Only names count, never line numbers, so that the larger package can
be rewritten around them.
"""

import ast
import copy
import re
import textwrap
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
    docstring_sections_without: tuple = NOT_FOR_STUDENTS


class Statement(NamedTuple):
    """A top-level statement of a module, with the comments above it."""

    node: ast.stmt
    source: str
    gap: int  # empty lines above
    defines: set


def excerpt(roots, names, blanks):
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

    def __init__(self, roots, name):
        self.name = name
        path, self.is_package = find(roots, name)
        self.file = name.replace(".", "/") + ("/__init__.py" if self.is_package else ".py")
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text, str(path))
        self.docstring = (ast.get_docstring(tree) or "").split("\n\n")[0]
        self._roots = roots
        self._statements = list(statements(tree, text.splitlines()))

    def needs(self, short, blank):
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

    def cut(self, needed, asked_for, blanks):
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
        if has_blanks or "np" in used:
            chunks.append("\n" + NUMPY)
        for statement in self._statements:
            node = statement.node
            own = {f"{self.name}.{name}" for name in statement.defines}
            if isinstance(node, ast.Import | ast.ImportFrom):
                source = self._cut_import(node, used, asked_for if has_blanks else set())
            elif own & set(blanks):
                source = blanked(statement, blanks[min(own & set(blanks))])
            else:
                source = statement.source if own & needed else None
            if source is not None and source != NUMPY:
                chunks.append("\n" * statement.gap + source)
        return "\n".join(chunks) + "\n"

    def _cut_import(self, node, used, wanted):
        kept = []
        for alias in node.names:
            name = alias.asname or alias.name
            if name in used or wanted.intersection(self._imported(node, [name])):
                kept.append(alias)
        if getattr(node, "module", "") == "__future__":
            return ast.unparse(node)
        if not kept:
            return None
        if isinstance(node, ast.Import):
            return ast.unparse(ast.Import(kept))
        return wrapped(ast.unparse(ast.ImportFrom(node.module, kept, node.level)))


def find(roots, name):
    """Path of a module, and whether it is a package."""
    for root in roots:
        path = root.joinpath(*name.split("."))
        if path.with_suffix(".py").is_file():
            return path.with_suffix(".py"), False
        if (path / "__init__.py").is_file():
            return path / "__init__.py", True
    raise ExcerptError(f"There is no module {name}.")


def statements(tree, lines):
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
            source = "\n".join(lines[top : node.end_lineno])
            yield Statement(node, source, gap, defined_names(node))
        end_of_last = node.end_lineno


def defined_names(node):
    """Names that a top-level statement gives to its module."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    if isinstance(node, ast.If | ast.Try):
        return {name for child in node.body for name in defined_names(child)}
    stored = (child for child in ast.walk(node) if isinstance(child, ast.Name))
    return {child.id for child in stored if isinstance(child.ctx, ast.Store)}


def used_names(node):
    return {child.id for child in ast.walk(node) if isinstance(child, ast.Name)}


# -------------------------------------------------------------------- blank functions


def blanked(statement, blank):
    """The source of a function without its decorators, type hints and body."""
    node = statement.node
    signature = ast.FunctionDef(
        name=node.name,
        args=without_type_hints(node.args),
        body=[ast.Pass()],
        decorator_list=[],
        type_params=[],
    )
    text = ast.unparse(ast.fix_missing_locations(signature))
    text = text.removesuffix("\n    pass").replace("'", '"')
    docstring = without_sections(ast.get_docstring(node), blank.docstring_sections_without)
    body = f"{quoted(docstring)}\n{blank.body.strip()}"
    return f"{wrapped(text)}\n{textwrap.indent(body, '    ')}"


def quoted(docstring):
    end = "\n" if "\n\n" in docstring else ""
    return f'{"r" if chr(92) in docstring else ""}"""{docstring}{end}"""'


def without_type_hints(arguments):
    bare = copy.deepcopy(arguments)
    for argument in [*bare.posonlyargs, *bare.args, *bare.kwonlyargs, bare.vararg, bare.kwarg]:
        if argument is not None:
            argument.annotation = None
    return bare


def without_sections(docstring, titles):
    """A docstring in NumPy style without the sections of these titles."""
    parts = re.split(r"\n(?=[A-Z][\w ]*\n-{3,}\n)", docstring)
    return "\n".join(part for part in parts if part.split("\n")[0] not in titles).rstrip()


def wrapped(line):
    """A line of code in brackets, over several lines if it is too long for one."""
    if len(line) <= LINE_LENGTH:
        return line
    if " import " in line:
        head, names = line.split(" import ")
        head, tail = f"{head} import (", ")"
    else:
        head, names = line.split("(", 1)
        names, tail = names.rsplit(")", 1)
        head, tail = f"{head}(", f"){tail}"
    body = "".join(f"    {name},\n" for name in names.split(", "))
    return f"{head}\n{body}{tail}"
