"""Taking the %%track line off a cell: which cells, what is left, and which cells are refused."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from jtrack.errors import HeaderError
from jtrack.magics.cell_header import HeaderTransformer, check_cell, split_cell


def transform(cell: str, *, may_strip: bool = True, names: Mapping[str, Any] = MappingProxyType({})) -> str:
    return "".join(HeaderTransformer(lambda: may_strip, lambda: names)(cell.splitlines(keepends=True)))


def test_the_header_becomes_a_comment_so_that_line_numbers_hold() -> None:
    assert transform("%%track churn lr=0.1\nx = lr\ny = x\n") == "# %%track churn lr=0.1\nx = lr\ny = x\n"


def test_the_header_is_dropped_where_another_cell_magic_follows() -> None:
    assert transform("%%track\n%%time\nx = 1\n") == "%%time\nx = 1\n"
    assert transform("%%track\n\n  \n%%time\n\nx = 1\n") == "%%time\n\nx = 1\n"


def test_a_header_of_several_lines_leaves_as_many() -> None:
    cell = "%%track churn \\\n    lr=0.1 \\\n    --quiet\nx = lr\n"
    source = split_cell(cell.splitlines(keepends=True))
    assert source is not None
    assert source.line == "%%track churn lr=0.1 --quiet"
    assert transform(cell) == "# %%track churn lr=0.1 --quiet\n#\n#\nx = lr\n"


@pytest.mark.parametrize(
    "cell", ["x = 1\n", "%%tracker\nx\n", "%%track?", "%track on\n", "%%time\n%%track\nx\n", "# %%track\nx = 1\n", ""]
)
def test_other_cells_are_left_as_they_are(cell: str) -> None:
    assert transform(cell) == cell


def test_a_cell_within_a_cell_is_left_to_the_magic() -> None:
    assert transform("%%track nonsense=\nx\n", may_strip=False) == "%%track nonsense=\nx\n"


@pytest.mark.parametrize("body", ["", "\n", "   \n\n"])
def test_a_header_over_nothing_is_refused(body: str) -> None:
    with pytest.raises(HeaderError, match="nothing below"):
        transform(f"%%track\n{body}")


@pytest.mark.parametrize(
    "body",
    [
        "lr = 0.2\n",
        "%matplotlib inline\n!ls\nlr = 0.2\n",
        "%%time\nlr = 0.2\n",
        "with a:\n    lr: float = 0.2\n",
        "b, lr = 1, 0.2\n",
    ],
)
def test_a_cell_that_overwrites_what_the_header_sets_is_refused(body: str) -> None:
    with pytest.raises(HeaderError, match=r"sets lr = 0\.1, and the cell sets it to 0\.2"):
        transform(f"%%track lr=0.1\n{body}")


@pytest.mark.parametrize(
    "body",
    ["lr = lr / 2\n", "def f():\n    lr = 3\n", "if lr > 1:\n    lr = 1\n", "x = f(lr=0.2)\n", "%%bash\nlr=0.2\n"],
)
def test_a_cell_that_works_on_what_the_header_sets_is_taken(body: str) -> None:
    source = split_cell(f"%%track lr=0.1\n{body}".splitlines(keepends=True))
    assert source is not None
    assert check_cell(source).values == {"lr": 0.1}


@pytest.mark.parametrize("value", [0.03, "x", [1], np.int64(3), True])
def test_a_word_that_is_a_name_of_the_notebook_could_be_either(value: object) -> None:
    with pytest.raises(HeaderError) as caught:
        transform("%%track lr=best_lr\nx = lr\n", names={"best_lr": value})
    assert caught.value.message == "lr=best_lr can be read in two ways: as text, and as the notebook's best_lr"
    assert caught.value.hint == f"lr={{best_lr}} is its value, {value!r}; lr='best_lr' is the text"


def test_an_attribute_of_a_name_could_be_either_too() -> None:
    with pytest.raises(HeaderError, match=r"x={np.pi} is its value, 3\.14"):
        transform("%%track x=np.pi\ny = x\n", names={"np": np})


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("%%track lr=best_lr\nx = lr\n", {}),
        ("%%track lr='best_lr'\nx = lr\n", {"best_lr": 0.03}),
        ("%%track opt=adam\nx = opt\n", {"adam": "adam"}),
        ("%%track path=data.csv\nx = path\n", {"data": np.zeros(3)}),
        ("%%track path=data.csv\nx = path\n", {"data": 3}),
        ("%%track opt=adam\nx = opt\n", {"adam": object()}),
        ("%%track model=tree\ntree = fit()\n", {"tree": 3}),
        ("%%track x=True\ny = x\n", {"True": 3}),
        ("%%track path=data/a.csv\ny = path\n", {"data": 3}),
    ],
)
def test_a_word_that_can_be_meant_in_one_way_only_is_text(cell: str, names: dict[str, object]) -> None:
    assert transform(cell, names=names) == f"# {cell}"


def test_help_is_shown_and_nothing_of_the_cell_runs() -> None:
    for cell in ("%%track --help", "%%track churn --help\nx = 1\n"):
        assert transform(cell) == "%pinfo %%track\n"


def test_ipython_leaves_the_step_out_when_it_asks_whether_a_cell_is_complete() -> None:
    from IPython.core.inputtransformer2 import TransformerManager

    manager = TransformerManager()
    manager.cleanup_transforms.append(HeaderTransformer(lambda: True))
    assert manager.check_complete("%%track --half-typed\nx = 1") == ("incomplete", 0)
    assert manager.check_complete("%%track\nx = 1\n\n")[0] == "complete"
    assert manager.transform_cell("%%track\nx = 1") == "# %%track\nx = 1\n"
