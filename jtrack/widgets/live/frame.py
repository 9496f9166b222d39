"""The data of the live panel: one run while it trains, or nothing yet. Frozen; made anew at each look."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jtrack.direction import Direction
from jtrack.entities import RunKind, RunStatus

MOST_CURVES = 8
MOST_VALUES = 60
MOST_NOTES = 20


@dataclass(frozen=True, slots=True)
class LiveMetric:
    """A metric so far. ``step`` and ``value`` are its curve, thinned, where it is one of those that are drawn.

    Of the curve's points the first ``n_fast`` stand until ``generation`` changes: a page that has these needs to be
    sent the rest only.
    """

    key: str
    direction: Direction | None
    n_points: int
    last: float
    last_step: int
    best: float | None = None
    best_step: int | None = None
    generation: int = 0
    n_fast: int = 0
    step: tuple[int, ...] = ()
    value: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the run is: ``done`` of ``total`` steps of the param ``basis``, or a share of what the last run took.

    ``done`` and ``total`` are ``None`` where only the last run's duration tells.
    """

    fraction: float
    eta_s: float | None
    basis: str
    done: int | None = None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class GpuUse:
    """One GPU: how busy it is, and its memory in bytes."""

    percent: float
    memory_bytes: int
    memory_total_bytes: int | None


@dataclass(frozen=True, slots=True)
class SystemUse:
    """What the machine of the run does. ``process_bytes`` is the memory of the recording process."""

    cpu_percent: float
    memory_percent: float
    memory_total_bytes: int
    process_bytes: int | None
    gpus: tuple[GpuUse, ...] = ()


@dataclass(frozen=True, slots=True)
class Knob:
    """A value that the loop reads anew: its name, as it is now, and the value asked for that the loop hasn't taken."""

    name: str
    value: Any
    asked: Any = None


@dataclass(frozen=True, slots=True)
class Note:
    """A note and when it was made."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class LiveFrame:
    """Everything the live panel shows. Without a run (``run_id`` is ``None``) it waits for the next one.

    ``is_listening`` says that the run's loop looks at ``run.should_stop``; ``step`` is the highest step logged.
    ``metrics`` are in order of importance; the first `MOST_CURVES` have their curves with them.
    """

    panel: str = "live"
    seq: int = 0
    run_id: str | None = None
    run_name: str = ""
    kind: RunKind = RunKind.CELL
    experiment_name: str = ""
    status: RunStatus = RunStatus.SCHEDULED
    started_at: datetime | None = None
    elapsed_s: float | None = None
    execution_count: int | None = None
    error: str | None = None
    step: int | None = None
    metrics: tuple[LiveMetric, ...] = ()
    n_metrics: int = 0
    progress: Progress | None = None
    system: SystemUse | None = None
    knobs: tuple[Knob, ...] = ()
    notes: tuple[Note, ...] = ()
    stop_asked: bool = False
    is_listening: bool = False

    @property
    def is_running(self) -> bool:
        """Whether there is something to wait for."""
        return self.status is RunStatus.RUNNING
