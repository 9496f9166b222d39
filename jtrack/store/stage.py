"""Turns events and points into rows of the tables: what a batch of journals changes, before it is merged.

Pure: nothing here touches a database. An event's subject is the id of what it is about; its detail holds
columns under their own names, so most kinds need no more than to be put into the right table.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jtrack.store.schema import COLUMNS, KEYS, PARTIAL
from jtrack.store.tail import Batch
from jtrack.values import param_number

Row = dict[str, Any]

# Nobody else's affair: as many as there are metrics, one every few seconds, and all packages once a process.
_JOURNALS_OWN = ("series", "points_summed", "environment_seen")


class Stage:
    """Rows to merge, by table; the last word on a key wins, and a partial row adds to the one before it."""

    def __init__(self) -> None:
        # Rows with a key, by that key; rows of a table that is only appended to, in order. Tuples, where a row
        # is whole: the garbage collector lets go of them, which a fold of a million rows feels.
        self.rows: dict[str, dict[Any, Any]] = {table: {} for table in COLUMNS}
        self.points: dict[str, NDArray[Any]] = {}

    def put(self, table: str, *row: Any) -> None:
        """Add a whole row, its values in the table's order, or replace the one with the same key."""
        staged = self.rows[table]
        staged[row[: KEYS[table]] if table in KEYS else len(staged)] = row

    def put_columns(self, table: str, row: Row) -> None:
        """Add what is known of a row of a table in ``PARTIAL``: it adds to what was known before."""
        self.rows[table].setdefault(row[next(iter(COLUMNS[table]))], {}).update(row)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to merge."""
        return not self.points and not any(self.rows.values())

    @property
    def tells_nothing(self) -> bool:
        """Whether there is no more to it than how far journals were read."""
        return not self.points and not any(rows for table, rows in self.rows.items() if table != "journals")

    def columns(self, table: str) -> dict[str, NDArray[Any]]:
        """Give the rows of ``table`` as object columns, in the table's order."""
        return dict(zip(COLUMNS[table], self.unnamed_columns(table), strict=True))

    def unnamed_columns(self, table: str) -> list[NDArray[Any]]:
        """Give the columns of what was staged for ``table`` without their names."""
        rows: Iterable[Any] = self.rows[table].values()
        if table in PARTIAL:
            rows = [[row.get(name) for name in COLUMNS[table]] for row in rows]
        return [object_column(values) for values in zip(*rows, strict=True)]


