"""The module of the functions and classes that a model needs from the notebook: their sources, and what these use.

Functions, classes and imports are taken as they stand; a plain value that they read is written down as it is now. What
would need the notebook's data to be loaded again is named instead.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any

from jtrack.capture.slice_effects import effects_of
from jtrack.capture.slice_source import Statement, StatementKind
from jtrack.errors import ExportError
from jtrack.registry.export.modules import with_own_imports
from jtrack.registry.export.own_code import OwnCode
from jtrack.registry.export.session import Session

MAX_LITERAL_LENGTH = 50_000
_CHEAP = {
    "re",
    "string",
    "math",
    "datetime",
    "collections",
    "functools",
    "itertools",
    "pathlib",
    "decimal",
    "fractions",
}
_CHEAP |= {"operator", "typing", "dataclasses", "enum", "json", "numpy", "pandas", "builtins", "logging"}
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the module, and the place in the history that it stands at."""

    order: int
    text: str
    is_import: bool = False


def helpers_source(session: Session, own: OwnCode, modules: set[str], package: str) -> str:
    """Write the module that defines ``own``.

    Parameters
    ----------
    modules
        Names of modules beside the notebook, which become parts of the package.

    Raises
    ------
    ExportError
        A function reads something that only the notebook can make.
    """
    writer = _Writer(session)
    for name in own.named:
        writer.need(name, name)
    for name, (_, statement, node) in own.lambdas.items():
        writer.add_lambda(name, statement, node)
    pieces = sorted(writer.pieces.values(), key=lambda piece: (not piece.is_import, piece.order))
    imports = "\n".join(dict.fromkeys(piece.text for piece in pieces if piece.is_import))
    rest = "\n\n\n".join(piece.text for piece in pieces if not piece.is_import)
    text = f'"""What the model needs of the notebook\'s own code."""\n\n{imports}\n\n\n{rest}\n'
    return with_own_imports(text.replace("\n\n\n\n\n", "\n\n\n"), modules, package)


class _Writer:
    """Collects pieces until all that they use is there."""

    def __init__(self, session: Session) -> None:
        self.pieces: dict[str, Piece] = {}
        self._session = session
        self._order = {id(statement): index for index, statement in enumerate(session.flow.statements)}

    def need(self, name: str, reader: str) -> None:
        """Bring in a name that ``reader`` uses."""
        setters = self._session.flow.setters_of(name)
        if name in self.pieces or not setters:
            return
        statement = setters[-1]
        node = statement.node
        order = self._order[id(statement)]
        if isinstance(node, _DEFINITIONS):
            self._add(name, Piece(order, statement.text), node)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            self.pieces[name] = Piece(order, _import_of(node, name), is_import=True)
        elif (text := _literal(self._session.namespace.get(name))) is not None:
            self.pieces[name] = Piece(order, f"{name} = {text}")
        elif len(setters) == 1 and self._is_cheap(statement):
            self._add(name, Piece(order, statement.text), node)
        else:
            self._refuse(name, reader, statement)

    def add_lambda(self, name: str, statement: Statement, node: ast.Lambda) -> None:
        """Bring in a function without a name, under one."""
        order = self._order[id(statement)]
        text = f"def {name}({ast.unparse(node.args)}):\n    return {ast.unparse(node.body)}"
        self._add(name, Piece(order, text), ast.Expr(node))

    def _add(self, name: str, piece: Piece, node: ast.stmt | None) -> None:
        self.pieces[name] = piece
        if node is None:
            return
        effects = effects_of(node, self._session.flow)
        bodies = [value.body for values in effects.binds.values() for value in values if value.body] + effects.bodies
        used = effects.reads.union(*(body.reads for body in bodies))
        for one in sorted(used - {name}):
            self.need(one, name)

    def _is_cheap(self, statement: Statement) -> bool:
        """Say whether a statement can be run again anywhere: it only puts together what is in its own text."""
        if statement.kind is not StatementKind.PYTHON or not isinstance(statement.node, ast.Assign | ast.AnnAssign):
            return False
        effects = effects_of(statement.node, self._session.flow)
        if effects.files_read or effects.draws:
            return False
        for name in effects.reads:
            value = self._session.flow.value_of(name)
            path = f"builtins.{name}" if value is None else value.path
            own = value is not None and value.body is not None
            if not own and (path is None or path.partition(".")[0] not in _CHEAP):
                return False
        return True

    def _refuse(self, name: str, reader: str, statement: Statement) -> None:
        kind = type(self._session.namespace.get(name)).__name__
        raise ExportError(
            f"{reader} uses {name}, a {kind} that {self._session.label_of(statement.cell)} works out: "
            "a package can't make it again",
            f"let {reader} take it as an argument, or keep it as an attribute of the model",
        )


def _import_of(node: ast.Import | ast.ImportFrom, name: str) -> str:
    """Give the import of one name alone."""
    chosen = [alias for alias in node.names if (alias.asname or alias.name.partition(".")[0]) == name]
    if isinstance(node, ast.Import):
        return ast.unparse(ast.Import(chosen or node.names))
    return ast.unparse(ast.ImportFrom(node.module, chosen or node.names, node.level))


def _literal(value: Any) -> str | None:
    """Write a plain value down; ``None`` where Python couldn't read it back as the same."""
    text = repr(value)
    if len(text) > MAX_LITERAL_LENGTH:
        return None
    try:
        return text if _same(ast.literal_eval(text), value) else None
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def _same(read: Any, value: Any) -> bool:
    return type(read) is type(value) and bool(read == value) and repr(read) == repr(value)
