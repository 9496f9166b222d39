"""Asks a scoring server for some seconds over connections that stay open, each as soon as it was answered.

``load_server.py PORT BODY_FILE CONNECTIONS SECONDS``; it prints requests a second and how long one took. Written to the
sockets itself, so that on a small machine the asking takes little from the answering.
"""

from __future__ import annotations

import asyncio
import re
import statistics
import sys
import time
from pathlib import Path

import timing

_WARM_UP_S = 1.0
_LENGTH = re.compile(rb"(?i)content-length: *(\d+)")


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, message: bytes) -> bytes:
    writer.write(message)
    head = await reader.readuntil(b"\r\n\r\n")
    length = _LENGTH.search(head)
    assert length is not None, head
    body = await reader.readexactly(int(length[1]))
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError((head + body)[:500].decode(errors="replace"))
    return body


async def _connection(port: int, message: bytes, until: float, took: list[tuple[float, float]]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**24)
    while (start := time.perf_counter()) < until:
        await _ask(reader, writer, message)
        took.append((start, time.perf_counter() - start))
    writer.close()


async def _load(port: int, body: bytes, n_connections: int, seconds: float) -> None:
    head = f"POST /invocations HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
    message = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    took: list[tuple[float, float]] = []
    begun = time.perf_counter() + _WARM_UP_S
    until = begun + seconds
    await asyncio.gather(*(_connection(port, message, until, took) for _ in range(n_connections)))
    counted = sorted(seconds for start, seconds in took if start >= begun)
    timing.finish(
        per_second=len(counted) / (time.perf_counter() - begun),
        median_ms=statistics.median(counted) * 1e3,
        p99_ms=counted[int(len(counted) * 0.99)] * 1e3,
    )


if __name__ == "__main__":
    try:
        import uvloop

        run = uvloop.run
    except ImportError:
        run = asyncio.run
    port, body_file, n_connections, seconds = sys.argv[1:]
    run(_load(int(port), Path(body_file).read_bytes(), int(n_connections), float(seconds)))
