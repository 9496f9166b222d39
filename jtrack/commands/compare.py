"""``compare``: runs side by side, as the panel of the same name shows them, in text."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jtrack.commands.command import Command

if TYPE_CHECKING:
    from jtrack.widgets.compare.panel import Comparison as ComparePanel

_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`")
_COMPARES = re.compile(r"[<>=]|\b(like|ilike|in|is|between)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs between runs."""

    panel: ComparePanel
    is_good: bool = True

    def as_text(self) -> str:
        """Give tables of what differs."""
        return repr(self.panel)

    def as_json(self) -> Any:
        """Give the panel's frame."""
        from jtrack.widgets.frames import frame_json

        return frame_json(self.panel.frame)


def compare(runs: str | Sequence[str] = "") -> Comparison:
    """Compare runs: the params, metrics and sources that differ.

    A run is a full id, a prefix of it or a name that fits one run, or @last. In place of runs, a filter:
    jtrack compare "metrics.accuracy > 0.9"

    Parameters
    ----------
    runs
        Addresses of runs, or a filter.

    Raises
    ------
    RunNotFoundError
        An address fits no run.
    InvalidFilterError
        The filter doesn't parse.
    """
    from jtrack.widgets.compare.panel import compare as compare_panel

    return Comparison(compare_panel(runs if isinstance(runs, str) else run_selection(runs)))


def run_selection(words: Sequence[str]) -> str | list[str]:
    """Tell a filter from addresses of runs: a filter compares something, outside of its quotes."""
    text = " ".join(words)
    return text if is_filter(text) else list(words)


def is_filter(text: str) -> bool:
    """Whether ``text`` compares something, outside of its quotes."""
    return _COMPARES.search(_QUOTED.sub("", text)) is not None


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("runs", metavar="RUN", nargs="+", help="two runs or more, or one filter")


COMPARE = Command("compare", compare, _add_arguments)
