"""What an export will write, decided before anything is written: the name, the code, the data, the example.

Nothing here writes a file.
"""

from __future__ import annotations

import ast
import keyword
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jtrack.capture.slice_source import Statement, StatementKind
from jtrack.errors import InvalidInputError, VariableNotFoundError
from jtrack.registry.export.example import Example, find_example
from jtrack.registry.export.helpers import helpers_source
from jtrack.registry.export.modules import OwnModule, imported_names, own_modules
from jtrack.registry.export.own_code import OwnCode, find_own_code
from jtrack.registry.export.program import Program, training_program
from jtrack.registry.export.session import Session
from jtrack.registry.export.watched import narrowed
from jtrack.registry.flavors import find_flavor

FORMATS = ("dir", "zip", "wheel")
MAX_DATA_BYTES = 25_000_000
_OWN_ANYWAY = ("sklearn", "python_function")


@dataclass(frozen=True)
class DataFile:
    """A file beside the notebook that its cells read."""

    name: str
    path: Path


@dataclass(frozen=True)
class Plan:
    """A package, before it is written.

    ``model_folder`` is a folder that is taken as it is, ``model`` an object that is yet to be saved.
    """

    package: str
    title: str
    example: Example | None
    model: Any = None
    model_folder: Path | None = None
    own: OwnCode = field(default_factory=OwnCode)
    helpers: str = ""
    modules: tuple[OwnModule, ...] = ()
    program: Program | None = None
    data_files: tuple[DataFile, ...] = ()
    notes: tuple[str, ...] = ()


def plan_export(session: Session, variable: str, package: str | None = None, example: str | None = None) -> Plan:
    """Decide how a notebook's variable becomes a package.

    Raises
    ------
    VariableNotFoundError
        There is no such variable; the hint has near names.
    InvalidInputError
        It is no model; the hint names those that are.
    ExportError
        Something in it can't leave the notebook.
    """
    model = model_of(session, variable)
    name = checked_package(package or default_package(session, variable))
    must_pickle = find_flavor(model).name in _OWN_ANYWAY
    own = find_own_code(session, variable, model, must_pickle=must_pickle)
    found = find_example(session, variable, model, example)
    roots = {thing.__module__ for thing in own.elsewhere}
    helpers = ""
    if own.named or own.lambdas:
        helpers = helpers_source(session, own, set(), name)
        roots |= imported_names(helpers)
    modules = own_modules(roots)
    helpers = helpers_source(session, own, set(modules), name) if helpers else ""
    notebook = session.notebook_path.name if session.notebook_path else "a notebook"
    title = f"Trains {variable} as {notebook} did."
    narrow = narrowed(session, variable)
    sliced = narrow.flow.slice_of([variable]).statements
    modules |= own_modules(_imported(sliced))
    data_files, notes = data_files_of(session, sliced)
    program = training_program(narrow, variable, name, own, modules, title, at_home=bool(data_files))
    notes += [f"{one} is set by no cell: train.py needs it" for one in program.unknown]
    notes += [
        f"{session.label_of(one.cell)} runs a command, which train.py runs too: {one.text.splitlines()[0]:.60}"
        for one in sliced
        if one.kind is StatementKind.SHELL
    ]
    return Plan(
        package=name,
        title=f"{variable} of {notebook}",
        example=found,
        model=model,
        own=own,
        helpers=helpers,
        modules=tuple(modules.values()),
        program=program,
        data_files=tuple(data_files),
        notes=tuple(notes),
    )


def model_of(session: Session, variable: str) -> Any:
    """Get the model that a variable holds; see :func:`plan_export` for what it raises."""
    public = [name for name in session.namespace if not name.startswith("_")]
    if variable not in session.namespace:
        raise VariableNotFoundError(variable, public)
    value = session.namespace[variable]
    if not _is_model(value):
        models = [name for name in public if _is_model(session.namespace[name])]
        raise InvalidInputError(
            f"{variable} is a {type(value).__name__}, which predicts nothing",
            "models here: " + ", ".join(models) if models else "fit a model first, and export it by its name",
        )
    return value


def default_package(session: Session, variable: str) -> str:
    """Name a package after the notebook: ``churn.ipynb`` gives ``churn_model``."""
    stem = session.notebook_path.stem if session.notebook_path is not None else variable
    name = re.sub(r"\W+", "_", stem).strip("_").lower() or "exported"
    name = f"n{name}" if name[0].isdigit() else name
    return name if name.endswith("_model") or name == "model" else f"{name}_model"


def checked_package(name: str) -> str:
    """Hold that a package can have this name.

    Raises
    ------
    InvalidInputError
        It is no name in Python, or that of something else that is installed.
    """
    if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_"):
        raise InvalidInputError(f"{name!r} can't name a package", "as in --name churn_model")
    if name in sys.stdlib_module_names or name in {"jtrack", "mlflow", "tests", "train", "model"}:
        raise InvalidInputError(f"a package {name!r} would hide another one", f"as in --name {name}_model")
    return name


def data_files_of(session: Session, statements: Iterable[Statement]) -> tuple[list[DataFile], list[str]]:
    """Find the files that statements name: those to take along, and what there is to say of the others."""
    found: dict[str, DataFile] = {}
    notes: list[str] = []
    for statement in statements:
        for text in _texts(statement):
            path = Path(text)
            place = session.folder / path
            if text in found or not _may_be_path(text) or not place.is_file():
                continue
            label = session.label_of(statement.cell)
            if path.is_absolute() or ".." in path.parts:
                notes.append(f"{label} reads {text}, which is not beside the notebook: train.py expects it there")
            elif place.stat().st_size > MAX_DATA_BYTES:
                notes.append(f"{label} reads {text}, which is too large to take along: put it beside train.py")
            else:
                found[text] = DataFile(path.as_posix(), place)
    return list(found.values()), notes


def _texts(statement: Statement) -> list[str]:
    nodes = ast.walk(statement.node) if statement.node is not None else ()
    return [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]


def _may_be_path(text: str) -> bool:
    return 0 < len(text) < 300 and "\n" not in text and "\0" not in text and "://" not in text


def _imported(statements: Iterable[Statement]) -> set[str]:
    return {name for one in statements if one.kind is StatementKind.PYTHON for name in imported_names(one.text)}


def _is_model(value: Any) -> bool:
    # A class or a module has what its instances have, and predicts nothing.
    if isinstance(value, type) or type(value).__name__ == "module" or not _can_predict(value):
        return False
    try:
        find_flavor(value)
    except Exception:
        return False
    return True


def _can_predict(value: Any) -> bool:
    if type(value).__name__ in {"function", "Sequential", "Booster"}:
        return True
    return callable(getattr(value, "predict", None)) or callable(getattr(value, "transform", None)) or callable(value)
