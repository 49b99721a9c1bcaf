import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from utils.treebank import DATA_DIR, StanfordSentiment, TreebankError

# A word with an accent, one with a no-break space, brackets, and a NEL, which ends no line here.
SENTENCES = [
    ["A", "Caf\u00e9", "-LRB-", "closed", "-RRB-", "."],
    ["2\u00a01\\/2", "hours", "wasted"],
    ["Great", "fun\u0085", "."],
    ["Fine", "."],
    ["Awful"],
]
SPLITS = ["train", "test", "dev", "train", "test"]
SCORES = ["0.5", "0.2", "0.80001", "0.8", "0.0"]
LABELS = [2, 0, 4, 3, 0]  # each cut, 0.2 and 0.8 here, belongs to the class below it
CODES = {"train": 1, "test": 2, "dev": 3}
BRACKETS = {"-LRB-": "(", "-RRB-": ")"}


def lines(*rows):
    return "".join(row + "\n" for row in rows).encode("utf-8")


@pytest.fixture
def classic(tmp_path):
    """A directory in the classic layout."""
    twice = [" ".join(words).encode("utf-8").decode("latin-1") for words in SENTENCES]
    phrases = [" ".join(BRACKETS.get(word, word) for word in words) for words in SENTENCES]
    files = {
        "datasetSentences.txt": ["sentence_index\tsentence"]
        + [f"{i}\t{text}" for i, text in enumerate(twice, 1)],
        "datasetSplit.txt": ["sentence_index,splitset_label"]
        + [f"{i},{CODES[split]}" for i, split in enumerate(SPLITS, 1)],
        "dictionary.txt": ["a|b|77"] + [f"{phrase}|{i}" for i, phrase in enumerate(phrases)],
        "sentiment_labels.txt": ["phrase ids|sentiment values", "77|1.0"]
        + [f"{i}|{score}" for i, score in enumerate(SCORES)],
    }
    for name, rows in files.items():
        (tmp_path / name).write_bytes(lines(*rows))
    return tmp_path


@pytest.fixture
def trees(tmp_path):
    """A directory with labelled trees of the same sentences."""
    directory = tmp_path / "trees"
    directory.mkdir()
    for split in CODES:
        rows = []
        for words, label, own in zip(SENTENCES, LABELS, SPLITS, strict=True):
            if own == split:
                tree = f"({label} {words[-1]})"
                for word in reversed(words[:-1]):
                    tree = f"({label} (2 {word}) {tree})"
                rows.append(tree)
        (directory / f"{split}.txt").write_bytes(lines(*rows))
    return directory


def real_sst(folder):
    """A folder of the real treebank: where the environment says, or where it was downloaded to."""
    path = Path(os.environ.get("WORD2VEC_SST", DATA_DIR), folder)
    if not path.is_dir():
        pytest.skip("the Stanford Sentiment Treebank is not here; get_datasets.sh downloads it")
    return path


def test_classic_layout_gives_repaired_sentences_splits_and_labels(classic):
    sst = StanfordSentiment(classic, lowercase=False)
    assert sst.sentences == SENTENCES
    assert_array_equal(sst.splits, SPLITS)
    assert_array_equal(sst.labels, LABELS)
    assert len(sst) == 5


def test_words_are_lower_cased_unless_told_otherwise(classic):
    assert StanfordSentiment(classic).sentences[0] == "a caf\u00e9 -lrb- closed -rrb- .".split()


@pytest.mark.parametrize("split", CODES)
def test_trees_give_the_same_as_the_classic_layout(classic, trees, split):
    for one, other in zip(
        StanfordSentiment(classic).split(split), StanfordSentiment(trees).split(split), strict=True
    ):
        assert_array_equal(np.array(one, dtype=object), np.array(other, dtype=object))


