"""Frames made by hand: a good run, its neighbours, and the nastiest input that a card may meet."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Any

from jtrack.direction import infer_direction, is_better
from jtrack.entities import RunStatus
from jtrack.widgets.card.frame import CardFrame, CardMetric, InnerRuns, PreviousRun, Standing, compare_params
from jtrack.widgets.curves import Points
from jtrack.widgets.difference import diff_sources
from jtrack.widgets.panel import Panel
from jtrack.widgets.params import ParamValue, param_value


def kept_bytes(panel: Panel) -> int:
    """What a panel adds to a notebook that is saved with the state of its widgets: the state, HTML and text."""
    data, _ = panel._repr_mimebundle_()
    return len(json.dumps([panel.get_state(), data], ensure_ascii=False, default=str).encode())


STARTED_AT = datetime(2026, 3, 1, 14, 3, 11, tzinfo=UTC)

OLD_SOURCE = """%%track wine-quality
model = fit(X_train, y_train, lr=0.1, max_depth=4)
prediction = model.predict(X_val)
val_accuracy = accuracy_score(y_val, prediction)
print(val_accuracy)
"""
NEW_SOURCE = OLD_SOURCE.replace("lr=0.1, max_depth=4", "lr=0.03, max_depth=6")


def curve(start: float, end: float, n: int = 30) -> Points:
    """A curve that approaches ``end``."""
    values = [end + (start - end) * math.exp(-i / 7) + 0.004 * math.sin(i * 2.1) for i in range(n)]
    return Points(tuple(range(n)), tuple(values), n)


def metric(key: str, value: float, previous: float | None = None, points: Points | None = None) -> CardMetric:
    """A metric with what follows from its name and values."""
    direction = infer_direction(key)
    better = None if previous is None else is_better(value, previous, direction)
    return CardMetric(key, value, previous, direction, better, points)


def params(**values: Any) -> dict[str, ParamValue]:
    """Params as they are read back for short values."""
    return {k: param_value(str(v), None if isinstance(v, str) else str(v), repr(v), None) for k, v in values.items()}


def card(**changes: Any) -> CardFrame:
    """The card of look.png."""
    fields: dict[str, Any] = {
        "run_id": "7f3a09c1e2b84d6f8a5b6c7d8e9f0a1b",
        "run_name": "brisk-heron",
        "experiment_name": "wine-quality",
        "status": RunStatus.FINISHED,
        "started_at": STARTED_AT,
        "duration_s": 12.4,
        "execution_count": 14,
        "error": None,
        "metrics": (
            metric("val_accuracy", 0.9132, 0.9011, curve(0.6, 0.9132)),
            metric("val_loss", 0.2418, 0.2808, curve(1.2, 0.2418)),
            metric("f1", 0.8970, 0.8978),
        ),
        "params": compare_params(
            params(lr=0.03, max_depth=6, n_estimators=300, seed=1),
            params(lr=0.1, max_depth=4, n_estimators=300, seed=1),
        ),
        "previous": PreviousRun("0b1c2d3e4f5061728394a5b6c7d8e9f0", "quiet-otter"),
        "source": diff_sources(OLD_SOURCE, NEW_SOURCE, context=1, max_rows=12),
        "warnings": ("packages: scikit-learn 1.7.0 → 1.7.2",),
        "standing": Standing(23, 23, "val_accuracy", 1),
        "inside": InnerRuns(),
    }
    return CardFrame(**{**fields, **changes})
