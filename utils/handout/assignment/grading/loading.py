"""The functions of one question as the student wrote them, alone among references.

Whatever else they call, of other questions, is replaced by the reference, so that a mistake in
`softmax` costs points for `softmax` and not for everything that is built on it.
"""

import ast
import contextlib
import importlib.util
import sys
import types
from pathlib import Path

from .references import REFERENCES

PACKAGE = "word2vec"
ALLOWED = {*sys.stdlib_module_names, "numpy", PACKAGE}


class CannotBeLoaded(Exception):
    """Why the student's functions cannot be had at all."""


@contextlib.contextmanager
def student_functions(directory, names, all_names):
    """A namespace with the student's functions `names`, for as long as the block runs.

    Parameters
    ----------
    directory : path-like
        The student's repository.
    names, all_names : list of str
        Dotted names of the functions of the question, and of all functions that are asked for.
    """
    own = {module_of(name) for name in names}
    others = {module_of(name) for name in all_names} - own
    replaced = set(all_names) - set(names)
    with own_modules():
        package = types.ModuleType(PACKAGE)
        package.__path__ = [str(Path(directory, PACKAGE))]
        sys.modules[PACKAGE] = package
        for module_name in sorted(others):
            import_or_replace(module_name, replaced)
        loaded = {module_name: import_student(directory, module_name) for module_name in own}
        replace_by_references(replaced)
        functions = {}
        for name in names:
            short = name_of(name)
            functions[short] = getattr(loaded[module_of(name)], short, None)
            if not callable(functions[short]):
                raise CannotBeLoaded(f"{file_of(module_of(name))} has no function {short}.")
        yield types.SimpleNamespace(**functions)


@contextlib.contextmanager
def own_modules():
    """Hide all modules of the package while the block runs, and forget those that it imports."""

    def take_away():
        names = [name for name in sys.modules if name.split(".")[0] == PACKAGE]
        return {name: sys.modules.pop(name) for name in names}

    hidden = take_away()
    try:
        yield
    finally:
        take_away()
        sys.modules.update(hidden)


def module_of(name):
    return name.rpartition(".")[0]


def name_of(name):
    return name.rpartition(".")[2]


def file_of(module_name):
    return module_name.replace(".", "/") + ".py"


def import_student(directory, module_name):
    path = Path(directory, file_of(module_name))
    try:
        text = path.read_text(encoding="utf-8")
        refuse_other_libraries(file_of(module_name), ast.parse(text))
        return importlib.import_module(module_name)
    except OSError as error:
        raise CannotBeLoaded(f"{file_of(module_name)}: {error.strerror}.") from None
    except SyntaxError as error:
        place = f"{file_of(module_name)}, line {error.lineno}"
        raise CannotBeLoaded(f"{place}: {type(error).__name__}: {error.msg}.") from None
    except CannotBeLoaded:
        raise
    except BaseException as error:  # whatever a file may do when it is imported, also exit
        message = f"{file_of(module_name)} cannot be imported: {type(error).__name__}: {error}"
        raise CannotBeLoaded(message) from None


def refuse_other_libraries(file, tree):
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module]
        for name in names:
            if name.split(".")[0] not in ALLOWED:
                raise CannotBeLoaded(f"{file} imports {name}; these functions need NumPy alone.")


def import_or_replace(module_name, names):
    """Import another module of the student; references are there for what it lacks."""
    try:
        module = importlib.import_module(module_name)
    except BaseException:  # it is not the one that is graded
        module = types.ModuleType(module_name)
        sys.modules[module_name] = module
        setattr(sys.modules[PACKAGE], name_of(module_name), module)
    for name in names & set(REFERENCES):
        if module_of(name) == module_name and not hasattr(module, name_of(name)):
            setattr(module, name_of(name), REFERENCES[name])


def replace_by_references(names):
    """Put references in the place of functions, wherever the student's modules have them."""
    replacement = {}  # from the identity of a student's function
    for name in names & set(REFERENCES):
        module = sys.modules.get(module_of(name))
        if module is not None:
            replacement[id(getattr(module, name_of(name), None))] = REFERENCES[name]
            setattr(module, name_of(name), REFERENCES[name])
    replacement.pop(id(None), None)
    for module_name, module in list(sys.modules.items()):
        if module_name.startswith(PACKAGE + "."):
            for short, value in list(vars(module).items()):
                if id(value) in replacement:
                    setattr(module, short, replacement[id(value)])
