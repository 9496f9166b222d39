"""The runs table at 100,000 runs: opened, asked otherwise, and scrolled in a browser, beside a data frame's HTML.

The reading time of a page is what a user waits for after a jump. A frame of scrolling ends two frames of the browser
after the scroll, as in the other browser benchmark. pandas' table has all of its rows as elements and asks nothing: it
gets a tenth of the rows, which Chromium takes seconds to lay out.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any, NoReturn

import pandas as pd
import pytest
from playwright.sync_api import Browser, Page

from jtrack.widgets.runs.model import RunsModel
from jtrack.widgets.runs.panel import RunsTable
from tests.benchmarks.report import Report, Row
from tests.benchmarks.stores import ensure_store
from tests.benchmarks.test_parallel import percentile_95
from tests.ui.browser import open_browser
from tests.waiting import wait_until
from tests.widgets.panel_page import PanelPage

N_RUNS, N_PEER = 100_000, 10_000
_MOST_BYTES = 100_000

_SCROLL = """async selector => {
  const place = document.querySelector(selector);
  const frame = () => new Promise(resolve => requestAnimationFrame(resolve));
  const frames = [];
  let waiting = 0;
  for (let i = 0; i < 60; i++) {
    const start = performance.now();
    place.scrollTop += 400;
    await frame();
    await frame();
    frames.push(performance.now() - start);
    waiting += place.querySelector('[data-waits]') !== null;
  }
  const jumps = [];
  for (let i = 1; i <= 12; i++) {
    const start = performance.now();
    place.scrollTop = place.scrollHeight * ((i * 5) % 13) / 13;
    do await frame(); while (place.querySelector('[data-waits]'));
    await frame();
    jumps.push(performance.now() - start);
  }
  return { frames, waiting, jumps };
}"""


def timed(work: Callable[[], Any]) -> float:
    """Milliseconds, the median of five."""
    times = []
    for _ in range(5):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times)


def scroll(page: Page, selector: str) -> dict[str, Any]:
    """Milliseconds of each step and each jump, and after how many of the 60 steps rows were still on their way."""
    found: dict[str, Any] = page.evaluate(_SCROLL, selector)
    return found


def scroll_data_frame(browser: Browser, model: RunsModel) -> tuple[float, dict[str, Any]]:
    """First paint in milliseconds, and scrolling, of `N_PEER` rows of as many columns in pandas' HTML."""
    columns = {column.key: range(N_PEER) for column in model.frame.columns}
    html = pd.DataFrame({"run": [f"run-{i}" for i in range(N_PEER)], **columns}).to_html()
    page = browser.new_page(viewport={"width": 1000, "height": 700})
    page.set_default_timeout(600_000)
    start = time.perf_counter()
    page.set_content(f"<!doctype html><div id='place' style='height:390px;overflow:auto'>{html}</div>", timeout=600_000)
    page.evaluate("() => new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve)))")
    paint_ms = (time.perf_counter() - start) * 1e3
    found = scroll(page, "#place")
    page.close()
    return paint_ms, found


def test_runs_table_of_100_000_runs(
    report: Report, monkeypatch: pytest.MonkeyPatch, could_not_run: Callable[[str], NoReturn]
) -> None:
    monkeypatch.setenv("JTRACK_TRACKING_URI", ensure_store(N_RUNS).path)
    model = RunsModel(order_by=["metrics.metric_1 DESC"])
    assert model.frame.n_runs == N_RUNS
    bundle = RunsTable(model)._repr_mimebundle_()[0]
    n_bytes = sum(len(str(value)) for value in bundle.values())
    about = f"{N_RUNS:,} runs"
    narrowed = "metrics.metric_1 > 0.5 and params.model = 'tree'"
    report.add(
        Row(f"runs table, open {about}", timed(lambda: RunsModel(order_by=["metrics.metric_1 DESC"])), "ms"),
        Row(f"runs table, filter {about}", timed(lambda: RunsModel(narrowed)), "ms"),
        Row(f"runs table, group {about}", timed(lambda: RunsModel(group_by="params.model")), "ms"),
        Row("runs table, a page of 100", timed(lambda: model.rows(N_RUNS // 2, 100)), "ms"),
        Row("runs table, complete a filter", timed(lambda: model.complete("params.model = ", 15)), "ms"),
    )
    with open_browser(could_not_run, "the benchmark of the runs table") as browser:
        shown = PanelPage(browser, model.frame, model.methods)
        # Who scrolls has the pointer on the table, which has read some pages ahead by then.
        shown.page.locator(".jt-grid tr[data-index]").first.hover()
        wait_until(lambda: shown.page.evaluate("true") and shown.asked.count("rows") == 2)
        ours = scroll(shown.page, ".jt-grid")
        assert shown.errors == []
        shown.close()
        paint_ms, pandas_ = scroll_data_frame(browser, model)
    report.add(
        Row(
            f"runs table, scroll by 14 rows of {about}, median",
            statistics.median(ours["frames"]),
            "ms",
            None,
            {f"pandas' HTML of {N_PEER:,}": statistics.median(pandas_["frames"])},
            f"rows were on their way after {ours['waiting']} of {len(ours['frames'])} steps",
        ),
        Row(
            f"runs table, scroll by 14 rows of {about}, 95th percentile",
            percentile_95(ours["frames"]),
            "ms",
            100,
            {f"pandas' HTML of {N_PEER:,}": percentile_95(pandas_["frames"])},
            f"first paint of pandas' HTML of {N_PEER:,} {paint_ms / 1e3:.1f} s",
        ),
        Row(f"runs table, jump anywhere in {about} until its rows are there", statistics.median(ours["jumps"]), "ms"),
        Row(f"runs table, bytes of its forms without script at {about}", n_bytes, "B", _MOST_BYTES),
    )
