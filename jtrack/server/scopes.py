"""Whose runs are meant, as SQL: those of a notebook by all its names, of a folder, of a cell. The list of the side
panel and the table that opens from it both ask here, so that they agree.
"""

from __future__ import annotations

import os

from jtrack.errors import InvalidInputError
from jtrack.server.places import Place, known_paths, spellings
from jtrack.server.question import Scope
from jtrack.widgets.runs.scope import RunsScope

# A trial, or a run inside a tracked cell, knows no notebook of its own: it goes with its parent.
_WITH_CHILDREN = """
WITH RECURSIVE meant(run_id) AS (
    {seeds}
    UNION
    SELECT r.run_id FROM runs r JOIN meant m ON r.parent_run_id = m.run_id
)
SELECT run_id FROM meant
"""
_OF_NOTEBOOK = """
SELECT run_id FROM runs WHERE source_name IN (SELECT unnest(?::VARCHAR[]))
UNION SELECT run_id FROM cells WHERE role = 'tracked' AND notebook_path IN (SELECT unnest(?::VARCHAR[]))
"""
# The runs that a cell made itself, and not what is nested in them.
_OF_CELL = """
SELECT DISTINCT run_id FROM cells
WHERE role = 'tracked' AND cell_id = ? AND notebook_path IN (SELECT unnest(?::VARCHAR[]))
"""
_OF_FOLDER = """
SELECT r.run_id FROM runs r JOIN (SELECT unnest(?::VARCHAR[]) AS folder) f ON starts_with(r.source_name, f.folder)
"""


def plan_scope(scope: Scope, place: Place, cell_id: str = "") -> RunsScope | None:
    """Plan which runs of a store are meant; ``None`` is all of them.

    Raises
    ------
    InvalidInputError
        A cell was asked for without its notebook.
    """
    notebook = place.notebook_path
    if cell_id:
        if notebook is None:
            raise InvalidInputError(
                "the runs of a cell need the path of its notebook", "notebook_path=folder/name.ipynb"
            )
        return RunsScope(f"a cell of {notebook.name}", _OF_CELL, (cell_id, known_paths(notebook)))
    if scope is Scope.ALL:
        return None
    if scope is Scope.NOTEBOOK and notebook is not None:
        paths = known_paths(notebook)
        return RunsScope(notebook.name, _WITH_CHILDREN.format(seeds=_OF_NOTEBOOK), (paths, paths))
    folders = [os.path.join(folder, "") for folder in spellings(place.folder)]
    return RunsScope(f"{place.folder.name}/", _WITH_CHILDREN.format(seeds=_OF_FOLDER), (folders,))
