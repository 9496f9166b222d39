"""XGBoost: boosters and their scikit-learn faces in XGBoost's own UBJSON (or JSON), which every version of it reads.

The class is kept by its name beside the file. One that is not XGBoost's own would be imported by that name, so a
model from elsewhere has to be trusted for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jtrack.errors import InvalidInputError, InvalidModelError, UntrustedModelError
from jtrack.registry.flavors import Loaded, Predict, Saved, check_options, is_of
from jtrack.registry.flavors.calls import accepted, first_line, import_class, installed_as

# What MLflow's file is called by format; XGBoost goes by the ending, and writes UBJSON for any but ".json".
FORMATS = ("ubj", "json")
_BOOSTER = "xgboost.core.Booster"


class XgboostFlavor:
    """``xgboost.Booster``, ``XGBClassifier``, ``XGBRegressor``, ``XGBRanker`` and their like."""

    name = "xgboost"

    def knows(self, model: object) -> bool:
        """Tell by the two base classes that XGBoost has."""
        return is_of(model, "xgboost", "Booster", "XGBModel")

    def save(self, model: Any, folder: Path, **options: Any) -> Saved:
        """Save a model. Option: ``model_format`` (``"ubj"`` or ``"json"``)."""
        import xgboost

        check_options(self.name, options, ("model_format",))
        form = options.get("model_format") or "ubj"
        if form not in FORMATS:
            raise InvalidInputError(f"no format {form!r}", "one of " + ", ".join(FORMATS))
        kind = type(model)
        if kind.__module__ == "__main__":
            raise InvalidModelError(
                f"{kind.__name__} is defined in the notebook, and XGBoost's file keeps no classes",
                f"move it to a module, or save a function that calls it: jtrack.log_model({kind.__name__}().predict)",
            )
        file, is_face = f"model.{form}", is_of(model, "xgboost", "XGBModel")
        try:
            model.save_model(folder / file)
        except Exception as error:  # scikit-learn's NotFittedError, and XGBoost's for what it can't write
            raise InvalidModelError(f"XGBoost can't save the {kind.__name__}: {first_line(error)}") from error
        return Saved(
            conf={
                "data": file,
                "model_class": f"{kind.__module__}.{kind.__qualname__}",
                "model_format": form,
                "xgb_version": xgboost.__version__,
            },
            python_function={"loader_module": "mlflow.xgboost", "data": file},
            serialization=form,
            packages=(installed_as("xgboost", "xgboost-cpu"), *(("scikit-learn",) if is_face else ())),
        )

    def load(self, folder: Path, conf: Mapping[str, Any], *, trust: bool) -> Loaded:
        """Load a booster, or its scikit-learn face with the classes that it learned."""
        name = str(conf.get("model_class") or _BOOSTER)
        if not trust and name.partition(".")[0] != "xgboost":
            raise UntrustedModelError(folder, f"it is a {name}, which would be imported")
        file = folder / str(conf.get("data", "model.xgb"))
        model = import_class(name, folder)()
        try:
            # Older MLflow has an ending that says nothing; in memory, XGBoost goes by the content.
            model.load_model(file if file.suffix in (".json", ".ubj") else bytearray(file.read_bytes()))
        except Exception as error:  # XGBoostError, or whatever its reader meets
            raise InvalidModelError(f"XGBoost can't open {file}: {first_line(error)}") from error
        return Loaded(model, _predict_of(model))


def _predict_of(model: Any) -> Predict:
    if not is_of(model, "xgboost", "Booster"):
        return lambda data, params: model.predict(data, **accepted(model.predict, params))

    def predict(data: Any, params: dict[str, Any] | None) -> Any:
        import xgboost

        return model.predict(xgboost.DMatrix(data), **accepted(model.predict, params))

    return predict
