"""What happened to a run, each event in one line of words."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jtrack import queries
from jtrack.values import parse_param
from jtrack.widgets.format import and_more, format_bytes, shorten

_MOST_EVENTS = 500
_WIDTH = 200
_EVENTS = f"""
SELECT "at", kind, left(detail::VARCHAR, 20000) AS detail FROM events
WHERE subject = ? AND kind NOT IN ('series', 'run_attached') AND detail->>'is_growing' IS NULL
ORDER BY "at" DESC, writer LIMIT {_MOST_EVENTS}
"""


@dataclass(frozen=True, slots=True)
class RunEvent:
    """One event: ``text`` says what happened, ``kind`` is the store's word for it."""

    at: datetime
    kind: str
    text: str


def read_events(run_id: str) -> tuple[RunEvent, ...]:
    """Read what happened to a run, the newest first, 500 events at most."""
    found = [
        RunEvent(row["at"], row["kind"], describe_event(row["kind"], _parse(row["detail"])))
        for row in queries.rows(_EVENTS, [run_id])
    ]
    return tuple(event for event in found if event.text)


def describe_event(kind: str, detail: Mapping[str, Any]) -> str:
    """Say an event in words; empty for one that nobody needs to know of."""
    describe = _DESCRIBED.get(kind)
    return shorten(describe(detail) if describe else kind.replace("_", " "), _WIDTH)


def _changes(detail: Mapping[str, Any]) -> str:
    said = {
        "status": str(detail.get("status")).lower(),
        "run_name": f"renamed to {detail.get('run_name')}",
        "description": "described",
        "git_commit": f"git commit {str(detail.get('git_commit'))[:7]}",
        "lifecycle_stage": "deleted" if detail.get("lifecycle_stage") == "deleted" else "restored",
    }
    return ", ".join(text for key, text in said.items() if detail.get(key) is not None)


def _cell(detail: Mapping[str, Any]) -> str:
    count = detail.get("execution_count")
    name = "cell" if count is None else f"cell [{count}]"
    return name if detail.get("role") == "tracked" else f"came from {name}"


def _file(detail: Mapping[str, Any]) -> str:
    n_bytes = detail.get("n_bytes")
    if detail.get("sha256", "") is None:
        return f"file {detail.get('path')} taken off"
    return f"file {detail.get('path')}" + (f", {format_bytes(n_bytes)}" if isinstance(n_bytes, int) else "")


def _tags(detail: Mapping[str, Any]) -> str:
    said = [
        f"{key} taken off" if value is None else f"{key} = {shorten(str(value), 40)}" for key, value in detail.items()
    ]
    return f"tags {and_more(said, 4)}"


def _started(detail: Mapping[str, Any]) -> str:
    return "started"


def _params(detail: Mapping[str, Any]) -> str:
    return f"params {and_more(list(detail), 6)}"


def _note(detail: Mapping[str, Any]) -> str:
    return str(detail.get("text", ""))


def _knob(detail: Mapping[str, Any]) -> str:
    return f"{detail.get('name')} is {parse_param(json.dumps(detail.get('value')))}"


def _stop(detail: Mapping[str, Any]) -> str:
    return "asked to stop"


_DESCRIBED: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "run_started": _started,
    "run_changed": _changes,
    "params_logged": _params,
    "tags_set": _tags,
    "cell_recorded": _cell,
    "artifact_logged": _file,
    "note_added": _note,
    "knob_turned": _knob,
    "stop_asked": _stop,
}


def _parse(detail: str) -> Mapping[str, Any]:
    try:
        value = json.loads(detail)
    except ValueError:  # cut, because it was long
        return {}
    return value if isinstance(value, dict) else {}
