"""The page to explore word vectors with, driven in a headless browser.

Needs Selenium, Chromium and its driver; skipped where one of them is missing:
  apt-get install chromium chromium-driver && python -m pip install selenium
"""

import json
import shutil

import numpy as np
import pytest

from utils.explore import write_explore_page
from word2vec.vectors.keyed_vectors import KeyedVectors

webdriver = pytest.importorskip("selenium.webdriver", reason="Selenium is not installed")
wait = pytest.importorskip("selenium.webdriver.support.wait")
wheel_input = pytest.importorskip("selenium.webdriver.common.actions.wheel_input")
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="Chromium or its driver is not installed"
)

FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --disable-sync "
    "--disable-background-networking --disable-component-update --window-size=1200,900"
)
# Words that are markup, code, properties of every JavaScript object, addresses; written from right
# to left, with characters of two UTF-16 units, or of several characters joined.
NASTY = [
    "</script><script>window.ran = true</script>",
    "<img src=x onerror='window.ran=true'>",
    "{{data}}",
    '"quoted"',
    "it's",
    "back\\slash",
    "__proto__",
    "constructor",
    "&amp;",
    "%41%",
    "#word=cat",
    "two words",
    "שלום",
    "\u202edlrow",
    "😀",
    "👩\u200d🔬",
    "cafe\u0301",
    "x" * 300,
]
WORDS = ["cat", "Cat", "dog", "catalogue", *NASTY, *(f"word{i}" for i in range(280))]
ENTER, ESCAPE, TAB, DOWN = "\ue007", "\ue00c", "\ue004", "\ue015"


@pytest.fixture(scope="module")
def vectors():
    matrix = np.random.default_rng(0).normal(size=(len(WORDS), 20))
    return KeyedVectors.from_words(WORDS, matrix.astype(np.float32))


