"""Which names a cell sets, read from its syntax tree before it runs.

Only the cell's own scope counts: names inside functions, classes and comprehensions are theirs. The tree says
what the values can't: that ``lr = 0.1`` is a setting, ``for i in …`` a counter and ``t0 = time()`` a clock.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from jtrack.capture.literals import literal_value, parse_python

_CLOCKS = {"time", "perf_counter", "monotonic", "process_time", "thread_time"}
_CLOCKS |= {f"{name}_ns" for name in _CLOCKS}
# Methods of lists and dicts that change them.
_CHANGING = set("append clear extend insert pop popitem remove reverse setdefault sort update".split())


@dataclass(frozen=True, slots=True)
class Bindings:
    """The names that a cell sets, by how it sets them."""

    literals: dict[str, Any] = field(default_factory=dict)
    """Set once, at the cell's top level (``with`` blocks included), to a literal that the cell doesn't change."""
    computed: frozenset[str] = frozenset()
    """Set at the top level to something worked out: after the cell ran, they hold what it worked out."""
    once: frozenset[str] = frozenset()
    """Of these, those that are set nowhere else: once one holds something, it holds what the cell set it to."""
    uncounted: frozenset[str] = frozenset()
    """Set only as loop variables, clock readings, knobs, literals, imports, functions or classes: no results."""
    names: frozenset[str] = frozenset()
    """All that it sets, also where that may not be reached."""
    calls: frozenset[str] = frozenset()
    """Last parts of the names that the cell itself calls: ``fit`` for ``model.fit(x, y)``."""


class _How(Enum):
    LITERAL = auto()
    COMPUTED = auto()
    UNCOUNTED = auto()


@dataclass(frozen=True, slots=True)
class _Binding:
    how: _How
    certain: bool
    value: Any = None


def find_bindings(source: str) -> Bindings:
    """Read the names that ``source`` sets; nothing where it isn't Python."""
    module = parse_python(source)
    if module is None:
        return Bindings()
    walker = _ScopeWalker()
    walker.visit(module)
    return _sorted_out(walker.found, walker.changed, frozenset(walker.calls))


def _sorted_out(found: dict[str, list[_Binding]], changed: set[str], calls: frozenset[str]) -> Bindings:
    literals: dict[str, Any] = {}
    computed, once, uncounted = set(), set(), set()
    for name, bindings in found.items():
        first = bindings[0]
        if len(bindings) == 1 and first.how is _How.LITERAL and first.certain and name not in changed:
            literals[name] = first.value
        if any(binding.how is _How.COMPUTED and binding.certain for binding in bindings):
            computed.add(name)
            if len(bindings) == 1:
                once.add(name)
        if all(binding.how is not _How.COMPUTED for binding in bindings):
            uncounted.add(name)
    return Bindings(literals, frozenset(computed), frozenset(once), frozenset(uncounted), frozenset(found), calls)


