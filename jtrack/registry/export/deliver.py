"""From a plan to what the user gets: written in a hidden folder beside its place, proven, and only then put there.

Whatever goes wrong on the way, the hidden folder goes too; what was there before stays until it is replaced.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jtrack.errors import InvalidInputError
from jtrack.registry.export.plan import FORMATS
from jtrack.registry.export.prove import Proof, prove_package
from jtrack.registry.export.texts import VERSION

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: the pins that it needs, what there is to say of it, whether it can be trained again."""

    pins: tuple[str, ...]
    notes: tuple[str, ...] = ()
    has_program: bool = True


Write = Callable[[Path], Written]


@dataclass(frozen=True)
class ExportResult:
    """A package that was made: where it is, what it needs, and what was seen to work."""

    path: Path
    package: str
    pins: tuple[str, ...]
    notes: tuple[str, ...]
    proof: Proof | None
    is_good: bool = True

    def as_text(self) -> str:
        """Say where it is and how it is used."""
        lines = [str(self.path), *(f"note: {note}" for note in self.notes)]
        if self.proof is None:
            lines.append("note: it was not tried in a fresh environment")
        how = {".whl": "pip install", ".zip": "unzip"}.get(self.path.suffix, "cd")
        return "\n".join([*lines, "", f"  {how} {self.path}", f"  from {self.package} import predict"])

    def as_json(self) -> Any:
        """Give the same for a program."""
        return {
            "path": str(self.path),
            "package": self.package,
            "requirements": list(self.pins),
            "notes": list(self.notes),
            "proven": self.proof is not None,
        }

    def __repr__(self) -> str:
        return self.as_text()


def deliver(package: str, write: Write, dst: Path, form: str, *, prove: bool, progress: Progress) -> ExportResult:
    """Write a package, prove it, and put it into the folder ``dst``.

    Parameters
    ----------
    write
        Writes the package's project into a folder that isn't there yet.

    Raises
    ------
    InvalidInputError
        The place can't be written to, or holds something else.
    ExportError
        The package can't be made, or is not the same outside.
    """
    dst = dst.expanduser().absolute()
    target = check_place(dst, package, form)
    work = Path(tempfile.mkdtemp(prefix=".jtrack-export-", dir=dst))
    try:
        project = work / package
        written = write(project)
        progress(f"write    {package}: model, {len(written.pins)} pins{', train.py' if written.has_program else ''}")
        made = _packed(project, work, form)
        proof = None
        if prove:
            source = _unpacked(made, work) if form == "zip" else made
            (work / "prove").mkdir()
            proof = prove_package(package, source, work / "prove", is_wheel=form == "wheel", progress=progress)
            _tidy(project)
        _put(made, target)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    progress(f"keep     {target}")
    return ExportResult(target, package, written.pins, written.notes, proof)


def check_place(dst: Path, package: str, form: str) -> Path:
    """Hold, before anything slow begins, that the package can be put there; gives its path.

    Raises
    ------
    InvalidInputError
        It can't.
    """
    if form not in FORMATS:
        raise InvalidInputError(f"no format {form!r}", "one of " + ", ".join(FORMATS))
    name = {"dir": package, "zip": f"{package}.zip", "wheel": f"{package}-{VERSION}-py3-none-any.whl"}[form]
    target = dst / name
    try:
        dst.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInputError(f"{dst} can't hold a package: {error.strerror}", "-o ANOTHER_FOLDER") from None
    ours = target / package / "package.json"
    if target.is_dir() and any(target.iterdir()) and not ours.is_file():
        raise InvalidInputError(f"{target} is there already, and no export of jtrack's", "-o or --name ANOTHER")
    return target


def _packed(project: Path, work: Path, form: str) -> Path:
    if form == "zip":
        made = shutil.make_archive(str(work / "packed" / project.name), "zip", project.parent, project.name)
        return Path(made)
    if form == "wheel":
        from flit_core.wheel import make_wheel_in

        (work / "packed").mkdir()
        logging.getLogger("flit_core").setLevel(logging.WARNING)
        return Path(make_wheel_in(project / "pyproject.toml", work / "packed").file)
    return project


def _unpacked(archive: Path, work: Path) -> Path:
    shutil.unpack_archive(archive, work / "unpacked")
    return work / "unpacked" / archive.stem


def _tidy(project: Path) -> None:
    """Take out what Python left behind when the package was tried."""
    for folder in list(project.rglob("__pycache__")):
        shutil.rmtree(folder)


def _put(made: Path, target: Path) -> None:
    if target.is_dir():
        shutil.rmtree(target)
    made.replace(target)
