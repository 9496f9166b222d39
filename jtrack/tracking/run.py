"""The run that is being recorded: every ``log_*`` writes straight into this process's journal.

``log_metric`` is the hot path, and goes on in ``series.py``. Whatever can be wrong with a value is found before
anything is written, so nothing is ever logged by halves.
"""

from __future__ import annotations

import errno
import os
import threading
import warnings
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path, PurePath, PurePosixPath
from types import TracebackType
from typing import TYPE_CHECKING, Any

from jtrack.entities import Cell, CellRole, DatasetInput, Environment, RunData, RunInfo, RunKind, RunStatus
from jtrack.errors import InvalidInputError, ParamConflictError
from jtrack.store import Store
from jtrack.store.artifacts import check_artifact_path, files_below, measure_file
from jtrack.store.control import messages_end
from jtrack.store.journal import JournalMark
from jtrack.store.warn import StoreWarning
from jtrack.tracking import context, media
from jtrack.tracking.live import Controls, StopSignal
from jtrack.tracking.series import Series
from jtrack.tracking.system import SystemSampler
from jtrack.values import (
    check_key,
    check_mapping,
    check_text,
    metric_step,
    metric_value,
    parse_param,
    plain_value,
    render_param,
)

if TYPE_CHECKING:
    from typing import Self

# Tags that MLflow keeps what jtrack has a column for.
TAG_COLUMNS = {
    "mlflow.runName": "run_name",
    "mlflow.note.content": "description",
    "mlflow.user": "user_name",
    "mlflow.source.name": "source_name",
    "mlflow.source.type": "source_type",
    "mlflow.source.git.commit": "git_commit",
    "mlflow.source.git.branch": "git_branch",
    "mlflow.parentRunId": "parent_run_id",
}

# A file that the disk had no room for is held in memory; a larger one is read again where it lies.
_MOST_HELD_BYTES = 256 * 1024 * 1024
# What trying again doesn't help: a name that is too long, or a folder where a file is to go.
_FAULTS_OF_NAMES = {errno.ENAMETOOLONG, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENOTEMPTY, errno.EILSEQ}


