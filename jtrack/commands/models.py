"""``register``, ``promote`` and ``models list``: the registry's commands, as the magics of the same names have them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jtrack.commands.command import Command
from jtrack.errors import InvalidInputError

if TYPE_CHECKING:
    from jtrack.entities import ModelVersion
    from jtrack.widgets.models.panel import ModelsPanel


@dataclass(frozen=True, slots=True)
class VersionNews:
    """A version, and what just happened to it, a line each."""

    version: ModelVersion
    lines: tuple[str, ...]
    is_good: bool = True

    def as_text(self) -> str:
        """Give the lines."""
        return "\n".join(self.lines)

    def as_json(self) -> Any:
        """Give the version under the names of its columns."""
        from jtrack.widgets.frames import frame_json

        return {**frame_json(self.version), "uri": self.version.uri}


@dataclass(frozen=True, slots=True)
class ModelsListing:
    """The registered models, or the versions of one."""

    panel: ModelsPanel
    is_good: bool = True

    def as_text(self) -> str:
        """Give the tables of the panel."""
        return repr(self.panel)

    def as_json(self) -> Any:
        """Give a list of models, or of one model's versions."""
        from jtrack.registry import listing
        from jtrack.widgets.frames import frame_json

        name = self.panel.frame.chosen_name
        found = listing.search_registered_models() if name is None else listing.versions_of_model(name)
        return [frame_json(item) for item in found]


def register(
    model: str,
    name: str,
    alias: str | None = None,
    tags: Sequence[str] | None = None,
    description: str | None = None,
) -> VersionNews:
    """Register a model as the next version of a name, which is made where it isn't there yet.

    A model is a run, by its id, a prefix, its name, @last or @best(metrics.accuracy); or runs:/RUN/PATH where the
    run has several; or a folder or URL, which is copied into the store:
    jtrack register @last churn --alias champion

    Parameters
    ----------
    model
        A run, or an address of a model.
    name
        The registered model.
    alias
        Put this alias on the new version.
    tags
        Tags of the version, as ``key=value``.
    description
        In Markdown.

    Raises
    ------
    NotFoundError
        There is no such run or model.
    InvalidInputError
        The name or alias can't be one.
    """
    from jtrack.registry import versions
    from jtrack.registry.addresses import model_uri_of

    given = check_registration(name, alias, tags)
    version = versions.register_model(model_uri_of(model), name, given, description=description)
    lines = [f"{version.name} version {version.version}, from {version.source}"]
    if alias is not None:
        lines.append(_put_alias(version, alias))
    else:
        lines.append(f"promote it: %promote {_word(name)} {version.version} --alias champion")
    return VersionNews(versions.get_model_version(name, version.version), tuple(lines))


def check_registration(name: str, alias: str | None, tags: Sequence[str] | None) -> dict[str, str]:
    """Check all that a registration says, before anything is logged or written, and give its tags.

    Raises
    ------
    InvalidInputError
        The name, the alias or a tag can't be one.
    """
    from jtrack.registry.names import check_alias, check_model_name

    check_model_name(name)
    if alias is not None:
        check_alias(alias)
    return _parse_tags(tags or ())


def promote(
    name: str,
    version: str | int,
    alias: str | None = None,
    stage: str | None = None,
    archive_existing: bool = False,
) -> VersionNews:
    """Put an alias on a version of a model, or move it to a stage.

    A version is its number, latest, a stage, or @alias:
    jtrack promote churn 3 --alias champion

    Parameters
    ----------
    name
        The registered model.
    version
        A number, ``latest``, a stage, or ``@alias``.
    alias
        It leaves the version that it stood on.
    stage
        None, Staging, Production or Archived.
    archive_existing
        Move the versions that stand in the stage to Archived.

    Raises
    ------
    NotFoundError
        There is no such model or version; the hint says which there are.
    InvalidInputError
        Neither alias nor stage is given, or one that can't be.
    """
    from jtrack.registry import versions
    from jtrack.registry.addresses import find_version
    from jtrack.registry.names import check_alias, parse_stage

    if alias is None and stage is None:
        raise InvalidInputError("promote needs an alias or a stage", "--alias champion, or --stage Production")
    if alias is not None:
        check_alias(alias)
    if stage is not None:
        parse_stage(stage)
    text = str(version)
    found = find_version(f"models:/{name}{text}" if text.startswith("@") else f"models:/{name}/{text}")
    lines = []
    if stage is not None:
        moved = versions.transition_model_version_stage(name, found.version, stage, archive_existing)
        lines.append(f"{name} version {found.version}: {found.stage} → {moved.stage}")
    if alias is not None:
        lines.append(_put_alias(found, alias))
    return VersionNews(versions.get_model_version(name, found.version), tuple(lines))


def list_models(name: str | None = None) -> ModelsListing:
    """List the registered models, or the versions of one.

    Parameters
    ----------
    name
        A registered model; ``None`` lists all.

    Raises
    ------
    RegisteredModelNotFoundError
        There is no such model; the hint lists near names.
    """
    from jtrack.widgets.models.panel import models

    return ModelsListing(models(name))


def _put_alias(version: ModelVersion, alias: str) -> str:
    from jtrack.registry import versions

    before = versions.get_registered_model(version.name).aliases.get(alias)
    versions.set_registered_model_alias(version.name, alias, version.version)
    moved = f", before on version {before}" if before not in (None, version.version) else ""
    return f"{version.name}@{alias} is version {version.version}{moved}"


def _parse_tags(tags: Sequence[str]) -> dict[str, str]:
    pairs = [tag.partition("=") for tag in tags]
    for key, sign, _ in pairs:
        if not key or not sign:
            raise InvalidInputError(f"{key!r} is no tag", "--tag key=value")
    return {key: value for key, _, value in pairs}


def _word(text: str) -> str:
    import shlex

    return shlex.quote(text)


def _add_register_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL_OR_RUN", help="a run that has one model, or an address of a model")
    parser.add_argument("name", metavar="NAME", help="the registered model; a new name makes a new one")
    parser.add_argument("--alias", metavar="A", help="put this alias on the new version")
    parser.add_argument("--tag", dest="tags", metavar="K=V", action="append", help="a tag; may be given again")
    parser.add_argument("--description", metavar="TEXT", help="of the version, in Markdown")


def _add_promote_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="the registered model")
    parser.add_argument("version", metavar="VERSION", help="a number, latest, a stage, or @alias")
    parser.add_argument("--alias", metavar="A", help="put this alias on the version")
    parser.add_argument("--stage", metavar="S", help="None, Staging, Production or Archived")
    parser.add_argument("--archive-existing", action="store_true", help="move those in the stage to Archived")


def _add_list_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", nargs="?", help="a registered model; all without one")


REGISTER = Command("register", register, _add_register_arguments)
PROMOTE = Command("promote", promote, _add_promote_arguments)
MODELS_LIST = Command("models list", list_models, _add_list_arguments)
