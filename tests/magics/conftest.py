"""One real kernel for each test file; the tests of a file share it, so it starts once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.magics.kernels import Kernel


@pytest.fixture(scope="module")
def fresh_kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A kernel of this test file's own, without jtrack loaded."""
    kernel = Kernel(tmp_path_factory.mktemp("notebook"))
    yield kernel
    kernel.stop()


@pytest.fixture(scope="module")
def kernel(fresh_kernel: Kernel) -> Kernel:
    """The kernel of this test file, with jtrack loaded."""
    shown = fresh_kernel.run("%load_ext jtrack")
    assert shown.ok, shown.traceback
    assert shown.stderr == ""
    return fresh_kernel
