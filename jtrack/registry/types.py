"""The types of a signature's columns and params, with MLflow's names: scalars, and what is made of them.

A scalar type knows the numpy kind that it is stored in and what may be widened into it; arrays, objects and maps
hold other types, as in JSON. Merging two types gives the one that both fit, for examples with several rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from jtrack.errors import InvalidModelError


class DataType(StrEnum):
    """A scalar type, under its name in ``MLmodel``."""

    boolean = "boolean"
    integer = "integer"
    long = "long"
    float = "float"
    double = "double"
    string = "string"
    binary = "binary"
    datetime = "datetime"

    @property
    def numpy_name(self) -> str:
        """The numpy dtype that holds it."""
        return _NUMPY[self]


_NUMPY = {
    DataType.boolean: "bool",
    DataType.integer: "int32",
    DataType.long: "int64",
    DataType.float: "float32",
    DataType.double: "float64",
    DataType.string: "str",
    DataType.binary: "bytes",
    DataType.datetime: "datetime64[ns]",
}


@dataclass(frozen=True)
class AnyType:
    """No demand: ``None``, or several types in one column."""

    def __str__(self) -> str:
        return "any"


@dataclass(frozen=True)
class Array:
    """A list or 1-d array of one type."""

    items: Type

    def __str__(self) -> str:
        return f"array of {self.items}"


@dataclass(frozen=True)
class SparkVector:
    """A vector of Spark ML: doubles."""

    def __str__(self) -> str:
        return "vector of double"


@dataclass(frozen=True)
class Map:
    """A dictionary with any text as key, and values of one type."""

    values: Type

    def __str__(self) -> str:
        return f"map to {self.values}"


@dataclass(frozen=True)
class Property:
    """A key of an object."""

    name: str
    type: Type
    required: bool = True


@dataclass(frozen=True)
class Object:
    """A dictionary with these keys, in alphabetical order as MLflow keeps them."""

    properties: tuple[Property, ...]

    def __str__(self) -> str:
        return "object with " + ", ".join(f"{prop.name}: {prop.type}" for prop in self.properties)


Type = DataType | Array | Object | Map | SparkVector | AnyType


def type_to_dict(kind: Type) -> dict[str, Any]:
    """Give a type the form that it has in ``MLmodel``'s JSON."""
    if isinstance(kind, DataType):
        return {"type": kind.value}
    if isinstance(kind, Array):
        return {"type": "array", "items": type_to_dict(kind.items)}
    if isinstance(kind, Map):
        return {"type": "map", "values": type_to_dict(kind.values)}
    if isinstance(kind, Object):
        properties = {prop.name: {**type_to_dict(prop.type), "required": prop.required} for prop in kind.properties}
        return {"type": "object", "properties": properties}
    return {"type": "sparkml_vector" if isinstance(kind, SparkVector) else "any"}


def type_from_dict(form: Mapping[str, Any]) -> Type:
    """Read a type from its form in ``MLmodel``'s JSON.

    Raises
    ------
    InvalidModelError
        It is no type that MLflow writes.
    """
    try:
        return _read_type(form)
    except (KeyError, TypeError, AttributeError, ValueError):
        raise InvalidModelError(f"no type of a signature: {form!r:.200}") from None


def _read_type(form: Mapping[str, Any]) -> Type:
    name = form["type"]
    if name == "array":
        return Array(_read_type(form["items"]))
    if name == "map":
        return Map(_read_type(form["values"]))
    if name == "object":
        return object_of(
            Property(key, _read_type(value), bool(value.get("required", True)))
            for key, value in form["properties"].items()
        )
    if name == "sparkml_vector":
        return SparkVector()
    return AnyType() if name == "any" else DataType(name)


def object_of(properties: Any) -> Object:
    """Make an object type of properties in any order."""
    return Object(tuple(sorted(properties, key=lambda prop: str(prop.name))))


def merge_types(one: Type, other: Type) -> Type | None:
    """Find the type that fits what both fit; ``None`` where there is none.

    A key that only one object has becomes optional.
    """
    if one == other or isinstance(other, AnyType):
        return one
    if isinstance(one, AnyType):
        return other
    if isinstance(one, Array) and isinstance(other, Array):
        items = merge_types(one.items, other.items)
        return None if items is None else Array(items)
    if isinstance(one, Map) and isinstance(other, Map):
        values = merge_types(one.values, other.values)
        return None if values is None else Map(values)
    if isinstance(one, Object) and isinstance(other, Object):
        return _merge_objects(one, other)
    return None


def _merge_objects(one: Object, other: Object) -> Object | None:
    ours = {prop.name: prop for prop in one.properties}
    theirs = {prop.name: prop for prop in other.properties}
    merged = []
    for name in ours.keys() | theirs.keys():
        if name not in ours or name not in theirs:
            known = ours.get(name) or theirs[name]
            merged.append(Property(name, known.type, required=False))
            continue
        kind = merge_types(ours[name].type, theirs[name].type)
        if kind is None:
            return None
        merged.append(Property(name, kind, ours[name].required and theirs[name].required))
    return object_of(merged)
