"""A run's page and its curves over HTTP: what its panel shows first, and any metric in as many points as asked."""

from __future__ import annotations

from dataclasses import dataclass

from jtrack import queries
from jtrack.server.question import Question
from jtrack.store.addresses import run_id_of
from jtrack.widgets.run_page.frame import RunFrame, run_frame


@dataclass(frozen=True, slots=True)
class PageCurve:
    """A metric's points, thinned to its shape; ``logged_at_ms`` counts from the epoch."""

    step: tuple[int, ...]
    value: tuple[float, ...]
    logged_at_ms: tuple[int, ...]


def read_page(asked: Question) -> RunFrame:
    """Read the page of the run at an address (a full id, a prefix or a name that fits one run, ``@last``).

    Raises
    ------
    RunNotFoundError
        There is none; the hint lists near names.
    """
    return run_frame(run_id_of(asked.store.catalog, asked.path[0]))


def read_curve(asked: Question) -> PageCurve:
    """Read one metric of one run, thinned to ``max_points`` (2,000; 100,000 at most).

    Raises
    ------
    MetricNotFoundError
        The run has no such metric; the hint lists near names.
    """
    max_points = asked.number("max_points", 2_000, 2, 100_000)
    curve = queries.metric_history(asked.path[0], asked.path[1], max_points=max_points)
    times = curve.logged_at.astype("datetime64[ms]").astype("int64")
    return PageCurve(tuple(curve.step.tolist()), tuple(curve.value.tolist()), tuple(times.tolist()))
