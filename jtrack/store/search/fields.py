"""What a search may ask about: entities and attributes, under MLflow's names and jtrack's.

A name is looked up once, here; from then on a field is its column, and what kind of value that holds.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from jtrack.entities import LifecycleStage, ModelStage, RunKind, RunStatus
from jtrack.errors import InvalidFilterError


class Entity(StrEnum):
    """What a field belongs to."""

    METRIC = "metrics"
    PARAM = "params"
    TAG = "tags"
    ATTRIBUTE = "attributes"
    DATASET = "datasets"


class Kind(StrEnum):
    """What values a field has, and so which operators and values it takes."""

    TEXT = "text"
    NUMBER = "a number"
    TIME = "a time"
    FLAG = "true or false"
    TYPED = "text, a number or true/false"


@dataclass(frozen=True, slots=True)
class Attribute:
    """A column: its SQL over the view's alias ``s``, and the only values it can have, where those are few."""

    sql: str
    kind: Kind = Kind.TEXT
    choices: tuple[str, ...] = ()
    is_list: bool = False  # it holds several texts; a comparison asks whether one of them fits


@dataclass(frozen=True, slots=True)
class Field:
    """Something that a run or an experiment has; ``key`` is an attribute's own name, or the key of the rest."""

    entity: Entity
    key: str
    kind: Kind
    attribute: Attribute | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return f"{self.entity}.{self.key}"


@dataclass(frozen=True, slots=True)
class Subject:
    """What is searched, what it has, and where: a view, what its rows are known by, and what ties are broken by."""

    noun: str
    view: str
    key: str  # SQL over the view's alias ``s``: what rows of metrics, params and tags are joined by
    found: str  # the columns that a search gives
    last_order: tuple[str, ...]
    entities: tuple[Entity, ...]
    attributes: Mapping[str, Attribute]
    aliases: Mapping[str, str]
    tag_attributes: Mapping[str, str] = field(default_factory=dict)


_ENTITY_NAMES = {
    **dict.fromkeys(("metric", "metrics"), Entity.METRIC),
    **dict.fromkeys(("param", "params", "parameter", "parameters"), Entity.PARAM),
    **dict.fromkeys(("tag", "tags"), Entity.TAG),
    **dict.fromkeys(("attribute", "attributes", "attr", "run"), Entity.ATTRIBUTE),
    **dict.fromkeys(("dataset", "datasets"), Entity.DATASET),
}
_KINDS = {Entity.METRIC: Kind.NUMBER, Entity.PARAM: Kind.TYPED, Entity.TAG: Kind.TEXT, Entity.DATASET: Kind.TEXT}
_DATASET_KEYS = ("name", "digest", "context")

_STAGES = tuple(LifecycleStage)
_RUN_TEXTS = (
    "run_id run_name experiment_id parent_run_id user_name source_name source_type git_commit git_branch "
    "artifact_uri description environment_sha256 error"
).split()

RUNS = Subject(
    noun="run",
    view="runs",
    key="s.run_id",
    found="s.run_id",
    last_order=("s.started_at DESC", "s.run_id"),
    entities=tuple(Entity),
    attributes=MappingProxyType(
        {name: Attribute(f"s.{name}") for name in _RUN_TEXTS}
        | {
            "experiment_name": Attribute("(SELECT e.name FROM experiments e WHERE e.experiment_id = s.experiment_id)"),
            "status": Attribute("s.status", choices=tuple(RunStatus)),
            "kind": Attribute("s.kind", choices=tuple(RunKind)),
            "lifecycle_stage": Attribute("s.lifecycle_stage", choices=_STAGES),
            "started_at": Attribute("epoch_us(s.started_at)", Kind.TIME),
            "ended_at": Attribute("epoch_us(s.ended_at)", Kind.TIME),
            "duration_s": Attribute("(epoch_us(s.ended_at) - epoch_us(s.started_at)) / 1e6", Kind.NUMBER),
            "git_dirty": Attribute("s.git_dirty", Kind.FLAG),
        }
    ),
    aliases=MappingProxyType(
        {
            **dict.fromkeys(("start_time", "created", "created_at"), "started_at"),
            "end_time": "ended_at",
            **dict.fromkeys(("user_id", "user"), "user_name"),
            "run_uuid": "run_id",
            "name": "run_name",
            "experiment": "experiment_name",
            "duration": "duration_s",
            "source_version": "git_commit",
        }
    ),
    tag_attributes=MappingProxyType(
        {
            "mlflow.runName": "run_name",
            "mlflow.parentRunId": "parent_run_id",
            "mlflow.user": "user_name",
            "mlflow.source.name": "source_name",
            "mlflow.source.type": "source_type",
            "mlflow.source.git.commit": "git_commit",
            "mlflow.source.git.branch": "git_branch",
            "mlflow.note.content": "description",
        }
    ),
)

EXPERIMENTS = Subject(
    noun="experiment",
    view="experiments",
    key="s.experiment_id",
    found="s.experiment_id",
    last_order=("s.created_at DESC", "s.experiment_id"),
    entities=(Entity.ATTRIBUTE, Entity.TAG),
    attributes=MappingProxyType(
        {name: Attribute(f"s.{name}") for name in ("experiment_id", "name", "artifact_location")}
        | {
            "lifecycle_stage": Attribute("s.lifecycle_stage", choices=_STAGES),
            "created_at": Attribute("epoch_us(s.created_at)", Kind.TIME),
            "updated_at": Attribute("epoch_us(s.updated_at)", Kind.TIME),
        }
    ),
    aliases=MappingProxyType(
        {
            **dict.fromkeys(("creation_time", "created"), "created_at"),
            **dict.fromkeys(("last_update_time", "updated"), "updated_at"),
            "experiment_name": "name",
        }
    ),
)

