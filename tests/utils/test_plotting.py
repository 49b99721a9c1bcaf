from types import SimpleNamespace

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import same_color
from matplotlib.figure import Figure

from utils import fonts, pictures
from utils.plot_style import PALETTE, UNGROUPED
from utils.plotting import (
    plot_confusion_matrix,
    plot_gradcheck,
    plot_loss,
    plot_step_sizes,
    plot_words,
)
from word2vec.gradcheck import GradientCheckError, gradcheck_naive
from word2vec.vectors.keyed_vectors import KeyedVectors

matplotlib.use("Agg")  # there may be no display

GROUPS = {
    "praise": "great cool brilliant wonderful well amazing worth sweet enjoyable".split(),
    "blame": "boring bad dumb annoying waste".split(),
    "people": "female male queen king man woman".split(),
}
WORDS = [
    *GROUPS["praise"],
    *GROUPS["blame"],
    *GROUPS["people"],
    *"rain snow hail coffee tea".split(),
]


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def new_ax(figsize=(10, 7.5), **kwargs):
    return Figure(figsize=figsize, **kwargs).subplots()


def clustered(spread, n=25, seed=0):
    rng = np.random.default_rng(seed)
    return np.repeat(rng.normal(size=(5, 20)), n // 5, axis=0) + spread * rng.normal(size=(n, 20))


def drawn_points(ax):
    scatters = [c for c in ax.collections if isinstance(c, PathCollection)]
    return np.concatenate([np.asarray(scatter.get_offsets()) for scatter in scatters])


def pairs_that_overlap(boxes):
    low, high = boxes[:, 0], boxes[:, 1]
    meet = ((low[:, None] < high) & (high[:, None] > low)).all(axis=2)
    return (meet.sum() - len(boxes)) // 2


# -------------------------------------------------------------------- plot_words: labels

SIXTY = [word + ending for word in WORDS[:20] for ending in ("", "s", "ness")]
CROWDS = {
    "tight clusters": (WORDS, clustered(0.03), GROUPS),
    "one point": (WORDS[:15], np.full((15, 7), 0.1), None),
    "a line": (WORDS, clustered(0.5)[:, :1], GROUPS),
    "sixty words": (SIXTY, clustered(0.4, n=60), {"first": SIXTY[:30], "second": SIXTY[30:50]}),
    "two words": (["king", "queen"], clustered(1.0)[:2], None),
    "one word": (["king"], clustered(1.0)[:1], {"all": ["king"]}),
}


@pytest.mark.parametrize(("words", "vectors", "groups"), CROWDS.values(), ids=CROWDS)
def test_labels_cover_neither_each_other_nor_points_nor_legend_and_stay_inside(
    words, vectors, groups
):
    ax = plot_words(words, vectors, groups=groups, ax=new_ax())
    ax.figure.set_dpi(160)  # labels are placed in inches: another resolution changes nothing
    ax.figure.draw_without_rendering()
    boxes = np.array([text.get_window_extent().get_points() for text in ax.texts])
    points = ax.transData.transform(drawn_points(ax))

    assert [text.get_text() for text in ax.texts] == words
    assert pairs_that_overlap(boxes) == 0
    covering = boxes + 160 / 72 * np.array([[-2.5], [2.5]])  # a point has a radius of 3/72 inch
    inside = (points[:, None] > covering[:, 0]) & (points[:, None] < covering[:, 1])
    assert not inside.all(axis=2).any()
    frame = ax.bbox.get_points()
    assert (boxes >= frame[0]).all()
    assert (boxes <= frame[1]).all()
    if groups:
        legend = ax.get_legend().get_window_extent().get_points()
        assert pairs_that_overlap(np.concatenate([boxes, [legend]])) == 0
        assert not ((points > legend[0]) & (points < legend[1])).all(axis=1).any()


def test_labels_keep_clear_of_the_legend_where_room_is_short():
    groups = {"praise": WORDS[:5], "more praise": WORDS[5:10]}
    ax = plot_words(WORDS[:10], np.ones((10, 3)), groups=groups, ax=new_ax(figsize=(4, 2.2)))
    artists = [*ax.texts, ax.get_legend()]
    boxes = np.array([artist.get_window_extent().get_points() for artist in artists])
    assert pairs_that_overlap(boxes) == 0


def test_labels_stay_apart_in_a_figure_that_lays_itself_out():
    figure = Figure(figsize=(10, 7.5), layout="constrained")
    figure.suptitle("a large title", fontsize=250)  # the layout makes room for it
    ax = plot_words(WORDS, clustered(0.03), ax=figure.subplots())
    figure.draw_without_rendering()
    boxes = np.array([text.get_window_extent().get_points() for text in ax.texts])
    assert pairs_that_overlap(boxes) == 0


def test_labels_side_by_side_are_as_far_apart_as_words_of_a_text():
    ax = plot_words(WORDS, clustered(0.03), ax=new_ax())
    boxes = np.array([text.get_window_extent().get_points() for text in ax.texts])
    point = ax.figure.dpi / 72
    assert pairs_that_overlap(boxes + point * np.array([[-2, 0], [2, 0]])) == 0


def test_a_label_away_from_its_point_has_a_leader_line_that_starts_there():
    ax = plot_words(WORDS[:12], np.ones((12, 3)), ax=new_ax())
    (leaders,) = (c for c in ax.collections if isinstance(c, LineCollection))
    starts = np.array([line[0] for line in leaders.get_segments()])
    assert len(starts) > 3
    np.testing.assert_allclose(starts, 0, atol=1e-12)


def test_a_lonely_word_has_no_leader_line():
    ax = plot_words(["king", "queen"], np.eye(2), ax=new_ax())
    (leaders,) = (c for c in ax.collections if isinstance(c, LineCollection))
    assert leaders.get_segments() == []


def test_dollar_signs_are_drawn_as_they_are():
    ax = plot_words(["$", "$100", r"$\frac$"], np.eye(3), ax=new_ax())
    ax.figure.draw_without_rendering()
    assert not any(text.get_parse_math() for text in ax.texts)


# -------------------------------------------------------------------- plot_words: projection

FEW = WORDS[5:15]


def test_points_are_the_principal_components_up_to_sign():
    vectors = clustered(0.5, n=10)
    points = drawn_points(plot_words(FEW, vectors, ax=new_ax()))
    centered = vectors - vectors.mean(axis=0)
    expected = centered @ np.linalg.svd(centered)[2][:2].T
    np.testing.assert_allclose(np.abs(points), np.abs(expected), atol=1e-12)


@pytest.mark.parametrize("sign", [1, -1])
def test_the_largest_entry_of_each_component_is_positive(sign):
    vectors = sign * clustered(0.5, n=10)
    points = drawn_points(plot_words(FEW, vectors, ax=new_ax()))
    components = (vectors - vectors.mean(axis=0)).T @ points  # columns of V times s^2
    largest = components[np.abs(components).argmax(axis=0), [0, 1]]
    assert (largest > 0).all()


def test_the_same_vectors_give_the_same_picture():
    first, second = (plot_words(FEW, clustered(0.5, n=10), ax=new_ax()) for _ in range(2))
    assert np.array_equal(drawn_points(first), drawn_points(second))
    assert [text.get_position() for text in first.texts] == [t.get_position() for t in second.texts]


def test_axes_say_their_share_of_variance():
    # Variances 9 : 1 : 0.
    vectors = np.array([[3, 0, 5], [-3, 0, 5], [0, 1, 5], [0, -1, 5]])
    ax = plot_words(["a", "b", "c", "d"], vectors, ax=new_ax())
    assert ax.get_xlabel() == "1st principal component, 90% of variance"
    assert ax.get_ylabel() == "2nd principal component, 10% of variance"


def test_rounding_errors_of_equal_vectors_are_not_drawn():
    points = drawn_points(plot_words(WORDS[:3], np.full((3, 7), 0.1), ax=new_ax()))
    assert np.array_equal(points, np.zeros((3, 2)))


def test_vectors_of_size_one_lie_on_a_line():
    points = drawn_points(plot_words(["a", "b", "c"], [[1], [2], [6]], ax=new_ax()))
    np.testing.assert_allclose(points, [[-2, 0], [-1, 0], [3, 0]], atol=1e-12)


@pytest.mark.parametrize(
    "make", [KeyedVectors.from_words, lambda *args: dict(zip(*args, strict=True))]
)
def test_vectors_are_looked_up_by_word(make):
    vectors = clustered(0.5, n=10)
    chosen = [7, 3, 8]
    looked_up = plot_words([FEW[i] for i in chosen], make(FEW, vectors), ax=new_ax())
    given = plot_words([FEW[i] for i in chosen], vectors[chosen], ax=new_ax())
    assert np.array_equal(drawn_points(looked_up), drawn_points(given))


# -------------------------------------------------------------------- plot_words: groups


def test_each_group_has_its_colour_and_the_rest_is_grey():
    vectors = clustered(0.5)
    ax = plot_words(WORDS, vectors, groups=GROUPS, ax=new_ax())
    color_of = {
        tuple(point): collection.get_facecolor()[0]
        for collection in ax.collections
        if isinstance(collection, PathCollection)
        for point in collection.get_offsets()
    }
    points = drawn_points(plot_words(WORDS, vectors, ax=new_ax()))
    expected = [PALETTE[i] for i, words in enumerate(GROUPS.values()) for _ in words]
    expected += [UNGROUPED] * (len(WORDS) - len(expected))
    assert all(same_color(color_of[tuple(p)], c) for p, c in zip(points, expected, strict=True))
    assert [text.get_text() for text in ax.get_legend().get_texts()] == list(GROUPS)


def test_more_groups_than_colours_differ_in_shape():
    groups = {word: [word] for word in WORDS[:7]}
    ax = plot_words(WORDS[:7], np.eye(7), groups=groups, ax=new_ax())
    first, seventh = (next(c for c in ax.collections if c.get_label() == WORDS[i]) for i in (0, 6))
    assert np.array_equal(first.get_facecolor(), seventh.get_facecolor())
    assert first.get_paths()[0].vertices.shape != seventh.get_paths()[0].vertices.shape


def test_legend_takes_as_many_rows_as_its_groups_need_to_stay_inside():
    groups = {f"words about {word}": [word] for word in WORDS}
    ax = plot_words(WORDS, clustered(0.5), groups=groups, ax=new_ax())
    legend = ax.get_legend().get_window_extent()
    assert ax.bbox.x0 <= legend.x0 < legend.x1 <= ax.bbox.x1
    assert ax.bbox.y0 <= legend.y0 < legend.y1 <= ax.bbox.y1


def test_there_is_no_legend_without_groups():
    assert plot_words(FEW, clustered(0.5, n=10), ax=new_ax()).get_legend() is None


# -------------------------------------------------------------------- plot_words: errors

BAD_WORDS = {
    "a string": ("king", np.eye(4), TypeError, "words must be a sequence of strings"),
    "numbers": ([1, 2], np.eye(2), TypeError, "words must be strings. Got 1 instead"),
    "nothing": ([], np.empty((0, 3)), ValueError, "words must not be empty"),
    "too few rows": (
        ["a", "b"],
        np.eye(3),
        ValueError,
        r"row for each of the 2 words. Got .*\(3, 3",
    ),
    "no matrix": (
        ["a", "b"],
        [1.0, 2.0],
        ValueError,
        r"vectors must be a matrix. Got shape \(2,\)",
    ),
    "size 0": (["a"], np.empty((1, 0)), ValueError, "vectors must not be empty"),
    "strings": (["a"], [["x"]], TypeError, "vectors must hold real numbers"),
    "NaN": (["a", "b"], [[1, 2], [3, np.nan]], ValueError, r"Got nan at vectors\[1, 1\]"),
    "infinity": (["a", "b"], [[np.inf, 2], [3, 4]], ValueError, r"Got inf at vectors\[0, 0\]"),
    "no vector": (["a", "b"], {"a": [1, 2]}, KeyError, r"words must all .* none for \['b'\]"),
}


@pytest.mark.parametrize(("words", "vectors", "error", "match"), BAD_WORDS.values(), ids=BAD_WORDS)
def test_bad_words_or_vectors_are_refused_before_anything_is_drawn(words, vectors, error, match):
    ax = new_ax()
    with pytest.raises(error, match=match):
        plot_words(words, vectors, ax=ax)
    assert not ax.collections
    assert not ax.texts


@pytest.mark.parametrize(
    ("groups", "match"),
    [
        ({"x": ["a", "z"]}, r"groups\['x'\] must list words that are drawn. Got \['z'\]"),
        ({"x": ["a"], "y": ["b", "a"]}, r"groups must share no word. Got \['a'\] in 'y'"),
    ],
)
def test_bad_groups_are_refused(groups, match):
    with pytest.raises(ValueError, match=match):
        plot_words(["a", "b"], np.eye(2), groups=groups, ax=new_ax())


# -------------------------------------------------------------------- plot_loss


def test_losses_stand_over_their_iterations():
    ax = plot_loss([3, 2, 1], iterations=[10, 20, 30], ylabel="mean loss a pair", ax=new_ax())
    assert np.array_equal(ax.lines[0].get_xydata(), [[10, 3], [20, 2], [30, 1]])
    assert ax.get_xlabel() == "iteration"
    assert ax.get_ylabel() == "mean loss a pair"


def test_iterations_count_from_one():
    assert list(plot_loss([3, 2, 1], ax=new_ax()).lines[0].get_xdata()) == [1, 2, 3]


def test_no_tick_is_between_two_iterations():
    assert all(tick.is_integer() for tick in plot_loss([3, 2], ax=new_ax()).get_xticks())


def test_logarithmic_axis_keeps_its_ticks():
    ax = new_ax()
    ax.set_xscale("log")
    assert set(np.log10(plot_loss(np.ones(100), ax=ax).get_xticks())) >= {0, 1, 2}


def test_a_single_loss_is_visible():
    assert plot_loss([3], ax=new_ax()).lines[0].get_marker() == "o"


def test_curves_on_the_same_axes_differ_and_are_all_within_the_limits():
    ax = new_ax()
    for k in range(7):
        assert plot_loss(np.arange(3.0, 0, -1) * (k + 1), ax=ax, label=f"run {k}") is ax
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        f"run {k}" for k in range(7)
    ]
    assert len({(line.get_color(), line.get_linestyle()) for line in ax.lines}) == 7
    assert ax.get_ylim()[0] < 1
    assert ax.get_ylim()[1] > 21


