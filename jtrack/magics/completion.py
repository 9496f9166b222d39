"""Tab behind ``%%track``: options, experiments, names the cell sets, and ``name=`` of params used before.

A matcher of IPython's completer (API 2), which gets the whole cell; it is quiet everywhere else.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from IPython.core.completer import CompletionContext, SimpleCompletion, SimpleMatcherResult, context_matcher

from jtrack.capture.bindings import find_bindings
from jtrack.capture.source import python_body
from jtrack.magics.header import OPTIONS

if TYPE_CHECKING:
    from jtrack.magics.tracker import CellTracker

_LINE = re.compile(r"\s*%{1,2}track\s")
_LIST_VALUE = re.compile(r"--(params|metrics)[ =](\S*,)?\S*$")
_NAMES_LIVE_S = 5.0


class HeaderCompleter:
    """Completes the line of ``%track`` and ``%%track``."""

    def __init__(self, tracker: CellTracker) -> None:
        self._tracker = tracker
        self._names: tuple[float, list[str], list[str]] = (float("-inf"), [], [])

        @context_matcher(identifier="jtrack.header_matcher")  # type: ignore[untyped-decorator]
        def matcher(context: CompletionContext) -> SimpleMatcherResult:
            return self.complete(context)

        self.matcher = matcher

    def complete(self, context: CompletionContext) -> SimpleMatcherResult:
        """Give what can stand at the cursor; nothing outside the line of ``%track``."""
        before = context.text_until_cursor
        if not _LINE.match(before):
            return SimpleMatcherResult(completions=[], suppress=False)
        fragment = re.split(r"[\s,=]", before)[-1]
        choices = self._choices(before, context.full_text)
        found = [SimpleCompletion(text, type=kind) for text, kind in choices if text.startswith(fragment)]
        return SimpleMatcherResult(completions=found, suppress=bool(found), ordered=True, matched_fragment=fragment)

    def _choices(self, before: str, cell: str) -> list[tuple[str, str]]:
        if _LIST_VALUE.search(before):
            return [(name, "variable") for name in _names_set_by(cell)]
        words = before.split()
        if re.search(r"=\S*$", before):
            return []
        options = [(option.flag, "param") for option in OPTIONS]
        if words[0] == "%track" and len(words) <= 2 - before[-1].isspace():
            return [("--last", "param"), ("on", "keyword"), ("off", "keyword")]
        experiments, params = self._known_names()
        named = [(f"{name}=", "variable") for name in params]
        return [*([(name, "text") for name in experiments] if _may_be_experiment(words) else []), *named, *options]

    def _known_names(self) -> tuple[Sequence[str], Sequence[str]]:
        read_at, experiments, params = self._names
        if time.monotonic() - read_at > _NAMES_LIVE_S:
            try:
                experiments, params = _read_names()
            except Exception:  # no store yet, or one that can't be read: Tab is no place to say so
                experiments, params = [], []
            self._names = (time.monotonic(), experiments, params)
        return experiments, params


def _read_names() -> tuple[list[str], list[str]]:
    from jtrack.queries import rows

    experiments = rows(
        "SELECT name FROM experiments WHERE lifecycle_stage = 'active' ORDER BY updated_at DESC LIMIT 200"
    )
    params = rows("SELECT key FROM params GROUP BY key ORDER BY count(*) DESC LIMIT 200")
    names: list[Any] = [row["key"] for row in params]
    return [quoted(row["name"]) for row in experiments], [name for name in names if name.isidentifier()]


def quoted(name: str) -> str:
    """Write an experiment's name as the header takes it: in quotes where it has blanks or signs in it."""
    return name if re.fullmatch(r"[\w./@:+][\w./@:+-]*", name) else repr(name)


def _names_set_by(cell: str) -> list[str]:
    body = cell.partition("\n")[2]
    bindings = find_bindings(python_body(body))
    return sorted({*bindings.literals, *bindings.computed})


def _may_be_experiment(words: list[str]) -> bool:
    return not any("=" not in word and not word.startswith("-") for word in words[1:-1])
