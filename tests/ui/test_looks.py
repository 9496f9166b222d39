"""How things look in JupyterLab's own themes: what plotly draws follows them, and all kinds of output are alike."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Locator, expect

from tests.ui.lab import Lab
from tests.ui.side import LOAD, MAKE_RUNS, open_new_notebook

SWEEP = """
%%sweep bowl --max-evals 16 --minimize loss --seed 1 x=uniform(-2,2) y=uniform(-2,2)
loss = x ** 2 + y ** 2 / 4
""".strip()
FIGURES = """
import jtrack
table = jtrack.compare("metrics.loss > 0")
display(table.scatter("x", "loss", color="y"), table.contour("x", "y"), table.importance())
""".strip()
_COLOUR = "(node, property) => getComputedStyle(node)[property]"
_THEME = """name => {
  const probe = document.body.appendChild(document.createElement('i'));
  probe.style.color = `var(${name})`;
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}"""


def colour(of: Locator, name: str) -> str:
    return str(of.evaluate(_COLOUR, name))


def test_figures_take_the_colours_of_the_theme_and_follow_it(lab: Lab, folder: Path) -> None:
    notebook = open_new_notebook(lab, folder, LOAD, SWEEP, FIGURES)
    for index in (0, 1, 2):
        notebook.run_cell(index)
    assert notebook.faults(2) == []
    figures = notebook.cell(2).locator(".js-plotly-plot")
    notebook.scroll_to(2)
    expect(figures).to_have_count(3)
    texts = figures.locator(".xtick text, .ytick text, .xtitle, .cbaxis text")
    texts.first.wait_for()
    seen = []
    for theme in ("light", "dark", "light"):
        lab.set_theme(dark=theme == "dark")
        ink = lab.page.evaluate(_THEME, "--jp-ui-font-color1")
        assert {colour(text, "fill") for text in texts.all()} == {ink}
        assert {colour(each, "fill-opacity") for each in figures.locator(".main-svg > .bglayer .bg").all()} <= {"0"}
        assert {colour(each, "backgroundColor") for each in figures.locator(".main-svg").all()} == {"rgba(0, 0, 0, 0)"}
        seen.append(ink)
        for i in range(3):
            lab.screenshot(f"figure-{i}-{theme}", of=figures.nth(i))
    assert len(set(seen)) == 2
    assert lab.console_errors == []


def test_outputs_of_html_are_as_wide_as_widgets(lab: Lab, folder: Path) -> None:
    cell = "%%track wine-quality --name wide\ndepth = 3\nval_accuracy = 0.9"
    notebook = open_new_notebook(lab, folder, LOAD, MAKE_RUNS, cell, "%runs", SWEEP)
    for index in range(5):
        notebook.run_cell(index)
    panels = [
        notebook.outputs(2).locator(".jt-card"),
        notebook.outputs(3).locator(".jt-runs"),
        notebook.outputs(4).locator(".jt-parallel"),
        notebook.outputs(4).locator(".jt-landscape"),
    ]
    sides = []
    for panel in panels:
        panel.wait_for()
        box = panel.bounding_box()
        assert box is not None
        sides.append((box["x"], box["width"]))
    assert len(set(sides)) == 1, sides
    for theme in ("light", "dark"):
        lab.set_theme(dark=theme == "dark")
        lab.screenshot(f"looks-outputs-{theme}", of=notebook.panel)