def test_phrases_of_trees_are_all_their_nodes(trees):
    phrases, labels = StanfordSentiment(trees).phrases("train")
    expected = {("fine",): 2, (".",): 3, ("fine", "."): 3}
    assert dict(zip(phrases[-3:], labels[-3:], strict=True)) == expected
    assert len(phrases) == 11 + 3  # a binary tree of n words has 2n - 1 nodes


# The parent of each node, from 1: first the words, then phrases, last the root.
PARENTS = ["11|9|7|7|8|10|8|9|10|11|0", "4|4|5|5|0", "4|4|5|5|0", "3|3|0", "0"]


@pytest.fixture
def classic_with_trees(classic):
    """The classic layout with the trees of each sentence, of which every phrase is scored."""
    spans = {(2, 4), (2, 5), (1, 5), (1, 6), (0, 2)}
    parts = {
        " ".join(BRACKETS.get(word, word) for word in words[start:end])
        for words in SENTENCES
        for start, end in {*spans, *((i, i + 1) for i in range(len(words)))}
    }
    whole = {" ".join(BRACKETS.get(word, word) for word in words) for words in SENTENCES}
    with open(classic / "dictionary.txt", "ab") as file:
        file.write(lines(*(f"{phrase}|77" for phrase in sorted(parts - whole - {""}))))
    (classic / "STree.txt").write_bytes(lines(*PARENTS))
    return classic


def test_phrases_of_the_classic_layout_follow_the_parents(classic_with_trees):
    phrases, labels = StanfordSentiment(classic_with_trees).phrases("train")
    scored = list(zip((" ".join(phrase) for phrase in phrases), labels.tolist(), strict=True))
    assert scored == [
        ("a", 4),
        ("a caf\u00e9 -lrb- closed -rrb- .", 2),
        ("caf\u00e9", 4),
        ("caf\u00e9 -lrb- closed -rrb-", 4),
        ("caf\u00e9 -lrb- closed -rrb- .", 4),
        ("-lrb-", 4),
        ("-lrb- closed", 4),
        ("-lrb- closed -rrb-", 4),
        ("closed", 4),
        ("-rrb-", 4),
        (".", 4),
        ("fine", 4),
        ("fine .", 3),
        (".", 4),
    ]


def test_phrase_without_a_score_is_named(classic_with_trees):
    path = classic_with_trees / "dictionary.txt"
    path.write_bytes(path.read_bytes().replace(b"( closed|77\n", b""))
    with pytest.raises(TreebankError, match=r"line 1: .* '\( closed' is not in dictionary.txt"):
        StanfordSentiment(classic_with_trees).phrases("train")


def test_without_trees_phrases_are_sentences_and_the_words_that_have_a_score(classic):
    with open(classic / "dictionary.txt", "ab") as file:
        file.write(lines("(|77", "Fine|4"))
    phrases, labels = StanfordSentiment(classic).phrases("train")
    assert list(zip((" ".join(phrase) for phrase in phrases), labels, strict=True)) == [
        ("a caf\u00e9 -lrb- closed -rrb- .", 2),
        ("-lrb-", 4),
        ("fine", 0),
        ("fine .", 3),
    ]
    assert StanfordSentiment(classic).phrases("test")[0][-1] == ("awful",)


def test_phrases_of_an_unknown_split_are_refused(classic):
    with pytest.raises(ValueError, match="name must be one of train, dev, test. Got 'valid'"):
        StanfordSentiment(classic).phrases("valid")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("3|3|0", "3|3|4", "line 4: .* 3 nodes for 2 words, or no root"),
        ("3|3|0", "0", "line 4: .* 1 nodes for 2 words, or no root"),
        ("3|3|0", "2|3|0", "line 4: .* node 1 cannot have the parent 2"),
        ("3|3|0", "9|3|0", "line 4: .* node 1 cannot have the parent 9"),
        ("3|3|0", "3|x|0", "line 4: .* invalid literal"),
        ("11|9|7|7|8|", "11|9|7|8|7|", "line 1: .* node 7 covers words that do not stand together"),
        ("3|3|0\n", "", "4 trees for 5 sentences"),
    ],
)
def test_damage_to_the_trees_of_the_classic_layout_is_named(classic_with_trees, old, new, message):
    path = classic_with_trees / "STree.txt"
    content = path.read_text()
    assert content.count(old) == 1
    path.write_text(content.replace(old, new))
    with pytest.raises(TreebankError, match=rf"STree\.txt(, |: ){message}.*{CURE}"):
        StanfordSentiment(classic_with_trees).phrases("train")


