"""gensim's tutorial of Word2Vec, step by step, as our page says it goes here.

Once with the tutorial's own text, which comes with gensim, and once with our sample. The code of a
step that is "as it is" is gensim's, but for the names of words, files and modules.
"""

import importlib.util
import os
import re
import tempfile

import numpy as np
import pytest

from tests.docs.test_documents import ROOT, TEXTS
from word2vec import KeyedVectors, Word2Vec, tokenize
from word2vec.engine.gensim_names import ATTRIBUTES

TITLES = set()


def step(title):
    """Mark a test as that of a row in the table."""
    TITLES.add(title)
    return lambda test: test


class MyCorpus:
    """An iterator that yields sentences (lists of str), as the tutorial has it."""

    def __init__(self, path):
        self.path = path

    def __iter__(self):
        with open(self.path, encoding="utf-8") as file:
            for line in file:
                yield tokenize(line)


class Tutorial:
    """What differs between the two texts."""

    def __init__(self, corpus, words, odd, questions, pairs):
        self.corpus, self.words, self.odd = corpus, words, odd
        self.questions, self.pairs = questions, pairs
        self.model = Word2Vec(workers=1, epochs=3).fit(MyCorpus(corpus))


@pytest.fixture(scope="module", params=["the tutorial's text", "our sample"])
def tutorial(request, tmp_path_factory):
    if request.param == "our sample":
        folder = tmp_path_factory.mktemp("tutorial")
        lines = (ROOT / "data/sample/datasetSentences.txt").read_text("utf-8").splitlines()[1:]
        (folder / "text").write_text("\n".join(line.split("\t")[1] for line in lines), "utf-8")
        (folder / "questions").write_text(": family\nking queen man woman\nman woman king queen\n")
        (folder / "pairs").write_text("tea\tcoffee\t9\nking\tqueen\t8\ntea\tking\t1\n")
        words = ["coffee", "tea", "king", "queen", "snow"]
        return Tutorial(folder / "text", words, "plot", folder / "questions", folder / "pairs")
    if importlib.util.find_spec("gensim") is None:
        pytest.skip("gensim is not installed, which brings this text")
    from gensim.test.utils import datapath

    words = ["government", "police", "people", "australia", "day"]
    files = [datapath(name) for name in ("questions-words.txt", "wordsim353.tsv")]
    return Tutorial(datapath("lee_background.cor"), words, "cricket", *files)


@step("`logging.basicConfig(...)`")
def test_progress_is_shown(tutorial, capsys):
    Word2Vec(workers=1, epochs=1).fit(MyCorpus(tutorial.corpus), progress=True)
    assert re.search(r"100%.*epoch 1, loss \d\.\d", capsys.readouterr().err)


@step("`wv = api.load('word2vec-google-news-300')`")
def test_vectors_of_others_are_opened_from_a_file(tutorial, tmp_path):
    tutorial.model.wv.save_word2vec_format(tmp_path / "vectors.bin.gz", binary=True)
    wv = KeyedVectors.load_word2vec_format(tmp_path / "vectors.bin.gz", binary=True)
    assert wv.index_to_key == tutorial.model.wv.index_to_key


@step("`for index, word in enumerate(wv.index_to_key)`")
def test_vocabulary_is_listed_by_frequency(tutorial):
    wv, lines = tutorial.model.wv, []
    for index, word in enumerate(wv.index_to_key):
        if index == 10:
            break
        lines.append(f"word #{index}/{len(wv.index_to_key)} is {word}")
    assert lines[0] == f"word #0/{len(wv)} is the"


@step("`vec_king = wv['king']`")
def test_vector_of_a_word(tutorial):
    vec_king = tutorial.model.wv[tutorial.words[0]]
    assert vec_king.shape == (100,)


@step("`try: wv['cameroon']`, `except KeyError`")
def test_unknown_word_is_a_key_error(tutorial):
    said = ""
    try:
        tutorial.model.wv["cameroon"]
    except KeyError:
        said = "The word 'cameroon' does not appear in this model"
    assert said


