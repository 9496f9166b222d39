"""How a sweep is shown while it runs: as whoever has a notebook shows it there, else as tqdm's bar at a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from jtrack.entities import RunKind

if TYPE_CHECKING:
    from jtrack.sweeps.drive import Seen
    from jtrack.tracking import ActiveRun


class Shown(Protocol):
    """What is shown of one sweep."""

    def step(self, seen: Seen) -> None:
        """Show that one more trial has ended."""
        ...

    def close(self) -> None:
        """Show the last of it, which stays."""
        ...


# Called with the sweep's run, its metric, how many trials are to be, and how far it is.
Maker = Callable[["ActiveRun", str, int | None, int], Shown]

_makers: list[Maker] = []


def add_maker(maker: Maker) -> None:
    """Have sweeps of this process shown by ``maker``; the last one added is asked."""
    _makers.append(maker)


def remove_maker(maker: Maker) -> None:
    """Have it asked no more; one that isn't there is no error."""
    if maker in _makers:
        _makers.remove(maker)


def show_sweep(run: ActiveRun, metric: str, max_evals: int | None, n_done: int, wished: bool | None) -> Shown:
    """Begin to show a sweep.

    Parameters
    ----------
    max_evals
        ``None`` where hyperopt shows a bar itself.
    wished
        ``None`` shows it where somebody looks: in a notebook or at a terminal, and not inside of another sweep's trial.
    """
    if wished is False or (wished is None and _is_inside_trial(run)):
        return _Nothing()
    if _makers:
        return _makers[-1](run, metric, max_evals, n_done)
    if max_evals is not None and (wished or "ipykernel" in sys.modules or sys.stderr.isatty()):
        return _Bar(max_evals, n_done, metric)
    return _Nothing()


def _is_inside_trial(run: ActiveRun) -> bool:
    outer = run.outer
    while outer is not None:
        if outer.kind is RunKind.TRIAL and not outer.ended:
            return True
        outer = outer.outer
    return False


class _Nothing:
    def step(self, seen: Seen) -> None:
        """Show nothing."""

    def close(self) -> None:
        """Have nothing to end."""


class _Bar:
    """tqdm's, which comes with hyperopt."""

    def __init__(self, total: int, done: int, metric: str) -> None:
        from tqdm.auto import tqdm

        self._metric = metric
        self._bar: Any = tqdm(total=total, initial=done, unit="trial", leave=True)

    def step(self, seen: Seen) -> None:
        """Count one more trial."""
        said = [] if seen.best is None else [f"best {self._metric} {seen.best.value:.4g}"]
        if seen.n_failed:
            said.append(f"{seen.n_failed} failed")
        self._bar.set_postfix_str(", ".join(said), refresh=False)
        self._bar.update()

    def close(self) -> None:
        """Leave the bar as it stands."""
        self._bar.close()
