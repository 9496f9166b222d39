"""A cell's text as statements that can be weighed one by one: Python, magics and shell lines told apart.

IPython's own transformer turns ``%time f(x)`` into a call that hides ``f`` and ``x`` in a text, and needs a shell. Here
the lines are told apart by a small reader of brackets and quotes, so that a stored run can be read anywhere.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from jtrack.capture.literals import parse_literal, parse_python

_CELL_MAGIC = re.compile(r"%%(\S+)[ \t]*(.*)")
_COMMAND = re.compile(r"(?P<indent>[ \t]*)(?P<mark>%|!!?)(?P<rest>[^%\s].*)$", re.DOTALL)
_ASSIGNED_COMMAND = re.compile(
    r"(?P<indent>[ \t]*)(?P<names>[\w, *]+?)\s*=\s*(?P<mark>%|!)(?P<rest>[A-Za-z_/.~].*)$", re.DOTALL
)
_HELP = re.compile(r"[ \t]*\?{1,2}[\w.]+\s*$|[ \t]*%{0,2}[\w.*]+\?{1,2}\s*$")
# Cell magics whose body is Python that runs in the notebook's own namespace; line magics that run the rest of the line.
_PYTHON_CELLS = {"time", "capture", "prun", "track"}
_PYTHON_LINES = {"time", "prun", "memit"}
_HEADER_WORD = re.compile(r"""(?:"[^"]*"|'[^']*'|\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}|[^\s"'(\[{])+""")
_HEADER_OPTIONS = {"--name", "--params", "--metrics", "--tag", "--note"}
_PLACEHOLDER = "_jtrack_command_"


class StatementKind(StrEnum):
    """What a statement is written in."""

    PYTHON = "python"
    MAGIC = "magic"
    SHELL = "shell"


@dataclass(frozen=True, slots=True)
class ExecutedCell:
    """A cell as it was executed, in the order of the executions."""

    source: str
    execution_count: int | None = None
    cell_id: str | None = None
    failed_line: int | None = None
    """Where an error stopped it, counted from 1 in its own lines; ``None`` where it ran to its end."""

    @property
    def label(self) -> str:
        """How a person finds it: by its number, else by its first line."""
        if self.execution_count is not None:
            return f"cell [{self.execution_count}]"
        first = next((line for line in self.source.splitlines() if line.strip()), "")
        return f"the cell that begins with {first.strip()[:40]!r}"


@dataclass(frozen=True, slots=True)
class Statement:
    """One top-level statement of a cell; ``text`` is it with the comments that stand above it."""

    cell: int
    line: int
    kind: StatementKind
    text: str
    node: ast.stmt | None = None
    command: str = ""
    """Of a magic or shell line: the line without its mark."""
    names: tuple[str, ...] = ()
    """Names that a magic or shell line's output is assigned to."""


def read_statements(cells: Sequence[ExecutedCell], first: int = 0) -> list[Statement]:
    """Take all cells apart, in order; a cell that isn't Python even then gives nothing, as it set nothing.

    Parameters
    ----------
    first
        The place of the first of ``cells`` in the history.
    """
    found: list[Statement] = []
    for index, cell in enumerate(cells, first):
        statements = list(_statements_of(index, cell.source))
        if cell.failed_line is not None:
            # The statement that failed may have done part of its work; what it left is never the point of a slice.
            statements = [one for one in statements if _end_of(one) < cell.failed_line]
        found += statements
    return found


def _end_of(statement: Statement) -> int:
    node = statement.node
    return statement.line + ((node.end_lineno or node.lineno) - node.lineno if node is not None else 0)


def _statements_of(index: int, source: str, line: int = 1) -> Iterator[Statement]:
    first, _, rest = source.partition("\n")
    magic = _CELL_MAGIC.match(first)
    if magic is None and not first.strip():
        if rest:
            yield from _statements_of(index, rest, line + 1)
        return
    if magic is None:
        yield from _python_statements(index, source, line)
        return
    name, body = magic[1], rest
    if name in _PYTHON_CELLS:
        header = magic[2]
        while first.rstrip().endswith("\\") and "\n" in body:
            first, _, body = body.partition("\n")
            header = f"{header.rstrip()[:-1]} {first.strip()}"
            line += 1
        if name == "track":
            yield from _set_by_header(index, line, header)
        yield from _statements_of(index, body, line + 1)
        return
    kind = StatementKind.SHELL if name in {"bash", "sh", "script", "!"} else StatementKind.MAGIC
    yield Statement(index, line, kind, source.rstrip(), command=source[2:].rstrip())


def _set_by_header(index: int, line: int, header: str) -> Iterator[Statement]:
    """Give ``lr = 0.1`` for the ``lr=0.1`` of ``%%track``, which sets it before the cell runs."""
    words = _HEADER_WORD.findall(header)
    for before, word in zip(["", *words], words, strict=False):
        name, is_set, text = word.partition("=")
        if not is_set or not name.isidentifier() or before in _HEADER_OPTIONS:
            continue
        code = f"{name} = {text}"
        try:
            parse_literal(text)
        except ValueError:
            code = f"{name} = {text!r}"  # a plain word needs no quotes there
        module = parse_python(code)
        if module is not None:
            yield Statement(index, line, StatementKind.PYTHON, code, module.body[0])


