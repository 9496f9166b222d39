"""Stands for the run of a cell that could not be recorded: what the cell logs is dropped, and the cell goes on.

That it could not be recorded was said when the cell began. Failing each ``log_metric`` of a training for it would be
worse than the missing record.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class _Never:
    """Nobody asks to stop what nobody sees; written with or without brackets, as of a real run."""

    def __bool__(self) -> bool:
        return False

    def __call__(self) -> bool:
        return False


class UnrecordedRun:
    """Takes whatever a run takes, and keeps nothing."""

    run_id = experiment_id = ""
    run_name = "not recorded"
    ended = False
    should_stop = _Never()

    def __init__(self) -> None:
        self.series: dict[str, UnrecordedRun] = {}

    @property
    def info(self) -> UnrecordedRun:
        """Itself: it has the names that there are."""
        return self

    def open_series(self, key: str) -> UnrecordedRun:
        """Give what takes points of a metric."""
        return self

    def log(self, value: float, step: int | None, timestamp: int | None) -> None:
        """Drop a point."""

    def log_param(self, key: str, value: Any) -> Any:
        """Drop a param, and give it back."""
        return value

    def knob(self, name: str, value: Any) -> Any:
        """Give a knob's value as it is."""
        return value

    def _drop(self, *args: Any, **options: Any) -> None:
        """Drop it."""

    log_metric = log_metrics = log_params = set_tag = set_tags = delete_tag = note = log_input = _drop
    log_artifact = log_artifacts = log_text = log_dict = log_figure = set_attributes = log_system_metrics = _drop

    @property
    def params(self) -> Mapping[str, Any]:
        """No params."""
        return {}

    metrics = params
