"""Turns events and points into rows of the tables: what a batch of journals changes, before it is merged.

Pure: nothing here touches a database. An event's subject is the id of what it is about; its detail holds
columns under their own names, so most kinds need no more than to be put into the right table.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jtrack.store.schema import COLUMNS, KEYS, PARTIAL
from jtrack.store.tail import Batch
from jtrack.values import param_number

Row = dict[str, Any]
Event = dict[str, Any]

_POINT_COLUMNS = ("writer", "number", "step", "value", "logged_at")


class Stage:
    """Rows to merge, by table; the last word on a key wins, and a partial row adds to the one before it."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[tuple[Any, ...] | int, Row]] = {table: {} for table in COLUMNS}
        self.points: dict[str, NDArray[Any]] = {}

    def put(self, table: str, row: Row) -> None:
        """Add a row, or replace the one with the same key."""
        staged = self.rows[table]
        n_keys = KEYS.get(table, 0)
        key = tuple(row[name] for name in list(COLUMNS[table])[:n_keys]) if n_keys else len(staged)
        if table in PARTIAL and key in staged:
            staged[key].update(row)
        else:
            staged[key] = row

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to merge."""
        return not self.points and not any(self.rows.values())

    def columns(self, table: str) -> dict[str, NDArray[Any]]:
        """Give the rows of ``table`` as object columns, in the table's order."""
        rows = list(self.rows[table].values())
        return {name: _object_column([row.get(name) for row in rows]) for name in COLUMNS[table]}


def stage_batches(batches: Iterable[Batch]) -> Stage:
    """Stage what the journals brought; events in the order of their time, whoever wrote them."""
    stage = Stage()
    batches = list(batches)
    events = [(event["at"], batch.writer, event["seq"], event) for batch in batches for event in batch.events]
    events.sort(key=lambda item: item[:3])
    for at, writer, seq, event in events:
        kind, subject, detail = event["kind"], event["subject"], event["detail"]
        moment = np.datetime64(at, "us")
        stage.put(
            "events",
            {"at": moment, "writer": writer, "seq": seq, "kind": kind, "subject": subject, "detail": _as_json(detail)},
        )
        stage_event = _STAGED_BY_KIND.get(kind)
        if stage_event is not None:  # a kind of a later jtrack is kept as an event and shown as no more
            stage_event(stage, writer, subject, detail, moment)
    for batch in batches:
        stage.put("journals", _journal_row(batch))
    stage.points = _point_columns([batch for batch in batches if len(batch.points)])
    return stage


def _journal_row(batch: Batch) -> Row:
    return {
        "writer": batch.writer,
        "events_bytes": batch.position.events_bytes,
        "n_points": batch.position.n_points,
        "holes": json.dumps(batch.position.holes),
        "heartbeat_at": np.datetime64(batch.heard_ns // 1000, "us"),
    }


def _as_json(detail: Row) -> str:
    return json.dumps(detail, ensure_ascii=False, separators=(",", ":"))


def _object_column(values: list[Any]) -> NDArray[Any]:
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def _point_columns(batches: list[Batch]) -> dict[str, NDArray[Any]]:
    if not batches:
        return {}
    points = np.concatenate([batch.points for batch in batches])
    writers = np.repeat(np.arange(len(batches)), [len(batch.points) for batch in batches])
    return {
        "writer": _object_column([batch.writer for batch in batches])[writers],
        "number": points["series"].astype(np.int64),
        "step": np.ascontiguousarray(points["step"]),
        "value": np.ascontiguousarray(points["value"]),
        "logged_at": (points["at"] // 1000).astype("datetime64[us]"),
    }


def _experiment_created(stage: Stage, writer: str, subject: str, detail: Row, at: Any) -> None:
    tags = detail.pop("tags", None) or {}
    stage.put(
        "experiments",
        {"experiment_id": subject, "lifecycle_stage": "active", "created_at": at, "updated_at": at, **detail},
    )
    for key, value in tags.items():
        stage.put("experiment_tags", {"experiment_id": subject, "key": key, "value": value})


def _experiment_changed(stage: Stage, writer: str, subject: str, detail: Row, at: Any) -> None:
    tags = detail.pop("tags", None) or {}
    stage.put("experiments", {"experiment_id": subject, "updated_at": at, **detail})
    for key, value in tags.items():
        stage.put("experiment_tags", {"experiment_id": subject, "key": key, "value": value})


def _run_started(stage: Stage, writer: str, subject: str, detail: Row, at: Any) -> None:
    tags = detail.pop("tags", None) or {}
    stage.put("runs", {"run_id": subject, "lifecycle_stage": "active", **_with_times(detail)})
    stage.put("run_writers", {"run_id": subject, "writer": writer})
    _tags_set(stage, writer, subject, tags, at)


def _run_changed(stage: Stage, writer: str, subject: str, detail: Row, at: Any) -> None:
    stage.put("runs", {"run_id": subject, **_with_times(detail)})


def _run_attached(stage: Stage, writer: str, subject: str, detail: Row, at: Any) -> None:
    stage.put("run_writers", {"run_id": subject, "writer": writer})


def _series(stage: Stage, writer: str, subject: str, detail: Row, at: Any) -> None:
    stage.put("series", {"run_id": subject, "key": detail["key"]})
    stage.put("journal_series", {"writer": writer, "number": detail["number"], "run_id": subject, "key": detail["key"]})
    stage.put("run_writers", {"run_id": subject, "writer": writer})


def _params_logged(stage: Stage, writer: str, subject: str, detail: Row, at: Any) -> None:
    for key, (text, value_json) in detail.items():
        number = param_number(text, value_json)
        stage.put("params", {"run_id": subject, "key": key, "value": text, "value_json": value_json, "number": number})


def _tags_set(stage: Stage, writer: str, subject: str, detail: Row, at: Any) -> None:
    for key, value in detail.items():
        stage.put("tags", {"run_id": subject, "key": key, "value": value})


def _row_of_run(table: str) -> Callable[[Stage, str, str, Row, Any], None]:
    def put(stage: Stage, writer: str, subject: str, detail: Row, at: Any) -> None:
        stage.put(table, {"run_id": subject, "created_at": at, **detail})

    return put


def _environment_seen(stage: Stage, writer: str, subject: str, detail: Row, at: Any) -> None:
    stage.put("environments", {"environment_sha256": subject, **detail, "packages": _as_json(detail["packages"])})


def _with_times(detail: Row) -> Row:
    times = {
        name: np.datetime64(detail[name], "us") for name in ("started_at", "ended_at") if detail.get(name) is not None
    }
    return {**detail, **times}


_STAGED_BY_KIND: dict[str, Callable[[Stage, str, str, Row, Any], None]] = {
    "experiment_created": _experiment_created,
    "experiment_changed": _experiment_changed,
    "run_started": _run_started,
    "run_changed": _run_changed,
    "run_attached": _run_attached,
    "series": _series,
    "params_logged": _params_logged,
    "tags_set": _tags_set,
    "cell_recorded": _row_of_run("cells"),
    "artifact_logged": _row_of_run("artifacts"),
    "input_logged": _row_of_run("inputs"),
    "environment_seen": _environment_seen,
}
