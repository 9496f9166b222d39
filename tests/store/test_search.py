"""The search language by example: what a text means, and where exactly a bad one is bad."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from jtrack.errors import InvalidFilterError, InvalidInputError
from jtrack.store.schema import COLUMNS
from jtrack.store.search import EXPERIMENTS, RUNS, parse_filter, parse_order, plan_experiment_search, plan_search
from jtrack.store.search.expression import And, Comparison, Not, Or
from jtrack.store.search.fields import Entity
from jtrack.store.search.lexer import TokenKind, tokenize
from jtrack.store.search.moments import Moment, find_moment, moment_of_ms
from jtrack.tracking.run import TAG_COLUMNS

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
MS_2026 = 1_767_225_600_000  # 2026-01-01T00:00Z


def test_tokens_know_their_places() -> None:
    found = [(token.kind.name, token.text, token.position, token.end) for token in tokenize(" a>='x''y' (`k``1`,\n2)")]
    assert found == [
        ("WORD", "a", 1, 2),
        ("OPERATOR", ">=", 2, 4),
        ("QUOTED", "x'y", 4, 10),
        ("OPEN", "(", 11, 12),
        ("TICKED", "k`1", 12, 18),
        ("COMMA", ",", 18, 19),
        ("WORD", "2", 20, 21),
        ("CLOSE", ")", 21, 22),
        ("END", "", 22, 22),
    ]


@pytest.mark.parametrize(
    "word", ["val-acc", "train/loss", "préc@5", "a.b.c", "損失", "x[0]", "-1.5e-3", "f1_score:macro"]
)
def test_a_bare_word_takes_all_that_has_no_other_meaning(word: str) -> None:
    (token, end) = tokenize(word)
    assert (token.kind, token.text, end.kind) == (TokenKind.WORD, word, TokenKind.END)


@pytest.mark.parametrize(
    ("text", "entity", "key"),
    [
        ("metrics.acc > 1", Entity.METRIC, "acc"),
        ("metric.acc > 1", Entity.METRIC, "acc"),
        ("METRICS.acc > 1", Entity.METRIC, "acc"),
        ("metrics.val-acc > 1", Entity.METRIC, "val-acc"),
        ("metrics.`val acc` > 1", Entity.METRIC, "val acc"),
        ('metrics."val acc" > 1', Entity.METRIC, "val acc"),
        ("metrics.'val acc' > 1", Entity.METRIC, "val acc"),
        ("`metrics`.acc > 1", Entity.METRIC, "acc"),
        ("metrics.`a``b` > 1", Entity.METRIC, "a`b"),
        ("metrics.system/gpu_0.used > 1", Entity.METRIC, "system/gpu_0.used"),
        ("params.lr = '0.1'", Entity.PARAM, "lr"),
        ("parameter.lr = '0.1'", Entity.PARAM, "lr"),
        ("parameters.lr = '0.1'", Entity.PARAM, "lr"),
        ("param.lr = '0.1'", Entity.PARAM, "lr"),
        ("tags.mlflow.project.backend = 'x'", Entity.TAG, "mlflow.project.backend"),
        ("tag.`mlflow.project.backend` = 'x'", Entity.TAG, "mlflow.project.backend"),
        ("tags.and = 'x'", Entity.TAG, "and"),
        ("dataset.name = 'x'", Entity.DATASET, "name"),
        ("status = 'FAILED'", Entity.ATTRIBUTE, "status"),
        ("run.status = 'FAILED'", Entity.ATTRIBUTE, "status"),
        ("attr.status = 'FAILED'", Entity.ATTRIBUTE, "status"),
        ("attributes.user_id = 'me'", Entity.ATTRIBUTE, "user_name"),
        ("attributes.start_time > 1", Entity.ATTRIBUTE, "started_at"),
        ("Created > 1", Entity.ATTRIBUTE, "started_at"),
        ("end_time > 1", Entity.ATTRIBUTE, "ended_at"),
        ("attributes.`Run Name` = 'x'", Entity.ATTRIBUTE, "run_name"),
        ("\"run name\" = 'x'", Entity.ATTRIBUTE, "run_name"),
        ("duration > 60", Entity.ATTRIBUTE, "duration_s"),
        ("tags.mlflow.runName = 'x'", Entity.ATTRIBUTE, "run_name"),
        ("tags.`mlflow.parentRunId` = 'x'", Entity.ATTRIBUTE, "parent_run_id"),
        ("tags.mlflow.user = 'x'", Entity.ATTRIBUTE, "user_name"),
        ("tags.mlflow.source.name = 'x'", Entity.ATTRIBUTE, "source_name"),
        ("tags.mlflow.source.type = 'x'", Entity.ATTRIBUTE, "source_type"),
        ("tags.mlflow.source.git.commit = 'x'", Entity.ATTRIBUTE, "git_commit"),
        ("tags.mlflow.note.content = 'x'", Entity.ATTRIBUTE, "description"),
    ],
)
def test_names_as_mlflow_and_people_write_them(text: str, entity: Entity, key: str) -> None:
    test = parse_filter(text)
    assert isinstance(test, Comparison)
    assert (test.field.entity, test.field.key) == (entity, key)


@pytest.mark.parametrize(
    ("text", "operator", "values"),
    [
        ("metrics.a>-1", ">", (-1.0,)),
        ("metrics.a == .5", "=", (0.5,)),
        ("metrics.a <> 5.", "!=", (5.0,)),
        ("metrics.a <= 1E-3", "<=", (0.001,)),
        ("metrics.a < inf", "<", (float("inf"),)),
        ("metrics.a in (1, 2,)", "IN", (1.0, 2.0)),
        ("params.a = 3", "=", (3,)),
        ("params.a = 3.0", "=", (3.0,)),
        ("params.a = '3'", "=", ("3",)),
        ('params.a = "3"', "=", ("3",)),
        ("params.a = True", "=", (True,)),
        ("params.a = 'it''s'", "=", ("it's",)),
        ("params.a like '%x'", "LIKE", ("%x",)),
        ("params.a Not ILike '%x'", "NOT ILIKE", ("%x",)),
        ("params.a not in ('x', 3, false)", "NOT IN", ("x", 3, False)),
        ("params.a is null", "IS NULL", ()),
        ("metrics.a IS NOT NULL", "IS NOT NULL", ()),
        ("run_id in ('a')", "IN", ("a",)),
        ("status = 'failed'", "=", ("FAILED",)),
        ("kind != 'Trial'", "!=", ("trial",)),
        ("status like 'F%'", "LIKE", ("F%",)),
        ("git_dirty = true", "=", (True,)),
        ("start_time >= 1767225600000", ">=", (Moment(MS_2026 * 1000, MS_2026 * 1000 + 1000),)),
        ("duration_s > 60", ">", (60.0,)),
    ],
)
def test_comparisons(text: str, operator: str, values: tuple[object, ...]) -> None:
    test = parse_filter(text)
    assert isinstance(test, Comparison)
    assert (test.operator, test.values) == (operator, values)
    assert list(map(type, test.values)) == list(map(type, values))


def test_and_binds_tighter_than_or_and_not_tighter_than_both() -> None:
    a, b, c = (parse_filter(f"metrics.{key} > 1") for key in "abc")
    text = "not metrics.a > 1 or metrics.b > 1 and metrics.c > 1"
    assert parse_filter(text) == Or((Not(a), And((b, c))))
    assert parse_filter("not (metrics.a > 1 or metrics.b > 1) and metrics.c > 1") == And((Not(Or((a, b))), c))
    assert parse_filter("((metrics.a > 1)) AND metrics.b > 1\nAND metrics.c > 1") == And((a, b, c))


def test_between_is_its_two_bounds() -> None:
    assert parse_filter("metrics.a between 1 and 2 and metrics.b > 1") == And(
        (parse_filter("metrics.a >= 1 and metrics.a <= 2"), parse_filter("metrics.b > 1"))
    )
    assert parse_filter("params.a not between 1 and 2") == parse_filter("params.a < 1 or params.a > 2")


@pytest.mark.parametrize("text", ["", "  \n ", None])
def test_an_empty_filter_finds_all(text: str | None) -> None:
    assert parse_filter(text or "") is None
    sql, values = plan_search(text)
    assert ("LIMIT" in sql, values) == (False, ["active"])


def test_order_takes_keys_and_directions() -> None:
    keys = parse_order(["metrics.`val acc` DESC", "attributes.start_time ASC, params.p", "Created desc"])
    assert [(str(key.field), key.descending) for key in keys] == [
        ("metrics.val acc", True),
        ("attributes.started_at", False),
        ("params.p", False),
        ("attributes.started_at", True),
    ]
    assert parse_order("metrics.x desc") == parse_order(["metric.x DESC"])
    assert parse_order(None) == parse_order([]) == []


@pytest.mark.parametrize(
    ("text", "start", "length"),
    [
        ("2026-01-02T00:00Z", datetime(2026, 1, 2, tzinfo=UTC), timedelta(minutes=1)),
        ("2026-01-02 01:00:00+0100", datetime(2026, 1, 2, tzinfo=UTC), timedelta(seconds=1)),
        ("2026-01-02 00:00:00.25Z", datetime(2026, 1, 2, 0, 0, 0, 250_000, UTC), timedelta(milliseconds=10)),
        ("now", NOW, timedelta(microseconds=1)),
        ("2 hours ago", NOW - timedelta(hours=2), timedelta(microseconds=1)),
        ("120 min ago", NOW - timedelta(hours=2), timedelta(microseconds=1)),
        ("1.5 Days  ago", NOW - timedelta(hours=36), timedelta(microseconds=1)),
        ("1 month ago", NOW - timedelta(days=30), timedelta(microseconds=1)),
        ("today", datetime(2026, 3, 1, tzinfo=UTC), timedelta(days=1)),
        ("yesterday", datetime(2026, 2, 28, tzinfo=UTC), timedelta(days=1)),
    ],
)
def test_times_stand_for_spans(text: str, start: datetime, length: timedelta) -> None:
    moment = find_moment(text, NOW)
    assert moment is not None
    assert moment.start_us == round(start.timestamp() * 1e6)
    assert moment.end_us - moment.start_us == length // timedelta(microseconds=1)


def test_times_without_a_zone_are_local() -> None:
    for text, start, length in (
        ("2026-07-02", datetime(2026, 7, 2), timedelta(days=1)),
        ("2026-12", datetime(2026, 12, 1), timedelta(days=31)),
        ("2026-07-02 08:15", datetime(2026, 7, 2, 8, 15), timedelta(minutes=1)),
    ):
        moment = find_moment(text, NOW)
        assert moment is not None
        assert moment.start_us == start.astimezone().timestamp() * 1e6
        assert moment.end_us == (start + length).astimezone().timestamp() * 1e6
    today = find_moment("today", datetime(2026, 7, 2, 1, 0, tzinfo=timezone(timedelta(hours=9))))
    assert today is not None
    assert today.start_us == datetime(2026, 7, 1, 15, tzinfo=UTC).timestamp() * 1e6


@pytest.mark.parametrize(
    "text", ["", "soon", "2026", "2026-13-01", "2026-02-30", "10 parsecs ago", "1e99 days ago", "9999-12"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    assert find_moment(text, NOW) is None


def test_milliseconds_beyond_all_time_still_compare() -> None:
    assert moment_of_ms(10**400) == moment_of_ms(float("inf")) == Moment(2**62, 2**62 + 1)
    assert moment_of_ms(-(10**400)) == Moment(-(2**62), -(2**62) + 1)
    assert moment_of_ms(1.5) == Moment(1500, 1501)


# Each text has one ^ less than the filter: the caret stands right before the place of the fault.
@pytest.mark.parametrize(
    ("marked", "problem", "hint"),
    [
        ("^metics.acc > 1", "runs have no 'metics'", "did you mean metrics?"),
        (
            "metrics.a > 1 and ^foo.b > 1",
            "runs have no 'foo'",
            "there are: metrics, params, tags, attributes, datasets",
        ),
        ("^statsu = 'x'", "runs have no attribute 'statsu'", "did you mean status?"),
        ("^attributes.zzz = 'x'", "runs have no attribute 'zzz'", "there are: run_id, run_name"),
        ("^lr < 0.1", "runs have no attribute 'lr'", "did you mean metrics.lr or params.lr or tags.lr?"),
        ("^metrics > 0.1", "runs have no attribute 'metrics'", "as in metrics.name"),
        ("^metrics. > 1", "no name follows 'metrics.'", "as in metrics.accuracy"),
        ("^datasets.nme = 'x'", "datasets have no 'nme'", "did you mean name?"),
        ("metrics.a > ^'x'", "metrics.a is compared with a number, not 'x'", "as in metrics.accuracy > 0.9"),
        ("metrics.a > ^'0.5'", "metrics.a is compared with a number, not '0.5'", "write 0.5 without quotes"),
        ("metrics.a > ^x", "metrics.a is compared with a number, not 'x'", "as in"),
        ("metrics.a > ^nan", "nothing is > nan", "nan goes with = and !="),
        ("metrics.a > ^0x10", "metrics.a is compared with a number", "as in"),
        ("params.a < ^'x'", "params.a is compared with a number, not 'x'", "as in"),
        ("params.a = ^x", "params.a is compared with text in quotes, not x", "write 'x'"),
        ("tags.a = ^3", "tags.a is compared with text in quotes, not 3", "write '3'"),
        ("params.a = ^`x`", "a value for params.a is missing here", "it is text, a number or true/false"),
        ("params.a like ^3", "params.a is compared with text in quotes, not 3", "write '3'"),
        ("status = ^'DONE'", "'DONE' is no status", "there are: RUNNING, SCHEDULED, FINISHED, FAILED, KILLED"),
        ("status in ('FAILED', ^'finish')", "'finish' is no status", "did you mean FINISHED?"),
        ("start_time > ^'soon'", "attributes.started_at is compared with a time, not 'soon'", "write '2026-01-31'"),
        ("start_time > ^soon", "attributes.started_at is compared with a time, not 'soon'", "2 hours ago"),
        ("start_time > ^nan", "attributes.started_at is compared with a time", "milliseconds"),
        ("git_dirty = ^'maybe'", "attributes.git_dirty is compared with true or false, not 'maybe'", None),
        ("metrics.a ^like 'x'", "metrics.a is a number and takes no LIKE", "it takes =, !=, <"),
        ("tags.a ^> 'x'", "tags.a is text and takes no >", "it takes =, !=, LIKE"),
        ("tags.a ^not between 'x' and 'y'", "tags.a is text and takes no BETWEEN", "it takes =, !=, LIKE"),
        ("start_time ^in (1, 2)", "attributes.started_at is a time and takes no IN", "it takes ="),
        ("git_dirty ^< true", "attributes.git_dirty is true or false and takes no <", "it takes =, !="),
        ("metrics.a^", "a comparison such as = or > is missing here", "back-ticks"),
        ("metrics.val ^acc > 1", "a comparison such as = or > is missing here", "back-ticks"),
        ("metrics.a >^", "a value for metrics.a is missing here", "it is a number"),
        ("metrics.a > 1 and^", "a name such as metrics.accuracy is missing at the end", None),
        ("^and metrics.a > 1", "a name such as metrics.accuracy is missing before 'and'", None),
        ("metrics.a > 1 and not ^> 2", "a name such as metrics.accuracy is missing before '>'", None),
        ("metrics.a > 1 ^2", "'2' can't stand here", "conditions are joined by and / or"),
        ("metrics.a > 1^, metrics.b > 1", "',' can't stand here", "conditions are joined by and / or"),
        ("metrics.a > 1 ^&& metrics.b > 1", "'&&' can't stand here", "write and"),
        ("metrics.a > 1 ^| metrics.b > 1", "'|' can't stand here", "write or"),
        ("metrics.a > 1^)", "no parenthesis is open here", None),
        ("metrics.a > 1 or ^(metrics.b > 1", "this parenthesis is not closed", None),
        ("(metrics.a > 1 ^metrics.b > 1)", "'metrics.b' can't stand here", "conditions are joined by and / or"),
        ("params.a = ^'x", "the quote ' is not closed", "write '' for one inside"),
        ("params.^`a = 'x'", "the quote ` is not closed", "close it with `"),
        ("^!metrics.a > 1", "'!' has no meaning here", "not is written NOT"),
        ("params.a = 'x'^; DROP TABLE runs", "';' has no meaning here", None),
        ("params.a is ^3", "NULL or NOT NULL goes after IS", "a value is compared with ="),
        ("params.a is not^", "NULL or NOT NULL goes after IS", "a value is compared with ="),
        ("params.a not ^= 3", "IN, LIKE, ILIKE or BETWEEN goes after NOT here", "takes any"),
        ("metrics.a between 1^", "AND and the upper bound are missing here", "BETWEEN 0.1 AND 0.5"),
        ("metrics.a between 1 and ^'x'", "metrics.a is compared with a number, not 'x'", "as in"),
        ("run_id in ^'a'", "a list in parentheses goes after IN", "('a', 'b')"),
        ("run_id in (^)", "a value for attributes.run_id is missing here", "it is text"),
        ("run_id in ('a' ^'b')", "a comma or the end of the list is missing here", "values are parted by commas"),
        ("run_id in ('a', ^,)", "a value for attributes.run_id is missing here", "it is text"),
        ("not " * 100 + "^not metrics.a > 1", "nested deeper than 100", None),
        ("(" * 100 + "^(metrics.a > 1" + ")" * 101, "nested deeper than 100", None),
    ],
)
def test_a_fault_is_shown_where_it_is(marked: str, problem: str, hint: str | None) -> None:
    text = marked.replace("^", "", 1)
    with pytest.raises(InvalidFilterError) as caught:
        parse_filter(text)
    error = caught.value
    assert (error.text, error.position) == (text, marked.index("^"))
    assert problem in error.problem
    assert hint in error.hint if hint and error.hint else error.hint is hint
    _, line, caret, *_ = str(error).splitlines()
    assert (line, caret) == (f"    {text}", " " * (4 + error.position) + "^")


def test_the_caret_stands_under_its_own_line_of_many() -> None:
    with pytest.raises(InvalidFilterError) as caught:
        parse_filter("metrics.a > 1\n  and statsu = 'x'\n  and metrics.b > 1")
    assert str(caught.value).splitlines()[1:3] == ["      and statsu = 'x'", "          ^"]


@pytest.mark.parametrize(
    ("marked", "problem"),
    [
        ("^foo.x DESC", "runs have no 'foo'"),
        ("^datasets.name", "runs can't be ordered by datasets"),
        ("metrics.x ^down", "'down' can't stand here"),
        ("metrics.x desc ^asc", "'asc' can't stand here"),
        ("metrics.x,^", "a name such as metrics.accuracy is missing at the end"),
        ("^", "a name such as metrics.accuracy is missing at the end"),
    ],
)
def test_a_fault_in_the_order_is_shown_where_it_is(marked: str, problem: str) -> None:
    with pytest.raises(InvalidFilterError) as caught:
        plan_search(order_by=["metrics.fine", marked.replace("^", "")])
    assert caught.value.position == marked.index("^")
    assert problem in caught.value.problem


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("metrics.a > 1", "experiments have no 'metrics'"),
        ("run_id = 'x'", "experiments have no attribute 'run_id'"),
        ("nme = 'x'", "experiments have no attribute 'nme'"),
    ],
)
def test_experiments_have_fields_of_their_own(text: str, problem: str) -> None:
    with pytest.raises(InvalidFilterError) as caught:
        plan_experiment_search(text)
    assert caught.value.problem == problem
    name = parse_filter("tags.mlflow.user = 'x'", EXPERIMENTS)
    assert isinstance(name, Comparison)
    assert (name.field.entity, name.field.key) == (Entity.TAG, "mlflow.user")


@pytest.mark.parametrize("arguments", [{"view_type": 9}, {"max_results": -1}, {"offset": -5}])
def test_impossible_numbers_are_refused(arguments: dict[str, int]) -> None:
    with pytest.raises(InvalidInputError, match=r"is no view type|is a number from 0 on"):
        plan_search(**arguments)  # type: ignore[arg-type]


def test_nothing_of_the_user_s_text_is_in_the_sql() -> None:
    evil = "zq'; DROP TABLE runs; --"
    quoted, ticked = evil.replace("'", "''"), f"`{evil}`"
    conditions = [f"{entity}.{ticked} = '{quoted}'" for entity in ("params", "tags")]
    conditions += [f"metrics.{ticked} > 77177", f"datasets.name like '{quoted}'", f"run_name in ('{quoted}')"]
    sql, values = plan_search(
        " or ".join(conditions), [f"metrics.{ticked}", f"tags.{ticked} desc"], [evil], max_results=77178
    )
    assert "zq" not in sql
    assert "7717" not in sql
    assert sql.count("?") == len(values)
    assert {evil, 77177.0, 77178}.issubset(value for value in values if not isinstance(value, list))


def test_known_names_are_those_of_the_views() -> None:
    assert set(RUNS.aliases.values()) | set(RUNS.tag_attributes.values()) <= set(RUNS.attributes)
    assert set(EXPERIMENTS.aliases.values()) <= set(EXPERIMENTS.attributes)
    for subject, table in ((RUNS, "runs"), (EXPERIMENTS, "experiments")):
        assert set(subject.attributes) - {"duration_s", "experiment_name"} == set(COLUMNS[table])


def test_the_tags_that_are_columns_are_those_that_tracking_writes_to_columns() -> None:
    assert dict(RUNS.tag_attributes) == TAG_COLUMNS
