"""What ``%%track`` adds to a cell that does nothing, in a real kernel, in a folder under git: ``track_cell.py``.

Timed from outside, as the page sees it: from the request to the kernel being idle again, tracked and untracked
cells in turn. Requests are JupyterLab's: with the cell's id, by which the kernel knows that somebody looks on.
"""

from __future__ import annotations

import statistics
import subprocess
import time
import uuid
from pathlib import Path

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel
from timing import finish

N_PAIRS = 40
GIT = ("git", "-c", "user.name=bench", "-c", "user.email=bench@localhost")


def main() -> None:
    Path(".jtrack").mkdir()  # else a store further up would be the notebook's
    subprocess.run(["git", "init", "-q"], check=True)
    subprocess.run([*GIT, "commit", "-q", "--allow-empty", "-m", "start"], check=True)
    manager, client = start_new_kernel(kernel_name="python3")
    try:
        load_ms = _cell_ms(client, "%load_ext jtrack")
        first_ms = _cell_ms(client, "%%track\npass")
        pairs = [(_cell_ms(client, "%%track\npass"), _cell_ms(client, "pass")) for _ in range(N_PAIRS)]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    tracked, plain = (statistics.median(costs) for costs in zip(*pairs, strict=True))
    finish(added_ms=tracked - plain, plain_ms=plain, first_ms=first_ms - plain, load_ms=load_ms)


def _cell_ms(client: BlockingKernelClient, code: str) -> float:
    start = time.perf_counter()
    message_id = _send(client, code)
    idle = False
    while not idle:
        message = client.get_iopub_msg(timeout=60)
        if message["msg_type"] == "error":
            raise RuntimeError("\n".join(message["content"]["traceback"]))
        own = message["parent_header"].get("msg_id") == message_id
        idle = own and message["content"].get("execution_state") == "idle"
    took_ms = (time.perf_counter() - start) * 1e3
    client.get_shell_msg(timeout=60)
    time.sleep(0.05)  # what a cell leaves to be done in the background is not in the next one's way
    return took_ms


def _send(client: BlockingKernelClient, code: str) -> str:
    content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": True}
    metadata = {"cellId": _cell_id(code), "deletedCells": [], "recordTiming": False, "trusted": True}
    message = client.session.msg("execute_request", content, metadata=metadata)
    client.shell_channel.send(message)
    return str(message["header"]["msg_id"])


def _cell_id(code: str) -> str:
    """Give a cell's id, the same for the same source."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, code))


if __name__ == "__main__":
    main()
