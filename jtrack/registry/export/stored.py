"""Export of a model that was kept: of a run, of a registered version, or of any folder with an ``MLmodel`` in it."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

from jtrack.errors import ExportError, JTrackError
from jtrack.registry.export.example import Example, first_rows
from jtrack.registry.export.own_code import OwnCode
from jtrack.registry.export.plan import Plan, checked_package
from jtrack.registry.export.program import training_program
from jtrack.registry.export.run_code import session_of_run
from jtrack.registry.model import Model


def plan_stored(uri: str, package: str | None = None) -> Plan:
    """Decide how a stored model becomes a package.

    Raises
    ------
    NotFoundError
        There is no such model.
    ExportError
        It has no input example, so that nothing can be proven.
    """
    from jtrack.registry.addresses import locate_model
    from jtrack.registry.example import load_input_example
    from jtrack.registry.load import load_pyfunc

    address = locate_model(uri)
    model = Model.load(address.path)
    name = checked_package(package or default_name(address.name or model.artifact_path or address.path.name))
    data = load_input_example(address.path, model)
    if data is None:
        raise ExportError(
            f"{uri} has no input example, so that nothing can be compared", "jtrack.log_model(…, input_example=X[:5])"
        )
    rows = first_rows(data)
    predictions = load_pyfunc(uri).predict(rows)
    conf = model.flavors.get("python_function", {})
    example = Example(rows, "its input example", predictions, str(conf.get("predict_fn") or "predict"))
    plan = Plan(name, f"{uri}", example, model_folder=address.path)
    return _with_program(plan, address.run_id or model.run_id)


def default_name(name: str) -> str:
    """Name a package after a registered model or an artifact."""
    stem = "".join(one if one.isalnum() else "_" for one in Path(name).name).strip("_").lower() or "exported"
    stem = f"n{stem}" if stem[0].isdigit() else stem
    return stem if stem.endswith("_model") else f"{stem}_model"


def _with_program(plan: Plan, run_id: str | None) -> Plan:
    """Add the program that made the model, where the run's cells are kept and say which name it had."""
    from dataclasses import replace

    nothing = replace(plan, notes=("the cells that made the model are not known: there is no train.py",))
    if run_id is None:
        return nothing
    try:
        session = session_of_run(run_id)
    except JTrackError:
        return nothing
    variable = logged_variable([cell.source for cell in session.cells], session.flow.statements)
    if variable is None:
        return nothing
    title = f"Trains {variable} as run {run_id[:8]} did."
    program = training_program(session, variable, plan.package, OwnCode(), set(), title, at_home=False)
    return replace(plan, program=program)


def logged_variable(sources: list[str], statements: list[Any]) -> str | None:
    """Name the variable that a run's cells logged as a model, else the one that they fitted last."""
    fitted: str | None = None
    for statement in statements:
        for node in ast.walk(statement.node) if statement.node is not None else ():
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if node.func.attr == "log_model" and node.args and isinstance(node.args[0], ast.Name):
                return node.args[0].id
            if node.func.attr == "fit" and isinstance(node.func.value, ast.Name):
                fitted = node.func.value.id
            elif node.func.attr == "fit" and isinstance(statement.node, ast.Assign):
                target = statement.node.targets[0]
                fitted = target.id if isinstance(target, ast.Name) else fitted
    return fitted
