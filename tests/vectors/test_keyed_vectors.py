import doctest

import numpy as np
import pytest

from word2vec.vectors import keyed_vectors as vectors
from word2vec.vectors import nearest
from word2vec.vectors.keyed_vectors import KeyedVectors
from word2vec.vectors.unknown_key import closest_spellings

WORDS = ["king", "queen", "man", "woman", "apple", "pear"]


@pytest.fixture
def kv():
    vectors = np.array(
        [[3, 1, 0], [3, -1, 0], [1, 2, 0], [1, -2, 0], [0, 0.5, 4], [0.1, -0.4, 2]], np.float32
    )
    return KeyedVectors.from_words(WORDS, vectors, counts=[60, 50, 40, 30, 20, 10])


def random_vectors(n, d, seed=0):
    vectors = np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)
    return KeyedVectors.from_words([f"word{i}" for i in range(n)], vectors)


def reference_most_similar(kv, scores, topn, excluded):
    """Sort everything."""
    order = sorted(range(len(kv)), key=lambda row: -scores[row])
    found = [(kv.index_to_key[row], scores[row]) for row in order if row not in excluded]
    return found[:topn]


def assert_same_answers(ours, reference):
    assert [key for key, _ in ours] == [key for key, _ in reference]
    np.testing.assert_allclose([s for _, s in ours], [s for _, s in reference], rtol=0, atol=1e-6)


# -------------------------------------------------------------------- building


def test_words_and_matrix_can_be_looked_up(kv):
    assert len(kv) == 6
    assert "pear" in kv
    assert "plum" not in kv
    assert kv.vector_size == 3
    np.testing.assert_array_equal(kv["queen"], [3, -1, 0])
    np.testing.assert_array_equal(kv[["queen", "king"]], [[3, -1, 0], [3, 1, 0]])
    assert kv.get_vecattr("man", "count") == 40


def test_printed_vectors_tell_their_length_and_number(kv):
    assert repr(kv) == "KeyedVectors<vector_size=3, 6 keys>"


def test_float_matrix_is_not_copied_and_integers_become_float32():
    matrix = np.ones((2, 3))
    assert KeyedVectors.from_words("ab", matrix).vectors is matrix
    assert KeyedVectors.from_words("ab", [[1, 2], [3, 4]]).vectors.dtype == np.float32


@pytest.mark.parametrize(
    ("words", "shape", "counts", "message"),
    [
        (["a", "b"], (3, 2), None, r"one row for each of the 2 words. Got shape \(3, 2\)"),
        (["a", "b"], (2,), None, r"must be a matrix .* Got shape \(2,\)"),
        (["a", "b", "a"], (3, 2), None, "all different. Got 'a' more than once"),
        (["a", "b"], (2, 2), [1, 2, 3], r"counts must have one number .* Got shape \(3,\)"),
    ],
)
def test_words_that_do_not_fit_the_matrix_are_refused(words, shape, counts, message):
    with pytest.raises(ValueError, match=message):
        KeyedVectors.from_words(words, np.ones(shape), counts)


def test_row_numbers_are_keys_unless_they_are_words(kv):
    np.testing.assert_array_equal(kv[2], kv["man"])
    np.testing.assert_array_equal(kv[np.int64(2)], kv["man"])
    assert 5 in kv
    assert 6 not in kv
    assert -1 not in kv


def test_negative_row_numbers_do_not_wrap_around(kv):
    with pytest.raises(KeyError, match="Key -1 not present"):
        kv[-1]


def test_returned_vectors_cannot_be_written_to(kv):
    with pytest.raises(ValueError, match="read-only"):
        kv["king"][0] = 7
    with pytest.raises(ValueError, match="read-only"):
        kv.get_normed_vectors()[0, 0] = 7
    kv.vectors[0, 0] = 7  # the matrix itself can


# -------------------------------------------------------------------- unknown words


def test_unknown_word_error_names_the_closest_spellings(kv):
    with pytest.raises(KeyError, match="'quen' not present in vocabulary; did you mean 'queen'"):
        kv["quen"]
    with pytest.raises(KeyError, match="did you mean 'apple'"):
        kv.most_similar("Aple")
    with pytest.raises(KeyError, match=r"'zzz' not present in vocabulary$"):
        kv.similarity("king", "zzz")


def test_closest_spellings_skips_keys_that_are_no_words():
    assert closest_spellings("cat", [None, 3, "", "cap", "dog"]) == ["cap"]
    assert closest_spellings("", ["cat"]) == []
    assert closest_spellings(7, ["7"]) == []


