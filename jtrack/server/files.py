"""A file of a run, found so that nothing but a run's own files can be named, and told what a browser may do with it.

A run's files come from anywhere: a model card off the net, a page that a library wrote. Shown from Jupyter's own
address, a script in one could do whatever the user can. So the type is told by the content and from a short list,
all else is a download, and every reply forbids scripts, forms and the network to what is shown.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from jtrack.entities import Run
from jtrack.errors import ArtifactNotFoundError, InvalidInputError
from jtrack.store import Store
from jtrack.store.artifacts import check_artifact_path

SANDBOX = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; media-src data:; "
    "form-action 'none'; base-uri 'none'"
)
MOST_SHOWN_BYTES = 64 * 1024 * 1024
_SNIFFED_BYTES = 4096
_DOWNLOAD = "application/octet-stream"

_BY_BEGINNING = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
_TEXT_BY_SUFFIX = {
    ".html": "text/html",
    ".htm": "text/html",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".md": "text/markdown",
}
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@dataclass(frozen=True, slots=True)
class ServedFile:
    """A file to send; ``content_type`` is what a browser may take it for, ``is_shown`` whether it may show it."""

    path: Path
    name: str
    n_bytes: int
    content_type: str
    is_shown: bool
    etag: str


def find_file(store: Store, run: Run, path: str) -> ServedFile:
    """Find an artifact of a run.

    Raises
    ------
    ArtifactNotFoundError
        The run has no such file; the hint lists near names.
    InvalidInputError
        The path leads out of the run's folder.
    """
    name = check_artifact_path(path).as_posix()
    rows = store.catalog.rows("SELECT path, sha256 FROM artifacts WHERE run_id = ?", [run.info.run_id])
    known = {row["path"]: row["sha256"] for row in rows}
    folder = store.artifacts.run_path(run.info.experiment_id, run.info.run_id)
    found = folder / name
    # What the run never logged isn't served though it lies there, nor what a link leads to.
    if name not in known or not found.is_file() or not _is_within(found, folder):
        raise ArtifactNotFoundError(name, known)
    n_bytes = found.stat().st_size
    content_type = sniff_type(found)
    shown = content_type != _DOWNLOAD and n_bytes <= MOST_SHOWN_BYTES
    return ServedFile(found, found.name, n_bytes, content_type, shown, f'"{known[name]}"')


def sniff_type(path: Path) -> str:
    """Tell a file's type from its first bytes, and for a text from its name; never what a name claims alone."""
    with path.open("rb") as file:
        head = file.read(_SNIFFED_BYTES)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    for beginning, content_type in _BY_BEGINNING:
        if head.startswith(beginning):
            return content_type
    if not _is_text(head):
        return _DOWNLOAD
    return f"{_TEXT_BY_SUFFIX.get(path.suffix.lower(), 'text/plain')}; charset=utf-8"


def parse_range(header: str | None, n_bytes: int) -> tuple[int, int] | None:
    """Read a Range header: the first byte and the one behind the last; ``None`` for the whole file.

    Raises
    ------
    InvalidInputError
        It asks for what lies behind the end.
    """
    match = _RANGE.fullmatch(header.strip()) if header else None
    if match is None or match[0] == "bytes=-":  # of several ranges, or other units, one may send the whole
        return None
    if not match[1]:
        start, stop = max(n_bytes - int(match[2]), 0), n_bytes
    else:
        start, stop = int(match[1]), min(int(match[2]) + 1 if match[2] else n_bytes, n_bytes)
        if match[2] and int(match[2]) < start:
            return None
    if start >= n_bytes or stop <= start:
        raise InvalidInputError(f"the file has {n_bytes} bytes, and none from {start} on")
    return start, stop


def disposition(name: str, *, is_shown: bool) -> str:
    """Name the file for whoever saves it, in ASCII and in full; without any character that could end the header."""
    from urllib.parse import quote

    plain = re.sub(r'[^\x20-\x7e]|["\\;]', "_", name)
    return f"{'inline' if is_shown else 'attachment'}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _is_text(head: bytes) -> bool:
    if b"\0" in head:
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return len(head) == _SNIFFED_BYTES and error.start >= len(head) - 3  # cut within a character
    return True


def _is_within(path: Path, folder: Path) -> bool:
    return os.path.commonpath([os.path.realpath(path), os.path.realpath(folder)]) == os.path.realpath(folder)
