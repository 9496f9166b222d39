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

    table = {
        name: pl.Series(name, values, dtype=pl.Object) if _is_beyond_floats(values) and _has_floats(values) else values
        for name, values in columns.items()
    }
    return pl.DataFrame(table, strict=False)


def _arrow_table(columns: dict[str, list[Any]]) -> Any:
    import pyarrow as pa

    return pa.table({name: _arrow_column(pa, values) for name, values in columns.items()})


_MAKERS = {"pandas": _pandas_table, "polars": _polars_table, "arrow": _arrow_table}


def _arrow_column(pa: Any, values: list[Any]) -> Any:
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):  # a param of several types: as text, like MLflow
        return pa.array([None if value is None else str(value) for value in values])


def _is_beyond_floats(values: list[Any]) -> bool:
    return any(type(value) is int and abs(value) > 2**53 for value in values)


def _has_floats(values: list[Any]) -> bool:
    return any(type(value) is float for value in values)
