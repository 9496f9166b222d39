"""A landscape that shows itself: HTML without script, so that any page keeps all of it, and text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jtrack.direction import Direction
from jtrack.sweeps.result import SweepResult
from jtrack.widgets.html import printable
from jtrack.widgets.landscape.frame import Landscape, Learned, landscape_frame
from jtrack.widgets.landscape.html import PARTS, landscape_html, landscape_text


@dataclass(frozen=True, slots=True)
class LandscapePanel:
    """What a sweep learned about its params; ``frame`` is the data behind it."""

    frame: Landscape
    parts: tuple[str, ...] = PARTS
    is_folded: bool = False

    def __repr__(self) -> str:
        return printable(landscape_text(self.frame))

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        page = landscape_html(self.frame, self.parts, is_folded=self.is_folded)
        return {"text/html": str(page), "text/plain": repr(self)}


def landscape(
    result: SweepResult,
    parts: tuple[str, ...] = PARTS,
    *,
    slices: Sequence[str] | None = None,
    contour: Sequence[str] | None = None,
    is_folded: bool = False,
) -> LandscapePanel:
    """Show what a sweep learned; see :func:`~jtrack.widgets.landscape.frame.landscape_frame`."""
    learned = Learned(
        title=f"sweep {result.run_name}",
        n_trials=result.n_trials,
        metric=result.metric,
        direction=Direction.LOWER if result.goal == "minimize" else Direction.HIGHER,
        model=result.model(),
    )
    return LandscapePanel(landscape_frame(learned, slices, contour), parts, is_folded)