def test_a_curve_without_label_has_no_legend():
    assert plot_loss([3, 2], ax=new_ax()).get_legend() is None


@pytest.mark.parametrize(
    ("losses", "iterations", "match"),
    [
        ([], None, "losses must not be empty"),
        ([[1.0, 2.0]], None, r"losses must be a vector. Got shape \(1, 2\)"),
        ([1, np.nan], None, r"losses must be finite. Got nan at losses\[1\]"),
        ([1, 2], [1, 2, 3], "iterations must be as many as losses, 2. Got 3"),
        ([1, 2], [1, np.inf], r"Got inf at iterations\[1\]"),
    ],
)
def test_bad_losses_are_refused(losses, iterations, match):
    with pytest.raises(ValueError, match=match):
        plot_loss(losses, iterations=iterations, ax=new_ax())


# -------------------------------------------------------------------- plot_confusion_matrix


def cells(ax):
    return {tuple(map(int, text.get_position()[::-1])): text.get_text() for text in ax.texts}


def test_every_cell_shows_its_count_in_row_true_and_column_predicted():
    ax = plot_confusion_matrix([[1200, 3], [0, 7]], ["no", "yes"], ax=new_ax())
    assert cells(ax) == {(0, 0): "1,200", (0, 1): "3", (1, 0): "0", (1, 1): "7"}
    assert (ax.get_ylabel(), ax.get_xlabel()) == ("true", "predicted")
    assert [text.get_text() for text in ax.get_xticklabels()] == ["no", "yes"]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["no", "yes"]


