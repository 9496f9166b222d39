"""The client's methods for experiments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jtrack import queries
from jtrack.client.base import ClientBase
from jtrack.client.pages import PagedList, read_page
from jtrack.entities import Experiment, LifecycleStage, ViewType
from jtrack.tracking import experiments
from jtrack.values import check_text


class ExperimentMethods(ClientBase):
    """Experiments by name and id."""

    def create_experiment(
        self, name: str, artifact_location: str | None = None, tags: Mapping[str, Any] | None = None
    ) -> str:
        """Create an experiment and return its id."""
        return experiments.create_experiment(self._store, name, artifact_location, tags).experiment_id

    def get_experiment(self, experiment_id: str) -> Experiment:
        """Get an experiment by id."""
        return experiments.get_experiment(self._store, experiment_id=experiment_id)

    def get_experiment_by_name(self, name: str) -> Experiment | None:
        """Get an experiment by name; ``None`` where there is none."""
        return experiments.find_experiment(self._store, name=name)

    def search_experiments(
        self,
        view_type: ViewType | int = ViewType.ACTIVE_ONLY,
        max_results: int = 1000,
        filter_string: str | None = None,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[Experiment]:
        """Search experiments, a page at a time."""
        with self._asking():
            return read_page(
                lambda n: queries.search_experiments(view_type, n, filter_string, order_by), max_results, page_token
            )

    def rename_experiment(self, experiment_id: str, new_name: str) -> None:
        """Give an experiment another name."""
        experiments.change_experiment(self._store, experiment_id, name=new_name)

    def delete_experiment(self, experiment_id: str) -> None:
        """Mark an experiment as deleted."""
        experiments.change_experiment(self._store, experiment_id, lifecycle_stage=LifecycleStage.DELETED.value)

    def restore_experiment(self, experiment_id: str) -> None:
        """Take a deletion back."""
        experiments.change_experiment(self._store, experiment_id, lifecycle_stage=LifecycleStage.ACTIVE.value)

    def set_experiment_tag(self, experiment_id: str, key: str, value: Any) -> None:
        """Set a tag of an experiment."""
        experiments.change_experiment(self._store, experiment_id, tags={key: check_text("tag", key, value)})
