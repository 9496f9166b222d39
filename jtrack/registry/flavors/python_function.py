"""Plain Python as a model: a function of the data, or an object with ``predict``; pickled whole, and marked so.

What MLflow wrote is opened without MLflow: its pickles name a few of MLflow's own classes, for which there are doubles
here. What is written here brings its own loader along, so that MLflow needs no jtrack.
"""

from __future__ import annotations

import json
import pickle
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jtrack.errors import InvalidInputError, InvalidModelError
from jtrack.registry.flavors import Loaded, Saved, check_options
from jtrack.registry.flavors.calls import first_line
from jtrack.registry.flavors.loaders import python_model
from jtrack.registry.flavors.pickles import read_pickle, write_pickle

_FOLDER, _PICKLE, _SETTINGS = "data", "python_model.pkl", "python_model.json"


class PythonFunctionFlavor:
    """A function, or any object with ``predict``, such as a :class:`jtrack.pyfunc.PythonModel`."""

    name = "python_function"

    def knows(self, model: object) -> bool:
        """Tell by what it can do."""
        return not isinstance(model, type) and (callable(model) or callable(getattr(model, "predict", None)))

    def save(self, model: Any, folder: Path, **options: Any) -> Saved:
        """Save a model. Options: ``artifacts`` (name to file or folder, copied), ``model_config`` (a dictionary)."""
        check_options(self.name, options, ("artifacts", "model_config"))
        place = folder / _FOLDER
        place.mkdir()
        paths = _copy_artifacts(options.get("artifacts") or {}, place)
        settings = {"artifacts": paths, "config": options.get("model_config")}
        try:
            (place / _SETTINGS).write_text(json.dumps(settings, indent=1), encoding="utf-8")
        except (TypeError, ValueError) as error:
            raise InvalidInputError(f"model_config has no form in JSON: {first_line(error)}") from None
        write_pickle(model, place / _PICKLE, by_value=python_model)
        return Saved(
            conf={},
            python_function={"data": _FOLDER},
            serialization="cloudpickle",
            is_pickle=True,
            packages=("cloudpickle",),
            loader=("python_model", Path(python_model.__file__).read_text(encoding="utf-8")),
        )

    def load(self, folder: Path, conf: Mapping[str, Any], *, trust: bool) -> Loaded:
        """Load what :meth:`save` or MLflow wrote."""
        if conf.get("python_model"):
            return _load_mlflows(folder, conf, trust)
        place = folder / str(conf.get("data", _FOLDER))
        try:
            settings = json.loads((place / _SETTINGS).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InvalidModelError(f"{place / _SETTINGS} can't be read: {first_line(error)}") from None
        model = read_pickle(place / _PICKLE, trust=trust, folder=folder)
        artifacts = {name: str(place.joinpath(*path.split("/"))) for name, path in settings["artifacts"].items()}
        return _called(model, artifacts, settings.get("config"))


def _called(model: Any, artifacts: dict[str, str], config: dict[str, Any] | None) -> Loaded:
    context = python_model.PythonModelContext(artifacts, config)
    return Loaded(model, python_model.PythonModelCaller(model, context).predict)


def _copy_artifacts(artifacts: Mapping[str, Any], place: Path) -> dict[str, str]:
    paths = {}
    for name, given in artifacts.items():
        source = Path(given)
        target = place / "artifacts" / name / source.name
        target.parent.mkdir(parents=True)
        if source.is_dir():
            shutil.copytree(source, target)
        elif source.is_file():
            shutil.copy2(source, target)
        else:
            raise InvalidInputError(f"artifact {name!r} is not there: {source}", "give the path of a file or folder")
        paths[name] = target.relative_to(place).as_posix()
    return paths


# -- what MLflow wrote -----------------------------------------------------------------------------


class _TypeHints:
    """What MLflow read of a predict's annotations; nothing is made of it here."""


class _FunctionPythonModel:
    """MLflow's wrapping of a function, which it pickles along."""

    func: Any

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> Any:
        """Predict; MLflow gives the function nothing but the data."""
        return self.func(model_input)


_DOUBLES = {
    "PythonModel": python_model.PythonModel,
    "PythonModelContext": python_model.PythonModelContext,
    "_FunctionPythonModel": _FunctionPythonModel,
    "_TypeHints": _TypeHints,
}


class _Unpickler(pickle.Unpickler):
    """Puts doubles in the place of MLflow's classes, also where there is an MLflow: they need nothing of it."""

    def find_class(self, module: str, name: str) -> Any:
        if module.split(".")[0] == "mlflow":
            if name in _DOUBLES:
                return _DOUBLES[name]
            if "mlflow" not in sys.modules:
                raise InvalidModelError(f"the model is made with MLflow's {name}, which can't be used without MLflow")
        return super().find_class(module, name)


def _load_mlflows(folder: Path, conf: Mapping[str, Any], trust: bool) -> Loaded:
    file = folder / str(conf["python_model"])
    if file.suffix == ".py" or conf.get("model_code_path"):
        raise InvalidModelError(f"{folder} holds a model as a script ({file.name}), which only MLflow runs")
    model = read_pickle(file, trust=trust, folder=folder, unpickler=_Unpickler)
    model = getattr(model, "func", model) if type(model) is _FunctionPythonModel else model
    artifacts = {name: str(folder / form["path"]) for name, form in (conf.get("artifacts") or {}).items()}
    config = conf.get("config")
    return _called(model, artifacts, config if isinstance(config, dict) else None)
