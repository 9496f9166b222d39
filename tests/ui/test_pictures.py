"""The README's pictures, each by the test of its name: a person's work in JupyterLab, light and dark.

``hatch run pictures`` keeps them in ``pictures`` beside this file; else they go where all screenshots are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.ui.browser import PATIENCE_MS
from tests.ui.lab import SCREENSHOTS, Lab, Notebook
from tests.ui.server import LabServer
from tests.ui.side import Side, begin, main_area, write_notebook

pytestmark = pytest.mark.timeout(600)

PICTURES = Path(__file__).parent / "pictures"
WIDTH, HEIGHT = 1280, 820
Take = Callable[[Locator | None], None]

PREPARE = """
%load_ext jtrack
import jtrack, numpy as np, warnings
from sklearn.datasets import load_digits
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X / 16, y, random_state=0)
few = X_test[:5]
""".strip()
TRAIN = """
%%track digits --name {name}
hidden, rate = {hidden}, {rate}
clf = MLPClassifier((hidden,), learning_rate_init=rate, random_state=0)
for epoch in range(25):
    clf.partial_fit(X_train, y_train, classes=range(10))
    jtrack.log_metrics({{"val_loss": log_loss(y_test, clf.predict_proba(X_test)),
                        "val_accuracy": clf.score(X_test, y_test)}}, step=epoch)
""".strip()
SWEEP = """
%%sweep digits --max-evals 60 --minimize val_loss --seed 3 --name lofty-lynx {space}
clf = MLPClassifier((hidden,), learning_rate_init=rate, alpha=alpha, batch_size=batch, random_state=0)
for _ in range(4):
    clf.partial_fit(X_train, y_train, classes=range(10))
val_loss = log_loss(y_test, clf.predict_proba(X_test))
""".strip()
SPACE = "rate=loguniform(-8,-2) hidden=choice(8,16,32,64) alpha=loguniform(-9,0) batch=choice(32,64,128,256)"
LONG = """
%%track digits --name calm-ibis
import time
run = jtrack.active_run()
clf = MLPClassifier((64,), random_state=0)
for epoch in range(400):
    rate = run.knob("rate", 0.01)
    clf.set_params(learning_rate_init=rate).partial_fit(X_train[:400], y_train[:400], classes=range(10))
    jtrack.log_metrics({"val_loss": log_loss(y_test, clf.predict_proba(X_test)),
                        "val_accuracy": clf.score(X_test, y_test)}, step=epoch)
    time.sleep(0.05)
    if run.should_stop:
        break
""".strip()
RUNS = [("amber-wren", 8, 0.001), ("quiet-otter", 16, 0.003), ("brisk-heron", 64, 0.01)]


@pytest.fixture(scope="module")
def work(server: LabServer, browser: Browser) -> Iterator[tuple[Lab, Notebook]]:
    """A notebook in which somebody has trained three times, swept, and registered a model."""
    context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=1.25)
    context.set_default_timeout(PATIENCE_MS)
    lab = Lab(context.new_page(), server)
    folder = server.root / "digits"
    folder.mkdir()
    name, hidden, rate = RUNS[0]
    first = TRAIN.format(name=name, hidden=hidden, rate=rate)
    register = "%register clf digits --example few\n%promote digits 1 --alias baseline"
    write_notebook(folder / "digits.ipynb", PREPARE, first, register, SWEEP.format(space=SPACE), LONG)
    notebook = lab.open_notebook("digits/digits.ipynb")
    notebook.run_cell(0)
    for name, hidden, rate in RUNS:
        notebook.edit_cell(1, TRAIN.format(name=name, hidden=hidden, rate=rate))
        notebook.run_cell(1)
        if name != RUNS[0][0]:
            notebook.run_cell(2)
    notebook.run_cell(3)
    assert [notebook.faults(index) for index in range(4)] == [[], [], [], []]
    yield lab, notebook
    lab.page.evaluate("() => window.jupyterapp.serviceManager.sessions.shutdownAll().then(() => null)")
    context.close()


@pytest.fixture
def take(work: tuple[Lab, Notebook], request: pytest.FixtureRequest) -> Iterator[Take]:
    """Take the picture of the test's name, of an element or of the whole window, in both themes."""
    lab, _ = work
    folder = PICTURES if request.config.getoption("--accept") else SCREENSHOTS
    name = request.node.name.removeprefix("test_the_picture_")

    def shoot(of: Locator | None) -> None:
        folder.mkdir(exist_ok=True)
        for theme in ("light", "dark"):
            lab.set_theme(dark=theme == "dark")
            lab.page.mouse.move(0, 0)
            path = folder / f"{name}-{theme}.png"
            if of is None:
                lab.page.screenshot(path=path, animations="disabled")
            else:
                of.screenshot(path=path, animations="disabled")

    yield shoot
    lab.set_theme(dark=False)