def test_normalized_rows_are_shares_and_an_empty_row_stays_zero():
    ax = plot_confusion_matrix([[1, 3], [0, 0]], normalize=True, ax=new_ax())
    assert cells(ax) == {(0, 0): "0.25", (0, 1): "0.75", (1, 0): "0.00", (1, 1): "0.00"}


def test_numbers_contrast_with_their_cells():
    counts = np.arange(100).reshape(10, 10)
    ax = plot_confusion_matrix(counts, ax=new_ax())

    def luminance(color):  # as in the contrast ratio of WCAG 2
        rgb = np.array(matplotlib.colors.to_rgb(color))
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722]

    image = ax.images[0]
    for text in ax.texts:
        column, row = text.get_position()
        background = image.cmap(image.norm(counts[row, column]))
        light, dark = sorted([luminance(text.get_color()), luminance(background)], reverse=True)
        assert (light + 0.05) / (dark + 0.05) > 3


def test_long_names_of_classes_do_not_overlap():
    names = ["very negative", "negative", "neutral", "positive", "very positive"]
    ax = plot_confusion_matrix(np.eye(5), names, ax=new_ax(figsize=(5, 5), layout="constrained"))
    assert all(text.get_rotation() == 40 for text in ax.get_xticklabels())
    ax = plot_confusion_matrix(np.eye(5), ax=new_ax(figsize=(5, 5), layout="constrained"))
    assert all(text.get_rotation() == 0 for text in ax.get_xticklabels())


