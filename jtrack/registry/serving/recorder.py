"""Keeps a share of the requests in the store, for later: to look at, and to ask another version the same.

They are artifacts of a run of their own, a line of JSON each, in files of a few hundred lines; how long each took is a
metric of that run. A thread writes them, so that no request waits for a disk.
"""

from __future__ import annotations

import json
import queue
import random
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from jtrack import tracking
from jtrack.registry.serving.log import say

FOLDER = "requests"
EXPERIMENT = "served models"
TAG_MODEL = "jtrack.served.model_uri"
_EVERY_S = 5.0
_MOST_LINES = 500
_MOST_WAITING = 10_000


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """One request as it was answered."""

    at: datetime
    model: str
    content_type: str
    request: bytes
    status: int
    response: bytes
    took_s: float


class Recorder:
    """Records requests of one server, in a run that begins with the first of them.

    Parameters
    ----------
    share
        Of the requests, 0 to 1.
    model_uri
        As it was asked for.
    """

    def __init__(self, share: float, model_uri: str) -> None:
        self._share = share
        self._model_uri = model_uri
        self._chance = random.Random()
        self._waiting: queue.Queue[RecordedRequest | None] = queue.Queue(_MOST_WAITING)
        self._thread = threading.Thread(target=self._write_all, name="jtrack-recorder", daemon=True)
        self._thread.start()

    def offer(self, content_type: str, request: bytes, status: int, response: bytes, took_s: float, model: str) -> None:
        """Record a request, if its lot is drawn; dropped where the disk doesn't keep up."""
        if self._share >= 1 or self._chance.random() < self._share:
            kept = RecordedRequest(datetime.now(UTC), model, content_type, request, status, response, took_s)
            with suppress(queue.Full):
                self._waiting.put_nowait(kept)

    def close(self) -> None:
        """Write what waits, and end the run."""
        with suppress(queue.Full):
            self._waiting.put_nowait(None)
        self._thread.join(timeout=10)

    def _write_all(self) -> None:
        run: tracking.ActiveRun | None = None
        n_files, is_over = 0, False
        while not is_over:
            lines, is_over = self._collect()
            if not lines:
                continue
            try:
                if run is None:
                    run = _start_run(self._model_uri)
                _write(run, n_files, lines)
                n_files += 1
            except Exception as error:  # a server goes on, whatever becomes of its record
                say(f"{len(lines)} requests could not be recorded: {error}")
        if run is not None:
            run.end()

    def _collect(self) -> tuple[list[RecordedRequest], bool]:
        """Wait for a file's worth of requests, or for some seconds; tells whether they are the last."""
        lines: list[RecordedRequest] = []
        until = None
        while len(lines) < _MOST_LINES:
            try:
                kept = self._waiting.get(timeout=None if until is None else max(until - time.monotonic(), 0))
            except queue.Empty:
                break
            if kept is None:
                return lines, True
            lines.append(kept)
            until = until or time.monotonic() + _EVERY_S
        return lines, False


def _start_run(model_uri: str) -> tracking.ActiveRun:
    tracking.set_experiment(EXPERIMENT)
    return tracking.start_run(
        run_name=f"serving {model_uri}", tags={TAG_MODEL: model_uri}, source_name="jtrack models serve"
    )


def _write(run: tracking.ActiveRun, number: int, lines: list[RecordedRequest]) -> None:
    run.log_text("".join(f"{_line(kept)}\n" for kept in lines), f"{FOLDER}/{number:06}.jsonl")
    for kept in lines:
        moment = int(kept.at.timestamp() * 1000)
        run.log_metric("took_ms", kept.took_s * 1e3, timestamp=moment)
        if kept.status != 200:
            run.log_metric("status", kept.status, timestamp=moment)


def _line(kept: RecordedRequest) -> str:
    form = {
        "at": kept.at.isoformat(timespec="milliseconds"),
        "model": kept.model,
        "content_type": kept.content_type,
        "status": kept.status,
        "took_ms": round(kept.took_s * 1e3, 3),
        "request": kept.request.decode("utf-8", "replace"),
        "response": kept.response.decode("utf-8", "replace"),
    }
    return json.dumps(form, ensure_ascii=False)