def test_default_index_is_returned_for_unknown_words(kv):
    assert kv.get_index("plum", default=-7) == -7
    assert kv.get_index("man") == 2
    assert type(kv.get_index(np.int64(2))) is int


# -------------------------------------------------------------------- adding


def test_allocated_rows_are_filled_in_order():
    kv = KeyedVectors(2, count=2)
    assert kv.add_vector("a", [1, 2]) == 0
    assert kv.add_vector("b", [3, 4]) == 1
    assert kv.add_vector("c", [5, 6]) == 2
    assert kv.index_to_key == ["a", "b", "c"]
    np.testing.assert_array_equal(kv.vectors, [[1, 2], [3, 4], [5, 6]])


def test_adding_leaves_allocated_rows_for_add_vector():
    kv = KeyedVectors(1, count=1)
    kv.add_vectors(["b"], [[2]])
    assert kv.add_vector("a", [1]) == 0
    assert kv.add_vector("c", [3]) == 2
    assert kv.index_to_key == ["a", "b", "c"]


def test_known_keys_are_kept_unless_replaced(kv):
    kv.add_vectors(["king", "plum"], [[9, 9, 9], [1, 1, 1]])
    np.testing.assert_array_equal(kv[["king", "plum"]], [[3, 1, 0], [1, 1, 1]])
    kv.add_vectors(["king", "plum"], [[9, 9, 9], [8, 8, 8]], replace=True)
    np.testing.assert_array_equal(kv[["king", "plum"]], [[9, 9, 9], [8, 8, 8]])
    assert len(kv) == 7


def test_key_given_twice_is_added_once(kv):
    kv.add_vectors(["plum", "plum"], [[1, 1, 1], [2, 2, 2]])
    np.testing.assert_array_equal(kv["plum"], [1, 1, 1])
    kv.add_vectors(["fig", "fig"], [[1, 1, 1], [2, 2, 2]], replace=True)
    np.testing.assert_array_equal(kv["fig"], [2, 2, 2])
    assert kv.index_to_key[6:] == ["plum", "fig"]
    assert kv.vectors.shape == (8, 3)


def test_item_assignment_adds_and_replaces(kv):
    kv["plum"] = [1, 1, 1]
    kv[["plum", "fig"]] = np.array([[2, 2, 2], [3, 3, 3]])
    np.testing.assert_array_equal(kv[["plum", "fig"]], [[2, 2, 2], [3, 3, 3]])


def test_vectors_of_wrong_shape_are_refused_and_nothing_changes(kv):
    with pytest.raises(ValueError, match=r"must have shape \(2, 3\). Got \(2, 4\)"):
        kv.add_vectors(["a", "b"], np.ones((2, 4)))
    with pytest.raises(ValueError, match=r"must have shape \(1, 3\). Got \(1, 2\)"):
        kv.add_vector("a", [1, 2])
    with pytest.raises(ValueError, match=r"extras\['count'\] must have one value for each"):
        kv.add_vectors(["a"], [[1, 2, 3]], extras={"count": np.array([1, 2])})
    with pytest.raises(TypeError, match="unhashable"):
        kv.add_vectors(["a", ["b"]], np.ones((2, 3)))
    assert kv.index_to_key == WORDS
    assert list(kv.key_to_index) == WORDS


@pytest.mark.parametrize(
    "change",
    [
        lambda kv: kv.add_vector("plum", [0, 1, 0]),
        lambda kv: kv.add_vectors(["plum"], [[0, 1, 0]]),
        lambda kv: kv.__setitem__("plum", [0, 1, 0]),
        lambda kv: kv.__setitem__("pear", [0, 1, 0]),
        lambda kv: setattr(kv, "vectors", np.roll(kv.vectors, 1, axis=0)),
    ],
)
def test_queries_after_a_change_use_the_new_vectors(kv, change):
    kv.most_similar("king")
    kv.get_normed_vectors()
    change(kv)
    expected = KeyedVectors.from_words(kv.index_to_key, kv.vectors.copy())
    assert kv.most_similar("king") == expected.most_similar("king")
    np.testing.assert_array_equal(kv.get_normed_vectors(), expected.get_normed_vectors())


def test_direct_writes_are_seen_after_fill_norms_force(kv):
    kv.get_normed_vectors()
    kv.vectors[0] = [0, 0, 100]
    kv.fill_norms(force=True)
    assert kv.norms[0] == 100
    np.testing.assert_array_equal(kv.get_vector("king", norm=True), [0, 0, 1])
    np.testing.assert_array_equal(kv.get_normed_vectors()[0], [0, 0, 1])


