"""The nouns of jtrack as frozen values: no I/O, standard library only.

A field here is a column in SQL, a key in JSON and a property in TypeScript, under the same name.
MLflow's names for the same thing (``start_time``, ``user_id`` …) are properties beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class RunStatus(StrEnum):
    """What became of a run; ``KILLED`` is also how a run reads whose process is gone."""

    RUNNING = "RUNNING"
    SCHEDULED = "SCHEDULED"
    FINISHED = "FINISHED"
    FAILED = "FAILED"
    KILLED = "KILLED"


class RunKind(StrEnum):
    """What a run is a record of."""

    CELL = "cell"
    BLOCK = "block"
    SWEEP = "sweep"
    TRIAL = "trial"
    STEP = "step"
    EVALUATION = "evaluation"
    COMPLETION = "completion"


class LifecycleStage(StrEnum):
    """Whether an experiment or a run was deleted."""

    ACTIVE = "active"
    DELETED = "deleted"


class CellRole(StrEnum):
    """Why a cell is kept with a run: it is the tracked one, or one that it came from."""

    TRACKED = "tracked"
    SOURCE = "source"


class ModelStage(StrEnum):
    """Where a version of a model stands; several versions may stand in one stage."""

    NONE = "None"
    STAGING = "Staging"
    PRODUCTION = "Production"
    ARCHIVED = "Archived"


class ViewType(IntEnum):
    """Which lifecycle stages a search returns; MLflow's numbers."""

    ACTIVE_ONLY = 1
    DELETED_ONLY = 2
    ALL = 3


@dataclass(frozen=True, slots=True)
class Experiment:
    """A name for a group of runs."""

    experiment_id: str
    name: str
    lifecycle_stage: LifecycleStage
    artifact_location: str | None
    created_at: datetime
    updated_at: datetime
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def creation_time(self) -> int:
        """Milliseconds since the epoch, as MLflow gives it."""
        return to_ms(self.created_at)

    @property
    def last_update_time(self) -> int:
        """Milliseconds since the epoch, as MLflow gives it."""
        return to_ms(self.updated_at)


@dataclass(frozen=True, slots=True)
class RunInfo:
    """Everything of a run that is not logged into it."""

    run_id: str
    experiment_id: str
    run_name: str
    kind: RunKind
    parent_run_id: str | None
    status: RunStatus
    lifecycle_stage: LifecycleStage
    started_at: datetime
    ended_at: datetime | None
    user_name: str | None
    source_name: str | None
    source_type: str | None
    git_commit: str | None
    artifact_uri: str
    description: str | None
    git_branch: str | None = None
    git_dirty: bool | None = None
    environment_sha256: str | None = None
    error: str | None = None

    @property
    def start_time(self) -> int:
        """Milliseconds since the epoch, as MLflow gives it."""
        return to_ms(self.started_at)

    @property
    def end_time(self) -> int | None:
        """Milliseconds since the epoch, as MLflow gives it; ``None`` while the run runs."""
        return None if self.ended_at is None else to_ms(self.ended_at)

    @property
    def duration_s(self) -> float | None:
        """Seconds from start to end; ``None`` while the run runs."""
        return None if self.ended_at is None else (self.ended_at - self.started_at).total_seconds()

    @property
    def user_id(self) -> str | None:
        """MLflow's name for ``user_name``."""
        return self.user_name

    @property
    def run_uuid(self) -> str:
        """MLflow's older name for ``run_id``."""
        return self.run_id


@dataclass(frozen=True, slots=True)
class RunData:
    """What was logged: params as they were given, the last point of each metric, tags as text."""

    params: dict[str, Any]
    metrics: dict[str, float]
    tags: dict[str, str]


@dataclass(frozen=True, slots=True)
class Metric:
    """One point of a metric, as MLflow's client takes and gives it; ``timestamp`` is in milliseconds."""

    key: str
    value: float
    timestamp: int
    step: int = 0


@dataclass(frozen=True, slots=True)
class Param:
    """One param, as MLflow's client takes it."""

    key: str
    value: Any