class ActiveRun:
    """A run that this process records into; a context manager that ends it.

    It may be used from any number of threads, and after its end: what comes late is kept all the same.
    """

    def __init__(
        self,
        store: Store,
        info: RunInfo,
        params: Mapping[str, tuple[str, str]] | None = None,
        above: tuple[tuple[str, int], ...] | None = None,
    ) -> None:
        self.store = store
        self._above = above
        self.outer = context.find_context_run()
        self.ended = False
        self.cell: Cell | None = None  # the tracked one
        self.cell_before: ActiveRun | None = None  # the run that the same cell made last in this process
        # Whether, at its end, its params and metrics are all in memory, and no metric has more than one point.
        self.is_known_whole = False
        self._info = info
        self._writer = store.writer
        self.series: dict[str, Series] = {}
        self._steps: dict[str, int] = {}
        # As the store has them: text and JSON. A list may have been changed since it was logged.
        self.param_forms = dict(params or {})
        self._params: dict[str, Any] = {key: parse_param(form) for key, (_, form) in self.param_forms.items()}
        self._noted: set[str] = set()  # params that jtrack found itself
        self._tags: dict[str, str] = {}
        self._inputs: list[DatasetInput] = []
        self.files: dict[str, str | None] = {}  # by path, the sha256 of each artifact that this process has logged
        self._lock = threading.RLock()
        self._controls: Controls | None = None
        self._sampler: SystemSampler | None = None
        self.journal_mark: JournalMark | None = None
        self.is_resumed = False
        self._pid = os.getpid()
        self.messages_start = 0  # what was said before the loop first listens counts too
        # What will be its params when it ends, where that is known earlier: a cell's settings, read from its source.
        self.expected_params: Mapping[str, Any] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.ended or not self.is_of_this_process:
            return
        if error is None:
            self.end()
            return
        import traceback

        status = RunStatus.KILLED if isinstance(error, KeyboardInterrupt) else RunStatus.FAILED
        self.end(status, error="".join(traceback.format_exception(kind, error, trace)))

    def __repr__(self) -> str:
        return f"<ActiveRun {self.run_name} {self.run_id[:8]} {self._info.status}>"

    @property
    def is_of_this_process(self) -> bool:
        """Whether it began here: a forked child may log into its parent's run, and ends it only where it says so."""
        return self._pid == os.getpid()

    @property
    def run_id(self) -> str:
        """The run's id: 32 hexadecimal digits."""
        return self._info.run_id

    @property
    def run_name(self) -> str:
        """The run's name."""
        return self._info.run_name

    @property
    def experiment_id(self) -> str:
        """The id of the run's experiment."""
        return self._info.experiment_id

    @property
    def kind(self) -> RunKind:
        """What the run is a record of."""
        return self._info.kind

    @property
    def started_at(self) -> datetime:
        """When it began, in UTC."""
        return self._info.started_at

    @property
    def info(self) -> RunInfo:
        """What is known of the run besides what was logged, as of now."""
        return self._info

    @property
    def data(self) -> RunData:
        """What this process has logged into the run so far."""
        return RunData(dict(self._params), self.metrics, dict(self._tags))

    @property
    def params(self) -> dict[str, Any]:
        """Params so far, as they were given."""
        return dict(self._params)

    @property
    def metrics(self) -> dict[str, float]:
        """The value that this process logged last, of each metric."""
        return {key: series.value for key, series in list(self.series.items())}

    @property
    def above(self) -> tuple[tuple[str, int], ...]:
        """The runs that this one is part of, the nearest first: whoever asks one of them to stop asks this one too.

        Each as its id, and where the messages to it begin. They need not be of this process.
        """
        if self._above is not None:
            return self._above
        outer = self.outer
        while outer is not None and outer.ended:
            outer = outer.outer
        return () if outer is None else ((outer.run_id, outer.messages_start), *outer.above)

    @property
    def artifact_path(self) -> Path:
        """The folder of the run's artifacts."""
        return self.store.artifacts.run_path(self.experiment_id, self.run_id)

    def log_metric(self, key: str, value: float, step: int | None = None, timestamp: int | None = None) -> None:
        """Log one point of a metric; see :func:`jtrack.log_metric`."""
        try:
            series = self.series[key]
        except (KeyError, TypeError):
            series = self.open_series(key)
        series.log(value, step, timestamp)

    def open_series(self, key: str) -> Series:
        """Give the series of a metric; its first point declares it in the journal."""
        check_key("metric", key)
        number = self._writer.series(self.run_id, key)
        return self.series.setdefault(key, Series(self._writer, key, number, self._steps.get(key, -1)))

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None, timestamp: int | None = None) -> None:
        """Log one point of each of several metrics; if one can't be taken, none is."""
        numbers = {
            check_key("metric", key): metric_value(key, value)
            for key, value in check_mapping("metric", metrics).items()
        }
        for key in numbers:
            step = None if step is None else metric_step(key, step)
        for key, number in numbers.items():
            self.log_metric(key, number, step, timestamp)

    def log_param(self, key: str, value: Any) -> Any:
        """Log a param; see :func:`jtrack.log_param`."""
        self.log_params({key: value})
        return value

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Log several params; if one can't be taken, none is."""
        rendered = {
            check_key("param", key): render_param(key, value) for key, value in check_mapping("param", params).items()
        }
        with self._lock:
            fresh = {}
            for key, forms in rendered.items():
                if self.param_forms.get(key) != forms:
                    if key in self.param_forms and key not in self._noted:
                        raise ParamConflictError(key, self._params[key], params[key])
                    fresh[key] = forms
            self._noted.difference_update(rendered)
            self._write_params(params, fresh)

    def note_param(self, key: str, value: Any) -> None:
        """Record a param that jtrack found itself; one that is logged under its name goes before, also later."""
        forms = render_param(check_key("param", key), value)
        with self._lock:
            is_logged = key in self.param_forms and key not in self._noted
            if not is_logged and self.param_forms.get(key) != forms:
                self._noted.add(key)
                self._write_params({key: value}, {key: forms})

    def _write_params(self, params: Mapping[str, Any], fresh: dict[str, tuple[str, str]]) -> None:
        if fresh:
            self._writer.event("params_logged", self.run_id, fresh)
            self._params.update({key: plain_value(params[key]) for key in fresh})
            self.param_forms.update(fresh)

    def set_tag(self, key: str, value: Any) -> None:
        """Set a tag, whatever it was; the value is kept as text."""
        self.set_tags({key: value})

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """Set several tags; if one can't be taken, none is."""
        texts = check_tags(tags)
        columns = {TAG_COLUMNS[key]: text for key, text in texts.items() if key in TAG_COLUMNS}
        plain = {key: text for key, text in texts.items() if key not in TAG_COLUMNS}
        if columns:
            self.set_attributes(**columns)
        if plain:
            self._writer.event("tags_set", self.run_id, plain)
            self._tags.update(plain)

    def delete_tag(self, key: str) -> None:
        """Take a tag off; one that isn't there is no error."""
        self._writer.event("tags_set", self.run_id, {check_key("tag", key): None})
        self._tags.pop(key, None)

    @property
    def should_stop(self) -> StopSignal:
        """Whether somebody asked the run to stop, for its loop to look at: ``if run.should_stop: break``."""
        return self._open_controls().should_stop

    def knob(self, name: str, value: Any) -> Any:
        """Read a value that may be changed from the panel while the loop runs: ``lr = run.knob("lr", 0.1)``.

        Parameters
        ----------
        value
            What it is until somebody changes it: a number, a bool or text; a change keeps the type.
        """
        return self._open_controls().knob(name, value)

    def note(self, text: str) -> None:
        """Keep a note with the run, at the time when it was made."""
        self._writer.event("note_added", self.run_id, {"text": check_text("note", "text", text)})

    def log_system_metrics(self) -> None:
        """Sample the machine every few seconds until the run ends, as metrics ``system/…``."""
        if self._sampler is None:
            self._sampler = SystemSampler(self)
            self._sampler.start()

    @property
    def latest_step(self) -> int:
        """The highest step that this process has logged, of any metric; 0 before the first."""
        return max((int(series.step) for series in list(self.series.values())), default=0)

    def set_attributes(self, **columns: Any) -> None:
        """Set columns of the ``runs`` view (``description``, ``git_commit`` …); may come late, from any thread."""
        for name, value in columns.items():
            if isinstance(value, str):
                check_text("attribute", name, value)
        if not columns:
            return
        with self._lock:
            self._info = replace(self._info, **columns)
            self._writer.event("run_changed", self.run_id, columns)

    def record_cell(self, cell: Cell) -> None:
        """Keep the source of a cell with the run."""
        if cell.role == CellRole.TRACKED:
            self.cell = cell
        self._writer.event("cell_recorded", self.run_id, asdict(cell))

    def log_input(self, dataset: DatasetInput) -> None:
        """Say which data the run read; what was said already is said once."""
        with self._lock:
            if dataset not in self._inputs:
                self._inputs.append(dataset)
                self._writer.event("input_logged", self.run_id, asdict(dataset))

    def record_environment(self, environment: Environment) -> None:
        """Say what the run runs on; the environment itself is written once per process."""
        detail = asdict(environment)
        digest = detail.pop("environment_sha256")
        if self.store.is_first_time(digest):
            self._writer.event("environment_seen", digest, detail)
        self.set_attributes(environment_sha256=digest)

    def log_artifact(self, local_path: str | os.PathLike[str], artifact_path: str | None = None) -> None:
        """Keep a copy of a file, or of a folder and all in it; see :func:`jtrack.log_artifact`."""
        source = Path(local_path).expanduser()
        name = source.name if source.name not in ("", "..") else source.resolve().name
        place = PurePosixPath(artifact_path or "") / name
        if source.is_dir():
            self.log_artifacts(source, place)
            return
        if not source.is_file():
            raise InvalidInputError(f"there is no file {os.fspath(local_path)!r}", f"paths start at {Path.cwd()}")
        _check_readable(source)
        self._put(source.absolute(), place)

    def log_artifacts(self, local_dir: str | os.PathLike[str], artifact_path: str | PurePath | None = None) -> None:
        """Keep a copy of every file in a folder and below; see :func:`jtrack.log_artifacts`."""
        root = Path(local_dir).expanduser().absolute()
        if not root.is_dir():
            raise InvalidInputError(f"there is no folder {os.fspath(local_dir)!r}", f"paths start at {Path.cwd()}")
        top = PurePosixPath(artifact_path or "")
        placed = {top / path.relative_to(root).as_posix(): path for path in files_below(root, but=self.store.path)}
        for place, source in placed.items():
            check_artifact_path(place)
            _check_readable(source)
        for place, source in placed.items():
            self._put(source, place)

    def log_text(self, text: str, artifact_file: str) -> None:
        """Keep a text as a file in UTF-8."""
        self._put(media.render_text(text, artifact_file), artifact_file)

    def note_artifact(self, artifact_file: str) -> None:
        """Record a file that still grows in the run's folder as it is now."""
        n_bytes, digest = measure_file(self.artifact_path / artifact_file)
        self._note_artifact(artifact_file, n_bytes, digest, is_growing=True)

    def log_dict(self, dictionary: Mapping[str, Any] | list[Any], artifact_file: str) -> None:
        """Keep a dictionary or list as YAML (``.yaml``, ``.yml``) or JSON (anything else)."""
        self._put(media.render_dict(dictionary, artifact_file), artifact_file)

    def log_figure(self, figure: Any, artifact_file: str, *, save_kwargs: Mapping[str, Any] | None = None) -> None:
        """Keep a matplotlib or plotly figure; see :func:`jtrack.log_figure`."""
        self._put(media.render_figure(figure, artifact_file, dict(save_kwargs or {})), artifact_file)

    def end(
        self, status: RunStatus | str = RunStatus.FINISHED, error: str | None = None, ended_at: datetime | None = None
    ) -> None:
        """End the run; a second end changes nothing.

        Parameters
        ----------
        error
            The traceback of what ended it, as plain text.
        """
        status = check_status(status)
        with self._lock:
            if self.ended:
                return
            ended_at = ended_at or datetime.now(UTC)
            if self._sampler is not None:
                self._sampler.stop()
            columns: dict[str, Any] = {"status": status.value, "ended_at": _micros(ended_at)}
            if error is not None:
                columns["error"] = error.encode("utf-8", "replace").decode()
            # What the disk has not taken yet is nowhere else.
            self.is_known_whole = self._knows_all() or self._writer.n_waiting > 0
            self._writer.event("run_changed", self.run_id, columns)
            self._info = replace(self._info, status=status, ended_at=ended_at, error=error)
            self.ended = True
            self._writer.release_run(self.run_id)
        context.leave_run(self)

    def begin(self, *, resumed: bool, last_steps: Mapping[str, int] | None = None) -> None:
        """Write the run's first event and make it the active one."""
        self.journal_mark = self._writer.mark()
        self.is_resumed = resumed
        if resumed:
            self.messages_start = messages_end(self.store.folder, self.run_id)
            self._steps = dict(last_steps or {})
            self._writer.event("run_changed", self.run_id, {"status": RunStatus.RUNNING.value})
            self._writer.event("run_attached", self.run_id, {})
        else:
            self._writer.event("run_started", self.run_id, _started_columns(self._info))
        self._writer.attach_run(self.run_id)
        context.enter_run(self)

    def _knows_all(self) -> bool:
        mark, now = self.journal_mark, self._writer.mark()
        if self.is_resumed or mark is None or mark.writer != now.writer:
            return False
        # A child or a script that the cell started may have logged into the run, each into its own journal.
        is_alone = not self.store.folder.have_others_written(now.writer, self._info.started_at.timestamp())
        return is_alone and now.n_points - mark.n_points == len(self.series)

    def reset_after_fork(self) -> None:
        """Renew in a forked child what a thread of the parent may have been holding."""
        self._lock = threading.RLock()

    def _open_controls(self) -> Controls:
        with self._lock:
            if self._controls is None:
                self._controls = Controls(self)
            return self._controls

    def _put(self, content: bytes | Path, artifact_file: str | PurePath) -> None:
        path = check_artifact_path(artifact_file).as_posix()
        self.files.setdefault(path)
        try:
            self._write_artifact(content, path)
        except OSError as error:
            if error.errno in _FAULTS_OF_NAMES:
                reason = error.strerror or str(error)
                raise InvalidInputError(f"{path!r} can't be kept: {reason}", "another name will do") from None
            held = _held(content)
            self._writer.defer(lambda: self._write_late(held, path), error)

    def _write_late(self, content: bytes | Path, path: str) -> None:
        if isinstance(content, Path) and not content.exists():
            warnings.warn(f"{path!r} is not kept: {content} is gone", StoreWarning, stacklevel=2)
            return
        self._write_artifact(content, path)

    def _write_artifact(self, content: bytes | Path, path: str) -> None:
        n_bytes, digest = self.store.artifacts.put(content, self.artifact_path / path, self.files.get(path))
        self.files[path] = digest
        self._note_artifact(path, n_bytes, digest)

    def _note_artifact(self, path: str, n_bytes: int, digest: str, **more: bool) -> None:
        self._writer.tell_move()
        self._writer.event("artifact_logged", self.run_id, {"path": path, "n_bytes": n_bytes, "sha256": digest} | more)


