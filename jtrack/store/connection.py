"""Opens DuckDB the way every part of the store wants it: in memory, and blind to Python variables but those given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
from numpy.typing import NDArray

from jtrack.store.schema import create_base


def connect() -> duckdb.DuckDBPyConnection:
    """Open an in-memory DuckDB that looks at no Python variable and fetches nothing."""
    settings: dict[str, str | bool | int | float | list[str]] = {
        "python_enable_replacements": "false",
        "autoinstall_known_extensions": "false",
    }
    return duckdb.connect(":memory:", config=settings)


def attach(connection: duckdb.DuckDBPyConnection, path: Path, *, read_only: bool) -> None:
    """Attach a generation as ``base``."""
    quoted = str(path).replace("'", "''")  # ATTACH takes no parameter
    connection.execute(f"ATTACH '{quoted}' AS base{' (READ_ONLY)' if read_only else ''}")


def create_base_in_memory(connection: duckdb.DuckDBPyConnection) -> None:
    """Stand in for the generation of a store that was never folded."""
    connection.execute("ATTACH ':memory:' AS base")
    create_base(connection)


@contextmanager
def given(connection: duckdb.DuckDBPyConnection, columns: Mapping[str, NDArray[Any]]) -> Iterator[None]:
    """Let SQL read columns where they lie, inside the block, as the table ``given``.

    100,000 ids that are handed over as a parameter take ten times as long.
    """
    connection.register("given", dict(columns))
    try:
        yield
    finally:
        connection.unregister("given")


@contextmanager
def interruptible() -> Iterator[None]:
    """Raise an interrupt as the one it is: DuckDB makes a ``RuntimeError`` of it."""
    try:
        yield
    except RuntimeError as error:
        if str(error) == "Query interrupted":
            raise KeyboardInterrupt from None
        raise
