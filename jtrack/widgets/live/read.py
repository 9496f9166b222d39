"""Reads one run while it trains: its journal at every look, the store's views once and where something asks for it.

A run of this very process needs no database for its first picture: its own object knows its name and params, and
its journal is followed from where it began.
"""

from __future__ import annotations

import json
import os
import platform
import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from jtrack import queries
from jtrack.direction import Direction, infer_direction, order_metrics
from jtrack.entities import RunKind, RunStatus
from jtrack.store import Store
from jtrack.store.control import read_messages
from jtrack.store.follow import RunFollower, mark_end
from jtrack.tracking import ActiveRun
from jtrack.tracking.context import find_own_run
from jtrack.values import parse_param
from jtrack.widgets.curves import thinned_curves
from jtrack.widgets.error_line import error_line
from jtrack.widgets.live.curves import GrowingCurve
from jtrack.widgets.live.frame import MOST_CURVES, MOST_NOTES, MOST_VALUES, Knob, LiveFrame, LiveMetric, Note
from jtrack.widgets.live.progress import LastRun, Pace, infer_progress
from jtrack.widgets.live.system import UseMeter

CURVE_POINTS = 240
_ALIVE_EVERY_S = 1.0
# The database's answer costs some hundredths of a second: a percent of the time until then.
_CONTEXT_AFTER_S = 3.0
_CONTEXT_AGAIN_S = 15.0
_MOST_TRIES = 2

_HEAD = """
SELECT r.run_name, r.kind, e.name AS experiment_name, r.status, r.started_at, r.ended_at, r.error, c.execution_count
FROM runs r LEFT JOIN experiments e USING (experiment_id)
LEFT JOIN cells c ON c.run_id = r.run_id AND c.role = 'tracked'
WHERE r.run_id = ? LIMIT 1
"""
_LATEST = "SELECT key, step, value, n_points, min_value, max_value FROM latest_metrics WHERE run_id = ?"
_PARAMS = "SELECT key, value_json::VARCHAR AS value_json FROM params WHERE run_id = ?"
_EVENTS = """
SELECT epoch_us("at") AS at_us, kind, detail::VARCHAR AS detail FROM events
WHERE subject = ? AND kind IN ('note_added', 'knob_turned', 'stop_offered') ORDER BY "at"
"""
_LAST_RUN = """
SELECT r.run_id, epoch(r.ended_at) - epoch(r.started_at) AS duration_s,
       (SELECT max(step) FROM latest_metrics m
        WHERE m.run_id = r.run_id AND NOT starts_with(key, 'system/')) AS last_step
FROM runs r JOIN cells c ON c.run_id = r.run_id AND c.role = 'tracked'
JOIN cells mine ON mine.run_id = ? AND mine.role = 'tracked' AND mine.cell_id = c.cell_id
JOIN runs me ON me.run_id = mine.run_id
WHERE r.lifecycle_stage = 'active' AND r.status = 'FINISHED' AND r.started_at < me.started_at
  AND (c.notebook_path = mine.notebook_path OR (c.notebook_path IS NULL AND mine.notebook_path IS NULL
       AND r.experiment_id = me.experiment_id))
ORDER BY r.started_at DESC LIMIT 1
"""


