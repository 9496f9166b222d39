"""A model's signature: what goes in, what comes out, which params; read and written in MLmodel's own form.

Inputs are columns (data frames, dictionaries, lists) or tensors (arrays), never both. In ``MLmodel`` each of the
three parts is a text of JSON inside the YAML, which is how every MLflow since 1.0 wrote it.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jtrack.errors import InvalidModelError
from jtrack.registry.types import DataType, Object, Type, type_from_dict, type_to_dict


@dataclass(frozen=True)
class ColSpec:
    """One column; nameless where the data had no names."""

    type: Type
    name: str | int | None = None
    required: bool = True

    def __str__(self) -> str:
        text = str(self.type) if self.name is None else f"{self.name}: {self.type}"
        return text if self.required else f"{text} (optional)"


@dataclass(frozen=True)
class TensorSpec:
    """One array: numpy's name of its dtype, and its shape with -1 where any length will do."""

    dtype: str
    shape: tuple[int, ...]
    name: str | None = None

    def __str__(self) -> str:
        shape = ", ".join("any" if length == -1 else str(length) for length in self.shape)
        text = f"{self.dtype} ({shape})"
        return text if self.name is None else f"{self.name}: {text}"


@dataclass(frozen=True)
class Schema:
    """Columns, or tensors, in order."""

    specs: tuple[ColSpec | TensorSpec, ...]

    def __iter__(self) -> Iterator[ColSpec | TensorSpec]:
        return iter(self.specs)

    def __len__(self) -> int:
        return len(self.specs)

    def __str__(self) -> str:
        return ", ".join(map(str, self.specs))

    @property
    def is_tensors(self) -> bool:
        """Whether these are tensors."""
        return bool(self.specs) and isinstance(self.specs[0], TensorSpec)

    @property
    def has_names(self) -> bool:
        """Whether columns or tensors are told by name."""
        return bool(self.specs) and self.specs[0].name is not None

    @property
    def columns(self) -> list[ColSpec]:
        """The columns; empty where these are tensors."""
        return [spec for spec in self.specs if isinstance(spec, ColSpec)]

    @property
    def tensors(self) -> list[TensorSpec]:
        """The tensors; empty where these are columns."""
        return [spec for spec in self.specs if isinstance(spec, TensorSpec)]

    def input_names(self) -> list[str | int | None]:
        """Names in order, as MLflow's ``Schema`` gives them."""
        return [spec.name for spec in self.specs]

    def to_dict(self) -> list[dict[str, Any]]:
        """Give the form of MLmodel's JSON."""
        return [_spec_to_dict(spec) for spec in self.specs]

    @classmethod
    def from_dict(cls, forms: Sequence[Mapping[str, Any]]) -> Schema:
        """Read the form of MLmodel's JSON."""
        return cls(tuple(_spec_from_dict(form) for form in forms))


@dataclass(frozen=True)
class ParamSpec:
    """One param of ``predict``: its type, what it is when nobody says, and ``(-1,)`` if it is a list."""

    name: str
    type: DataType | Object
    default: Any
    shape: tuple[int, ...] | None = None

    def __str__(self) -> str:
        kind = f"list of {self.type}" if self.shape else str(self.type)
        return f"{self.name}: {kind} = {self.default!r}"

    def to_dict(self) -> dict[str, Any]:
        """Give the form of MLmodel's JSON; times are ISO texts."""
        default = [_json_time(value) for value in self.default] if self.shape else _json_time(self.default)
        shape = None if self.shape is None else list(self.shape)
        return {"name": self.name, "default": default, "shape": shape, **type_to_dict(self.type)}

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> ParamSpec:
        """Read the form of MLmodel's JSON; older ones say ``dtype`` for ``type``."""
        kind = type_from_dict({**form, "type": form.get("type") or form.get("dtype")})
        if not isinstance(kind, DataType | Object):
            raise InvalidModelError(f"a param can't be of type {kind}: {form.get('name')!r}")
        shape = form.get("shape")
        default = form["default"]
        if kind is DataType.datetime:
            default = [_time(value) for value in default] if shape else _time(default)
        return cls(str(form["name"]), kind, default, None if shape is None else tuple(shape))


