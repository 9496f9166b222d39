"""The client's methods for runs: making and ending them, logging into them by id, searching, artifacts."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jtrack import queries, settings
from jtrack.client.base import ClientBase
from jtrack.client.pages import PagedList, read_page
from jtrack.entities import (
    FileInfo,
    LifecycleStage,
    Metric,
    Param,
    Run,
    RunInfo,
    RunKind,
    RunStatus,
    RunTag,
    ViewType,
)
from jtrack.errors import ArtifactNotFoundError
from jtrack.store.artifacts import check_artifact_path
from jtrack.tracking import experiments
from jtrack.tracking.context import leave_run
from jtrack.tracking.edits import remove_run, return_run
from jtrack.tracking.names import new_run_id, new_run_name
from jtrack.tracking.run import ActiveRun

_FILES = "SELECT path, n_bytes FROM artifacts WHERE run_id = ? ORDER BY path"


class RunMethods(ClientBase):
    """Runs by id."""

    def create_run(
        self,
        experiment_id: str,
        start_time: int | None = None,
        tags: Mapping[str, Any] | None = None,
        run_name: str | None = None,
    ) -> Run:
        """Make a run that is nobody's active one; :meth:`set_terminated` ends it."""
        tags = dict(tags or {})
        info = RunInfo(
            run_id=new_run_id(),
            experiment_id=experiments.check_experiment(self._store, experiment_id),
            run_name=run_name or tags.pop("mlflow.runName", None) or new_run_name(),
            kind=RunKind.BLOCK,
            parent_run_id=tags.pop("mlflow.parentRunId", None),
            status=RunStatus.RUNNING,
            lifecycle_stage=LifecycleStage.ACTIVE,
            started_at=_moment(start_time),
            ended_at=None,
            user_name=settings.user_name(),
            source_name=None,
            source_type=None,
            git_commit=None,
            artifact_uri="",
            description=None,
        )
        run = ActiveRun(self._store, info)
        run.begin(resumed=False)
        leave_run(run)
        run.set_tags(tags)
        self._runs[info.run_id] = run
        return self.get_run(info.run_id)

    def get_run(self, run_id: str) -> Run:
        """Get a run as the store has it now."""
        with self._asking():
            return queries.get_run(run_id)

    def get_parent_run(self, run_id: str) -> Run | None:
        """Get the run that this one is a child of."""
        with self._asking():
            return queries.get_parent_run(run_id)

    def delete_run(self, run_id: str) -> None:
        """Mark a run as deleted."""
        remove_run(self._store, self.get_run(run_id).info.run_id)

    def restore_run(self, run_id: str) -> None:
        """Take a deletion back."""
        return_run(self._store, self.get_run(run_id).info.run_id)

    def set_terminated(self, run_id: str, status: str | None = None, end_time: int | None = None) -> None:
        """End a run; ``status`` is ``FINISHED`` unless said otherwise."""
        self._run(run_id).end(RunStatus(status or "FINISHED"), ended_at=_moment(end_time))

    def update_run(self, run_id: str, status: str | None = None, name: str | None = None) -> None:
        """Change a run's status or name."""
        given = {"status": None if status is None else RunStatus(status).value, "run_name": name}
        self._run(run_id).set_attributes(**{column: value for column, value in given.items() if value is not None})

    def search_runs(
        self,
        experiment_ids: Sequence[str] | str,
        filter_string: str = "",
        run_view_type: ViewType | int = ViewType.ACTIVE_ONLY,
        max_results: int = 1000,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[Run]:
        """Search runs of experiments, a page at a time."""
        ids = [experiment_ids] if isinstance(experiment_ids, str) else list(experiment_ids)

        def search(n: int) -> list[Run]:
            found: list[Run] = queries.search_runs(ids, filter_string, run_view_type, n, order_by, "list")
            return found

        with self._asking():
            return read_page(search, max_results, page_token)

    def log_metric(
        self, run_id: str, key: str, value: float, timestamp: int | None = None, step: int | None = None, **_: Any
    ) -> None:
        """Log one point of a metric; the step is 0 unless said otherwise, as in MLflow."""
        self._run(run_id).log_metric(key, value, step or 0, timestamp)

    def log_param(self, run_id: str, key: str, value: Any, synchronous: bool | None = None) -> Any:
        """Log a param and return it; its type is kept."""
        return self._run(run_id).log_param(key, value)

    def set_tag(self, run_id: str, key: str, value: Any, synchronous: bool | None = None) -> None:
        """Set a tag, whatever it was."""
        self._run(run_id).set_tag(key, value)

    def delete_tag(self, run_id: str, key: str) -> None:
        """Take a tag off."""
        self._run(run_id).delete_tag(key)

    def log_batch(
        self,
        run_id: str,
        metrics: Sequence[Metric] = (),
        params: Sequence[Param] = (),
        tags: Sequence[RunTag] = (),
        synchronous: bool | None = None,
    ) -> None:
        """Log several points, params and tags; of any size."""
        run = self._run(run_id)
        run.log_params({param.key: param.value for param in params})
        run.set_tags({tag.key: tag.value for tag in tags})
        for metric in metrics:
            run.log_metric(metric.key, metric.value, metric.step, metric.timestamp)

    def get_metric_history(self, run_id: str, key: str) -> list[Metric]:
        """Read all points of a metric, by step; none where the run has no such metric, as in MLflow."""
        with self._asking():
            run = queries.get_run(run_id)
            if key not in run.data.metrics:
                return []
            curve = queries.metric_history(run.info.run_id, key)
        times = (curve.logged_at.astype("datetime64[ms]").astype("int64")).tolist()
        points = zip(curve.value.tolist(), times, curve.step.tolist(), strict=True)
        return [Metric(key, value, at, step) for value, at, step in points]

    def log_artifact(self, run_id: str, local_path: str | os.PathLike[str], artifact_path: str | None = None) -> None:
        """Keep a copy of a file or folder with a run."""
        self._run(run_id).log_artifact(local_path, artifact_path)

    def log_artifacts(self, run_id: str, local_dir: str | os.PathLike[str], artifact_path: str | None = None) -> None:
        """Keep a copy of all files in a folder with a run."""
        self._run(run_id).log_artifacts(local_dir, artifact_path)

    def log_text(self, run_id: str, text: str, artifact_file: str) -> None:
        """Keep a text as a file of a run."""
        self._run(run_id).log_text(text, artifact_file)

    def log_dict(self, run_id: str, dictionary: Any, artifact_file: str) -> None:
        """Keep a dictionary or list as a file of a run."""
        self._run(run_id).log_dict(dictionary, artifact_file)

    def log_figure(self, run_id: str, figure: Any, artifact_file: str, *, save_kwargs: Any = None) -> None:
        """Keep a figure as a file of a run."""
        self._run(run_id).log_figure(figure, artifact_file, save_kwargs=save_kwargs)

    def list_artifacts(self, run_id: str, path: str | None = None) -> list[FileInfo]:
        """List the files and folders right below a folder of a run's artifacts."""
        prefix = f"{check_artifact_path(path).as_posix()}/" if path else ""
        found: dict[str, FileInfo] = {}
        for row in self._files(run_id):
            if row["path"].startswith(prefix):
                name, slash, _ = row["path"][len(prefix) :].partition("/")
                place = prefix + name
                found[place] = FileInfo(place, bool(slash), None if slash else row["n_bytes"])
        return list(found.values())

    def download_artifacts(self, run_id: str, path: str, dst_path: str | os.PathLike[str] | None = None) -> str:
        """Give the path of a file or folder of a run; with ``dst_path``, of a copy in that folder.

        Raises
        ------
        ArtifactNotFoundError
            The run has nothing at this path; the hint lists what it has.
        """
        place = check_artifact_path(path).as_posix() if path else ""
        source = Path(self.get_run(run_id).info.artifact_uri) / place
        if not source.exists():
            raise ArtifactNotFoundError(path, [row["path"] for row in self._files(run_id)])
        if dst_path is None:
            return str(source)
        target = Path(dst_path) / place
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        else:
            shutil.copyfile(source, target)
        return str(target)

    def _files(self, run_id: str) -> list[dict[str, Any]]:
        with self._asking():
            return queries.rows(_FILES, [queries.get_run(run_id).info.run_id])


def _moment(ms: int | None) -> datetime:
    return datetime.fromtimestamp(time.time() if ms is None else ms / 1000, UTC)
