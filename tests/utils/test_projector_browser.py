"""The files of `run.py export-projector`, loaded by a browser into the Embedding Projector's page.

The page comes with TensorBoard. Needs that, Selenium, Chromium and its driver; skipped where one of
them is missing:
  apt-get install chromium chromium-driver && python -m pip install selenium tensorboard
"""

import importlib.util
import json
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest

from utils.projector import write_projector_files
from word2vec import KeyedVectors

webdriver = pytest.importorskip("selenium.webdriver", reason="Selenium is not installed")
wait = pytest.importorskip("selenium.webdriver.support.wait")
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER and importlib.util.find_spec("tensorboard")),
    reason="Chromium, its driver or TensorBoard is not installed",
)

FLAGS = (
    "--headless --no-sandbox --disable-dev-shm-usage --no-first-run --window-size=1400,1000 "
    "--use-gl=angle --use-angle=swiftshader --enable-unsafe-swiftshader"  # it draws with WebGL
)
PAGE = "data/plugin/projector/projector_binary.html"
ODD = ["new york", "a\tb", " ", "一", "</script>", '"quoted"']
WORDS = ["tea", *ODD, *(f"word{i}" for i in range(100))]
# What is shown, also within the elements that have a document of their own.
SHOWN = """
function walk(node) {
  let text = "";
  for (const child of node.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) text += child.textContent;
    else if (!["STYLE", "SCRIPT"].includes(child.nodeName)) text += " " + walk(child);
  }
  return node.shadowRoot ? text + " " + walk(node.shadowRoot) : text;
}
return walk(document.body);
"""
FIND = """
function find(root, selector) {
  for (const element of root.querySelectorAll("*")) {
    if (element.matches(selector)) return element;
    const inside = element.shadowRoot && find(element.shadowRoot, selector);
    if (inside) return inside;
  }
  return null;
}
return find(document, arguments[0])"""
LABELS = FIND + "?.dataSet?.points.map((point) => point.metadata.label)"


@pytest.fixture
def page(tmp_path):
    """The projector's page, with a run of TensorBoard's own to begin with."""
    few = KeyedVectors.from_words(["one", "two", "three"], np.eye(3))
    write_projector_files(few, tmp_path / "run")
    (tmp_path / "run" / "projector_config.pbtxt").write_text(
        'embeddings { tensor_name: "few" tensor_path: "vectors.tsv" metadata_path: "metadata.tsv" }'
    )
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", tmp_path / "run"]
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in FLAGS.split():
        options.add_argument(flag)
    with subprocess.Popen(
        [*command, "--port", "0", "--host", "127.0.0.1"], stderr=subprocess.PIPE, text=True
    ) as server:
        try:
            said = (re.search(r"http://[\w.:]+/", line) for line in server.stderr)
            address = next(found[0] for found in said if found)
            driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
            try:
                driver.get(address + PAGE)
                yield driver
            finally:
                driver.quit()
        finally:
            server.terminate()
            server.communicate()


def wait_for(driver, text):
    wait.WebDriverWait(driver, 30).until(
        lambda driver: text in " ".join(driver.execute_script(SHOWN).split())
    )


def test_projector_loads_what_was_written(page, tmp_path):
    wait_for(page, "Points: 3 Dimension: 3")
    vectors = np.random.default_rng(0).normal(size=(len(WORDS), 5)).astype(np.float32)
    write_projector_files(KeyedVectors.from_words(WORDS, vectors), tmp_path / "ours")
    page.execute_script(FIND, "#file").send_keys(str(tmp_path / "ours" / "vectors.tsv"))
    wait_for(page, f"Points: {len(WORDS)} Dimension: 5")
    page.execute_script(FIND, "#file-metadata").send_keys(str(tmp_path / "ours" / "metadata.tsv"))
    labels = [json.dumps(word) if word in ("a\tb", " ") else word for word in WORDS]
    # What is shown is the proof. (The page's own script now and then stumbles over labels that come
    # before it has drawn the points, and goes on.)
    wait.WebDriverWait(page, 30).until(
        lambda page: page.execute_script(LABELS, "vz-projector") == labels
    )
