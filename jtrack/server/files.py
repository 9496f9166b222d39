"""A file of a run, found so that nothing but a run's own files can be named, and told what a browser may do with it.

A run's files come from anywhere: a model card off the net, a page that a library wrote. Shown from Jupyter's own
address, a script in one could do whatever the user can. So the type is told by the content and from a short list,
all else is a download, and every reply forbids scripts, forms and the network to what is shown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from jtrack import queries
from jtrack.errors import JTrackError
from jtrack.store.artifacts import check_artifact_path
from jtrack.widgets.run_page.artifact_files import find_artifact, image_type, is_text, read_head

SANDBOX = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; media-src data:; "
    "form-action 'none'; base-uri 'none'"
)
MOST_SHOWN_BYTES = 64 * 1024 * 1024
_DOWNLOAD = "application/octet-stream"
_SHOWN_IMAGES = ("png", "jpeg", "gif", "webp")

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


class RangeError(JTrackError, ValueError):
    """A part was asked for that the file doesn't have."""

    def __init__(self, n_bytes: int, start: int) -> None:
        self.n_bytes = n_bytes
        super().__init__(f"the file has {n_bytes} bytes, and none from {start} on")


@dataclass(frozen=True, slots=True)
class ServedFile:
    """A file to send; ``content_type`` is what a browser may take it for, ``is_shown`` whether it may show it."""

    path: Path
    name: str
    n_bytes: int
    content_type: str
    is_shown: bool
    etag: str


def find_file(run_id: str, path: str) -> ServedFile:
    """Find a file that the run with this full id has logged.

    Raises
    ------
    ArtifactNotFoundError
        The run has no such file; the hint lists near names.
    InvalidInputError
        The path leads out of the run's folder.
    """
    found = find_artifact(run_id, path)
    digests = queries.rows("SELECT sha256 FROM artifacts WHERE run_id = ? AND path = ?", [run_id, _name(path)])
    n_bytes = found.stat().st_size
    content_type = sniff_type(found)
    shown = content_type != _DOWNLOAD and n_bytes <= MOST_SHOWN_BYTES
    return ServedFile(found, found.name, n_bytes, content_type, shown, f'"{digests[0]["sha256"]}"')


def sniff_type(path: Path) -> str:
    """Tell a file's type from its first bytes, and for a text from its name; never what a name claims alone."""
    head = read_head(path)
    image = image_type(head)
    if image in _SHOWN_IMAGES:
        return f"image/{image}"
    if image is not None or not is_text(head):
        return _DOWNLOAD
    return f"{_TEXT_BY_SUFFIX.get(path.suffix.lower(), 'text/plain')}; charset=utf-8"


def parse_range(header: str | None, n_bytes: int) -> tuple[int, int] | None:
    """Read a Range header: the first byte and the one behind the last; ``None`` for the whole file.

    Raises
    ------
    RangeError
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
        raise RangeError(n_bytes, start)
    return start, stop


def disposition(name: str, *, is_shown: bool) -> str:
    """Name the file for whoever saves it, in ASCII and in full; without any character that could end the header."""
    plain = re.sub(r'[^\x20-\x7e]|["\\;]', "_", name)
    return f"{'inline' if is_shown else 'attachment'}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _name(path: str) -> str:
    return check_artifact_path(path).as_posix()
