"""Small packages cut out of larger ones."""

import pytest

from utils.handout.excerpt import Blank, ExcerptError, excerpt

FORMULAS = '''"""Formulas.

More about them.
"""

from __future__ import annotations

import os
import sys

import numpy as np
from numpy.typing import ArrayLike

from . import other
from .checks import Array, check

LIMIT = 3  # and why
# Never warns.
quiet = np.errstate(all="ignore")


@quiet
def double(x: ArrayLike, *, factor: int = LIMIT) -> Array:
    """Twice x.

    Parameters
    ----------
    x : number

    Raises
    ------
    ValueError
        If it is none.

    Notes
    -----
    x + x.

    Examples
    --------
    >>> double(2)
    4
    """
    return helper(check(x)) * 2  # the answer


def helper(x: ArrayLike) -> ArrayLike:
    return x


def unused() -> str:
    return os.name
'''
CHECKS = '''"""Checks."""

import sys

Array = list


def check(x):
    """The size of x."""
    from .deep import size

    return size(x)


def unused():
    return sys.path
'''
USER = '''"""Uses."""

from package.formulas import double


class User:
    """Uses double."""

    def __call__(
        self, x: int, y: int | None = None
    ) -> int:
        return double(x)
'''


@pytest.fixture
def root(tmp_path):
    package = tmp_path / "package"
    package.mkdir()
    files = {
        "__init__": '"""The package."""\n\nfrom .formulas import double\n',
        "formulas": FORMULAS,
        "checks": CHECKS,
        "deep": "def size(x):\n    return len(x)\n",
        "other": "",
        "user": USER,
    }
    for name, text in files.items():
        (package / f"{name}.py").write_text(text, encoding="utf-8")
    return tmp_path


def test_what_is_needed_comes_along_and_nothing_else(root):
    files = excerpt([root], ["package.formulas.double"], {})
    assert sorted(files) == [
        "package/__init__.py",
        "package/checks.py",
        "package/deep.py",
        "package/formulas.py",
    ]
    assert files["package/__init__.py"] == '"""The package."""\n'
    assert files["package/deep.py"] == "\ndef size(x):\n    return len(x)\n".lstrip("\n")
    for name in ("unused", "sys", "Array", "os"):
        assert name not in "".join(files.values())


def test_type_hints_are_left_out(root):
    files = excerpt([root], ["package.user.User"], {})
    assert "def double(x, *, factor=LIMIT):\n" in files["package/formulas.py"]
    assert "    def __call__(self, x, y=None):\n" in files["package/user.py"]


def test_comments_and_empty_lines_stay_with_their_statement(root):
    text = excerpt([root], ["package.formulas.double"], {})["package/formulas.py"]
    assert (
        'LIMIT = 3  # and why\n# Never warns.\nquiet = np.errstate(all="ignore")\n\n\n@quiet'
        in text
    )
    assert text.startswith(
        '"""Formulas."""\n\nfrom __future__ import annotations\n\nimport numpy as np\n\n'
    )


def test_a_blank_keeps_signature_and_docstring_and_needs_nothing(root):
    blanks = {"package.formulas.double": Blank("# Now you\nraise Exception")}
    files = excerpt([root], [], blanks)
    assert sorted(files) == ["package/__init__.py", "package/formulas.py"]
    assert files["package/formulas.py"] == (
        '"""Formulas."""\n\nimport numpy as np\n\nLIMIT = 3  # and why\n\n\n'
        'def double(x, *, factor=LIMIT):\n    """Twice x.\n\n    Parameters\n    ----------\n'
        "    x : number\n\n    Examples\n    --------\n    >>> double(2)\n    4\n"
        '    """\n    # Now you\n    raise Exception\n'
    )


def test_a_module_with_blanks_imports_what_was_asked_for(root):
    blanks = {"package.formulas.double": Blank("raise Exception")}
    text = excerpt([root], ["package.checks.check"], blanks)["package/formulas.py"]
    assert "from .checks import check\n" in text


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("package.formulas.triple", "package/formulas.py does not define triple."),
        ("package.nothing.double", "There is no module package.nothing."),
    ],
)
def test_what_is_not_there_is_an_error(root, name, message):
    with pytest.raises(ExcerptError, match=message):
        excerpt([root], [name], {})


@pytest.mark.parametrize("name", ["package.formulas.LIMIT", "package.user.User"])
def test_only_functions_can_be_blank(root, name):
    with pytest.raises(ExcerptError, match="is no function: it cannot be blank."):
        excerpt([root], [], {name: Blank("raise Exception")})
