"""MLflow's three functions for one flavor, under MLflow's own argument names: what ``jtrack.<flavor>`` consists of."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from jtrack.errors import InvalidInputError
from jtrack.registry.load import load_model
from jtrack.registry.model import Model
from jtrack.registry.save import ModelInfo, log_model, save_model

# What programs written for MLflow may say, and what makes no difference here.
_NO_MATTER = ("await_registration_for", "infer_code_paths")


class Face(NamedTuple):
    """``save_model``, ``log_model`` and ``load_model`` of one flavor."""

    save_model: Callable[..., Model]
    log_model: Callable[..., ModelInfo]
    load_model: Callable[..., Any]


def face_of(flavor: str, argument: str) -> Face:
    """Make the three functions of a flavor; ``argument`` is how MLflow calls the model there."""

    def save(model: Any = None, path: str | os.PathLike[str] | None = None, **options: Any) -> Model:
        model = _given(model, options, argument)
        if path is None:
            raise InvalidInputError("save_model needs the folder to make", f"save_model({argument}, 'my_model')")
        return save_model(model, Path(path), flavor=flavor, **as_ours(options))

    def log(
        model: Any = None, artifact_path: str | None = None, *, name: str | None = None, **options: Any
    ) -> ModelInfo:
        model = _given(model, options, argument)
        return log_model(model, name or artifact_path or "model", flavor=flavor, **as_ours(options))

    def load(model_uri: Any, *, trust: bool | None = None) -> Any:
        return load_model(model_uri, flavor=flavor, trust=trust)

    shared = "Further arguments are those of :func:`jtrack.registry.save.save_model`, and the flavor's own options."
    save.__doc__ = f"Save a {flavor} model to a folder, which MLflow can open too.\n\n    {shared}\n    "
    log.__doc__ = f"Keep a {flavor} model with the active run.\n\n    {shared}\n    "
    load.__doc__ = f"Load a {flavor} model as what it was; see :func:`jtrack.load_model`."
    for function, public in ((save, "save_model"), (log, "log_model"), (load, "load_model")):
        function.__name__ = function.__qualname__ = public
        function.__module__ = f"jtrack.{flavor}"
    return Face(save, log, load)


def as_ours(options: Mapping[str, Any]) -> dict[str, Any]:
    """Turn MLflow's names of arguments into those of :func:`jtrack.registry.save.save_model`."""
    ours = {name: value for name, value in options.items() if name not in _NO_MATTER}
    listed = ours.pop("pip_requirements", None)
    if listed is None:
        listed = _of_conda(ours.pop("conda_env", None))
    ours.pop("conda_env", None)
    if listed is not None:
        ours.setdefault("requirements", _lines(listed))
    further = ours.pop("extra_pip_requirements", None)
    if further is not None:
        ours.setdefault("extra_requirements", _lines(further))
    return ours


def _given(model: Any, options: dict[str, Any], argument: str) -> Any:
    """Take the model as the first argument, or by MLflow's name for it."""
    if model is None:
        model = options.pop(argument, None)
    if model is None:
        raise InvalidInputError("there is no model to save", f"give it as the first argument, or as {argument}=")
    return model


def _lines(listed: str | os.PathLike[str] | Sequence[str]) -> list[str]:
    """Read requirements: a list of lines, or the path of a file with them."""
    if not isinstance(listed, str | os.PathLike):
        return [str(line) for line in listed]
    try:
        lines = Path(listed).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise InvalidInputError(f"{listed} can't be read: {error.strerror}", "give a list: ['pandas==2.2.3']") from None
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]


def _of_conda(given: Any) -> list[str] | None:
    """Take the pip part of a conda environment, a dictionary or the path of a file; the rest is conda's."""
    if given is None:
        return None
    if not isinstance(given, Mapping):
        import yaml

        try:
            given = yaml.safe_load(Path(given).read_text(encoding="utf-8"))
        except (OSError, TypeError, yaml.YAMLError) as error:
            raise InvalidInputError(f"conda_env can't be read: {error}") from None
    parts = given.get("dependencies") or []
    return [str(line) for part in parts if isinstance(part, Mapping) for line in part.get("pip", ())]
