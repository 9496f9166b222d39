"""A cell as the objective of a sweep: compiled once, run for each trial in a copy of the notebook's namespace.

What a trial sets is gone with its copy; what it changes in place (a list, a model of an earlier cell) is not, and
functions of earlier cells still see the notebook's own names.
"""

from __future__ import annotations

import ast
import contextlib
import inspect
from collections.abc import Iterator, Mapping
from types import CodeType, TracebackType
from typing import TYPE_CHECKING, Any

from jtrack import tracking
from jtrack.capture.overwritten import overwritten
from jtrack.errors import HeaderError
from jtrack.magics.sweep_header import SweepHeader
from jtrack.magics.trial_output import kept_with_run

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from jtrack.magics.recording import Desk


class SweptCell:
    """The objective: called with a point, it runs the cell and gives what it left in the metric's name, or ``None``.

    Parameters
    ----------
    above
        The lines of the cell above ``body``: its tracebacks count them too.
    execution_count
        The number that its tracebacks name it by.

    Raises
    ------
    HeaderError
        The cell is empty, is no Python, awaits, or sets what the header sets.
    """

    def __init__(
        self,
        desk: Desk,
        shell: InteractiveShell,
        header: SweepHeader,
        above: list[str],
        body: str,
        execution_count: int,
    ) -> None:
        self._desk = desk
        self._namespace: Mapping[str, Any] = shell.user_ns
        self._publisher: Any = shell.display_pub
        self._metric = header.metric
        self._fixed = header.fixed
        # As a cell of its own: what the header sets comes from no earlier one.
        self.program = "".join(f"{name} = None\n" for name in (*header.space, *header.fixed)) + body
        source = "".join(f"# {line}\n" for line in above) + body
        transformed = shell.input_transformer_manager.transform_cell(source)
        _check_body(header, transformed, body)
        self.filename: str = shell.compile.cache(transformed, execution_count, raw_code=source)
        self._code = _compile(shell, transformed, self.filename)

    def __call__(self, point: Mapping[str, Any]) -> Any:
        namespace = {**self._namespace, **self._fixed, **point}
        namespace.pop(self._metric, None)  # a number that an earlier cell left there is not this trial's
        run = tracking.active_run()
        assert run is not None, "a trial has a run"
        with kept_with_run(run, self._desk), _nothing_displayed(self._publisher):
            exec(self._code, namespace)
        return namespace.get(self._metric)

    def traceback_of(self, error: BaseException) -> TracebackType | None:
        """Give the part of an error's traceback that begins in the cell."""
        trace = error.__traceback__
        while trace is not None and trace.tb_frame.f_code.co_filename != self.filename:
            trace = trace.tb_next
        return trace or error.__traceback__


@contextlib.contextmanager
def _nothing_displayed(publisher: Any) -> Iterator[None]:
    """Show nothing that this thread displays: of forty trials, forty figures would bury the notebook."""
    if not hasattr(publisher, "register_hook"):  # a shell without a kernel
        yield
        return

    def swallow(message: Any) -> None:
        return None

    publisher.register_hook(swallow)
    try:
        yield
    finally:
        publisher.unregister_hook(swallow)


def _compile(shell: InteractiveShell, source: str, filename: str) -> CodeType:
    flags = shell.compile.flags  # the notebook's own ``from __future__`` lines
    try:
        code = compile(source, filename, "exec", flags | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except SyntaxError as error:
        line = (error.text or "").strip()
        raise HeaderError(f"{error.msg}, in line {error.lineno} of the cell" + (f": {line}" if line else "")) from None
    if code.co_flags & inspect.CO_COROUTINE:
        raise HeaderError("a swept cell can't await", "put the awaiting part into a cell above")
    compiled: CodeType = code
    return compiled


def _check_body(header: SweepHeader, transformed: str, body: str) -> None:
    if not body.strip():
        raise HeaderError("there is nothing below %%sweep to run")
    for name, line in overwritten(transformed, (*header.space, *header.fixed)).items():
        raise HeaderError(
            f"%%sweep sets {name}, and the cell sets it anew before it reads it: {line:.80}",
            f"drop one of the two: {name}=… in the first line, or that line below it",
        )
    if header.metric in (*header.space, *header.fixed):
        said = "searched" if header.metric in header.space else "set in the first line"
        raise HeaderError(f"{header.metric} is {said}, so it can't be what the sweep goes by")
