"""Opens models: as what they were, or through ``predict`` alone, whoever wrote them and whatever framework they are of.

A model of this store opens by itself. One from elsewhere opens by itself too if its format can't run code; else it has
to be trusted in so many words.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jtrack.errors import FlavorNotFoundError, InvalidModelError, UntrustedModelError
from jtrack.registry.enforce import enforce_inputs, enforce_params
from jtrack.registry.flavors import Loaded, Predict, flavor_names, get_flavor
from jtrack.registry.model import PYTHON_FUNCTION, Model

# Where MLflow's names for flavors are not those of their modules.
_LOADERS = {"mlflow.pyfunc.model": PYTHON_FUNCTION}


@dataclass(frozen=True)
class PyFuncModel:
    """A model that is used through ``predict``, with its signature held up.

    Parameters
    ----------
    metadata
        What ``MLmodel`` says.
    """

    metadata: Model
    _native: Any
    _predict: Predict

    def predict(self, data: Any, params: Mapping[str, Any] | None = None) -> Any:
        """Predict.

        Parameters
        ----------
        data
            As the signature's inputs say: a data frame for columns, an array or a dictionary of arrays for tensors.
            What can be widened without loss is; see :func:`jtrack.registry.enforce.enforce_inputs`.
        params
            Of the signature's params; those that are not given are what it says.

        Raises
        ------
        SignatureError
            Data or params don't fit; every fault is told.
        """
        given = enforce_params(params, self.metadata.signature)
        return self._predict(enforce_inputs(data, self.metadata.signature), given)

    def predict_unchecked(self, data: Any, params: Mapping[str, Any] | None = None) -> Any:
        """Predict for data that were held against the signature already, as a server does before it joins requests."""
        return self._predict(data, None if params is None else dict(params))

    def unwrap(self) -> Any:
        """Give the framework's own object."""
        return self._native

    unwrap_python_model = unwrap

    def get_raw_model(self) -> Any:
        """Give the framework's own object, by MLflow's other name for it."""
        return self._native

    def __repr__(self) -> str:
        return f"PyFuncModel({type(self._native).__name__}, {', '.join(self.metadata.flavors)})"


def load_model(uri: Any, *, flavor: str | None = None, trust: bool | None = None) -> Any:
    """Load a model as what it was: an estimator, a booster, a module.

    Parameters
    ----------
    uri
        Any address of a model; see :func:`jtrack.registry.addresses.locate_model`.
    flavor
        The flavor to load it by; by default its own.
    trust
        ``True`` opens a model from elsewhere though its files can run code. By default only those of this store are
        trusted.

    Raises
    ------
    ModelNotFoundError
        There is no model at the address.
    FlavorNotFoundError
        It doesn't have the flavor that was asked for.
    UntrustedModelError
        It came from elsewhere and could run code.
    InvalidModelError
        It can't be opened here; the message says why.
    """
    folder, trusted = _located(uri, trust)
    return _opened(folder, Model.load(folder), flavor, trusted)[0].native


def load_pyfunc(uri: Any, *, trust: bool | None = None, model_config: Mapping[str, Any] | None = None) -> PyFuncModel:
    """Load a model to predict with, whatever it is; see :func:`load_model`. Known as ``jtrack.pyfunc.load_model``.

    Parameters
    ----------
    model_config
        Settings for a model that is a Python class, in place of those that it was saved with.
    """
    folder, trusted = _located(uri, trust)
    return open_folder(folder, trust=trusted, model_config=model_config)


def open_folder(folder: Path, *, trust: bool, model_config: Mapping[str, Any] | None = None) -> PyFuncModel:
    """Open the model in a folder, to predict with."""
    model = Model.load(folder)
    if PYTHON_FUNCTION not in model.flavors:
        raise InvalidModelError(
            f"{folder} can't predict: it has only {', '.join(model.flavors)}", "load_model(…) gives what it is"
        )
    loaded, name = _opened(folder, model, None, trust, model_config)
    predict = _other_predict(loaded, model.conf(PYTHON_FUNCTION).get("predict_fn")) if name == "sklearn" else None
    return PyFuncModel(model, loaded.native, predict or loaded.predict)


