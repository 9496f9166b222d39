"""A cell as IPython hands it over, in the terms of jtrack: read once from the event, then independent of IPython."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jtrack.capture.bindings import Bindings, find_bindings
from jtrack.capture.namespace import snapshot_numbers
from jtrack.capture.notebook import CellOrigin
from jtrack.capture.source import cell_identity, python_body
from jtrack.entities import RunStatus
from jtrack.magics.cell_header import TrackedSource, split_cell

if TYPE_CHECKING:
    from IPython.core.interactiveshell import ExecutionInfo, InteractiveShell

_ONLY_COMMANDS = re.compile(r"(\s*(%(?!%).*|#.*)?(\n|\Z))*")


@dataclass(frozen=True)
class RunningCell:
    """A cell that begins to run."""

    shell: InteractiveShell
    source: str
    header: TrackedSource | None
    transformed: str | None
    cell_id: str | None
    meta: dict[str, Any]
    execution_count: int | None
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    numbers_before: dict[str, Any] = field(default_factory=dict)

    @property
    def body(self) -> str:
        """The cell without its ``%%track`` line."""
        return self.source if self.header is None else self.header.body

    @property
    def identity(self) -> str:
        """What makes it the same cell as an earlier one."""
        return cell_identity(self.cell_id, self.body)

    @cached_property
    def bindings(self) -> Bindings:
        """The names that the cell sets, as its source says."""
        if self.transformed is not None and not self.body.lstrip().startswith("%%"):
            return find_bindings(self.transformed)
        return find_bindings(self.shell.input_transformer_manager.transform_cell(python_body(self.body)))

    @property
    def origin(self) -> CellOrigin:
        """What helps to find its notebook."""
        return CellOrigin(self.source, self.cell_id, self.meta, self.shell.user_ns, connection_file(self.shell))

    @property
    def is_only_commands(self) -> bool:
        """Whether it has nothing but line magics and comments."""
        return _ONLY_COMMANDS.fullmatch(self.source) is not None

    def with_numbers(self, names: Iterable[str] = ()) -> RunningCell:
        """Note the numbers that the namespace holds now, and whatever it holds under ``names``."""
        namespace = self.shell.user_ns
        named = {name: namespace[name] for name in names if name in namespace}
        return replace(self, numbers_before=snapshot_numbers(namespace) | named)


@dataclass(frozen=True)
class FinishedCell:
    """A cell that has run: ``run_id`` where it was tracked, else the numbers that the namespace held when it ended."""

    cell: RunningCell
    error: BaseException | None
    ended_at: datetime
    run_id: str | None = None
    numbers_after: dict[str, Any] | None = None


def read_cell(shell: InteractiveShell, info: ExecutionInfo) -> RunningCell:
    """Read the cell from what ``pre_run_cell`` is given."""
    source = info.raw_cell or ""
    return RunningCell(
        shell=shell,
        source=source,
        header=split_cell(cleaned_lines(shell, source)),
        transformed=getattr(info, "transformed_cell", None),  # IPython tells it from 9.4 on
        cell_id=info.cell_id,
        meta=_request_metadata(shell, info),
        execution_count=_execution_count(shell) if info.store_history else None,
    )


def cleaned_lines(shell: InteractiveShell, source: str) -> list[str]:
    """Give a cell's lines as they reach jtrack's own step: without leading blank lines, indentation and prompts."""
    lines = source.splitlines(keepends=True)
    for step in shell.input_transformers_cleanup:
        if getattr(step, "has_side_effects", False):
            break
        lines = step(lines)
    return lines


def status_of(error: BaseException | None) -> RunStatus:
    """Say what became of a cell that ended with ``error``."""
    if error is None:
        return RunStatus.FINISHED
    # Interrupting a cell that awaits cancels its task.
    interrupted = isinstance(error, KeyboardInterrupt | asyncio.CancelledError)
    return RunStatus.KILLED if interrupted else RunStatus.FAILED


def _request_metadata(shell: InteractiveShell, info: ExecutionInfo) -> dict[str, Any]:
    """Give what the front end sent beside the cell's source; nothing in a terminal."""
    meta = getattr(info, "cell_meta", None)  # from IPython 9.10 and ipykernel 7.3 on
    if meta is None and hasattr(shell, "get_parent"):
        meta = shell.get_parent().get("metadata")
    return dict(meta or {})


def _execution_count(shell: InteractiveShell) -> int:
    import IPython

    # From 9.8 on the counter moves on before a cell runs, until then after it.
    return shell.execution_count - (IPython.version_info[:2] >= (9, 8))


def connection_file(shell: InteractiveShell) -> Path | None:
    """Give the kernel's connection file; ``None`` in a terminal."""
    app = getattr(getattr(shell, "kernel", None), "parent", None)
    name = getattr(app, "abs_connection_file", None)
    return Path(name) if name else None
