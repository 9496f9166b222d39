"""Which way is better, told from a metric's name."""

from __future__ import annotations

import math

import pytest

from jtrack.direction import Direction, best_value, infer_direction, is_better, order_metrics

HIGHER = """accuracy val_accuracy acc valAcc test/f1_score roc_auc AUROC r2 R2 val_r2_score precision recall@5 mAP50
    neg_mean_squared_error neg_log_loss log_likelihood bleu reward_mean explained_variance top5_accuracy IoU
    average_precision success_rate best_score validation_0-auc""".split()
LOWER = """loss val_loss train/loss valLoss RMSE test_rmse mean_absolute_error mlogloss cross_entropy perplexity wer
    negative_log_likelihood nll fit_time latency_ms error_rate FID validation_0-logloss kl_divergence eval_loss
    accuracy_loss brier_score_loss""".split()
UNKNOWN = "epoch lr learning_rate n_errors loss_scale error_threshold foo x 12 grad_norm".split()


@pytest.mark.parametrize("key", HIGHER)
def test_higher_is_better(key: str) -> None:
    assert infer_direction(key) is Direction.HIGHER


@pytest.mark.parametrize("key", LOWER)
def test_lower_is_better(key: str) -> None:
    assert infer_direction(key) is Direction.LOWER


@pytest.mark.parametrize("key", UNKNOWN)
def test_a_name_that_says_nothing_has_no_direction(key: str) -> None:
    assert infer_direction(key) is None


def test_nothing_is_better_where_nobody_can_say() -> None:
    assert is_better(1.0, 2.0, Direction.LOWER) is True
    assert is_better(1.0, 2.0, Direction.HIGHER) is False
    assert is_better(1.0, 1.0, Direction.HIGHER) is None
    assert is_better(math.nan, 1.0, Direction.HIGHER) is None
    assert is_better(1.0, 2.0, None) is None


def test_an_infinity_is_never_the_better_one() -> None:
    assert is_better(math.inf, 0.9, Direction.HIGHER) is None
    assert is_better(0.3, -math.inf, Direction.LOWER) is None
    assert is_better(math.inf, 0.3, Direction.LOWER) is False
    assert is_better(0.3, math.inf, Direction.LOWER) is True


def test_the_best_is_finite() -> None:
    assert best_value([0.1, math.nan, math.inf, None, 0.3], Direction.HIGHER) == 0.3
    assert best_value([0.1, -math.inf, 0.3], Direction.LOWER) == 0.1
    assert best_value([math.nan, None], Direction.HIGHER) is None
    assert best_value([1.0], None) is None


def test_what_a_run_is_judged_by_comes_first() -> None:
    keys = ["epoch", "fit_time", "train_loss", "val_loss", "accuracy", "val_accuracy"]
    assert order_metrics(keys) == ["val_accuracy", "val_loss", "accuracy", "train_loss", "epoch", "fit_time"]