def stage_batches(batches: Iterable[Batch]) -> Stage:
    """Stage what the journals brought; events in the order of their time, those of one writer as it wrote them."""
    stage = Stage()
    batches = list(batches)
    events = [placed for batch in batches for placed in _place_in_time(batch)]
    events.sort(key=itemgetter(0, 1, 2))
    for _, writer, seq, event in events:
        kind, subject = event["kind"], event["subject"]
        moment = np.datetime64(event["at"], "us")
        if kind not in _JOURNALS_OWN:
            stage.put("events", moment, writer, seq, kind, subject, event["detail_json"])
        stage_event = _STAGED_BY_KIND.get(kind)
        if stage_event is not None:  # a kind of a later jtrack is kept as an event and shown as no more
            stage_event(stage, writer, subject, event["detail"], moment)
    for batch in batches:
        position, heard_at = batch.position, np.datetime64(batch.heard_ns // 1000, "us")
        holes = json.dumps(position.holes)
        stage.put("journals", batch.writer, position.events_bytes, position.n_points, holes, heard_at)
    stage.points = _point_columns([batch for batch in batches if len(batch.points)])
    return stage


def _place_in_time(batch: Batch) -> Iterator[tuple[int, str, int, dict[str, Any]]]:
    latest = 0
    for event in batch.events:
        latest = max(latest, event["at"])  # a clock that was set back must not turn the order around
        yield latest, batch.writer, event["seq"], event


def object_column(values: Sequence[Any]) -> NDArray[Any]:
    """Give values as a column that keeps each as it is."""
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def _point_columns(batches: list[Batch]) -> dict[str, NDArray[Any]]:
    if not batches:
        return {}
    points = np.concatenate([batch.points for batch in batches])
    writers = np.repeat(np.arange(len(batches)), [len(batch.points) for batch in batches])
    return {
        "writer": object_column([batch.writer for batch in batches])[writers],
        "number": points["series"].astype(np.int64),
        "step": np.ascontiguousarray(points["step"]),
        "value": np.ascontiguousarray(points["value"]),
        "at": np.ascontiguousarray(points["at"]),
        "logged_at": (points["at"] // 1_000_000).astype("datetime64[ms]"),
    }


def _experiment_created(stage: Stage, writer: str, subject: str, detail: Row, at: Any) -> None:
    stage.put_columns("experiments", {"experiment_id": subject, "lifecycle_stage": "active", "created_at": at})
    _experiment_changed(stage, writer, subject, detail, at)


def _experiment_changed(stage: Stage, writer: str, subject: str, detail: Row, at: Any) -> None:
    for key, value in (detail.pop("tags", None) or {}).items():
        stage.put("experiment_tags", subject, key, value)
    stage.put_columns("experiments", {"experiment_id": subject, "updated_at": at, **detail})


def _run_started(stage: Stage, writer: str, subject: str, detail: Row, at: Any) -> None:
    stage.put_columns("runs", {"run_id": subject, "lifecycle_stage": "active"})
    _run_changed(stage, writer, subject, detail, at)
    stage.put("run_writers", subject, writer)


def _run_changed(stage: Stage, writer: str, subject: str, detail: Row, at: Any) -> None:
    for name in ("started_at", "ended_at"):
        if detail.get(name) is not None:
            detail[name] = np.datetime64(detail[name], "us")
    stage.put_columns("runs", {"run_id": subject, **detail})


def _run_attached(stage: Stage, writer: str, subject: str, detail: Row, at: Any) -> None:
    stage.put("run_writers", subject, writer)


def _series(stage: Stage, writer: str, subject: str, detail: Row, at: Any) -> None:
    number, key = detail["number"], detail["key"]
    stage.rows["series"][subject, key] = (subject, key)
    stage.rows["journal_series"][writer, number] = (writer, number, subject, key)
    stage.put("run_writers", subject, writer)


def _params_logged(stage: Stage, writer: str, subject: str, detail: Row, at: Any) -> None:
    for key, (text, value_json) in detail.items():
        stage.put("params", subject, key, text, value_json, param_number(text, value_json))


def _tags_set(stage: Stage, writer: str, subject: str, detail: Row, at: Any) -> None:
    for key, value in detail.items():
        stage.put("tags", subject, key, value)


def _row_of_run(table: str) -> Callable[[Stage, str, str, Row, Any], None]:
    names = list(COLUMNS[table])

    def put(stage: Stage, writer: str, subject: str, detail: Row, at: Any) -> None:
        row = {"run_id": subject, "created_at": at, **detail}
        stage.put(table, *(row.get(name) for name in names))

    return put


def _model_registered(stage: Stage, writer: str, subject: str, detail: Row, at: Any) -> None:
    stage.put_columns(
        "registered_models", {"model_id": detail["model_id"], "lifecycle_stage": "active", "created_at": at}
    )
    _model_changed(stage, writer, subject, detail, at)


def _model_changed(stage: Stage, writer: str, subject: str, detail: Row, at: Any) -> None:
    row = {"model_id": detail["model_id"], "updated_at": at}
    stage.put_columns("registered_models", row | _known_columns("registered_models", detail["to"]))
    _put_registry_tags(stage, detail["model_id"], detail["to"])


def _version_created(stage: Stage, writer: str, subject: str, detail: Row, at: Any) -> None:
    row = {"version_id": version_id(detail), "model_id": detail["model_id"], "version": detail["version"]}
    stage.put_columns("model_versions", {**row, "lifecycle_stage": "active", "created_at": at})
    _version_changed(stage, writer, subject, detail, at)


def _version_changed(stage: Stage, writer: str, subject: str, detail: Row, at: Any) -> None:
    row = {"version_id": version_id(detail), "updated_at": at}
    stage.put_columns("model_versions", row | _known_columns("model_versions", detail["to"]))
    _put_registry_tags(stage, version_id(detail), detail["to"])


def _alias_moved(stage: Stage, writer: str, subject: str, detail: Row, at: Any) -> None:
    stage.put("aliases", detail["model_id"], detail["alias"], detail["to"], at)


def version_id(detail: Row) -> str:
    """Name a version for ever, whatever its model is called."""
    return f"{detail['model_id']}/{detail['version']}"


def _known_columns(table: str, columns: Row) -> Row:
    return {name: value for name, value in columns.items() if name in COLUMNS[table]}


def _put_registry_tags(stage: Stage, subject_id: str, columns: Row) -> None:
    for key, value in (columns.get("tags") or {}).items():
        stage.put("registry_tags", subject_id, key, value)


def _environment_seen(stage: Stage, writer: str, subject: str, detail: Row, at: Any) -> None:
    packages = json.dumps(detail["packages"], ensure_ascii=False)
    stage.put("environments", subject, detail["python_version"], detail["platform"], packages)


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
    "model_registered": _model_registered,
    "model_changed": _model_changed,
    "model_version_created": _version_created,
    "model_version_changed": _version_changed,
    "alias_moved": _alias_moved,
}
