"""The routes, and how they get into a Jupyter server: all below ``<base_url>jtrack/api/`` but the page's own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from jtrack.server.handlers import ArtifactHandler, ChangesHandler, JsonHandler, PanelHandler, TableHandler
from jtrack.server.page import FILES, PageFileHandler, PageHandler
from jtrack.server.question import Question
from jtrack.server.run_cell import find_making_cell
from jtrack.server.run_page import read_curve, read_page
from jtrack.server.runs_listing import list_runs
from jtrack.server.service import Service
from jtrack.server.steering import act
from jtrack.server.tracked_cells import list_cells

_RUN = "([^/]+)"  # an id, a prefix, a name, @last


def load(server: Any) -> None:
    """Add the routes to a running ``jupyter_server.serverapp.ServerApp``."""
    from jupyter_server.utils import url_path_join

    service = Service(lambda: Path(_root(server)))
    base = url_path_join(server.web_app.settings["base_url"], "jtrack", "api")
    handlers = [(url_path_join(re.escape(base), path), *rest) for path, *rest in routes(service)]
    page = url_path_join(server.web_app.settings["base_url"], "jtrack")
    files = "|".join(re.escape(name) for name in FILES)
    handlers += [(f"{re.escape(page)}/?", PageHandler), (f"{re.escape(page)}/({files})", PageFileHandler)]
    server.web_app.add_handlers(".*$", handlers)
    server.log.info("jtrack: runs are served at %s", base)


def routes(service: Service) -> list[tuple[Any, ...]]:
    """Give each route: its address below the API's, its handler, and what the handler is told."""
    own = {"service": service}
    making_cell = {"GET": lambda asked: find_making_cell(asked, service.root)}
    return [
        ("where", JsonHandler, {**own, "answers": {"GET": tell_where}}),
        ("runs", JsonHandler, {**own, "answers": {"GET": list_runs}}),
        (r"runs\.(csv|parquet)", TableHandler, own),
        (f"runs/{_RUN}", JsonHandler, {**own, "answers": {"GET": read_page}}),
        (f"runs/{_RUN}/metrics/(.+)", JsonHandler, {**own, "answers": {"GET": read_curve}}),
        (f"runs/{_RUN}/cell", JsonHandler, {**own, "answers": making_cell}),
        (f"runs/{_RUN}/([a-z]+)", JsonHandler, {**own, "answers": {"POST": act}}),
        ("cells", JsonHandler, {**own, "answers": {"GET": list_cells}}),
        ("panels/([^/]+)", PanelHandler, {**own, "answers": {"POST": service.panels.answer}}),
        (f"artifacts/{_RUN}/(.+)", ArtifactHandler, own),
        ("changes", ChangesHandler, own),
    ]


def tell_where(asked: Question) -> dict[str, Any]:
    """Tell which store is meant, whether it is there yet, and the absolute path under which runs know the notebook."""
    notebook_path = asked.place.notebook_path
    return {
        "store_path": str(asked.place.store_path),
        "exists": asked.place.store_path.is_dir(),
        "folder": str(asked.place.folder),
        "notebook_path": None if notebook_path is None else str(notebook_path),
    }


def _root(server: Any) -> str:
    # Contents may come from elsewhere than a folder; kernels then start in the server's own.
    return str(getattr(server.contents_manager, "root_dir", "") or server.root_dir)
