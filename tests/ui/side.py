"""The side panel as a person sees it: its rows, its filter, what it says; and notebooks that make runs for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import nbformat
from axe_playwright_python.sync_playwright import Axe
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Locator, Page, expect

from tests.ui.lab import Lab, Notebook

KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)"}}
LOAD = "%load_ext jtrack\n%config JTrack.live = False"
MAKE_RUNS = """
import math, jtrack
jtrack.set_experiment("wine-quality")
for depth in (2, 4, 6):
    with jtrack.start_run(run_name=f"depth-{depth}"):
        jtrack.log_params({"depth": depth, "seed": 1})
        for step in range(30):
            jtrack.log_metric("val_accuracy", 0.8 + depth / 100 - math.exp(-step / 5) / 4, step=step)
""".strip()
TRACKED = """
%%track wine-quality --name {name}
depth = {depth}
val_accuracy = 0.8 + depth / 100
""".strip()
TRAIN = """
%%track wine-quality --name {name}
import os, time, jtrack
print("training in", os.getpid(), flush=True)
for step in range(6000):
    jtrack.log_metric("loss", 1 / (step + 1), step=step)
    time.sleep(0.05)
""".strip()

_WCAG = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}


@dataclass
class Side:
    """jtrack's side panel, opened."""

    page: Page

    @classmethod
    def of(cls, lab: Lab) -> Side:
        lab.command("jtrack:show-side-panel")
        side = cls(lab.page)
        side.panel.wait_for()
        return side

    @property
    def panel(self) -> Locator:
        return self.page.get_by_role("region", name="jtrack runs")

    def rows(self, text: str | None = None) -> Locator:
        rows = self.panel.locator(".jt-side-run[role=option]")  # the sort's menu has options too
        return rows if text is None else rows.filter(has_text=text)

    def selected(self) -> list[str]:
        return self.panel.locator(".jt-side-run[aria-selected=true] .jt-name").all_inner_texts()

    def choose(self, scope: str) -> None:
        self.panel.get_by_role("radio", name=scope).click()
        self.panel.get_by_role("radio", name=scope, checked=True).wait_for()

    def filter(self, text: str) -> None:
        box = self.panel.get_by_label("filter runs")
        box.fill(text)
        box.press("Enter")

    def wait_for_names(self, *names: str) -> None:
        """Wait until these runs are listed, in this order, and no others."""
        shown = (
            "names => JSON.stringify([...document.querySelectorAll('.jt-side-run .jt-name')].map(n => n.textContent))"
        )
        self.page.wait_for_function(f"names => ({shown})() === JSON.stringify(names)", arg=list(names))


def write_notebook(path: Path, *sources: str) -> None:
    nbformat.write(new_notebook(cells=[new_code_cell(source) for source in sources], metadata=KERNEL), path)


def open_new_notebook(lab: Lab, folder: Path, *sources: str, name: str = "wine") -> Notebook:
    write_notebook(folder / f"{name}.ipynb", *sources)
    return lab.open_notebook(f"{folder.name}/{name}.ipynb")


def begin(notebook: Notebook, index: int) -> None:
    """Run a cell without waiting for its end."""
    notebook.scroll_to(index)
    notebook.cell(index).locator(".cm-content").first.click()
    notebook.page.keyboard.press("Control+Enter")


def main_area(page: Page) -> Locator:
    """The panel in the main area's front tab."""
    return page.locator(".jp-MainAreaWidget:not(.lm-mod-hidden) .jtrack-host")


def accessibility_faults(page: Page, context: str) -> list[str]:
    """What axe has against the part of the page that a selector finds; not while rows wait, dimmed, for others."""
    expect(page.locator(context).locator("[aria-busy=true]")).to_have_count(0)
    found = Axe().run(page, context=context, options=_WCAG).response["violations"]
    return [f"{fault['id']}: {node['html'][:160]}" for fault in found for node in fault["nodes"]]
