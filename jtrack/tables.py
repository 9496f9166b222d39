"""Runs as a table, with the columns that MLflow's ``search_runs`` gives, so that notebooks carry over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jtrack.entities import Run
from jtrack.errors import MissingPackageError
from jtrack.values import INT64_MAX, INT64_MIN


def run_columns(runs: Sequence[Run]) -> dict[str, list[Any]]:
    """Lay runs out in columns: the attributes, then ``metrics.*``, ``params.*`` and ``tags.*``, each in order.

    A run without a param or metric has ``None`` there.
    """
    columns: dict[str, list[Any]] = {
        "run_id": [run.info.run_id for run in runs],
        "experiment_id": [run.info.experiment_id for run in runs],
        "status": [run.info.status.value for run in runs],
        "artifact_uri": [run.info.artifact_uri for run in runs],
        "start_time": [run.info.started_at for run in runs],
        "end_time": [run.info.ended_at for run in runs],
    }
    for noun in ("metrics", "params", "tags"):
        logged = [getattr(run.data, noun) for run in runs]
        for key in sorted({key for values in logged for key in values}):
            columns[f"{noun}.{key}"] = [values.get(key) for values in logged]
    return columns


def runs_table(runs: Sequence[Run], output_format: str) -> Any:
    """Build a pandas, polars or arrow table of runs.

    Raises
    ------
    MissingPackageError
        The library is not installed.
    """
    columns = run_columns(runs)
    try:
        return _MAKERS[output_format](columns)
    except ModuleNotFoundError as error:
        raise MissingPackageError(
            str(error.name), f"a table of {output_format}", "output_format='list' gives the runs themselves"
        ) from None


def _pandas_table(columns: dict[str, list[Any]]) -> Any:
    import pandas as pd

    table = {}
    for name, values in columns.items():
        kinds = {type(value) for value in values}
        # pandas would make floats of them: 3.0 of 3, and of whole numbers beyond 2**53 others.
        if kinds == {int, type(None)} and all(value is None or INT64_MIN <= value <= INT64_MAX for value in values):
            table[name] = pd.array(values, dtype="Int64")
        elif int in kinds and _is_beyond_floats(values):
            table[name] = pd.Series(values, dtype=object)
        else:
            table[name] = values
    return pd.DataFrame(table)


def _polars_table(columns: dict[str, list[Any]]) -> Any:
    import polars as pl

    return pl.DataFrame([_polars_column(pl, name, values) for name, values in columns.items()])


def _arrow_table(columns: dict[str, list[Any]]) -> Any:
    import pyarrow as pa

    return pa.table({name: _arrow_column(pa, values) for name, values in columns.items()})


_MAKERS = {"pandas": _pandas_table, "polars": _polars_table, "arrow": _arrow_table}


def _polars_column(pl: Any, name: str, values: list[Any]) -> Any:
    kinds = {type(value) for value in values if value is not None}
    if kinds == {int, float} and not _is_beyond_floats(values):
        kinds, values = {float}, [None if value is None else float(value) for value in values]
    elif kinds == {tuple}:
        values = [None if value is None else list(value) for value in values]
    elif len(kinds) > 1:
        values = _texts(values)
    column = pl.Series(name, values, strict=False)
    # What it has no room for, polars leaves out, or makes something else of it.
    return column if kinds <= {float} or column.to_list() == values else pl.Series(name, _texts(values))


def _arrow_column(pa: Any, values: list[Any]) -> Any:
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        return pa.array(_texts(values))


def _texts(values: list[Any]) -> list[str | None]:
    """A param of several types as text, like MLflow."""
    return [None if value is None else str(value) for value in values]


def _is_beyond_floats(values: list[Any]) -> bool:
    return any(type(value) is int and abs(value) > 2**53 for value in values)
