"""statsmodels: fitted results, by statsmodels' own pickle, for it has no other form; marked as such."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jtrack.errors import InvalidInputError, InvalidModelError
from jtrack.registry.flavors import Loaded, Saved, check_options, class_names, is_of
from jtrack.registry.flavors.calls import first_line
from jtrack.registry.flavors.pickles import read_pickle, write_content

FILE = "model.statsmodels"


class StatsmodelsFlavor:
    """What a statsmodels model's ``fit`` returns: ``RegressionResults``, ``ARIMAResults`` …"""

    name = "statsmodels"

    def knows(self, model: object) -> bool:
        """Tell results, and models that are not fitted yet, of which :meth:`save` says so."""
        return is_of(model, "statsmodels", "Results", "ResultsWrapper", "Model")

    def save(self, model: Any, folder: Path, **options: Any) -> Saved:
        """Save results. Option: ``remove_data``, to leave out the data of the fit where statsmodels can."""
        import statsmodels

        check_options(self.name, options, ("remove_data",))
        if not is_of(model, "statsmodels", "Results", "ResultsWrapper"):
            raise InvalidModelError(f"the {type(model).__name__} is not fitted", "save what its fit() returns")
        content = io.BytesIO()
        try:
            model.save(content, remove_data=bool(options.get("remove_data")))
        except Exception as error:  # pickle's, and AttributeError for a function of the notebook
            raise InvalidModelError(f"statsmodels can't pickle the model: {first_line(error)}") from error
        write_content(content.getvalue(), folder / FILE)
        return Saved(
            conf={"data": FILE, "statsmodels_version": statsmodels.__version__},
            python_function={"loader_module": "mlflow.statsmodels", "data": FILE},
            serialization="pickle",
            is_pickle=True,
            packages=("statsmodels",),
        )

    def load(self, folder: Path, conf: Mapping[str, Any], *, trust: bool) -> Loaded:
        """Load results."""
        results = read_pickle(folder / str(conf.get("data", FILE)), trust=trust, folder=folder)
        if any(name.endswith(".TimeSeriesModel") for name in class_names(results.model)):
            return Loaded(results, lambda data, params: _forecast(results, data))
        return Loaded(results, lambda data, params: results.predict(data))


def _forecast(results: Any, data: Any) -> Any:
    """Predict from ``start`` to ``end``: a time series has no inputs but the time."""
    if len(data) != 1 or not {"start", "end"} <= set(getattr(data, "columns", ())):
        raise InvalidInputError(
            "a time series is predicted from a date to a date",
            "give a data frame of one row with the columns start and end",
        )
    return results.predict(start=data["start"].iloc[0], end=data["end"].iloc[0])
