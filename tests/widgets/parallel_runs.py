"""For the tests of the parallel coordinates: sweeps with known values, logged for real, and what a still image says."""

from __future__ import annotations

import base64
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Mapping
from typing import Any

from jtrack import tracking
from jtrack.entities import RunKind, RunStatus

SVG = "{http://www.w3.org/2000/svg}"


def log_sweep(name: str = "lofty-lynx", kind: RunKind = RunKind.SWEEP, **params: Any) -> str:
    """Log a parent run that ends at once; children may still come."""
    with tracking.start_run(run_name=name, kind=kind) as run:
        run.log_params(params)
    return run.run_id


def log_trial(
    parent: str | None,
    name: str,
    params: Mapping[str, Any],
    metrics: Mapping[str, float] | None = None,
    status: RunStatus = RunStatus.FINISHED,
) -> str:
    """Log one child."""
    run = tracking.start_run(run_name=name, parent_run_id=parent, kind=RunKind.TRIAL, nested=True)
    run.log_params(params)
    run.log_metrics(metrics or {})
    run.end(status)
    return run.run_id


def log_trials(parent: str, trials: Iterable[tuple[Mapping[str, Any], Mapping[str, float]]]) -> list[str]:
    """Log children named trial-0, trial-1 and so on."""
    return [log_trial(parent, f"trial-{i}", params, metrics) for i, (params, metrics) in enumerate(trials)]


def depth_and_rate(n: int) -> Iterable[tuple[dict[str, Any], dict[str, float]]]:
    """Trials whose loss rises with ``rate`` and has less to do with ``depth``."""
    for i in range(n):
        depth, rate = 2 + i * 7 % 5, 1e-5 * 10 ** (i * 4 / max(n - 1, 1))
        yield (
            {"depth": depth, "rate": rate, "booster": ("tree", "linear")[i % 2], "seed": 1},
            {"val_loss": 0.2 + i / 100 + depth / 1000},
        )


def image_in(html: str) -> ElementTree.Element:
    """The drawing that a panel's HTML carries."""
    found = re.search(r"data:image/svg\+xml;base64,([\w+/=]+)", html)
    assert found is not None
    return ElementTree.fromstring(base64.b64decode(found[1]))


def texts_in(html: str) -> list[str]:
    """What is written in it."""
    return ["".join(text.itertext()) for text in image_in(html).iter(f"{SVG}text")]
