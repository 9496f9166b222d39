"""A folder beside the store's messages where a sweep leaves what its workers need: the objective, and who began what.

Engines make a call again when its worker dies, or when a result is lost with one. A trial is begun once, so each is
claimed by making a file that must not be there yet, which is one step on any file system.
"""

from __future__ import annotations

import os
import pickle
import shutil
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from jtrack.store.folder import StoreFolder

if TYPE_CHECKING:
    from jtrack.sweeps.trial import Objective, TrialHome


@dataclass(frozen=True, slots=True)
class Desk:
    """One life of a sweep, as its workers see it."""

    path: Path

    @classmethod
    def open(cls, home: TrialHome, objective: bytes) -> Desk:
        """Lay out the objective; what a life that was killed left behind goes."""
        control = StoreFolder(home.store_path).control
        control.mkdir(parents=True, exist_ok=True)
        for left in control.glob(f"{home.sweep.run_id}.*.sweep"):
            shutil.rmtree(left, ignore_errors=True)
        desk = cls(control / f"{home.sweep.run_id}.{os.getpid()}.sweep")
        desk.path.mkdir()
        desk.objective_path.write_bytes(objective)
        return desk

    @property
    def objective_path(self) -> Path:
        """The pickled objective."""
        return self.path / "objective"

    def claim(self, tid: int) -> bool:
        """Say that trial ``tid`` begins now; whether it is the first time that somebody says so."""
        with suppress(FileExistsError):
            os.close(os.open(self.path / str(tid), os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC))
            return True
        return False

    def clear(self) -> None:
        """Take everything away again."""
        shutil.rmtree(self.path, ignore_errors=True)


@lru_cache(maxsize=2)
def load_objective(path: Path) -> Objective:
    """Read an objective, once per process."""
    objective: Objective = pickle.loads(path.read_bytes())
    return objective
