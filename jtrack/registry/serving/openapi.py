"""Describes a server by OpenAPI 3.1: MLflow's scoring protocol, with the model's own columns and its own example."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jtrack._version import __version__
from jtrack.registry.example import SERVING_FILE
from jtrack.registry.model import Model
from jtrack.registry.signature import ParamSchema, Schema, TensorSpec
from jtrack.registry.types import AnyType, Array, DataType, Map, Object, SparkVector, Type

_SCALARS: dict[DataType, dict[str, Any]] = {
    DataType.boolean: {"type": "boolean"},
    DataType.integer: {"type": "integer", "format": "int32"},
    DataType.long: {"type": "integer", "format": "int64"},
    DataType.float: {"type": "number", "format": "float"},
    DataType.double: {"type": "number", "format": "double"},
    DataType.string: {"type": "string"},
    DataType.binary: {"type": "string", "contentEncoding": "base64"},
    DataType.datetime: {"type": "string", "format": "date-time"},
}
# By how numpy's name of a dtype begins.
_TENSORS = (("float", "number"), ("int", "integer"), ("uint", "integer"), ("bool", "boolean"), ("", "string"))
_ERROR = {
    "type": "object",
    "required": ["error_code", "message"],
    "properties": {
        "error_code": {"type": "string"},
        "message": {"type": "string"},
        "faults": {
            "type": "array",
            "items": {"type": "string"},
            "description": "everything that is wrong, a line each",
        },
    },
}


def render_openapi(folder: Path, model_uri: str) -> str:
    """Render the description of the model in a folder as JSON."""
    return json.dumps(describe(Model.load(folder), model_uri, serving_example(folder)), ensure_ascii=False)


def serving_example(folder: Path) -> Any | None:
    """Read the body of a request that the model can answer; ``None`` where it was logged without one."""
    try:
        return json.loads((folder / SERVING_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def describe(model: Model, model_uri: str, example: Any | None) -> dict[str, Any]:
    """Describe a model's server."""
    signature = model.signature
    inputs = None if signature is None else signature.inputs
    outputs = None if signature is None else signature.outputs
    params = None if signature is None else signature.params
    content: dict[str, Any] = {"schema": _body(inputs, params)}
    if example is not None:
        content["example"] = example
    good = {"type": "object", "required": ["predictions"], "properties": {"predictions": _predictions(outputs)}}
    responses = {
        "200": {"description": "the predictions", "content": {"application/json": {"schema": good}}},
        **{status: _refusal(text) for status, text in _REFUSALS.items()},
    }
    invocations = {
        "summary": "Predict",
        "requestBody": {"required": True, "content": {"application/json": content, "text/csv": {}}},
        "responses": responses,
    }
    live = {"summary": "Whether the model is at hand", "responses": {"200": {"description": "it is"}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": model_uri, "version": __version__, "description": f"{', '.join(model.flavors)} model"},
        "paths": {
            "/invocations": {"post": invocations},
            "/ping": {"get": live},
            "/health": {"get": live},
            "/version": {"get": {"summary": "jtrack's version", "responses": {"200": {"description": "as text"}}}},
            "/metrics": {"get": {"summary": "Counts for Prometheus", "responses": {"200": {"description": "as text"}}}},
        },
    }


_REFUSALS = {
    "400": "the body, the data or the params can't be taken; every fault is told",
    "413": "the body is too large",
    "415": "the content type isn't taken",
    "500": "the model failed; the server's log says why",
    "503": "too many requests wait",
    "504": "the request took too long",
}


def _refusal(text: str) -> dict[str, Any]:
    return {"description": text, "content": {"application/json": {"schema": _ERROR}}}


def _body(inputs: Schema | None, params: ParamSchema | None) -> dict[str, Any]:
    """Say which bodies are taken: exactly one of MLflow's fields, and params where the model has some."""
    more = {} if params is None else {"params": _params(params)}
    fields = _tensor_fields(inputs) if inputs is not None and inputs.is_tensors else _column_fields(inputs)
    return {
        "oneOf": [
            {"type": "object", "required": [name], "properties": {name: schema, **more}, "additionalProperties": False}
            for name, schema in fields.items()
        ]
    }


def _column_fields(inputs: Schema | None) -> dict[str, Any]:
    if inputs is None or not inputs.columns:
        anything = {"type": "array"}
        return {
            "dataframe_split": {"type": "object"},
            "dataframe_records": anything,
            "instances": anything,
            "inputs": {},
        }
    row = {"type": "array", "prefixItems": [_column(spec.type, spec.required) for spec in inputs.columns]}
    rows = {"type": "array", "items": row}
    if not inputs.has_names:
        split = {"type": "object", "required": ["data"], "properties": {"data": rows}}
        return {"dataframe_split": split, "instances": rows, "inputs": rows}
    names = [str(spec.name) for spec in inputs.columns]
    properties = {str(spec.name): _column(spec.type, spec.required) for spec in inputs.columns}
    required = [str(spec.name) for spec in inputs.columns if spec.required]
    records = {"type": "array", "items": {"type": "object", "required": required, "properties": properties}}
    columns = {name: {"type": "array", "items": kind} for name, kind in properties.items()}
    split = {
        "type": "object",
        "required": ["data"],
        "properties": {
            "columns": {"type": "array", "items": {"type": "string"}, "default": names},
            "data": rows,
            "index": {"type": "array"},
        },
    }
    return {
        "dataframe_split": split,
        "dataframe_records": records,
        "instances": records,
        "inputs": {"type": "object", "required": required, "properties": columns},
    }


def _tensor_fields(inputs: Schema) -> dict[str, Any]:
    if not inputs.has_names:
        tensor = _tensor(inputs.tensors[0])
        return {"inputs": tensor, "instances": tensor}
    named = {str(spec.name): _tensor(spec) for spec in inputs.tensors}
    whole = {"type": "object", "required": list(named), "properties": named}
    return {"inputs": whole, "instances": {"type": "array"}}


def _tensor(spec: TensorSpec) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": next(kind for start, kind in _TENSORS if spec.dtype.startswith(start))}
    for length in reversed(spec.shape):
        limits = {} if length == -1 else {"minItems": length, "maxItems": length}
        schema = {"type": "array", "items": schema, **limits}
    return {**schema, "description": str(spec)}


def _params(params: ParamSchema) -> dict[str, Any]:
    def schema(kind: Type, is_list: bool) -> dict[str, Any]:
        return {"type": "array", "items": type_schema(kind)} if is_list else type_schema(kind)

    properties = {
        spec.name: {**schema(spec.type, bool(spec.shape)), "default": spec.to_dict()["default"]} for spec in params
    }
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _column(kind: Type, required: bool) -> dict[str, Any]:
    schema = type_schema(kind)
    return schema if required or "type" not in schema else {**schema, "type": [schema["type"], "null"]}


def type_schema(kind: Type) -> dict[str, Any]:
    """Give a type of a signature as JSON Schema."""
    if isinstance(kind, DataType):
        return dict(_SCALARS[kind])
    if isinstance(kind, Array):
        return {"type": "array", "items": type_schema(kind.items)}
    if isinstance(kind, SparkVector):
        return {"type": "array", "items": dict(_SCALARS[DataType.double])}
    if isinstance(kind, Map):
        return {"type": "object", "additionalProperties": type_schema(kind.values)}
    if isinstance(kind, Object):
        required = [one.name for one in kind.properties if one.required]
        return {
            "type": "object",
            "required": required,
            "properties": {one.name: type_schema(one.type) for one in kind.properties},
        }
    assert isinstance(kind, AnyType)
    return {}


def _predictions(outputs: Schema | None) -> dict[str, Any]:
    if outputs is None:
        return {}
    if outputs.is_tensors:
        return _tensor(outputs.tensors[0]) if not outputs.has_names else {"type": "object"}
    if not outputs.has_names and len(outputs.columns) == 1:
        return {"type": "array", "items": type_schema(outputs.columns[0].type)}
    properties = {str(spec.name): _column(spec.type, spec.required) for spec in outputs.columns}
    return {"type": "array", "items": {"type": "object", "properties": properties}}
