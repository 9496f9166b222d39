"""What a live panel costs a training in the same kernel: ``train_live.py WORK``.

One training in a real kernel, during which its panel is seen and not seen in turn, for some seconds each: a
machine that is busy with other things slows both alike. ``python`` works in the interpreter, which the panel's thread
needs too; ``arrays`` multiplies matrices, which leaves the interpreter free. Each logs four metrics a step. Told are
the processor time that all other threads of the kernel take, in percent of the time that passes, and what a step
costs more, by the clock and in processor time of the training's own thread.
"""

from __future__ import annotations

import json
import sys

from jupyter_client.manager import start_new_kernel
from timing import finish

WORK = {
    "python": "sum(i * i for i in range(25_000))",
    "arrays": "(a @ a).sum()",
}
CELL = """
import json, os, statistics, threading, time
os.environ["OPENBLAS_NUM_THREADS"] = "1"
import jtrack, numpy as np
a = np.ones((180, 180))
panel = jtrack.live()

def see(visible):
    # From a thread, as what a page says comes by a subshell; twice, as a view does that finds itself shown.
    def say():
        panel.watch(visible)
        time.sleep(0.05)
        panel.watch(visible)
    threading.Thread(target=say).start()

def block(run, first, seconds):
    step, end = first, time.perf_counter() + seconds
    began, cpu, own = time.perf_counter(), time.process_time(), time.thread_time()
    while time.perf_counter() < end:
        {work}
        run.log_metrics({{"loss": 1 / (step + 1), "val_loss": 2 / (step + 1), "acc": 0.5, "grad": 0.1}}, step=step)
        step += 1
    n, wall = step - first, time.perf_counter() - began
    own, all_threads = time.thread_time() - own, time.process_time() - cpu
    return step, {{"wall": wall / n, "own": own / n, "others": (all_threads - own) / wall}}

sent, send = [], panel.send
panel.send = lambda *args: (sent.append(1), send(*args))
blocks, n_sent, step = {{True: [], False: []}}, [], 0
with jtrack.start_run() as run:
    step, _ = block(run, step, 3.0)  # imports, and the database's first question
    for pair in range(10):
        for visible in (True, False) if pair % 2 else (False, True):
            see(visible)
            step, _ = block(run, step, 1.0)
            sent.clear()
            step, costs = block(run, step, 4.0)
            blocks[visible].append(costs)
            if visible:
                n_sent.append(len(sent) / 4.0)

def least(name, visible):
    # The lower quartile: what else the machine does makes blocks slower, never quicker.
    return statistics.quantiles([costs[name] for costs in blocks[visible]], n=4)[0]

def median(name, visible):
    return statistics.median(costs[name] for costs in blocks[visible])

print("TOLD", json.dumps({{
    "wall_percent": 100 * (least("wall", True) / least("wall", False) - 1),
    "own_percent": 100 * (least("own", True) / least("own", False) - 1),
    "taken_percent": 100 * (median("others", True) - median("others", False)),
    "frames_per_s": statistics.median(n_sent),
}}))
"""


def main() -> None:
    manager, client = start_new_kernel(kernel_name="python3")
    said: list[str] = []

    def listen(message: dict[str, object]) -> None:
        content = message["content"]
        assert isinstance(content, dict)
        if message["msg_type"] == "error":
            raise RuntimeError("\n".join(content["traceback"]))
        if message["msg_type"] == "stream":
            said.append(content["text"])

    try:
        client.execute_interactive(CELL.format(work=WORK[sys.argv[1]]), timeout=300, output_hook=listen)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    finish(**json.loads("".join(said).partition("TOLD ")[2]))


if __name__ == "__main__":
    main()
