"""Holds data and params against a signature before a model sees them; every fault is told at once.

MLflow's rules: a missing column is a fault and a further one is left out, columns are put in order, and types are
widened only where nothing can be lost: int32 to int64 or float64, but not int64 to float64, and never to less.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jtrack.errors import SignatureError
from jtrack.registry.infer import is_array, is_sparse
from jtrack.registry.signature import ColSpec, ParamSpec, Schema, Signature, TensorSpec
from jtrack.registry.types import AnyType, Array, DataType, Map, Object, SparkVector, Type

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

_INT32, _INT64 = 2**31, 2**63
# A float64 holds every integer of up to 53 bits, hence those of 32.
_BYTES_IN_DOUBLE = 6


def enforce_inputs(data: Any, signature: Signature | None) -> Any:
    """Give data the form that a signature's inputs say.

    Parameters
    ----------
    data
        A data frame, array, dictionary or list; rows without names are taken in order.

    Returns
    -------
    Any
        A pandas data frame for columns, an array or a dictionary of arrays for tensors; ``data`` itself where the
        signature says nothing of inputs.

    Raises
    ------
    SignatureError
        The data don't fit; its ``faults`` has every fault.
    """
    schema = None if signature is None else signature.inputs
    if schema is None or not len(schema):
        return data
    return _enforce_tensors(data, schema) if schema.is_tensors else _enforce_columns(data, schema)


def enforce_params(params: Mapping[str, Any] | None, signature: Signature | None) -> dict[str, Any] | None:
    """Give params the types that a signature says, and the defaults of those that were not given.

    Returns
    -------
    dict[str, Any] | None
        ``None`` where the signature has no params and none were given.

    Raises
    ------
    SignatureError
        A param is unknown or not of its type; its ``faults`` has every fault.
    """
    schema = None if signature is None else signature.params
    if schema is None:
        if params:
            raise SignatureError(
                [f"the model takes no params, and {', '.join(map(repr, params))} was given"],
                "log the model with a signature that has them: infer_signature(x, y, params={…})",
            )
        return None
    known = {spec.name: spec for spec in schema}
    faults = [f"there is no param {name!r}" for name in params or {} if name not in known]
    values = {name: spec.default for name, spec in known.items()}
    for name, value in (params or {}).items():
        if name in known:
            try:
                values[name] = _param(value, known[name])
            except (TypeError, ValueError, OverflowError):
                faults.append(f"param {known[name]} was given {value!r}")
    if faults:
        raise SignatureError(faults, "it has: " + str(schema))
    return values


# -- columns ---------------------------------------------------------------------------------------


def _enforce_columns(data: Any, schema: Schema) -> Any:
    frame, faults = _as_frame(data, schema), []
    specs = _placed(schema, frame)
    missing = [repr(spec.name) for name, spec in specs if name is None and spec.required]
    if missing:
        further = [repr(name) for name in frame.columns if name not in {spec.name for spec in schema.columns}]
        beside = f" (there is {', '.join(further)})" if further else ""
        faults.append(f"missing {'columns' if len(missing) > 1 else 'column'} {', '.join(missing)}{beside}")
    columns = {}
    for name, spec in specs:
        if name is None:
            continue
        try:
            columns[name] = _column(frame[name], spec.type)
        except (TypeError, ValueError) as error:
            faults.append(f"column {name!r} {error}")
    if faults:
        raise SignatureError(faults)
    import pandas as pd

    return pd.DataFrame(columns, index=frame.index)


def _placed(schema: Schema, frame: pd.DataFrame) -> list[tuple[Any, ColSpec]]:
    """Find the column for each spec: by name, or in order where they have none; ``None`` where there is none."""
    if schema.has_names:
        return [(spec.name if spec.name in frame.columns else None, spec) for spec in schema.columns]
    if len(frame.columns) < len(schema):
        raise SignatureError([f"{len(schema)} columns are needed, and there are {len(frame.columns)}"])
    return list(zip(frame.columns, schema.columns, strict=False))


def _as_frame(data: Any, schema: Schema) -> pd.DataFrame:
    import pandas as pd

    if isinstance(data, pd.DataFrame):
        return data
    if type(data).__module__.partition(".")[0] == "polars":
        data = data.to_frame() if type(data).__name__ == "Series" else data
        return pd.DataFrame({name: data[name].to_list() for name in data.columns})
    names = [spec.name for spec in schema.columns] if schema.has_names else None
    try:
        if isinstance(data, pd.Series):
            return data.to_frame() if data.name in (names or []) or names is None else data.to_frame(names[0])
        if isinstance(data, Mapping):
            is_row = not any(isinstance(value, list | tuple | pd.Series) or is_array(value) for value in data.values())
            return pd.DataFrame([dict(data)]) if is_row else pd.DataFrame(dict(data))
        if is_sparse(data):
            data = data.toarray()
        rows = data if is_array(data) or isinstance(data, list) else [data]
        has_names = len(rows) and isinstance(rows[0], Mapping)
        return pd.DataFrame(rows) if has_names or names is None else pd.DataFrame(rows, columns=names)
    except (ValueError, TypeError) as error:
        raise SignatureError([f"a {type(data).__name__} is no table of {schema}: {error}"]) from None


def _column(column: pd.Series[Any], kind: Type) -> pd.Series[Any]:
    """Widen a column; raises ValueError with what is wrong, to be read after the column's name."""
    if isinstance(kind, AnyType):
        return column
    if isinstance(kind, DataType):
        return _scalars(column, kind)
    problem = next((one for value in column if (one := _unlike(value, kind)) is not None), None)
    if problem is not None:
        raise ValueError(f"has to be {kind}: {problem}")
    return column


