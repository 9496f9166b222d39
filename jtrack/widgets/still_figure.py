"""A plotly figure that is there without plotly too: beside its data stand HTML without script, and text.

Plotly itself gives a notebook only the figure's data, which GitHub, nbconvert and mail can't draw, or the whole library
with it. Here the data goes alone, for the one plotly that JupyterLab or VS Code has.
"""

from __future__ import annotations

import json
from typing import Any, Self

import plotly.graph_objects as go

from jtrack.widgets.html import Markup, printable

MIME_TYPE = "application/vnd.plotly.v1+json"


class StillFigure(go.Figure):  # type: ignore[misc]
    """A plotly figure with a still form, which shows what the figure was made from and none of its later changes."""

    _still: tuple[Markup, str] | None = None
    # Plotly would show itself in its own ways, of which one brings the library along.
    _ipython_display_ = None

    def with_still(self, html: Markup, text: str) -> Self:
        """Show this HTML and this text where no plotly is."""
        self._still = html, printable(text)
        return self

    def _repr_mimebundle_(self, *_args: object, **_kwargs: object) -> dict[str, Any]:
        html, text = self._still or (Markup(""), repr(self))
        return {MIME_TYPE: json.loads(self.to_json()), "text/html": str(html), "text/plain": text}
