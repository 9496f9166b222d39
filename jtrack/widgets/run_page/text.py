"""The page of a run as text, for a terminal, a mail and `text/plain`."""

from __future__ import annotations

from collections.abc import Sequence

from jtrack.widgets import pieces
from jtrack.widgets.format import (
    MISSING,
    and_more,
    exact_moment,
    format_bytes,
    format_duration,
    format_number,
    plural,
    shorten,
)
from jtrack.widgets.frames import STATE_SHAPES, STATE_WORDS, short_id
from jtrack.widgets.run_page.frame import RunFrame
from jtrack.widgets.run_page.relatives import RegisteredVersion
from jtrack.widgets.text_table import align_cells

_MOST_ROWS = 20
_MOST_LINES = 60
_WIDTH = 40


def run_text(frame: RunFrame) -> str:
    """Render the page of a run as lines."""
    lines = [_head(frame)]
    if frame.description:
        lines += [f"  {shorten(frame.description, 200)}"]
    if frame.error:
        lines += ["  error", *(f"    {line[:160]}" for line in frame.error.rstrip().splitlines()[-8:])]
    lines += _section("metrics", [_metric(frame, i) for i in range(len(frame.metrics))], frame.n_metrics)
    lines += _section("params", _params(frame), max(frame.n_params, len(frame.params)))
    lines += [f"  {key}  {value}" for key, value in facts(frame)]
    lines += _section("files", [[a.path, format_bytes(a.n_bytes)] for a in frame.artifacts], frame.n_artifacts)
    return "\n".join([*lines, *_source(frame)])


def facts(frame: RunFrame) -> list[tuple[str, str]]:
    """What is known about a run besides what it logged, each under its name; what isn't known is left out."""
    named = {
        "started": exact_moment(frame.started_at),
        "took": format_duration(frame.duration_s),
        "user": frame.user_name,
        "notebook": frame.notebook_path or frame.source_name,
        "cell": None if frame.execution_count is None else f"[{frame.execution_count}]",
        "git": git_text(frame),
        "python": frame.environment and f"{frame.environment.python_version} on {frame.environment.platform}",
        "packages": frame.environment and packages_text(frame),
        "data": and_more([f"{data.name} {data.digest or ''}".strip() for data in frame.inputs], 4),
        "tags": and_more([f"{tag.key} = {shorten(tag.value, 60)}" for tag in frame.tags], 6),
        "registered": and_more([version_text(version) for version in frame.versions], 4),
        "parent": frame.parent and f"{frame.parent.run_name} {short_id(frame.parent.run_id)}",
        "children": plural(frame.n_children, "run") if frame.n_children else None,
        "before": frame.previous and f"{frame.previous.run_name} {short_id(frame.previous.run_id)}",
        "after": frame.next and f"{frame.next.run_name} {short_id(frame.next.run_id)}",
        "notes": and_more([shorten(note.text, 80) for note in frame.notes], 3),
    }
    return [(key, shorten(value, 300)) for key, value in named.items() if value and value != MISSING]


def version_text(version: RegisteredVersion) -> str:
    """``churn 3 @champion Production``."""
    stage = [] if version.stage == "None" else [version.stage]
    aliases = [f"@{alias}" for alias in version.aliases]
    return " ".join([version.name, str(version.version), *aliases, *stage])


def git_text(frame: RunFrame) -> str | None:
    """``7f3a09c on main, with changes``; ``None`` without a commit."""
    if frame.git_commit is None:
        return None
    branch = f" on {frame.git_branch}" if frame.git_branch else ""
    return f"{frame.git_commit[:7]}{branch}{', with changes' if frame.git_dirty else ''}"


def packages_text(frame: RunFrame) -> str:
    """``142 packages, 2 changed since quiet-otter: numpy 2.3.0 → 2.3.1, …``."""
    environment = frame.environment
    if environment is None:
        return ""
    count = plural(environment.n_packages, "package")
    if frame.previous is None:
        return count
    if not environment.n_changes:
        return f"{count}, the same as in the run before"
    changes = [f"{change.name} {change.old or 'none'} → {change.new or 'none'}" for change in environment.changes[:3]]
    rest = environment.n_changes - len(changes)
    listed = ", ".join([*changes, *([f"{rest:,} more"] if rest else [])])
    return f"{count}, {environment.n_changes:,} changed since {frame.previous.run_name}: {listed}"


def _head(frame: RunFrame) -> str:
    state = f"{STATE_SHAPES[frame.status]} {STATE_WORDS[frame.status]}{', deleted' if frame.is_deleted else ''}"
    return f"{state}  {shorten(frame.run_name, 60)}  run {short_id(frame.run_id)}  {shorten(frame.experiment_name, 60)}"


def _metric(frame: RunFrame, i: int) -> list[str]:
    metric = frame.metrics[i]
    best = "" if metric.best is None or metric.best == metric.value else f"best {format_number(metric.best)}"
    difference = pieces.difference_text(metric.value, metric.previous)
    return [shorten(metric.key, _WIDTH), format_number(metric.value), difference, best]


def _params(frame: RunFrame) -> list[list[str]]:
    return [
        [
            shorten(param.key, _WIDTH),
            shorten(param.value.text, _WIDTH) if param.value else MISSING,
            f"was {shorten(param.previous.text, _WIDTH)}" if param.previous else "",
        ]
        for param in frame.params
    ]


def _section(title: str, rows: Sequence[Sequence[str]], n_rows: int) -> list[str]:
    if not rows:
        return []
    shown = rows[:_MOST_ROWS]
    more = [f"    {n_rows - len(shown):,} more"] if n_rows > len(shown) else []
    return [f"  {title}", *(f"    {line}" for line in align_cells(shown)), *more]


def _source(frame: RunFrame) -> list[str]:
    if not frame.cells:
        return []
    lines = frame.cells[0].source.rstrip().splitlines()
    more = [f"    … {len(lines) - _MOST_LINES:,} more lines"] if len(lines) > _MOST_LINES else []
    return ["  source", *(f"    {line[:160]}" for line in lines[:_MOST_LINES]), *more]