@step("`wv.similarity(w1, w2)`")
def test_similarity_of_pairs(tutorial):
    first, *others = tutorial.words
    for w1, w2 in [(first, other) for other in others]:
        assert re.fullmatch(r"-?[01]\.\d\d", f"{tutorial.model.wv.similarity(w1, w2):.2f}")


@step("`wv.most_similar(positive=['car', 'minivan'], topn=5)`")
def test_most_similar_words(tutorial):
    found = tutorial.model.wv.most_similar(positive=tutorial.words[:2], topn=5)
    assert [len(found), len(found[0])] == [5, 2]


@step("`wv.doesnt_match(['fire', ..., 'car'])`")
def test_word_that_does_not_match(tutorial):
    words = [*tutorial.words, tutorial.odd]
    assert tutorial.model.wv.doesnt_match(words) in words


@step("`class MyCorpus`, with `utils.simple_preprocess(line)`")
def test_corpus_that_reads_a_file(tutorial):
    sentences = MyCorpus(tutorial.corpus)
    assert len(list(sentences)) == len(list(sentences)) >= 300


def test_corpus_of_gensims_preprocessing_does_as_well(tutorial):
    preprocess = pytest.importorskip("gensim.utils").simple_preprocess
    with open(tutorial.corpus, encoding="utf-8") as file:
        sentences = [preprocess(line) for line in file]
    assert len(Word2Vec(workers=1, epochs=1).fit(sentences).wv) > 300


@step("`model = Word2Vec(sentences=sentences)`")
def test_training(tutorial):
    with pytest.raises(TypeError, match="pass the corpus to fit"):
        Word2Vec(sentences=MyCorpus(tutorial.corpus))
    model = Word2Vec(workers=1, epochs=3).fit(MyCorpus(tutorial.corpus))
    np.testing.assert_array_equal(model.wv.vectors, tutorial.model.wv.vectors)


@step("`model.save(path)`, `Word2Vec.load(path)`")
def test_saving_and_loading(tutorial):
    model = tutorial.model
    with tempfile.NamedTemporaryFile(prefix="model-", delete=False) as tmp:
        temporary_filepath = tmp.name
        model.save(temporary_filepath)
    new_model = Word2Vec.load(temporary_filepath)
    os.remove(temporary_filepath)
    np.testing.assert_array_equal(new_model.wv.vectors, model.wv.vectors)


@step("`KeyedVectors.load_word2vec_format(path, binary=...)`")
def test_formats_of_the_c_program(tutorial, tmp_path):
    for name, binary in (("vectors.txt", False), ("vectors.bin.gz", True)):
        tutorial.model.wv.save_word2vec_format(tmp_path / name, binary=binary)
        model = KeyedVectors.load_word2vec_format(tmp_path / name, binary=binary)
        np.testing.assert_allclose(model.vectors, tutorial.model.wv.vectors, rtol=1e-5)


@step("`Word2Vec(sentences, min_count=10)`, `vector_size=200`, `workers=4`")
def test_parameters_of_training(tutorial):
    model = Word2Vec(min_count=10, vector_size=200, workers=4, epochs=1)
    model.fit(MyCorpus(tutorial.corpus))
    assert model.wv.vector_size == 200
    assert min(model.wv.expandos["count"]) >= 10


@step("memory: three matrices of vocabulary x `vector_size` x 4 bytes")
def test_a_model_is_two_matrices(tutorial):
    model = tutorial.model
    for matrix in (model.wv.vectors, model.outside_vectors):
        assert matrix.nbytes == len(model.wv) * model.vector_size * 4


@step("`model.wv.evaluate_word_analogies(datapath('questions-words.txt'))`")
def test_analogies(tutorial):
    accuracy, sections = tutorial.model.wv.evaluate_word_analogies(tutorial.questions)
    assert 0 <= accuracy <= 1
    assert sections[-1]["section"] == "Total accuracy"


