"""Where a model lies: every address that a model can have, resolved to a folder with an ``MLmodel`` in it.

An address of the registry or of a run names a folder of this store; any other URL is copied into a cache, whose
entry is named by the URL and by what the remote listing says, so that a changed model is fetched anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import shutil
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlparse

from jtrack import queries
from jtrack.entities import ModelVersion
from jtrack.errors import InvalidInputError, ModelNotFoundError
from jtrack.registry import listing
from jtrack.registry.names import LATEST, find_stage
from jtrack.store.artifacts import check_artifact_path

MANIFEST = "MLmodel"
FORMS = "models:/name/3, models:/name@alias, models:/name/Production, models:/name/latest, runs:/run/model, or a folder"

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")  # two letters at least: "C:" is a drive
_RUN_ADDRESS = re.compile(r"(@\w+\([^)]*\)|[^/]+)(?:/(.*))?", re.DOTALL)

_BEST_TRIAL = """
SELECT t.value AS run_id FROM tags t JOIN runs r USING (run_id)
WHERE r.run_id = ? AND r.kind = 'sweep' AND t.key = 'best_run' AND t.value <> r.run_id
"""


@dataclass(frozen=True, slots=True)
class ModelAddress:
    """A model that was found: what was asked, and the folder that holds it."""

    uri: str
    path: Path
    name: str | None = None
    version: int | None = None
    run_id: str | None = None
    from_store: bool = False  # made by a run of this store: what it holds was not brought from elsewhere
    source: str | None = None  # of a run's model, its address by the full id


def locate_model(uri: str | os.PathLike[str] | Any) -> ModelAddress:
    """Find the folder that an address means.

    Parameters
    ----------
    uri
        ``models:/<name>/<version>``, ``models:/<name>/<stage>``, ``models:/<name>@<alias>``, ``models:/<name>/latest``,
        ``runs:/<run>/<path>`` with any address of a run, a folder, ``file:``, any URL that fsspec opens, or something
        that has such an address (a version, what ``log_model`` returned).

    Raises
    ------
    NotFoundError
        There is no such model, version, alias, run or folder.
    InvalidInputError
        The address can't be read.
    """
    text = _text_of(uri)
    scheme = _URL.match(text)
    if scheme is None:
        return _local(text, Path(text).expanduser())
    kind, rest = scheme[0][:-1].lower(), text[scheme.end() :]
    if kind in ("models", "runs"):
        with queries.one_look():
            found = locate_version(find_version(text)) if kind == "models" else locate_in_run(*split_run_address(text))
        return replace(found, uri=text)
    if kind == "file":
        parsed = urlparse(text)
        return _local(text, Path(unquote(parsed.netloc + parsed.path)))
    if not rest.startswith("//"):
        raise InvalidInputError(f"{text!r} is no address of a model", FORMS)
    return ModelAddress(text, _fetched(text))


def model_uri_of(text: str) -> str:
    """Give the address that a word means where a model or a run can stand: an address as it is, else a run's model."""
    if _URL.match(text) or (Path(text).expanduser() / MANIFEST).is_file() or Path(text).name == MANIFEST:
        return text
    return f"runs:/{text}"


def find_version(uri: str) -> ModelVersion:
    """Find the version that a ``models:/`` address means; see :func:`locate_model`."""
    rest = uri.partition(":")[2].lstrip("/")
    name, slash, last = rest.rpartition("/")
    if not slash:
        name, at, alias = rest.rpartition("@")
        if at and name and alias:
            return listing.get_model_version_by_alias(name, alias)
        listing.get_registered_model(rest)
        raise InvalidInputError(f"{uri!r} names no version", f"models:/{rest}/latest is the newest; else {FORMS}")
    if last.lower() == LATEST:
        return listing.get_newest_version(name)
    if last.isdigit():
        return listing.get_model_version(name, last)
    stage = find_stage(last)
    if stage is None:
        model = listing.get_registered_model(name)
        better = f"models:/{name}@{last}" if last in model.aliases else FORMS
        raise InvalidInputError(f"{last!r} is neither a version nor a stage of {name!r}", better)
    return listing.get_newest_version(name, stage)


def locate_version(version: ModelVersion) -> ModelAddress:
    """Find the folder of a version."""
    if version.storage_location is not None:
        path = queries.asked_store().folder.artifacts / version.storage_location
        found = ModelAddress(version.uri, _checked(version.uri, path))
    else:
        found = locate_in_run(*split_run_address(version.source))
    return replace(found, uri=version.uri, name=version.name, version=version.version, run_id=version.run_id)


def split_run_address(uri: str) -> tuple[str, str]:
    """Cut ``runs:/<run>/<path>`` into the run's full id and the path, which may be empty.

    Raises
    ------
    RunNotFoundError
        There is no such run.
    InvalidInputError
        Nothing names a run.
    """
    parts = _RUN_ADDRESS.fullmatch(uri.partition(":")[2].lstrip("/"))
    if parts is None:
        raise InvalidInputError(f"{uri!r} names no run", "as in runs:/<run id>/model")
    path = (parts[2] or "").strip("/")
    return queries.resolve_run(parts[1]), path and check_artifact_path(path).as_posix()


