"""Loads and calls a model that is plain Python: a function, or a class with ``predict``.

``python_model.pkl`` is the pickled object, ``python_model.json`` the paths of its artifacts and its settings.
"""

from __future__ import annotations

import inspect
import json
import os
import typing
from typing import Any


class PythonModel:
    """A model as a class: subclass it, or write any class with a ``predict`` like this one."""

    def load_context(self, context: Any) -> None:
        """Read the artifacts once, before the first ``predict``: ``context.artifacts["name"]`` is a path."""

    def predict(self, context: Any, model_input: Any, params: dict[str, Any] | None = None) -> Any:
        """Predict; ``context`` and ``params`` may be left out of the signature."""
        raise NotImplementedError(f"{type(self).__name__} has no predict(context, model_input, params)")


class PythonModelContext:
    """What a model was saved with: ``artifacts``, name to absolute path, and ``model_config``."""

    def __init__(self, artifacts: dict[str, str], model_config: dict[str, Any] | None) -> None:
        self.artifacts = artifacts
        self.model_config = model_config


class PythonModelCaller:
    """Calls a model with the arguments that its ``predict`` has."""

    def __init__(self, model: Any, context: PythonModelContext) -> None:
        self.python_model = model
        self.context = context
        self._predict = getattr(model, "predict", model)
        self._parameters = _parameters(self._predict)
        self._hint = _input_hint(self._predict)
        if hasattr(model, "load_context"):
            model.load_context(context)

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> Any:
        """Predict with ``params`` as one argument, or each as its own, whichever ``predict`` has."""
        arguments: list[Any] = [self.context] if _takes_context(self._parameters) else []
        arguments.append(_as_hinted(model_input, self._hint))
        if "params" in self._parameters:
            return self._predict(*arguments, params=params)
        names = list(self._parameters)[len(arguments) :]
        return self._predict(*arguments, **{name: params[name] for name in names if params and name in params})


def _load_pyfunc(path: str, model_config: dict[str, Any] | None = None) -> PythonModelCaller:
    import cloudpickle

    with open(os.path.join(path, "python_model.pkl"), "rb") as file:
        model = cloudpickle.load(file)
    with open(os.path.join(path, "python_model.json"), encoding="utf-8") as file:
        saved = json.load(file)
    artifacts = {name: os.path.join(path, *place.split("/")) for name, place in saved["artifacts"].items()}
    return PythonModelCaller(model, PythonModelContext(artifacts, model_config or saved["config"]))


def _parameters(predict: Any) -> dict[str, Any]:
    try:
        return dict(inspect.signature(predict).parameters)
    except (TypeError, ValueError):  # written in C, and says nothing of itself
        return {"model_input": None}


def _takes_context(parameters: dict[str, Any]) -> bool:
    """Whether the first argument is the context: by its name, or since two must be given."""
    needed = [
        name
        for name, parameter in parameters.items()
        if name != "params"
        and parameter is not None
        and parameter.default is parameter.empty
        and parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    ]
    return "context" in parameters or len(needed) == 2


def _input_hint(predict: Any) -> Any:
    """Get the type hint of the model's input; ``None`` where it has none, or one that can't be looked up."""
    try:
        hints = typing.get_type_hints(predict)
    except Exception:  # a name in it that only the notebook had
        return None
    names = [name for name in hints if name not in ("return", "self", "context", "params")]
    return hints[names[0]] if names else None


def _as_hinted(data: Any, hint: Any) -> Any:
    """Give a data frame to a predict that asks for a list: its first column, or its rows as dictionaries."""
    if typing.get_origin(hint) is not list or not hasattr(data, "iloc"):
        return data
    (item,) = typing.get_args(hint)
    if (typing.get_origin(item) or item) is dict:
        return data.to_dict(orient="records")
    return data.iloc[:, 0].tolist()
