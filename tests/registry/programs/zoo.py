"""One small trained model for each form that a flavor has, with some rows to predict; made alike wherever it runs.

Needs neither jtrack nor MLflow, so that both sides of the exchange train the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd


class Specimen(NamedTuple):
    """A model, the flavor that it belongs to, and rows to predict."""

    flavor: str
    make: Callable[[], tuple[Any, Any]]


def frame() -> tuple[pd.DataFrame, pd.Series]:
    """Give 80 rows of three columns, and two classes."""
    rows = pd.DataFrame(np.random.default_rng(0).normal(size=(80, 3)), columns=["a", "b", "c"])
    return rows, (rows["a"] + rows["b"] > 0).astype(int)


def sklearn_pipeline() -> tuple[Any, Any]:
    """Give a pipeline over columns of several types, one of them with holes."""
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    rows, target = frame()
    rows["city"] = np.where(rows["c"] > 0, "Ulm", "Bern")
    rows["count"] = np.arange(len(rows))
    rows.loc[::7, "b"] = np.nan
    numbers = make_pipeline(SimpleImputer())
    columns = make_column_transformer((OneHotEncoder(), ["city"]), (numbers, ["a", "b", "count"]))
    return make_pipeline(columns, LogisticRegression()).fit(rows, target), rows[:8]


def xgboost_face() -> tuple[Any, Any]:
    """Give a classifier."""
    import xgboost

    rows, target = frame()
    return xgboost.XGBClassifier(n_estimators=5).fit(rows, target), rows[:8]


def xgboost_booster() -> tuple[Any, Any]:
    """Give a booster."""
    import xgboost

    rows, target = frame()
    return xgboost.train({"objective": "binary:logistic"}, xgboost.DMatrix(rows, target), 5), rows[:8]


def lightgbm_face() -> tuple[Any, Any]:
    """Give a regressor."""
    import lightgbm

    rows, target = frame()
    return lightgbm.LGBMRegressor(n_estimators=5, verbose=-1).fit(rows, target), rows[:8]


def lightgbm_booster() -> tuple[Any, Any]:
    """Give a booster."""
    import lightgbm

    rows, target = frame()
    return lightgbm.train({"objective": "binary", "verbose": -1}, lightgbm.Dataset(rows, target), 5), rows[:8]


def torch_module() -> tuple[Any, Any]:
    """Give a module that is in training: its dropout has to be off when it predicts."""
    import torch

    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Dropout(0.5), torch.nn.Linear(4, 1))
    return net, frame()[0][:8].to_numpy(dtype="float32")


def keras_model() -> tuple[Any, Any]:
    """Give a sequential model."""
    import keras

    keras.utils.set_random_seed(0)
    layers = [keras.layers.Input((3,)), keras.layers.Dense(4, activation="relu"), keras.layers.Dense(1)]
    return keras.Sequential(layers), frame()[0][:8].to_numpy(dtype="float32")


def onnx_graph() -> tuple[Any, Any]:
    """Give scikit-learn's logistic regression as a graph with two outputs."""
    from skl2onnx import to_onnx
    from sklearn.linear_model import LogisticRegression

    rows, target = frame()
    array = rows.to_numpy(dtype="float32")
    fitted = LogisticRegression().fit(array, target)
    return to_onnx(fitted, array[:1], options={"zipmap": False}), array[:8]


def statsmodels_formula() -> tuple[Any, Any]:
    """Give a regression with a function in its formula."""
    import statsmodels.formula.api as smf

    rows, target = frame()
    return smf.ols("y ~ a + np.exp(b)", rows.assign(y=target)).fit(), rows[:8]


def statsmodels_series() -> tuple[Any, Any]:
    """Give a time series, which is asked for a time."""
    from statsmodels.tsa.arima.model import ARIMA

    days = pd.date_range("2020-01-01", periods=80, freq="D")
    series = pd.Series(frame()[0]["a"].to_numpy(), index=days)
    asked = pd.DataFrame({"start": [pd.Timestamp("2020-03-18")], "end": [pd.Timestamp("2020-03-24")]})
    return ARIMA(series, order=(1, 0, 0)).fit(), asked


ZOO = {
    "sklearn-pipeline": Specimen("sklearn", sklearn_pipeline),
    "xgboost-face": Specimen("xgboost", xgboost_face),
    "xgboost-booster": Specimen("xgboost", xgboost_booster),
    "lightgbm-face": Specimen("lightgbm", lightgbm_face),
    "lightgbm-booster": Specimen("lightgbm", lightgbm_booster),
    "pytorch": Specimen("pytorch", torch_module),
    "keras": Specimen("keras", keras_model),
    "onnx": Specimen("onnx", onnx_graph),
    "statsmodels-formula": Specimen("statsmodels", statsmodels_formula),
    "statsmodels-series": Specimen("statsmodels", statsmodels_series),
}


def plain(found: Any) -> Any:
    """Make lists and numbers of predictions, whatever gave them; a time becomes its text."""
    if hasattr(found, "detach"):
        found = found.detach().numpy()
    if isinstance(found, pd.DataFrame):
        return {str(name): plain(found[name]) for name in found}
    if isinstance(found, dict):
        return {str(name): plain(value) for name, value in found.items()}
    if isinstance(found, pd.Series | np.ndarray | pd.Index):
        return [plain(one) for one in found.tolist()]
    if isinstance(found, list | tuple):
        return [plain(one) for one in found]
    return found if isinstance(found, bool | int | float | str | None) else str(found)