def test_numbers_are_as_large_as_the_names_where_there_is_room():
    with plt.rc_context({"font.size": 13}):
        ax = plot_confusion_matrix(np.eye(2), ["no", "yes"], ax=new_ax())
    assert {text.get_fontsize() for text in ax.texts} == {13}


def test_names_of_classes_are_drawn_with_a_font_that_has_them(monkeypatch):
    monkeypatch.setattr(fonts, "find_families", lambda texts: (["Special"], set()))
    ax = plot_confusion_matrix(np.eye(2), ["否定", "肯定"])
    for text in (*ax.get_xticklabels(), *ax.get_yticklabels()):
        assert text.get_fontfamily()[-1] == "Special"


@pytest.mark.parametrize(
    ("matrix", "labels", "match"),
    [
        (np.ones((2, 3)), None, r"matrix must be square. Got shape \(2, 3\)"),
        (np.ones(3), None, r"matrix must be a matrix. Got shape \(3,\)"),
        (np.ones((0, 0)), None, "matrix must not be empty"),
        ([[1, -2], [3, 4]], None, "matrix must hold counts. Got -2"),
        ([[1, np.nan], [3, 4]], None, r"Got nan at matrix\[0, 1\]"),
        (np.eye(2), ["a", "b", "c"], "labels must name the 2 classes. Got 3 names"),
    ],
)
def test_bad_matrices_are_refused(matrix, labels, match):
    with pytest.raises(ValueError, match=match):
        plot_confusion_matrix(matrix, labels, ax=new_ax())


