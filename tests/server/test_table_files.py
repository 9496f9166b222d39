"""Runs as CSV and as Parquet."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

import duckdb
import pytest

import jtrack
from tests.server.client import Client

pytestmark = pytest.mark.slow


@pytest.fixture
def runs(folder: Path) -> list[str]:
    ids = []
    for i, lr in enumerate([0.1, 0.2, "auto"]):
        with jtrack.start_run(run_name=f"r{i}") as run:
            run.log_params({"lr": lr, "depth": i, 'text, with "quotes"\nand lines': "a,b"})
            run.log_metric("acc", 0.5 + i / 10)
            run.log_metric("Acc", -1.0)
            run.log_metric("gone", math.nan)
            if i == 1:
                run.set_tag("team", "red;blue")
        ids.append(run.run_id)
    return ids


def test_csv(server: Client, folder: Path, runs: list[str]) -> None:
    reply = server.get("runs.csv", store=folder.name, order_by="metrics.acc DESC", filter="params.depth > 0")
    assert reply.status == 200
    assert reply.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'attachment; filename="jtrack-runs.csv"' in reply.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(reply.body.decode(), newline="")))
    assert [row["run_id"] for row in rows] == [runs[2], runs[1]]
    assert [row["params.lr"] for row in rows] == ["auto", "0.2"]
    assert [row["metrics.acc"] for row in rows] == ["0.7", "0.6"]
    assert [row["tags.team"] for row in rows] == ["", "red;blue"]
    assert rows[0]['params.text, with "quotes"\nand lines'] == "a,b"
    assert [value for key, value in rows[0].items() if key.lower().startswith("metrics.acc")] == ["-1.0", "0.7"]
    assert rows[0]["experiment_name"] == "Default"


def test_parquet_keeps_types(server: Client, folder: Path, runs: list[str]) -> None:
    reply = server.get("runs.parquet", store=folder.name, order_by="attributes.started_at")
    (folder / "runs.parquet").write_bytes(reply.body)
    table = duckdb.read_parquet(str(folder / "runs.parquet"))
    kinds = dict(zip(table.columns, map(str, table.types), strict=True))
    assert kinds["params.depth"] == "BIGINT"
    assert kinds["params.lr"] == "VARCHAR"
    assert kinds["started_at"] == "TIMESTAMP"
    found = table.fetchall()
    assert [row[0] for row in found] == runs
    gone = [row[table.columns.index("metrics.gone")] for row in found]
    assert all(math.isnan(value) for value in gone)
    assert [row[table.columns.index("params.lr")] for row in found] == ["0.1", "0.2", "auto"]


@pytest.mark.parametrize(
    ("values", "texts", "kind"),
    [
        ([2**60 + 1, 3], ["1152921504606846977", "3"], "BIGINT"),
        ([3, 0.5], ["3", "0.5"], "DOUBLE"),
        ([2**60 + 1, 0.5], ["1152921504606846977", "0.5"], "VARCHAR"),
        ([10**30, 1], ["1" + "0" * 30, "1"], "VARCHAR"),
        (["01234", "5"], ["01234", "5"], "VARCHAR"),
        ([math.inf, -1.0], ["inf", "-1.0"], "DOUBLE"),
    ],
)
def test_params_are_what_they_were(
    server: Client, folder: Path, values: list[object], texts: list[str], kind: str
) -> None:
    for value in values:
        with jtrack.start_run() as run:
            run.log_param("p", value)
    order = "attributes.started_at"
    written = server.get("runs.csv", store=folder.name, order_by=order).body.decode()
    assert [row["params.p"] for row in csv.DictReader(io.StringIO(written))] == texts
    (folder / "runs.parquet").write_bytes(server.get("runs.parquet", store=folder.name, order_by=order).body)
    column = duckdb.read_parquet(str(folder / "runs.parquet")).select('"params.p"')
    assert str(column.types[0]) == kind
    assert [value for (value,) in column.fetchall()] == (texts if kind == "VARCHAR" else values)


def test_a_bad_filter_is_said_in_place_of_a_file(server: Client, folder: Path, runs: list[str]) -> None:
    reply = server.get("runs.csv", store=folder.name, filter="lr >>")
    assert reply.status == 400
    assert reply.json["position"] is not None
    assert reply.headers["content-type"].startswith("application/json")


def test_no_runs_are_a_table_without_rows(server: Client, folder: Path) -> None:
    reply = server.get("runs.csv", store=folder.name)
    assert reply.body.decode().splitlines()[0].startswith("run_id,run_name,kind,experiment_name,")
    assert len(reply.body.decode().splitlines()) == 1


def test_a_name_is_never_read_as_sql(server: Client, folder: Path) -> None:
    key = "a\"; DROP TABLE runs; --'"
    with jtrack.start_run() as run:
        run.log_metric(key, 1.0)
        run.log_param(key, "x")
    rows = list(csv.DictReader(io.StringIO(server.get("runs.csv", store=folder.name).body.decode())))
    assert rows[0][f"metrics.{key}"] == "1.0"
    assert rows[0][f"params.{key}"] == "x"
    assert server.get("runs", store=folder.name).json["n_runs"] == 1
