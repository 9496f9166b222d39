"""How the runs that were found stand under each other: one below the other, nested in their parents, or in groups.

Ids alone are arranged, and only those that can be seen become lines: a fold of 100,000 runs costs no more than a walk
over their ids. What is in a line is read when someone looks at it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from jtrack import queries
from jtrack.errors import InvalidInputError
from jtrack.store.search.fields import Entity
from jtrack.widgets.format import MISSING
from jtrack.widgets.params import param_value
from jtrack.widgets.runs.conditions import PARAM_COLUMNS, param_condition

PARENT = "parent"
_DEEPEST = 32
_PARENTS = """
SELECT run_id, parent_run_id FROM runs
WHERE lifecycle_stage = 'active' AND run_id IN (SELECT run_id FROM given) AND parent_run_id IS NOT NULL
"""
_ACTIVE = "SELECT run_id FROM runs WHERE lifecycle_stage = 'active' AND run_id IN (SELECT run_id FROM given)"
# As lists, since the runs of a group may be many, and a row each takes longer to fetch than to find.
_GROUPS = f"""
WITH value AS (SELECT run_id, {PARAM_COLUMNS} FROM params WHERE key = ?)
SELECT v.value, v.number, v.value_json, count(v.run_id) > 0 AS is_there,
       list(g.run_id ORDER BY g.place) AS run_ids, min(g.place) AS place
FROM given g LEFT JOIN value v USING (run_id) GROUP BY v.value, v.number, v.value_json ORDER BY min(g.place)
"""


class Line(NamedTuple):
    """A line of the table: the id of a run or of a group, how deep it stands, and how many runs are folded into it."""

    id: str
    depth: int = 0
    n_inside: int = 0


@dataclass(slots=True)
class Arrangement:
    """Lines of runs; ``inside`` gives what is folded into a run or a group, in order.

    The id of a group is the filter that finds its runs, and ``groups`` has what the table calls it.
    """

    roots: Sequence[str]
    inside: Mapping[str, Sequence[str]] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)
    opened: set[str] = field(default_factory=set)
    _lines: list[Line] | None = None

    @property
    def n_lines(self) -> int:
        """How many lines there are now."""
        return len(self._walked()) if self.opened else len(self.roots)

    def page(self, offset: int, limit: int) -> list[Line]:
        """Give the lines from ``offset`` on, at most ``limit``."""
        stop = max(offset, 0) + max(limit, 0)
        if self.opened:
            return self._walked()[max(offset, 0) : stop]
        return [self._line(name, 0) for name in self.roots[max(offset, 0) : stop]]

    def fold(self, name: str, is_open: bool) -> None:
        """Open or close a run or a group that others are folded into."""
        if is_open and name in self.inside:
            self.opened.add(name)
        else:
            self.opened.discard(name)
        self._lines = None

    def runs_in(self, name: str) -> list[str]:
        """Give the runs of a group; for a run, itself and all that are nested in it."""
        found = [] if name in self.groups else [name]
        for child in self.inside.get(name, ()):
            found += self.runs_in(child)
        return found

    def _walked(self) -> list[Line]:
        if self._lines is None:
            self._lines = []
            # Not recursive: nesting may be deeper than Python's stack.
            waiting = [(name, 0) for name in reversed(self.roots)]
            while waiting:
                name, depth = waiting.pop()
                self._lines.append(self._line(name, depth))
                if name in self.opened:
                    waiting += [(child, depth + 1) for child in reversed(self.inside[name])]
        return self._lines

    def _line(self, name: str, depth: int) -> Line:
        return Line(name, depth, len(self.inside.get(name, ())))


def arrange(run_ids: Sequence[str], group_by: str | None, opened: set[str]) -> Arrangement:
    """Arrange runs that were found, in their order.

    Parameters
    ----------
    group_by
        ``"parent"``; the name of a param, such as ``params.lr``; ``None`` for one below the other.
    opened
        What is open; ids that nothing is folded into are let go.

    Raises
    ------
    InvalidInputError
        Runs can't be grouped by that.
    """
    if group_by is None:
        return Arrangement(run_ids)
    found = _by_parent(run_ids) if group_by == PARENT else _by_param(run_ids, _param_key(group_by))
    found.opened = {name for name in opened if name in found.inside}
    return found


def nest(run_ids: Sequence[str], parents: Mapping[str, str]) -> tuple[list[str], dict[str, list[str]]]:
    """Put each run below its parent, where one is known; a family stands where the first of it was found.

    Returns
    -------
    tuple[list[str], dict[str, list[str]]]
        The outermost runs, and by run the ones right inside it. Parents that were not found themselves are there too.
    """
    roots: dict[str, None] = {}
    inside: dict[str, dict[str, None]] = {}
    for run_id in run_ids:
        child, depth = run_id, 0
        while (parent := parents.get(child)) is not None and depth < _DEEPEST:
            inside.setdefault(parent, {})[child] = None
            child, depth = parent, depth + 1
        roots[child] = None
    return list(roots), {parent: list(children) for parent, children in inside.items()}


def _by_parent(run_ids: Sequence[str]) -> Arrangement:
    parents: dict[str, str] = {}
    asked = list(run_ids)
    for _ in range(_DEEPEST):
        found = {row["run_id"]: row["parent_run_id"] for row in queries.rows_beside({"run_id": asked}, _PARENTS)}
        # A parent that was deleted shows no more; its children stand for themselves.
        there = {row["run_id"] for row in queries.rows_beside({"run_id": list(set(found.values()))}, _ACTIVE)}
        parents |= {run_id: parent for run_id, parent in found.items() if parent in there}
        asked = sorted(there - parents.keys() - set(run_ids))
        if not asked:
            break
    return Arrangement(*nest(run_ids, parents))


def _by_param(run_ids: Sequence[str], key: str) -> Arrangement:
    inside: dict[str, list[str]] = {}
    groups: dict[str, str] = {}
    for row in queries.rows_beside({"run_id": run_ids, "place": range(len(run_ids))}, _GROUPS, [key]):
        param = {name: row[name] for name in ("value", "number", "value_json")} if row["is_there"] else None
        # Values too long to be told apart by a filter are one group.
        name = param_condition(key, param)
        groups.setdefault(name, f"{key} {MISSING if param is None else param_value(**param, digest='').text}")
        inside.setdefault(name, []).extend(row["run_ids"])
    return Arrangement(list(inside), inside, groups)


def _param_key(group_by: str) -> str:
    noun, dot, key = group_by.partition(".")
    if noun != Entity.PARAM or not dot or not key:
        raise InvalidInputError(f"runs can't be grouped by {group_by!r}", "'parent', or a param such as params.lr")
    return key.strip("`").replace("``", "`") if key.startswith("`") else key
