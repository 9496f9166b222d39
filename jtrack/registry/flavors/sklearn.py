"""scikit-learn: saved by skops, whose files run no code; by cloudpickle where skops can't hold the model.

MLflow knows skops only lately. The model's folder therefore brings a loader for it, while the entry ``sklearn`` is
MLflow's own, which its newer versions open directly.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jtrack.errors import InvalidInputError, InvalidModelError
from jtrack.registry.flavors import Loaded, Saved, check_options, is_of
from jtrack.registry.flavors.pickles import read_pickle, write_pickle
from jtrack.registry.flavors.skops_files import read_skops, skops_loader, skops_problem, write_skops

FORMATS = ("skops", "cloudpickle", "pickle")


class SklearnFlavor:
    """Estimators and pipelines of scikit-learn."""

    name = "sklearn"

    def knows(self, model: object) -> bool:
        """Tell by the base class that all estimators have."""
        return is_of(model, "sklearn", "BaseEstimator")

    def save(self, model: Any, folder: Path, **options: Any) -> Saved:
        """Save an estimator.

        Options: ``serialization_format`` (``"skops"``, ``"cloudpickle"``, ``"pickle"``; by default the first that
        can hold the model), ``pyfunc_predict_fn`` (``"predict"``, ``"predict_proba"`` …), ``skops_trusted_types``.
        """
        import sklearn

        check_options(self.name, options, ("serialization_format", "pyfunc_predict_fn", "skops_trusted_types"))
        asked = options.get("serialization_format")
        if asked not in (None, *FORMATS):
            raise InvalidInputError(f"no serialization format {asked!r}", "one of " + ", ".join(FORMATS))
        predict_fn = options.get("pyfunc_predict_fn") or "predict"
        form, trusted = _write(model, folder, asked, options.get("skops_trusted_types"))
        file = "model.skops" if form == "skops" else "model.pkl"
        conf = {"pickled_model": file, "serialization_format": form, "sklearn_version": sklearn.__version__}
        if trusted:
            conf["skops_trusted_types"] = trusted
        place = {"data": file} if form == "skops" else {"model_path": file}
        return Saved(
            conf=conf,
            python_function={"loader_module": "mlflow.sklearn", "predict_fn": predict_fn, **place}
            if hasattr(model, predict_fn)
            else None,
            serialization=form,
            is_pickle=form != "skops",
            packages=("scikit-learn", form) if form != "pickle" else ("scikit-learn",),
            loader=skops_loader() if form == "skops" else None,
        )

    def load(self, folder: Path, conf: Mapping[str, Any], *, trust: bool) -> Loaded:
        """Load what :meth:`save` or MLflow wrote."""
        file = folder / str(conf.get("pickled_model", "model.pkl"))
        if conf.get("serialization_format") == "skops":
            model = read_skops(file, folder, trust=trust)
        else:
            model = read_pickle(file, trust=trust, folder=folder)
        return Loaded(model, lambda data, params: model.predict(data))


def _write(model: Any, folder: Path, asked: str | None, trusted: list[str] | None) -> tuple[str, list[str]]:
    """Write the model's file in the first format that can hold it; returns the format and skops's further types."""
    if asked in (None, "skops"):
        problem = skops_problem(model)
        if problem is None:
            try:
                return "skops", write_skops(model, folder / "model.skops", trusted)
            except InvalidModelError as error:
                problem = error.message
        if asked == "skops":
            raise InvalidModelError(f"skops can't hold this model: {problem}", "serialization_format='cloudpickle'")
    write_pickle(model, folder / "model.pkl")
    return asked or "cloudpickle", []
