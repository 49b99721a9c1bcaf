"""All pages: their links lead somewhere, what they name exists, their code prints what they say."""

import doctest
import re
from pathlib import Path

import pytest

import word2vec

ROOT = Path(word2vec.__file__).parents[1]
PAGES = {
    path.relative_to(ROOT).as_posix(): path
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
}
TEXTS = {name: path.read_text("utf-8") for name, path in PAGES.items()}
# The code of each page that has some; it is one session from top to bottom.
CODE = {
    name: blocks
    for name, text in TEXTS.items()
    if (blocks := re.findall(r"```python\n(>>> .*?)```", text, re.DOTALL))
}
TESTS = "".join(file.read_text("utf-8") for file in (ROOT / "tests").rglob("test_*.py"))


def links_of(text):
    """(what is shown, file, heading) of every link of a page that stays in the repository."""
    text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    found = re.findall(r"\[((?:[^\[\]]|\[[^\]]*\])*)\]\((?!https?:)([^)#\s]*)(?:#([^)]*))?\)", text)
    return [(" ".join(shown.split()), file, heading) for shown, file, heading in found]


def anchor(title):
    """What GitHub calls a heading in addresses."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def functions_linked(text):
    """(name, file) of all functions, classes and constants that a page links by their names."""
    for shown, file, _ in links_of(text):
        if file.endswith(".py") and "/tests/" not in f"/{file}" and ".py" not in shown:
            yield from ((name, file) for name in re.findall(r"`(\w+)`", shown))


def pages_with(found):
    """A parametrization by the pages for which `found`(text) is not empty."""
    return pytest.mark.parametrize("name", [name for name in PAGES if list(found(TEXTS[name]))])


@pages_with(links_of)
def test_every_link_leads_to_a_file_and_a_heading(name):
    for _, file, heading in links_of(TEXTS[name]):
        target = PAGES[name].parent / file if file else PAGES[name]
        assert target.exists(), file
        if heading:
            headings = re.findall(r"^#+ (.*)$", target.read_text("utf-8"), re.MULTILINE)
            assert heading in map(anchor, headings), heading


@pages_with(functions_linked)
def test_every_function_linked_exists(name):
    for function, file in functions_linked(TEXTS[name]):
        source = (PAGES[name].parent / file).read_text("utf-8")
        written = rf"^(?:def|class) {function}\b|^{function}\b.* = "
        assert re.search(written, source, re.MULTILINE), f"{function} in {file}"


@pages_with(re.compile(r"`test_\w+`").findall)
def test_every_test_named_exists(name):
    text = TEXTS[name]
    named = set(re.findall(r"`(test_\w+)`", text))
    assert [test for test in named if f"def {test}(" not in TESTS] == []
    for shown, file, _ in links_of(text):
        for test in re.findall(r"`(test_\w+)`", shown):
            assert f"def {test}(" in (PAGES[name].parent / file).read_text("utf-8"), shown


@pytest.mark.parametrize("name", CODE)
def test_code_prints_what_it_says(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    report = []
    code = "".join(CODE[name])
    examples = doctest.DocTestParser().get_doctest(code, {}, name, str(PAGES[name]), 0)
    doctest.DocTestRunner(verbose=False).run(examples, out=report.append)
    assert "".join(report) == ""


def test_the_pages_that_teach_are_among_those_looked_at():
    assert {"README.md", "CHANGELOG.md", "CONTRIBUTING.md"} <= PAGES.keys()
    assert {"README.md", "docs/installed.md", "docs/how_it_fits_together.md"} <= CODE.keys()
    assert all(len(CODE[name]) == TEXTS[name].count("```python") for name in CODE)
    assert len(list(functions_linked(TEXTS["docs/derivations.md"]))) > 20
    assert len(list(functions_linked(TEXTS["docs/how_it_fits_together.md"]))) > 20