@pytest.fixture(scope="module")
def address(vectors, tmp_path_factory):
    path = tmp_path_factory.mktemp("explore") / "page.html"
    write_explore_page(vectors, path, title="Cats & <b>dogs</b>")
    return path.as_uri()


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in [*FLAGS.split(), f"--user-data-dir={tmp_path_factory.mktemp('profile')}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = webdriver.ChromeService(executable_path=DRIVER)
    with webdriver.Chrome(options=options, service=service) as browser:
        yield browser


@pytest.fixture
def page(browser, address):
    """The page just opened; its console must be empty in the end."""
    browser.get("about:blank")
    browser.get_log("browser"), browser.get_log("performance")
    browser.get(address)
    page = Page(browser)
    yield page
    assert browser.get_log("browser") == []
    assert not page.run("return window.ran")


class Page:
    """What a user does and sees."""

    def __init__(self, browser):
        self.browser = browser
        self.run = browser.execute_script

    def find(self, name):
        return self.browser.find_element("id", name)

    def type(self, text):
        """Type into what has the focus; key by key WebDriver cannot type an emoji."""
        self.browser.execute_cdp_cmd("Input.insertText", {"text": text})

    def press(self, *keys):
        self.browser.switch_to.active_element.send_keys(*keys)

    def ask(self, **words):
        """Fill in fields, then press Enter in the last."""
        for field, word in words.items():
            self.find(field).clear()
            self.find(field).click()
            self.type(word)
        self.press(ENTER)

    def says(self, name):
        return self.find(f"{name}-says").get_property("textContent")

    def wait_for(self, condition):
        wait.WebDriverWait(self.browser, 10, 0.05).until(lambda _: condition())

    def wait_for_word(self, word):
        self.wait_for(lambda: self.says("word") == f"Nearest to “{word}”:")

    def answers(self, name):
        """Words and cosines of a list, as they stand there."""
        items = self.run(
            "return [...byId(arguments[0]).children].map(item =>"
            "  [item.querySelector('bdi').textContent, item.querySelector('span').textContent])",
            name,
        )
        return [(word, float(score)) for word, score in items]

    def place_of(self, word):
        """Where its point is, from the upper left corner of the map."""
        return self.run("const i = rowOf.get(arguments[0]); return [screenX(i), screenY(i)]", word)

    def lonely_word(self):
        """A word whose point is the farthest from all others."""
        places = np.array(self.run("return words.map((_, i) => [screenX(i), screenY(i)])"))
        distances = np.linalg.norm(places[:, None] - places, axis=2)
        np.fill_diagonal(distances, np.inf)
        return WORDS[distances.min(axis=1).argmax()]

    def from_middle(self, word):
        """Where its point is, in whole pixels from the middle of the map, as WebDriver counts."""
        return self.run(
            "const i = rowOf.get(arguments[0]), canvas = byId('map');"
            "return [screenX(i) - canvas.clientWidth / 2, screenY(i) - canvas.clientHeight / 2]"
            "  .map(Math.round)",
            word,
        )

    def actions(self):
        return webdriver.ActionChains(self.browser, duration=50)

    def mouse(self, word):
        """Actions of a mouse that has moved to a word on the map."""
        return self.actions().move_to_element_with_offset(self.find("map"), *self.from_middle(word))


def assert_same(answers, expected):
    """Equal words in equal order, and equal cosines as far as the page shows them."""
    assert [word for word, _ in answers] == [word for word, _ in expected]
    scores = [score for _, score in expected]
    np.testing.assert_allclose([score for _, score in answers], scores, rtol=0, atol=0.00052)


# -------------------------------------------------------------------- answers


def test_neighbors_are_those_of_most_similar(page, vectors):
    for word in ["cat", "word7", *NASTY]:
        page.ask(word=word)
        page.wait_for_word(word)
        assert_same(page.answers("neighbors"), vectors.most_similar(word))


def test_more_neighbors_are_shown_on_request(page, vectors):
    page.ask(word="dog")
    page.wait_for_word("dog")
    page.find("more").click()
    page.find("more").click()
    assert_same(page.answers("neighbors"), vectors.most_similar("dog", topn=30))


def test_analogies_are_those_of_most_similar(page, vectors):
    for a, b, c in [("cat", "dog", "word1"), ("שלום", "😀", "__proto__"), ("cat", "cat", "dog")]:
        page.ask(**{"analogy-a": a, "analogy-b": b, "analogy-c": c})
        expected = vectors.most_similar([b, c], [a])
        assert_same(page.answers("answers"), expected)
        assert page.says("analogy") == f"“{a}” is to “{b}” as “{c}” is to “{expected[0][0]}”."


def test_similarity_is_that_of_the_vectors(page, vectors):
    for a, b in [("cat", "dog"), ("👩\u200d🔬", "%41%"), ("it's", "it's")]:
        page.ask(**{"similarity-a": a, "similarity-b": b})
        found = float(page.find("similarity-value").text)
        assert found == pytest.approx(vectors.similarity(a, b), abs=0.00052)


def test_case_counts_only_between_words_that_both_exist(page):
    page.ask(word="Cat")
    page.wait_for_word("Cat")
    page.ask(word="DOG ")
    page.wait_for_word("dog")


def test_composed_and_decomposed_letters_are_the_same(page):
    page.ask(word="caf\u00e9")
    page.wait_for_word("cafe\u0301")


def test_closest_spellings_of_an_unknown_word_can_be_taken(page):
    page.ask(word="catalog")
    page.wait_for(lambda: "“catalog” is not among these 302 words" in page.says("word"))
    assert page.answers("neighbors") == []
    page.find("word-says").find_element("tag name", "button").click()
    page.wait_for_word("catalogue")


def test_question_without_all_its_words_asks_for_the_next(page):
    page.ask(**{"analogy-a": "cat"})
    assert page.browser.switch_to.active_element.get_attribute("id") == "analogy-b"


# -------------------------------------------------------------------- page and address


def test_page_asks_nothing_of_the_network(page, address):
    page.ask(word="cat")
    page.wait_for_word("cat")
    events = [
        json.loads(entry["message"])["message"] for entry in page.browser.get_log("performance")
    ]
    urls = {
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    }
    assert {url for url in urls if not url.startswith("data:")} == {address}


def test_no_other_script_runs(page):
    page.run(
        "const script = document.createElement('script');"
        "script.textContent = 'window.ran = true'; document.body.append(script)"
    )
    assert not page.run("return window.ran")
    assert "Content Security Policy" in page.browser.get_log("browser")[0]["message"]


def test_title_is_shown_as_it_was_given(page):
    assert page.browser.title == "Cats & <b>dogs</b>"
    assert page.browser.find_element("tag name", "h1").text == "Cats & <b>dogs</b>"


def test_address_leads_back_to_a_word(page):
    for word in ("dog", "%41%", "#word=cat", "😀"):
        page.ask(word=word)
        page.wait_for_word(word)
        copied = page.browser.current_url
        page.browser.get("about:blank")
        page.browser.get(copied)
        page.wait_for_word(word)


def test_back_leads_to_the_word_before(page):
    for word in ("cat", "dog"):
        page.ask(word=word)
        page.wait_for_word(word)
    page.browser.back()
    page.wait_for_word("cat")


def test_damaged_address_is_taken_as_it_is(page, address):
    page.browser.get(f"{address}#word=%E0%A4")
    page.wait_for(lambda: "“%E0%A4” is not among these" in page.says("word"))


# -------------------------------------------------------------------- the map


def test_point_under_the_mouse_shows_its_word_and_a_click_chooses_it(page):
    word = page.lonely_word()
    page.mouse(word).perform()
    assert page.run("return words[hovered]") == word
    page.mouse(word).click().perform()
    page.wait_for_word(word)


def test_drag_moves_the_map_and_chooses_nothing(page):
    word = page.lonely_word()
    x, y = page.place_of(word)
    page.mouse(word).click_and_hold().move_by_offset(40, -25).release().perform()
    np.testing.assert_allclose(page.place_of(word), [x + 40, y - 25], atol=1)
    assert page.says("word").startswith("Type a word")


def test_wheel_zooms_around_the_mouse(page):
    word = page.lonely_word()
    before, scale = page.place_of(word), page.run("return view.scale")
    mouse = wheel_input.ScrollOrigin.from_element(page.find("map"), *page.from_middle(word))
    page.actions().scroll_from_origin(mouse, 0, -300).perform()
    page.wait_for(lambda: page.run("return view.scale") > 1.5 * scale)
    np.testing.assert_allclose(page.place_of(word), before, atol=2)


def test_chosen_word_is_brought_into_the_middle_with_neighbors_around_it(page, vectors):
    page.ask(word="cat")
    page.wait_for_word("cat")
    width, height = page.run("return [view.width, view.height]")
    np.testing.assert_allclose(page.place_of("cat"), [width / 2, height / 2], atol=1)
    places = np.array([page.place_of(word) for word, _ in vectors.most_similar("cat")])
    assert ((places > 0) & (places < [width, height])).all(axis=1).sum() >= 5


# -------------------------------------------------------------------- keyboard alone


def test_keyboard_alone_completes_a_word_and_goes_on_to_a_neighbor(page, vectors):
    page.press(TAB)
    assert page.browser.switch_to.active_element.get_attribute("id") == "word"
    page.press("cat", DOWN, DOWN, DOWN)
    options = page.browser.find_elements("css selector", "#word-list [role=option]")
    assert [option.text for option in options] == ["cat", "Cat", "catalogue"]
    assert page.find("word").get_attribute("aria-activedescendant") == "word-list-2"
    page.press(ENTER)
    page.wait_for_word("catalogue")
    page.press(TAB)
    page.press(TAB)  # past the button
    page.press(ENTER)
    page.wait_for_word(vectors.most_similar("catalogue")[0][0])


def test_escape_closes_the_completions(page):
    page.press(TAB)
    page.press("cat")
    assert page.find("word").get_attribute("aria-expanded") == "true"
    page.press(ESCAPE)
    assert page.find("word").get_attribute("aria-expanded") == "false"
    assert not page.find("word-list").is_displayed()


def test_keyboard_alone_moves_the_map_and_chooses_the_word_in_the_middle(page):
    page.run("byId('zoom-all').focus()")
    page.press(TAB)
    assert page.browser.switch_to.active_element.get_attribute("id") == "map"
    scale = page.run("return view.scale")
    page.press("+", "+", "\ue014", DOWN)  # zoom in twice, go right and down
    assert page.run("return [view.scale, view.x > 0, view.y < 0]") == [
        pytest.approx(2.25 * scale),
        True,
        True,
    ]
    middle = page.find("map-says").get_property("textContent")
    page.press(ENTER)
    page.wait_for_word(middle)
    page.press("0")
    assert page.run("return [view.scale, view.x, view.y]") == [pytest.approx(scale), 0, 0]


def test_every_field_and_button_has_a_name(page):
    page.ask(word="cat")
    page.wait_for_word("cat")
    for element in page.browser.find_elements("css selector", "input, button, canvas, ol"):
        assert element.accessible_name or not element.is_displayed()


# -------------------------------------------------------------------- phone


@pytest.fixture
def phone(page):
    """The page on a phone."""
    metrics = {"width": 360, "height": 640, "deviceScaleFactor": 2, "mobile": True}
    page.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    page.browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})
    page.browser.refresh()
    yield page
    page.browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})
    page.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def touch(page, kind, *points):
    box = page.run(
        "byId('map').scrollIntoView();"
        "const box = byId('map').getBoundingClientRect(); return [box.left + 1, box.top + 1]"
    )
    points = [{"x": x + box[0], "y": y + box[1], "id": i} for i, (x, y) in enumerate(points)]
    page.browser.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


@pytest.mark.parametrize("word", ["cat", "x" * 300], ids=["short", "long"])
def test_nothing_is_wider_than_a_phone(phone, word):
    phone.ask(word=word)
    phone.wait_for_word(word)
    phone.ask(**{"analogy-a": "dog", "analogy-b": "cat", "analogy-c": word})
    assert phone.run("return document.documentElement.scrollWidth") <= 360
    assert phone.find("map").size["width"] > 300


def test_tap_chooses_a_word(phone):
    word = phone.lonely_word()
    touch(phone, "touchStart", phone.place_of(word))
    touch(phone, "touchEnd")
    phone.wait_for_word(word)


def test_two_fingers_zoom_the_map(phone):
    scale = phone.run("return view.scale")
    touch(phone, "touchStart", (150, 200), (200, 200))
    touch(phone, "touchMove", (120, 200), (230, 200))
    touch(phone, "touchEnd")
    phone.wait_for(lambda: phone.run("return view.scale") == pytest.approx(2.2 * scale, rel=0.05))
    assert phone.says("word").startswith("Type a word")
