"""What one statement reads, sets and changes, from its syntax tree and from what is known of the names before it.

Functions and classes are read where they are defined; what their bodies do counts wherever they are used.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from jtrack.capture.slice_calls import is_seeder
from jtrack.capture.slice_values import Body, Effects, Known, Value, ValueReader, file_key, names_of

_FILE = re.compile(r"[\w./~ \\:-]*[\w-]\.[A-Za-z]\w{0,7}")
_WRITES = re.compile(
    r"(to_(csv|parquet|json|pickle|excel|feather|hdf|file|sql)|save\w*|dump|write\w*|imsave|urlretrieve)$"
)


def effects_of(node: ast.stmt, known: Known) -> Effects:
    """Read what a statement does."""
    reader = _Reader(known)
    reader.visit(node)
    return reader.done()


class _Reader(ValueReader):
    """Walks over the statements of one scope."""

    def __init__(self, known: Known, inner: dict[str, frozenset[str]] | None = None) -> None:
        super().__init__(known, inner)
        self.returns: list[ast.expr] = []
        self.globals: set[str] = set()

    def done(self) -> Effects:
        """Close the account."""
        self.effects.certain = self._certain & self.effects.binds.keys()
        return self.effects

    # -- names ------------------------------------------------------------------------------------------

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load) and node.id not in self._inner and node.id not in self._certain:
            self.effects.reads.add(node.id)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str) and len(node.value) < 200 and _FILE.fullmatch(node.value):
            self.effects.files_read.add(file_key(node.value))

    def _bind(self, name: str, value: Value) -> None:
        self.effects.binds.setdefault(name, []).append(value)
        self._certain.add(name)

    # -- statements that bind ---------------------------------------------------------------------------

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        for target in node.targets:
            self._assign(target, node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.visit(node.annotation)
        if node.value is not None:
            self.visit(node.value)
            self._assign(node.target, node.value)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        self._bind(node.target.id, self.value(node.value))

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.visit(node.value)
        if not isinstance(node.target, ast.Name):
            self._change_target(node.target, self.parts(node.value))
            return
        name = node.target.id
        self.visit(ast.Name(name, ast.Load()))
        before = self._known_value(name)
        if before is not None and before.maker in {"builtins.int", "builtins.float", "builtins.str"}:
            self._bind(name, Value(maker=before.maker))
            return
        self.effects.changes.add(name)
        self.effects.keeps.append((frozenset({name}), self.parts(node.value)))
        # What it was stays in what it becomes: a list added to is the same list.
        self._bind(name, replace(before or Value(), parts=(before or Value()).parts | {name}, same=name))

    def _assign(self, target: ast.expr, source: ast.expr) -> None:
        match target, source:
            case (
                (ast.Tuple(elts=targets) | ast.List(elts=targets)),
                (ast.Tuple(elts=values) | ast.List(elts=values)),
            ) if len(targets) == len(values) and not any(isinstance(one, ast.Starred) for one in (*targets, *values)):
                found = [self.value(value) for value in values]  # all are worked out before the first is set
                for one, value in zip(targets, found, strict=True):
                    self._assign_value(one, value)
            case _:
                self._assign_value(target, self.value(source))

    def _assign_value(self, target: ast.expr, value: Value) -> None:
        match target:
            case ast.Name(id=name):
                self._bind(name, value)
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                for one in targets:
                    self._assign_value(one, Value(value.parts | names_of(value.same)))
            case ast.Starred(value=inner):
                self._assign_value(inner, value)
            case _:
                self._change_target(target, value.parts | names_of(value.same))

    def _change_target(self, target: ast.expr, parts: frozenset[str]) -> None:
        self.visit(target.value if isinstance(target, ast.Attribute | ast.Subscript) else target)
        if isinstance(target, ast.Subscript):
            self.visit(target.slice)
        roots = self.parts(target)
        self._change(roots)
        self.effects.keeps.append((roots, parts))
        path = self._path(target.value if isinstance(target, ast.Subscript) else target)
        self.effects.sets_state |= path is not None and "." in path

    def visit_Delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self.visit(ast.Name(target.id, ast.Load()))
                self._bind(target.id, Value())
            else:
                self._change_target(target, frozenset())

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._bind_module(
                alias.asname or alias.name.partition(".")[0],
                alias.name if alias.asname else alias.name.partition(".")[0],
            )

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            if alias.name == "*":
                self.effects.imports_all = True
                self._bind_module(f"*{node.module}", node.module or "")
            else:
                self._bind_module(alias.asname or alias.name, f"{node.module}.{alias.name}")

    def _bind_module(self, name: str, path: str) -> None:
        self._bind(name, Value(path=path))
        self.effects.files_read.add(f"{path.partition('.')[0]}.py")

    # -- blocks -----------------------------------------------------------------------------------------

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit(node.iter)
        with self._maybe():
            self._assign_value(node.target, Value(self.parts(node.iter)))
            self._visit_each(node.body)
        with self._maybe():
            self._visit_each(node.orelse)

    visit_AsyncFor = visit_For

    def visit_While(self, node: ast.While) -> None:
        self.visit(node.test)
        with self._maybe():
            self._visit_each(node.body)
        with self._maybe():
            self._visit_each(node.orelse)

    def visit_If(self, node: ast.If) -> None:
        self.visit(node.test)
        self._branches([node.body, node.orelse])

    def visit_Try(self, node: ast.Try | ast.TryStar) -> None:
        handlers: list[list[Any]] = [[handler] for handler in node.handlers]
        self._branches([[*node.body, *node.orelse], *handlers])
        self._visit_each(node.finalbody)

    visit_TryStar = visit_Try

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.type is not None:
            self.visit(node.type)
        if node.name:
            self._bind(node.name, Value())
        self._visit_each(node.body)

    def visit_With(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            self.visit(item.context_expr)
            self._change(self.parts(item.context_expr))
            if item.optional_vars is not None:
                self._assign_value(item.optional_vars, Value(self.parts(item.context_expr)))
        self._visit_each(node.body)

    visit_AsyncWith = visit_With

    def visit_Match(self, node: ast.Match) -> None:
        self.visit(node.subject)
        parts = self.parts(node.subject)
        for case in node.cases:
            with self._maybe():
                for inner in ast.walk(case.pattern):
                    name = getattr(inner, "rest" if isinstance(inner, ast.MatchMapping) else "name", None)
                    if isinstance(name, str):
                        self._bind(name, Value(parts))
                    if isinstance(inner, ast.expr):
                        self.visit(inner)
                if case.guard is not None:
                    self.visit(case.guard)
                self._visit_each(case.body)

    def _branches(self, blocks: list[list[Any]]) -> None:
        before, ends = set(self._certain), []
        for block in blocks:
            self._certain = set(before)
            self._visit_each(block)
            if not _leaves(block):
                ends.append(self._certain)
        self._certain = set.intersection(*ends) if ends else before

    @contextmanager
    def _maybe(self) -> Iterator[None]:
        before = set(self._certain)
        try:
            yield
        finally:
            self._certain = before

    def _visit_each(self, block: Iterable[ast.AST]) -> None:
        for statement in block:
            self.visit(statement)

    def visit_Global(self, node: ast.Global) -> None:
        self.globals.update(node.names)

    def visit_Return(self, node: ast.Return) -> None:
        if node.value is not None:
            self.visit(node.value)
            self.returns.append(node.value)

    def visit_Yield(self, node: ast.Yield | ast.YieldFrom) -> None:
        if node.value is not None:
            self.visit(node.value)
            self.returns.append(node.value)

    visit_YieldFrom = visit_Yield

    # -- functions, classes, comprehensions -------------------------------------------------------------

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        outside = [*node.decorator_list, *node.args.defaults, *(one for one in node.args.kw_defaults if one)]
        outside += [one.annotation for one in ast.walk(node.args) if isinstance(one, ast.arg) and one.annotation]
        outside += [node.returns] if node.returns else []
        self._visit_each(outside)
        parts = frozenset().union(
            *(self.parts(one) for one in outside[: len(node.decorator_list) + len(node.args.defaults)])
        )
        self._bind(node.name, Value(parts, body=self.body_of(node.args, node.body)))

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._visit_each([*node.args.defaults, *(one for one in node.args.kw_defaults if one)])
        self.effects.bodies.append(self.body_of(node.args, [ast.Return(node.body)]))

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._visit_each([*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)])
        inside = _Reader(self._known, self._inner)
        inside._visit_each(node.body)
        effects = inside.effects
        bodies = [value.body for values in effects.binds.values() for value in values if value.body] + effects.bodies
        self.effects.reads |= effects.reads - self._inner.keys() - self._certain
        self.effects.changes |= effects.changes - effects.binds.keys()
        body = Body(
            reads=frozenset().union(effects.reads, *(one.reads for one in bodies)) - {node.name},
            changes=frozenset().union(*(one.changes for one in bodies)),
            binds=frozenset().union(*(one.binds for one in bodies)),
            is_class=True,
            draws=any(one.draws for one in bodies),
            sets_state=any(one.sets_state for one in bodies),
        )
        parts = frozenset().union(*(self.parts(base) for base in [*node.bases, *node.decorator_list]))
        self._bind(node.name, Value(parts, body=body))

    def body_of(self, arguments: ast.arguments, block: list[ast.stmt]) -> Body:
        names = [one.arg for one in ast.walk(arguments) if isinstance(one, ast.arg)]
        inside = _Reader(_Inside(self, set(names)))
        inside._visit_each(block)
        effects = inside.done()
        local = (effects.binds.keys() | set(names)) - inside.globals
        changed = _reach(effects, effects.changes)
        returned = frozenset().union(*(inside.parts(one) for one in inside.returns))
        inner = [value.body for values in effects.binds.values() for value in values if value.body] + effects.bodies
        makers = {inside.value(one).maker for one in inside.returns}
        positional = [one.arg for one in (*arguments.posonlyargs, *arguments.args)]
        return Body(
            reads=frozenset().union(effects.reads, *(one.reads for one in inner)) - local,
            changes=frozenset().union(changed, *(one.changes for one in inner)) - local,
            binds=frozenset(inside.globals & effects.binds.keys()).union(*(one.binds for one in inner)),
            parameters=tuple(positional),
            changed_parameters=frozenset(changed & set(names)),
            returned=frozenset(_reach(effects, returned)) - (local - set(names)),
            maker=makers.pop() if len(makers) == 1 else None,
            draws=effects.draws or any(one.draws for one in inner),
            sets_state=effects.sets_state or effects.seeds or any(one.sets_state for one in inner),
        )

    def _comprehension(self, node: Any, *elements: ast.expr) -> None:
        before = dict(self._inner)
        for generator in node.generators:
            self.visit(generator.iter)
            parts = self.parts(generator.iter)
            for inner in ast.walk(generator.target):
                if isinstance(inner, ast.Name):
                    self._inner[inner.id] = parts
            self._visit_each(generator.ifs)
        self._visit_each(elements)
        if isinstance(node, ast.GeneratorExp):  # may run when its names have become something else
            reads = {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load)}
            self.effects.bodies.append(Body(reads=frozenset(reads - (self._inner.keys() - before.keys()))))
        self._inner = before

    def visit_ListComp(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> None:
        self._comprehension(node, node.elt)

    visit_SetComp = visit_ListComp
    visit_GeneratorExp = visit_ListComp

    def visit_DictComp(self, node: ast.DictComp) -> None:
        self._comprehension(node, node.key, node.value)

    # -- calls ------------------------------------------------------------------------------------------

    def visit_Call(self, node: ast.Call) -> None:
        self.generic_visit(node)
        effect, callee = self._effect(node)
        arguments = self._argument_parts(node)
        body = self._body_called(node)
        if body is not None and not body.is_class:
            self._change(
                frozenset().union(
                    *(parts for name, parts in self._given(node, body) if name in body.changed_parameters)
                )
            )
        if effect.changes_callee:
            self._change(callee)
        if effect.changes_arguments:
            self._change(arguments)
        if effect.keeps_arguments:
            self.effects.keeps.append((callee, arguments))
        path = self._path(node.func)
        self.effects.draws |= effect.draws
        self.effects.seeds |= path is not None and is_seeder(path)
        self.effects.sets_state |= effect.sets_state
        self._note_files(node, path)

    def _note_files(self, node: ast.Call, path: str | None) -> None:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else (path or "").rpartition(".")[2]
        texts = [one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        opens_to_write = name == "open" and any(set(text) & set("wax") and len(text) <= 3 for text in texts)
        if _WRITES.fullmatch(name) or opens_to_write:
            self.effects.files_written |= {file_key(text) for text in texts if _FILE.fullmatch(text)}

    def _change(self, names: Iterable[str]) -> None:
        for name in names:
            self.effects.changes |= self._inner.get(name, {name})


@dataclass(frozen=True)
class _Inside:
    """What is known inside a function: its parameters are anybody's."""

    outer: _Reader
    parameters: set[str]

    def value_of(self, name: str) -> Value | None:
        return Value() if name in self.parameters else self.outer._known_value(name)

    def is_own(self, name: str) -> bool:
        return name not in self.parameters and self.outer._is_own(name)


def _reach(effects: Effects, names: Iterable[str]) -> set[str]:
    """Follow names to everything that their values may hold, inside one scope."""
    seen: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        for value in effects.binds.get(name, []):
            waiting += [*value.parts, *names_of(value.same)]
        for owners, parts in effects.keeps:
            if name in owners:
                waiting += parts
    return seen


def _leaves(block: list[Any]) -> bool:
    last = block[-1] if block else None
    if isinstance(last, ast.ExceptHandler):
        last = last.body[-1]
    return isinstance(last, ast.Raise | ast.Return | ast.Continue | ast.Break)
