"""Loads the model of this package and predicts with it; `package.json` says which form its file has."""

from __future__ import annotations

import importlib
import json
import math
import os
import sys
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
_lock = threading.Lock()
_loaded: dict[str, Any] = {}


@cache
def about() -> dict[str, Any]:
    """What the package is: its name, the model's form, the columns that it takes."""
    found: dict[str, Any] = json.loads((HERE / "package.json").read_text(encoding="utf-8"))
    return found


def model_folder() -> Path:
    """Where the model lies; an environment variable points elsewhere, say to a model trained anew."""
    return Path(os.environ.get(f"{about()['name'].upper()}_PATH") or HERE / "model")


def load() -> Any:
    """The model itself, read once."""
    with _lock:
        key = str(model_folder())
        code = str(model_folder() / "code")
        if key not in _loaded:
            if os.path.isdir(code) and code not in sys.path:
                sys.path.append(code)
            _loaded[key] = _LOADERS[about()["flavor"]](model_folder())
        return _loaded[key]


def predict(data: Any, params: dict[str, Any] | None = None) -> Any:
    """Predict for a data frame, a list of records, a dictionary of columns, or an array, whichever the model takes.

    Raises ValueError with every fault of the data at once.
    """
    model, taken = load(), as_input(data)
    form = about()
    if form["flavor"] == "xgboost" and form.get("model_class") == "xgboost.core.Booster":
        import xgboost

        taken = xgboost.DMatrix(taken)
    if form["flavor"] == "pytorch":
        return _predict_with_torch(model, taken)
    call = getattr(model, form["predict_fn"], model)
    return call(taken) if not params else call(taken, params=params)


def example() -> Any:
    """A few rows that the model has seen, to try it with."""
    return as_input(_from_request(json.loads((HERE / "example.json").read_text(encoding="utf-8"))))


def expected() -> Any:
    """What the notebook's model predicted for the example."""
    return json.loads((HERE / "expected.json").read_text(encoding="utf-8"))


def as_plain(values: Any) -> Any:
    """Turn predictions into lists and numbers, as JSON has them."""
    if hasattr(values, "to_dict") and hasattr(values, "columns"):
        return values.to_dict(orient="records")
    if hasattr(values, "detach"):
        values = values.detach().cpu().numpy()
    if hasattr(values, "tolist"):
        return values.tolist()
    if isinstance(values, dict):
        return {str(key): as_plain(value) for key, value in values.items()}
    if isinstance(values, list | tuple):
        return [as_plain(value) for value in values]
    return values


def differences(found: Any, wanted: Any, place: str = "") -> list[str]:
    """Name where two plain values differ; numbers may differ in their last digits."""
    if not _is_number(found) or not _is_number(wanted):
        if isinstance(found, list) and isinstance(wanted, list) and len(found) == len(wanted):
            pairs = enumerate(zip(found, wanted, strict=True))
            return [line for i, (a, b) in pairs for line in differences(a, b, f"{place}[{i}]")]
        if isinstance(found, dict) and isinstance(wanted, dict) and found.keys() == wanted.keys():
            return [line for key in found for line in differences(found[key], wanted[key], f"{place}[{key!r}]")]
        return [] if found == wanted else [f"{place or 'all'}: {found!r:.80} is not {wanted!r:.80}"]
    if math.isclose(found, wanted, rel_tol=1e-6, abs_tol=1e-9) or (math.isnan(found) and math.isnan(wanted)):
        return []
    return [f"{place or 'all'}: {found!r:.80} is not {wanted!r:.80}"]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def check() -> list[str]:
    """Predict the example and hold it against what the notebook's model predicted; no line is good news."""
    return differences(json.loads(json.dumps(as_plain(predict(example())))), expected())


def as_input(data: Any) -> Any:
    """Bring data into the form that the model was trained on."""
    form = about()
    if form["input"] == "frame":
        return _as_frame(data, form["columns"])
    if form["input"] == "array":
        import numpy

        if hasattr(data, "to_numpy"):
            data = data.to_numpy()
        if isinstance(data, list) and data and isinstance(data[0], dict):
            data = [list(record.values()) for record in data]
        return numpy.asarray(data, dtype=form.get("dtype"))
    return data