def _scalars(column: pd.Series[Any], kind: DataType) -> pd.Series[Any]:
    if kind is DataType.datetime:
        return _times(column)
    if kind in (DataType.string, DataType.binary):
        return _texts(column, kind)
    dtype = getattr(column.dtype, "numpy_dtype", column.dtype)  # pandas' own integers may have holes
    if dtype.kind == "O":
        return _objects(column, kind)
    if not _can_widen(dtype, kind):
        holes = " (a hole makes integers float64: give pandas' Int64, or learn with a hole in the column)"
        raise ValueError(
            f"is {column.dtype} and has to be {kind}{holes if dtype.kind == 'f' and kind in _INTEGERS else ''}"
        )
    return column if dtype == kind.numpy_name or column.isna().any() else column.astype(kind.numpy_name)


_INTEGERS = (DataType.integer, DataType.long)


def _can_widen(dtype: np.dtype[Any], kind: DataType) -> bool:
    import numpy as np

    wanted = np.dtype(kind.numpy_name)
    if dtype.kind == wanted.kind:
        return dtype.itemsize <= wanted.itemsize
    if dtype.kind == "u" and wanted.kind == "i":
        return dtype.itemsize < wanted.itemsize
    if dtype.kind in "iu" and wanted.kind == "f":
        return dtype.itemsize <= (_BYTES_IN_DOUBLE if wanted.itemsize == 8 else 2)
    return False


def _objects(column: pd.Series[Any], kind: DataType) -> pd.Series[Any]:
    """Take plain Python values, as of a dictionary or a decimal column, where each of them fits."""
    problem = next((one for value in column if (one := _unlike(value, kind)) is not None), None)
    if problem is not None:
        raise ValueError(f"has to be {kind}: {problem}")
    return column if column.isna().any() and kind in _INTEGERS else column.astype(kind.numpy_name)


def _times(column: pd.Series[Any]) -> pd.Series[Any]:
    import pandas as pd

    if column.dtype.kind == "M":
        return column
    if column.dtype.kind in "iufb":
        raise ValueError(f"is {column.dtype} and has to be datetime")
    try:
        return pd.to_datetime(column)
    except (ValueError, TypeError):
        raise ValueError("has to be datetime, and has something else") from None


def _texts(column: pd.Series[Any], kind: DataType) -> pd.Series[Any]:
    if column.dtype.kind in "iufbM":
        raise ValueError(f"is {column.dtype} and has to be {kind}")
    problem = next((one for value in column if (one := _unlike(value, kind)) is not None), None)
    if problem is not None:
        raise ValueError(f"has to be {kind}: {problem}")
    return column


# -- single values ---------------------------------------------------------------------------------


def _unlike(value: Any, kind: Type) -> str | None:
    """Tell how a value is not of a type; ``None`` where it is, or where there is no value."""
    if isinstance(kind, AnyType) or _is_hole(value):
        return None
    if isinstance(kind, DataType):
        return None if _is_of(value, kind) else f"{value!r:.60} is not {kind}"
    if isinstance(kind, Array | SparkVector):
        return _unlike_array(value, kind.items if isinstance(kind, Array) else DataType.double)
    if not isinstance(value, Mapping):
        return f"{value!r:.60} is no dictionary"
    if isinstance(kind, Map):
        return next((one for item in value.values() if (one := _unlike(item, kind.values)) is not None), None)
    return _unlike_object(value, kind)


def _unlike_array(value: Any, items: Type) -> str | None:
    if not isinstance(value, list | tuple) and not is_array(value):
        return f"{value!r:.60} is no list"
    return next((one for item in value if (one := _unlike(item, items)) is not None), None)