def _located(uri: Any, trust: bool | None) -> tuple[Path, bool]:
    # A folder is taken as it is, since finding a store costs a server's start some time.
    if isinstance(uri, str | os.PathLike) and (Path(uri) / "MLmodel").is_file():
        return Path(uri), bool(trust)
    from jtrack.registry.addresses import locate_model

    address = locate_model(uri)
    return address.path, address.from_store if trust is None else trust


def _opened(
    folder: Path, model: Model, asked: str | None, trust: bool, config: Mapping[str, Any] | None = None
) -> tuple[Loaded, str]:
    """Load by the flavor that was asked for, the model's own, or what its ``python_function`` says."""
    own = asked or next((name for name in model.flavors if name in flavor_names() and name != PYTHON_FUNCTION), None)
    conf = model.conf(own or PYTHON_FUNCTION)
    name = own or _flavor_behind(conf, model)
    _bring_code(folder, conf, trust)
    if name is None:
        return _by_its_loader(folder, conf, trust), PYTHON_FUNCTION
    if config is not None and name == PYTHON_FUNCTION:
        conf = {**conf, "config": dict(config)}
    return get_flavor(name).load(folder, conf, trust=trust), name


def _flavor_behind(conf: Mapping[str, Any], model: Model) -> str | None:
    """Tell which flavor reads a model with nothing but ``python_function``; ``None`` leaves it to its own loader."""
    loader = str(conf.get("loader_module", ""))
    if loader in _LOADERS or loader == "jtrack_python_model":
        return PYTHON_FUNCTION
    if loader.startswith("mlflow."):
        raise FlavorNotFoundError(loader.split(".")[1], flavor_names())
    return None


def _bring_code(folder: Path, conf: Mapping[str, Any], trust: bool) -> None:
    """Put the model's own modules on the path, as MLflow does; those of jtrack's loaders are never needed here."""
    code = conf.get("code")
    if not code or not _has_own_code(folder / str(code)):
        return
    if not trust:
        raise UntrustedModelError(folder, f"it brings its own code, in {code}/")
    place = str((folder / str(code)).absolute())
    if place not in sys.path:
        sys.path.insert(0, place)
        importlib.invalidate_caches()


def _has_own_code(place: Path) -> bool:
    return place.is_dir() and any(not path.name.startswith(("jtrack_", "__pycache__")) for path in place.iterdir())


def _by_its_loader(folder: Path, conf: Mapping[str, Any], trust: bool) -> Loaded:
    """Load by a module that the model names, which is what ``python_function`` means at bottom."""
    name = conf.get("loader_module")
    if not name:
        raise InvalidModelError(f"{folder}: its python_function names no loader_module")
    if not trust:
        raise UntrustedModelError(folder, f"it is opened by its own module {name!r}")
    data = conf.get("data") or conf.get("model_path")
    try:
        native = importlib.import_module(str(name))._load_pyfunc(str(folder / data if data else folder))
    except ImportError as error:
        raise InvalidModelError(
            f"{folder} is opened by the module {name!r}, which is not here: {error}",
            f"pip install -r {folder / 'requirements.txt'}",
        ) from error
    return Loaded(
        native, lambda given, params: native.predict(given) if params is None else native.predict(given, params)
    )


def _other_predict(loaded: Loaded, name: str | None) -> Predict | None:
    """Predict by another method of an estimator, such as ``predict_proba``, where the model was saved so."""
    if name in (None, "predict"):
        return None
    call = getattr(loaded.native, str(name), None)
    if call is None:
        raise InvalidModelError(f"a {type(loaded.native).__name__} has no {name}")
    return lambda data, params: call(data)
