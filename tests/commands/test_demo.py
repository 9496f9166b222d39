"""``jtrack demo`` as the README has it, and what JupyterLab finds when the notebook is opened after it."""

from __future__ import annotations

import nbformat
import pytest

from jtrack import queries
from jtrack.commands.demo import Demonstration, demo
from jtrack.server.places import find_place
from jtrack.server.question import Question
from jtrack.server.tracked_cells import list_cells
from jtrack.store import Store
from jtrack.tracking import set_tracking_uri

pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Demonstration, list[str]]:
    told: list[str] = []
    return demo(tmp_path_factory.mktemp("demo"), told.append), told


def test_runs_are_listed_the_newest_first_and_compared_the_oldest_first(
    shown: tuple[Demonstration, list[str]],
) -> None:
    demonstration, told = shown
    assert len(told) == 8
    text = demonstration.as_text()
    listed, compared, opened = text.partition("compare 3 runs")[0], *text.split("compare 3 runs")[1].split("Open it")
    assert listed.index("faster") < listed.index("wider")
    assert compared.index("wider") < compared.index("faster")
    assert f"lab {demonstration.notebook_path}" in opened


def test_jupyterlab_knows_the_cells_that_the_demo_ran(shown: tuple[Demonstration, list[str]]) -> None:
    path = shown[0].notebook_path
    cells = {cell.id: cell.source for cell in nbformat.read(path, as_version=4).cells}
    place = find_place(path.parent, notebook_path=path.name)
    assert place.store_path == shown[0].store_path
    set_tracking_uri(place.store_path)
    marked = list_cells(Question(Store(place.store_path), place))
    assert {cell.cell_id for cell in marked} <= cells.keys()
    recorded = queries.rows("SELECT cell_id, source FROM cells WHERE role = 'tracked'")
    assert len(recorded) == len(marked) == 3
    assert all(cells[row["cell_id"]] == row["source"] for row in recorded)
