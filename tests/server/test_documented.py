"""The table of routes in the docstring is the table of routes."""

from __future__ import annotations

import re
from pathlib import Path

import jtrack.server
from jtrack.server.extension import routes
from jtrack.server.panel_models import MODELS, WRITING_METHODS
from jtrack.server.service import Service
from jtrack.server.steering import ACTIONS


def test_every_route_is_told_of_and_none_else() -> None:
    text = jtrack.server.__doc__ or ""
    told = re.findall(r"^    (?:GET|POST) +(\S+)", text, re.MULTILINE)
    service = Service(lambda: Path())
    patterns = [path for path, *_ in routes(service)]
    service.close()
    samples = [re.sub(r"<\w+>", "x", route) for route in told]
    assert [route for route in samples if not any(re.fullmatch(pattern, route) for pattern in patterns)] == []
    assert [pattern for pattern in patterns if not any(re.fullmatch(pattern, route) for route in samples)] == []
    assert set(ACTIONS) <= WRITING_METHODS
    assert [name for name in [*ACTIONS, *MODELS] if not re.search(rf"\b{name}\b", text)] == []