def check_status(status: RunStatus | str) -> RunStatus:
    """Return the status of that name."""
    try:
        return RunStatus(status)
    except ValueError:
        raise InvalidInputError(
            f"{status!r} is no status of a run", "one of " + ", ".join(known.value for known in RunStatus)
        ) from None


def check_tags(tags: Mapping[str, Any]) -> dict[str, str]:
    """Return tags as the texts that the store keeps whole."""
    return {check_key("tag", key): check_text("tag", key, value) for key, value in check_mapping("tag", tags).items()}


def _held(content: bytes | Path) -> bytes | Path:
    """Give what waits for room on the disk: by then its file may be gone, or hold something else."""
    if isinstance(content, bytes) or content.stat().st_size > _MOST_HELD_BYTES:
        return content
    return content.read_bytes()


def _check_readable(source: Path) -> None:
    if not os.access(source, os.R_OK):
        raise InvalidInputError(f"{source} can't be read: permission denied")


def _started_columns(info: RunInfo) -> dict[str, Any]:
    columns = {name: value for name, value in asdict(info).items() if value is not None and name != "run_id"}
    # Where the artifacts lie follows from where the store lies, so that the folder can be moved.
    del columns["artifact_uri"], columns["lifecycle_stage"]
    return {**columns, "started_at": _micros(info.started_at)}


def _micros(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000)
