"""The least of a notebook that makes a value: which statements, of all that were executed, a name's value came from.

One walk forward over the statements as they ran notes for each which earlier ones it builds on: the last that set a
name, and all that changed what the name holds. The slice is what can be reached backwards. Where the source doesn't
say whether something was changed, it was.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from jtrack.capture.slice_calls import is_builtin
from jtrack.capture.slice_commands import command_effects
from jtrack.capture.slice_effects import effects_of
from jtrack.capture.slice_source import ExecutedCell, Statement, StatementKind, read_statements
from jtrack.capture.slice_values import Body, Effects, Value

_CHANCE = "<chance>"


@dataclass(frozen=True, slots=True)
class Slice:
    """The statements that a value came from, in the order in which they ran."""

    statements: tuple[Statement, ...]
    unknown: tuple[str, ...] = ()
    """Names that these statements use and that no statement sets."""

    @property
    def cells(self) -> tuple[int, ...]:
        """The cells they stand in, as indices into the history."""
        return tuple(dict.fromkeys(statement.cell for statement in self.statements))

    @property
    def source(self) -> str:
        """The program, cell by cell."""
        texts = ["\n".join(one.text for one in self.statements if one.cell == cell) for cell in self.cells]
        return "\n\n".join(texts) + "\n" if texts else ""


@dataclass(slots=True)
class _Name:
    """What a name stands for at one point: the statements that set it, and the objects that its value is made of."""

    value: Value
    setters: frozenset[int]
    objects: frozenset[int]
    bodies: frozenset[Body] = frozenset()


@dataclass(slots=True)
class Flow:
    """What each executed statement builds on."""

    cells: tuple[ExecutedCell, ...]
    statements: list[Statement]
    builds_on: list[set[int]] = field(default_factory=list)
    unknown: list[set[str]] = field(default_factory=list)
    sets: list[frozenset[str]] = field(default_factory=list)
    """The names that each statement sets."""
    _names: dict[str, _Name] = field(default_factory=dict)
    _changers: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    _holds: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    _settings: list[int] = field(default_factory=list)
    _n_objects: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that the statements have set."""
        return tuple(name for name in self._names if name.isidentifier())

    @property
    def cells_that_set_up(self) -> set[int]:
        """The cells, as indices, that set something for the whole process: a seed, an option, the working folder."""
        return {self.statements[index].cell for index in self._settings}

    def slice_of(self, names: Iterable[str]) -> Slice:
        """Find what the values came from that ``names`` have at the end."""
        asked = set(names)
        return self._close(self._needed_for(asked), {name for name in asked if name not in self._names})

    def slice_of_cell(self, cell: int) -> Slice:
        """Find what a cell came from, with all of the cell itself."""
        own = {index for index, statement in enumerate(self.statements) if statement.cell == cell}
        return self._close(own, set())

    def setters_of(self, name: str) -> tuple[Statement, ...]:
        """Give the statements that set a name last."""
        found = self._names.get(name)
        return tuple(self.statements[index] for index in sorted(found.setters)) if found else ()

    def maker_of(self, name: str) -> str | None:
        """Give the full name of what made a name's value, where that was imported."""
        value = self.value_of(name)
        return None if value is None or value.maker is None else value.maker.removesuffix("!")

    def slice_of_next(self, cell: ExecutedCell) -> Slice:
        """Find what a cell that hasn't been followed yet comes from; the flow stays as it is."""
        ahead = self._fork()
        ahead.extend([cell])
        return ahead.slice_of_cell(len(ahead.cells) - 1)

    def _fork(self) -> Flow:
        return Flow(
            cells=self.cells,
            statements=list(self.statements),
            builds_on=list(self.builds_on),
            unknown=list(self.unknown),
            sets=list(self.sets),
            _names={name: replace(entry) for name, entry in self._names.items()},
            _changers=defaultdict(list, {one: list(found) for one, found in self._changers.items()}),
            _holds=defaultdict(set, {one: set(found) for one, found in self._holds.items()}),
            _settings=list(self._settings),
            _n_objects=self._n_objects,
        )

    # -- what the reader of one statement asks ----------------------------------------------------------

    def value_of(self, name: str) -> Value | None:
        """Give what a name was set to."""
        found = self._names.get(name)
        return None if found is None else found.value

    def is_own(self, name: str) -> bool:
        """Say whether the notebook's own code has a part in a name's value."""
        found = self._names.get(name)
        return found is not None and bool(found.bodies)

    # -- forward ----------------------------------------------------------------------------------------

    def extend(self, cells: Sequence[ExecutedCell], statements: Sequence[Statement] | None = None) -> None:
        """Go on with cells that were executed after those so far; see :func:`follow`."""
        first = len(self.cells)
        self.cells += tuple(cells)
        read = read_statements(cells, first) if statements is None else list(statements)
        for statement in read:
            self.statements.append(statement)
            self.follow(len(self.statements) - 1, _effects(statement, self))

    def follow(self, index: int, effects: Effects) -> None:
        """Note what a statement builds on, and what it leaves behind."""
        bodies = self._bodies_run(effects)
        files = {f"<file {name}>" for name in effects.files_read | effects.files_written}
        soft = set().union(*(body.reads for body in bodies)) | files
        draws = effects.draws or any(body.draws for body in bodies)
        if draws and _CHANCE in self._names:
            soft.add(_CHANCE)
        needed = self._needed_for(effects.reads | soft)
        self.builds_on.append(needed)
        self.unknown.append({name for name in effects.reads if name not in self._names and not is_builtin(name)})
        self.sets.append(frozenset(effects.binds))
        before = dict(self._names)
        for name, values in effects.binds.items():
            self._set(index, name, values, name in effects.certain, before, effects)
        for body in bodies:
            for name in body.binds:
                self._set(index, name, [Value()], False, before, effects)
        self._keep(effects, before)
        written = {f"<file {name}>" for name in effects.files_written}
        for name in written | ({_CHANCE} if effects.seeds else set()):
            self._set(index, name, [Value()], name in written, before, effects)
        changed = effects.changes.union(*(body.changes for body in bodies)) | ({_CHANCE} if draws else set())
        for reached in {one for name in changed for one in self._reach(self._meant(name, effects, before))}:
            self._changers[reached].append(index)
        if effects.seeds or effects.sets_state or effects.imports_all or any(body.sets_state for body in bodies):
            self._settings.append(index)

    def _bodies_run(self, effects: Effects) -> set[Body]:
        """Give the code that may run in a statement: that of all names it uses, and of what that code uses in turn."""
        found: set[Body] = set(effects.bodies)
        waiting = set(effects.reads) | effects.changes
        for body in effects.bodies:
            waiting |= body.reads
        seen: set[str] = set()
        while waiting:
            name = waiting.pop()
            seen.add(name)
            for body in self._names[name].bodies if name in self._names else ():
                found.add(body)
                waiting |= body.reads - seen
        return found

    def _set(
        self,
        index: int,
        name: str,
        values: Sequence[Value],
        is_certain: bool,
        before: dict[str, _Name],
        effects: Effects,
    ) -> None:
        old = before.get(name)
        kept = [] if is_certain or old is None else [old]
        objects = {one for entry in kept for one in entry.objects}
        bodies = {one for entry in kept for one in entry.bodies} | set(effects.bodies)
        for value in values:
            if (
                value.same is not None
                and not value.parts
                and (other := self._entry(value.same, before, effects)) is not None
            ):
                objects |= other.objects
                bodies |= other.bodies
                continue
            own = self._new_object()
            objects.add(own)
            bodies |= {value.body} if value.body is not None else set()
            for part in value.parts | ({value.same} if value.same else set()):
                if (entry := self._entry(part, before, effects)) is not None:
                    self._holds[own] |= entry.objects
                    bodies |= entry.bodies
        setters = frozenset({index}).union(*(entry.setters for entry in kept))
        self._names[name] = _Name(self._known_as(values, kept, before), setters, frozenset(objects), frozenset(bodies))

    def _entry(self, name: str, before: dict[str, _Name], effects: Effects) -> _Name | None:
        # A name that this very statement sets is looked up as it is now, all others as they were.
        return self._names.get(name) if name in effects.binds and name in self._names else before.get(name)

    def _known_as(self, values: Sequence[Value], kept: list[_Name], before: dict[str, _Name]) -> Value:
        if len(values) > 1 or kept:
            makers = {value.maker for value in (*values, *(entry.value for entry in kept))}
            return Value(maker=makers.pop() if len(makers) == 1 else None)
        value = values[0]
        if value.same is not None and not value.parts and value.same in before:
            return before[value.same].value
        return value

    def _meant(self, name: str, effects: Effects, before: dict[str, _Name]) -> frozenset[int]:
        """Give the objects that a name stands for inside a statement: not those of old where it sets it first."""
        entry = self._names.get(name)
        if entry is None:
            return frozenset()
        if name in effects.binds and name not in effects.reads and name in before:
            return (entry.objects - before[name].objects) or entry.objects
        return entry.objects

    def _keep(self, effects: Effects, before: dict[str, _Name]) -> None:
        for owners, parts in effects.keeps:
            held = {one for part in parts for one in self._meant(part, effects, before)}
            bodies = frozenset(body for part in parts if part in self._names for body in self._names[part].bodies)
            for owner in owners:
                if (entry := self._names.get(owner)) is not None:
                    for one in self._meant(owner, effects, before):
                        self._holds[one] |= held - {one}
                    entry.bodies |= bodies | frozenset(effects.bodies)

    def _new_object(self) -> int:
        self._n_objects += 1
        return self._n_objects

    # -- backward ---------------------------------------------------------------------------------------

    def _objects_of(self, name: str) -> set[int]:
        return self._reach(self._names[name].objects) if name in self._names else set()

    def _reach(self, objects: Iterable[int]) -> set[int]:
        found: set[int] = set()
        waiting = list(objects)
        while waiting:
            one = waiting.pop()
            if one not in found:
                found.add(one)
                waiting += self._holds.get(one, ())
        return found

    def _needed_for(self, names: Iterable[str]) -> set[int]:
        """Give the statements that the names' values rest on directly, with those of the code inside them."""
        waiting = set(names)
        seen: set[str] = set()
        found: set[int] = set()
        while waiting:
            name = waiting.pop()
            seen.add(name)
            entry = self._names.get(name)
            if entry is None:
                continue
            found |= entry.setters
            for one in self._objects_of(name):
                found.update(self._changers.get(one, ()))
            for body in entry.bodies:
                waiting |= body.reads - seen
        return found

    def _close(self, found: set[int], unknown: set[str]) -> Slice:
        waiting = set(found)
        kept: set[int] = set()
        while waiting:
            index = waiting.pop()
            kept.add(index)
            waiting |= self.builds_on[index] - kept
            if not waiting:  # what is set for the whole process counts for all that runs after it
                waiting = {one for one in self._settings if one < max(kept) and one not in kept}
        unknown = unknown.union(*(self.unknown[index] for index in kept))
        return Slice(tuple(self.statements[index] for index in sorted(kept)), tuple(sorted(unknown)))


def follow(cells: Sequence[ExecutedCell], statements: Sequence[Statement] | None = None) -> Flow:
    """Walk over cells in the order in which they were executed.

    Parameters
    ----------
    cells
        A cell that was executed twice is in it twice.
    statements
        Their statements, where some are to stand for others; ``None`` reads them from the cells.
    """
    flow = Flow((), [])
    flow.extend(cells, statements)
    return flow


def _effects(statement: Statement, flow: Flow) -> Effects:
    if statement.kind is StatementKind.PYTHON and statement.node is not None:
        effects = effects_of(statement.node, flow)
        if statement.command:
            inside = command_effects(statement)
            effects.files_written |= inside.files_written
            effects.sets_state |= inside.sets_state
        return effects
    return command_effects(statement)
