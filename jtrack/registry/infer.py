"""Infers the schema of data, by MLflow's rules: arrays are tensors, everything else is columns.

A scalar's type comes from its class, a data frame's column's from its dtype and, where that says nothing
("object"), from the values. Integers keep their width, since widening is allowed later and narrowing is not.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from jtrack.errors import InvalidInputError
from jtrack.registry.signature import ColSpec, ParamSchema, ParamSpec, Schema, TensorSpec
from jtrack.registry.types import AnyType, Array, DataType, Object, Property, Type, merge_types, object_of

_BY_CLASS = {
    "bool": DataType.boolean,
    "int": DataType.long,
    "float": DataType.double,
    "str": DataType.string,
    "bytes": DataType.binary,
    "bytearray": DataType.binary,
}

_BY_POLARS = {
    **dict.fromkeys(["Int8", "Int16", "Int32", "UInt8", "UInt16"], DataType.integer),
    **dict.fromkeys(["Int64", "UInt32"], DataType.long),
    **dict.fromkeys(["String", "Utf8", "Categorical", "Enum"], DataType.string),
    **dict.fromkeys(["Date", "Datetime"], DataType.datetime),
    "Float32": DataType.float,
    "Float64": DataType.double,
    "Boolean": DataType.boolean,
    "Binary": DataType.binary,
}


def infer_schema(data: Any) -> Schema:
    """Infer the schema of a model's input or output; see :func:`jtrack.models.infer_signature`.

    Raises
    ------
    InvalidInputError
        Something in it has no type that a signature knows; every such column is named.
    """
    library, kind = type(data).__module__.partition(".")[0], type(data).__name__
    if library == "pandas" and kind == "DataFrame":
        return _schema_of((name, data[name], _pandas_type) for name in data.columns)
    if library == "pandas" and kind == "Series":
        return _schema_of([(data.name, data, _pandas_type)])
    if library == "polars" and kind in ("DataFrame", "Series"):
        columns = data.get_columns() if kind == "DataFrame" else [data]
        return _schema_of((column.name, column, _polars_type) for column in columns)
    if is_array(data) or is_sparse(data):
        return Schema((tensor_spec(data),))
    if isinstance(data, Mapping):
        return _schema_of_mapping(data)
    if isinstance(data, list) and data and all(isinstance(row, Mapping) for row in data):
        return _schema_of_records(data)
    if isinstance(data, list | tuple):
        kind_of_all = _type_of_items(list(data)) if len(data) else DataType.string
        return Schema((ColSpec(kind_of_all),))
    return Schema((ColSpec(type_of(data)),))


def infer_params(params: Mapping[str, Any]) -> ParamSchema:
    """Infer the schema of params from the values that hold when nobody says otherwise.

    Raises
    ------
    InvalidInputError
        A value is no scalar, list of scalars or dictionary.
    """
    if not isinstance(params, Mapping):
        raise InvalidInputError(f"params are a dictionary, not a {type(params).__name__}", "params={'top_k': 3}")
    return ParamSchema(tuple(_param_spec(str(name), value) for name, value in params.items()))


def is_array(data: Any) -> bool:
    """Whether it is a numpy array, told without importing numpy."""
    return type(data).__module__ == "numpy" and type(data).__name__ in ("ndarray", "matrix", "memmap")


def is_sparse(data: Any) -> bool:
    """Whether it is a sparse matrix of scipy in rows or columns."""
    return type(data).__module__.startswith("scipy.sparse") and getattr(data, "format", None) in ("csr", "csc")


def tensor_spec(data: Any, name: str | None = None) -> TensorSpec:
    """Describe an array: its dtype without the lengths of texts, its shape with the first length left open."""
    if getattr(data, "ndim", 0) == 0:
        raise InvalidInputError("an array without dimensions can't be a tensor", "give its value: array.item()")
    return TensorSpec(dtype_name(data.dtype), (-1, *data.shape[1:]), name)


def dtype_name(dtype: Any) -> str:
    """Name a numpy dtype as a signature does: ``str`` and ``bytes`` whatever their length."""
    return {"U": "str", "S": "bytes"}.get(dtype.kind, str(dtype.name))


def is_missing(value: Any) -> bool:
    """Whether a value stands for none: ``None``, NaN, NaT, NA."""
    if value is None:
        return True
    if isinstance(value, float):
        return math.isnan(value)
    return type(value).__name__ in ("NAType", "NaTType")


def type_of(value: Any) -> Type:
    """Tell the type of one value.

    Raises
    ------
    InvalidInputError
        A signature has no type for it.
    """
    if is_missing(value) or (isinstance(value, list | Mapping) and not value):
        return AnyType()
    if isinstance(value, Mapping):
        return object_of(_property(key, item) for key, item in value.items())
    if isinstance(value, list | tuple) or (is_array(value) and value.ndim > 0):
        return Array(_type_of_items(list(value)))
    kind = _scalar_type(value)
    if kind is None:
        raise InvalidInputError(f"a signature has no type for a {type(value).__module__}.{type(value).__name__}")
    return kind


def _schema_of(columns: Iterable[tuple[Any, Any, Callable[[Any], Type]]]) -> Schema:
    """Make a schema of (name, values, how to tell their type); every column without a type is told at once."""
    specs, faults = [], []
    for name, values, tell in columns:
        try:
            specs.append(ColSpec(tell(values), _plain_name(name), not _has_missing(values)))
        except InvalidInputError as error:
            faults.append(f"column {name!r}: {error.message}")
    if faults:
        raise InvalidInputError(
            "no signature can be inferred: " + "; ".join(faults),
            "leave these columns out, turn them into numbers or text, or give the signature yourself",
        )
    return Schema(tuple(specs))


def _schema_of_mapping(data: Mapping[Any, Any]) -> Schema:
    if any(not isinstance(key, str) for key in data):
        raise InvalidInputError("the names of inputs are text", "give a dictionary with text keys")
    if data and all(is_array(value) for value in data.values()):
        return Schema(tuple(tensor_spec(value, name) for name, value in data.items()))
    return _schema_of((name, value, type_of) for name, value in data.items())


def _schema_of_records(rows: list[Mapping[str, Any]]) -> Schema:
    columns: dict[str, list[Any]] = {}
    for row in rows:
        for name, value in row.items():
            columns.setdefault(name, []).append(value)
    schema = _schema_of((name, values, _type_of_items) for name, values in columns.items())
    complete = {name for name in columns if all(not is_missing(row.get(name)) for row in rows)}
    return Schema(tuple(ColSpec(spec.type, spec.name, spec.name in complete) for spec in schema.columns))


def _pandas_type(column: Any) -> Type:
    if getattr(column, "ndim", 1) != 1:
        raise InvalidInputError("two columns have this name")
    if column.dtype.kind == "O":
        column = column.infer_objects()
    if column.dtype.kind == "O":
        return _type_of_items(column.to_list())
    return _numpy_type(column.dtype)


def _polars_type(column: Any) -> Type:
    known = _BY_POLARS.get(type(column.dtype).__name__ if not isinstance(column.dtype, type) else column.dtype.__name__)
    return known or _type_of_items(column.to_list())


def _type_of_items(values: Iterable[Any]) -> Type:
    """Tell the type that all values fit."""
    merged: Type | None = None
    for value in values:
        kind = type_of(value)
        merged_now = kind if merged is None else merge_types(merged, kind)
        if merged_now is None:
            raise InvalidInputError(f"it mixes {merged} and {kind}")
        merged = merged_now
    return AnyType() if merged is None else merged


def _numpy_type(dtype: Any) -> DataType:
    kind, size = dtype.kind, dtype.itemsize
    if kind in "iu":
        if size < 4 or (kind == "i" and size == 4):
            return DataType.integer
        if size < 8 or kind == "i":
            return DataType.long
    elif kind == "f" and size <= 8:
        return DataType.float if size <= 4 else DataType.double
    elif kind in "bUSM":
        return {"b": DataType.boolean, "U": DataType.string, "S": DataType.binary, "M": DataType.datetime}[kind]
    raise InvalidInputError(f"a signature has no type for {dtype}")


def _scalar_type(value: Any) -> DataType | None:
    known = _BY_CLASS.get(type(value).__name__) if type(value).__module__ == "builtins" else None
    if known is not None:
        return known
    if isinstance(value, datetime.date):
        return DataType.datetime
    if hasattr(value, "dtype") and getattr(value, "ndim", 0) == 0:
        return _numpy_type(value.dtype)
    # Subclasses, such as the text enums of a user.
    return next((_BY_CLASS[base.__name__] for base in (bool, int, float, str, bytes) if isinstance(value, base)), None)


def _property(key: Any, value: Any) -> Property:
    kind = type_of(value)
    return Property(str(key), kind, required=not isinstance(kind, AnyType))


def _param_spec(name: str, value: Any) -> ParamSpec:
    if is_array(value):
        value = value.tolist()
    kind = type_of(tuple(value) if isinstance(value, list) else value)
    shape = None
    if isinstance(kind, Array):
        kind, shape, value = kind.items, (-1,), [_plain(item) for item in value]
    if not isinstance(kind, DataType | Object) or kind is DataType.binary:
        raise InvalidInputError(
            f"param {name!r} is a {type(value).__name__}", "a param is a number, a text, a time, a list or a dictionary"
        )
    return ParamSpec(name, kind, _plain(value), shape)


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "dtype") and hasattr(value, "item") else value


def _plain_name(name: Any) -> Any:
    return _plain(name) if name is None or isinstance(name, str) else _number_or_text(_plain(name))


def _number_or_text(name: Any) -> Any:
    return name if isinstance(name, int) else str(name)


def _has_missing(values: Any) -> bool:
    if hasattr(values, "isna"):
        return bool(values.isna().any())
    if hasattr(values, "null_count"):
        return bool(values.null_count())
    return any(map(is_missing, values)) if isinstance(values, list) else is_missing(values)
