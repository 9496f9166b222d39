"""From a frame, or an error, to the JSON that renderers take, the same for a widget, a server and a page.

Dataclass fields keep their names. JSON has no NaN and no infinities, so these travel as the texts
"NaN", "Infinity" and "-Infinity"; times travel as ISO 8601 in UTC.
"""

from __future__ import annotations

import dataclasses
import math
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from jtrack.entities import RunStatus
from jtrack.errors import InvalidFilterError, JTrackError

STATE_WORDS = {
    RunStatus.RUNNING: "running",
    RunStatus.SCHEDULED: "scheduled",
    RunStatus.FINISHED: "finished",
    RunStatus.FAILED: "failed",
    RunStatus.KILLED: "killed",
}
STATE_SHAPES = {
    RunStatus.RUNNING: "○",
    RunStatus.SCHEDULED: "◌",
    RunStatus.FINISHED: "●",
    RunStatus.FAILED: "✕",
    RunStatus.KILLED: "■",
}


def frame_json(value: object) -> Any:
    """Turn a frame, or any part of one, into plain JSON values."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: frame_json(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float):
        return value if math.isfinite(value) else _non_finite(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, dict):
        return {str(key): frame_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [frame_json(item) for item in value]
    return value


def error_json(error: Exception) -> dict[str, Any]:
    """An error as a panel shows it: one line, a hint, and for a filter the place of the fault."""
    if isinstance(error, InvalidFilterError):
        return {"message": error.problem, "hint": error.hint, "position": error.position}
    if isinstance(error, JTrackError):
        return {"message": error.message, "hint": error.hint, "position": None}
    return {"message": f"{type(error).__name__}: {error}", "hint": None, "position": None}


def short_id(run_id: str) -> str:
    """As much of a run id as a person needs; any prefix that fits one run is an address."""
    return run_id[:8]


def duration_s(started_at: datetime | None, ended_at: datetime | None) -> float | None:
    """Seconds from start to end; ``None`` while a run runs."""
    return None if started_at is None or ended_at is None else (ended_at - started_at).total_seconds()


def _non_finite(value: float) -> str:
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