# -------------------------------------------------------------------- all three

CALLS = {
    "plot_words": lambda array, **kwargs: plot_words(list("abc"), array, **kwargs),
    "plot_loss": lambda array, **kwargs: plot_loss(array[0], **kwargs),
    "plot_confusion_matrix": lambda array, **kwargs: plot_confusion_matrix(
        array, normalize=True, **kwargs
    ),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_without_ax_a_pyplot_figure_is_made_that_can_be_saved(call, tmp_path):
    ax = call(np.eye(3))
    assert plt.get_fignums() == [ax.figure.number]
    ax.figure.savefig(tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 1000


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_with_ax_pyplot_is_left_alone(call):
    ax = new_ax()
    assert call(np.eye(3), ax=ax) is ax
    assert plt.get_fignums() == []


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_inputs_are_unchanged(call):
    array = np.array([[3.0, 1, 2], [0, 5, 1], [4, 4, 0]])
    before = array.copy()
    array.setflags(write=False)
    call(array, ax=new_ax())
    assert np.array_equal(array, before)


# -------------------------------------------------------------------- plot_gradcheck


def cubes(x):
    return float(np.sum(x**3)), 3 * x**2


def cubes_with_one_mistake(x):
    loss, gradient = cubes(x)
    gradient[1, 2] *= 1.1
    return loss, gradient


POINT = np.arange(1.0, 7).reshape(2, 3) / 4


def scatters(ax):
    return {c.get_label(): np.asarray(c.get_offsets()) for c in ax.collections}


def test_entries_of_a_right_gradient_are_drawn_on_the_diagonal():
    ax = plot_gradcheck(cubes, POINT.copy(), ax=new_ax())
    assert list(scatters(ax)) == ["right: 6"]
    points = scatters(ax)["right: 6"]
    np.testing.assert_allclose(points[:, 0], 3 * POINT.ravel() ** 2)
    np.testing.assert_allclose(points[:, 1], points[:, 0], rtol=1e-8)
    assert len(ax.texts) == 0


def test_entry_that_the_checker_refuses_is_marked_and_named():
    ax = plot_gradcheck(cubes_with_one_mistake, POINT.copy(), ax=new_ax())
    points = scatters(ax)
    assert list(points) == ["right: 5", "wrong: 1"]
    np.testing.assert_allclose(points["wrong: 1"], [[1.1 * 6.75, 6.75]])
    assert [text.get_text() for text in ax.texts] == ["worst: (1, 2)"]
    with pytest.raises(GradientCheckError, match=r"failed at index \(1, 2\)"):
        gradcheck_naive(cubes_with_one_mistake, POINT.copy())


def test_plots_of_a_gradient_leave_the_point_alone_and_make_a_figure_of_their_own():
    x = POINT.copy()
    for ax in (plot_gradcheck(cubes, x), plot_step_sizes(cubes, x, steps=[1e-5])):
        assert ax.figure.number in plt.get_fignums()
    np.testing.assert_array_equal(x, POINT)


@pytest.mark.parametrize("gradient", [np.ones(3), np.full((2, 3), np.nan)])
def test_gradient_that_gives_no_points_is_refused(gradient):
    with pytest.raises(GradientCheckError, match=r"must be finite and have the shape of x, \(2, 3"):
        plot_gradcheck(lambda x: (1.0, gradient), POINT.copy())


# -------------------------------------------------------------------- plot_step_sizes


def errors_by_step(ax):
    return {line.get_label(): line.get_xydata() for line in ax.lines}


def test_errors_by_step_are_those_of_the_formulas():
    steps = np.array([1e-3, 1e-2, 1e-1])
    # Of x^3, one-sided: 3 x h + h^2; two-sided: h^2, whatever x is. The largest x is 1.
    lines = errors_by_step(plot_step_sizes(cubes, np.array([0.5, 1.0]), steps=steps, ax=new_ax()))
    np.testing.assert_allclose(lines["one-sided"].T, [steps, 3 * steps + steps**2], rtol=1e-6)
    np.testing.assert_allclose(lines["two-sided"].T, [steps, steps**2], rtol=1e-6)


def test_two_sided_differences_are_best_at_the_step_of_the_checker_or_near():
    lines = errors_by_step(plot_step_sizes(cubes, POINT.copy(), ax=new_ax()))
    two_sided = lines["two-sided"]
    best = two_sided[two_sided[:, 1].argmin(), 0]
    assert 1e-7 < best < 1e-4
    assert two_sided[0, 1] > 1e3 * two_sided[:, 1].min()
    assert two_sided[-1, 1] > 1e3 * two_sided[:, 1].min()


def test_steps_must_be_positive():
    with pytest.raises(ValueError, match=r"steps must be positive. Got 0 instead."):
        plot_step_sizes(cubes, POINT.copy(), steps=[0, 1e-5])


# -------------------------------------------------------------------- scripts, long words, points


def test_points_can_come_from_elsewhere_and_the_axes_claim_nothing():
    points = np.array([[0.0, 1.0], [2.0, 3.0], [5.0, 1.0]])
    ax = plot_words(["a", "b", "c"], points=points, ax=new_ax())
    np.testing.assert_array_equal(drawn_points(ax), points)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("", "")


@pytest.mark.parametrize(
    ("points", "message"),
    [(np.ones((2, 3)), "points must have two columns"), ([[1, 2]], "points must have a row for")],
)
def test_points_that_are_none_are_refused(points, message):
    with pytest.raises(ValueError, match=message):
        plot_words(["a", "b"], points=points)


def test_words_without_vectors_or_points_are_refused():
    with pytest.raises(TypeError, match="needs vectors, or points"):
        plot_words(["a", "b"])


def test_very_long_words_are_shortened_in_their_labels():
    word = "donaudampfschifffahrtsgesellschaftskapitän"
    ax = plot_words([word, "short"], np.eye(2), ax=new_ax())
    assert [text.get_text() for text in ax.texts] == ["donaudampfschif…skapitän", "short"]


def test_very_long_names_of_groups_are_shortened_in_the_legend():
    groups = {"a name that needs more room than there is beside the others": ["king"]}
    ax = plot_words(["king", "queen"], np.eye(2), groups=groups, ax=new_ax())
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a name that nee…e others"]


def test_every_group_has_a_shape_of_its_own_from_the_first_on():
    ax = plot_words(WORDS, clustered(1.0), groups=GROUPS, ax=new_ax())
    scatters = [c for c in ax.collections if isinstance(c, PathCollection)]
    shapes = {scatter.get_paths()[0].vertices.tobytes() for scatter in scatters[1:]}
    assert len(shapes) == len(GROUPS)


def test_axis_labels_fit_a_small_picture():
    ax = plot_words(WORDS, clustered(1.0), ax=new_ax(figsize=(8, 3)))
    assert ax.get_ylabel().startswith("2nd component, ")
    assert max(ax.yaxis.label.get_window_extent().size) <= ax.bbox.height


class FakeFont:
    """As FreeType shows a font: what it has, and whether it can be drawn."""

    def __init__(self, characters, scalable=True, family_name="Fake"):
        self.get_charmap = lambda: {ord(character): 1 for character in characters}
        self.scalable, self.family_name = scalable, family_name


@pytest.fixture
def system_fonts(monkeypatch):
    """Made-up fonts of the system; the usual one has only ASCII."""
    usual = fonts.font_manager.findfont(fonts.font_manager.FontProperties())
    found = {
        usual: FakeFont(map(chr, range(128))),
        "/f/Colour.ttf": FakeFont("中😀", scalable=False),
        "/f/LastResort.ttf": FakeFont("中😀ไ", family_name="Last Resort"),
        "/f/NotoSansCJK-Bold.otf": FakeFont("中日"),
        "/f/NotoSansCJK-Regular.otf": FakeFont("中日"),
        "/f/Symbola.ttf": FakeFont("😀中"),
    }
    monkeypatch.setattr(fonts.font_manager, "get_font", found.__getitem__)
    monkeypatch.setattr(fonts.font_manager, "findSystemFonts", lambda: list(found)[1:])
    monkeypatch.setattr(fonts.font_manager.fontManager, "addfont", lambda path: None)
    monkeypatch.setattr(
        fonts.font_manager.FontProperties, "get_name", lambda self: self.get_file() or "usual"
    )


def test_fonts_of_the_system_are_found_for_what_the_usual_one_lacks(system_fonts):
    families, missing = fonts.find_families(["film", "中日", "good 😀"])
    assert families == ["/f/NotoSansCJK-Regular.otf", "/f/Symbola.ttf"]
    assert missing == set()


def test_no_font_is_looked_for_where_none_is_needed(system_fonts, monkeypatch):
    monkeypatch.setattr(fonts.font_manager, "findSystemFonts", None)
    assert fonts.find_families(["film"]) == ([], set())


def test_script_without_a_font_gets_one_warning_that_names_one(system_fonts):
    with (
        pytest.warns(
            UserWarning, match="No font here has 2 of .* Install Noto Sans Thai"
        ) as caught,
        fonts.fonts_for(["ไท", "ไท", "film"]),
    ):
        pass
    assert len(caught) == 1


def test_picture_warns_once_of_all_its_characters(system_fonts, tmp_path):
    vectors = KeyedVectors.from_words(["ไท", "film"], np.eye(2))
    with pytest.warns(UserWarning, match="No font here has 3 of .* Thai") as caught:
        pictures.save_word_picture(vectors, ["ไท", "film"], tmp_path / "a.png", title="ข")
    assert len(caught) == 1


@pytest.mark.parametrize("num_epochs", [1, 2])
def test_loss_of_few_epochs_has_ticks_at_whole_epochs(num_epochs):
    ax = plot_loss([3.0] * num_epochs, iterations=np.arange(num_epochs) + 0.5, ax=new_ax())
    ax.figure.draw_without_rendering()
    assert all(tick == round(tick) for tick in ax.get_xticks())


def test_best_strength_at_the_edge_is_inside_the_picture():
    ax = plot_loss([1.0, 2.0, 3.0], iterations=[1e-3, 1e-2, 1e-1], ax=new_ax())
    ax.set_xscale("log")
    low, high = ax.get_xlim()
    assert low < 1e-3
    assert high > 1e-1


def test_single_strength_is_in_the_middle_of_the_picture(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(pictures, "_save", lambda ax, path: drawn.append(ax))
    result = SimpleNamespace(name="vectors", strengths=[1e-4], dev_accuracies=[0.4])
    pictures.save_sentiment_pictures([result], np.eye(2), ["no", "yes"], tmp_path)
    np.testing.assert_allclose(np.log10(drawn[0].get_xlim()).mean(), -4)
