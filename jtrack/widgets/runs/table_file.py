"""A table of runs as a file for other programs: CSV, or Parquet, written by the database."""

from __future__ import annotations

import base64
import csv
import io
import shutil
import tempfile
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jtrack.errors import InvalidInputError

if TYPE_CHECKING:
    from jtrack.store.catalog import Catalog

FORMATS = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}
_MOST_COLUMNS = 2_000
_PIECE_BYTES = 1_500_000  # of three, base64 makes four without a rest
_EXPERIMENT_NAME_AT = 3

Key = tuple[str, str, str]  # noun, key, and the SQL type that keeps all its values as they are

_ATTRIBUTES = (
    "run_id run_name kind parent_run_id status lifecycle_stage started_at ended_at user_name source_name git_commit "
    "git_branch git_dirty description artifact_uri"
).split()
_KEYS = """
SELECT 'params' AS noun, key, CASE
    WHEN bool_and(is_whole AND TRY_CAST(value AS BIGINT) IS NOT NULL) THEN 'BIGINT'
    WHEN bool_and(number IS NOT NULL AND NOT starts_with(value_json, '"')
        AND NOT (is_whole AND abs(number) > 9007199254740992)) THEN 'DOUBLE'
    ELSE 'VARCHAR' END AS kind
FROM (SELECT *, regexp_full_match(value_json, '-?[0-9]+') AS is_whole FROM params)
WHERE run_id IN (SELECT run_id FROM ({found})) GROUP BY key
UNION ALL SELECT 'metrics', key, 'DOUBLE' FROM latest_metrics
WHERE run_id IN (SELECT run_id FROM ({found})) GROUP BY key
UNION ALL SELECT 'tags', key, 'VARCHAR' FROM tags WHERE run_id IN (SELECT run_id FROM ({found})) GROUP BY key
ORDER BY noun, key
"""
_VALUES = {"metrics": "latest_metrics", "params": "params", "tags": "tags"}


def write_runs(catalog: Catalog, found: str, values: Sequence[object], target: Path) -> None:
    """Write the runs that a search finds to ``target``, whose suffix says the format.

    One row a run, in the order of the search: its attributes, then ``metrics.*`` (the last values), ``params.*``
    and ``tags.*``, a column each. CSV has params as their text, Parquet as numbers where all of a key are.

    Parameters
    ----------
    found, values
        SQL with columns ``run_id`` and ``place``, its place in the order, and what is in it.

    Raises
    ------
    InvalidInputError
        The runs have more keys than a table can have columns.
    """
    keys = [
        (row["noun"], row["key"], row["kind"])
        for row in catalog.rows(f"SELECT * FROM ({_KEYS.format(found=found)})", [*values, *values, *values])
    ]
    if len(keys) > _MOST_COLUMNS:
        raise InvalidInputError(f"the runs have {len(keys)} keys, a column each", "filter for runs that are alike")
    is_typed = target.suffix == ".parquet"
    query, key_values = table_query(found, keys if is_typed else [(noun, key, "VARCHAR") for noun, key, _ in keys])
    relation = catalog.relation(query, [*values, *key_values])
    if is_typed:
        relation.write_parquet(str(target))
        return
    body = target.with_suffix(".body")
    relation.write_csv(str(body), header=False)
    with target.open("wb") as file, body.open("rb") as written:
        file.write(_csv_header(keys).encode())
        shutil.copyfileobj(written, file)


@dataclass(frozen=True, slots=True)
class FilePiece:
    """A piece of a file of ``n_bytes``, in base64; ``next_offset`` is where the next begins, ``None`` at the end."""

    name: str
    content_type: str
    n_bytes: int
    data: str
    next_offset: int | None


class TableFile:
    """A file for a page that can only ask questions: written once, then read in pieces of a size that they carry."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._remove: Callable[[], object] = tuple

    def write(
        self, catalog: Catalog, suffix: str, found: str, values: Sequence[object], within: list[str] | None
    ) -> None:
        """Write the runs that are ``found``, and of those only ``within``; in the place of what was here before.

        ``found`` and ``values`` are as of `write_runs`.
        """
        if suffix not in FORMATS:
            raise InvalidInputError(f"runs are not written as {suffix!r}", f"one of {', '.join(FORMATS)}")
        if within is not None:
            found = f"SELECT * FROM ({found}) WHERE run_id IN (SELECT unnest(?::VARCHAR[]))"
            values = [*values, within]
        self._remove()
        folder = tempfile.mkdtemp(prefix="jtrack-")
        # A page may go away before it has read all.
        self._remove = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self._path = Path(folder) / f"jtrack-runs.{suffix}"
        write_runs(catalog, found, values, self._path)

    def piece(self, offset: int) -> FilePiece:
        """Read a piece; with the last one the file is gone."""
        if self._path is None:
            raise InvalidInputError("the file was read to its end", "begin again at 0")
        path, n_bytes = self._path, self._path.stat().st_size
        with path.open("rb") as file:
            file.seek(max(offset, 0))
            data = file.read(_PIECE_BYTES)
        end = max(offset, 0) + len(data)
        if end >= n_bytes:
            self._path = None
            self._remove()
        kind = FORMATS[path.suffix.removeprefix(".")]
        text = base64.b64encode(data).decode()
        return FilePiece(path.name, kind, n_bytes, text, end if end < n_bytes else None)


def table_query(found: str, keys: Sequence[Key]) -> tuple[str, list[object]]:
    """Plan the table: SQL over the search ``found``, and the values behind those of ``found``.

    Parameters
    ----------
    keys
        Noun (``metrics``, ``params`` or ``tags``), key, and the type of a param's column.
    """
    columns: list[str] = [f'r."{name}"' for name in _ATTRIBUTES]
    joins: list[str] = []
    values: list[object] = []
    for noun, view in _VALUES.items():
        mine = [(key, kind) for of, key, kind in keys if of == noun]
        if mine:
            # Numbered inside, since DuckDB would take keys that differ in case only for one column.
            picked = [f"{_picked(noun, kind)} AS c{i}" for i, (_, kind) in enumerate(mine)]
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


def _picked(noun: str, kind: str) -> str:
    by_kind = {"BIGINT": "TRY_CAST(value AS BIGINT)", "DOUBLE": "number"} if noun == "params" else {}
    return f"max({by_kind.get(kind, 'value')}) FILTER (WHERE key = ?)"


def _quoted(name: str) -> str:
    # A column's name can't be a parameter; doubled quotes keep it one name, whatever is in it.
    return '"' + name.replace('"', '""') + '"'
