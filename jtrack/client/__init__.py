"""``MlflowClient``: MLflow's client class over jtrack's functions, about one store whichever is in force.

Runs that it makes are nobody's active run. Its methods take and give what MLflow's do; values keep their types.
"""

from __future__ import annotations

from jtrack.client.experiments import ExperimentMethods
from jtrack.client.pages import PagedList
from jtrack.client.registry import RegistryMethods
from jtrack.client.runs import RunMethods

__all__ = ["MlflowClient", "PagedList"]


class MlflowClient(ExperimentMethods, RunMethods, RegistryMethods):
    """A store's experiments, runs, metrics, artifacts and registered models.

    Parameters
    ----------
    tracking_uri
        The store; ``None`` is the one in force, at the time of each call.
    registry_uri
        Taken for the sake of programs written for MLflow; models are registered in the same store.
    """
