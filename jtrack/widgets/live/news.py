"""From one live frame to the next: what a page that has the one needs to be sent to have the other.

Mostly that is the time, the values, and the ends of a few curves: some hundred bytes where the frame has fifty
thousand. labextension/src/panels/liveNews.ts puts it together again.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from jtrack.widgets.frames import frame_json
from jtrack.widgets.live.frame import LiveFrame, LiveMetric

_PLAIN = tuple(field.name for field in fields(LiveFrame) if field.name not in ("panel", "metrics"))
_SCALARS = ("n_points", "last", "last_step", "best", "best_step", "generation", "n_fast")


def live_news(before: LiveFrame | None, after: LiveFrame) -> dict[str, Any]:
    """Tell what is new.

    Returns
    -------
    dict[str, Any]
        ``{"whole": frame}`` for a page that has nothing, or another run or other metrics; else ``since`` (the
        ``seq`` of ``before``), ``changed`` (fields with their new values), and ``metrics``: for each that has new
        points its ``place``, its values, and its curve's points from ``start`` on.
    """
    if before is None or before.run_id != after.run_id or _keys(before) != _keys(after):
        return {"whole": frame_json(after)}
    changed = {name: frame_json(new) for name in _PLAIN if (new := getattr(after, name)) != getattr(before, name)}
    metrics = [
        _metric_news(place, old, new)
        for place, (old, new) in enumerate(zip(before.metrics, after.metrics, strict=True))
        if old.n_points != new.n_points or old.generation != new.generation
    ]
    return {"since": before.seq, "changed": changed, "metrics": metrics}


def _metric_news(place: int, old: LiveMetric, new: LiveMetric) -> dict[str, Any]:
    start = old.n_fast if old.generation == new.generation else 0
    scalars = {name: frame_json(getattr(new, name)) for name in _SCALARS}
    return {"place": place, **scalars, "start": start, "step": list(new.step[start:]), "value": list(new.value[start:])}


def _keys(frame: LiveFrame) -> list[str]:
    return [metric.key for metric in frame.metrics]
