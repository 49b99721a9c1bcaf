"""Type hints: all that is public has them, and a type checker reads them as they are meant."""

import importlib
import importlib.resources
import inspect
import os
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import utils
import word2vec

ROOT = Path(word2vec.__file__).parent.parent
MODULES = [
    module.name
    for package in (word2vec, utils)
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + ".")
]

# What a user may write. mypy must object to the lines that end in "wrong", and to no other.
SCRIPT = """
import numpy as np
from utils.gradcheck import gradcheck_naive
from word2vec import KeyedVectors, Word2Vec, normalize_rows, sgd, skipgram, softmax

center, outside = np.random.default_rng(0).normal(size=(2, 5, 3))
loss, grad_center, grad_outside = skipgram(2, [1, 4], normalize_rows(center), outside)
skipgram(np.argmax(softmax(outside @ center[0])), np.array([1, 4]), center, outside)
skipgram("good", [1, 4], center, outside)  # wrong
half_loss: float = 0.5 * float(loss)
gradcheck_naive(lambda v: skipgram(2, [1, 4], v, outside)[:2], center, "skip-gram")
gradcheck_naive(lambda v: skipgram(2, [1, 4], v, outside)[0], center)  # wrong
sgd(lambda x: (np.sum(x**2), 2 * x), [0.5, -1.0], step=lambda k: 0.1 / (k + 1), iterations=9)

model = Word2Vec(vector_size=5, alpha=None).fit([["a", "good", "film"], ["a", "bad", "film"]])
model.fit([1, 2])  # wrong
model.fit("film.txt", progress=lambda progress: print(progress.epoch, progress.loss))
mean_loss: float = model.losses[-1]
vectors: KeyedVectors = model.wv
vectors = KeyedVectors.from_words(["good", "film"], center[:2])
words: list[str] = [word.upper() for word, score in vectors.most_similar("film", topn=1)]
vectors.most_similar(positive=["good", center[0]], negative=[("film", 0.5)])
vectors.most_similar("film", topn="1")  # wrong
numbers: list[int] = vectors.closer_than("good", "film").shape  # wrong
KeyedVectors.load("vectors.npy").save_word2vec_format("vectors.txt", binary=False)
"""


def functions_written_in(module):
    """The public functions and methods that stand in the file of a module, by name."""
    for name, member in vars(module).items():
        if name.startswith("_") or getattr(member, "__module__", None) != module.__name__:
            continue
        if inspect.isfunction(inspect.unwrap(member)):
            yield name, inspect.unwrap(member)
        for method_name, method in vars(member).items() if inspect.isclass(member) else ():
            if not re.match("_(?!_)", method_name):
                for function in (getattr(method, "__func__", method), *accessors(method)):
                    function = inspect.unwrap(function)
                    # Not what NamedTuple and dataclass add.
                    if inspect.isfunction(function) and is_written_in(module, function):
                        yield f"{name}.{method_name}", function


def accessors(member):
    return (member.fget, member.fset) if isinstance(member, property) else ()


def is_written_in(module, function):
    return Path(function.__code__.co_filename) == Path(module.__file__)


def missing_hints(name, function):
    """The parameters of a function that have no hint, and "return"."""
    signature = inspect.signature(function)
    parameters = list(signature.parameters.values())
    if "." in name and parameters and parameters[0].name in ("self", "cls"):
        del parameters[0]
    missing = [p.name for p in parameters if p.annotation is inspect.Parameter.empty]
    return missing + ["return"] * (signature.return_annotation is inspect.Signature.empty)


def test_a_missing_hint_is_found():
    def function(x: int, *, y=0): ...

    def method(self, x: int) -> int: ...

    assert missing_hints("function", function) == ["y", "return"]
    assert missing_hints("Class.method", method) == []


def test_functions_methods_properties_and_wrapped_functions_are_found():
    from word2vec import functions
    from word2vec.vectors import store

    names = [name for name, _ in functions_written_in(functions)]
    assert "sigmoid" in names  # decorated
    assert "as_float_array" not in names  # imported
    names = [name for name, _ in functions_written_in(store)]
    assert names.count("VectorStore.vectors") == 2  # getter and setter
    assert {"VectorStore.from_words", "VectorStore.__init__", "as_list"} <= set(names)
    assert "VectorStore._make_writable" not in names


@pytest.mark.parametrize("name", MODULES)
def test_public_functions_and_methods_have_hints(name):
    module = importlib.import_module(name)
    missing = {
        function_name: gaps
        for function_name, function in functions_written_in(module)
        if (gaps := missing_hints(function_name, function))
    }
    assert missing == {}


def test_type_checkers_are_told_to_use_the_hints():
    assert importlib.resources.files("word2vec").joinpath("py.typed").is_file()


def test_all_names_are_exported_on_purpose():
    public = [
        name
        for name, value in vars(word2vec).items()
        if not name.startswith("_") and not inspect.ismodule(value)
    ]
    assert sorted(public) == sorted(word2vec.__all__)


def test_mypy_accepts_what_is_right_and_objects_to_what_is_wrong(tmp_path):
    pytest.importorskip("mypy")
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", script]
    output = subprocess.run(
        [*command, "--config-file="],
        cwd=ROOT,
        env=os.environ | {"MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
    ).stdout
    wrong = [n for n, line in enumerate(SCRIPT.splitlines(), 1) if line.endswith("# wrong")]
    found = re.findall(r"^.*script\.py:(\d+): error:", output, re.MULTILINE)
    assert sorted({int(n) for n in found}) == wrong, output
