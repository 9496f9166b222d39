"""10,000 trials over 12 axes, read from a store and drawn in a browser without a GPU, beside plotly's parcoords."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from jtrack import tracking
from jtrack.entities import RunKind
from jtrack.widgets.parallel.model import ParallelModel
from tests.benchmarks.browser import invent_columns, measure_ours, measure_plotly
from tests.benchmarks.report import Report, Row
from tests.ui.browser import open_browser
from tests.widgets.panel_page import PanelPage

N_LINES, N_AXES = 10_000, 12


def log_columns(columns: dict[str, list[float]]) -> str:
    """Log one trial a line, the last column as its metric."""
    *params, metric = columns
    with tracking.start_run(run_name="large", kind=RunKind.SWEEP) as sweep:
        for i in range(len(columns[metric])):
            run = tracking.start_run(nested=True, kind=RunKind.TRIAL)
            run.log_params({key: columns[key][i] for key in params})
            run.log_metric(metric, columns[metric][i])
            run.end()
    return sweep.run_id


def percentile_95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def test_parallel_coordinates_of_10_000_trials(
    store_path: Path, report: Report, could_not_run: Callable[[str], NoReturn]
) -> None:
    columns = invent_columns(N_LINES, N_AXES)
    sweep = log_columns(columns)
    ParallelModel(sweep)
    start = time.perf_counter()
    model = ParallelModel(sweep)
    read_ms = (time.perf_counter() - start) * 1e3
    with open_browser(could_not_run, "the benchmark of the parallel coordinates") as browser:
        shown = PanelPage(browser, model.frame, model.methods)
        shown.wait_drawn()
        ours = measure_ours(shown.page)
        assert shown.errors == []
        shown.close()
        plotlys = measure_plotly(browser, columns)
    about = f"{N_LINES:,} × {N_AXES}"
    plotly_brush = {"plotly": statistics.median(plotlys["brushes"])}
    report.add(
        Row(f"parallel coordinates, read {about} from the store", read_ms, "ms"),
        Row(
            f"parallel coordinates, all lines asked for and painted {about}",
            statistics.median(ours["paints"]),
            "ms",
            1000,
            {"plotly": plotlys["paints"][0]},
        ),
        Row(
            f"parallel coordinates, brush {about}, median", statistics.median(ours["brushes"]), "ms", None, plotly_brush
        ),
        Row(
            f"parallel coordinates, brush {about}, 95th percentile",
            percentile_95(ours["brushes"]),
            "ms",
            200,
            {"plotly, slowest": max(plotlys["brushes"])},
        ),
    )