# -------------------------------------------------------------------- attributes


def test_attributes_begin_with_zero_and_grow_with_the_keys(kv):
    kv.set_vecattr("king", "rare", 3)
    kv["plum"] = [1, 1, 1]
    assert [kv.get_vecattr(word, "rare") for word in ["king", "man", "plum"]] == [3, 0, 0]
    kv.add_vectors(["fig"], [[1, 1, 1]], extras={"count": np.array([7])})
    assert kv.get_vecattr("fig", "count") == 7


def test_attribute_of_another_type_is_refused(kv):
    with pytest.raises(TypeError, match=r"'count' holds int64\. Got float64"):
        kv.set_vecattr("king", "count", 1.5)


def test_attributes_without_types_are_refused(kv):
    with pytest.raises(TypeError, match="types must have one for each of attrs"):
        kv.allocate_vecattrs(["rare"])


def test_missing_attribute_error_names_the_attributes_there_are(kv):
    with pytest.raises(KeyError, match="no attribute 'cont'; there are: \\['count'\\]"):
        kv.get_vecattr("king", "cont")


def test_strings_of_any_length_can_be_attributes(kv):
    kv.set_vecattr("king", "tag", "a")
    kv.set_vecattr("man", "tag", "a long one")
    assert kv.get_vecattr("man", "tag") == "a long one"


def test_sorting_by_frequency_moves_vectors_and_attributes_along():
    kv = KeyedVectors.from_words("abc", [[1], [2], [3]], counts=[5, 9, 9])
    kv.sort_by_descending_frequency()
    assert kv.index_to_key == ["b", "c", "a"]
    assert [kv.get_index(word) for word in "abc"] == [2, 0, 1]
    np.testing.assert_array_equal(kv.vectors, [[2], [3], [1]])
    assert kv.get_vecattr("a", "count") == 5


def test_unit_normalize_all_leaves_lengths_of_one(kv):
    before = kv.get_normed_vectors().copy()
    kv.unit_normalize_all()
    np.testing.assert_array_equal(kv.vectors, before)
    kv.fill_norms()
    np.testing.assert_allclose(kv.norms, 1, rtol=1e-6)


# -------------------------------------------------------------------- similarity, by hand


def test_similarity_is_the_cosine(kv):
    # king . queen = 8, both have length sqrt(10)
    assert kv.similarity("king", "queen") == pytest.approx(0.8)
    assert kv.distance("king", "queen") == pytest.approx(0.2)
    np.testing.assert_allclose(kv.distances("king", ["queen", "king"]), [0.2, 0], atol=1e-6)
    np.testing.assert_allclose(kv.distances(np.array([3, 1, 0]))[:2], [0, 0.2], atol=1e-6)


def test_n_similarity_is_the_cosine_of_the_means(kv):
    # means (3, 0, 0) and (1, 0, 0)
    assert kv.n_similarity(["king", "queen"], ["man", "woman"]) == pytest.approx(1)
    with pytest.raises(ZeroDivisionError, match="at least one key"):
        kv.n_similarity([], ["man"])


def test_mean_vector_is_divided_by_the_magnitude_of_the_weights(kv):
    mean = kv.get_mean_vector(["king", "man"], weights=[3, -1], pre_normalize=False)
    np.testing.assert_allclose(mean, [2, 0.25, 0])  # (3 * (3, 1, 0) - (1, 2, 0)) / 4
    assert np.linalg.norm(kv.get_mean_vector(["king"], post_normalize=True)) == pytest.approx(1)


def test_mean_vector_ignores_unknown_keys_unless_told_otherwise(kv):
    np.testing.assert_array_equal(kv.get_mean_vector(["plum"]), [0, 0, 0])
    with pytest.raises(KeyError, match="'plum' not present"):
        kv.get_mean_vector(["king", "plum"], ignore_missing=False)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([],), "cannot compute mean with no input"),
        ((["king"], [1, 2]), "must have same number of elements. Got 1 keys and weights of shape"),
        (([np.ones(2)],), r"a vector must have shape \(3,\). Got \(2,\)"),
    ],
)
def test_mean_vector_checks_its_arguments(kv, arguments, message):
    with pytest.raises(ValueError, match=message):
        kv.get_mean_vector(*arguments)


