"""Ours beside gensim's `KeyedVectors`, on the same matrix and the same files."""

import numpy as np
import pytest

from word2vec.vectors.keyed_vectors import KeyedVectors

gensim_models = pytest.importorskip("gensim.models")

# gensim calls a method of its own that it has deprecated, and leaves files unclosed.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Call to deprecated `init_sims`:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

NUM_WORDS, DIM = 500, 20
TOLERANCE = 1e-6


@pytest.fixture(scope="module")
def both():
    """Our vectors and gensim's, with the same words (some in two spellings), counts and numbers."""
    rng = np.random.default_rng(0)
    words = [f"word{i}" for i in range(NUM_WORDS)]
    words[100], words[101], words[102] = "Word3", "東京", "no\u00a0break"
    vectors = rng.normal(size=(NUM_WORDS, DIM)).astype(np.float32)
    counts = rng.integers(1, 50, size=NUM_WORDS)
    ours = KeyedVectors.from_words(words, vectors.copy(), counts)
    theirs = gensim_models.KeyedVectors(DIM)
    theirs.add_vectors(words, vectors.copy())
    for word, count in zip(words, counts.tolist(), strict=True):
        theirs.set_vecattr(word, "count", count)
    return ours, theirs


def assert_same(ours, theirs):
    """The same keys in the same order; numbers to the tolerance; lists and tuples item by item."""
    if isinstance(theirs, (list, tuple)):
        assert len(ours) == len(theirs)
        for one, other in zip(ours, theirs, strict=True):
            assert_same(one, other)
    elif isinstance(theirs, (str, int)):
        assert ours == theirs
    else:
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=TOLERANCE)


VECTOR = np.random.default_rng(1).normal(size=DIM).astype(np.float32)
UNIT_VECTOR = VECTOR / np.linalg.norm(VECTOR)

QUERIES = {
    "len": lambda kv: len(kv),
    "contains": lambda kv: ["word1" in kv, "nothing" in kv, 7 in kv, 500 in kv, -1 in kv],
    "item": lambda kv: kv["word1"],
    "items": lambda kv: kv[["word1", "word2"]],
    "item_by_row": lambda kv: kv[7],
    "get_vector_norm": lambda kv: kv.get_vector("word1", norm=True),
    "get_index": lambda kv: [kv.get_index("word9"), kv.get_index(3), kv.get_index("nothing", 7)],
    "has_index_for": lambda kv: [kv.has_index_for("word9"), kv.has_index_for("nothing")],
    "get_vecattr": lambda kv: [kv.get_vecattr(word, "count") for word in ["word1", "word499"]],
    "get_normed_vectors": lambda kv: kv.get_normed_vectors(),
    "most_similar": lambda kv: kv.most_similar("word1"),
    "most_similar_row": lambda kv: kv.most_similar(1),
    "most_similar_vector": lambda kv: kv.most_similar(VECTOR, topn=3),
    "most_similar_vectors": lambda kv: kv.most_similar(np.stack([VECTOR, VECTOR**2])),
    "most_similar_all": lambda kv: kv.most_similar("word1", topn=NUM_WORDS + 7),
    "most_similar_none": lambda kv: kv.most_similar("word1", topn=0),
    "most_similar_scores": lambda kv: kv.most_similar("word1", topn=None),
    "most_similar_analogy": lambda kv: kv.most_similar(["word1", "word2"], ["word3"]),
    "most_similar_repeated": lambda kv: kv.most_similar(["word1", "word1", "word2"], ["word1"]),
    "most_similar_negative": lambda kv: kv.most_similar(negative="word3"),
    "most_similar_weights": lambda kv: kv.most_similar(
        positive=[("word1", 0.3), ("word2", 2.0), VECTOR], negative=[("word3", -0.4), "word4"]
    ),
    "most_similar_restricted": lambda kv: kv.most_similar("word1", restrict_vocab=50),
    "most_similar_clipped": lambda kv: kv.most_similar("word1", clip_start=50, clip_end=90),
    "cosmul": lambda kv: kv.most_similar_cosmul(["word1", "word2"], ["word3"]),
    "cosmul_one": lambda kv: kv.most_similar_cosmul("word1", "word2", topn=4),
    "cosmul_vector": lambda kv: kv.most_similar_cosmul([UNIT_VECTOR, "word1"]),
    "cosmul_scores": lambda kv: kv.most_similar_cosmul("word1", topn=None),
    "similar_by_word": lambda kv: kv.similar_by_word("word7", topn=3),
    "similar_by_key": lambda kv: kv.similar_by_key("word7", 3, 100),
    "similar_by_vector": lambda kv: kv.similar_by_vector(VECTOR),
    "similarity": lambda kv: kv.similarity("word1", "word2"),
    "distance": lambda kv: kv.distance("word1", "word2"),
    "distances": lambda kv: kv.distances("word1"),
    "distances_some": lambda kv: kv.distances(VECTOR, ["word1", "word2"]),
    "n_similarity": lambda kv: kv.n_similarity(["word1", "nothing"], ["word2", "word3"]),
    "cosine_similarities": lambda kv: kv.cosine_similarities(VECTOR, kv.vectors),
    "doesnt_match": lambda kv: kv.doesnt_match(["word1", "word2", "word3", "word4"]),
    "rank_by_centrality": lambda kv: kv.rank_by_centrality(["word1", "word2", "word3"]),
    "rank": lambda kv: [kv.rank("word1", "word2"), kv.rank("word1", "word1")],
    "closer_than": lambda kv: kv.closer_than("word1", "word2"),
    "most_similar_to_given": lambda kv: kv.most_similar_to_given("word1", ["word2", "word3"]),
    "relative_cosine_similarity": lambda kv: kv.relative_cosine_similarity("word1", "word2"),
    "mean": lambda kv: kv.get_mean_vector(["word1", "nothing", 7, VECTOR]),
    "mean_weights": lambda kv: kv.get_mean_vector(["word1", "word2"], weights=[0.5, -2]),
    "mean_of_matrix": lambda kv: kv.get_mean_vector(kv.vectors[:4], post_normalize=True),
    "mean_plain": lambda kv: kv.get_mean_vector(["word1", "word2"], pre_normalize=False),
    "vectors_for_all": lambda kv: kv.vectors_for_all(["word5", "nothing", "word1"]).vectors,
}


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES.keys())
def test_query_gives_the_same_answer(both, query):
    ours, theirs = both
    assert_same(query(ours), query(theirs))


