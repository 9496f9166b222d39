"""How a model is to be served; and the record of a server on this machine, by which it is found, asked and stopped."""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from jtrack.errors import InvalidInputError
from jtrack.settings import state_path
from jtrack.store.folder import is_locked

DEFAULT_TIMEOUT_S = 60.0
DEFAULT_MAX_BODY_MB = 64.0
_YOUNG_S = 60.0  # one that only starts has no lock yet
_KEEP_LOGS_S = 7 * 86400.0
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """What a server is asked to do.

    Parameters
    ----------
    port
        0 takes a free one.
    n_workers
        Processes that hold the model, each once.
    token
        What callers have to send as ``Authorization: Bearer …``; ``None`` asks for nothing.
    timeout_s
        How long a request may take, waiting included.
    max_body_mb
        The largest body, in units of 2**20 bytes.
    joins
        Whether waiting requests are predicted together; ``None`` sees by the model's example.
    record
        The share of requests that is kept in the store, 0 to 1.
    """

    host: str = "127.0.0.1"
    port: int = 0
    n_workers: int = 1
    token: str | None = None
    timeout_s: float = DEFAULT_TIMEOUT_S
    max_body_mb: float = DEFAULT_MAX_BODY_MB
    joins: bool | None = None
    record: float = 0.0

    def check(self) -> None:
        """Hold the options against what there can be.

        Raises
        ------
        InvalidInputError
            One is out of its range.
        """
        if not 0 <= self.port < 65536:
            raise InvalidInputError(f"there is no port {self.port}", "0 to 65535; 0 takes a free one")
        if self.n_workers < 1:
            raise InvalidInputError(f"{self.n_workers} workers can't serve", "--workers 1, or more")
        if not self.timeout_s > 0:
            raise InvalidInputError(f"no request is answered in {self.timeout_s:g} s", "--timeout 60")
        if not self.max_body_mb > 0:
            raise InvalidInputError(f"no request fits into {self.max_body_mb:g} MB", "--max-body-mb 64")
        if not 0 <= self.record <= 1:
            raise InvalidInputError(f"{self.record:g} is no share of requests", "--record 0.1 keeps one in ten")


@dataclass(frozen=True, slots=True)
class ServerRecord:
    """One server on this machine.

    Parameters
    ----------
    model_uri
        As it was asked for; ``model`` is the version, run or folder that it means now.
    store_path
        The store that its alias is watched in, and where requests are recorded.
    owner_pid
        The process that it ends with; ``None`` is nobody's.
    error
        Why it didn't start, and a hint.
    """

    server_id: str
    model_uri: str
    model: str
    folder: str
    trust: bool
    store_path: str
    options: ServeOptions
    owner_pid: int | None = None
    pid: int | None = None
    url: str | None = None
    started_at: float = field(default_factory=time.time)
    error: tuple[str, str | None] | None = None

    @property
    def path(self) -> Path:
        """The file of this record."""
        return _folder() / f"{self.server_id}.json"

    @property
    def log_path(self) -> Path:
        """What the server says."""
        return _folder() / f"{self.server_id}.log"

    @property
    def lock_path(self) -> Path:
        """The file that the server locks for as long as it lives."""
        return _folder() / f"{self.server_id}.lock"

    @property
    def lives(self) -> bool:
        """Whether its process is there."""
        return is_locked(self.lock_path) is not False

    def save(self) -> None:
        """Write it, for this user's eyes only: it has the token."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self.path.with_suffix(f".{secrets.token_hex(3)}.draft")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            json.dump(asdict(self), file)
        draft.replace(self.path)

    def changed(self, **values: Any) -> ServerRecord:
        """Write it with other values, and return that."""
        record = replace(self, **values)
        record.save()
        return record

    def forget(self) -> None:
        """Take it away; what the server said stays for some days."""
        self.path.unlink(missing_ok=True)
        self.lock_path.unlink(missing_ok=True)


def load_record(path: Path) -> ServerRecord:
    """Read a record."""
    form = json.loads(path.read_text(encoding="utf-8"))
    error = form.pop("error", None)
    return ServerRecord(
        **{**form, "options": ServeOptions(**form["options"]), "error": None if error is None else tuple(error)}
    )


def living_records() -> Iterator[ServerRecord]:
    """Give the records of the servers that run on this machine, the oldest first; the others' are taken away."""
    found = []
    for path in _folder().glob("*.json"):
        try:
            record = load_record(path)
        except (OSError, ValueError, TypeError, KeyError):  # only just taken away, or another jtrack's
            continue
        if record.lives:
            found.append(record)
        elif time.time() - record.started_at > _YOUNG_S:
            record.forget()
    for path in _folder().glob("*.log"):
        if time.time() - path.stat().st_mtime > _KEEP_LOGS_S and not path.with_suffix(".json").exists():
            path.unlink(missing_ok=True)
    yield from sorted(found, key=lambda record: record.started_at)


def new_server_id() -> str:
    """Make the id of a server; ids sort by age."""
    return f"{int(time.time()):010x}-{secrets.token_hex(3)}"


def _folder() -> Path:
    return state_path() / "servers"
