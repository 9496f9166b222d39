"""Takes the ``%%track`` line off a cell before IPython runs it; text in, text out.

The line becomes a comment, so that the numbers in tracebacks hold; only where another cell magic follows is it
dropped, as that has to come first. It may go on over several lines with a backslash at the end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import dropwhile
from types import MappingProxyType
from typing import Any

from jtrack.capture.bindings import find_bindings
from jtrack.capture.namespace import number_of
from jtrack.capture.source import python_body
from jtrack.errors import HeaderError
from jtrack.magics.header import Header, parse_header
from jtrack.magics.references import find_value

SHOW_HELP = "%pinfo %%track"
_TRACK = re.compile(r"%%track(?=\s|$)")
_COMMAND_LINE = re.compile(r"^([ \t]*)[%!].*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class TrackedSource:
    """A cell that begins with ``%%track``: its first line, joined where it goes on, and the rest."""

    line: str
    n_lines: int
    body: str

    @property
    def runnable(self) -> list[str]:
        """The cell's lines as IPython is to see them."""
        body = self.body.splitlines(keepends=True)
        below = list(dropwhile(str.isspace, body))
        if below and below[0].startswith("%%"):
            return below
        return [f"# {self.line.rstrip()}\n", *["#\n"] * (self.n_lines - 1), *body]


def split_cell(lines: Sequence[str]) -> TrackedSource | None:
    """Take a cell apart; ``None`` where it doesn't begin with ``%%track``."""
    if not lines or not _TRACK.match(lines[0]):
        return None
    n_lines = 1
    while lines[n_lines - 1].rstrip().endswith("\\") and n_lines < len(lines):
        n_lines += 1
    said = [line.rstrip().removesuffix("\\").rstrip() for line in lines[:n_lines]]
    return TrackedSource(" ".join([said[0], *(part.strip() for part in said[1:])]), n_lines, "".join(lines[n_lines:]))


def check_cell(source: TrackedSource, names: Mapping[str, Any] = MappingProxyType({})) -> Header:
    """Parse the header and hold it against the body and the notebook's ``names``.

    Raises
    ------
    HeaderError
        The line is wrong or unclear, there is nothing below it, or the cell overwrites what it sets.
    """
    header = parse_header(source.line, names)
    if header.help:
        return header
    if not source.body.strip():
        raise HeaderError("there is nothing below %%track to record", "%track --last records the cell that ran before")
    if header.values:
        bindings = find_bindings(_COMMAND_LINE.sub(r"\1pass", python_body(source.body)))
        _check_not_overwritten(header, bindings.literals)
        # What the cell sets itself is there from its last run.
        _check_words(header, {name: value for name, value in names.items() if name not in bindings.names})
    return header


def _check_words(header: Header, names: Mapping[str, Any]) -> None:
    for name in sorted(header.words):
        word = header.values[name]
        held = find_value(word, names)
        if _is_setting(held) and not (isinstance(held, str) and held == word):
            raise HeaderError(
                f"{name}={word} can be read in two ways: as text, and as the notebook's {word}",
                f"{name}={{{word}}} is its value, {repr(held)[:40]}; {name}={word!r} is the text",
            )


def _is_setting(value: Any) -> bool:
    return isinstance(value, bool | str | list | tuple | dict) or number_of(value) is not None


def _check_not_overwritten(header: Header, literals: Mapping[str, Any]) -> None:
    # The run would say one value and the cell would run with the other.
    for name in header.values:
        if name in literals:
            raise HeaderError(
                f"%%track sets {name} = {header.values[name]!r}, and the cell sets it to {literals[name]!r}",
                f"drop one of the two: {name}=… in the first line, or {name} = … below it",
            )


class HeaderTransformer:
    """The step in IPython's input transformation that takes the line off.

    Parameters
    ----------
    may_strip
        Asked for each cell that begins with ``%%track``; where it says no, the cell is left to the cell magic.
    names
        Gives the notebook's names.
    """

    # IPython then leaves this step out when it only asks whether a cell is complete: it treats the cell as it
    # does every cell magic, where a blank line ends the input, and doesn't hear of half-typed options.
    has_side_effects = True

    def __init__(self, may_strip: Callable[[], bool], names: Callable[[], Mapping[str, Any]] = dict) -> None:
        self._may_strip = may_strip
        self._names = names

    def __call__(self, lines: list[str]) -> list[str]:
        """Give the lines that IPython goes on with.

        Raises
        ------
        HeaderError
            The header can't be taken; nothing of the cell runs.
        """
        source = split_cell(lines)
        if source is None or not self._may_strip():
            return lines
        header = check_cell(source, self._names())
        return [f"{SHOW_HELP}\n"] if header.help else source.runnable
