"""A table of runs as a file for other programs: CSV, or Parquet, written by the database into a temporary file."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Sequence
from pathlib import Path

from jtrack.errors import InvalidInputError
from jtrack.server.question import Question
from jtrack.server.runs_listing import plan_runs

FORMATS = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}
_MOST_COLUMNS = 2_000
_EXPERIMENT_NAME_AT = 3

Key = tuple[str, str, bool]  # noun, key, whether it holds numbers

_ATTRIBUTES = (
    "run_id run_name kind parent_run_id status lifecycle_stage started_at ended_at user_name source_name git_commit "
    "git_branch git_dirty description artifact_uri"
).split()
_KEYS = """
SELECT 'params' AS noun, key, bool_and(number IS NOT NULL) AS is_number FROM params
WHERE run_id IN (SELECT run_id FROM ({found})) GROUP BY key
UNION ALL SELECT 'metrics', key, true FROM latest_metrics WHERE run_id IN (SELECT run_id FROM ({found})) GROUP BY key
UNION ALL SELECT 'tags', key, false FROM tags WHERE run_id IN (SELECT run_id FROM ({found})) GROUP BY key
ORDER BY noun, key
"""
_VALUES = {"metrics": "latest_metrics", "params": "params", "tags": "tags"}


def write_table(asked: Question, target: Path) -> None:
    """Write the runs that a search finds to ``target``, whose suffix says the format.

    One row a run, in the order of the search: its attributes, then ``metrics.*`` (the last values), ``params.*``
    (numbers where all of them are) and ``tags.*``, a column each.

    Raises
    ------
    InvalidFilterError
        The filter or the order can't be read.
    InvalidInputError
        The runs have more keys than a table can have columns.
    """
    found, values = plan_runs(asked)
    catalog = asked.store.catalog
    keys = [
        (row["noun"], row["key"], row["is_number"])
        for row in catalog.rows(f"SELECT * FROM ({_KEYS.format(found=found)})", [*values, *values, *values])
    ]
    if len(keys) > _MOST_COLUMNS:
        raise InvalidInputError(f"the runs have {len(keys)} keys, a column each", "filter for runs that are alike")
    query, key_values = table_query(found, keys)
    relation = catalog.relation(query, [*values, *key_values])
    if target.suffix == ".parquet":
        relation.write_parquet(str(target))
        return
    body = target.with_suffix(".body")
    relation.write_csv(str(body), header=False)
    with target.open("wb") as file, body.open("rb") as written:
        file.write(_csv_header(keys).encode())
        shutil.copyfileobj(written, file)


def table_query(found: str, keys: Sequence[Key]) -> tuple[str, list[object]]:
    """Plan the table: SQL over the search ``found``, and the values behind those of ``found``.

    Parameters
    ----------
    keys
        Noun (``metrics``, ``params`` or ``tags``), key, and whether the column holds numbers.
    """
    columns: list[str] = [f'r."{name}"' for name in _ATTRIBUTES]
    joins: list[str] = []
    values: list[object] = []
    for noun, view in _VALUES.items():
        mine = [(key, is_number) for of, key, is_number in keys if of == noun]
        if mine:
            # Numbered inside, since DuckDB would take keys that differ in case only for one column.
            picked = [f"{_picked(noun, is_number)} AS c{i}" for i, (_, is_number) in enumerate(mine)]
            joins.append(f"LEFT JOIN (SELECT run_id, {', '.join(picked)} FROM {view} GROUP BY run_id) {noun}")
            joins.append(f"ON {noun}.run_id = r.run_id")
            values += [key for key, _ in mine]
            columns += [f"{noun}.c{i} AS {_quoted(f'{noun}.{key}')}" for i, (key, _) in enumerate(mine)]
    columns.insert(_EXPERIMENT_NAME_AT, 'e.name AS "experiment_name"')
    query = f"""
        SELECT {", ".join(columns)} FROM ({found}) f JOIN runs r USING (run_id)
        LEFT JOIN experiments e USING (experiment_id) {" ".join(joins)} ORDER BY f.place"""
    return query.strip(), values


def _csv_header(keys: Sequence[Key]) -> str:
    # By hand, since DuckDB numbers columns whose names differ in case only.
    names = [*_ATTRIBUTES, *(f"{noun}.{key}" for of in _VALUES for noun, key, _ in keys if noun == of)]
    names.insert(_EXPERIMENT_NAME_AT, "experiment_name")
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(names)
    return text.getvalue()


def _picked(noun: str, is_number: bool) -> str:
    return f"max({'number' if is_number and noun == 'params' else 'value'}) FILTER (WHERE key = ?)"


def _quoted(name: str) -> str:
    # A column's name can't be a parameter; doubled quotes keep it one name, whatever is in it.
    return '"' + name.replace('"', '""') + '"'