@dataclass(frozen=True)
class ParamSchema:
    """The params of ``predict``."""

    params: tuple[ParamSpec, ...]

    def __iter__(self) -> Iterator[ParamSpec]:
        return iter(self.params)

    def __len__(self) -> int:
        return len(self.params)

    def __str__(self) -> str:
        return ", ".join(map(str, self.params))

    def to_dict(self) -> list[dict[str, Any]]:
        """Give the form of MLmodel's JSON."""
        return [param.to_dict() for param in self.params]

    @classmethod
    def from_dict(cls, forms: Sequence[Mapping[str, Any]]) -> ParamSchema:
        """Read the form of MLmodel's JSON."""
        return cls(tuple(ParamSpec.from_dict(form) for form in forms))


@dataclass(frozen=True)
class Signature:
    """What a model takes and gives; a part that nobody stated is ``None`` and nothing is demanded of it."""

    inputs: Schema | None = None
    outputs: Schema | None = None
    params: ParamSchema | None = None

    def __str__(self) -> str:
        parts = {"inputs": self.inputs, "outputs": self.outputs, "params": self.params}
        return "\n".join(f"{name}: {part}" for name, part in parts.items() if part is not None)

    def to_dict(self) -> dict[str, str | None]:
        """Give the form of ``MLmodel``: each part a text of JSON."""
        return {
            "inputs": None if self.inputs is None else json.dumps(self.inputs.to_dict()),
            "outputs": None if self.outputs is None else json.dumps(self.outputs.to_dict()),
            "params": None if self.params is None else json.dumps(self.params.to_dict()),
        }

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Signature:
        """Read the form of ``MLmodel``.

        Raises
        ------
        InvalidModelError
            It is not what MLflow, or jtrack, writes.
        """
        try:
            inputs, outputs, params = (_parsed(form.get(part)) for part in ("inputs", "outputs", "params"))
            return cls(
                None if inputs is None else Schema.from_dict(inputs),
                None if outputs is None else Schema.from_dict(outputs),
                None if params is None else ParamSchema.from_dict(params),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InvalidModelError(f"the signature can't be read: {error}") from error


def infer_signature(
    model_input: Any = None, model_output: Any = None, params: dict[str, Any] | None = None
) -> Signature:
    """Infer a signature from data as they go in and come out.

    Parameters
    ----------
    model_input, model_output
        A data frame or series (pandas or polars), an array, a dictionary of arrays, a sparse matrix, a list or
        dictionary of plain values, or one value. A column with missing values is optional. An array's first
        length may vary.
    params
        What ``predict`` takes besides, with the values that hold when nobody says otherwise.

    Raises
    ------
    InvalidInputError
        Something in them has no type that a signature knows; the message names it.
    """
    from jtrack.registry.infer import infer_params, infer_schema

    return Signature(
        None if model_input is None else infer_schema(model_input),
        None if model_output is None else infer_schema(model_output),
        None if not params else infer_params(params),
    )


def _spec_to_dict(spec: ColSpec | TensorSpec) -> dict[str, Any]:
    if isinstance(spec, TensorSpec):
        form: dict[str, Any] = {"type": "tensor", "tensor-spec": {"dtype": spec.dtype, "shape": list(spec.shape)}}
        return form if spec.name is None else {"name": spec.name, **form}
    form = type_to_dict(spec.type)
    if spec.name is not None:
        form["name"] = spec.name
    return {**form, "required": spec.required}


def _spec_from_dict(form: Mapping[str, Any]) -> ColSpec | TensorSpec:
    if form.get("type") == "tensor":
        tensor = form["tensor-spec"]
        return TensorSpec(str(tensor["dtype"]), tuple(int(length) for length in tensor["shape"]), form.get("name"))
    # Before 2.5, "optional" said what "required" says now; None means yes.
    required = not form["optional"] if "optional" in form else form.get("required") is not False
    return ColSpec(type_from_dict(form), form.get("name"), required)


def _parsed(part: Any) -> Any:
    return json.loads(part) if isinstance(part, str) else part


def _json_time(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime.date) else value


def _time(value: Any) -> Any:
    return datetime.datetime.fromisoformat(value) if isinstance(value, str) else value
