"""What a live panel costs a training in the same kernel: ``train_live.py WORK``.

Cells that train for some seconds run in turn with the live card and without it, in a real kernel that is asked as
JupyterLab asks it. ``python`` works in the interpreter, which the panel's thread needs too; ``arrays`` multiplies
matrices, which leaves the interpreter free. Each logs four metrics a step.
"""

from __future__ import annotations

import statistics
import sys

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel
from timing import finish

N_PAIRS = 5
WORK = {
    "python": "sum(i * i for i in range(25_000))",
    "arrays": "(a @ a).sum()",
}
# The time is taken inside the cell: neither the card that comes at its end nor the way to the page is training.
CELL = """%%track
import time, jtrack, numpy as np
a = np.ones((180, 180))
_took, _cpu = time.perf_counter(), time.process_time()
for step in range({n_steps}):
    {work}
    jtrack.log_metrics({{"loss": 1 / (step + 1), "val_loss": 2 / (step + 1), "acc": 0.5, "grad": 0.1}}, step=step)
_took, _cpu = time.perf_counter() - _took, time.process_time() - _cpu
print("TOOK", _took, _cpu)
"""
SET = "%config JTrack.live = {}"


def main() -> None:
    work = WORK[sys.argv[1]]
    manager, client = start_new_kernel(kernel_name="python3")
    try:
        run(client, "%load_ext jtrack")
        run(client, SET.format(True))
        run(client, CELL.format(work=work, n_steps=1500))  # imports, and the database's first question
        took, _ = run(client, CELL.format(work=work, n_steps=500))
        n_steps = int(500 / took * 8.0)
        pairs = [(timed(client, work, n_steps, True), timed(client, work, n_steps, False)) for _ in range(N_PAIRS)]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    percent = [100 * (with_s / without_s - 1) for (with_s, _), (without_s, _) in pairs]
    cpu = [100 * (with_s / without_s - 1) for (_, with_s), (_, without_s) in pairs]
    finish(percent=statistics.median(percent), cpu_percent=statistics.median(cpu), seconds=pairs[0][1][0])


def timed(client: BlockingKernelClient, work: str, n_steps: int, live: bool) -> tuple[float, float]:
    """Train once; gives seconds on the wall and of the process's processors."""
    run(client, SET.format(live))
    return run(client, CELL.format(work=work, n_steps=n_steps))


def run(client: BlockingKernelClient, code: str) -> tuple[float, float]:
    """Execute a cell with an id, as a front end that has cells does; gives the times that it printed."""
    message = client.session.msg("execute_request", _request(code), metadata={"cellId": f"cell-{hash(code)}"})
    client.shell_channel.send(message)
    took, idle = (0.0, 0.0), False
    while not idle:
        heard = client.get_iopub_msg(timeout=120)
        content = heard["content"]
        if heard["msg_type"] == "error":
            raise RuntimeError("\n".join(content["traceback"]))
        if heard["msg_type"] == "stream" and content["text"].startswith("TOOK"):
            took = (float(content["text"].split()[1]), float(content["text"].split()[2]))
        own = heard["parent_header"].get("msg_id") == message["header"]["msg_id"]
        idle = own and content.get("execution_state") == "idle"
    client.get_shell_msg(timeout=60)
    return took


def _request(code: str) -> dict[str, object]:
    return {
        "code": code,
        "silent": False,
        "store_history": True,
        "user_expressions": {},
        "allow_stdin": False,
        "stop_on_error": True,
    }


if __name__ == "__main__":
    main()
