"""The CHANGELOG has this version, and says of every training version what changed the bits."""

import re

import word2vec
from tests.docs.test_documents import TEXTS
from word2vec.saving.checkpoint import TRAINING_VERSION

VERSIONS = re.split(r"^## ", TEXTS["CHANGELOG.md"], flags=re.MULTILINE)[1:]


def test_newest_version_is_that_of_the_library():
    assert VERSIONS[0].split()[0] == word2vec.__version__


def test_every_training_version_says_what_changed_bits():
    told = []
    for text in VERSIONS:
        _, _, changed = text.partition("### Changed bits\n")
        told += re.findall(r"\*\*Training version (\d+)\*\*", changed.partition("\n### ")[0])
    assert told == [str(number) for number in range(TRAINING_VERSION, 0, -1)]
