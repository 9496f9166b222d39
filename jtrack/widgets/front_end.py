"""Who sent the cell that runs: a page with a person before it, or a program that executes whole notebooks.

Programs (nbclient, and with it papermill, nbconvert and Quarto) say of each cell that nobody can be asked for input.
What they would keep of a widget is its state, which readers of the notebook prefer to the HTML beside it and can't draw
without a network; so where no page looks, panels show their still form alone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any


def is_program() -> bool:
    """Whether the running cell was sent by a program with no page behind it; outside of a kernel, it was not."""
    # Voilà executes as a program does, and then puts a page before the kernel.
    has_page = any(name.startswith("VOILA_") for name in os.environ)
    return not has_page and _request().get("allow_stdin") is False


def publisher() -> Any:
    """What shows output: the display publisher of IPython in this kernel; ``None`` outside of one."""
    return getattr(getattr(_kernel(), "shell", None), "display_pub", None)


def _request() -> Mapping[str, Any]:
    kernel = _kernel()
    message = kernel.get_parent("shell") if kernel is not None else {}
    content = message.get("content") if isinstance(message, Mapping) else None
    return content if isinstance(content, Mapping) else {}


def _kernel() -> Any:
    loaded = sys.modules.get("ipykernel.ipkernel")  # a process without a kernel shall not load one
    kernels = getattr(loaded, "IPythonKernel", None)
    return kernels.instance() if kernels is not None and kernels.initialized() else None
