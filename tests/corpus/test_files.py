import pytest

from word2vec import tokenize
from word2vec.corpus.files import text_files
from word2vec.corpus.tokenizer import TokenizedLines


@pytest.fixture
def folder(tmp_path):
    for name in ("b.txt", "a.txt.gz", ".hidden", "c"):
        (tmp_path / name).write_text(f"{name}\n")
    (tmp_path / "inner").mkdir()
    return tmp_path


def names(paths):
    return [path.name for path in paths]


def test_directory_is_its_files_by_name(folder):
    assert names(text_files(folder)) == ["a.txt.gz", "b.txt", "c"]


def test_pattern_is_what_matches(folder):
    assert names(text_files(str(folder / "*.txt*"))) == ["a.txt.gz", "b.txt"]


def test_file_whose_name_looks_like_a_pattern_is_that_file(tmp_path):
    (tmp_path / "a[1].txt").write_text("a\n")
    assert names(text_files(str(tmp_path / "a[1].txt"))) == ["a[1].txt"]


def test_list_keeps_its_order(folder):
    assert names(text_files([str(folder / "c"), folder / "b.txt"])) == ["c", "b.txt"]


@pytest.mark.parametrize("sentences", [[["a", "b"]], ["no such file"], [], (["a"],)])
def test_sentences_are_no_files(sentences):
    assert text_files(sentences) is None


def test_missing_file_of_a_list_is_named(folder):
    with pytest.raises(FileNotFoundError, match="There is no text file .*missing"):
        text_files([folder / "c", folder / "missing"])


def test_directory_within_a_list_is_refused(folder):
    with pytest.raises(IsADirectoryError, match="inner is a directory"):
        text_files([folder / "inner"])


def test_empty_directory_is_refused(folder):
    with pytest.raises(FileNotFoundError, match="inner has no text files"):
        text_files(folder / "inner")


def test_pattern_without_a_match_is_refused(folder):
    with pytest.raises(FileNotFoundError, match=r"No file matches .*\*\.tar"):
        text_files(str(folder / "*.tar"))


def test_lines_of_several_files_are_tokenized(folder):
    (folder / "b.txt").write_text("Tea, please!\nHot.")
    (folder / "c").write_text("Now.")
    lines = TokenizedLines([folder / "b.txt", folder / "c"])
    assert list(lines) == [tokenize("tea please"), ["hot"], ["now"]]


def test_sentences_cannot_be_tokenized_as_files():
    with pytest.raises(TypeError, match="path must name a text file"):
        TokenizedLines([["a", "b"]])
