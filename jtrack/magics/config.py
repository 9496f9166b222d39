"""The settings of the notebook side, as traitlets: ``%config JTrack.quiet = True``; ``c.JTrack`` in a config file."""

from __future__ import annotations

from typing import Any

from traitlets import Bool, Int, List, TraitError, Unicode, observe, validate
from traitlets.config import Configurable

from jtrack import tracking
from jtrack.errors import InvalidInputError
from jtrack.settings import parse_store_path


class JTrack(Configurable):
    """Experiment tracking in the notebook."""

    tracking_uri = Unicode(
        "", help="Where runs go: a folder. Empty: the nearest .jtrack folder upward from the notebook."
    ).tag(config=True)
    quiet = Bool(False, help="Show no card after a tracked cell.").tag(config=True)
    live = Bool(True, help="Show a tracked cell that takes longer than a second, and logs metrics, while it runs.").tag(
        config=True
    )
    capture_params = Bool(True, help="Take the names that a cell sets to literals as params.").tag(config=True)
    capture_metrics = Bool(True, help="Take the numbers that a cell works out into names as metrics.").tag(config=True)
    capture_git = Bool(True, help="Record commit, branch and whether the tree is dirty.").tag(config=True)
    capture_environment = Bool(True, help="Record Python, platform and installed packages.").tag(config=True)
    capture_stdout = Bool(True, help="Keep what a cell prints, as the artifact stdout.txt.").tag(config=True)
    max_stdout_chars = Int(256 * 1024, help="Keep the beginning and the end of what a cell prints past this.").tag(
        config=True
    )
    training_calls = List(
        Unicode(),
        default_value=[
            "fit",
            "fit_predict",
            "partial_fit",
            "train",
            "backward",
            "cross_val_score",
            "cross_validate",
            "fmin",
            "log_metric",
            "log_metrics",
        ],
        help="With '%track on', a cell that calls one of these is tracked.",
    ).tag(config=True)

    @validate("max_stdout_chars")
    def _check_limit(self, proposal: dict[str, Any]) -> int:
        limit: int = proposal["value"]
        if limit < 0:
            raise TraitError("max_stdout_chars is 0 or more")
        return limit

    @validate("tracking_uri")
    def _check_tracking_uri(self, proposal: dict[str, Any]) -> str:
        uri: str = proposal["value"]
        try:
            parse_store_path(uri)
        except InvalidInputError as error:
            raise TraitError(str(error)) from None
        return uri

    @observe("tracking_uri")
    def _set_tracking_uri(self, change: dict[str, Any]) -> None:
        tracking.set_tracking_uri(change["new"])