_REGISTRY_TIMES = {
    "created_at": Attribute("epoch_us(s.created_at)", Kind.TIME),
    "updated_at": Attribute("epoch_us(s.updated_at)", Kind.TIME),
}
_REGISTRY_ALIASES = {
    **dict.fromkeys(("creation_timestamp", "creation_time", "created"), "created_at"),
    **dict.fromkeys(("last_updated_timestamp", "last_update_time", "updated"), "updated_at"),
    **dict.fromkeys(("user_id", "user"), "user_name"),
}

REGISTERED_MODELS = Subject(
    noun="registered model",
    view="registered_models",
    key="s.model_id",
    found="s.name",
    last_order=("s.name",),
    entities=(Entity.ATTRIBUTE, Entity.TAG),
    attributes=MappingProxyType(
        {name: Attribute(f"s.{name}") for name in ("name", "description", "user_name")}
        | _REGISTRY_TIMES
        | {"n_versions": Attribute("s.n_versions", Kind.NUMBER)}
    ),
    aliases=MappingProxyType(_REGISTRY_ALIASES),
)

MODEL_VERSIONS = Subject(
    noun="version",
    view="model_versions",
    key="concat_ws('/', s.model_id, s.version)",
    found="s.model_id, s.version",
    last_order=("s.created_at DESC", "s.name", "s.version DESC"),
    entities=(Entity.ATTRIBUTE, Entity.TAG),
    attributes=MappingProxyType(
        {name: Attribute(f"s.{name}") for name in ("name", "run_id", "source", "status", "description", "user_name")}
        | _REGISTRY_TIMES
        | {
            "version": Attribute("s.version", Kind.NUMBER),
            "stage": Attribute("s.stage", choices=tuple(ModelStage)),
            "aliases": Attribute("s.aliases", is_list=True),
        }
    ),
    aliases=MappingProxyType(
        {
            **_REGISTRY_ALIASES,
            "version_number": "version",
            "source_path": "source",
            "current_stage": "stage",
            "alias": "aliases",
        }
    ),
)


def resolve_field(subject: Subject, name: str, text: str, position: int) -> Field:
    """Find the field that ``name`` means; a name without an entity before its first dot is an attribute.

    Raises
    ------
    InvalidFilterError
        No such entity or attribute; the caret stands at ``position`` of ``text``.
    """
    before, dot, key = name.partition(".")
    entity = _ENTITY_NAMES.get(before.lower()) if dot else Entity.ATTRIBUTE
    if entity not in subject.entities:
        hint = did_you_mean(before.lower(), subject.entities)
        raise InvalidFilterError(text, position, f"{subject.noun}s have no {before!r}", hint)
    if dot and not key:
        hint = f"as in {before}.accuracy; a name with spaces in it goes between back-ticks"
        raise InvalidFilterError(text, position, f"no name follows {name!r}", hint)
    if entity is Entity.ATTRIBUTE:
        return _attribute_field(subject, key if dot else name, bool(dot), text, position)
    if entity is Entity.TAG and key in subject.tag_attributes:
        return attribute_field(subject, subject.tag_attributes[key])
    if entity is Entity.DATASET and key not in _DATASET_KEYS:
        raise InvalidFilterError(text, position, f"datasets have no {key!r}", did_you_mean(key, _DATASET_KEYS))
    return Field(entity, key, _KINDS[entity])


def attribute_field(subject: Subject, name: str) -> Field:
    """Give the field of the attribute whose own name is ``name``."""
    attribute = subject.attributes[name]
    return Field(Entity.ATTRIBUTE, name, attribute.kind, attribute)


def did_you_mean(asked: str, known: Iterable[str]) -> str:
    """Name what is nearest to ``asked``, or all there is."""
    names = list(known)
    close = difflib.get_close_matches(asked, names, n=3, cutoff=0.6)
    return f"did you mean {' or '.join(close)}?" if close else f"there are: {', '.join(names)}"


def _attribute_field(subject: Subject, key: str, qualified: bool, text: str, position: int) -> Field:
    plain = key.strip().lower().replace(" ", "_")
    own = subject.aliases.get(plain, plain)
    if own in subject.attributes:
        return attribute_field(subject, own)
    raise InvalidFilterError(
        text, position, f"{subject.noun}s have no attribute {key!r}", _hint(subject, key, qualified)
    )


def _hint(subject: Subject, key: str, qualified: bool) -> str:
    if key.lower() in _ENTITY_NAMES:
        return f"as in {key}.name"
    known = [*subject.attributes, *subject.aliases]
    close = difflib.get_close_matches(key.lower(), known, n=1, cutoff=0.6)
    if qualified or close:
        return did_you_mean(key.lower(), known if close else subject.attributes)
    # A bare name that is near to nothing is most often a metric or param that lacks its prefix.
    prefixed = [f"{entity}.{key}" for entity in (Entity.METRIC, Entity.PARAM, Entity.TAG) if entity in subject.entities]
    return f"did you mean {' or '.join(prefixed)}?"
