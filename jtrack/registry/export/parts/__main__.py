"""The package's commands: `predict` a file, `serve` over HTTP, `check` against the notebook's own predictions."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from .scoring import about, answer, check
from .server import serve


def main() -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog=about()["name"], description=about()["description"])
    commands = parser.add_subparsers(dest="command", required=True)
    predicts = commands.add_parser("predict", help="predict what a JSON request (a file, or -) asks for")
    predicts.add_argument("file")
    serves = commands.add_parser("serve", help="serve /invocations over HTTP")
    serves.add_argument("--host", default="127.0.0.1")
    serves.add_argument("--port", type=int, default=8080, help="0 takes a free one (%(default)s)")
    commands.add_parser("check", help="hold the example's predictions against the notebook's")
    asked = parser.parse_args()
    if asked.command == "serve":
        serve(asked.host, asked.port)
    elif asked.command == "predict":
        text = sys.stdin.read() if asked.file == "-" else Path(asked.file).read_text(encoding="utf-8")
        sys.stdout.write(json.dumps(answer(json.loads(text))) + "\n")
    else:
        faults = check()
        sys.stdout.write("\n".join(faults or ["the example's predictions are the notebook's own"]) + "\n")
        return 1 if faults else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
