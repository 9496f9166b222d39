"""``jtrack.pyfunc``: any model by ``predict`` alone, and models that are plain Python; MLflow's names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from jtrack.errors import InvalidInputError
from jtrack.registry.faces import as_ours
from jtrack.registry.flavors.loaders.python_model import PythonModel, PythonModelContext
from jtrack.registry.load import PyFuncModel
from jtrack.registry.load import load_pyfunc as load_model
from jtrack.registry.model import PYTHON_FUNCTION, Model
from jtrack.registry.save import ModelInfo
from jtrack.registry.save import log_model as _log_model
from jtrack.registry.save import save_model as _save_model

__all__ = ["PyFuncModel", "PythonModel", "PythonModelContext", "load_model", "log_model", "save_model"]


def save_model(path: str | os.PathLike[str], *, python_model: Any = None, **options: Any) -> Model:
    """Save a function, or an object with ``predict``, to a folder, which MLflow can open too.

    Parameters
    ----------
    python_model
        A function of the data, or an object with ``predict(context, model_input, params)``, of which ``context`` and
        ``params`` may be left out.
    options
        ``artifacts`` (name to file or folder), ``model_config``, and all of :func:`jtrack.registry.save.save_model`.
    """
    return _save_model(_given(python_model), Path(path), flavor=PYTHON_FUNCTION, **as_ours(options))


def log_model(
    artifact_path: str | None = None, *, name: str | None = None, python_model: Any = None, **options: Any
) -> ModelInfo:
    """Keep a function, or an object with ``predict``, with the active run; see :func:`save_model`."""
    place = name or artifact_path or "model"
    return _log_model(_given(python_model), place, flavor=PYTHON_FUNCTION, **as_ours(options))


def _given(model: Any) -> Any:
    if model is None:
        raise InvalidInputError("there is no model to save", "give a function or an object by python_model=")
    return model
