"""Statements of a notebook as a program has them: no tracker, no widgets, no magics, and its own code at home.

Each statement is replaced by others, so that the slice is taken of what the program will be: a value that a slider or
a sweep gave is written down as it is, and needs neither of them any more.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from jtrack.capture.literals import parse_python
from jtrack.capture.slice_commands import is_install
from jtrack.capture.slice_source import Statement, StatementKind
from jtrack.registry.export.own_code import OwnCode
from jtrack.registry.export.session import Session

_TRACKERS = {"jtrack", "mlflow"}
_INTERACTIVE = {"ipywidgets", "IPython", "jtrack", "mlflow"}
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def rewrite_statements(session: Session, own: OwnCode, helpers: str) -> list[Statement]:
    """Give the statements of a session as those of a program.

    Parameters
    ----------
    helpers
        The full name of the module where the model's own code lives.
    """
    lambdas = {id(node): name for name, (_, _, node) in own.lambdas.items()}
    trackers = _tracker_names(session)
    found: list[Statement] = []
    for statement in session.flow.statements:
        if statement.kind is not StatementKind.PYTHON:
            found += _as_python(statement, _command_code(statement))
        elif isinstance(statement.node, _DEFINITIONS) and statement.node.name in own.named:
            found += _as_python(statement, f"from {helpers} import {statement.node.name}")
        elif (baked := _written_down(session, statement)) is not None:
            found += _as_python(statement, baked)
        elif statement.node is not None:
            found += _without_trackers(_with_names(statement, lambdas, helpers), trackers)
    return found


def _as_python(statement: Statement, code: str) -> Iterator[Statement]:
    module = parse_python(code)
    for node in module.body if module is not None else ():
        text = code if module is not None and len(module.body) == 1 else ast.unparse(node)
        yield Statement(statement.cell, statement.line, StatementKind.PYTHON, text, node)


def _command_code(statement: Statement) -> str:
    """Write a magic or a shell line as Python; empty where it has no part in a program."""
    word, _, rest = statement.command.partition(" ")
    names = ", ".join(statement.names)
    if statement.kind is StatementKind.SHELL:
        if is_install(statement):
            return ""
        command = re.sub(r"^(bash|sh|script)\b[^\n]*\n", "", statement.command)
        if names:
            ran = f"subprocess.run({command!r}, shell=True, capture_output=True, text=True)"
            return f"import subprocess\n{names} = {ran}.stdout.splitlines()"
        return f"import subprocess\nsubprocess.run({command!r}, shell=True, check=True)"
    if word == "cd":
        return f"import os\nos.chdir({rest.strip()!r})"
    if word in {"env", "set_env"} and (found := re.match(r"(\w+)[= ]\s*(.*)", rest)):
        return f"import os\nos.environ[{found[1]!r}] = {found[2].strip()!r}"
    if word == "run" and rest.split():
        return f"import runpy\nglobals().update(runpy.run_path({rest.split()[0]!r}))"
    if word == "writefile":
        name, _, body = rest.partition("\n")
        if not name.strip().endswith(".py"):
            return f"from pathlib import Path\nPath({name.strip()!r}).write_text({body!r}, encoding='utf-8')"
    return ""


def _written_down(session: Session, statement: Statement) -> str | None:
    """Give ``depth = 4`` for ``depth = slider.value``, where the notebook has that value now."""
    match statement.node:
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if not isinstance(value, ast.Constant):
            setters = session.flow.setters_of(name)
            if not setters or setters[-1] is not statement or not _is_interactive(session, value):
                return None
            held = session.namespace.get(name)
            if type(held) in (bool, int, float, str, tuple, list, dict) and _reads_back(held):
                return f"# {ast.unparse(value)}\n{name} = {held!r}"
    return None


def _is_interactive(session: Session, value: ast.expr) -> bool:
    """Say whether a value comes from something that a person or a sweep has to work on."""
    for node in ast.walk(value):
        if isinstance(node, ast.Name) and (known := session.flow.value_of(node.id)) is not None:
            origin = known.path or known.maker or ""
            if origin.partition(".")[0] in _INTERACTIVE:
                return True
    return False


def _reads_back(value: Any) -> bool:
    try:
        return bool(ast.literal_eval(repr(value)) == value)
    except (ValueError, SyntaxError):
        return False


def _with_names(statement: Statement, lambdas: dict[int, str], helpers: str) -> Statement:
    """Put the names of functions that had none into a statement, and their import before it."""
    node = statement.node
    found = [inner for inner in ast.walk(node or ast.Pass()) if id(inner) in lambdas]
    if not found or node is None:
        return statement
    text = _replaced(statement, {inner: lambdas[id(inner)] for inner in found if isinstance(inner, ast.expr)})
    names = ", ".join(lambdas[id(inner)] for inner in found)
    module = parse_python(text)
    return replace(
        statement,
        node=module.body[0] if module is not None else node,
        text=f"from {helpers} import {names}\n{text}",
    )


def _replaced(statement: Statement, names: dict[ast.expr, str]) -> str:
    """Put names in the place of expressions, by where they stand in the statement's text."""
    node = statement.node
    assert node is not None
    lines = statement.text.encode().splitlines(keepends=True)
    n_above = len(lines) - ((node.end_lineno or node.lineno) - node.lineno + 1)
    for inner, name in sorted(names.items(), key=lambda pair: (pair[0].lineno, pair[0].col_offset), reverse=True):
        first, last = (number - node.lineno + n_above for number in (inner.lineno, inner.end_lineno or inner.lineno))
        head, tail = lines[first][: inner.col_offset], lines[last][inner.end_col_offset or 0 :]
        lines[first : last + 1] = [head + name.encode() + tail]
    return b"".join(lines).decode()


