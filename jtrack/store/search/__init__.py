"""The search language: text → tokens → expression → SQL with parameters over the views, all of it pure.

``plan_search`` and ``plan_experiment_search`` are the way in; ``parse_filter`` serves who only wants to check a text.
"""

from jtrack.store.search.fields import EXPERIMENTS, RUNS
from jtrack.store.search.grammar import parse_filter, parse_order
from jtrack.store.search.plan import plan_experiment_search, plan_search

__all__ = ["EXPERIMENTS", "RUNS", "parse_filter", "parse_order", "plan_experiment_search", "plan_search"]
