"""The traceback of a failed cell as plain text, as its reader sees it: from the cell on, no frames of IPython's."""

from __future__ import annotations

import traceback
from collections.abc import Callable

MAX_TRACEBACK_LENGTH = 20_000


def traceback_text(error: BaseException, cell_name: Callable[[str], str | None] = lambda filename: None) -> str:
    """Render ``error`` with its causes.

    Parameters
    ----------
    cell_name
        Gives the name of the cell whose code has this file name, or ``None`` for all other files.
    """
    report = traceback.TracebackException.from_exception(error, compact=True)
    seen: traceback.TracebackException | None = report
    while seen is not None:
        unparsed = cell_name(getattr(seen, "filename", None) or "")  # the place of an error of syntax
        if unparsed:
            seen.filename, seen.stack = unparsed, traceback.StackSummary()  # all frames are of who read the cell
        else:
            seen.stack = _from_the_cell_on(seen.stack, cell_name)
        seen = seen.__cause__ or seen.__context__
    text = "".join(report.format()).rstrip()
    if len(text) <= MAX_TRACEBACK_LENGTH:
        return text
    half = MAX_TRACEBACK_LENGTH // 2
    return f"{text[:half]}\n… {len(text) - 2 * half:,} characters left out …\n{text[-half:]}"


def _from_the_cell_on(stack: traceback.StackSummary, cell_name: Callable[[str], str | None]) -> traceback.StackSummary:
    names = [cell_name(frame.filename) for frame in stack]
    first = next((index for index, name in enumerate(names) if name), 0)
    for frame, name in zip(stack, names, strict=True):
        if name:
            frame.filename = name
    return traceback.StackSummary.from_list(list(stack)[first:])