def _python_statements(index: int, source: str, line: int) -> Iterator[Statement]:
    text, commands = _hide_commands(source)
    module = parse_python(text)
    if module is None:
        return
    lines = text.splitlines()
    above = 0
    for node in module.body:
        first = min([node.lineno, *(item.lineno for item in getattr(node, "decorator_list", []))])
        last = node.end_lineno or node.lineno
        statement = Statement(
            index, line + first - 1, StatementKind.PYTHON, _text(lines, above, first, last, node), node
        )
        above = last
        yield from _with_commands(statement, commands)


def _text(lines: list[str], above: int, first: int, last: int, node: ast.stmt) -> str:
    comments: list[str] = []
    for line in reversed(lines[above : first - 1]):
        if not line.startswith("#"):
            break
        comments.insert(0, line)
    if first <= above or any(";" in line for line in lines[last - 1 : last]):  # several statements on one line
        return ast.unparse(node)
    return "\n".join([*comments, *lines[first - 1 : last]])


def _with_commands(statement: Statement, commands: list[Statement]) -> Iterator[Statement]:
    """Put a top-level command back in its place; one inside a block leaves the block marked as a command."""
    node = statement.node
    match node:
        case ast.Expr(value=ast.Name(id=name)) | ast.Assign(value=ast.Name(id=name)) if name.startswith(_PLACEHOLDER):
            command = commands[int(name.removeprefix(_PLACEHOLDER))]
            yield replace(command, cell=statement.cell, line=statement.line)
            return
    inside = [
        commands[int(inner.id.removeprefix(_PLACEHOLDER))]
        for inner in ast.walk(node or ast.Pass())
        if isinstance(inner, ast.Name) and inner.id.startswith(_PLACEHOLDER)
    ]
    if inside:
        shown = re.sub(rf"{_PLACEHOLDER}(\d+)", lambda found: f"None  # {commands[int(found[1])].text}", statement.text)
        module = parse_python(shown)  # a command of several lines leaves text that is none
        node = module.body[0] if module is not None else node
        statement = replace(statement, text=shown, node=node, command="\n".join(one.command for one in inside))
    yield statement


def _hide_commands(source: str) -> tuple[str, list[Statement]]:
    """Put a name in the place of each command; the lines keep their numbers."""
    lines: list[str] = []
    commands: list[Statement] = []
    for logical in _logical_lines(source):
        hidden = _hidden(logical, commands)
        lines.append(hidden)
    return "".join(lines), commands


def _hidden(logical: str, commands: list[Statement]) -> str:
    text = logical.rstrip("\n")
    end = "\n" * (logical.count("\n"))
    if _HELP.fullmatch(text):
        return "\n" * max(logical.count("\n"), 0)
    if (found := _COMMAND.match(text)) is not None:
        word, _, rest = found["rest"].partition(" ")
        if found["mark"] == "%" and word in _PYTHON_LINES and (code := _after_options(rest)) and parse_python(code):
            return f"{found['indent']}{code}{end}"
        kind = StatementKind.MAGIC if found["mark"] == "%" else StatementKind.SHELL
        commands.append(Statement(0, 0, kind, text.strip(), command=found["rest"].strip()))
        return f"{found['indent']}{_PLACEHOLDER}{len(commands) - 1}{end}"
    if (found := _ASSIGNED_COMMAND.match(text)) is not None:
        kind = StatementKind.MAGIC if found["mark"] == "%" else StatementKind.SHELL
        names = tuple(re.findall(r"\w+", found["names"]))
        commands.append(Statement(0, 0, kind, text.strip(), command=found["rest"].strip(), names=names))
        return f"{found['indent']}{found['names']} = {_PLACEHOLDER}{len(commands) - 1}{end}"
    return logical


def _after_options(words: str) -> str:
    return re.sub(r"^(\s*-\w+(\s+\d+)?)*\s*", "", words)


def _logical_lines(source: str) -> Iterator[str]:
    """Cut at the ends of lines that end a statement: not inside brackets or triple quotes, not after a backslash."""
    start = position = depth = 0
    while position < len(source):
        mark = source[position]
        at_start = position == start or not source[start:position].strip()
        if at_start and mark in "%!" and depth == 0:
            # A command's quotes and brackets are none of Python's.
            position = _command_end(source, position)
            yield source[start:position]
            start = position
            continue
        if mark in "\"'":
            position = _after_string(source, position)
            continue
        if mark == "#":
            position = _line_end(source, position)
            continue
        if mark == "\\":
            position += 2
            continue
        depth += (mark in "([{") - (mark in ")]}")
        position += 1
        if mark == "\n" and depth <= 0:
            yield source[start:position]
            start, depth = position, 0
    if start < len(source):
        yield source[start:]


def _command_end(source: str, position: int) -> int:
    end = _line_end(source, position)
    while source[:end].endswith("\\") and end < len(source):
        end = _line_end(source, end + 1)
    return min(end + 1, len(source))


def _line_end(source: str, position: int) -> int:
    found = source.find("\n", position)
    return len(source) if found < 0 else found


def _after_string(source: str, position: int) -> int:
    quote = source[position : position + 3]
    quote = quote if quote in {'"""', "'''"} else source[position]
    position += len(quote)
    while position < len(source):
        if source[position] == "\\":
            position += 2
            continue
        if source.startswith(quote, position):
            return position + len(quote)
        if len(quote) == 1 and source[position] == "\n":
            return position  # not closed: the parser will say so
        position += 1
    return len(source)
