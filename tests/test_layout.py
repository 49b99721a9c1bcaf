"""The rooms of the library: what may import what, and how many files meet whoever opens it."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import word2vec

ROOT = Path(word2vec.__file__).parent
FORMULAS = ["functions", "losses", "models", "network", "huffman", "gradcheck"]
SHARED = ["checks", "rowsparse", "sampling", "options"]
# From each room to the rooms that it may use; the formulas stand alone.
MAY_USE = {
    "formulas": {"shared"},
    "shared": {"formulas"},
    "saving": {"shared"},
    "corpus": {"saving", "shared"},
    "vectors": {"saving", "shared", "formulas", "corpus"},
    "sgd": {"saving", "shared"},
    "engine": {"vectors", "corpus", "saving", "shared", "formulas"},
    "classic": {"engine", "sgd", "vectors", "corpus", "saving", "shared", "formulas"},
}


def modules():
    """From the name of each module of the library to its file."""
    for path in ROOT.rglob("*.py"):
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


FILES = dict(modules())


def imports_of(name, files=FILES):
    """The modules among `files` that one of them imports, anywhere in it."""
    path = files[name]
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package.split(".")
            base = ".".join(base[: len(base) - node.level + 1])
            base = f"{base}.{node.module}" if node.module else base
        elif isinstance(node, ast.ImportFrom):
            base = node.module
        else:
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names if alias.name in files}
            continue
        for alias in node.names:
            target = f"{base}.{alias.name}"
            if target in files or base in files:
                found.add(target if target in files else base)
    return found - {name}


def room(name):
    """The room that a module belongs to; None for what stands above all rooms."""
    parts = name.split(".")[1:]
    if not parts or parts[0] in ("__main__", "commands"):
        return None
    if parts[0] in FORMULAS:
        return "formulas"
    return "shared" if parts[0] in SHARED else parts[0]


def test_whoever_opens_the_library_meets_few_files():
    assert len([path for path in ROOT.iterdir() if path.is_file()]) <= 14


@pytest.mark.parametrize("name", sorted(FILES))
def test_arrows_point_one_way(name):
    own = room(name)
    used = {room(other) for other in imports_of(name)} - {own}
    if own is not None:
        # The version alone comes from above: files carry it.
        assert used - {None} <= MAY_USE[own]
        assert {other for other in imports_of(name) if room(other) is None} <= {"word2vec"}


def test_formulas_import_no_other_room():
    used = {other for name in FORMULAS for other in imports_of(f"word2vec.{name}")}
    assert used <= {f"word2vec.{name}" for name in [*FORMULAS, "checks"]}


def test_imports_run_in_no_circle():
    # Packages only re-export, and the version is set before anything is imported.
    graph = {
        name: {other for other in imports_of(name) if FILES[other].name != "__init__.py"}
        for name, path in FILES.items()
        if path.name != "__init__.py"
    }
    assert len([*TopologicalSorter(graph).static_order()]) == len(graph)


@pytest.mark.parametrize("name", sorted(name for name in FILES if name.count(".") == 1))
def test_every_room_says_what_it_is_for_and_what_it_offers(name):
    tree = ast.parse(FILES[name].read_text("utf-8"))
    assert ast.get_docstring(tree)
    if FILES[name].name == "__init__.py":
        assert any(
            isinstance(node, ast.Assign) and node.targets[0].id == "__all__" for node in tree.body
        )


def test_the_library_imports_nothing_of_what_lies_around_it():
    for path in FILES.values():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and not node.level:
                assert node.module.split(".")[0] not in ("utils", "run", "matplotlib")
