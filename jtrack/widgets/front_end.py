"""Who sent the cell that runs: a page with a person before it, and what it may load, or a program.

Programs that execute whole notebooks (nbclient, and with it papermill, nbconvert and Quarto) say of each cell that
nobody can be asked for input. What they would keep of a widget is its state, which readers of the notebook prefer to
the HTML beside it and can't draw without a network; so where no page looks, panels show their still form alone.
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
    return not has_page and _request("content").get("allow_stdin") is False


def modules_address() -> str | None:
    """Where the page wants the widgets' modules from: it may not import what a kernel sends, by its server's policy."""
    ours = _request("metadata").get("jtrack")
    told = ours.get("modules_address") if isinstance(ours, Mapping) else None
    return told if isinstance(told, str) and told.startswith(("http://", "https://")) else None


def publisher() -> Any:
    """What shows output: the display publisher of IPython in this kernel; ``None`` outside of one."""
    return getattr(getattr(_kernel(), "shell", None), "display_pub", None)


def _request(part: str) -> Mapping[str, Any]:
    kernel = _kernel()
    message = kernel.get_parent("shell") if kernel is not None else {}
    found = message.get(part) if isinstance(message, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _kernel() -> Any:
    loaded = sys.modules.get("ipykernel.ipkernel")  # a process without a kernel shall not load one
    kernels = getattr(loaded, "IPythonKernel", None)
    return kernels.instance() if kernels is not None and kernels.initialized() else None
