"""The bar below a sweep: trials done, the best so far. tqdm's, which comes with hyperopt: a widget in a notebook."""

from __future__ import annotations

import sys
from typing import Any


class Progress:
    """Counts trials on a bar; without ``is_shown`` it does nothing.

    Parameters
    ----------
    is_shown
        ``None`` shows it where somebody looks: in a notebook or at a terminal.
    """

    def __init__(self, total: int, done: int, metric: str, is_shown: bool | None) -> None:
        self._metric = metric
        self._bar: Any = None
        if is_shown or (is_shown is None and ("ipykernel" in sys.modules or sys.stderr.isatty())):
            from tqdm.auto import tqdm

            self._bar = tqdm(total=total, initial=done, unit="trial", leave=True)

    def step(self, best: float | None, n_failed: int) -> None:
        """Count one more trial."""
        if self._bar is None:
            return
        said = [] if best is None else [f"best {self._metric} {best:.4g}"]
        if n_failed:
            said.append(f"{n_failed} failed")
        self._bar.set_postfix_str(", ".join(said), refresh=False)
        self._bar.update()

    def close(self) -> None:
        """Leave the bar as it stands."""
        if self._bar is not None:
            self._bar.close()
