"""A model's input example: data that are known to work, as JSON beside the model, in MLflow's two files.

``input_example.json`` has the data alone, ``serving_input_example.json`` the body of a request with them.
Missing numbers are written as null, bytes as base64, times as ISO texts.
"""

from __future__ import annotations

import base64
import datetime
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jtrack.errors import InvalidInputError, InvalidModelError
from jtrack.registry.infer import infer_params, is_array, is_missing, is_sparse
from jtrack.registry.model import Model

EXAMPLE_FILE = "input_example.json"
SERVING_FILE = "serving_input_example.json"
MAX_ROWS = 1000


@dataclass(frozen=True)
class InputExample:
    """Data that a model takes, with the params of that call if there were any."""

    data: Any
    params: dict[str, Any] | None = None

    @classmethod
    def of(cls, given: Any) -> InputExample:
        """Take an example as users give it: the data, or a pair of data and params."""
        if isinstance(given, tuple) and len(given) == 2 and isinstance(given[1], dict):
            infer_params(given[1])
            return cls(given[0], dict(given[1]))
        return cls(given)

    def save(self, folder: Path) -> dict[str, Any]:
        """Write both files and return what ``MLmodel`` says of them.

        Raises
        ------
        InvalidInputError
            The data have no form in JSON, or are a data set rather than an example.
        """
        _check_small(self.data)
        info, data, serving = _forms(self.data)
        if self.params is not None:
            info["params"] = "true"
            data = {"inputs": data, "params": self.params}
            serving = {**serving, "params": self.params}
        info = {"artifact_path": EXAMPLE_FILE, **info, "serving_input_path": SERVING_FILE}
        (folder / EXAMPLE_FILE).write_text(to_json(data), encoding="utf-8")
        (folder / SERVING_FILE).write_text(to_json(serving, indent=2), encoding="utf-8")
        return info


def serving_body(data: Any, params: Mapping[str, Any] | None = None) -> str:
    """Give data the form of the body of a request to a scoring server.

    Raises
    ------
    InvalidInputError
        Something in them has no form in JSON.
    """
    _, _, serving = _forms(data)
    return to_json(serving if params is None else {**serving, "params": dict(params)})


def load_input_example(folder: str | Path, model: Model | None = None) -> Any | None:
    """Read the data of a model's input example, with the types that its signature says.

    Returns
    -------
    Any | None
        A data frame, array, dictionary …, as it was given; ``None`` where the model has no example.

    Raises
    ------
    InvalidModelError
        The files are not what ``MLmodel`` says.
    """
    found = _read(Path(folder), model or Model.load(folder))
    return None if found is None else found.data


def load_example_params(folder: str | Path, model: Model | None = None) -> dict[str, Any] | None:
    """Read the params of a model's input example; ``None`` where it has none."""
    found = _read(Path(folder), model or Model.load(folder))
    return None if found is None else found.params


def to_json(data: Any, indent: int | None = None) -> str:
    """Render as JSON, with numpy's, pandas's and polars's values as plain ones; no NaN, which is not JSON.

    Raises
    ------
    InvalidInputError
        Something in it has no form in JSON.
    """
    try:
        return json.dumps(_plain(data), default=_encode, indent=indent, allow_nan=False, ensure_ascii=False)
    except (TypeError, ValueError) as error:
        raise InvalidInputError(f"the input example has no form in JSON: {error}") from None


def _forms(data: Any) -> tuple[dict[str, Any], Any, dict[str, Any]]:
    """Tell the kind of the example, the data as plain values, and the request with them."""
    if _is_frame(data):
        split = _split(data)
        orient = "split" if "columns" in split else "values"
        return {"type": "dataframe", "pandas_orient": orient}, split, {"dataframe_split": split}
    if is_sparse(data):
        parts = {"data": data.data, "indices": data.indices, "indptr": data.indptr, "shape": list(data.shape)}
        return {"type": f"sparse_matrix_{data.format}"}, parts, {"inputs": data.toarray()}
    if is_array(data) or (isinstance(data, Mapping) and data and all(map(is_array, data.values()))):
        return {"type": "ndarray"}, data, {"inputs": data}
    return {"type": "json_object"}, data, {"inputs": data}


def _is_frame(data: Any) -> bool:
    root = type(data).__module__.partition(".")[0]
    return root in ("pandas", "polars") and type(data).__name__ in ("DataFrame", "Series")


def _split(data: Any) -> dict[str, Any]:
    """Lay a data frame out in rows; the names of columns that were only counted are left out."""
    if type(data).__name__ == "Series":
        data = data.to_frame()
    columns = [str(name) if not isinstance(name, int) else name for name in data.columns]
    rows = data.rows() if type(data).__module__.startswith("polars") else data.to_numpy(dtype=object).tolist()
    split: dict[str, Any] = {"columns": columns, "data": [[_plain(value) for value in row] for row in rows]}
    if columns == list(range(len(columns))):
        del split["columns"]
    return split


def _read(folder: Path, model: Model) -> InputExample | None:
    info = model.saved_input_example_info
    if info is None:
        return None
    file = folder / str(info.get("artifact_path", EXAMPLE_FILE))
    try:
        form = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidModelError(f"the input example {file} can't be read: {error}") from None
    params = None
    if info.get("params"):
        form, params = form["inputs"], form["params"]
    schema = None if model.signature is None else model.signature.inputs
    return InputExample(_typed(form, str(info.get("type")), schema), params)


def _typed(form: Any, kind: str, schema: Any) -> Any:
    from jtrack.registry.cast import array_of, frame_of

    if kind == "dataframe":
        if isinstance(form, dict):
            return frame_of(form["data"], form.get("columns"), schema)
        return frame_of(form, None, schema)  # MLflow 1 wrote bare rows for pandas_orient "values"
    if kind == "ndarray":
        return array_of(form, schema)
    if kind.startswith("sparse_matrix_"):
        from scipy import sparse

        matrix = sparse.csr_matrix if kind.endswith("csr") else sparse.csc_matrix
        return matrix((form["data"], form["indices"], form["indptr"]), shape=tuple(form["shape"]))
    return form


def _check_small(data: Any) -> None:
    n_rows = data.shape[0] if getattr(data, "shape", ()) else len(data) if isinstance(data, list) else 0
    if n_rows > MAX_ROWS:
        raise InvalidInputError(
            f"the input example has {n_rows} rows: it is kept as text, and every reader would wait for it",
            "give a few rows: input_example=X[:5]",
        )


def _plain(value: Any) -> Any:
    """Turn what json would write as NaN, or not at all, into what JSON has."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if is_array(value):
        return _plain(value.tolist())
    return None if is_missing(value) else value


def _encode(value: Any) -> Any:
    if isinstance(value, bytes | bytearray):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if type(value).__name__ == "datetime64":
        return str(value)
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        return _plain(value.item())
    if hasattr(value, "model_dump"):
        return value.model_dump()
    raise TypeError(f"a {type(value).__module__}.{type(value).__name__}")
