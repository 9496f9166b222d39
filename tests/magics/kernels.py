"""A real kernel, driven as a front end drives it, and what it shows."""

from __future__ import annotations

import ast
import json
import os
import queue
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import KernelManager, start_new_kernel

TIMEOUT_S = 60.0
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass
class Shown:
    """What one execution showed, and the kernel's reply."""

    reply: dict[str, Any] = field(default_factory=dict)
    stdout: str = ""
    stderr: str = ""
    displays: list[dict[str, str]] = field(default_factory=list)
    result: dict[str, str] | None = None
    errors: list[dict[str, Any]] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    """Kinds of the messages, in their order."""

    @property
    def ok(self) -> bool:
        return self.reply["status"] == "ok"

    @property
    def traceback(self) -> str:
        return _ANSI.sub("", "\n".join(line for error in self.errors for line in error["traceback"]))

    @property
    def cards(self) -> list[dict[str, str]]:
        return [bundle for bundle in self.displays if "text/html" in bundle and "text/plain" in bundle]


class Kernel:
    """A running kernel and the requests of a front end."""

    def __init__(self, folder: Path, *arguments: str, **environment: str) -> None:
        self.folder = folder
        variables = {**os.environ, "JTRACK_TRACKING_URI": str(folder / "store"), **environment}
        self.manager: KernelManager
        self.client: BlockingKernelClient
        self.manager, self.client = start_new_kernel(
            kernel_name="python3", cwd=str(folder), env=variables, extra_arguments=list(arguments)
        )

    def stop(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def run(self, code: str, cell_id: str | None = None, **metadata: Any) -> Shown:
        """Execute a cell as a front end does and collect what it shows."""
        return self.collect(self.send(code, cell_id, **metadata))

    def send(self, code: str, cell_id: str | None = None, *, store_history: bool = True, **metadata: Any) -> str:
        """Send a cell to be executed, without waiting."""
        if cell_id is not None:
            metadata["cellId"] = cell_id
        subshell_id = metadata.pop("subshell_id", None)
        content = {
            "code": code,
            "silent": False,
            "store_history": store_history,
            "user_expressions": {},
            "allow_stdin": True,
            "stop_on_error": False,
        }
        message = self.client.session.msg("execute_request", content, metadata=metadata)
        message["header"]["subshell_id"] = subshell_id
        self.client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def collect(self, request: str) -> Shown:
        """Collect everything that belongs to a request until the kernel is idle again."""
        shown = Shown()
        while True:
            message = self.client.get_iopub_msg(timeout=TIMEOUT_S)
            if message["parent_header"].get("msg_id") != request:
                continue
            content, kind = message["content"], message["msg_type"]
            if kind == "status" and content["execution_state"] == "idle":
                break
            _note(shown, kind, content)
        shown.reply = self.reply(request)
        return shown

    def reply(self, request: str) -> dict[str, Any]:
        """Wait for the reply to a request."""
        while True:
            message = self.client.get_shell_msg(timeout=TIMEOUT_S)
            if message["parent_header"].get("msg_id") == request:
                return dict(message["content"])

    def wait_for_output(self, request: str, text: str) -> None:
        """Wait until a request has printed ``text``."""
        printed = ""
        until = time.monotonic() + TIMEOUT_S
        while text not in printed and time.monotonic() < until:
            try:
                message = self.client.get_iopub_msg(timeout=1.0)
            except queue.Empty:
                continue
            if message["parent_header"].get("msg_id") == request and message["msg_type"] == "stream":
                printed += message["content"]["text"]
        assert text in printed

    def value(self, expression: str) -> Any:
        """Evaluate an expression in the kernel, outside the notebook's history."""
        content = {
            "code": "",
            "silent": True,
            "store_history": False,
            "user_expressions": {"value": f"__import__('json').dumps({expression}, default=str)"},
            "allow_stdin": False,
            "stop_on_error": False,
        }
        message = self.client.session.msg("execute_request", content)
        self.client.shell_channel.send(message)
        answer = self.reply(message["header"]["msg_id"])["user_expressions"]["value"]
        assert answer["status"] == "ok", answer
        return json.loads(ast.literal_eval(answer["data"]["text/plain"]))

    def rows(self, query: str) -> list[dict[str, Any]]:
        """Ask the store, from within the kernel."""
        rows: list[dict[str, Any]] = self.value(f"__import__('jtrack.queries').queries.rows({query!r})")
        return rows

    def last_run(self) -> dict[str, Any]:
        """Read everything of the run that started last."""
        run = self.rows("SELECT * FROM runs ORDER BY started_at DESC LIMIT 1")[0]
        where = f"WHERE run_id = '{run['run_id']}'"
        run["params"] = {
            row["key"]: self.value(f"__import__('jtrack.values').values.parse_param({row['value_json']!r})")
            for row in self.rows(f"SELECT key, value_json FROM params {where}")
        }
        metrics = self.rows(f"SELECT key, value FROM latest_metrics {where}")
        run["metrics"] = {row["key"]: row["value"] for row in metrics}
        run["tags"] = {row["key"]: row["value"] for row in self.rows(f"SELECT key, value FROM tags {where}")}
        run["cells"] = self.rows(f"SELECT * FROM cells {where}")
        run["artifacts"] = [row["path"] for row in self.rows(f"SELECT path FROM artifacts {where}")]
        return run


def _note(shown: Shown, kind: str, content: dict[str, Any]) -> None:
    shown.kinds.append(kind)
    if kind == "stream" and content["name"] == "stdout":
        shown.stdout += content["text"]
    elif kind == "stream":
        shown.stderr += content["text"]
    elif kind == "display_data":
        shown.displays.append(content["data"])
    elif kind == "execute_result":
        shown.result = content["data"]
    elif kind == "error":
        shown.errors.append(content)