@dataclass(frozen=True, slots=True)
class RunTag:
    """One tag of a run, as MLflow's client takes it."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class DatasetInput:
    """A data set that a run read."""

    name: str
    digest: str | None
    context: str | None
    source: str | None
    schema: str | None
    profile: str | None


@dataclass(frozen=True, slots=True)
class RunInputs:
    """What a run read."""

    dataset_inputs: tuple[DatasetInput, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """One numbered entry of a registered model; its payload is a model's folder."""

    name: str
    version: int
    stage: ModelStage
    run_id: str | None
    source: str
    status: str
    status_message: str | None
    description: str
    user_name: str | None
    created_at: datetime
    updated_at: datetime
    aliases: tuple[str, ...] = ()
    tags: dict[str, str] = field(default_factory=dict)
    storage_location: str | None = None  # where in the store's artifacts a copy lies, if it is not a run's
    model_id: str = ""  # of the registered model, whatever it is called

    @property
    def uri(self) -> str:
        """The version's address."""
        return f"models:/{self.name}/{self.version}"

    @property
    def current_stage(self) -> str:
        """MLflow's name for ``stage``."""
        return self.stage.value

    @property
    def creation_timestamp(self) -> int:
        """Milliseconds since the epoch, as MLflow gives it."""
        return to_ms(self.created_at)

    @property
    def last_updated_timestamp(self) -> int:
        """Milliseconds since the epoch, as MLflow gives it."""
        return to_ms(self.updated_at)

    @property
    def user_id(self) -> str | None:
        """MLflow's name for ``user_name``."""
        return self.user_name


@dataclass(frozen=True, slots=True)
class RegisteredModel:
    """A name with numbered versions, and with aliases that each stand on one of them."""

    name: str
    description: str
    user_name: str | None
    created_at: datetime
    updated_at: datetime
    tags: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, int] = field(default_factory=dict)
    latest_versions: tuple[ModelVersion, ...] = ()  # the newest of each stage
    n_versions: int = 0
    model_id: str = ""

    @property
    def creation_timestamp(self) -> int:
        """Milliseconds since the epoch, as MLflow gives it."""
        return to_ms(self.created_at)

    @property
    def last_updated_timestamp(self) -> int:
        """Milliseconds since the epoch, as MLflow gives it."""
        return to_ms(self.updated_at)


@dataclass(frozen=True, slots=True)
class RegistryMove:
    """One entry of a registered model's history: who changed what, when, from what, to what."""

    at: datetime
    user_name: str | None
    what: str  # registered, version, stage, alias, name, description, tag, deleted
    name: str  # of the model, at that time
    version: int | None
    key: str | None  # which alias or tag
    from_value: Any
    to_value: Any


@dataclass(frozen=True, slots=True)
class Lineage:
    """Where a version came from: its run, the cells that made it, their notebook, and the data that the run read."""

    version: ModelVersion
    run: Run | None
    cells: tuple[Cell, ...]
    notebook_path: str | None
    inputs: tuple[DatasetInput, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """One record of work, as the store had it when it was asked."""

    info: RunInfo
    data: RunData
    inputs: RunInputs = field(default_factory=RunInputs)
    versions: tuple[ModelVersion, ...] = ()  # of registered models, that were registered from it


@dataclass(frozen=True, slots=True)
class Cell:
    """Source that ran inside a run, exactly as it was executed."""

    cell_id: str | None
    execution_count: int | None
    role: CellRole
    source: str
    source_sha256: str
    notebook_path: str | None


@dataclass(frozen=True, slots=True)
class Environment:
    """What a run ran on; stored once per environment, under its hash."""

    environment_sha256: str
    python_version: str
    platform: str
    packages: dict[str, str]


@dataclass(frozen=True, slots=True)
class FileInfo:
    """A file or folder among a run's artifacts; ``path`` is relative to the run's root."""

    path: str
    is_dir: bool
    file_size: int | None


@dataclass(frozen=True, slots=True)
class Curve:
    """One metric of one run, in columns.

    ``step`` int64 [n] not decreasing, ``value`` float64 [n], ``logged_at`` datetime64[us] UTC [n].
    """

    step: NDArray[np.int64]
    value: NDArray[np.float64]
    logged_at: NDArray[np.datetime64]

    def __len__(self) -> int:
        return len(self.step)


def to_ms(moment: datetime) -> int:
    """Milliseconds since the epoch of an aware ``moment``."""
    return int(moment.timestamp() * 1000)