def locate_in_run(run_id: str, path: str = "") -> ModelAddress:
    """Find a model among the artifacts of a run; without a path, the only one there is.

    Raises
    ------
    ModelNotFoundError
        The run has no model there; the hint lists those it has.
    """
    models = models_of_run(run_id)
    if not models and (best := queries.rows(_BEST_TRIAL, [run_id])):
        return locate_in_run(best[0]["run_id"], path)  # the model of a sweep is that of its best trial
    uri = f"runs:/{run_id}/{path}"
    if not path and models:
        if len(models) > 1:
            shown = ", ".join(f"runs:/{run_id[:8]}/{model}" for model in models[:4])
            raise InvalidInputError(f"run {run_id[:8]} has {len(models)} models", f"say which: {shown}")
        path = models[0]
        uri = f"runs:/{run_id}/{path}".removesuffix("/.")
    root = str(queries.rows("SELECT artifact_uri FROM runs WHERE run_id = ?", [run_id])[0]["artifact_uri"])
    if not models or (path not in models and not (Path(root) / path / MANIFEST).is_file()):
        logs = "jtrack.log_model(model, 'model') inside the run keeps one"
        raise ModelNotFoundError(uri, models, None if models else f"this run has no model: {logs}")
    if _URL.match(root):
        return ModelAddress(uri, _fetched(f"{root.rstrip('/')}/{path}"), run_id=run_id, from_store=True, source=uri)
    return ModelAddress(uri, _checked(uri, Path(root) / path), run_id=run_id, from_store=True, source=uri)


def models_of_run(run_id: str) -> list[str]:
    """List the folders of a run's models, the last logged first."""
    query = "SELECT path FROM artifacts WHERE run_id = ? AND (path = ? OR path LIKE ?) ORDER BY created_at DESC, path"
    found = queries.rows(query, [run_id, MANIFEST, f"%/{MANIFEST}"])
    return [PurePosixPath(row["path"]).parent.as_posix() for row in found]


def _text_of(uri: Any) -> str:
    if isinstance(uri, (str, os.PathLike)):
        return os.fspath(uri).strip()
    text = getattr(uri, "model_uri", None) or getattr(uri, "uri", None)
    if not isinstance(text, str):
        raise InvalidInputError(f"a model is named by its address, not by {uri!r:.80}", FORMS)
    return text


def _local(asked: str, path: Path) -> ModelAddress:
    if path.name == MANIFEST and path.is_file():
        path = path.parent
    return ModelAddress(asked, _checked(asked, path))


def _checked(asked: str, path: Path) -> Path:
    path = path.absolute()
    if not (path / MANIFEST).is_file():
        problem = f"{path} holds no {MANIFEST}" if path.is_dir() else f"there is no folder {path}"
        raise ModelNotFoundError(asked, hint=f"{problem}; a model is one of {FORMS}")
    return path


def _fetched(url: str) -> Path:
    """Copy a model into the cache, unless the same is there already."""
    try:
        import fsspec
    except ImportError:
        raise InvalidInputError(f"{url!r} needs fsspec", "pip install fsspec, and what it needs for this URL") from None
    try:
        system, root = fsspec.core.url_to_fs(url)
        listed = system.find(root.rstrip("/"), detail=True)
    except (ImportError, ValueError) as error:
        raise InvalidInputError(f"{url!r} can't be opened: {error}", "pip install what fsspec names") from None
    except OSError as error:
        raise ModelNotFoundError(url, hint=str(error)) from None
    seen = sorted((name, _mark(info)) for name, info in listed.items())
    digest = hashlib.sha256(json.dumps([url, seen], default=str).encode()).hexdigest()[:32]
    target = cache_path() / digest
    if not (target / MANIFEST).is_file():
        _download(system, root.rstrip("/"), listed, target)
    return _checked(url, target)


def cache_path() -> Path:
    """Name the folder of models that were fetched."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "jtrack" / "models"


def _mark(info: dict[str, Any]) -> list[str]:
    """Tell one state of a remote file from another, by whatever its system has for that."""
    names = ("size", "ETag", "etag", "md5Hash", "content_md5", "mtime", "LastModified", "last_modified", "updated")
    return [str(info[name]) for name in names if info.get(name) is not None]


def _download(system: Any, root: str, listed: dict[str, Any], target: Path) -> None:
    draft = target.with_name(f"{target.name}.{secrets.token_hex(4)}.draft")
    try:
        for name in listed:
            place = draft / check_artifact_path(name.removeprefix(root).lstrip("/") or PurePosixPath(name).name)
            place.parent.mkdir(parents=True, exist_ok=True)
            system.get_file(name, str(place))
        draft.mkdir(parents=True, exist_ok=True)
        try:
            os.replace(draft, target)
        except OSError:  # another process was first
            if not target.is_dir():
                raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
