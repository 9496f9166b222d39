"""A notebook that a program executed (nbclient, as papermill does) is whole: no widget, no script, no network."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook, writes

pytestmark = [pytest.mark.kernel, pytest.mark.slow]

TRAIN = """
import math, jtrack
jtrack.set_experiment("wine-quality")
with jtrack.start_run(run_name="sweep") as parent:
    for i in range(6):
        with jtrack.start_run(run_name=f"depth-{i}", nested=True):
            jtrack.log_params({"depth": i, "rate": 10.0 ** -i, "kind": "ab"[i % 2]})
            for step in range(30):
                jtrack.log_metric("val_accuracy", 0.8 + i / 100 - math.exp(-step / 5) / 4, step=step)
""".strip()
TRACKED = """
%%track --name tracked
import time, jtrack
for step in range(4):
    jtrack.log_metric("val_loss", 1 / (step + 1), step=step)
    time.sleep(0.4)
""".strip()
# A registered model that can be served, and a sweep that has something to tell.
PREPARE = """
from sklearn.linear_model import LinearRegression
from hyperopt import hp
import jtrack, numpy as np
with jtrack.start_run(run_name="line"):
    fitted = LinearRegression().fit(np.arange(8.0).reshape(-1, 1), np.arange(8.0))
    jtrack.sklearn.log_model(fitted, name="model", input_example=np.array([[1.0]]), registered_model_name="line")
learned = jtrack.sweep(
    lambda point: (point["x"] - 1) ** 2 + point["y"] / 9,
    {"x": hp.uniform("x", -3, 3), "y": hp.uniform("y", 0, 1)},
    max_evals=16, minimize="loss", seed=1, run_name="bowl",
)
""".strip()
SHOWN = {
    "runs": "%runs",
    "compare": "table = %compare metrics.val_accuracy > 0\ntable",
    "parallel": "%parallel sweep",
    "run": "jtrack.show('depth-3')",
    "live": "%live depth-3",
    "scatter": "table.scatter('rate', 'val_accuracy', color='kind')",
    "contour": "table.contour('rate', 'depth')",
    "importance": "table.importance()",
    "card": TRACKED,
    "prepare": PREPARE,  # after the panels that count the runs
    "models": "%models",
    "model": "%models line",
    "landscape": "learned.show()",
    "served": "server = jtrack.serve('models:/line/1', )\nserver",
}
PLOTLY = {"scatter", "contour", "importance"}
# What a reader of the still forms finds in words, whatever a page takes away of the looks.
SAID = {
    "runs": ("7 runs", "depth-5", "0.8492"),
    "compare": ("compare 6 runs", "val_accuracy", "depth-0", "params that differ", "rate"),
    "parallel": (
        "run sweep 6 runs",
        "maximize val_accuracy",
        "best depth-5 0.8492",
        "4 axes: depth, rate",
        "0.7992 to 0.8492",
    ),
    "run": ("depth-3", "val_accuracy", "0.001"),
    "live": ("depth-3", "val_accuracy"),
    "scatter": ("val_accuracy over rate, coloured by kind",),
    "contour": ("val_accuracy over rate and depth",),
    "importance": ("what tells of val_accuracy", "depth", "ρ +1.00"),
    "card": ("tracked", "val_loss", "0.2500", "%runs"),
    "models": ("line", "registered models", "1 model"),
    "model": ("line", "1 version", "sklearn"),
    "landscape": ("sweep bowl", "16 trials", "what mattered", "loss over x"),
    "served": ("models:/line/1", "server.predict(X[:5])", "/invocations"),
}


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> NotebookNode:
    """The notebook after nbclient has run it, as its file holds it."""
    folder = tmp_path_factory.mktemp("executed")
    sources = ["%load_ext jtrack", TRAIN, *SHOWN.values()]
    notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
    client = NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(folder)}})
    client.execute(env={**os.environ, "PYTHONWARNINGS": "default", "JTRACK_TRACKING_URI": str(folder / ".jtrack")})
    return notebook


def bundles(notebook: NotebookNode) -> Iterator[tuple[str, NotebookNode]]:
    for name, cell in zip(SHOWN, notebook.cells[2:], strict=True):
        if name != "prepare":
            (bundle,) = [output.data for output in cell.outputs if "data" in output]
            yield name, bundle


class Words(HTMLParser):
    """The words of a page, with blanks where a page without styles has borders of cells and lines."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.sources: list[str] = []
        self.hidden = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.hidden = tag == "style"
        self.words.append(" ")
        self.sources += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "data")]

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


def test_each_panel_leaves_html_without_script_and_text_and_no_widget(executed: NotebookNode) -> None:
    for name, bundle in bundles(executed):
        plotly = {"application/vnd.plotly.v1+json"} if name in PLOTLY else set()
        assert set(bundle) == {"text/html", "text/plain"} | plotly, name
        assert not re.search(r"<(script|iframe|object|embed|link)\b|\son\w+=|javascript:", bundle["text/html"]), name
        assert len(str(bundle)) <= 100_000, name
    # Readers would bring the library of widgets from elsewhere for a state that nobody can draw.
    assert "widgets" not in executed.metadata
    assert "plotly.js v" not in writes(executed) and len(writes(executed)) < 500_000


def test_what_github_leaves_of_a_panel_says_the_same(executed: NotebookNode) -> None:
    for name, bundle in bundles(executed):
        # Style elements, classes, ids and styles are what GitHub takes away; an image may carry itself.
        page = re.sub(r"<style>.*?</style>", "", bundle["text/html"], flags=re.S)
        words = Words(re.sub(r'\s(class|style|id|role|aria-[\w-]+|data-[\w-]+)="[^"]*"', "", page))
        assert all(source.startswith("data:image/") for source in words.sources), name
        for said in SAID[name]:
            assert said in words.text, (name, words.text[:500])
        if name not in PLOTLY:
            assert all(said in " ".join(bundle["text/plain"].split()) for said in SAID[name][:1]), name


def test_nbconvert_shows_every_panel(executed: NotebookNode) -> None:
    html, _ = HTMLExporter().from_notebook_node(executed)
    assert "html-manager" not in html and "application/vnd.jupyter.widget" not in html
    page = Words(html)
    for name, bundle in bundles(executed):
        words = Words(bundle["text/html"])
        assert words.text in page.text, name
        assert all(source in page.sources for source in words.sources), name
