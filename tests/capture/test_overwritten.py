"""Names that a cell surely sets before it reads them."""

from __future__ import annotations

import pytest

from jtrack.capture.overwritten import overwritten


@pytest.mark.parametrize(
    "source",
    [
        "lr = 0.1",
        "lr = math.pi\nuse(lr)",
        "a, lr = 1, 2",
        "lr: float = 0.1",
        "for lr in range(3):\n    use(lr)",
        "with open('f') as lr:\n    use(lr)",
        "with lock:\n    lr = 3",
        "def lr(): pass",
        "class lr: pass",
        "import lr",
        "from numpy import log as lr",
        "other = 3\nlr = other",
    ],
)
def test_set_anew(source: str) -> None:
    assert list(overwritten(source, ["lr", "depth"])) == ["lr"]


@pytest.mark.parametrize(
    "source",
    [
        "use(lr)",
        "lr = lr * 2",
        "lr += 1",
        "use(lr)\nlr = 3",
        "if kind == 'a':\n    lr = 3\nuse(lr)",
        "while go:\n    lr = 3",
        "def f():\n    return lr\nlr = 3",
        "class A:\n    lr = 3",
        "model.lr = 3\nuse(lr)",
        "loss = [lr for lr in range(3)]",
        "lr[0] = 3",
        "lr: float",
        "not python",
        "",
    ],
)
def test_read_first_or_not_surely_set(source: str) -> None:
    assert overwritten(source, ["lr"]) == {}


def test_the_line_is_told() -> None:
    assert overwritten("x = 1\n  \nlr = math.pi  # as ever", ["lr"]) == {"lr": "lr = math.pi  # as ever"}
