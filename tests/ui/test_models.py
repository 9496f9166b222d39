"""The registry in a real JupyterLab: in a notebook beside a busy kernel, and from the palette without a kernel."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.ui.lab import Lab
from tests.ui.side import accessibility_faults, main_area, open_new_notebook

MAKE = """
%load_ext jtrack
import jtrack
from sklearn.datasets import load_wine
from sklearn.tree import DecisionTreeClassifier
X, y = load_wine(return_X_y=True, as_frame=True)
""".strip()
TRAIN = """
%%track wine depth={depth} --name depth-{depth}
clf = DecisionTreeClassifier(max_depth=depth, random_state=0).fit(X, y)
accuracy = clf.score(X, y)
""".strip()


def test_versions_are_promoted_from_a_notebook_and_from_the_palette(lab: Lab, folder: Path) -> None:
    sources = (
        MAKE,
        TRAIN.format(depth=1),
        "%register clf wine --example X",
        TRAIN.format(depth=3),
        "%register clf wine",
    )
    notebook = open_new_notebook(lab, folder, *sources, "%models wine")
    for index in range(6):
        notebook.run_cell(index)
        assert notebook.faults(index) == []
    panel = notebook.outputs(5).locator(".jt-models")
    expect(panel.locator("thead th b")).to_have_text(["version 2", "version 1"])
    panel.get_by_label("put an alias on version 2").click()
    panel.get_by_label("alias for version 2").fill("champion")
    panel.get_by_label("alias for version 2").press("Enter")
    panel.get_by_label("take alias champion away").wait_for()
    lab.screenshot("models-notebook")

    lab.choose_from_palette("jtrack: Registered Models")
    page = main_area(lab.page).locator(".jt-models")
    page.get_by_role("button", name="wine", exact=True).click()
    page.get_by_label("stage of version 2").select_option("Production")
    page.get_by_text("history: ").click()
    expect(page.locator(".jt-moves")).to_contain_text("version 2: None → Production")
    for dark in (True, False):
        lab.set_theme(dark=dark)
        assert accessibility_faults(lab.page, ".jtrack-host") == []
    lab.screenshot("models-lab")
    page.get_by_role("button", name="depth-3").click()
    expect(main_area(lab.page).locator(".jt-run-page")).to_contain_text("wine 2 @champion Production")
    lab.screenshot("models-run-page")