@step("`model.wv.evaluate_word_pairs(datapath('wordsim353.tsv'))`")
def test_word_pairs(tutorial):
    pearson, spearman, share_unknown = tutorial.model.wv.evaluate_word_pairs(tutorial.pairs)
    assert -1 <= min(pearson[0], spearman[0]) <= max(pearson[0], spearman[0]) <= 1
    assert 0 <= share_unknown < 100


@pytest.mark.filterwarnings("ignore:Subsampling")  # of a single sentence
@step("`model.build_vocab(more, update=True)`, `model.train(more, ...)`")
def test_online_training(tutorial, tmp_path):
    tutorial.model.save(tmp_path / "model")
    model = Word2Vec.load(tmp_path / "model")
    sentence = "advanced users can load a model and continue training it with more sentences"
    more_sentences = [sentence.split()]
    with pytest.raises(AttributeError, match="partial_fit.more. adds those of more text"):
        model.build_vocab(more_sentences, update=True)
    with pytest.raises(AttributeError, match="partial_fit.more. trains on"):
        model.train(more_sentences, total_examples=1, epochs=model.epochs)
    before, known = model.wv["with"].copy(), set(model.wv.index_to_key)
    model.partial_fit(more_sentences)
    assert known <= set(model.wv.index_to_key)
    assert not np.array_equal(model.wv["with"], before)
    assert model._rare["advanced"] >= 1


@step("`Word2Vec(..., compute_loss=True)`, `get_latest_training_loss()`")
def test_loss_of_training(tutorial):
    with pytest.raises(TypeError, match="the loss is always computed"):
        Word2Vec(compute_loss=True)
    with pytest.raises(AttributeError, match="losses has the mean loss of each epoch"):
        tutorial.model.get_latest_training_loss()
    assert len(tutorial.model.losses) == 3


@step("times of training, with and without `compute_loss`")
def test_benchmark_beside_gensim_is_there():
    assert "words/s" in (ROOT / "benchmarks/train_vs_gensim.py").read_text("utf-8")


@step("a dict of `model.wv.most_similar(word)`")
def test_lookup_table(tutorial):
    model = tutorial.model
    most_similars_precalc = {word: model.wv.most_similar(word) for word in model.wv.index_to_key}
    word = tutorial.words[0]
    assert most_similars_precalc[word] == model.wv.most_similar(word)
    in_a_batch = model.wv.most_similar_batch([word])[0]
    assert [other for other, _ in in_a_batch] == [other for other, _ in most_similars_precalc[word]]


@step("vectors reduced to two dimensions and drawn")
def test_words_on_a_plane(tutorial):
    plotting = pytest.importorskip("utils.plotting")
    axes = plotting.plot_words(tutorial.words, tutorial.model.wv)
    assert {text.get_text() for text in axes.texts} == set(tutorial.words)
    vectors, labels = np.asarray(tutorial.model.wv.vectors), np.asarray(tutorial.words)
    assert (vectors.ndim, labels.ndim) == (2, 1)  # what the tutorial gives to t-SNE


# ------------------------------------------------------------------- the table

PAGE = TEXTS["docs/coming_from_gensim.md"].partition("## gensim's tutorial, step by step")[2]
ROWS = re.findall(r"^\| (.+?) \| (.+?) \| ?(.*?) ?\|$", PAGE.partition("\n## ")[0], re.MULTILINE)[
    2:
]


def test_every_step_is_tried_or_left_out_on_purpose():
    verdicts = {verdict for _, verdict, _ in ROWS}
    assert verdicts == {"as it is", "changed", "left out"}
    assert {title for title, verdict, _ in ROWS if verdict != "left out"} == TITLES


def test_what_gensims_objects_have_and_ours_not_is_answered():
    for name, answer in ATTRIBUTES.items():
        with pytest.raises(AttributeError, match=f"Word2Vec has no '{name}': {re.escape(answer)}"):
            getattr(Word2Vec(), name)
    gensim = pytest.importorskip("gensim.models").Word2Vec([["a", "b"]], min_count=1, sg=1)
    asked_of_wv = {"init_sims", "most_similar", "similarity", "doesnt_match"}
    assert all(hasattr(gensim, name) for name in ATTRIBUTES.keys() - asked_of_wv)
