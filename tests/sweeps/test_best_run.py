"""From a sweep to a model: the best trial's model is registered by its run, or by an address that means it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hyperopt import hp

import jtrack
from jtrack.errors import InvalidInputError, ModelNotFoundError, SweepError
from jtrack.registry.versions import register_model

X = {"x": hp.uniform("x", 0, 1)}


def with_model(*paths: str) -> Any:
    def objective(point: dict[str, float]) -> dict[str, float]:
        for path in paths:
            jtrack.log_text("flavors: {}\n", f"{path}/MLmodel")
        return {"rmse": point["x"]}

    return objective


def test_the_best_run_registers_its_model() -> None:
    result = jtrack.sweep(with_model("model"), X, max_evals=8, minimize="rmse", seed=1)
    version = result.best_run.register("diabetes", tags={"by": "sweep"}, description="the best of eight")
    assert (version.name, version.version, version.run_id) == ("diabetes", 1, result.best_run_id)
    assert (version.tags, version.description) == ({"by": "sweep"}, "the best of eight")
    assert result.best_run.info.run_id == result.best_run_id
    assert jtrack.get_sweep().best_run.register("diabetes").version == 2


def test_an_address_means_the_best_trial_wherever_a_run_is_asked_for() -> None:
    result = jtrack.sweep(with_model("model"), X, max_evals=8, minimize="rmse", seed=1)
    assert jtrack.get_run("@best(metrics.rmse)").info.run_id == result.best_run_id
    assert register_model("runs:/@best(metrics.rmse)", "diabetes").run_id == result.best_run_id


def test_of_several_models_one_is_named(tmp_path: Path) -> None:
    result = jtrack.sweep(with_model("first", "second"), X, max_evals=3, minimize="rmse", seed=1)
    jtrack.set_tracking_uri(tmp_path / "another")  # what was swept stays where it was
    with pytest.raises(InvalidInputError, match="has 2 models"):
        result.best_run.register("diabetes")
    assert result.best_run.register("diabetes", "second").source.endswith("/second")


def test_without_a_model_or_a_best_there_is_nothing_to_register() -> None:
    result = jtrack.sweep(with_model(), X, max_evals=3, minimize="rmse", seed=1)
    with pytest.raises(ModelNotFoundError) as caught:
        result.best_run.register("diabetes")
    assert "log_model" in str(caught.value.hint)

    def diverges(point: dict[str, float]) -> float:
        return float("nan") if point["x"] < 2 else 0.0

    with pytest.raises(SweepError, match="all 3 trials failed"):
        jtrack.sweep(diverges, X, max_evals=3, minimize="rmse", seed=1)
    with pytest.raises(SweepError, match="no trial of sweep"):
        _ = jtrack.get_sweep().best_run
