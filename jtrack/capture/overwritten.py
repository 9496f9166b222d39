"""Names that a cell surely sets before it reads them: what they were set to beforehand is lost to it.

Read from the syntax tree, statement by statement in the order in which they run. What may not be reached (an ``if``,
a loop that may be empty) says nothing: there the value from before may be meant as the other case.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from jtrack.capture.literals import parse_python


def overwritten(source: str, names: Iterable[str]) -> dict[str, str]:
    """Give those of ``names`` that ``source`` sets before it reads them, each with the line that does so."""
    module = parse_python(source)
    if module is None:
        return {}
    lines = source.splitlines()
    found = {name: _setting(module.body, name) for name in names}
    return {name: lines[node.lineno - 1].strip() for name, node in found.items() if node is not None}


def _setting(body: list[ast.stmt], name: str) -> ast.stmt | None:
    for statement in body:
        for part, is_certain in _in_order(statement):
            uses = {type(node.ctx) for node in ast.walk(part) if isinstance(node, ast.Name) and node.id == name}
            if uses:
                return statement if is_certain and uses == {ast.Store} else None
        if _defines(statement, name):
            return statement
        if isinstance(statement, ast.With) and (inner := _setting(statement.body, name)) is not None:
            return inner
    return None


def _in_order(statement: ast.stmt) -> Iterator[tuple[ast.AST, bool]]:
    """Give the parts of a statement in the order in which they run, and whether each is sure to."""
    match statement:
        case ast.Assign(targets=targets, value=value):
            yield value, True
            yield from ((target, True) for target in targets)
        case ast.AnnAssign(target=target, value=value):
            if value is not None:
                yield value, True
                yield target, True
        case ast.For(target=target, iter=iterable, body=body, orelse=orelse):
            yield iterable, True
            yield target, True  # over nothing at all would make no cell
            yield from ((part, False) for part in (*body, *orelse))
        case ast.With(items=items):
            for item in items:
                yield item.context_expr, True
                if item.optional_vars is not None:
                    yield item.optional_vars, True
        case _:
            yield statement, False


def _defines(statement: ast.stmt, name: str) -> bool:
    match statement:
        case ast.FunctionDef(name=defined) | ast.ClassDef(name=defined) | ast.AsyncFunctionDef(name=defined):
            return defined == name
        case ast.Import(names=imported) | ast.ImportFrom(names=imported):
            return any((alias.asname or alias.name.partition(".")[0]) == name for alias in imported)
    return False
