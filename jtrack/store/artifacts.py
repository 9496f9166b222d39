"""Files of runs, kept once per content: what 1,000 trials log alike takes the room of one.

The content lies under its hash in ``artifacts/.blobs``; the run's own tree holds hard links to it, so that the
folder reads as one expects. Blobs are read-only: who edits one run's file must not edit another's.
"""

from __future__ import annotations

import hashlib
import io
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from jtrack.errors import InvalidInputError
from jtrack.store.folder import StoreFolder
from jtrack.values import check_encodable

_CHUNK_BYTES = 1024 * 1024


class ArtifactStore:
    """Puts files under a run's folder and finds them again."""

    def __init__(self, folder: StoreFolder) -> None:
        self._folder = folder

    def run_path(self, experiment_id: str, run_id: str) -> Path:
        """Name the folder that holds a run's artifacts."""
        return self._folder.artifacts / experiment_id / run_id

    def put(self, content: bytes | Path, target: Path, before: str | None = None) -> tuple[int, str]:
        """Keep ``content``, or the file of that path, at ``target``, whatever was there.

        Parameters
        ----------
        before
            The sha256 of what was there, where that is known: it is removed unless it is kept elsewhere too.

        Returns
        -------
        tuple[int, str]
            Its size in bytes and its sha256 in hex.
        """
        link = target.with_name(f".{target.name[:100]}.{secrets.token_hex(4)}")
        try:
            n_bytes, digest = self._keep_at(content, link)
            os.replace(link, target)
        finally:
            with suppress(OSError):  # replacing a link by one to the same content does nothing, and leaves both
                link.unlink()
        if before is not None and before != digest:
            self._drop(self._blob(before))
        return n_bytes, digest

    def _keep_at(self, content: bytes | Path, link: Path) -> tuple[int, str]:
        while True:
            with io.BytesIO(content) if isinstance(content, bytes) else content.open("rb") as source:
                n_bytes, digest, blob = self._keep(source)
            link.parent.mkdir(parents=True, exist_ok=True)
            try:
                _link(blob, link)
            except FileNotFoundError:
                if blob.exists():
                    raise
                continue  # the last run that had it dropped it just now
            return n_bytes, digest

    def _drop(self, blob: Path) -> None:
        with suppress(OSError):
            if blob.stat().st_nlink == 1:
                blob.unlink()

    def _blob(self, digest: str) -> Path:
        return self._folder.blobs / digest[:2] / digest[2:]

    def _keep(self, source: BinaryIO) -> tuple[int, str, Path]:
        self._folder.blobs.mkdir(parents=True, exist_ok=True)
        draft = self._folder.blobs / f"{secrets.token_hex(8)}.draft"
        digest, n_bytes = hashlib.sha256(), 0
        try:
            with open(draft, "xb") as file:
                while chunk := source.read(_CHUNK_BYTES):
                    digest.update(chunk)
                    n_bytes += file.write(chunk)
            name = digest.hexdigest()
            blob = self._blob(name)
            if not blob.exists():
                blob.parent.mkdir(exist_ok=True)
                draft.chmod(0o444)
                os.replace(draft, blob)
        finally:
            draft.unlink(missing_ok=True)
        return n_bytes, name, blob


def files_below(folder: Path, *, but: Path) -> Iterator[Path]:
    """Give every file in a folder and below it, also where a link leads to a folder, by name.

    Parameters
    ----------
    but
        A folder that is left out: the store, which a notebook's folder holds. A copy in each run doubles with each.

    Raises
    ------
    InvalidInputError
        A folder can't be read.
    """
    return _files_in(folder, (but.resolve(),))


def _files_in(folder: Path, left_out: tuple[Path, ...]) -> Iterator[Path]:
    place = folder.resolve()
    if place in left_out:
        return
    try:
        inside = sorted(folder.iterdir())
    except PermissionError:
        raise InvalidInputError(f"{folder} can't be read: permission denied") from None
    for path in inside:
        if path.is_dir():  # a link back to a folder around it would lead on for ever
            yield from _files_in(path, (*left_out, place))
        elif path.is_file():
            yield path


def measure_file(path: Path) -> tuple[int, str]:
    """Give a file's size in bytes and its sha256 in hex."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return file.tell(), digest


def check_artifact_path(path: str | os.PathLike[str]) -> PurePosixPath:
    """Return ``path`` as a place inside a run's folder.

    Raises
    ------
    InvalidInputError
        It is absolute, empty, no name of a file, no text in UTF-8, or leads out of the folder.
    """
    text = os.fspath(path).replace(os.sep, "/")
    place = PurePosixPath(text)
    check_encodable(f"an artifact's path, {text!r},", text)
    if "\0" in text or text.endswith("/"):
        raise InvalidInputError(f"an artifact's path ends in the name of a file, unlike {text!r}", "give 'plots/a.png'")
    if place.is_absolute() or ".." in place.parts or not place.parts:
        raise InvalidInputError(
            f"an artifact's path stays inside its run, unlike {os.fspath(path)!r}", "give 'plots/a.png'"
        )
    return place


def _link(blob: Path, link: Path) -> None:
    try:
        os.link(blob, link)
    except OSError:  # no hard links here, or too many to this one
        shutil.copyfile(blob, link)
