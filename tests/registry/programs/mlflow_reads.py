"""Run in an environment with MLflow and without jtrack: opens every model in a folder and predicts its rows.

Arguments: the folder. Says, as JSON, for each model what MLflow predicts and how it reads signature and example; or
the error that it met.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import traceback
from pathlib import Path
from typing import Any

import mlflow.pyfunc
from zoo import frame, plain

assert importlib.util.find_spec("jtrack") is None, "this environment has jtrack"


def described(place: Path) -> dict[str, Any]:
    """Tell what MLflow predicts for the model's own example, and what else it reads."""
    try:
        model = mlflow.pyfunc.load_model(str(place))
        example = model.metadata.load_input_example(str(place))
        signature = model.metadata.signature
        return {
            "predictions": plain(model.predict(example)),
            "shifted": plain(model.predict(example, params={"shift": 7.0})) if signature.params else None,
            "example": plain(example),
            "signature": signature.to_dict(),
            "native": native(place),
            "metadata": model.metadata.metadata,
            "model_uuid": model.metadata.model_uuid,
        }
    except Exception:
        return {"error": traceback.format_exc()}


def native(place: Path) -> str | None:
    """Tell the class that the flavor's own module loads; ``None`` where this MLflow can't."""
    model = mlflow.models.Model.load(str(place))
    name = next((one for one in model.flavors if one != "python_function"), None)
    if name is None:
        return None
    try:
        return type(importlib.import_module(f"mlflow.{name}").load_model(str(place))).__name__
    except Exception:
        return None


def main() -> None:
    frame()
    places = sorted(path for path in Path(sys.argv[1]).iterdir() if (path / "MLmodel").is_file())
    print(json.dumps({place.name: described(place) for place in places}))


main()
