"""What became of a registered model, read off the journal's events; and where a version came from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from jtrack import queries
from jtrack.entities import Cell, CellRole, Lineage, ModelVersion, RegistryMove
from jtrack.errors import RunNotFoundError
from jtrack.registry.listing import get_model_version, get_registered_model

KINDS = ("model_registered", "model_changed", "model_version_created", "model_version_changed", "alias_moved")
_TOLD = {"name": "name", "description": "description", "stage": "stage", "lifecycle_stage": "deleted"}


def history(name: str) -> list[RegistryMove]:
    """List every change of a registered model, its versions and aliases, the latest first.

    Parameters
    ----------
    name
        As the model is called now, or was when it was deleted; a history goes on over renames.

    Raises
    ------
    RegisteredModelNotFoundError
        There is no such model, and never was.
    """
    query = (
        "SELECT model_id FROM every_registered_models WHERE name = ? ORDER BY lifecycle_stage, updated_at DESC LIMIT 1"
    )
    found = queries.rows(query, [name])
    model_id = found[0]["model_id"] if found else get_registered_model(name).model_id
    rows = queries.rows(
        """SELECT "at", kind, subject, detail FROM events
           WHERE kind IN (SELECT unnest(?::VARCHAR[])) AND detail->>'model_id' = ? ORDER BY "at" """,
        [list(KINDS), model_id],
    )
    moves = [move for row in rows for move in _moves(row["at"], row["kind"], row["subject"], json.loads(row["detail"]))]
    return moves[::-1]


def lineage(name: str, version: int | str) -> Lineage:
    """Trace a version back: to its run, the cells that made it, the notebook, and the data that was read.

    The way back is ``jtrack.get_run(…).versions``.

    Raises
    ------
    VersionNotFoundError
        There is no such version.
    """
    return lineage_of(get_model_version(name, version))


def lineage_of(version: ModelVersion) -> Lineage:
    """Trace a version back; see :func:`lineage`."""
    run = None
    if version.run_id is not None:
        try:
            run = queries.get_run(version.run_id)
        except RunNotFoundError:  # it was removed for good
            run = None
    if run is None:
        return Lineage(version, None, (), None, ())
    query = "SELECT * EXCLUDE (run_id) FROM cells WHERE run_id = ? ORDER BY execution_count NULLS LAST"
    rows = queries.rows(query, [run.info.run_id])
    cells = tuple(Cell(**{**row, "role": CellRole(row["role"])}) for row in rows)
    paths = [cell.notebook_path for cell in cells if cell.notebook_path]
    return Lineage(version, run, cells, paths[-1] if paths else None, run.inputs.dataset_inputs)


def _moves(at: datetime, kind: str, name: str, detail: dict[str, Any]) -> Iterator[RegistryMove]:
    user, version = detail.get("user"), detail.get("version")
    before, after = detail.get("from"), detail.get("to")
    if kind == "alias_moved":
        yield RegistryMove(at, user, "alias", name, after or before, detail["alias"], before, after)
    elif kind == "model_registered":
        yield RegistryMove(at, user, "registered", name, None, None, None, name)
    elif kind == "model_version_created":
        origin = detail.get("copied_from") or (after or {}).get("source")
        yield RegistryMove(at, user, "version", name, version, None, origin, version)
    else:
        yield from _changes(at, user, name, version, before or {}, after or {})


def _changes(
    at: datetime, user: str | None, name: str, version: int | None, before: dict[str, Any], after: dict[str, Any]
) -> Iterator[RegistryMove]:
    for column, what in _TOLD.items():
        if column in after:
            yield RegistryMove(at, user, what, name, version, None, before.get(column), after[column])
    for key, value in (after.get("tags") or {}).items():
        yield RegistryMove(at, user, "tag", name, version, key, (before.get("tags") or {}).get(key), value)
