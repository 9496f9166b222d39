"""Data sets as a run's inputs: a table's or array's name, digest, schema and size, from nothing but its values.

Pandas, polars and numpy are told by the names of their classes, so that none is imported to find out that a value is
not one of its own. Equal contents have equal digests in every process; for polars, as long as its version is the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from jtrack.entities import DatasetInput
from jtrack.errors import InvalidInputError
from jtrack.values import check_key

_MOST_BYTES = 256_000_000  # larger arrays are told by their ends
_ENDS_BYTES = 32_000_000
_DIGITS = 12


def describe_data(value: Any, name: str, context: str | None = None) -> DatasetInput | None:
    """Describe a table or an array; ``None`` where it is neither.

    Parameters
    ----------
    name
        What it is called: a variable's name, a file's.
    context
        What it is for: ``"train"``, ``"test"``.
    """
    kind = _kind_of(value)
    if kind is None:
        return None
    digest, schema = _READERS[kind](value)
    profile = {"n_rows": int(value.shape[0]) if value.ndim else 1} if kind == "numpy" else {"n_rows": len(value)}
    return DatasetInput(name, digest, context, kind, json.dumps(schema), json.dumps(profile))


def log_input(
    dataset: Any, context: str | None = None, tags: Mapping[str, str] | None = None, *, name: str = "dataset"
) -> None:
    """Keep with the active run which data it read; starts a run where none is active.

    Parameters
    ----------
    dataset
        A data frame or series (pandas, polars), an array, or a :class:`~jtrack.entities.DatasetInput`. Its values are
        not kept, only their digest, their types and how many rows there are.
    context
        What it is for: ``"train"``, ``"test"``.
    tags
        MLflow's way to say the context: ``{"mlflow.data.context": "train"}``.
    name
        What it is called.

    Raises
    ------
    InvalidInputError
        It is neither a table nor an array.
    """
    from jtrack import tracking

    context = context or (tags or {}).get("mlflow.data.context")
    found = dataset if isinstance(dataset, DatasetInput) else describe_data(dataset, check_key("input", name), context)
    if found is None:
        raise InvalidInputError(
            f"{type(dataset).__name__} is no table and no array", "log files with log_artifact, words with set_tag"
        )
    run = tracking.active_run() or tracking.start_run()
    run.log_input(found)


def _kind_of(value: Any) -> str | None:
    for kind in type(value).__mro__:
        home, name = kind.__module__.partition(".")[0], kind.__name__
        if (home, name) in {
            ("pandas", "DataFrame"),
            ("pandas", "Series"),
            ("polars", "DataFrame"),
            ("polars", "Series"),
        }:
            return home
        if (home, name) == ("numpy", "ndarray"):
            return home
    return None


def _read_pandas(value: Any) -> tuple[str, dict[str, str]]:
    import pandas

    frame = value.to_frame() if value.ndim == 1 else value
    try:
        rows = pandas.util.hash_pandas_object(frame, index=True).to_numpy().tobytes()
    except TypeError:  # lists and such in cells can't be hashed
        rows = frame.to_json(default_handler=str).encode()
    schema = {str(name): str(kind) for name, kind in frame.dtypes.items()}
    return _digest(json.dumps(schema).encode(), rows), schema


def _read_polars(value: Any) -> tuple[str, dict[str, str]]:
    frame = value.to_frame() if value.__class__.__name__ == "Series" else value
    schema = {str(name): str(kind) for name, kind in frame.schema.items()}
    rows = frame.hash_rows(seed=0).to_numpy().tobytes()
    return _digest(json.dumps(schema).encode(), rows), schema


def _read_numpy(value: Any) -> tuple[str, dict[str, Any]]:
    schema = {"dtype": str(value.dtype), "shape": [int(length) for length in value.shape]}
    if value.dtype.hasobject:
        return _digest(json.dumps(schema).encode(), repr(value.tolist()).encode("utf-8", "replace")), schema
    flat = value.reshape(-1) if value.flags.c_contiguous else value.flatten()
    raw = flat.view("uint8") if flat.size else flat
    pieces = [raw] if value.nbytes <= _MOST_BYTES else [raw[:_ENDS_BYTES], raw[-_ENDS_BYTES:]]
    return _digest(json.dumps(schema).encode(), *(piece.tobytes() for piece in pieces)), schema


def _digest(*parts: bytes) -> str:
    whole = hashlib.sha256()
    for part in parts:
        whole.update(len(part).to_bytes(8, "little"))
        whole.update(part)
    return whole.hexdigest()[:_DIGITS]


_READERS = {"pandas": _read_pandas, "polars": _read_polars, "numpy": _read_numpy}
