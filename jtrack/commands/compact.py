"""``compact``: folds what the journals have into the next generation of the store, now rather than when it is due."""

from __future__ import annotations

import argparse
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from jtrack.commands.command import Command


@dataclass(frozen=True, slots=True)
class Compaction:
    """What a store weighed before and after; ``generation`` is the new file, ``None`` if there was nothing to fold."""

    store_path: Path
    generation: Path | None
    n_bytes_before: int
    n_bytes_after: int
    is_good: bool = True

    def as_text(self) -> str:
        """Tell it in one line."""
        from jtrack.widgets.format import format_bytes

        if self.generation is None:
            return f"{self.store_path} has nothing to compact"
        before, after = format_bytes(self.n_bytes_before), format_bytes(self.n_bytes_after)
        return f"{self.store_path}: {before} before, {after} now, in {self.generation.name} and its journals"

    def as_json(self) -> Any:
        """Give the fields."""
        return {name: str(value) if isinstance(value, Path) else value for name, value in asdict(self).items()}


def compact() -> Compaction:
    """Fold the journals into one file, for a store that is smaller and opens faster.

    Nobody has to: it happens by itself when the journals have grown. It disturbs no one who reads or writes meanwhile.

    Raises
    ------
    StoreError
        The folder can't be written, or its disk is full; the store is as it was.
    """
    from jtrack.store.folder import unwritable
    from jtrack.tracking.context import current_store

    store = current_store()
    store.folder.check_readable()
    before = _weight(store.path)
    try:
        generation = store.fold() if store.path.exists() else None
    except OSError as error:
        raise unwritable(store.path, error) from error
    return Compaction(store.path, generation, before, _weight(store.path))


def _weight(store_path: Path) -> int:
    files = [*store_path.glob("store.*.duckdb"), *store_path.glob("journal/*")]
    return sum(path.stat().st_size for path in files if path.exists())


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    """Nothing to choose."""


COMPACT = Command("compact", compact, _add_arguments)
