"""The search language by its answers: what DuckDB finds is what plain Python finds, for any filter over any runs."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jtrack.entities import ViewType
from jtrack.store.schema import COLUMNS
from jtrack.store.search import plan_experiment_search, plan_search
from jtrack.values import param_number, render_param

START = datetime(2026, 1, 1)
KEYS = ("acc", "val acc", "a`b", "it's", 'say "hi"', "Größe/µ", "select", "a.b")
TEXTS = ("", "a", "A", "ab", "aB%", "a_b", "100%", "it's", "'; DROP TABLE runs; --", "0.1", "1", "naïve\n", "True")
# 2**53 + 1 is no float64: its neighbours must not be taken for it.
NUMBERS = (0, 1, -1, 3, 0.1, 0.25, 1e300, -1e-300, 2**53, 2**53 + 1, 2**64, math.inf, -math.inf, math.nan)
PATTERNS = ("%", "_", "a%", "%B%", "a_b", "", "A", "%'%", "100\\%")


@dataclass(frozen=True)
class Row:
    """A run as the property tests think of it."""

    run_id: str
    status: str
    run_name: str | None
    started_at: datetime
    metrics: dict[str, float]
    params: dict[str, Any]
    tags: dict[str, str]
    datasets: list[str]
    stage: str = "active"
    experiment_id: str = "0"


@dataclass
class Store:
    """The tables of the views, filled anew for each example."""

    connection: duckdb.DuckDBPyConnection = field(default_factory=duckdb.connect)

    def __post_init__(self) -> None:
        for table, source in (*((t, t) for t in ("runs", "params", "tags", "inputs")), ("latest_metrics", "series")):
            columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS[source].items())
            self.connection.execute(f"CREATE TABLE {table} ({columns})")
        columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS["experiments"].items())
        self.connection.execute(f"CREATE TABLE experiments ({columns}, tags MAP(VARCHAR, VARCHAR))")

    def fill(self, rows: list[Row]) -> None:
        runs = [(row.run_id, row.experiment_id, row.run_name, row.status, row.stage, row.started_at) for row in rows]
        self._insert("runs", "run_id, experiment_id, run_name, status, lifecycle_stage, started_at", runs)
        params = [(row.run_id, key, *render_param(key, value)) for row in rows for key, value in row.params.items()]
        numbered = [(*param, param_number(*param[2:])) for param in params]
        self._insert("params", "run_id, key, value, value_json, number", numbered)
        metrics = [(row.run_id, key, value) for row in rows for key, value in row.metrics.items()]
        self._insert("latest_metrics", "run_id, key, value", metrics)
        tags = [(row.run_id, key, value) for row in rows for key, value in row.tags.items()]
        self._insert("tags", "run_id, key, value", tags)
        self._insert("inputs", "run_id, name", [(row.run_id, name) for row in rows for name in row.datasets])

    def find(self, *args: Any, **kwargs: Any) -> list[str]:
        sql, values = plan_search(*args, **kwargs)
        return [run_id for (run_id,) in self.connection.execute(sql, values).fetchall()]

    def _insert(self, table: str, columns: str, rows: list[tuple[Any, ...]]) -> None:
        self.connection.execute(f"TRUNCATE {table}")
        if rows:
            marks = f"({', '.join('?' * len(rows[0]))})"
            every = ", ".join([marks] * len(rows))
            self.connection.execute(
                f"INSERT INTO {table} ({columns}) VALUES {every}", [cell for row in rows for cell in row]
            )


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    store = Store()
    yield store
    store.connection.close()


# -- any runs, any filter, and what plain Python says of both -----------------------------------------

Condition = tuple[str, Callable[[Row], bool]]
NAMES = st.sampled_from(KEYS)
VALUES = st.one_of(st.sampled_from(TEXTS), st.sampled_from(NUMBERS), st.booleans())
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b or (a != a and b != b),
    "!=": lambda a, b: not (a == b or (a != a and b != b)),
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


@st.composite
def any_row(draw: st.DrawFn) -> Row:
    return Row(
        run_id=draw(st.uuids()).hex,
        status=draw(st.sampled_from(("RUNNING", "FINISHED", "FAILED"))),
        run_name=draw(st.one_of(st.none(), st.sampled_from(TEXTS))),
        started_at=START + timedelta(microseconds=draw(st.integers(0, 4)) * 500),
        metrics=draw(st.dictionaries(NAMES, st.sampled_from(NUMBERS).map(float), max_size=4)),
        params=draw(st.dictionaries(NAMES, VALUES, max_size=4)),
        tags=draw(st.dictionaries(NAMES, st.sampled_from(TEXTS), max_size=4)),
        datasets=draw(st.lists(st.sampled_from(("a", "b")), max_size=2)),
    )


def quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def tick(key: str) -> str:
    return "`" + key.replace("`", "``") + "`"


def like(text: str, pattern: str, fold: bool) -> bool:
    parts = (".*" if c == "%" else "." if c == "_" else re.escape(c) for c in pattern)
    return bool(re.fullmatch("".join(parts), text, re.DOTALL | (re.IGNORECASE if fold else 0)))


@st.composite
def number_condition(draw: st.DrawFn) -> Condition:
    key, name = draw(NAMES), draw(st.sampled_from(list(COMPARE)))
    number = float(draw(st.sampled_from(NUMBERS)))
    if math.isnan(number) and name not in ("=", "!="):
        number = 0.1
    return (
        f"metrics.{tick(key)} {name} {number}",
        lambda row: key in row.metrics and COMPARE[name](row.metrics[key], number),
    )


@st.composite
def number_span(draw: st.DrawFn) -> Condition:
    key, negated = draw(NAMES), draw(st.booleans())
    low, high = draw(st.sampled_from((0.0, 0.1, 1.0))), draw(st.sampled_from((0.1, 2.0, math.inf)))

    def holds(row: Row) -> bool:
        value = row.metrics.get(key, math.nan)
        return (value < low or value > high) if negated else low <= value <= high

    return f"metric.{tick(key)} {'NOT ' * negated}BETWEEN {low} AND {high}", holds


def same_param(value: Any, wanted: Any) -> bool:
    """Text is compared as text, a number as a number, which text that reads as one is too."""
    text, encoded = render_param("key", value)
    if isinstance(wanted, bool):
        return value is wanted
    if isinstance(wanted, str):
        return text == wanted
    if isinstance(wanted, int) and abs(wanted) >= 2**53:
        return text == str(wanted)
    number = param_number(text, encoded)
    return number is not None and COMPARE["="](number, float(wanted))


def literal(value: Any) -> str:
    return quote(value) if isinstance(value, str) else str(value)


@st.composite
def param_equality(draw: st.DrawFn) -> Condition:
    key, negated, wanted = draw(NAMES), draw(st.booleans()), draw(VALUES)

    def holds(row: Row) -> bool:
        return key in row.params and same_param(row.params[key], wanted) is not negated

    return f"params.{tick(key)} {'!=' if negated else '='} {literal(wanted)}", holds


@st.composite
def param_list(draw: st.DrawFn) -> Condition:
    key, negated, wanted = draw(NAMES), draw(st.booleans()), draw(st.lists(VALUES, min_size=1, max_size=4))

    def holds(row: Row) -> bool:
        return key in row.params and any(same_param(row.params[key], value) for value in wanted) is not negated

    return f"params.{tick(key)} {'not ' * negated}in ({', '.join(map(literal, wanted))})", holds


@st.composite
def param_order(draw: st.DrawFn) -> Condition:
    key, name = draw(NAMES), draw(st.sampled_from(("<", "<=", ">", ">=")))
    wanted = draw(st.sampled_from(NUMBERS[:-1]))

    def holds(row: Row) -> bool:
        number = param_number(*render_param(key, row.params[key])) if key in row.params else None
        return number is not None and COMPARE[name](number, float(wanted))

    return f"params.{tick(key)} {name} {wanted}", holds


@st.composite
def text_condition(draw: st.DrawFn) -> Condition:
    key, negated, wanted = draw(NAMES), draw(st.booleans()), draw(st.sampled_from(TEXTS))
    where, read = draw(
        st.sampled_from(
            (
                (f"tags.{tick(key)}", lambda row: row.tags.get(key)),
                ("attributes.run_name", lambda row: row.run_name),
                ("tags.mlflow.runName", lambda row: row.run_name),
            )
        )
    )
    kind = draw(st.sampled_from(("equal", "LIKE", "ILIKE", "IN", "NULL")))
    if kind == "NULL":
        return f"{where} IS {'NOT ' * negated}NULL", lambda row: (read(row) is None) is not negated
    if kind == "equal":
        return (
            f"{where} {'!=' if negated else '='} {quote(wanted)}",
            lambda row: read(row) is not None and (read(row) == wanted) is not negated,
        )
    if kind == "IN":
        return (
            f"{where} {'NOT ' * negated}IN ({quote(wanted)}, 'ab')",
            lambda row: read(row) is not None and (read(row) in (wanted, "ab")) is not negated,
        )
    pattern = draw(st.sampled_from(PATTERNS))
    return (
        f"{where} {'NOT ' * negated}{kind} {quote(pattern)}",
        lambda row: read(row) is not None and like(read(row), pattern, kind == "ILIKE") is not negated,
    )


@st.composite
def dataset_condition(draw: st.DrawFn) -> Condition:
    wanted = draw(st.sampled_from(("a", "b")))
    text, holds = draw(
        st.sampled_from(
            (
                (f"datasets.name = '{wanted}'", lambda row: wanted in row.datasets),
                (f"dataset.name != '{wanted}'", lambda row: any(name != wanted for name in row.datasets)),
                ("datasets.name IN ('a', 'c')", lambda row: "a" in row.datasets),
                ("datasets.name IS NULL", lambda row: not row.datasets),
                ("datasets.name IS NOT NULL", lambda row: bool(row.datasets)),
            )
        )
    )
    return text, holds


@st.composite
def time_condition(draw: st.DrawFn) -> Condition:
    ms, name = draw(st.integers(-1, 3)), draw(st.sampled_from(list(COMPARE)))
    since = int(START.replace(tzinfo=UTC).timestamp() * 1000) + ms

    def holds(row: Row) -> bool:
        # MLflow's start_time is cut to milliseconds, and so it is compared.
        return COMPARE[name]((row.started_at - START) // timedelta(milliseconds=1), ms)

    return f"start_time {name} {since}", holds


@st.composite
def status_condition(draw: st.DrawFn) -> Condition:
    wanted, negated = draw(st.sampled_from(("FAILED", "FINISHED", "KILLED"))), draw(st.booleans())
    return f"status {'!=' if negated else '='} '{wanted.lower()}'", lambda row: (row.status == wanted) is not negated


def combined(parts: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    def negate(part: Condition) -> Condition:
        return f"NOT ({part[0]})", lambda row: not part[1](row)

    def join(word: str, parts: list[Condition]) -> Condition:
        test = all if word == "and" else any
        return f" {word} ".join(f"({text})" for text, _ in parts), lambda row: test(holds(row) for _, holds in parts)

    groups = st.tuples(st.sampled_from(("and", "or")), st.lists(parts, min_size=2, max_size=3))
    return st.one_of(parts.map(negate), groups.map(lambda group: join(*group)))


CONDITIONS = st.recursive(
    st.one_of(
        number_condition(),
        number_span(),
        param_equality(),
        param_list(),
        param_order(),
        text_condition(),
        dataset_condition(),
        time_condition(),
        status_condition(),
    ),
    combined,
    max_leaves=6,
)
ROWS = st.lists(any_row(), max_size=5, unique_by=lambda row: row.run_id)


@given(rows=ROWS, conditions=st.lists(CONDITIONS, min_size=1, max_size=6))
@settings(max_examples=100, deadline=None)
def test_any_filter_finds_what_python_finds(store: Store, rows: list[Row], conditions: list[Condition]) -> None:
    store.fill(rows)
    for text, holds in conditions:
        assert set(store.find(text)) == {row.run_id for row in rows if holds(row)}, text


@given(
    rows=ROWS,
    order=st.lists(st.tuples(st.sampled_from(("metrics", "params", "tags", "run_name")), NAMES, st.booleans())),
)
@settings(max_examples=100, deadline=None)
def test_any_order_is_python_s(store: Store, rows: list[Row], order: list[tuple[str, str, bool]]) -> None:
    store.fill(rows)
    names = ["run_name" if kind == "run_name" else f"{kind}.{tick(key)}" for kind, key, _ in order]
    keys = [f"{name} {'DESC' if down else 'asc'}" for name, (*_, down) in zip(names, order, strict=True)]
    expected = sorted(rows, key=lambda row: row.run_id)
    expected.sort(key=lambda row: row.started_at, reverse=True)
    for kind, key, down in reversed(order):
        groups: dict[int, list[Row]] = {}
        for row in expected:
            groups.setdefault(rank_of(row, kind, key)[0], []).append(row)
        for group in groups.values():
            group.sort(key=lambda row: rank_of(row, kind, key)[1:], reverse=down)
        expected = [row for rank in sorted(groups) for row in groups[rank]]
    assert store.find(order_by=keys) == [row.run_id for row in expected]


def rank_of(row: Row, kind: str, key: str) -> tuple[Any, ...]:
    """Where a row goes: numbers, text, NaN, missing; within each by value."""
    if kind == "metrics":
        value = row.metrics.get(key)
        return (3,) if value is None else (2,) if math.isnan(value) else (0, value)
    if kind == "params":
        if key not in row.params:
            return (3,)
        text, encoded = render_param(key, row.params[key])
        number = param_number(text, encoded)
        if number is None:
            return (1, text.encode())
        return (2,) if math.isnan(number) else (0, number, text.encode())
    text = row.run_name if kind == "run_name" else row.tags.get(key)
    return (3,) if text is None else (1, text.encode())


# -- single answers -----------------------------------------------------------------------------------


def rows_of(**changes: list[Any]) -> list[Row]:
    count = len(next(iter(changes.values())))
    plain: dict[str, Any] = {"run_name": None, "metrics": {}, "params": {}, "tags": {}, "datasets": []}
    rows = []
    for number in range(count):
        own = {"run_id": f"r{number}", "status": "FINISHED", "started_at": START + timedelta(hours=number)}
        rows.append(Row(**plain | own | {name: values[number] for name, values in changes.items()}))
    return rows


def test_the_newest_run_comes_first_and_pages_follow_each_other(store: Store) -> None:
    store.fill(rows_of(run_name=list("abcde")))
    assert store.find() == ["r4", "r3", "r2", "r1", "r0"]
    assert store.find("", "run_name", max_results=2) == ["r0", "r1"]
    assert store.find("", "run_name", max_results=2, offset=2) == ["r2", "r3"]
    assert store.find(offset=4) == ["r0"]
    assert store.find(max_results=0) == []


def test_deleted_runs_are_found_only_when_asked_for(store: Store) -> None:
    store.fill(rows_of(stage=["active", "deleted"]))
    assert store.find() == ["r0"]
    assert store.find(view_type=ViewType.DELETED_ONLY) == ["r1"]
    assert store.find(view_type=3) == ["r1", "r0"]
    # The filter is a limit beside the stage, whatever ors it has.
    assert store.find("run_id = 'r0' or run_id = 'r1'") == ["r0"]


def test_experiments_limit_the_search(store: Store) -> None:
    store.fill(rows_of(experiment_id=["1", "2", "it's"]))
    assert store.find(experiment_ids=["1", "it's"]) == ["r2", "r0"]
    assert store.find(experiment_ids=[]) == []
    assert store.find("experiment_id in ('2')", experiment_ids=None) == ["r1"]


def test_runs_are_found_by_the_name_of_their_experiment(store: Store) -> None:
    store.fill(rows_of(experiment_id=["1", "2", "9"]))
    store._insert("experiments", "experiment_id, name", [("1", "churn"), ("2", "it's")])
    assert store.find("experiment_name = 'churn'") == ["r0"]
    assert store.find("attributes.experiment = 'it''s' or experiment ilike 'CH%'") == ["r1", "r0"]
    assert store.find(order_by=["experiment_name DESC"]) == ["r1", "r0", "r2"]
    assert store.find("experiment_name is null") == ["r2"]


def test_a_missing_value_is_neither_equal_nor_other_but_not_excludes_nothing_else(store: Store) -> None:
    store.fill(rows_of(params=[{"m": "xgb"}, {"m": "mlp"}, {}]))
    assert store.find("params.m != 'xgb'") == ["r1"]
    assert store.find("not params.m = 'xgb'") == ["r2", "r1"]
    assert store.find("params.m is null") == ["r2"]


def test_nan_is_above_no_number_and_last_in_both_directions(store: Store) -> None:
    store.fill(rows_of(metrics=[{"x": math.nan}, {"x": 1.0}, {}, {"x": math.inf}]))
    assert store.find("metrics.x > 0") == ["r3", "r1"]
    assert store.find("metrics.x = nan") == ["r0"]
    assert store.find("metrics.x != nan") == ["r3", "r1"]
    assert store.find(order_by=["metrics.x"]) == ["r1", "r3", "r0", "r2"]
    assert store.find(order_by=["metrics.x desc"]) == ["r3", "r1", "r0", "r2"]


def test_params_are_ordered_as_numbers(store: Store) -> None:
    store.fill(rows_of(params=[{"d": 10}, {"d": 9}, {"d": "auto"}, {}, {"d": "2.5"}]))
    assert store.find(order_by="params.d") == ["r4", "r1", "r0", "r2", "r3"]
    assert store.find(order_by="params.d desc") == ["r0", "r1", "r4", "r2", "r3"]


def test_seeds_beyond_float64_are_compared_to_the_last_digit(store: Store) -> None:
    store.fill(rows_of(params=[{"seed": 2**64}, {"seed": 2**64 + 1}, {"seed": 2**53}, {"seed": 2**53 + 1}]))
    assert store.find(f"params.seed = {2**64 + 1}") == ["r1"]
    assert store.find(f"params.seed in ({2**53}, {2**64})") == ["r2", "r0"]
    assert store.find(f"params.seed != {2**53 + 1}") == ["r2", "r1", "r0"]


def test_a_run_s_own_truncated_start_time_finds_it(store: Store) -> None:
    started_at = START + timedelta(microseconds=123_456)
    store.fill(rows_of(started_at=[started_at]))
    ms = int(started_at.replace(tzinfo=UTC).timestamp() * 1000)
    assert store.find(f"attributes.start_time = {ms}") == ["r0"]
    assert store.find(f"attributes.start_time > {ms}") == []
    assert store.find("start_time = '2026-01-01 00:00:00.123456Z'") == ["r0"]
    assert store.find("created < '2 days ago'", now=started_at.replace(tzinfo=UTC) + timedelta(days=3)) == ["r0"]
    assert store.find("created < '2 days ago'", now=started_at.replace(tzinfo=UTC) + timedelta(days=1)) == []


def test_duration_and_git_state_are_attributes(store: Store) -> None:
    store.fill(rows_of(run_name=["a", "b"]))
    store.connection.execute(
        "UPDATE runs SET ended_at = started_at + INTERVAL 90 SECOND, git_dirty = true WHERE run_id = 'r0'"
    )
    assert store.find("duration > 60 and duration_s <= 90") == ["r0"]
    assert store.find("not duration > 60") == ["r1"]
    assert store.find("git_dirty = true") == ["r0"]
    assert store.find("git_dirty is null") == ["r1"]


def test_long_filters_run(store: Store) -> None:
    store.fill(rows_of(metrics=[{"m7": 1.0}, {"m999": 1.0}, {}]))
    assert store.find(" or ".join(f"metrics.m7 = {number}" for number in range(3000))) == ["r0"]
    assert store.find(" and ".join(f"metrics.m{number} is null" for number in range(60))) == ["r2", "r1"]
    ids = ", ".join(f"'r{number}'" for number in range(1, 5000))
    assert store.find(f"run_id in ({ids})") == ["r2", "r1"]
    assert store.find("not " * 100 + "run_id = 'r1'") == ["r1"]
    assert store.find("(" * 100 + "run_id = 'r1'" + ")" * 100) == ["r1"]


def test_experiments_are_searched_by_name_time_and_tags(store: Store) -> None:
    rows = [
        ("1", "churn", "active", datetime(2026, 1, 1), {"team": "a", "it's": "x"}),
        ("2", "Churn 2", "active", datetime(2026, 1, 3), {}),
        ("3", "mnist", "deleted", datetime(2026, 1, 2), {"team": "b"}),
    ]
    store._insert("experiments", "experiment_id", [])
    for number, name, stage, at, tags in rows:
        values = [number, name, stage, at, at, list(tags), list(tags.values())]
        columns = "(experiment_id, name, lifecycle_stage, created_at, updated_at, tags)"
        store.connection.execute(f"INSERT INTO experiments {columns} VALUES (?, ?, ?, ?, ?, MAP(?, ?))", values)

    def find(*args: Any, **kwargs: Any) -> list[str]:
        sql, parameters = plan_experiment_search(*args, **kwargs)
        return [number for (number,) in store.connection.execute(sql, parameters).fetchall()]

    assert find() == ["2", "1"]
    assert find("name ilike 'churn%'", ["name ASC"]) == ["2", "1"]
    assert find("tags.team = 'a' or tags.`it's` = 'y'") == ["1"]
    assert find("tags.team is null") == ["2"]
    assert find("creation_time > 1767225600000", view_type=ViewType.ALL) == ["2", "3"]
    assert find(order_by=["tags.team desc", "last_update_time"], view_type=ViewType.ALL) == ["3", "1", "2"]
    assert find("experiment_id in ('3', '1')", view_type=ViewType.ALL, max_results=1, offset=1) == ["1"]
