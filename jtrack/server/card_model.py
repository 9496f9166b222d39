"""The model of the run card, the one panel that no widget holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jtrack.widgets.card.frame import CardFrame, card_frame


class CardModel:
    """The run card, which is read anew each time it is looked at: its run may be training."""

    def __init__(self, run_id: str) -> None:
        self._run_id = card_frame(run_id).run_id

    @property
    def frame(self) -> CardFrame:
        """The card as the run stands now."""
        return card_frame(self._run_id)

    def refresh(self) -> None:
        """Do nothing: the card is always read anew."""

    @property
    def methods(self) -> Mapping[str, Callable[..., Any]]:
        """None."""
        return {}
