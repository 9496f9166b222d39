"""jtrack: an experiment tracker that lives in the notebook.

Names are bound when they are first asked for, so that ``import jtrack`` loads nothing but this file.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from jtrack._version import __version__

if TYPE_CHECKING:
    from jtrack import client, models
    from jtrack.capture.data import log_input
    from jtrack.client import MlflowClient
    from jtrack.entities import ViewType
    from jtrack.magics import load_ipython_extension, unload_ipython_extension
    from jtrack.queries import (
        get_parent_run,
        get_run,
        last_active_run,
        metric_history,
        search_experiments,
        search_runs,
        sql,
    )
    from jtrack.registry.export import code, export
    from jtrack.sweeps.trials import Trials
    from jtrack.tracking import (
        ActiveRun,
        active_run,
        create_experiment,
        delete_experiment,
        delete_run,
        delete_tag,
        end_run,
        get_experiment,
        get_experiment_by_name,
        get_tracking_uri,
        log_artifact,
        log_artifacts,
        log_dict,
        log_figure,
        log_metric,
        log_metrics,
        log_param,
        log_params,
        log_text,
        rename_experiment,
        restore_experiment,
        restore_run,
        set_experiment,
        set_experiment_tag,
        set_experiment_tags,
        set_tag,
        set_tags,
        set_tracking_uri,
        start_run,
    )
    from jtrack.widgets.compare.panel import compare
    from jtrack.widgets.landscape.result import get_sweep, sweep
    from jtrack.widgets.live.panel import live
    from jtrack.widgets.parallel.panel import parallel
    from jtrack.widgets.run_page.panel import show
    from jtrack.widgets.runs.panel import runs

_TRACKING = (
    "ActiveRun active_run create_experiment delete_experiment delete_run delete_tag end_run get_experiment "
    "get_experiment_by_name get_tracking_uri log_artifact log_artifacts log_dict log_figure log_metric log_metrics "
    "log_param log_params log_text rename_experiment restore_experiment restore_run set_experiment "
    "set_experiment_tag set_experiment_tags set_tag set_tags set_tracking_uri start_run"
)
_QUERIES = "get_parent_run get_run last_active_run metric_history search_experiments search_runs sql"
_REGISTRY = (
    "copy_model_version create_model_version create_registered_model delete_model_version "
    "delete_model_version_tag delete_registered_model delete_registered_model_alias delete_registered_model_tag "
    "get_latest_versions get_model_version get_model_version_by_alias get_registered_model register_model "
    "rename_registered_model search_model_versions search_registered_models set_model_version_tag "
    "set_registered_model_alias set_registered_model_tag transition_model_version_stage update_model_version "
    "update_registered_model"
)
_HOMES = {
    **dict.fromkeys(_TRACKING.split(), "jtrack.tracking"),
    **dict.fromkeys(_QUERIES.split(), "jtrack.queries"),
    **dict.fromkeys(_REGISTRY.split(), "jtrack.registry.versions"),
    "MlflowClient": "jtrack.client",
    "log_input": "jtrack.capture.data",
    "ViewType": "jtrack.entities",
    "load_ipython_extension": "jtrack.magics",
    "unload_ipython_extension": "jtrack.magics",
    "code": "jtrack.registry.export",
    "export": "jtrack.registry.export",
    "load_model": "jtrack.registry.load",
    "log_model": "jtrack.registry.save",
    "save_model": "jtrack.registry.save",
    "serve": "jtrack.widgets.served.panel",
    "runs": "jtrack.widgets.runs.panel",
    "compare": "jtrack.widgets.compare.panel",
    "live": "jtrack.widgets.live.panel",
    "parallel": "jtrack.widgets.parallel.panel",
    "show": "jtrack.widgets.run_page.panel",
    "get_sweep": "jtrack.widgets.landscape.result",
    "sweep": "jtrack.widgets.landscape.result",
    "Trials": "jtrack.sweeps.trials",
}

__all__ = [
    "ActiveRun",
    "MlflowClient",
    "Trials",
    "ViewType",
    "__version__",
    "active_run",
    "client",
    "code",
    "compare",
    "copy_model_version",
    "create_experiment",
    "create_model_version",
    "create_registered_model",
    "delete_experiment",
    "delete_model_version",
    "delete_model_version_tag",
    "delete_registered_model",
    "delete_registered_model_alias",
    "delete_registered_model_tag",
    "delete_run",
    "delete_tag",
    "end_run",
    "export",
    "get_experiment",
    "get_experiment_by_name",
    "get_latest_versions",
    "get_model_version",
    "get_model_version_by_alias",
    "get_parent_run",
    "get_registered_model",
    "get_run",
    "get_sweep",
    "get_tracking_uri",
    "last_active_run",
    "live",
    "load_ipython_extension",
    "load_model",
    "log_artifact",
    "log_artifacts",
    "log_dict",
    "log_figure",
    "log_input",
    "log_metric",
    "log_metrics",
    "log_model",
    "log_param",
    "log_params",
    "log_text",
    "metric_history",
    "models",
    "parallel",
    "register_model",
    "rename_experiment",
    "rename_registered_model",
    "restore_experiment",
    "restore_run",
    "runs",
    "save_model",
    "search_experiments",
    "search_model_versions",
    "search_registered_models",
    "search_runs",
    "serve",
    "set_experiment",
    "set_experiment_tag",
    "set_experiment_tags",
    "set_model_version_tag",
    "set_registered_model_alias",
    "set_registered_model_tag",
    "set_tag",
    "set_tags",
    "set_tracking_uri",
    "show",
    "sql",
    "start_run",
    "sweep",
    "transition_model_version_stage",
    "unload_ipython_extension",
    "update_model_version",
    "update_registered_model",
]


# Modules that are names of their own: `jtrack.models` can be called, too; most are MLflow's modules of a flavor.
_MODULES = frozenset("client keras lightgbm models onnx pyfunc pytorch sklearn statsmodels tensorflow xgboost".split())


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"jtrack.{name}")  # which binds it here
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'jtrack' has no attribute {name!r}")
    value = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "jtrack.server", "name": "jtrack"}]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "jtrack"}]