def test_windows_line_ends_are_understood(classic):
    expected = StanfordSentiment(classic).sentences
    for path in classic.glob("*.txt"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert StanfordSentiment(classic).sentences == expected


def test_unknown_split_is_refused(classic):
    with pytest.raises(ValueError, match="name must be one of train, dev, test. Got 'valid'"):
        StanfordSentiment(classic).split("valid")


CURE = "Get the data with get_datasets.sh"


@pytest.mark.parametrize(
    "name", ["datasetSplit.txt", "dictionary.txt", "sentiment_labels.txt", "dev.txt"]
)
def test_missing_file_is_named_with_the_cure(classic, trees, name):
    directory = trees if name == "dev.txt" else classic
    (directory / name).unlink()
    with pytest.raises(TreebankError, match=rf"{name}: the file is missing\. {CURE}"):
        StanfordSentiment(directory)


@pytest.mark.skipif(os.name == "nt", reason="Windows calls it a lack of permission")
def test_directory_in_place_of_a_file_is_named_with_the_cure(classic):
    (classic / "dictionary.txt").unlink()
    (classic / "dictionary.txt").mkdir()
    with pytest.raises(TreebankError, match=rf"dictionary\.txt: a directory is in the .* {CURE}"):
        StanfordSentiment(classic)


def test_treebank_without_sentences_is_refused_with_the_cure(classic, trees):
    for path in trees.iterdir():
        path.write_bytes(b"")
    (classic / "datasetSentences.txt").write_bytes(lines("sentence_index\tsentence"))
    (classic / "datasetSplit.txt").write_bytes(lines("sentence_index,splitset_label"))
    for directory in (classic, trees):
        with pytest.raises(
            TreebankError, match=rf"{directory.name}: there is not a single .*{CURE}"
        ):
            StanfordSentiment(directory)


def test_directory_without_a_treebank_is_refused_with_the_cure(tmp_path):
    with pytest.raises(
        TreebankError, match=f"neither a datasetSentences.txt nor a train.txt.*{CURE}"
    ):
        StanfordSentiment(tmp_path / "nothing")


def test_treebank_that_was_not_downloaded_is_named_with_the_cure(tmp_path, monkeypatch):
    monkeypatch.setattr("utils.treebank.DATA_DIR", tmp_path)
    with pytest.raises(TreebankError, match=f"Treebank is not here. {CURE}"):
        StanfordSentiment()


def test_without_a_path_the_downloaded_treebank_is_read(tmp_path, trees, monkeypatch):
    monkeypatch.setattr("utils.treebank.DATA_DIR", tmp_path)
    assert StanfordSentiment().path == trees


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("datasetSentences.txt", b"sentence_index", b"index", "line 1: expected the header"),
        ("datasetSentences.txt", b"4\tFine", b"4 Fine", "line 5: expected two columns, got '4 F"),
        ("datasetSentences.txt", b"4\tFine", b"4\tFi", r"line 5: sentence 4 is not in dictionary"),
        ("datasetSentences.txt", b"4\tFine", b"9\tFine", r"line 5: sentence 9 is not in .*Split"),
        ("datasetSentences.txt", b"5\tAwful\n", b"", "truncated: 1 sentences of datasetSplit"),
        ("datasetSentences.txt", b"Awful\n", b"Awf", "line 6: the file is truncated"),
        ("datasetSentences.txt", b"4\tFine", b"4\tFin\xff", "line 5: not UTF-8"),
        ("datasetSentences.txt", b"4\tFine", b"4\tFin\xc3\xa9", "line 5: .* not encoded twice"),
        ("datasetSplit.txt", b"3,3", b"3,4", "line 4: unknown split '4'"),
        ("datasetSplit.txt", b"3,3", b"2,3", "line 4: .* a repeated sentence"),
        ("dictionary.txt", b"Fine .|3", b"Fine .|99", "line 5: id 99 is not in sentiment_labels"),
        ("sentiment_labels.txt", b"3|0.8", b"3|good", "line 6: 'good' is not a number"),
        ("sentiment_labels.txt", b"3|0.8", b"3|1.8", "line 6: the score 1.8 is not between 0 and"),
    ],
)
def test_damage_to_a_classic_file_is_named_with_its_line(classic, name, old, new, message):
    path = classic / name
    content = path.read_bytes()
    assert content.count(old) == 1
    path.write_bytes(content.replace(old, new))
    with pytest.raises(TreebankError, match=f"{name}(, |: ){message}.*{CURE}"):
        StanfordSentiment(classic)


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ("(3 (2 Fine) (3 .)", "its brackets do not match"),
        ("(3 (2 Fine) (3 .)))", "it ends before the line does"),
        ("(3 (2 Fine) (3 .)) (2 more)", "it ends before the line does"),
        ("(3 (7 Fine) (3 .))", "a label must be 0 to 4"),
        ("(3 (2 ) (3 ))", "a phrase of it has no words"),
        ("(3 (2 Fine) (3 ))", "a phrase of it has no words"),
        ("", "it has no words"),
        ("Fine .", "it ends before the line does"),
    ],
)
def test_damage_to_a_tree_is_named_with_its_line(trees, tree, message):
    with open(trees / "train.txt", "ab") as file:
        file.write(lines(tree))
    with pytest.raises(TreebankError, match=rf"train\.txt, line 3: not a labelled tree: {message}"):
        StanfordSentiment(trees)