def _as_frame(data: Any, columns: list[dict[str, Any]]) -> Any:
    import pandas

    names = [column["name"] for column in columns]
    frame = data if hasattr(data, "columns") else pandas.DataFrame(data)
    if list(frame.columns) == list(range(len(names))):
        frame = frame.set_axis(names, axis="columns")
    faults: list[str] = []
    taken: dict[str, Any] = {}
    for column in columns:
        name, dtype = column["name"], column["dtype"]
        if name not in frame.columns:
            faults.append(f"column {name!r} is missing")
            continue
        try:
            taken[name] = frame[name] if str(frame[name].dtype) == dtype else frame[name].astype(dtype)
        except (TypeError, ValueError) as error:
            faults.append(f"column {name!r} can't be {dtype}: {error}")
    if faults:
        raise ValueError("; ".join(faults))
    return pandas.DataFrame(taken, index=frame.index)


def _from_request(body: Any) -> Any:
    """Take the data out of a request of MLflow's scoring protocol."""
    known = ("dataframe_split", "dataframe_records", "instances", "inputs")
    given = [name for name in known if name in body] if isinstance(body, dict) else []
    if len(given) != 1:
        raise ValueError("the body must be a JSON object with exactly one of " + ", ".join(known))
    value = body[given[0]]
    if given[0] == "dataframe_split":
        names = value.get("columns")
        rows = value["data"]
        return rows if names is None else {name: [row[i] for row in rows] for i, name in enumerate(names)}
    return value


def answer(body: dict[str, Any]) -> dict[str, Any]:
    """Answer a request of the scoring protocol."""
    return {"predictions": as_plain(predict(_from_request(body), body.get("params")))}


# -- reading and writing the model's file, one pair for each form --------------------------------------------


def _load_sklearn(folder: Path) -> Any:
    form = about()
    path = folder / form["file"]
    if form["format"] == "skops":
        import skops.io

        return skops.io.load(path, trusted=form["trusted"])
    return _load_pickle(path)


def _load_pickle(path: Path) -> Any:
    import pickle

    with path.open("rb") as file:
        return pickle.load(file)


def _load_xgboost(folder: Path) -> Any:
    import xgboost

    name = about().get("model_class", "xgboost.core.Booster").rpartition(".")[2]
    model = getattr(xgboost, name)()
    model.load_model(folder / about()["file"])
    return model


def _load_lightgbm(folder: Path) -> Any:
    if about()["format"] in {"skops", "cloudpickle"}:
        return _load_sklearn(folder)
    import lightgbm

    return lightgbm.Booster(model_file=str(folder / about()["file"]))


def _load_pytorch(folder: Path) -> Any:
    import torch

    graph, pickled = folder / about()["file"] / "model.pt2", folder / about()["file"] / "model.pth"
    if graph.is_file():
        return torch.export.load(graph).module()
    return torch.load(pickled, map_location="cpu", weights_only=False).eval()


def _load_python(folder: Path) -> Any:
    return importlib.import_module(about()["loader"])._load_pyfunc(str(folder / about()["file"]))


def _predict_with_torch(model: Any, data: Any) -> Any:
    import torch

    given = data.to_numpy(dtype="float32") if hasattr(data, "columns") else data
    with torch.no_grad():
        return model(torch.as_tensor(given)).numpy()


_LOADERS: dict[str, Callable[[Path], Any]] = {
    "sklearn": _load_sklearn,
    "xgboost": _load_xgboost,
    "lightgbm": _load_lightgbm,
    "pytorch": _load_pytorch,
    "python_function": _load_python,
}


def save(model: Any, folder: str | Path) -> None:
    """Write a model trained anew in the form of this package's own, beside a copy of all else that belongs to it."""
    import shutil

    form = about()
    folder = Path(folder)
    if folder.resolve() != (HERE / "model").resolve():
        shutil.copytree(HERE / "model", folder, dirs_exist_ok=True)
    path = folder / form["file"]
    if form["flavor"] == "pytorch":
        _save_pytorch(model, path)
    elif form["flavor"] == "python_function":
        import cloudpickle

        (path / "python_model.pkl").write_bytes(cloudpickle.dumps(model))
    elif form["format"] == "skops":
        import skops.io

        skops.io.dump(model, path)
    elif form["format"] in {"cloudpickle", "pickle"}:
        import pickle

        path.write_bytes(pickle.dumps(model))
    else:
        model.save_model(str(path))
    with _lock:
        _loaded.clear()


def _save_pytorch(model: Any, folder: Path) -> None:
    import torch

    if (folder / "model.pth").is_file():
        torch.save(model, folder / "model.pth")
        return
    given = example()
    rows = torch.as_tensor(given.to_numpy(dtype="float32") if hasattr(given, "columns") else given)
    graph = torch.export.export(model.eval(), (rows,), dynamic_shapes=({0: torch.export.Dim.AUTO},))
    torch.export.save(graph, folder / "model.pt2")
