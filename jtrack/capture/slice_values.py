"""What a statement's expressions are made of: whose parts a value may hold, who made it, and what a call does.

A name's value may hold parts of other names' values (``pipe = Pipeline([scaler])``): changing the one changes the
other. What a function of the notebook's own does was read from its body, once.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import Any, Protocol

from jtrack.capture.slice_calls import (
    CallEffect,
    effect_of_function,
    effect_of_method,
    effect_of_value,
    is_builtin,
    seeded_maker,
)


@dataclass(frozen=True, slots=True)
class Body:
    """What the code inside a function or class does when it runs, in names of the module's scope."""

    reads: frozenset[str] = frozenset()
    changes: frozenset[str] = frozenset()
    binds: frozenset[str] = frozenset()
    parameters: tuple[str, ...] = ()
    changed_parameters: frozenset[str] = frozenset()
    returned: frozenset[str] = frozenset()
    """Parameters and outer names whose parts the result may hold."""
    maker: str | None = None
    is_class: bool = False
    draws: bool = False
    sets_state: bool = False


@dataclass(frozen=True, slots=True)
class Value:
    """What is known of a value that a name is set to."""

    parts: frozenset[str] = frozenset()
    """Names whose values it may hold parts of."""
    same: str | None = None
    """The name whose very value it is."""
    maker: str | None = None
    path: str | None = None
    """Of something imported: its full name."""
    body: Body | None = None


@dataclass(slots=True)
class Effects:
    """What a statement does."""

    reads: set[str] = field(default_factory=set)
    binds: dict[str, list[Value]] = field(default_factory=dict)
    certain: set[str] = field(default_factory=set)
    """Those of ``binds`` that it sets whichever way it goes."""
    changes: set[str] = field(default_factory=set)
    keeps: list[tuple[frozenset[str], frozenset[str]]] = field(default_factory=list)
    """Names whose values may from now on hold parts of other names' values."""
    bodies: list[Body] = field(default_factory=list)
    """Lambdas and generators: run now or later."""
    draws: bool = False
    seeds: bool = False
    sets_state: bool = False
    imports_all: bool = False
    files_read: set[str] = field(default_factory=set)
    files_written: set[str] = field(default_factory=set)


class Known(Protocol):
    """What is known of the names before a statement."""

    def value_of(self, name: str) -> Value | None:
        """Give what the name was set to; ``None`` where nobody set it."""

    def is_own(self, name: str) -> bool:
        """Say whether code of the notebook's own has a part in the value."""


