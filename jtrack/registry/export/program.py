"""``train.py``: the statements that made the model as a program, with the values that its cells set as options.

Cells stay marked as such (``# %%``). What only a notebook has is written as Python, and what records runs is left out,
as training must not need a tracker.
"""

from __future__ import annotations

import ast
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from jtrack.capture.literals import literal_value
from jtrack.capture.slice import Flow, follow
from jtrack.capture.slice_effects import effects_of
from jtrack.capture.slice_source import Statement, StatementKind
from jtrack.registry.export.modules import with_own_imports
from jtrack.registry.export.own_code import OwnCode
from jtrack.registry.export.session import Session
from jtrack.registry.export.untrack import rewrite_statements

_FOOT = """if __name__ == "__main__":
    from {package}.scoring import save

    save({variable}, _output)
    print(_output)"""
_RESERVED = {"output", "help"}


@dataclass(frozen=True, slots=True)
class Option:
    """A value that a cell sets, and that the program takes from its command line."""

    name: str
    value: Any
    label: str

    @property
    def flag(self) -> str:
        """As it is written."""
        return f"--{self.name.strip('_').replace('_', '-')}"

    @property
    def code(self) -> str:
        """The call that tells argparse of it."""
        kind = (
            "action=argparse.BooleanOptionalAction"
            if isinstance(self.value, bool)
            else f"type={type(self.value).__name__}"
        )
        rest = f"default={self.value!r}, help={self.label!r}"
        return f"_parser.add_argument({self.flag!r}, dest={self.name!r}, {kind}, {rest})"


@dataclass(frozen=True)
class Program:
    """The program, and what it was made of."""

    text: str
    options: tuple[Option, ...]
    statements: tuple[Statement, ...]
    cells: tuple[int, ...]
    unknown: tuple[str, ...]


def training_program(
    session: Session, variable: str, package: str, own: OwnCode, modules: Collection[str], title: str, *, at_home: bool
) -> Program:
    """Write the program that makes ``variable`` again and saves it in the package's form.

    Parameters
    ----------
    modules
        Names of modules beside the notebook.
    at_home
        Its data lie beside it: it works in its own folder.
    """
    statements = rewrite_statements(session, own, f"{package}.helpers")
    flow = follow(session.cells, statements)
    found = flow.slice_of([variable])
    options = _options(found.statements, session)
    body = _body(flow, found.statements, {option.name for option in options}, session)
    text = "\n\n".join(
        [
            _head(title, variable, package, options, at_home=at_home),
            with_own_imports(body, modules, package),
            _FOOT.format(package=package, variable=variable),
        ]
    )
    return Program(text + "\n", tuple(options), found.statements, found.cells, found.unknown)


def plain_program(session: Session, statements: Collection[Statement]) -> str:
    """Write statements as a program of their own, cell by cell."""
    flow = follow(session.cells, list(statements))
    return _body(flow, tuple(statements), set(), session) + "\n"


def _options(statements: tuple[Statement, ...], session: Session) -> list[Option]:
    """Find the plain values that are set once, at a cell's top level."""
    bound: dict[str, int] = {}
    for statement in statements:
        for node in ast.walk(statement.node) if statement.node is not None else ():
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
                bound[node.id] = bound.get(node.id, 0) + 1
    found = []
    for statement in statements:
        name, value = _literal_set(statement)
        if name is not None and bound[name] == 1 and name not in _RESERVED and not name.startswith("_"):
            found.append(Option(name, value, session.label_of(statement.cell)))
    return found


def _literal_set(statement: Statement) -> tuple[str | None, Any]:
    match statement.node:
        case (
            ast.Assign(targets=[ast.Name(id=name)], value=value) | ast.AnnAssign(target=ast.Name(id=name), value=value)
        ):
            try:
                literal = None if value is None else literal_value(value)
            except ValueError:
                return None, None
            return (name, literal) if isinstance(literal, bool | int | float | str) else (None, None)
    return None, None


def _head(title: str, variable: str, package: str, options: list[Option], *, at_home: bool) -> str:
    lines = [
        f'"""{title}',
        "",
        "Written by jtrack from the cells that made the model. Values that they set are options:",
        "python train.py --help",
        '"""',
        "",
        "import argparse",
        "import os",
        "",
        "_parser = argparse.ArgumentParser(",
        "    description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter",
        ")",
        *(option.code for option in options),
        '_parser.add_argument("-o", "--output", default="trained_model", help="folder for the model")',
        "_options = _parser.parse_args()",
        "_output = os.path.abspath(_options.output)",
    ]
    if at_home:
        lines.append("os.chdir(os.path.dirname(os.path.abspath(__file__)))  # paths of files start here")
    return "\n".join(lines)


def _body(flow: Flow, statements: tuple[Statement, ...], options: set[str], session: Session) -> str:
    used = _names_used(flow, statements)
    parts: list[str] = []
    for cell in dict.fromkeys(statement.cell for statement in statements):
        texts = [_text(one, used, options) for one in statements if one.cell == cell]
        kept = [text for text in texts if text]
        if kept:
            parts.append("\n".join([f"# %% {session.label_of(cell)}", *kept]))
    return "\n\n".join(parts)


def _text(statement: Statement, used: set[str], options: set[str]) -> str:
    node = statement.node
    name, _ = _literal_set(statement)
    if name in options:
        comment = statement.text[: statement.text.rfind("\n") + 1] if statement.text.startswith("#") else ""
        return f"{comment}{name} = _options.{name}"
    if isinstance(node, ast.Import):
        kept = [alias for alias in node.names if (alias.asname or alias.name.partition(".")[0]) in used]
        return ast.unparse(ast.Import(kept)) if kept else ""
    if isinstance(node, ast.ImportFrom) and node.module != "__future__":
        kept = [alias for alias in node.names if alias.name == "*" or (alias.asname or alias.name) in used]
        return ast.unparse(ast.ImportFrom(node.module, kept, node.level)) if kept else ""
    if isinstance(node, ast.ImportFrom):
        return ""
    return statement.text if statement.kind is StatementKind.PYTHON else ""


def _names_used(flow: Flow, statements: tuple[Statement, ...]) -> set[str]:
    used: set[str] = set()
    for statement in statements:
        if statement.node is None or isinstance(statement.node, ast.Import | ast.ImportFrom):
            continue
        effects = effects_of(statement.node, flow)
        bodies = [value.body for values in effects.binds.values() for value in values if value.body] + effects.bodies
        used = used.union(effects.reads, effects.changes, *(body.reads | body.changes for body in bodies))
    return used
