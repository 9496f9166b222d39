"""Gives values that came as JSON or CSV the types that a signature says: there, every number is just a number.

What is wanted is tried, not guessed: a text in a column of numbers is a fault, and all faults are told at once.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from jtrack.errors import InvalidInputError, SignatureError
from jtrack.registry.enforce import enforce_inputs
from jtrack.registry.signature import ColSpec, Schema, Signature
from jtrack.registry.types import DataType

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

_NUMERIC = {DataType.integer, DataType.long, DataType.float, DataType.double}


def frame_of(rows: Any, columns: Sequence[Any] | None = None, schema: Schema | None = None) -> pd.DataFrame:
    """Make a data frame of rows as JSON has them.

    Parameters
    ----------
    rows
        A list of lists, or of dictionaries.
    columns
        Their names; ``None`` takes those of the dictionaries, else counts.
    schema
        The inputs of the signature; a column that it names gets its type.

    Raises
    ------
    InvalidInputError
        The rows are no table.
    SignatureError
        Values are not of the type that the schema says; every such column is told.
    """
    import pandas as pd

    try:
        frame = pd.DataFrame(rows, columns=None if columns is None else list(columns))
    except (ValueError, TypeError, AssertionError) as error:
        raise InvalidInputError(f"the data are no table: {error}") from None
    return frame if schema is None else cast_frame(frame, schema)


def cast_frame(frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Give the columns of a frame that came as JSON or CSV the types that a schema says.

    Columns that the schema doesn't name, or that are missing, are left to the enforcement of the signature.
    """
    if schema.is_tensors:
        return _cast_to_tensor(frame, schema)
    named = schema.columns if schema.has_names else _by_position(schema.columns, list(frame.columns))
    faults: dict[Any, str] = {}
    cast = frame.copy(deep=False)
    for spec in named:
        if spec.name not in frame.columns or not isinstance(spec.type, DataType):
            continue
        try:
            cast[spec.name] = _cast_column(frame[spec.name], spec.type)
        except (ValueError, TypeError, OverflowError, binascii.Error) as error:
            faults[spec.name] = f"column {spec.name!r} is not {spec.type}: {_short(error)}"
    if faults:
        raise _with_others(faults, cast.drop(columns=list(faults)), schema)
    return cast


def array_of(values: Any, schema: Schema | None = None) -> Any:
    """Make an array, or a dictionary of arrays, of nested lists as JSON has them.

    Raises
    ------
    SignatureError
        The values are not of the dtype that the schema says.
    """
    import numpy as np

    tensors = [] if schema is None else schema.tensors
    if isinstance(values, dict):
        dtypes = {spec.name: spec.dtype for spec in tensors}
        faults, arrays = {}, {}
        for name, value in values.items():
            try:
                arrays[name] = np.asarray(value, dtype=_dtype(dtypes.get(name)))
            except (ValueError, TypeError) as error:
                faults[name] = f"input {name!r} is not {dtypes.get(name)}: {_short(error)}"
        if faults:
            raise _with_others(faults, arrays, schema)
        return arrays
    dtype = tensors[0].dtype if len(tensors) == 1 else None
    try:
        return np.asarray(values, dtype=_dtype(dtype))
    except (ValueError, TypeError) as error:
        raise SignatureError([f"the input is not {dtype or 'an array'}: {_short(error)}"]) from None


def _with_others(faults: dict[Any, str], rest: Any, schema: Schema | None) -> SignatureError:
    """Tell what could not be cast, and what is wrong with everything else: all at once."""
    if schema is None or not schema.has_names:
        return SignatureError(list(faults.values()))
    others = Schema(tuple(spec for spec in schema if spec.name not in faults))
    try:
        enforce_inputs(rest, Signature(inputs=others))
    except SignatureError as error:
        return SignatureError([*error.faults, *faults.values()])
    return SignatureError(list(faults.values()))


def _dtype(name: str | None) -> np.dtype[Any] | None:
    import numpy as np

    return None if name is None else np.dtype(name)


def _by_position(specs: list[ColSpec], names: list[Any]) -> list[ColSpec]:
    return [ColSpec(spec.type, name, spec.required) for spec, name in zip(specs, names, strict=False)]


def _cast_column(column: pd.Series[Any], kind: DataType) -> pd.Series[Any]:
    import pandas as pd

    if kind is DataType.binary:
        return column.map(lambda text: base64.b64decode(text) if isinstance(text, str) else text)
    if kind is DataType.datetime:
        return pd.to_datetime(column).astype("datetime64[ns]")
    if kind is DataType.string:
        return column
    if kind in _NUMERIC:
        return _cast_numbers(column, kind)
    if column.dtype == object and column.isna().any():
        return column
    if not column.isin([True, False]).all():
        raise ValueError(f"{column[~column.isin([True, False])].iloc[0]!r}")
    return column.astype(bool)


def _cast_numbers(column: pd.Series[Any], kind: DataType) -> pd.Series[Any]:
    import pandas as pd

    if column.dtype.kind == "b":
        raise ValueError("it is boolean")
    if column.dtype.kind not in "iuf":
        if any(isinstance(value, str) for value in column):
            raise ValueError(f"{next(value for value in column if isinstance(value, str))!r}")
        column = pd.to_numeric(column)
    if kind in (DataType.float, DataType.double):
        return column.astype(kind.numpy_name)
    if column.dtype.kind == "f":
        if column.isna().any():
            return column  # an integer can't be missing: the enforcement says so, with a hint
        if not (column == column.round()).all():
            raise ValueError(f"{column[column != column.round()].iloc[0]!r} is no whole number")
    import numpy as np

    limits = np.iinfo(kind.numpy_name)
    if len(column) and (column.min() < limits.min or column.max() > limits.max):
        raise ValueError(f"it goes beyond {limits.min} … {limits.max}")
    return column.astype(kind.numpy_name)


def _cast_to_tensor(frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Give numbers of a frame the dtype of the tensor that they will be stacked to."""
    if len(schema.tensors) != 1 or schema.has_names:
        return frame
    dtype = schema.tensors[0].dtype
    flat = [name for name in frame.columns if frame[name].dtype.kind in "biuf"]
    try:
        return frame.astype(dict.fromkeys(flat, dtype))
    except (ValueError, TypeError) as error:
        raise SignatureError([f"the input is not {dtype}: {_short(error)}"]) from None


def _short(error: BaseException) -> str:
    return str(error).splitlines()[0][:200]