def test_zero_vectors_have_similarity_zero_to_everything():
    kv = KeyedVectors.from_words("abc", np.array([[0, 0], [1, 0], [1, 1]], np.float32))
    assert kv.similarity("a", "b") == 0
    assert dict(kv.most_similar("b"))["a"] == 0
    assert kv.most_similar("a") == [("b", 0.0), ("c", 0.0)]
    np.testing.assert_array_equal(kv.get_normed_vectors()[0], [0, 0])
    np.testing.assert_array_equal(kv.get_vector("a", norm=True), [0, 0])


def test_float16_vectors_longer_than_float16_can_hold_keep_their_direction():
    kv = KeyedVectors.from_words("ab", np.array([[300, 400], [-400, 300]], np.float16))
    kv.fill_norms()
    np.testing.assert_array_equal(kv.norms, [500, 500])


# -------------------------------------------------------------------- nearest neighbours


@pytest.mark.parametrize("n", [5, 640, 1000, 6401])
@pytest.mark.parametrize("topn", [1, 10, 200])
def test_largest_equals_sorting_everything(n, topn):
    scores = np.random.default_rng(n).integers(0, n, size=n).astype(np.float32)  # with ties
    expected = np.argsort(-scores, kind="stable")[:topn]
    np.testing.assert_array_equal(nearest.largest(scores, topn), expected)


@pytest.mark.parametrize("num_nan", [1, 5, 995, 1000])
def test_largest_puts_nan_last(num_nan):
    rng = np.random.default_rng(0)
    scores = rng.normal(size=1000)
    scores[rng.choice(1000, num_nan, replace=False)] = np.nan
    expected = np.argsort(-scores, kind="stable")[:10]
    np.testing.assert_array_equal(nearest.largest(scores, 10), expected)


@pytest.mark.parametrize("n", [30, 2000])
def test_most_similar_equals_sorting_all_cosines(n):
    kv = random_vectors(n, 10)
    unit = kv.vectors / np.linalg.norm(kv.vectors, axis=1, keepdims=True)
    for row in range(5):
        reference = reference_most_similar(kv, unit @ unit[row], 10, {row})
        assert_same_answers(kv.most_similar(f"word{row}"), reference)


def test_analogy_uses_the_mean_of_unit_vectors_and_excludes_the_question():
    kv = random_vectors(500, 10)
    unit = kv.vectors / np.linalg.norm(kv.vectors, axis=1, keepdims=True)
    target = unit[1] + 0.5 * unit[2] - unit[3] - 2 * unit[4]
    scores = unit @ (target / np.linalg.norm(target))
    ours = kv.most_similar(["word1", ("word2", 0.5)], ["word3", ("word4", -2)], topn=7)
    # A weight given for a negative key replaces the -1: here the target, with its sign.
    assert_same_answers(ours, reference_most_similar(kv, scores, 7, {1, 2, 3, 4}))


def test_one_key_or_vector_needs_no_list(kv):
    assert kv.most_similar("king") == kv.most_similar(["king"]) == kv.similar_by_word("king")
    vector = np.array([3, 1, 0], np.float32)
    assert kv.most_similar(vector) == kv.most_similar([vector]) == kv.similar_by_vector(vector)
    assert kv.most_similar(vector, topn=1)[0][0] == "king"  # only keys are excluded
    assert kv.most_similar(0) == kv.most_similar("king")
    assert kv.most_similar(np.array(["king", "man"])) == kv.most_similar(["king", "man"])
    assert kv.most_similar(("king", "queen")) == kv.most_similar(["king", "queen"])


def test_clipping_and_restricting_the_rows():
    kv = random_vectors(100, 5)
    every = kv.most_similar("word50", topn=99)
    assert len(every) == 99
    clipped = kv.most_similar("word50", topn=99, clip_start=20, clip_end=60)
    assert clipped == [item for item in every if 20 <= kv.get_index(item[0]) < 60]
    restricted = kv.most_similar("word50", topn=3, clip_start=20, restrict_vocab=10)
    assert restricted == [item for item in every if kv.get_index(item[0]) < 10][:3]


@pytest.mark.parametrize("topn", [0, -3])
def test_no_answers_for_topn_below_one(kv, topn):
    assert kv.most_similar("king", topn=topn) == []
    assert kv.most_similar_cosmul("king", topn=topn) == []
    assert kv.most_similar_batch(["king"], topn=topn) == [[]]


def test_all_scores_without_topn(kv):
    cosines = 1 - kv.distances("king")
    np.testing.assert_allclose(kv.most_similar("king", topn=None), cosines, atol=1e-6)
    cosmul = kv.most_similar_cosmul("king", topn=None)  # divided by an empty product plus 1e-6
    np.testing.assert_allclose(cosmul, (1 + cosines) / 2, atol=1e-5)