@pytest.mark.parametrize("folder", ["stanfordSentimentTreebank", "trees"])
def test_real_treebank_has_the_published_numbers(folder):
    sst = StanfordSentiment(real_sst(folder))
    assert len(sst) == 11_855
    assert [len(sst.split(name)[0]) for name in ("train", "dev", "test")] == [8_544, 1_101, 2_210]
    assert sum(map(len, sst.sentences)) == 227_242
    assert len({word for sentence in sst.sentences for word in sentence}) == 19_538


def test_both_layouts_of_the_real_treebank_agree():
    classic, trees = (
        StanfordSentiment(real_sst(folder), lowercase=False)
        for folder in ("stanfordSentimentTreebank", "trees")
    )
    for split in ("train", "dev", "test"):
        (sentences, labels), (others, other_labels) = classic.split(split), trees.split(split)
        assert sentences == others
        assert_array_equal(labels, other_labels)


def test_phrases_of_both_layouts_of_the_real_treebank_agree():
    classic, trees = (
        StanfordSentiment(real_sst(folder)) for folder in ("stanfordSentimentTreebank", "trees")
    )
    (phrases, labels), (others, other_labels) = classic.phrases("train"), trees.phrases("train")
    assert phrases == others
    assert_array_equal(labels, other_labels)
    assert len(phrases) == 318_582


def test_truncated_real_file_is_recognised(tmp_path):
    source = real_sst("stanfordSentimentTreebank")
    for name in ("datasetSplit.txt", "dictionary.txt", "sentiment_labels.txt"):
        shutil.copy(source / name, tmp_path)
    content = (source / "datasetSentences.txt").read_bytes()
    (tmp_path / "datasetSentences.txt").write_bytes(content[: len(content) // 2])
    with pytest.raises(TreebankError, match=r"datasetSentences\.txt, line \d+: .* truncated"):
        StanfordSentiment(tmp_path)
