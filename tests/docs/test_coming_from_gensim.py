"""The page for who comes from gensim, held to gensim itself and to our trainer."""

import inspect
import re

import pytest

from tests.docs.test_documents import TEXTS
from word2vec.engine import gensim_names
from word2vec.options import DEFAULT_ALPHA, EngineOptions, defaults

PAGE = TEXTS["docs/coming_from_gensim.md"]
ARGUMENTS = PAGE.partition("### Arguments")[2].partition("###")[0]
# Names before the table are kept; the left column of the table has those that are not.
KEPT, WITHOUT_SAME_DEFAULT = (
    set(re.findall(r"`(\w+)`", sentence)) for sentence in ARGUMENTS.split("\n\n")[1].split(". ")[:2]
)
CHANGED = {
    name
    for row in re.findall(r"^\| (`.+?) \| ", ARGUMENTS, re.MULTILINE)
    for name in re.findall(r"`(\w+)", row)
}


def test_every_argument_that_the_trainer_answers_is_in_the_table():
    assert gensim_names.ARGUMENTS.keys() <= CHANGED


def test_arguments_said_to_be_kept_are_ours():
    assert defaults(EngineOptions).keys() >= KEPT | WITHOUT_SAME_DEFAULT


def test_default_steps_are_those_of_the_options():
    for alpha in DEFAULT_ALPHA.values():
        assert f"{alpha:g} for " in PAGE or f"{alpha:g} with " in PAGE


def test_every_argument_of_gensim_has_its_place_with_the_defaults_said():
    theirs = inspect.signature(pytest.importorskip("gensim.models").Word2Vec.__init__).parameters
    assert theirs.keys() - {"self"} <= KEPT | WITHOUT_SAME_DEFAULT | CHANGED
    assert {name: theirs[name].default for name in KEPT} == {
        name: defaults(EngineOptions)[name] for name in KEPT
    }
    assert (theirs["sg"].default, theirs["alpha"].default, theirs["workers"].default) == (
        0,
        0.025,
        3,
    )
