"""From asks to what the model takes: rows of several asks become one frame or array, with the signature's types.

Columns that are all numbers, the most usual kind, become one block at once; others are cast one by one, which tells
every fault. pandas is imported only where a model takes columns.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from jtrack.errors import InvalidInputError, SignatureError
from jtrack.registry.cast import array_of, cast_frame, frame_of
from jtrack.registry.serving.faults import bad_request
from jtrack.registry.serving.protocol import Ask, Form
from jtrack.registry.types import DataType

if TYPE_CHECKING:
    import pandas as pd

    from jtrack.registry.signature import Schema

_FLOATS = (DataType.double, DataType.float)


def join_asks(asks: Sequence[Ask]) -> Ask:
    """Make one ask of several that have the same ``join_key``, with all their rows in order."""
    if len(asks) == 1:
        return asks[0]
    first = asks[0]
    return Ask(
        first.form,
        list(chain.from_iterable(ask.content for ask in asks)),
        params=first.params,
        columns=first.columns,
        has_booleans=any(ask.has_booleans for ask in asks),
        field_name=first.field_name,
    )


def data_of(ask: Ask, schema: Schema | None) -> tuple[Any, bool]:
    """Make what the model takes, and tell whether it is just as the schema says; else that is still to be enforced.

    Raises
    ------
    RequestError
        The text is no table.
    InvalidInputError
        The rows are no table, or (as a SignatureError, with all faults) not of the types that the schema says.
    """
    block = _block_of(ask, schema)
    if block is not None:
        return block, True
    if ask.form is Form.rows:
        return _of_rows(ask, schema), False
    if ask.form is Form.records:
        return frame_of(ask.content, None, schema), False
    if ask.form is Form.csv:
        return _typed(_read_csv(ask.content, schema), schema), False
    if ask.form is Form.parquet:
        return _typed(_read_parquet(ask.content), schema), False
    if ask.form is Form.plain:
        return ask.content, False
    return _of_inputs(ask, schema), False


def _block_of(ask: Ask, schema: Schema | None) -> pd.DataFrame | None:
    """Make a frame at once of rows that have all the columns, in order, where these are floats of one kind."""
    if ask.form is not Form.rows or ask.has_booleans:
        return None
    columns = _names(ask, schema)
    if columns is None or not _is_floats(columns, schema):
        return None
    frame = _block(ask.content, columns, str(schema.columns[0].type.numpy_name))  # type: ignore[union-attr]
    return None if frame is None else _labelled(frame, ask)


def _of_rows(ask: Ask, schema: Schema | None) -> Any:
    if schema is not None and schema.is_tensors and ask.columns is None and ask.index is None:
        return array_of(ask.content, schema)
    return _labelled(frame_of(ask.content, _names(ask, schema), schema), ask)


def _names(ask: Ask, schema: Schema | None) -> Sequence[Any] | None:
    """Names of the columns: as the request says, else the signature's, in its order, where their number is the same."""
    if ask.columns is not None or schema is None or not ask.content or not schema.columns or not schema.has_names:
        return ask.columns
    width = len(ask.content[0]) if isinstance(ask.content[0], list) else 1
    return schema.input_names() if width == len(schema) else None


def _is_floats(columns: Sequence[Any], schema: Schema | None) -> bool:
    if schema is None or not schema.has_names or not schema.columns:
        return False
    kind = schema.columns[0].type
    if kind not in _FLOATS or any(spec.type is not kind for spec in schema.columns):
        return False
    return list(columns) == schema.input_names()


def _block(rows: list[Any], columns: Sequence[Any], dtype: str) -> pd.DataFrame | None:
    """One block of numbers as a frame; ``None`` where anything is not a number."""
    import numpy as np
    import pandas as pd

    try:
        block = np.asarray(rows)
    except ValueError:  # rows of several lengths
        return None
    if block.dtype.kind not in "if" or block.ndim != 2 or block.shape[1] != len(columns):
        return None
    return pd.DataFrame(block.astype(dtype, copy=False), columns=list(columns), copy=False)


def _labelled(frame: pd.DataFrame, ask: Ask) -> pd.DataFrame:
    if ask.index is not None:
        frame.index = ask.index
    return frame


def _of_inputs(ask: Ask, schema: Schema | None) -> Any:
    """``instances`` and ``inputs``: arrays, unless the signature has columns."""
    if schema is None or schema.is_tensors:
        return array_of(ask.content, schema)
    if isinstance(ask.content, dict):
        return _of_columns(ask.content, schema)
    if isinstance(ask.content, list) and ask.content and all(isinstance(item, dict) for item in ask.content):
        return frame_of(ask.content, None, schema)
    if not schema.has_names:
        return frame_of(ask.content if isinstance(ask.content, list) else [ask.content], None, schema)
    content = ask.content if isinstance(ask.content, list) else [ask.content]
    if len(schema) == 1 and not (content and isinstance(content[0], list) and _is_scalar(schema)):
        return _of_columns({schema.input_names()[0]: content}, schema)
    return _of_rows(Ask(Form.rows, content, has_booleans=ask.has_booleans), schema)


def _is_scalar(schema: Schema) -> bool:
    return isinstance(schema.columns[0].type, DataType)


def _of_columns(columns: dict[Any, Any], schema: Schema) -> pd.DataFrame:
    import pandas as pd

    lists = {name: values if isinstance(values, list) else [values] for name, values in columns.items()}
    lengths = {name: len(values) for name, values in lists.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name!r} has {length}" for name, length in lengths.items())
        raise InvalidInputError(f"the columns are not of one length: {told}")
    return cast_frame(pd.DataFrame({name: pd.Series(values) for name, values in lists.items()}), schema)


def _typed(frame: pd.DataFrame, schema: Schema | None) -> pd.DataFrame:
    return frame if schema is None else cast_frame(frame, schema)


def _read_csv(text: str, schema: Schema | None) -> pd.DataFrame:
    import pandas as pd

    # A column of texts stays one even if every text looks like a number: a postcode keeps its zero.
    texts = [] if schema is None else [spec.name for spec in schema.columns if spec.type is DataType.string]
    try:
        return pd.read_csv(io.StringIO(text), dtype=dict.fromkeys(texts, str))
    except (ValueError, OverflowError) as error:
        raise bad_request(
            "Failed to parse input as a Pandas DataFrame. Ensure that the input is a valid CSV-formatted Pandas "
            f"DataFrame produced using the `pandas.DataFrame.to_csv()` method. Error: {error}"
        ) from None


def _read_parquet(body: bytes) -> pd.DataFrame:
    import pandas as pd

    try:
        return pd.read_parquet(io.BytesIO(body))
    except ImportError:
        raise bad_request("This server can't read Parquet: it lacks pyarrow. Send CSV or JSON.") from None
    except Exception as error:  # pyarrow has errors of its own for every way in which a file is none
        raise bad_request(
            "Failed to parse input as a Pandas DataFrame. Ensure that the input is a valid Parquet Pandas DataFrame "
            f"produced using the `pandas.DataFrame.to_parquet()` method. Error: {str(error).splitlines()[0][:200]}"
        ) from None


def faults_of(error: InvalidInputError) -> list[str]:
    """All faults that an error tells."""
    return error.faults if isinstance(error, SignatureError) else [error.message]