class ValueReader(ast.NodeVisitor):
    """Knows what a scope's expressions stand for; ``_inner`` maps a comprehension's variables to what they are of."""

    def __init__(self, known: Known, inner: dict[str, frozenset[str]] | None = None) -> None:
        self.effects = Effects()
        self._known = known
        self._certain: set[str] = set()
        self._inner = dict(inner or {})

    def body_of(self, arguments: ast.arguments, block: list[ast.stmt]) -> Body:
        """Read what code that runs later does."""
        raise NotImplementedError

    def _known_value(self, name: str) -> Value | None:
        if name in self._inner:
            return Value(self._inner[name])
        bound = self.effects.binds.get(name)
        if bound:
            return _merged(bound) if name in self._certain else _merged([*bound, self._known.value_of(name) or Value()])
        return self._known.value_of(name)

    def _is_own(self, name: str) -> bool:
        seen, waiting = set(), [name]
        while waiting:
            one = waiting.pop()
            if one in seen:
                continue
            seen.add(one)
            for value in self.effects.binds.get(one, []):
                if value.body is not None:
                    return True
                waiting += [*value.parts, *([value.same] if value.same else [])]
            if one in self._inner:
                waiting += self._inner[one]
            elif self._known.is_own(one):
                return True
        return False

    def _effect(self, node: ast.Call) -> tuple[CallEffect, frozenset[str]]:
        """Tell what the call does, and whose parts its callee is."""
        func = node.func
        if (path := self._path(func)) is not None:
            return effect_of_function(path, node), names_of(_root_name(func))
        if (body := self._body_called(node)) is not None:
            return CallEffect(holds_callee=True, holds_arguments=body.is_class, draws=body.draws), self.parts(func)
        if isinstance(func, ast.Attribute):
            roots = self.parts(func.value)
            is_own = any(self._is_own(name) for name in roots)
            return effect_of_method(func.attr, node, self.value(func.value).maker, is_own=is_own), roots
        return effect_of_value(node), self.parts(func)

    def _argument_parts(self, node: ast.Call) -> frozenset[str]:
        return frozenset().union(*(self.parts(one) for one in _arguments(node)))

    def _given(self, node: ast.Call, body: Body) -> list[tuple[str, frozenset[str]]]:
        """Pair a function's parameters with what they are given; where that isn't plain, each with all of it."""
        if any(isinstance(one, ast.Starred) for one in node.args) or any(one.arg is None for one in node.keywords):
            everything = self._argument_parts(node)
            return [(name, everything) for name in (*body.parameters, *body.changed_parameters, *body.returned)]
        found = [(name, self.parts(one)) for name, one in zip(body.parameters, node.args, strict=False)]
        extra = node.args[len(body.parameters) :]
        named = {one.arg: self.parts(one.value) for one in node.keywords if one.arg}
        found += list(named.items())
        rest = frozenset().union(*(self.parts(one) for one in extra), *named.values())
        known = {name for name, _ in found}
        return found + [(name, rest) for name in (body.changed_parameters | body.returned) - known]

    def _body_called(self, node: ast.Call) -> Body | None:
        value = self._known_value(node.func.id) if isinstance(node.func, ast.Name) else None
        return None if value is None else value.body

    def _path(self, node: ast.expr) -> str | None:
        """Give the full name of what is imported, or Python's own."""
        match node:
            case ast.Name(id=name):
                value = self._known_value(name)
                if value is not None:
                    return value.path
                return f"builtins.{name}" if is_builtin(name) and name not in self._inner else None
            case ast.Attribute(value=inner, attr=attr):
                outer = self._path(inner)
                return None if outer is None or outer.startswith("builtins.") else f"{outer}.{attr}"
        return None

    # -- values -----------------------------------------------------------------------------------------

    def value(self, node: ast.expr) -> Value:
        """Tell what is known of an expression's value."""
        match node:
            case ast.Name(id=name):
                if name in self._inner:
                    return Value(self._inner[name])
                return Value(same=name, maker=(self._known_value(name) or Value()).maker)
            case ast.Constant(value=constant):
                return Value(maker=f"builtins.{type(constant).__name__}")
            case ast.List() | ast.Dict() | ast.Set() | ast.Tuple() | ast.ListComp() | ast.DictComp() | ast.SetComp():
                return Value(self.parts(node), maker="builtins.list")
            case ast.Call():
                return Value(self.parts(node), maker=self._maker(node))
            case ast.Lambda():
                return Value(body=self.body_of(node.args, [ast.Return(node.body)]))
            case ast.Await(value=inner):
                return self.value(inner)
            case ast.Attribute():
                return Value(self.parts(node), path=self._path(node))
        return Value(self.parts(node))

    def _maker(self, node: ast.Call) -> str | None:
        if (path := self._path(node.func)) is not None:
            return seeded_maker(path, node)
        if (body := self._body_called(node)) is not None:
            return body.maker
        if isinstance(node.func, ast.Attribute) and node.func.attr in {"fit", "set_params", "copy", "drop", "to"}:
            return self.value(node.func.value).maker
        return None

    def parts(self, node: ast.AST | None) -> frozenset[str]:
        """Name everything whose parts an expression's value may hold."""
        match node:
            case ast.Name(id=name):
                return self._inner.get(name, frozenset({name}))
            case ast.Attribute(value=inner) | ast.Subscript(value=inner) | ast.Starred(value=inner):
                return self.parts(inner)
            case ast.Await(value=inner) | ast.NamedExpr(value=inner) | ast.FormattedValue(value=inner):
                return self.parts(inner)
            case ast.Call():
                return self._parts_of_call(node)
            case ast.Tuple(elts=items) | ast.List(elts=items) | ast.Set(elts=items) | ast.BoolOp(values=items):
                return frozenset().union(*(self.parts(item) for item in items))
            case ast.Dict(keys=keys, values=values):
                return frozenset().union(*(self.parts(item) for item in (*keys, *values)))
            case ast.IfExp(body=body, orelse=orelse):
                return self.parts(body) | self.parts(orelse)
            case ast.BinOp(left=left, op=ast.Add() | ast.BitOr() | ast.Mult(), right=right):
                return self.parts(left) | self.parts(right)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                return self._parts_of_comprehension(node)
            case ast.Lambda():
                return self.body_of(node.args, [ast.Return(node.body)]).reads
        return frozenset()

    def _parts_of_call(self, node: ast.Call) -> frozenset[str]:
        body = self._body_called(node)
        effect, callee = self._effect(node)
        if body is not None and not body.is_class:
            given = frozenset().union(*(parts for name, parts in self._given(node, body) if name in body.returned))
            return given | (body.returned - set(body.parameters))
        parts = callee if effect.holds_callee else frozenset()
        return parts | self._argument_parts(node) if effect.holds_arguments else parts

    def _parts_of_comprehension(self, node: Any) -> frozenset[str]:
        before = dict(self._inner)
        for generator in node.generators:
            parts = self.parts(generator.iter)
            self._inner |= {one.id: parts for one in ast.walk(generator.target) if isinstance(one, ast.Name)}
        elements = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        found = frozenset().union(*(self.parts(one) for one in elements))
        self._inner = before
        return found


def _arguments(node: ast.Call) -> list[ast.expr]:
    return [*node.args, *(keyword.value for keyword in node.keywords)]


def names_of(name: str | None) -> frozenset[str]:
    return frozenset() if name is None else frozenset({name})


def _root_name(node: ast.expr) -> str | None:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _merged(values: list[Value]) -> Value:
    if len(values) == 1:
        return values[0]
    parts = frozenset().union(*(value.parts | names_of(value.same) for value in values))
    makers, paths = {value.maker for value in values}, {value.path for value in values}
    bodies = [value.body for value in values if value.body is not None]
    return Value(
        parts,
        maker=makers.pop() if len(makers) == 1 else None,
        path=paths.pop() if len(paths) == 1 else None,
        body=bodies[-1] if len(bodies) == len(values) == 1 else None,
    )


def file_key(text: str) -> str:
    """Give a file's name without its folders: the same file goes by many paths."""
    return re.split(r"[/\\]", text)[-1]
