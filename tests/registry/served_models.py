"""Small models to be served: one of a framework, and plain Python ones that misbehave on demand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from jtrack.registry.save import save_model
from jtrack.registry.signature import infer_signature


def wine() -> tuple[Any, pd.DataFrame]:
    """Train a pipeline over three columns of floats."""
    from sklearn.datasets import load_wine
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rows, target = load_wine(return_X_y=True, as_frame=True)
    rows = rows[["alcohol", "hue", "proline"]]
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(rows, target), rows


def cells_namespace() -> dict[str, Any]:
    """Give a namespace as a notebook's: what is defined in it is pickled whole."""
    return {"__name__": "__main__"}


def save_python(folder: Path, code: str, example: Any, **options: Any) -> Path:
    """Save the function ``predict`` of some code as a model."""
    names = cells_namespace()
    exec(code, names)
    save_model(names["predict"], folder, input_example=example, requirements=["pandas"], **options)
    return folder


MOODY = """
def predict(model_input):
    import os, time
    asked = set(model_input["x"])
    if 666 in asked:
        raise RuntimeError("the secret of the model")
    if 777 in asked:
        os._exit(3)
    if 888 in asked:
        time.sleep(600)
    print("predicting", len(model_input))
    return model_input["x"] * 2
"""
NEIGHBOURS = """
def predict(model_input):
    return (model_input["x"] - model_input["x"].mean()).tolist()
"""
TENFOLD = """
def predict(model_input, params=None):
    return (model_input["x"] * (params or {}).get("factor", 10)).tolist()
"""
SUM_ALL = """
def predict(model_input):
    return float(model_input["x"].sum())
"""
XS = pd.DataFrame({"x": [1.0, 2.0, 4.0]})


def save_wine(folder: Path) -> Path:
    """Save the pipeline with its example."""
    model, rows = wine()
    save_model(model, folder, input_example=rows[:5], requirements=["scikit-learn"])
    return folder


def save_tenfold(folder: Path) -> Path:
    """Save a model with a param."""
    return save_python(folder, TENFOLD, (XS, {"factor": 10}))


def save_tensor(folder: Path) -> Path:
    """Save a model that takes arrays of two numbers."""
    code = "def predict(model_input):\n    return model_input.sum(axis=1)"
    example = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]])
    return save_python(folder, code, example, signature=infer_signature(example, np.array([3.0])))
