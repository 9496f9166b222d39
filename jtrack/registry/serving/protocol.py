"""MLflow's scoring protocol, read: the bytes of a body become a typed ``Ask``, or an error that says what is wrong.

Pure, and without pandas or numpy: rows stay lists until several asks were joined, since a frame of sixteen rows costs
what a frame of one does.
"""

from __future__ import annotations

import json
from collections.abc import Hashable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson

from jtrack.registry.serving.faults import BAD_REQUEST, RequestError, bad_request, unsupported

CSV, JSON, PARQUET = "text/csv", "application/json", "application/vnd.apache.parquet"
CONTENT_TYPES = [CSV, JSON, PARQUET]
FORMATS = ("dataframe_split", "dataframe_records", "instances", "inputs")
_LLM_KEYS = frozenset({"messages", "prompt", "input"})
_FIELDS_NEEDED = "The input must be a JSON dictionary with exactly one of the input fields " + (
    "{" + ", ".join(repr(name) for name in FORMATS) + "}"
)


class Form(StrEnum):
    """What an ask's ``content`` is."""

    rows = "rows"
    """A list of rows, each a list as long as ``columns``; without ``columns``, in the signature's order."""
    records = "records"
    """A list of dictionaries that differ in their keys."""
    columns = "columns"
    """A dictionary of columns, or of arrays."""
    array = "array"
    """Nested lists, or one value."""
    plain = "plain"
    """A dictionary for the model as it is: the body of a chat or a completion."""
    csv = "csv"
    parquet = "parquet"


@dataclass(slots=True)
class Ask:
    """One request, read.

    Parameters
    ----------
    columns
        Names of the columns of ``rows``; ``None`` where the request gave none.
    index
        Labels of the rows, where the request gave them.
    has_booleans
        Whether ``true`` or ``false`` may be among the values: numpy takes them for numbers when it finds both.
    """

    form: Form
    content: Any
    params: dict[str, Any] | None = None
    columns: tuple[Any, ...] | None = None
    index: list[Any] | None = None
    has_booleans: bool = True
    field_name: str = ""

    @property
    def n_rows(self) -> int:
        """How many rows there are, as far as that can be told before they are a frame."""
        if self.form in (Form.rows, Form.records, Form.array) and isinstance(self.content, list):
            return len(self.content)
        return 1

    @property
    def join_key(self) -> Hashable | None:
        """Asks of one key may be predicted together; ``None`` stands alone."""
        if not self.content or self.index is not None:
            return None
        if self.form is not Form.rows and not (self.form is Form.array and isinstance(self.content, list)):
            return None
        first = self.content[0]
        width = len(first) if isinstance(first, list) else None
        params = None if self.params is None else json.dumps(self.params, sort_keys=True, default=str)
        return self.field_name, self.columns, width, params


def parse_ask(content_type: str, body: bytes) -> Ask:
    """Read the body of a request to ``/invocations``.

    Raises
    ------
    RequestError
        With 415 where the content type isn't taken, else with 400.
    """
    if content_type != JSON:  # most say exactly this, so that nothing has to be cut
        content_type = _checked_type(content_type)
    if content_type == CSV:
        return Ask(Form.csv, _utf8(body))
    if content_type == PARQUET:
        return Ask(Form.parquet, body)
    return parse_fields(_json_fields(body), has_booleans=b"true" in body or b"false" in body)


def parse_fields(fields: dict[str, Any], *, has_booleans: bool = True) -> Ask:
    """Read the fields of a JSON body.

    Raises
    ------
    RequestError
        Not exactly one of MLflow's input fields is there, or it isn't made as it has to be.
    """
    found = [name for name in FORMATS if name in fields]
    if not found and _LLM_KEYS & fields.keys():
        return Ask(Form.plain, fields)
    if len(found) != 1:
        message = f"{_FIELDS_NEEDED}. Received dictionary with input fields: {list(fields)}"
        raise RequestError(400, BAD_REQUEST, message, [message])
    unknown = fields.keys() - {found[0], "params"}
    if unknown and found[0] in ("instances", "inputs") and "signature_name" in unknown:
        raise bad_request('"signature_name" parameter is currently not supported')
    ask = _READERS[found[0]](fields[found[0]])
    ask.field_name = found[0]
    ask.has_booleans = has_booleans
    ask.params = _params(fields.get("params"))
    return ask


def _checked_type(content_type: str) -> str:
    kind, *parameters = (part.strip() for part in content_type.split(";"))
    values = dict(pair.partition("=")[::2] for pair in parameters if pair)
    if values.get("charset", "utf-8").strip('"').lower() not in ("utf-8", "utf8"):
        raise unsupported("The scoring server only supports UTF-8")
    others = sorted(values.keys() - {"charset"})
    if others:
        raise unsupported(f"Unrecognized content type parameters: {', '.join(others)}.")
    if kind.lower() not in CONTENT_TYPES:
        raise unsupported(
            f"This predictor only supports the following content types: Types: {CONTENT_TYPES}. Got '{content_type}'."
        )
    return kind.lower()


