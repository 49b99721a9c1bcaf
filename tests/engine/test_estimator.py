"""`Word2Vec` as an estimator: its arguments, what it is before `fit`, and how it is copied."""

import inspect

import numpy as np
import pytest

from word2vec import Word2Vec
from word2vec.classic.train import train_classic
from word2vec.options import EngineOptions, defaults

SENTENCES = [["tea", "is", "hot"], ["coffee", "is", "hot"]] * 50
NAMES = defaults(EngineOptions)


def test_defaults_of_the_constructor_are_those_of_the_options():
    parameters = inspect.signature(Word2Vec).parameters.values()
    assert {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY} == NAMES


def test_every_argument_is_an_attribute_as_it_was_given():
    given = {"vector_size": np.int64(7), "alpha": None, "workers": 3, "sample": None}
    model = Word2Vec(**given)
    assert all(getattr(model, name) is value for name, value in given.items())
    assert model.get_params() == NAMES | given


def test_repr_is_the_call():
    model = Word2Vec(vector_size=7, model="cbow", sample=None)
    assert repr(model) == "Word2Vec(model='cbow', vector_size=7, sample=None)"
    assert eval(repr(model)).get_params() == model.get_params()


def test_parameters_can_be_set_and_are_used():
    model = Word2Vec(vector_size=7, min_count=1, sample=None)
    assert model.set_params(vector_size=3, epochs=2) is model
    assert model.fit(SENTENCES).wv.vectors.shape == (4, 3)
    assert len(model.losses) == 2


def test_setting_a_bad_parameter_changes_nothing():
    model = Word2Vec(vector_size=7)
    with pytest.raises(ValueError, match="epochs must be an integer >= 1. Got 0"):
        model.set_params(vector_size=3, epochs=0)
    with pytest.raises(TypeError, match="no argument 'size': it is called vector_size"):
        model.set_params(vector_size=3, size=5)
    assert model.get_params() == NAMES | {"vector_size": 7}


def test_attribute_that_was_spoiled_is_refused_by_fit():
    model = Word2Vec(min_count=1)
    model.window = 0
    with pytest.raises(ValueError, match="window must be an integer from 1 to 1000. Got 0"):
        model.fit(SENTENCES)


def test_scikit_learn_clones_it():
    base = pytest.importorskip("sklearn.base")
    model = Word2Vec(vector_size=7, alpha=None, seed=np.int64(3)).set_params(epochs=2)
    copy = base.clone(model)
    assert copy is not model
    assert copy.get_params() == model.get_params()


@pytest.mark.parametrize("name", ["wv", "outside_vectors", "losses", "loss_curve"])
def test_what_is_learned_is_asked_for_too_early(name):
    with pytest.raises(AttributeError, match=f"no {name} yet.* not trained: call fit"):
        getattr(Word2Vec(), name)


def test_attribute_that_never_is_there_is_an_ordinary_error():
    with pytest.raises(AttributeError, match="'Word2Vec' object has no attribute 'syn0'"):
        _ = Word2Vec().syn0


def test_outside_vectors_are_there_after_fit_in_the_order_of_the_words():
    model = Word2Vec(vector_size=3, min_count=1, sample=None).fit(SENTENCES)
    assert model.outside_vectors.shape == model.wv.vectors.shape
    assert model.outside_vectors.any()


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ({"sg": 1}, r"no argument 'sg': choose model=\"skipgram\" \(sg=1\) or model=\"cbow\""),
        ({"hs": 0}, "no argument 'hs': choose loss="),
        ({"sentences": SENTENCES}, "no argument 'sentences': pass the corpus to fit"),
        ({"cbow_mean": 1}, "choose cbow_reduction="),
        ({"size": 100}, "it is called vector_size"),
        ({"iter": 5}, "it is called epochs"),
        ({"vectorsize": 5}, "no argument 'vectorsize'; did you mean 'vector_size'"),
        ({"zzz": 5}, "no argument 'zzz'; there are: .*vector_size, "),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_argument_of_gensim_or_misspelt_is_answered_with_ours(argument, message):
    with pytest.raises(TypeError, match=message):
        Word2Vec(**argument)


def test_misspelt_argument_of_the_classic_trainer_is_refused_too():
    with pytest.raises(TypeError, match="no argument 'stepp'; did you mean 'step'"):
        train_classic(SENTENCES, stepp=1)
