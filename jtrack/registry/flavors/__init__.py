"""Flavors: how models of one framework are told, saved and loaded; one file each, and plugs by entry point.

A flavor is found by the object, looking only at the names of its classes, so that no framework is imported to
find out that a model is not one of its own. Plugs (entry points ``jtrack.flavors``) are asked before the flavors here.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Protocol

from jtrack.errors import FlavorNotFoundError, InvalidInputError, InvalidModelError

ENTRY_POINTS = "jtrack.flavors"

# Name → where it is. The order is that of asking: a booster's scikit-learn face is a scikit-learn estimator too,
# a Keras model on torch is a torch module, and nearly everything has a `predict`, so that plain Python comes last.
BUILT_IN = {
    "xgboost": "jtrack.registry.flavors.xgboost:XgboostFlavor",
    "lightgbm": "jtrack.registry.flavors.lightgbm:LightgbmFlavor",
    "keras": "jtrack.registry.flavors.keras:KerasFlavor",
    "tensorflow": "jtrack.registry.flavors.tensorflow:TensorflowFlavor",
    "pytorch": "jtrack.registry.flavors.pytorch:PytorchFlavor",
    "onnx": "jtrack.registry.flavors.onnx:OnnxFlavor",
    "statsmodels": "jtrack.registry.flavors.statsmodels:StatsmodelsFlavor",
    "sklearn": "jtrack.registry.flavors.sklearn:SklearnFlavor",
    "python_function": "jtrack.registry.flavors.python_function:PythonFunctionFlavor",
}

Predict = Callable[[Any, dict[str, Any] | None], Any]


@dataclass(frozen=True)
class Saved:
    """What a flavor wrote.

    Parameters
    ----------
    conf
        The flavor's entry in ``MLmodel``, under MLflow's keys; paths are relative to the model's folder.
    python_function
        The entry ``python_function``: ``loader_module`` and whatever it needs (``data`` or ``model_path``,
        ``predict_fn`` …). ``None`` where nothing can be predicted with the model.
    serialization
        The format of the file: ``"skops"``, ``"safetensors"``, ``"json"``, ``"cloudpickle"`` …
    is_pickle
        Whether loading it runs code that the file brings along.
    packages
        Names of distributions that loading needs whatever else is found: ``("scikit-learn", "skops")``.
    loader
        Name and source of a module that stands in for an MLflow module where some MLflow lacks it. It is put
        into the model's ``code/``, and becomes ``loader_module``; it may import neither jtrack nor mlflow.
    """

    conf: dict[str, Any]
    python_function: dict[str, Any] | None
    serialization: str
    is_pickle: bool = False
    packages: tuple[str, ...] = ()
    loader: tuple[str, str] | None = None


@dataclass(frozen=True)
class Loaded:
    """A model in memory: the framework's own object, and how to predict with it.

    ``predict`` takes the data, after the signature was enforced, and the params (``None`` where the signature
    has none).
    """

    native: Any
    predict: Predict = field(repr=False)


class Flavor(Protocol):
    """How models of one framework are told, saved and loaded."""

    name: str
    """Its name in ``MLmodel``: ``"sklearn"``."""

    def knows(self, model: object) -> bool:
        """Tell whether ``model`` is one of its own, without importing the framework; see :func:`class_names`."""

    def save(self, model: Any, folder: Path, **options: Any) -> Saved:
        """Write the model's files into ``folder``, which exists.

        Raises
        ------
        InvalidInputError
            The model can't be written in this form, or an option is unknown.
        """

    def load(self, folder: Path, conf: Mapping[str, Any], *, trust: bool) -> Loaded:
        """Load what ``save``, or MLflow, wrote; ``conf`` is the flavor's entry in ``MLmodel``.

        Raises
        ------
        UntrustedModelError
            Loading would run code that the files bring along, and ``trust`` is false.
        InvalidModelError
            The files are not what ``conf`` says.
        """


def find_flavor(model: object) -> Flavor:
    """Find the flavor of an object.

    Raises
    ------
    InvalidModelError
        None knows it; the hint says what to do.
    """
    for flavor in _flavors():
        if flavor.knows(model):
            return flavor
    kind = type(model)
    raise InvalidModelError(
        f"no flavor knows how to save a {kind.__module__}.{kind.__qualname__}",
        "give a function of the data, or an object with predict(context, model_input, params)",
    )


def get_flavor(name: str) -> Flavor:
    """Get a flavor by its name in ``MLmodel``.

    Raises
    ------
    FlavorNotFoundError
        There is none of this name.
    """
    for flavor in _flavors():
        if flavor.name == name:
            return flavor
    raise FlavorNotFoundError(name, flavor_names())


def flavor_names() -> list[str]:
    """Names of the flavors that can be saved and loaded here."""
    return [flavor.name for flavor in _flavors()]


def class_names(model: object) -> list[str]:
    """Full names of the class of ``model`` and of its bases: ``["xgboost.sklearn.XGBClassifier", …]``."""
    return [f"{kind.__module__}.{kind.__qualname__}" for kind in type(model).__mro__]


def is_of(model: object, package: str, *bases: str) -> bool:
    """Tell whether ``model`` is an instance of a class that ``package`` defines.

    Parameters
    ----------
    bases
        Names of classes, without their module: one of them has to be it. Without any, every class will do.
    """
    for name in class_names(model):
        root, _, rest = name.partition(".")
        if root == package and (not bases or rest.rpartition(".")[2] in bases):
            return True
    return False


def check_options(flavor: str, options: Mapping[str, Any], known: tuple[str, ...]) -> None:
    """Raise InvalidInputError for an option that a flavor doesn't have."""
    for name in options:
        if name not in known:
            raise InvalidInputError(
                f"flavor {flavor!r} has no option {name!r}", "it has: " + ", ".join(known) if known else None
            )


def _flavors() -> Iterator[Flavor]:
    yield from _plugs()
    for place in BUILT_IN.values():
        yield _built_in(place)


@cache
def _built_in(place: str) -> Flavor:
    module, _, name = place.partition(":")
    flavor: Flavor = getattr(importlib.import_module(module), name)()
    return flavor


@cache
def _plugs() -> tuple[Flavor, ...]:
    return tuple(point.load()() for point in entry_points(group=ENTRY_POINTS))
