"""Run in an environment with MLflow: saves every model of the zoo into a folder, with its predictions beside it.

Arguments: the folder. Says, as JSON, what was predicted for each by MLflow itself, and how MLflow reads its signature.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import mlflow
import mlflow.pyfunc
import mlflow.sklearn
import pandas as pd
from mlflow.models import infer_signature
from zoo import ZOO, frame, plain


class Scaled(mlflow.pyfunc.PythonModel):
    """A class with an artifact and a param."""

    def load_context(self, context: Any) -> None:
        self.factor = float(Path(context.artifacts["factor"]).read_text())

    def predict(self, context: Any, model_input: Any, params: dict[str, Any] | None = None) -> Any:
        return model_input["a"] * self.factor + (params or {}).get("shift", 0.0)


def save_zoo(folder: Path) -> dict[str, Any]:
    """Save the models that have a flavor of their own."""
    said = {}
    for name, (flavor, make) in ZOO.items():
        model, rows = make()
        place = folder / name
        if flavor == "pytorch":  # MLflow traces a module as it is, which would keep the dropout
            model.eval()
        options: dict[str, Any] = {"pip_requirements": ["mlflow", "pandas"]}
        if flavor == "keras":  # MLflow's keras can't save an example to a new folder
            options["signature"] = infer_signature(rows, model.predict(rows, verbose=0))
        else:
            options["input_example"] = rows
        if flavor == "sklearn" and hasattr(mlflow.sklearn, "SERIALIZATION_FORMAT_SKOPS"):
            options["skops_trusted_types"] = ["numpy.dtype"]
        if name == "xgboost-face":
            del options["pip_requirements"]  # one whose requirements MLflow finds by itself
        importlib.import_module(f"mlflow.{flavor}").save_model(model, str(place), **options)
        said[name] = rows
    return said


def save_python(folder: Path) -> dict[str, Any]:
    """Save a class and a function as python_function."""
    rows = frame()[0][:8]
    note = folder / "factor.txt"
    note.write_text("2.5")
    signature = infer_signature(rows, rows["a"], params={"shift": 1.5})
    common: dict[str, Any] = {"pip_requirements": ["mlflow", "pandas"]}
    mlflow.pyfunc.save_model(
        folder / "python-class",
        python_model=Scaled(),
        artifacts={"factor": str(note)},
        signature=signature,
        input_example=(rows, {"shift": 1.5}),
        metadata={"owner": "zoo"},
        **common,
    )
    mlflow.pyfunc.save_model(
        folder / "python-function", python_model=lambda model_input: model_input["a"] * 2, input_example=rows, **common
    )
    return {"python-class": rows, "python-function": rows}


def save_tensorflow(folder: Path) -> dict[str, Any]:
    """Save a module, where there is a TensorFlow."""
    if importlib.util.find_spec("tensorflow") is None:
        return {}
    import mlflow.tensorflow
    import tensorflow as tf

    rows = frame()[0][:8].to_numpy(dtype="float32")
    module = tf.Module()
    module.weight = tf.Variable([[1.0], [2.0], [3.0]])
    call = tf.function(lambda x: x @ module.weight, input_signature=[tf.TensorSpec([None, 3], tf.float32)])
    module.__call__ = call
    mlflow.tensorflow.save_model(
        module, folder / "tensorflow-module", signature=infer_signature(rows, rows[:, :1]), pip_requirements=["mlflow"]
    )
    return {"tensorflow-module": rows}


def described(place: Path, rows: Any) -> dict[str, Any]:
    """Tell what MLflow predicts, and what it reads of the folder."""
    model = mlflow.pyfunc.load_model(str(place))
    signature = model.metadata.signature
    example = model.metadata.load_input_example(str(place)) if model.metadata.saved_input_example_info else None
    return {
        "predictions": plain(model.predict(rows)),
        "shifted": plain(model.predict(rows, params={"shift": 7.0})) if place.name == "python-class" else None,
        "rows": plain(rows),
        "frame": isinstance(rows, pd.DataFrame),
        "signature": None if signature is None else signature.to_dict(),
        "example": None if example is None else plain(example),
        "requirements": (place / "requirements.txt").read_text().split(),
    }


def main() -> None:
    folder = Path(sys.argv[1])
    rows = save_zoo(folder) | save_python(folder) | save_tensorflow(folder)
    print(json.dumps({name: described(folder / name, given) for name, given in rows.items()}))


main()
