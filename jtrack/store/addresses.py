"""Finds the run that a text means: an id, a prefix or a name that fits one run, ``@last``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jtrack.errors import InvalidInputError, RunNotFoundError

if TYPE_CHECKING:
    from jtrack.store.catalog import Catalog

_NEWEST_FIRST = "ORDER BY started_at DESC, run_id"


def run_id_of(catalog: Catalog, address: object) -> str:
    """Resolve ``address`` to a run's id.

    Parameters
    ----------
    address
        A full id; a prefix of an id, or a run's name, that fits exactly one run; ``@last``; or a run itself.

    Raises
    ------
    RunNotFoundError
        Nothing fits; the hint lists near names.
    InvalidInputError
        More than one run fits.
    """
    text = _text_of(address)
    if text == "@last":
        found = catalog.rows(f"SELECT run_id FROM runs WHERE lifecycle_stage = 'active' {_NEWEST_FIRST} LIMIT 1")
    else:
        found = catalog.rows("SELECT run_id FROM runs WHERE run_id = ?", [text]) or _fitting(catalog, text)
    if not found:
        raise RunNotFoundError(text, _names(catalog))
    if len(found) > 1:
        raise InvalidInputError(
            f"{text!r} fits {len(found)} runs",
            "give more of the id: " + ", ".join(row["run_id"][:12] for row in found[:4]),
        )
    return str(found[0]["run_id"])


def _text_of(address: object) -> str:
    if isinstance(address, str):
        return address.strip()
    run_id: Any = getattr(address, "run_id", None) or getattr(getattr(address, "info", None), "run_id", None)
    if not isinstance(run_id, str):
        raise InvalidInputError(f"a run is named by its id, its name or '@last', not by {address!r:.80}")
    return run_id


def _fitting(catalog: Catalog, text: str) -> list[dict[str, Any]]:
    if not text:
        return []
    named = f"SELECT run_id FROM runs WHERE run_name = ? AND lifecycle_stage = 'active' {_NEWEST_FIRST} LIMIT 9"
    prefixed = f"SELECT run_id FROM runs WHERE starts_with(run_id, ?) {_NEWEST_FIRST} LIMIT 9"
    return catalog.rows(named, [text]) or catalog.rows(prefixed, [text.lower()])


def _names(catalog: Catalog) -> list[str]:
    return [row["run_name"] for row in catalog.rows(f"SELECT run_name FROM runs {_NEWEST_FIRST} LIMIT 1000")]
