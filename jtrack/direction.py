"""Which way is better for a metric, told from the words in its name.

The last word that says something decides ("accuracy_loss" is a loss); a negation in front turns it
round, as in scikit-learn's ``neg_mean_squared_error``. A name without such a word has no direction,
and nothing about it is then called better or worse.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from enum import StrEnum


class Direction(StrEnum):
    """Which values of a metric are better."""

    HIGHER = "higher"
    LOWER = "lower"


_LOWER = frozenset(
    """loss losses error errors err mae mse rmse msle rmsle mape smape wape mdape deviance logloss mlogloss
    bce ce crossentropy entropy perplexity ppl nll brier hinge wer cer ter fpr fnr far frr eer hter mer regret cost
    latency time duration seconds secs ms kl kld divergence distance misclassification fid kid lpips inertia aic bic
    overfit gap ece mce rmsce crps pinball residual residuals bpb bpc loss1 memory""".split()
)
_HIGHER = frozenset(
    """acc accuracy auc auroc rocauc prauc auprc aucpr ap map f1 f2 fbeta precision recall sensitivity specificity r2
    rsquared score bleu rouge rougel meteor chrf iou miou dice jaccard kappa mcc ndcg dcg mrr hit hits reward returns
    ssim psnr throughput tpr tnr ppv npv correlation corr pearson spearman kendall likelihood loglik elbo silhouette
    top1 top3 top5 top10 success win wins pass accuracy1 accuracy5 explained exact em coverage speedup winrate
    homogeneity completeness ari nmi ami lift youden gmean improvement""".split()
)
_TURNED = frozenset({"neg", "negative", "minus", "inv", "inverse"})
_MUTE = frozenset({"scale", "weight", "weights", "coef", "coefficient", "alpha", "ratio", "threshold", "budget", "n"})
_HELD_OUT = frozenset({"val", "valid", "validation", "test", "eval", "dev", "cv", "holdout", "oof"})
_PAIRS = {("r", "squared"): "r2", ("average", "precision"): "ap", ("area", "under"): "auc", ("r", "2"): "r2"}
_CHUNK = re.compile(r"[A-Za-z0-9]+")
_WORD = re.compile(r"[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*|[0-9]+")


def infer_direction(key: str) -> Direction | None:
    """Guess which way is better for the metric ``key``; ``None`` where its name doesn't say."""
    words = _words(key)
    if not words or words[-1] in _MUTE or words[0] == "n":
        return None
    found: Direction | None = None
    for word in words:
        if word in _LOWER:
            found = Direction.LOWER
        elif word in _HIGHER:
            found = Direction.HIGHER
    if found is not None and _TURNED & set(words):
        return Direction.HIGHER if found is Direction.LOWER else Direction.LOWER
    return found


def is_better(value: float, other: float, direction: Direction | None) -> bool | None:
    """Whether ``value`` beats ``other``; ``None`` where nobody can say, as of an infinity, or they are equal."""
    if direction is None or value == other or math.isnan(value) or math.isnan(other):
        return None
    better = max(value, other) if direction is Direction.HIGHER else min(value, other)
    return better == value if math.isfinite(better) else None


def best_value(values: Iterable[float | None], direction: Direction | None) -> float | None:
    """The best finite value, or ``None`` where the direction is unknown or there is no value."""
    finite = [v for v in values if v is not None and math.isfinite(v)]
    if direction is None or not finite:
        return None
    return max(finite) if direction is Direction.HIGHER else min(finite)


def order_metrics(keys: Iterable[str]) -> list[str]:
    """Put what a run is judged by first: held-out before training, known direction before unknown."""
    return sorted(keys, key=_importance)


def _importance(key: str) -> tuple[bool, bool, bool, str]:
    direction = infer_direction(key)
    held_out = bool(_HELD_OUT & set(_words(key)))
    timing = bool({"time", "duration", "seconds", "secs", "ms", "latency", "memory"} & set(_words(key)))
    return (direction is None or timing, not held_out, direction is Direction.LOWER, key)


def _words(key: str) -> list[str]:
    words = [word for chunk in _CHUNK.findall(key) for word in _split(chunk)]
    joined: list[str] = []
    for word in words:
        pair = _PAIRS.get((joined[-1], word)) if joined else None
        if pair is None:
            joined.append(word)
        else:
            joined[-1] = pair
    return joined


def _split(chunk: str) -> list[str]:
    # IoU and mAP50 are words, valLoss and AUROCScore are two.
    whole = chunk.lower().rstrip("0123456789")
    if whole in _LOWER or whole in _HIGHER:
        return [whole]
    return [word.lower() for word in _WORD.findall(chunk)]