ERRORS = {
    "unknown": lambda kv: kv["nothing"],
    "unknown_row": lambda kv: kv[NUM_WORDS],
    "unknown_similar": lambda kv: kv.most_similar(["word1", "nothing"]),
    "unknown_cosmul": lambda kv: kv.most_similar_cosmul("nothing"),
    "unknown_distances": lambda kv: kv.distances("word1", ["nothing"]),
    "unknown_rank": lambda kv: kv.rank("word1", "nothing"),
    "no_key": lambda kv: kv.most_similar([]),
    "no_positive": lambda kv: kv.most_similar_cosmul(negative=["word1"]),
    "empty_set": lambda kv: kv.n_similarity([], ["word1"]),
    "nothing_matches": lambda kv: kv.doesnt_match([]),
    "weights": lambda kv: kv.get_mean_vector(["word1"], weights=[1, 2]),
    "missing": lambda kv: kv.get_mean_vector(["word1", "nothing"], ignore_missing=False),
    "no_attribute": lambda kv: kv.get_vecattr("word1", "nothing"),
    "attribute_type": lambda kv: kv.set_vecattr("word1", "count", "many"),
    "read_only": lambda kv: kv["word1"].__setitem__(0, 1.0),
}


@pytest.mark.parametrize("query", ERRORS.values(), ids=ERRORS.keys())
def test_query_ends_in_the_same_kind_of_error(both, query):
    ours, theirs = both
    with pytest.raises(Exception) as theirs_raised:  # noqa: PT011
        query(theirs)
    with pytest.raises(theirs_raised.type):
        query(ours)


def test_adding_and_replacing_end_in_the_same_vectors():
    def build(kv):
        kv.add_vectors(["a", "b"], np.eye(2, 3, dtype=np.float32))
        kv.add_vectors(["b", "c"], np.full((2, 3), 2, np.float32))
        kv.add_vectors(["b", "d"], np.full((2, 3), 3, np.float32), replace=True)
        kv["e"] = np.full(3, 4, np.float32)
        kv[["e", "f"]] = np.full((2, 3), 5, np.float32)
        return kv

    ours, theirs = build(KeyedVectors(3)), build(gensim_models.KeyedVectors(3))
    assert ours.index_to_key == theirs.index_to_key
    assert ours.key_to_index == theirs.key_to_index
    np.testing.assert_array_equal(ours.vectors, theirs.vectors)


# -------------------------------------------------------------------- evaluation


@pytest.fixture(scope="module")
def questions(tmp_path_factory):
    """Pairs and analogies with comments, wrong lines, unknown words and capitals among them."""
    rng = np.random.default_rng(2)
    folder = tmp_path_factory.mktemp("questions")
    pairs, analogies = ["# pairs"], []
    for i in range(200):
        a, b, c, d = rng.integers(NUM_WORDS + 50, size=4)
        pairs.append(f"{'Word' if i % 3 else 'word'}{a}\tword{b}\t{rng.normal():.3f}")
        if i % 50 == 0:
            pairs.append("not a pair")
            analogies += [f": section {i}", "not four words"]
        analogies.append(f"word{a} {'WORD' if i % 3 else 'word'}{b} word{c} word{d}")
    (folder / "pairs").write_text("\n".join(pairs))
    (folder / "analogies").write_text("\n".join(analogies))
    return folder