def _utf8(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise bad_request(f"Ensure that input is a valid UTF-8 encoded string. Error: {error}") from None


def _json_fields(body: bytes) -> dict[str, Any]:
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError:
        fields = _lenient_json(body)
    if isinstance(fields, dict):
        return fields
    kind = "a list" if isinstance(fields, list) else f"unexpected input type '{type(fields).__name__}'"
    raise bad_request(f"{_FIELDS_NEEDED}. Received {kind}.")


def _lenient_json(body: bytes) -> Any:
    # Python's own reader takes NaN and Infinity, which Python's own writer makes, and MLflow's server with it.
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise bad_request(f"Ensure that input is a valid JSON formatted string. Error: {error}") from None


def _params(params: Any) -> dict[str, Any] | None:
    if params is None or isinstance(params, dict):
        return params
    raise bad_request(f"params must be a dictionary. Received {_kind(params)}.")


def _read_split(content: Any) -> Ask:
    if not isinstance(content, dict):
        raise bad_request(f"Dataframe split format must be a dictionary. Got {_kind(content)}.")
    extra = content.keys() - {"columns", "data", "index"}
    if "data" not in content or extra:
        raise bad_request(
            "Dataframe split format must have 'data' field and optionally 'columns' and 'index' fields. "
            f"Got {sorted(content)}."
        )
    rows, columns, index = content["data"], content.get("columns"), content.get("index")
    faults = _split_faults(rows, columns, index)
    if faults:
        raise _bad_rows("dataframe_split", faults)
    if rows and not isinstance(rows[0], list):
        rows = [[value] for value in rows]  # pandas takes a list of values for one column
    return Ask(Form.rows, rows, columns=None if columns is None else tuple(columns), index=index)


def _split_faults(rows: Any, columns: Any, index: Any) -> list[str]:
    if not isinstance(rows, list):
        return [f"'data' must be a list of rows, not {_kind(rows)}"]
    faults = []
    if columns is not None:
        if not isinstance(columns, list) or not all(isinstance(name, str | int | float) for name in columns):
            return ["'columns' must be a list of names"]
        twice = sorted({str(name) for name in columns if columns.count(name) > 1})
        if twice:
            faults.append(f"'columns' has twice: {', '.join(twice)}")
    if index is not None and not (isinstance(index, list) and len(index) == len(rows)):
        faults.append(f"'index' must be a list of {len(rows)} labels, one for each row")
    return faults + _length_faults(rows, None if columns is None else len(columns))


def _length_faults(rows: list[Any], n_columns: int | None) -> list[str]:
    if rows and not isinstance(rows[0], list):
        if any(isinstance(row, list) for row in rows):
            return ["'data' has rows and values side by side"]
        return [] if n_columns in (None, 1) else [f"'data' has values where rows of {n_columns} values belong"]
    wanted = n_columns if n_columns is not None else len(rows[0]) if rows else 0
    faults = []
    for place, row in enumerate(rows):
        if not isinstance(row, list):
            faults.append(f"row {place} is {_kind(row)}, not a list")
        elif len(row) != wanted:
            faults.append(f"row {place} has {len(row)} values, not {wanted}")
    return faults


def _read_records(content: Any) -> Ask:
    if not isinstance(content, list):
        raise bad_request(f"Dataframe records format must be a list of records. Got {_kind(content)}.")
    faults = [f"record {n} is {_kind(row)}" for n, row in enumerate(content) if not isinstance(row, dict)]
    if faults:
        raise _bad_rows("dataframe_records", faults)
    return _of_records(content)


def _of_records(records: list[dict[str, Any]]) -> Ask:
    columns = tuple(records[0]) if records else ()
    if any(len(record) != len(columns) for record in records):
        return Ask(Form.records, records)
    try:
        rows = [[record[name] for name in columns] for record in records]
    except KeyError:
        return Ask(Form.records, records)
    return Ask(Form.rows, rows, columns=columns)


def _read_instances(content: Any) -> Ask:
    if isinstance(content, list) and content and all(isinstance(item, dict) for item in content):
        return _of_records(content)
    if isinstance(content, dict):
        lengths = {len(values) for values in content.values() if isinstance(values, list)}
        if len(lengths) > 1:
            raise bad_request("The length of values for each input/column name are not the same")
    return _read_inputs(content)


def _read_inputs(content: Any) -> Ask:
    if isinstance(content, dict):
        return Ask(Form.columns, content)
    return Ask(Form.array, content)


def _bad_rows(name: str, faults: list[str]) -> RequestError:
    message = f"Provided {name} field is not a valid dataframe representation: {'; '.join(faults[:20])}"
    return RequestError(400, BAD_REQUEST, f"Invalid input. {message}", faults)


def _kind(value: Any) -> str:
    names = {dict: "dictionary", list: "list", str: "text", bool: "boolean", int: "number", float: "number"}
    return names.get(type(value), "null")


_READERS = {
    "dataframe_split": _read_split,
    "dataframe_records": _read_records,
    "instances": _read_instances,
    "inputs": _read_inputs,
}
