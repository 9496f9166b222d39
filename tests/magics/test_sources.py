"""A tracked cell's run keeps the cells that it came from, and tells them as one program."""

from __future__ import annotations

import pytest

from tests.magics.kernels import Kernel

pytestmark = pytest.mark.kernel


def test_a_run_keeps_the_cells_that_it_came_from(kernel: Kernel) -> None:
    kernel.run("import math\nscale = 2")
    kernel.run("unused = 3")
    kernel.run("%time values = [scale * n for n in range(4)]")
    kernel.run("broken = 1 / 0\nscale = 9")
    kernel.run("%%track sums power=2\ntotal = sum(math.pow(value, power) for value in values)")
    kernel.value(
        "__import__('time') and [t.join() for t in __import__('threading').enumerate() if t.name == 'jtrack-facts']"
    )
    run = kernel.last_run()
    sources = [row["source"] for row in run["cells"] if row["role"] == "source"]
    assert sources == ["import math\nscale = 2", "%time values = [scale * n for n in range(4)]"]
    program = kernel.value("__import__('jtrack').code('@last')")
    assert "unused" not in program and "%" not in program.replace("# %%", "")
    namespace: dict[str, object] = {}
    exec(program, namespace)
    assert namespace["total"] == run["metrics"]["total"] == 56.0