class LiveReader:
    """One run as it goes on. `look` takes what is new, `frame` gives what there is.

    Raises
    ------
    RunNotFoundError
        There is no such run.
    """

    def __init__(self, store: Store, run_id: str) -> None:
        self._store, self._run_id = store, run_id
        self._run = find_own_run(store, run_id)
        self._shown = LiveFrame(run_id=run_id, status=RunStatus.RUNNING)
        self._curves: dict[str, GrowingCurve] = {}
        self._order: list[str] = []
        self._params: dict[str, Any] = {}
        self._knobs: dict[str, Any] = {}
        self._asked: dict[str, Any] = {}
        self._pace: Pace | None = None
        self._last_run: LastRun | None = None
        self._began_us = 0
        self._n_message_bytes = 0
        self._followers: list[RunFollower] = []
        self._alive_at = self._context_at = 0.0
        self._n_tries = 0
        self._pid: int | None = None
        self._meter: UseMeter | None = None
        self._open()

    @property
    def is_running(self) -> bool:
        """Whether more may come."""
        return self._shown.status is RunStatus.RUNNING

    def look(self) -> None:
        """Take what is new."""
        was_running = self.is_running
        self._take_news()
        if was_running and not self.is_running:
            self._take_news()  # what was logged last stands before its end, and may have been missed a moment ago
            if not self._n_tries:
                self._read_context()  # a short run: now there is nobody to disturb
        if self.is_running:
            self._look_around()

    def _take_news(self) -> None:
        for follower in self._followers:
            news = follower.look()
            for event in news.events:
                self._take_event(event)
            for key, records in news.points.items():
                self._take_points(key, records["step"], records["value"], records["at"])
        self._take_messages()
        if self._run is not None:
            self._take_own(self._run)
        elif self.is_running:
            self._look_for_life()

    def frame(self, seq: int = 0, *, with_system: bool = True) -> LiveFrame:
        """Give the run as of the last look."""
        now = datetime.now(UTC)
        shown, running = self._shown, self.is_running
        elapsed_s = None if shown.started_at is None else (now - shown.started_at).total_seconds()
        if not running:
            elapsed_s = shown.elapsed_s
        params = {**self._expected_params(), **self._params}
        return replace(
            shown,
            seq=seq,
            elapsed_s=elapsed_s,
            step=None if self._pace is None else self._pace.step,
            metrics=self._metrics(),
            n_metrics=len(self._order),
            progress=infer_progress(params, self._pace, elapsed_s or 0.0, now.timestamp(), self._last_run)
            if running
            else None,
            system=self._system() if running and with_system else None,
            knobs=tuple(Knob(name, value, self._asked.get(name)) for name, value in self._knobs.items()),
        )

    def note_asked(self, name: str, value: Any) -> None:
        """Remember what a knob was asked to become, until the loop has read it."""
        self._asked[name] = value

    @property
    def knobs(self) -> dict[str, Any]:
        """The knobs that the run offers, as they are."""
        return dict(self._knobs)

    def _open(self) -> None:
        run = self._run
        mark = None if run is None else run.journal_mark
        if run is not None:
            self._pid = os.getpid()
            self._take_own(run)
        if run is not None and mark is not None and not run.is_resumed and mark.writer == self._store.writer.name:
            self._followers = [RunFollower(self._store.folder, self._run_id, mark)]
        else:
            self._read_history()

    def _read_history(self) -> None:
        """Begin with what the store has; what comes twice, because it came just now, changes nothing."""
        with queries.using(self._store):
            queries.get_run(self._run_id)
            writers = queries.rows("SELECT writer FROM every_run_writers WHERE run_id = ?", [self._run_id])
            known = set(self._store.folder.writers())
            marks = [mark_end(self._store.folder, row["writer"]) for row in writers if row["writer"] in known]
            self._followers = [RunFollower(self._store.folder, self._run_id, mark) for mark in marks]
            self._read_head()
            self._read_curves()
            params = queries.rows(_PARAMS, [self._run_id])
            self._params = {row["key"]: parse_param(row["value_json"]) for row in params}
            self._read_last_run()
        self._context_at = float("inf")

    def _read_head(self) -> None:
        (head,) = queries.rows(_HEAD, [self._run_id])
        ended_at = head["ended_at"]
        self._shown = replace(
            self._shown,
            run_name=head["run_name"],
            kind=RunKind(head["kind"]),
            experiment_name=head["experiment_name"] or "",
            execution_count=head["execution_count"],
            started_at=head["started_at"],
        )
        if self._run is None:
            status = RunStatus(head["status"])
            self._shown = replace(self._shown, status=status, error=error_line(head["error"]))
            if ended_at is not None and head["started_at"] is not None:
                self._shown = replace(self._shown, elapsed_s=(ended_at - head["started_at"]).total_seconds())
        self._read_events()

    def _read_curves(self) -> None:
        latest = {row["key"]: row for row in queries.rows(_LATEST, [self._run_id])}
        found = thinned_curves([self._run_id], list(latest), CURVE_POINTS)
        for key, row in latest.items():
            points = found.get((self._run_id, key))
            steps = np.array(points.step if points else [row["step"]], np.int64)
            values = np.array(points.value if points else [row["value"]], np.float64)
            began = (self._shown.started_at or datetime.now(UTC)).timestamp()
            at = np.full(len(steps), int(began * 1e9))
            self._take_points(key, steps, values, at)
            self._curves[key].n_points = row["n_points"]
        if self._pace is not None:
            self._pace = replace(self._pace, at=time.time())

    def _read_events(self) -> None:
        notes = []
        for row in queries.rows(_EVENTS, [self._run_id]):
            detail = json.loads(row["detail"])
            if row["kind"] == "note_added":
                notes.append(_note(row["at_us"], detail))
            else:
                self._take_event({"kind": row["kind"], "at": row["at_us"], "detail": detail})
        self._shown = replace(self._shown, notes=tuple(notes[-MOST_NOTES:]))

    def _read_last_run(self) -> None:
        found = queries.rows(_LAST_RUN, [self._run_id])
        if found:
            numbers = "SELECT key, number FROM params WHERE run_id = ? AND number IS NOT NULL"
            params = {row["key"]: row["number"] for row in queries.rows(numbers, [found[0]["run_id"]])}
            self._last_run = LastRun(found[0]["duration_s"], found[0]["last_step"], params)

    def _look_around(self) -> None:
        """Ask the store, some seconds after the start, for what a run's own object doesn't know."""
        now = time.monotonic()
        if self._context_at == 0.0:
            self._context_at = now + _CONTEXT_AFTER_S
        if now < self._context_at:
            return
        self._n_tries += 1
        # A cell is recorded by a thread of its own, which may take its time.
        may_come = self._n_tries < _MOST_TRIES and self._run is not None and self._run.kind is RunKind.CELL
        self._context_at = now + _CONTEXT_AGAIN_S if may_come else float("inf")
        self._read_context()
        if self._shown.execution_count is not None:
            self._context_at = float("inf")

    def _read_context(self) -> None:
        with suppress(Exception), queries.using(self._store):  # the picture does without, where the store can't tell
            self._read_head()
            self._read_last_run()

    def _take_own(self, run: ActiveRun) -> None:
        info = run.info
        self._params = run.params
        self._shown = replace(
            self._shown,
            run_name=info.run_name,
            kind=info.kind,
            started_at=info.started_at,
            status=info.status,
            error=error_line(info.error),
        )
        if info.ended_at is not None:
            self._shown = replace(self._shown, elapsed_s=(info.ended_at - info.started_at).total_seconds())

    def _take_event(self, event: dict[str, Any]) -> None:
        kind, detail = event["kind"], event["detail"]
        if kind in ("run_started", "run_attached"):
            self._began_us = max(self._began_us, event["at"])
        elif kind == "knob_turned":
            self._knobs[detail["name"]] = parse_param(json.dumps(detail["value"]))
            self._asked.pop(detail["name"], None)
        elif kind == "stop_offered":
            self._shown = replace(self._shown, is_listening=True)
        elif kind == "note_added":
            self._add_note(_note(event["at"], detail))
        elif self._run is None:
            self._take_change(kind, detail)

    def _take_change(self, kind: str, detail: dict[str, Any]) -> None:
        if kind == "params_logged":
            self._params.update({key: parse_param(forms[1]) for key, forms in detail.items()})
        elif kind == "run_changed":
            known = {key: detail[key] for key in ("run_name",) if key in detail}
            if "status" in detail:
                known["status"] = RunStatus(detail["status"])
            if detail.get("ended_at") and self._shown.started_at is not None:
                known["elapsed_s"] = detail["ended_at"] / 1e6 - self._shown.started_at.timestamp()
            if detail.get("error"):
                known["error"] = error_line(detail["error"])
            self._shown = replace(self._shown, **known)

    def _add_note(self, note: Note) -> None:
        if note not in self._shown.notes:
            self._shown = replace(self._shown, notes=(*self._shown.notes, note)[-MOST_NOTES:])

    def _take_messages(self) -> None:
        """See what others have asked of the run, and that somebody noted something about it elsewhere."""
        messages, self._n_message_bytes = read_messages(self._store.folder, self._run_id, self._n_message_bytes)
        for message in messages:
            if message.get("do") == "stop" and message.get("at", self._began_us) >= self._began_us:
                self._shown = replace(self._shown, stop_asked=True)
        if any(message.get("do") == "look" for message in messages):
            with suppress(Exception), queries.using(self._store):
                self._read_events()

    def _take_points(self, key: str, step: Any, value: Any, at: Any) -> None:
        curve = self._curves.get(key)
        if curve is None:
            curve = self._curves[key] = GrowingCurve(CURVE_POINTS)
            self._order = order_metrics(name for name in self._curves if is_shown(name, self._knobs))
        curve.extend(step, value)
        if is_shown(key, self._knobs) and len(step):
            self._keep_pace(step, at)

    def _keep_pace(self, step: Any, at: Any) -> None:
        first, last = int(step.argmin()), int(step.argmax())
        pace = self._pace or Pace(int(step[first]), int(at[first]) / 1e9, int(step[first]), int(at[first]) / 1e9)
        if int(step[last]) > pace.step:
            pace = replace(pace, step=int(step[last]), at=int(at[last]) / 1e9)
        self._pace = pace

    def _look_for_life(self) -> None:
        now = time.monotonic()
        if now - self._alive_at < _ALIVE_EVERY_S:
            return
        self._alive_at = now
        if not any(follower.is_writer_alive() for follower in self._followers):
            with queries.using(self._store):
                self._read_head()

    def _expected_params(self) -> dict[str, Any]:
        return {} if self._run is None else dict(self._run.expected_params)

    def _system(self) -> Any:
        if self._meter is None:
            pid = self._pid if self._pid is not None else self._writer_pid()
            if pid is None:
                return None
            self._meter = UseMeter(pid)
        return self._meter.read()

    def _writer_pid(self) -> int | None:
        """The recording process, where it runs on this machine; a writer's name holds its process."""
        for follower in self._followers[-1:]:
            first = self._store.folder.events_path(follower.writer)
            with suppress(OSError, ValueError, KeyError), open(first, encoding="utf-8") as file:
                opened = json.loads(file.readline())["detail"]
                return int(opened["pid"]) if opened["host"] == platform.node() else None
        return None

    def _metrics(self) -> tuple[LiveMetric, ...]:
        # A knob that was offered after its metric came is no metric of the training.
        self._order = [key for key in self._order if is_shown(key, self._knobs)]
        return tuple(
            live_metric(key, self._curves[key], with_curve=place < MOST_CURVES)
            for place, key in enumerate(self._order[:MOST_VALUES])
        )


def is_shown(key: str, knobs: dict[str, Any]) -> bool:
    """Whether a metric says something about the training: not the machine's, and not a knob's value."""
    return not key.startswith("system/") and key not in knobs


def live_metric(key: str, curve: GrowingCurve, *, with_curve: bool) -> LiveMetric:
    """What the panel shows of one metric."""
    direction = infer_direction(key)
    best = None if direction is None else curve.low if direction is Direction.LOWER else curve.high
    step, value = curve.points() if with_curve else ((), ())
    assert curve.last is not None
    return LiveMetric(
        key=key,
        direction=direction,
        n_points=curve.n_points,
        last=curve.last.value,
        last_step=curve.last.step,
        best=None if best is None else best.value,
        best_step=None if best is None else best.step,
        generation=curve.generation,
        n_fast=curve.n_kept if with_curve else 0,
        step=step,
        value=value,
    )


def _note(at_us: int, detail: dict[str, Any]) -> Note:
    return Note(datetime.fromtimestamp(at_us / 1e6, UTC), detail["text"])
