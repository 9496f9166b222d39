"""LightGBM: boosters as LightGBM's text, their scikit-learn faces by skops; by cloudpickle where there is no skops.

A booster's text doesn't keep what the scikit-learn face knows (the classes' names, its params), hence two forms, which
are those of MLflow since its third line. For an older one the model's folder brings a loader.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jtrack.errors import InvalidInputError, InvalidModelError
from jtrack.registry.flavors import Loaded, Saved, check_options, is_of
from jtrack.registry.flavors.calls import accepted, first_line
from jtrack.registry.flavors.pickles import read_pickle, write_pickle
from jtrack.registry.flavors.skops_files import read_skops, skops_loader, skops_problem, write_skops

FORMATS = ("skops", "cloudpickle")
_BOOSTER = "lightgbm.basic.Booster"
# LightGBM's own classes, which take what is in them for data: they are no reason to ask for trust.
_HARMLESS = frozenset(
    {
        _BOOSTER,
        "collections.OrderedDict",
        "collections.defaultdict",
        "lightgbm.sklearn.LGBMClassifier",
        "lightgbm.sklearn.LGBMModel",
        "lightgbm.sklearn.LGBMRanker",
        "lightgbm.sklearn.LGBMRegressor",
    }
)


class LightgbmFlavor:
    """``lightgbm.Booster``, ``LGBMClassifier``, ``LGBMRegressor`` and ``LGBMRanker``."""

    name = "lightgbm"

    def knows(self, model: object) -> bool:
        """Tell by the two base classes that LightGBM has."""
        return is_of(model, "lightgbm", "Booster", "LGBMModel")

    def save(self, model: Any, folder: Path, **options: Any) -> Saved:
        """Save a model.

        Options, for a scikit-learn face: ``serialization_format`` (``"skops"``, ``"cloudpickle"``; by default the
        first that can hold it), ``skops_trusted_types``.
        """
        import lightgbm

        check_options(self.name, options, ("serialization_format", "skops_trusted_types"))
        conf = {"model_class": _class_name(model), "lgb_version": lightgbm.__version__}
        if is_of(model, "lightgbm", "Booster"):
            return _save_booster(model, folder, conf)
        return _save_face(model, folder, conf, options)

    def load(self, folder: Path, conf: Mapping[str, Any], *, trust: bool) -> Loaded:
        """Load a booster, or its scikit-learn face."""
        file = folder / str(conf.get("data", "model.lgb"))
        if conf.get("model_class", _BOOSTER) == _BOOSTER:
            model = _read_booster(file)
        elif conf.get("serialization_format") == "skops":
            model = read_skops(file, folder, trust=trust, harmless=_HARMLESS)
        else:
            model = read_pickle(file, trust=trust, folder=folder)
        return Loaded(model, lambda data, params: model.predict(data, **accepted(model.predict, params)))


def _class_name(model: Any) -> str:
    return f"{type(model).__module__}.{type(model).__qualname__}"


def _save_booster(model: Any, folder: Path, conf: dict[str, Any]) -> Saved:
    model.save_model(str(folder / "model.lgb"))
    return Saved(
        # The class is what tells the two forms apart: a subclass's text is a booster's.
        conf={**conf, "model_class": _BOOSTER, "data": "model.lgb"},
        python_function={"loader_module": "mlflow.lightgbm", "data": "model.lgb"},
        serialization="text",
        packages=("lightgbm",),
    )


def _save_face(model: Any, folder: Path, conf: dict[str, Any], options: Mapping[str, Any]) -> Saved:
    asked = options.get("serialization_format")
    if asked not in (None, *FORMATS):
        raise InvalidInputError(f"no serialization format {asked!r}", "one of " + ", ".join(FORMATS))
    if not model.__sklearn_is_fitted__():
        raise InvalidModelError(f"the {type(model).__name__} is not fitted", "call its fit before it is saved")
    problem = None if asked == "cloudpickle" else skops_problem(model)
    if asked != "cloudpickle" and problem is None:
        try:
            trusted = write_skops(model, folder / "model.skops", options.get("skops_trusted_types"))
            return Saved(
                conf={
                    **conf,
                    "data": "model.skops",
                    "serialization_format": "skops",
                    "skops_trusted_types": sorted(trusted),
                },
                python_function={"loader_module": "mlflow.lightgbm", "data": "model.skops"},
                serialization="skops",
                packages=("lightgbm", "scikit-learn", "skops"),
                loader=skops_loader(),
            )
        except InvalidModelError as error:
            problem = error.message
    if asked == "skops":
        raise InvalidModelError(f"skops can't hold this model: {problem}", "serialization_format='cloudpickle'")
    write_pickle(model, folder / "model.pkl")
    return Saved(
        conf={**conf, "data": "model.pkl", "serialization_format": "cloudpickle"},
        python_function={"loader_module": "mlflow.lightgbm", "data": "model.pkl"},
        serialization="cloudpickle",
        is_pickle=True,
        packages=("lightgbm", "scikit-learn", "cloudpickle"),
    )


def _read_booster(file: Path) -> Any:
    import lightgbm

    try:
        return lightgbm.Booster(model_file=str(file))
    except lightgbm.basic.LightGBMError as error:
        raise InvalidModelError(f"LightGBM can't open {file}: {first_line(error)}") from error