def _unlike_object(value: Mapping[str, Any], kind: Object) -> str | None:
    known = {one.name: one for one in kind.properties}
    lost = [name for name, one in known.items() if one.required and name not in value]
    if lost:
        return f"{', '.join(map(repr, lost))} is missing"
    further = [name for name in value if name not in known]
    if further:
        return f"there is no {', '.join(map(repr, further))}"
    return next((one for name, item in value.items() if (one := _unlike(item, known[name].type)) is not None), None)


def _is_hole(value: Any) -> bool:
    return (
        value is None or type(value).__name__ in ("NAType", "NaTType") or (isinstance(value, float) and value != value)
    )


def _is_of(value: Any, kind: DataType) -> bool:
    import datetime
    import decimal
    import numbers

    value = value.item() if hasattr(value, "item") and not isinstance(value, datetime.datetime) else value
    if kind is DataType.boolean:
        return isinstance(value, bool)
    if kind in _INTEGERS:
        limit = _INT32 if kind is DataType.integer else _INT64
        return isinstance(value, int) and not isinstance(value, bool) and -limit <= value < limit
    if kind in (DataType.float, DataType.double):
        return isinstance(value, numbers.Real | decimal.Decimal) and not isinstance(value, bool)
    if kind is DataType.datetime:
        return isinstance(value, datetime.date)
    return isinstance(value, str) if kind is DataType.string else isinstance(value, bytes | bytearray)


def _param(value: Any, spec: ParamSpec) -> Any:
    if spec.shape:
        if not isinstance(value, list | tuple) and not is_array(value):
            raise TypeError("no list")
        return [_param_value(item, spec.type) for item in value]
    return _param_value(value, spec.type)


def _param_value(value: Any, kind: Type) -> Any:
    import datetime

    value = value.item() if hasattr(value, "item") else value
    if kind is DataType.datetime and isinstance(value, str):
        return datetime.datetime.fromisoformat(value)
    if value is not None and _unlike(value, kind) is not None:
        raise TypeError("another type")
    return float(value) if kind in (DataType.float, DataType.double) and value is not None else value


# -- tensors ---------------------------------------------------------------------------------------


def _enforce_tensors(data: Any, schema: Schema) -> Any:
    specs = schema.tensors
    if not schema.has_names:
        faults: list[str] = []
        found = _tensor(_array_of(data, specs[0]), specs[0], "the input", faults)
        if faults:
            raise SignatureError(faults)
        return found
    if not isinstance(data, Mapping) and not hasattr(data, "columns"):
        raise SignatureError([f"the model takes arrays by name: {schema}"])
    given = {name: data[name] for name in (data if isinstance(data, Mapping) else data.columns)}
    faults = [f"missing input {spec.name!r}" for spec in specs if spec.name not in given]
    arrays = {
        str(spec.name): _tensor(_array_of(given[spec.name], spec), spec, f"input {spec.name!r}", faults)
        for spec in specs
        if spec.name in given
    }
    if faults:
        raise SignatureError(faults)
    return arrays


def _array_of(data: Any, spec: TensorSpec) -> Any:
    import numpy as np

    if is_sparse(data) or is_array(data):
        return data
    if hasattr(data, "detach"):  # a tensor of torch
        return data.detach().cpu().numpy()
    if hasattr(data, "iloc"):
        values = data.to_numpy()
        if values.dtype.kind != "O":
            # A table of numbers has the width that pandas gave it, which says nothing.
            return values.astype(spec.dtype) if values.dtype.kind in "iuf" and spec.dtype[:3] == "flo" else values
        data = list(values)
    return np.asarray(data, dtype=spec.dtype if _is_number(spec.dtype) and _is_plain(data) else None)


def _is_number(dtype: str) -> bool:
    return dtype.startswith(("int", "uint", "float", "bool"))


def _is_plain(data: Any) -> bool:
    """Whether these are lists of Python's own numbers, which have no width."""
    while isinstance(data, list | tuple) and len(data):
        data = data[0]
    return isinstance(data, int | float)


def _tensor(found: Any, spec: TensorSpec, what: str, faults: list[str]) -> Any:
    import numpy as np

    if len(found.shape) != len(spec.shape) or any(
        wanted not in (-1, length) for wanted, length in zip(spec.shape, found.shape, strict=True)
    ):
        wanted = TensorSpec(spec.dtype, spec.shape)
        faults.append(f"{what} has the shape {tuple(found.shape)} and has to be {wanted}")
    if found.dtype == spec.dtype or (spec.dtype in ("str", "object") and found.dtype.kind in "UO"):
        return found
    if _is_number(spec.dtype) and np.can_cast(found.dtype, np.dtype(spec.dtype), "safe"):
        return found.astype(spec.dtype)
    faults.append(f"{what} is {found.dtype} and has to be {spec.dtype}")
    return found
