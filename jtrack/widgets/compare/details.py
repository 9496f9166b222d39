"""What differs between runs besides what they logged: tags, packages, git, data and where they ran; and their files.

Each is a row of texts, one a run, and stands in a comparison only where the texts differ.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jtrack import queries
from jtrack.widgets.format import tell_apart
from jtrack.widgets.run_page.artifact_files import FileKind, kind_of_name

TEXT_WIDTH = 36
_MOST_FILES = 500
_IN_RUNS = "WHERE run_id IN (SELECT unnest(?::VARCHAR[]))"
_TAGS = f"SELECT run_id, key, left(value, 200) AS value FROM tags {_IN_RUNS}"
_INPUTS = f"SELECT run_id, name, digest FROM inputs {_IN_RUNS}"
_ENVIRONMENTS = f"""
SELECT r.run_id, v.environment_sha256, v.packages::VARCHAR AS packages
FROM runs r JOIN environments v USING (environment_sha256) {_IN_RUNS}
"""
_FILES = f"""
SELECT path, list(run_id) AS run_ids, count(DISTINCT sha256) AS n_contents FROM artifacts {_IN_RUNS}
GROUP BY path HAVING count(*) > 1 ORDER BY path LIMIT {_MOST_FILES}
"""
_DETAILS = {
    "experiment": "experiment_name",
    "notebook": "notebook_path",
    "user": "user_name",
    "git commit": "git_commit",
    "git branch": "git_branch",
    "git changes": "git_dirty",
    "python": "python_version",
    "platform": "platform",
}


@dataclass(frozen=True, slots=True)
class ComparedText:
    """A param or another detail that differs; ``None`` where a run doesn't have it."""

    key: str
    is_numeric: bool
    texts: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class ComparedFile:
    """A file that several runs have: ``runs`` are their positions; ``is_same`` where all have the same bytes."""

    path: str
    kind: FileKind
    runs: tuple[int, ...]
    is_same: bool


def read_details(run_ids: Sequence[str], heads: Mapping[str, Mapping[str, Any]]) -> tuple[ComparedText, ...]:
    """What differs in where the runs ran, in git and in the data that they read."""
    columns = {key: [heads[run_id][column] for run_id in run_ids] for key, column in _DETAILS.items()}
    columns["git commit"] = [value and value[:10] for value in columns["git commit"]]
    columns["git changes"] = [
        value if value is None else "uncommitted" if value else "none" for value in columns["git changes"]
    ]
    columns["data"] = _data(run_ids)
    return _differing(columns)


def read_tags(run_ids: Sequence[str]) -> tuple[ComparedText, ...]:
    """Tags that differ."""
    tags: dict[str, dict[str, str]] = defaultdict(dict)
    for row in queries.rows(_TAGS, [list(run_ids)]):
        tags[row["key"]][row["run_id"]] = row["value"]
    return _differing({key: [tags[key].get(run_id) for run_id in run_ids] for key in sorted(tags)})


def read_packages(run_ids: Sequence[str]) -> tuple[ComparedText, ...]:
    """Packages whose versions differ, among the runs of which they are known."""
    packages: dict[str, dict[str, str]] = {}
    parsed: dict[str, dict[str, str]] = {}
    for row in queries.rows(_ENVIRONMENTS, [list(run_ids)]):
        digest = row["environment_sha256"]
        packages[row["run_id"]] = parsed.setdefault(digest, json.loads(row["packages"]))
    if len(parsed) < 2:
        return ()
    names = sorted({name for known in parsed.values() for name in known}, key=str.lower)
    return _differing({name: [packages.get(run_id, {}).get(name) for run_id in run_ids] for name in names})


def read_files(run_ids: Sequence[str]) -> tuple[ComparedFile, ...]:
    """Files of one path that two runs or more have and that can be shown, images first."""
    places = {run_id: i for i, run_id in enumerate(run_ids)}
    found = [
        ComparedFile(
            row["path"],
            kind_of_name(row["path"]),
            tuple(sorted(places[run_id] for run_id in row["run_ids"])),
            row["n_contents"] == 1,
        )
        for row in queries.rows(_FILES, [list(run_ids)])
    ]
    order = list(FileKind)
    return tuple(sorted((f for f in found if f.kind is not FileKind.BINARY), key=lambda f: order.index(f.kind)))


def _data(run_ids: Sequence[str]) -> list[str | None]:
    read: dict[str, list[str]] = defaultdict(list)
    for row in queries.rows(_INPUTS, [list(run_ids)]):
        read[row["run_id"]].append(f"{row['name']} {(row['digest'] or '')[:8]}".strip())
    return [", ".join(sorted(read[run_id])) or None for run_id in run_ids]


def _differing(columns: Mapping[str, Sequence[str | None]]) -> tuple[ComparedText, ...]:
    return tuple(
        ComparedText(key, False, tuple(tell_apart(values, TEXT_WIDTH)))
        for key, values in columns.items()
        if len(set(values)) > 1
    )