def test_question_without_keys_is_refused(kv):
    with pytest.raises(ValueError, match="cannot compute mean with no input"):
        kv.most_similar()
    with pytest.raises(ValueError, match="positive must have a key"):
        kv.most_similar_cosmul(negative=["king"])


def test_cosmul_equals_its_formula():
    kv = random_vectors(300, 10)
    unit = kv.vectors / np.linalg.norm(kv.vectors, axis=1, keepdims=True)
    c1, c2, c3 = ((1 + unit @ unit[row]) / 2 for row in (1, 2, 3))
    scores = c1 * c2 / (c3 + 1e-6)
    ours = kv.most_similar_cosmul(["word1", "word2"], ["word3"], topn=5)
    assert [word for word, _ in ours] == [
        word for word, _ in reference_most_similar(kv, scores, 5, {1, 2, 3})
    ]
    restricted = kv.most_similar_cosmul(["word1", "word2"], ["word3"], topn=300, restrict_vocab=50)
    assert len(restricted) == 47


@pytest.mark.parametrize("restrict_vocab", [None, 100])
def test_batch_equals_one_query_after_the_other(restrict_vocab, monkeypatch):
    kv = random_vectors(400, 10)
    monkeypatch.setattr(nearest, "SCORES_AT_ONCE", 1000)  # several parts
    keys = ["word3", 7, kv.vectors[9] * 5, "word399"]
    batch = kv.most_similar_batch(keys, topn=4, restrict_vocab=restrict_vocab)
    assert len(batch) == len(keys)
    for key, answers in zip(keys, batch, strict=True):
        assert_same_answers(answers, kv.most_similar(key, topn=4, restrict_vocab=restrict_vocab))


def test_batch_takes_a_matrix_of_queries_and_names_unknown_keys(kv):
    assert len(kv.most_similar_batch(np.eye(3), topn=1)) == 3
    assert kv.most_similar_batch([]) == []
    with pytest.raises(KeyError, match="did you mean 'king'"):
        kv.most_similar_batch(["queen", "kingg"])


# -------------------------------------------------------------------- comparing keys


def test_rank_counts_the_keys_that_are_closer(kv):
    assert kv.closer_than("king", "man") == ["queen"]
    assert kv.rank("king", "man") == 2
    assert kv.rank("king", "queen") == 1


def test_doesnt_match_finds_the_odd_one(kv):
    assert kv.doesnt_match(["king", "queen", "apple"]) == "apple"
    ranked = kv.rank_by_centrality(["king", "queen", "apple"])
    assert [word for _, word in ranked][-1] == "apple"


def test_doesnt_match_warns_of_unknown_words(kv):
    with pytest.warns(UserWarning, match=r"left out: \['plum'\]"):
        assert kv.doesnt_match(["king", "plum", "queen", "apple"]) == "apple"
    with pytest.raises(ValueError, match="no known word was given"):
        kv.doesnt_match([])


def test_most_similar_to_given_picks_from_the_list(kv):
    assert kv.most_similar_to_given("apple", ["king", "pear", "man"]) == "pear"


def test_relative_cosine_similarity_divides_by_the_neighbours(kv):
    total = sum(score for _, score in kv.most_similar("king", topn=2))
    expected = kv.similarity("king", "man") / total
    assert kv.relative_cosine_similarity("king", "man", topn=2) == pytest.approx(expected)
    with pytest.raises(ValueError, match="at least one other key"):
        kv.relative_cosine_similarity("king", "man", topn=0)


def test_vectors_for_all_takes_known_keys_once(kv):
    chosen = kv.vectors_for_all(["pear", "plum", "king", "pear"], copy_vecattrs=True)
    assert chosen.index_to_key == ["pear", "king"]
    np.testing.assert_array_equal(chosen.vectors, kv[["pear", "king"]])
    assert chosen.get_vecattr("pear", "count") == 10
    assert len(kv.vectors_for_all([0, "king"], allow_inference=False)) == 1
    assert len(kv.vectors_for_all([])) == 0


def test_the_example_of_the_docstring_runs():
    results = doctest.testmod(vectors)
    assert results.attempted > 0
    assert results.failed == 0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_distance_of_a_key_to_itself_is_exactly_zero(dtype):
    vectors = np.random.default_rng(0).normal(size=(200, 7)).astype(dtype)
    keyed = KeyedVectors.from_words([f"word{row}" for row in range(200)], vectors)
    assert {float(keyed.distance(word, word)) for word in keyed.index_to_key} == {0.0}