@contextmanager
def height(lab: Lab, pixels: int) -> Iterator[None]:
    """Make the window as high as what is to be seen in it."""
    lab.page.set_viewport_size({"width": WIDTH, "height": pixels})
    yield
    lab.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})


def test_the_picture_lab(work: tuple[Lab, Notebook], take: Take) -> None:
    lab, notebook = work
    side = Side.of(lab)
    side.rows("brisk-heron").locator(".jt-sparkline").wait_for()
    notebook.scroll_to(1)
    expect(notebook.cell(1).locator(".jtrack-mark")).to_contain_text("3 runs")
    take(None)


def test_the_picture_sweep(work: tuple[Lab, Notebook], take: Take) -> None:
    lab, notebook = work
    notebook.scroll_to(3)
    panel = notebook.outputs(3).locator(".jt-parallel")
    expect(panel).to_have_attribute("data-drawn", "true")
    axis = panel.get_by_role("slider", name="brush on val_loss")
    box = axis.bounding_box()
    assert box is not None
    # To hover waits until nothing moves any more.
    axis.hover(position={"x": box["width"] / 2, "y": box["height"] * 0.97})
    lab.page.mouse.down()
    axis.hover(position={"x": box["width"] / 2, "y": box["height"] * 0.8})
    lab.page.mouse.up()
    expect(panel.get_by_role("status").first).to_contain_text(re.compile(r"[1-9]\d* of 60 brushed"))
    take(panel)


def test_the_picture_compare(work: tuple[Lab, Notebook], take: Take) -> None:
    lab, _ = work
    side = Side.of(lab)
    for name, *_ in RUNS:
        side.rows(name).focus()
        lab.page.keyboard.press("Space")
    side.panel.get_by_role("button", name="compare").click()
    panel = main_area(lab.page).locator(".jt-compare")
    panel.locator(".jt-chart").first.wait_for()
    with height(lab, 1290):
        take(panel)
    side.rows(RUNS[0][0]).focus()
    lab.page.keyboard.press("Escape")


def test_the_picture_runs(work: tuple[Lab, Notebook], take: Take) -> None:
    lab, _ = work
    params = {"filter_string": "metrics.val_loss < 0.3", "order_by": ["metrics.val_loss ASC"]}
    place = {"notebook_path": "digits/digits.ipynb"}
    lab.command("jtrack:open-panel", panel="runs", params=params, place=place, label="Best runs")
    panel = main_area(lab.page).locator(".jt-runs")
    panel.get_by_text("brisk-heron").first.wait_for()
    expect(panel.locator("[data-waits]")).to_have_count(0)
    take(panel)


def test_the_picture_run(work: tuple[Lab, Notebook], take: Take) -> None:
    lab, _ = work
    side = Side.of(lab)
    side.rows("brisk-heron").click()
    panel = main_area(lab.page).locator(".jt-run-page")
    panel.get_by_role("tab", name="overview").wait_for()
    with height(lab, 560):
        take(panel)


def test_the_picture_models(work: tuple[Lab, Notebook], take: Take) -> None:
    lab, _ = work
    lab.command("jtrack:show-models")
    panel = main_area(lab.page).locator(".jt-models")
    panel.get_by_role("button", name="digits", exact=True).click()
    panel.locator("thead th b", has_text="version 2").wait_for()
    with height(lab, 1000):
        take(panel)


def test_the_picture_live(work: tuple[Lab, Notebook], take: Take) -> None:
    lab, notebook = work
    lab.page.locator(".lm-TabBar-tab", has_text="digits.ipynb").click()
    begin(notebook, 4)
    panel = notebook.outputs(4).locator(".jt-live-panel")
    panel.locator(".jt-system").get_by_text("CPU").wait_for()
    expect(panel.locator(".jt-head")).to_contain_text(re.compile(r"step (?:[4-9]\d|\d{3})"))
    take(panel)
    panel.get_by_role("button", name="stop after this epoch").click()
    notebook.outputs(4).locator(".jt-card").wait_for()