OPTIONS = [
    {},
    {"case_insensitive": False},
    {"dummy4unknown": True},
    {"restrict_vocab": 400},
    {"restrict_vocab": 300, "dummy4unknown": True, "case_insensitive": False},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_word_pairs_are_counted_alike(both, questions, options):
    results = [kv.evaluate_word_pairs(str(questions / "pairs"), **options) for kv in both]
    assert_same(*[(tuple(pearson), tuple(spearman), oov) for pearson, spearman, oov in results])


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_word_analogies_are_counted_alike(both, questions, options):
    theirs = both[1]
    restrict_vocab = options.get("restrict_vocab")
    with (questions / "answers").open("w") as file:  # every other one with the right answer
        for number, line in enumerate((questions / "analogies").read_text().splitlines()):
            fields = line.split()
            if number % 2 and len(fields) == 4 and all(w.lower() in theirs for w in fields):
                a, b, c, _ = (w.lower() for w in fields)
                best = theirs.most_similar([b, c], [a], restrict_vocab=restrict_vocab)
                line = f"{a} {b} {c} {best[0][0]}"
            file.write(line + "\n")
    results = [kv.evaluate_word_analogies(str(questions / "answers"), **options) for kv in both]
    assert results[0] == results[1]
    assert 0.05 < results[0][0] < 0.95


# -------------------------------------------------------------------- files


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize(
    "options", [{}, {"prefix": "*"}, {"total_vec": 7}, {"write_header": False}], ids=str
)
def test_files_are_written_with_the_same_bytes(both, tmp_path, binary, options):
    for name, kv in zip(["ours", "theirs"], both, strict=True):
        kv.save_word2vec_format(
            str(tmp_path / name), fvocab=str(tmp_path / f"{name}.vocab"), binary=binary, **options
        )
    assert (tmp_path / "ours").read_bytes() == (tmp_path / "theirs").read_bytes()
    assert (tmp_path / "ours.vocab").read_bytes() == (tmp_path / "theirs.vocab").read_bytes()


def test_unusual_numbers_are_written_with_the_same_digits(tmp_path):
    bits = np.random.default_rng(3).integers(2**32, size=3000, dtype=np.uint32)
    numbers = bits.view(np.float32)
    numbers = numbers[np.isfinite(numbers)]
    special = np.array([0, -0.0, 1e-45, 3.4e38, 16777216, 1e16, 1e-4, 9.9e-5], np.float32)
    vectors = np.concatenate([special, numbers])[:, np.newaxis]
    words = [f"w{i}" for i in range(len(vectors))]
    ours = KeyedVectors.from_words(words, vectors)
    theirs = gensim_models.KeyedVectors(1)
    theirs.add_vectors(words, vectors)
    ours.save_word2vec_format(tmp_path / "ours")
    theirs.save_word2vec_format(str(tmp_path / "theirs"))
    assert (tmp_path / "ours").read_bytes() == (tmp_path / "theirs").read_bytes()


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("writer", [0, 1], ids=["ours_to_gensim", "gensim_to_ours"])
def test_each_reads_what_the_other_writes(both, tmp_path, binary, suffix, writer):
    path, vocab = str(tmp_path / f"vectors{suffix}"), str(tmp_path / "vocab")
    both[writer].save_word2vec_format(path, fvocab=vocab, binary=binary)
    reader = [gensim_models.KeyedVectors, KeyedVectors][writer]
    # gensim splits the lines of the counts at no-break spaces, too.
    fvocab = vocab if writer == 1 else None
    loaded = reader.load_word2vec_format(path, fvocab=fvocab, binary=binary)
    original = both[writer]
    assert sorted(loaded.index_to_key) == sorted(original.index_to_key)
    np.testing.assert_array_equal(loaded[original.index_to_key], original.vectors)
    if fvocab:
        for word in original.index_to_key:
            assert loaded.get_vecattr(word, "count") == original.get_vecattr(word, "count")


@pytest.mark.parametrize(
    "options",
    [{}, {"limit": 3}, {"datatype": np.float64}, {"datatype": np.float16}, {"no_header": True}],
    ids=str,
)
def test_text_is_read_to_the_same_numbers(tmp_path, options):
    rng = np.random.default_rng(4)
    lines = [f"w{i} " + " ".join(f"{x:.9f}" for x in rng.normal(size=8)) for i in range(50)]
    if "no_header" not in options:
        lines.insert(0, "50 8")
    (tmp_path / "v").write_text("\n".join(lines) + "\n")
    ours = KeyedVectors.load_word2vec_format(tmp_path / "v", **options)
    theirs = gensim_models.KeyedVectors.load_word2vec_format(str(tmp_path / "v"), **options)
    assert ours.index_to_key == theirs.index_to_key
    assert ours.vectors.dtype == theirs.vectors.dtype
    np.testing.assert_array_equal(ours.vectors, theirs.vectors)


def test_what_gensim_cannot_read_is_warned_of_or_refused(tmp_path):
    words = KeyedVectors.from_words(["new york", "a"], np.eye(2, dtype=np.float32))
    path = tmp_path / "vectors.txt"
    with pytest.warns(UserWarning, match="gensim and the C program cannot read"):
        words.save_word2vec_format(path)
    with pytest.raises(ValueError, match="could not convert"):
        gensim_models.KeyedVectors.load_word2vec_format(path)
    with pytest.raises(ValueError, match="cannot hold words with a space"):
        words.save_word2vec_format(path, binary=True)