class _ScopeWalker(ast.NodeVisitor):
    """Collects every binding of the module's scope; ``_certain`` is false where it may not be reached."""

    def __init__(self) -> None:
        self.found: dict[str, list[_Binding]] = defaultdict(list)
        self.changed: set[str] = set()  # whose list or dict gets other items
        self.calls: set[str] = set()
        self._certain = True

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        for target in node.targets:
            self._bind_to(target, node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)
            self._bind_to(node.target, node.value)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.visit(node.value)
        self._bind_all(node.target, _How.COMPUTED)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        with self._maybe():
            self._bind_all(node.target, _How.COMPUTED)

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit(node.iter)
        self._bind_all(node.target, _How.UNCOUNTED)
        with self._maybe():
            self._visit_each(node.body, node.orelse)

    visit_AsyncFor = visit_For

    def visit_While(self, node: ast.While | ast.If) -> None:
        self.visit(node.test)
        with self._maybe():
            self._visit_each(node.body, node.orelse)

    visit_If = visit_While

    def visit_Try(self, node: ast.Try | ast.TryStar) -> None:
        with self._maybe():
            self._visit_each(node.body, node.handlers, node.orelse)
        self._visit_each(node.finalbody)

    visit_TryStar = visit_Try

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self._bind(node.name, _How.UNCOUNTED)
        self._visit_each(node.body)

    def visit_With(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            self.visit(item.context_expr)
            if item.optional_vars is not None:
                self._bind_all(item.optional_vars, _How.UNCOUNTED)
        self._visit_each(node.body)

    visit_AsyncWith = visit_With

    def visit_Match(self, node: ast.Match) -> None:
        self.visit(node.subject)
        with self._maybe():
            for case in node.cases:
                for inner in ast.walk(case.pattern):
                    name = getattr(inner, "rest" if isinstance(inner, ast.MatchMapping) else "name", None)
                    if isinstance(name, str):
                        self._bind(name, _How.COMPUTED)
                self._visit_each(case.body)

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            self._bind(alias.asname or alias.name.partition(".")[0], _How.UNCOUNTED)

    visit_ImportFrom = visit_Import

    def visit_Delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            self._bind_all(target, _How.UNCOUNTED)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._bind(node.name, _How.UNCOUNTED)
        with self._maybe():
            for inner in ast.walk(node):
                if isinstance(inner, ast.Global):
                    for name in inner.names:
                        self._bind(name, _How.COMPUTED)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._bind(node.name, _How.UNCOUNTED)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        """A lambda's names are its own, and what it calls is called later or never."""

    def visit_Call(self, node: ast.Call) -> None:
        if name := _called(node):
            self.calls.add(name)
        if isinstance(node.func, ast.Attribute) and node.func.attr in _CHANGING:
            self._change(node.func.value)
        self.generic_visit(node)

    def _visit_each(self, *blocks: list[Any]) -> None:
        for block in blocks:
            for statement in block:
                self.visit(statement)

    @contextmanager
    def _maybe(self) -> Iterator[None]:
        before, self._certain = self._certain, False
        try:
            yield
        finally:
            self._certain = before

    def _bind_to(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Tuple | ast.List) and isinstance(value, ast.Tuple | ast.List):
            starred = any(isinstance(item, ast.Starred) for item in (*target.elts, *value.elts))
            if len(target.elts) == len(value.elts) and not starred:
                for inner_target, inner_value in zip(target.elts, value.elts, strict=True):
                    self._bind_to(inner_target, inner_value)
                return
        if not isinstance(target, ast.Name):
            self._bind_all(target, _How.COMPUTED)
            return
        try:
            self._bind(target.id, _How.LITERAL, _setting(value))
        except ValueError:
            self._bind(target.id, _How.UNCOUNTED if _is_clock(value) or _is_knob(value) else _How.COMPUTED)

    def _bind_all(self, target: ast.expr, how: _How) -> None:
        for inner in ast.walk(target):
            if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store | ast.Del):
                self._bind(inner.id, how)
            elif isinstance(inner, ast.Subscript) and isinstance(inner.ctx, ast.Store | ast.Del):
                self._change(inner)

    def _change(self, node: ast.expr) -> None:
        while isinstance(node, ast.Subscript):
            node = node.value
        if isinstance(node, ast.Name):
            self.changed.add(node.id)

    def _bind(self, name: str, how: _How, value: Any = None) -> None:
        self.found[name].append(_Binding(how, self._certain, value))


def _setting(node: ast.expr) -> Any:
    """Give the value of a literal; ``dict(depth=3)`` is a way to write one."""
    match node:
        case ast.Call(func=ast.Name(id="dict"), args=[], keywords=named) if all(each.arg for each in named):
            return {each.arg: _setting(each.value) for each in named}
    return literal_value(node)


def _called(node: ast.Call) -> str | None:
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return None


def _is_clock(value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and not value.args and _called(value) in _CLOCKS


def _is_knob(value: ast.expr) -> bool:
    """Whether it is ``run.knob("lr", 0.1)``: a setting that somebody may change, and no result."""
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == "knob"
