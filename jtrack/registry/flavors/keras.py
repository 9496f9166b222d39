"""Keras 3: its own ``.keras`` file, which holds the configuration as JSON and the weights as HDF5.

Only Keras' own classes open without trust: other ones are imported by the name that the file gives, and a ``Lambda``
layer is bytecode. Keras asks for its backend when it is first imported, so a model brings the name of its own along.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jtrack.errors import InvalidModelError, UntrustedModelError
from jtrack.registry.flavors import Loaded, Predict, Saved, check_options, is_of
from jtrack.registry.flavors.calls import first_line, installed_as, providers

_FOLDER = "data"
_BACKENDS = ("tensorflow", "torch", "jax")  # named as their modules are


class KerasFlavor:
    """``keras.Model``, on any backend."""

    name = "keras"

    def knows(self, model: object) -> bool:
        """Tell by the base class of all models."""
        return is_of(model, "keras", "Model")

    def save(self, model: Any, folder: Path, **options: Any) -> Saved:
        """Save a model. Option: ``save_model_kwargs``, for ``keras.Model.save``."""
        import keras

        check_options(self.name, options, ("save_model_kwargs",))
        file = write_keras(model, folder, options.get("save_model_kwargs"))
        backend = keras.backend.backend()
        foreign = _foreign(file)
        return Saved(
            conf={
                "data": _FOLDER,
                "keras_version": keras.__version__,
                "keras_backend": backend,
                "save_exported_model": False,
            },
            python_function={"loader_module": "mlflow.keras"},
            serialization="keras",
            is_pickle=any(kind == "__lambda__" for _, kind in foreign),
            packages=("keras", *_backend_packages(backend), *providers(module for module, _ in foreign if module)),
        )

    def load(self, folder: Path, conf: Mapping[str, Any], *, trust: bool) -> Loaded:
        """Load a model, on the backend that it was saved on where Keras isn't imported yet and none is asked for."""
        place = folder / str(conf.get("data", _FOLDER))
        if conf.get("save_exported_model"):
            from jtrack.registry.flavors.tensorflow import load_exported

            return load_exported(place / "model", folder, trust=trust, call="serve")
        file = place / "model.keras" if place.is_dir() else place.with_name(place.name + ".keras")
        choose_backend(conf.get("keras_backend"))
        model = read_keras(file, folder, trust=trust)
        return Loaded(model, predict_of(model))


def write_keras(model: Any, folder: Path, options: Mapping[str, Any] | None = None) -> Path:
    """Write ``data/model.keras`` and what MLflow puts beside it.

    Raises
    ------
    InvalidModelError
        Keras can't save it, or it has classes that only the notebook has.
    """
    (folder / _FOLDER).mkdir()
    (folder / _FOLDER / "keras_module.txt").write_text("keras", encoding="utf-8")
    file = folder / _FOLDER / "model.keras"
    try:
        model.save(file, **(options or {}))
    except Exception as error:  # a layer's own get_config may raise anything
        raise InvalidModelError(f"Keras can't save the model: {first_line(error)}") from error
    only_here = [kind for module, kind in _foreign(file) if module in (None, "__main__") and kind != "__lambda__"]
    if only_here:
        raise InvalidModelError(
            f"the model has {', '.join(sorted(set(only_here)))}, which only the notebook has",
            "move it to a module, and give that by code_paths=",
        )
    return file


def read_keras(file: Path, folder: Path, *, trust: bool) -> Any:
    """Read a ``.keras`` file, or an older HDF5 file."""
    _check_trust(file, folder, trust)
    import keras

    try:
        return keras.saving.load_model(file, safe_mode=not trust)
    except Exception as error:  # Keras raises TypeError and ValueError for most things, h5py OSError
        raise InvalidModelError(
            f"Keras can't open {file}: {first_line(error)}",
            f"it was made with what {folder / 'requirements.txt'} says",
        ) from error


def predict_of(model: Any) -> Predict:
    """Predict in silence; a data frame gives a data frame."""

    def predict(data: Any, params: dict[str, Any] | None) -> Any:
        if not hasattr(data, "iloc"):
            return model.predict(data, verbose=0)
        import pandas as pd

        return pd.DataFrame(model.predict(data.to_numpy(), verbose=0), index=data.index)

    return predict


def choose_backend(name: str | None) -> None:
    """Let Keras start with the backend of the model, if nobody has chosen another one and it is here."""
    if "keras" in sys.modules or "KERAS_BACKEND" in os.environ or name not in _BACKENDS:
        return
    if importlib.util.find_spec(name) is not None:
        os.environ["KERAS_BACKEND"] = name


def _backend_packages(backend: str) -> tuple[str, ...]:
    if backend not in _BACKENDS:
        return ()
    return (installed_as(backend, f"{backend}-cpu"),)


def _check_trust(file: Path, folder: Path, trust: bool) -> None:
    if trust:
        return
    if file.suffix != ".keras":
        raise UntrustedModelError(folder, f"{file.name} is in Keras' older format, which can hold code")
    foreign = sorted({f"{module}.{kind}" if module else kind for module, kind in _foreign(file)})
    if foreign:
        raise UntrustedModelError(folder, f"{file.name} holds " + ", ".join(foreign))


def _foreign(file: Path) -> list[tuple[str | None, str]]:
    """Modules and names of the classes in a ``.keras`` file that are not Keras' own."""
    try:
        with zipfile.ZipFile(file) as archive:
            form = json.loads(archive.read("config.json"))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise InvalidModelError(f"{file} is not what Keras writes: {first_line(error)}") from error
    return [(module, kind) for module, kind in _classes(form) if not _is_own(module, kind)]


def _is_own(module: str | None, kind: str) -> bool:
    if module == "builtins":  # functions of Keras by name, and the shapes of inputs
        return kind in ("function", "slice", "tuple", "dict", "bytes")
    return module is not None and module.split(".")[0] == "keras"


def _classes(form: Any) -> Iterator[tuple[str | None, str]]:
    if isinstance(form, Mapping):
        if "class_name" in form:
            yield form.get("module"), str(form["class_name"])
        form = list(form.values())
    if isinstance(form, list):
        for item in form:
            yield from _classes(item)
