"""A few rows that a model has seen, found by what the cells gave to its ``fit``; and what it predicts for them.

Only plain expressions (``X_train``, ``df[features]``) are looked up again, and what is found must fit the model.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jtrack.errors import ExportError, InvalidInputError
from jtrack.registry.export.session import Session
from jtrack.registry.flavors import is_of

N_ROWS = 5
_TAKES_DATA = (
    "fit",
    "fit_transform",
    "partial_fit",
    "predict",
    "predict_proba",
    "score",
    "transform",
    "decision_function",
)
_PLAIN = (
    ast.Name,
    ast.Attribute,
    ast.Subscript,
    ast.Constant,
    ast.List,
    ast.Tuple,
    ast.Slice,
    ast.Load,
    ast.UnaryOp,
    ast.USub,
)


@dataclass(frozen=True)
class Example:
    """Data that the model takes, where they were found, and its predictions."""

    data: Any
    origin: str
    predictions: Any
    predict_fn: str


def find_example(session: Session, name: str, model: Any, asked: str | None = None) -> Example:
    """Find data for a model.

    Parameters
    ----------
    asked
        An expression that the user names; ``None`` looks for one.

    Raises
    ------
    ExportError
        There is none that the model predicts on.
    """
    predict_fn = prediction_of(model)
    if asked is not None:
        data = _asked_data(session, asked)
        return Example(data, asked, _predict(model, predict_fn, data), predict_fn)
    fault: Exception | None = None
    for text, data in _candidates(session, name, model):
        try:
            rows = first_rows(data)
            return Example(rows, text, _predict(model, predict_fn, rows), predict_fn)
        except Exception as error:
            fault = fault or error
    seen = f": {type(fault).__name__}: {str(fault).splitlines()[0]:.80}" if fault is not None and str(fault) else ""
    raise ExportError(
        f"nothing in the notebook is data that {name} predicts on{seen}", f"name some: %export {name} --example X_test"
    )


def prediction_of(model: Any) -> str:
    """Name the method that a model predicts with; ``__call__`` for a function."""
    return next((one for one in ("predict", "transform") if callable(getattr(model, one, None))), "__call__")


def first_rows(data: Any, n_rows: int = N_ROWS) -> Any:
    """Take the first rows of a table, an array or a list."""
    if hasattr(data, "iloc"):
        return data.iloc[:n_rows]
    if hasattr(data, "detach"):
        return data[:n_rows].detach().cpu().numpy()
    if isinstance(data, Mapping):
        return {key: first_rows(value, n_rows) for key, value in data.items()}
    return data[:n_rows] if hasattr(data, "__getitem__") and not isinstance(data, str) else data


def _predict(model: Any, predict_fn: str, data: Any) -> Any:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the model's own; the user saw them when it was made
        if is_of(model, "torch", "Module"):
            from jtrack.registry.flavors.loaders.torch_model import TorchCaller

            was_training = model.training
            try:
                return TorchCaller(model.eval()).predict(data)
            finally:
                model.train(was_training)
        if is_of(model, "xgboost", "Booster"):
            import xgboost

            return model.predict(xgboost.DMatrix(data))
        return getattr(model, predict_fn)(data)


def _asked_data(session: Session, asked: str) -> Any:
    try:
        data = eval(compile(asked, "--example", "eval"), dict(session.namespace))
    except Exception as error:
        raise InvalidInputError(
            f"--example {asked}: {type(error).__name__}: {error}", "as in --example X_test"
        ) from None
    return first_rows(data)


def _candidates(session: Session, name: str, model: Any) -> Iterator[tuple[str, Any]]:
    """Give what may be the model's data, the likeliest first."""
    seen: set[str] = set()
    for node in _data_expressions(session, name):
        text = ast.unparse(node)
        if text in seen:
            continue
        seen.add(text)
        try:
            data = eval(compile(text, "<data>", "eval"), dict(session.namespace))
        except Exception:  # a name that is gone, or a column: then it isn't these data any more
            continue
        if _fits(model, data):
            yield text, data
    names = sorted(session.namespace, key=lambda one: (not one.startswith("X"), "test" not in one, one))
    for one in names:
        if not one.startswith("_") and one not in seen and _is_named_alike(model, session.namespace[one]):
            yield one, session.namespace[one]


def _data_expressions(session: Session, name: str) -> Iterator[ast.expr]:
    """Find what statements gave to a method that takes data, the last first; the model's own before others'."""
    inside = session.flow.slice_of([name]).statements
    others = [one for one in session.flow.statements if one not in inside]
    for statements, only_own in ((inside, True), (others, True), (inside, False)):
        for statement in reversed(statements):
            for node in ast.walk(statement.node) if statement.node is not None else ():
                if not isinstance(node, ast.Call) or not node.args:
                    continue
                is_call = isinstance(node.func, ast.Name) and node.func.id == name
                is_method = isinstance(node.func, ast.Attribute) and node.func.attr in _TAKES_DATA
                if not is_call and not (is_method and (not only_own or _is_of(statement.node, node, name))):
                    continue
                if all(isinstance(part, _PLAIN) for part in ast.walk(node.args[0])):
                    yield node.args[0]


def _is_of(statement: ast.stmt | None, call: ast.Call, name: str) -> bool:
    """Say whether a method's object is ``name``, or becomes it: ``clf = make().fit(X, y)``."""
    inner: ast.AST = call.func
    while isinstance(inner, ast.Attribute | ast.Call):
        inner = inner.value if isinstance(inner, ast.Attribute) else inner.func
    if isinstance(inner, ast.Name) and inner.id == name:
        return True
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    return any(isinstance(target, ast.Name) and target.id == name for target in targets)


def _fits(model: Any, data: Any) -> bool:
    names, n_features = getattr(model, "feature_names_in_", None), getattr(model, "n_features_in_", None)
    columns = getattr(data, "columns", None)
    if names is not None and columns is not None:
        return _plain(columns) == _plain(names)
    shape = getattr(data, "shape", None)
    if n_features is not None and shape is not None and len(shape) == 2:
        return bool(shape[1] == n_features)
    return data is not None


def _plain(names: Any) -> list[str]:
    """Give names as LightGBM keeps them, which takes nothing but letters."""
    return [re.sub(r"\W", "_", str(name)) for name in names]


def _is_named_alike(model: Any, data: Any) -> bool:
    names, n_features = getattr(model, "feature_names_in_", None), getattr(model, "n_features_in_", None)
    if names is not None:
        return hasattr(data, "iloc") and _fits(model, data) and getattr(data, "ndim", 0) == 2
    return n_features is not None and getattr(data, "ndim", 0) == 2 and _fits(model, data)
