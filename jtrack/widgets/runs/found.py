"""The runs that a search found, to ask further questions about: by the search itself, else by their ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jtrack import queries


@dataclass(frozen=True, slots=True)
class Found:
    """SQL of one column ``run_id``, and what is in it; ``run_ids`` is what it reads as the table ``given``."""

    sql: str = "SELECT run_id FROM given"
    values: Sequence[object] = ()
    run_ids: Sequence[str] | None = None

    def rows(self, query: str) -> list[dict[str, Any]]:
        """Answer a query in which ``{found}`` stands for the SQL."""
        text = query.format(found=self.sql)
        if self.run_ids is None:
            return queries.rows(text, self.values)
        return queries.rows_beside({"run_id": self.run_ids}, text, self.values)
