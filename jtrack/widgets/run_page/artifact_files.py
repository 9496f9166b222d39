"""The files of a run: what there is, what each one is, and where it lies, so that nothing else can be named.

What a file is called says which preview is tried; what its first bytes say decides, because a run's files come
from anywhere.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path, PurePosixPath

from jtrack import queries
from jtrack.errors import ArtifactNotFoundError, InvalidInputError
from jtrack.store.artifacts import check_artifact_path

_MOST_FILES = 5_000
_SNIFFED_BYTES = 4096
_LIST = f"SELECT path, n_bytes, created_at FROM artifacts WHERE run_id = ? ORDER BY path LIMIT {_MOST_FILES}"
_ONE = """
SELECT r.artifact_uri, a.n_bytes FROM runs r JOIN artifacts a USING (run_id) WHERE r.run_id = ? AND a.path = ?
"""


class FileKind(StrEnum):
    """What a preview shows a file as; ``binary`` has none."""

    IMAGE = "image"
    TABLE = "table"
    JSON = "json"
    HTML = "html"
    TEXT = "text"
    BINARY = "binary"


_BY_SUFFIX = {
    **dict.fromkeys("png jpg jpeg gif webp svg bmp".split(), FileKind.IMAGE),
    **dict.fromkeys("csv tsv".split(), FileKind.TABLE),
    **dict.fromkeys("json ipynb geojson".split(), FileKind.JSON),
    **dict.fromkeys("html htm".split(), FileKind.HTML),
    **dict.fromkeys(
        "txt md py yaml yml toml ini cfg log rst r jl sql sh xml js ts css jsonl mlmodel diff patch".split(),
        FileKind.TEXT,
    ),
    **dict.fromkeys(
        "pkl pickle joblib pt pth onnx h5 npz npy parquet zip gz tar bin pdf db duckdb".split(), FileKind.BINARY
    ),
}
_IMAGES = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"BM", "bmp"),
)


@dataclass(frozen=True, slots=True)
class ArtifactEntry:
    """A file of a run; ``kind`` is what its name says."""

    path: str
    n_bytes: int
    kind: FileKind
    created_at: datetime


def list_artifacts(run_id: str) -> tuple[ArtifactEntry, ...]:
    """List the files of a run by path, the first 5,000."""
    rows = queries.rows(_LIST, [run_id])
    return tuple(
        ArtifactEntry(row["path"], row["n_bytes"], kind_of_name(row["path"]), row["created_at"]) for row in rows
    )


def find_artifact(run_id: str, path: str) -> Path:
    """Find a file that a run has logged.

    Raises
    ------
    ArtifactNotFoundError
        The run has no such file, or it is not on this machine.
    InvalidInputError
        The path leads out of the run's folder.
    """
    name = check_artifact_path(path).as_posix()
    found = queries.rows(_ONE, [run_id, name])
    if not found:
        raise ArtifactNotFoundError(name, [entry.path for entry in list_artifacts(run_id)])
    folder = Path(found[0]["artifact_uri"])
    file = folder / name
    # A link that was laid into the folder later leads anywhere.
    inside = os.path.realpath(file).startswith(os.path.join(os.path.realpath(folder), ""))
    if not inside or not file.is_file():
        raise ArtifactNotFoundError(name, hint=f"it is not in {folder}")
    return file


def kind_of_name(path: str) -> FileKind:
    """What the name of a file says it is; text is tried where it says nothing."""
    return _BY_SUFFIX.get(PurePosixPath(path).suffix.lower().lstrip("."), FileKind.TEXT)


def kind_of_content(head: bytes, path: str) -> FileKind:
    """What a file is, by its first bytes, and by its name where these are text."""
    if image_type(head) is not None:
        return FileKind.IMAGE
    if not is_text(head):
        return FileKind.BINARY
    named = kind_of_name(path)
    is_svg = named is FileKind.IMAGE and path.lower().endswith(".svg")
    return named if is_svg or named not in (FileKind.IMAGE, FileKind.BINARY) else FileKind.TEXT


def image_type(head: bytes) -> str | None:
    """The subtype of an image's media type, told from its first bytes."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    return next((kind for beginning, kind in _IMAGES if head.startswith(beginning)), None)


def is_text(head: bytes) -> bool:
    """Whether the beginning of a file is UTF-8 text, perhaps cut within a character."""
    if b"\0" in head:
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 3 and len(head) > 3
    return True


def read_head(file: Path) -> bytes:
    """The first bytes of a file."""
    with file.open("rb") as opened:
        return opened.read(_SNIFFED_BYTES)


def check_size(n_bytes: int, most: int, what: str) -> None:
    """Refuse what is too large to travel to a page.

    Raises
    ------
    InvalidInputError
        It is larger than ``most``.
    """
    from jtrack.widgets.format import format_bytes

    if n_bytes > most:
        raise InvalidInputError(f"{what} is {format_bytes(n_bytes)}, and a page takes {format_bytes(most)} at most")