def _tracker_names(session: Session) -> set[str]:
    """Name what stands for a tracker, or for a run of it."""
    names = {
        name
        for name in session.flow.names
        if (value := session.flow.value_of(name)) is not None
        and (value.path or value.maker or "").partition(".")[0] in _TRACKERS
    }
    for statement in session.flow.statements:
        for node in ast.walk(statement.node) if statement.node is not None else ():
            if isinstance(node, ast.With) and all(_root(item.context_expr) in names for item in node.items):
                names |= {item.optional_vars.id for item in node.items if isinstance(item.optional_vars, ast.Name)}
    return names


def _without_trackers(statement: Statement, names: set[str]) -> Iterator[Statement]:
    """Take a tracker's calls out of a statement, and what stands inside its runs out of them."""
    node = statement.node
    if node is None or not any(isinstance(inner, ast.Name) and inner.id in names for inner in ast.walk(node)):
        yield from _split_head(statement)
        return
    rewriter = _Untracker(names)
    found = rewriter.visit(copy.deepcopy(node))
    if not rewriter.changed:
        yield from _split_head(statement)
        return
    for one in found if isinstance(found, list) else [found] if found is not None else []:
        text = ast.unparse(ast.fix_missing_locations(one))
        yield replace(statement, node=one, text=text)


def _split_head(statement: Statement) -> Iterator[Statement]:
    """Give an import that was put before a statement as a statement of its own."""
    if statement.text.startswith("from ") and not isinstance(statement.node, ast.ImportFrom):
        head, _, rest = statement.text.partition("\n")
        yield from _as_python(statement, head)
        yield replace(statement, text=rest)
        return
    yield statement


class _Untracker(ast.NodeTransformer):
    """Unwraps ``with jtrack.start_run():`` and drops ``jtrack.log_metric(…)``."""

    def __init__(self, names: set[str]) -> None:
        self.names = names
        self.changed = False

    def visit_With(self, node: ast.With) -> Any:
        self.generic_visit(node)
        node.body = node.body or [ast.Pass()]
        if all(_root(item.context_expr) in self.names for item in node.items):
            self.changed = True
            return node.body
        return node

    def visit_Expr(self, node: ast.Expr) -> Any:
        if isinstance(node.value, ast.Call) and _root(node.value) in self.names:
            self.changed = True
            return None
        return node

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        if (
            isinstance(node, ast.For | ast.While | ast.If | ast.FunctionDef | ast.ExceptHandler | ast.Try)
            and not node.body
        ):
            node.body = [ast.Pass()]
        return node


def _root(node: ast.AST) -> str | None:
    while isinstance(node, ast.Attribute | ast.Call | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None
