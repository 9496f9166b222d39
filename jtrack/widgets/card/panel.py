"""The run card: what a tracked cell shows below its output when it ends."""

from __future__ import annotations

from dataclasses import dataclass

from jtrack.widgets.card.frame import CardFrame, card_frame
from jtrack.widgets.card.html import card_html
from jtrack.widgets.card.text import card_text
from jtrack.widgets.html import printable


@dataclass(frozen=True, slots=True)
class RunCard:
    """A run and what changed since the last run of its cell; shows itself in a notebook.

    HTML without script of at most 20 KB, so that it is kept whole by a saved notebook, and text.
    """

    frame: CardFrame

    def __repr__(self) -> str:
        return printable(card_text(self.frame))

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/html": str(card_html(self.frame)), "text/plain": repr(self)}


def run_card(run_id: str) -> RunCard:
    """Read a run and the last run of its cell, and make the card.

    Raises
    ------
    RunNotFoundError
        There is no run with this full id.
    """
    return RunCard(card_frame(run_id))
