"""The first words of a worker, in a module of their own: what is pickled has to have one name in both processes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ready:
    """The first word of a worker: its model is loaded."""

    load_s: float
    joins: bool


@dataclass(frozen=True, slots=True)
class Failed:
    """The first word of a worker that can't load its model."""

    message: str
    hint: str | None
