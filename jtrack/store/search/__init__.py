"""The search language: text → tokens → expression → SQL with parameters over the views, all of it pure.

``plan_search`` and its like are the way in; ``parse_filter`` serves who only wants to check a text.
"""

from jtrack.store.search.fields import EXPERIMENTS, MODEL_VERSIONS, REGISTERED_MODELS, RUNS
from jtrack.store.search.grammar import parse_filter, parse_order
from jtrack.store.search.plan import plan_experiment_search, plan_model_search, plan_search, plan_version_search

__all__ = [
    "EXPERIMENTS",
    "MODEL_VERSIONS",
    "REGISTERED_MODELS",
    "RUNS",
    "parse_filter",
    "parse_order",
    "plan_experiment_search",
    "plan_model_search",
    "plan_search",
    "plan_version_search",
]
