"""Evaluate one trained model on every test set."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .estimates import ModelEstimator
from .scoring import score_test_sets, write_scores


def evaluate_model(
    weights: Path, test_sets: Mapping[str, Any], output: Path, *, settings: Mapping[str, Any], names: Mapping[str, Any]
) -> str:
    """Write the scores.csv of a model, and say on which device it ran.

    ``settings`` are the job's (metrics, groups, threads, device, save_estimates), ``names`` the leading
    columns of the table.
    """
    estimator = ModelEstimator(weights, threads=settings["threads"], device=settings["device"])
    scores = score_test_sets(
        estimator,
        test_sets,
        metrics=settings["metrics"],
        groups=settings["groups"],
        names=names,
        label=f"evaluating {names['architecture']} {names['loss']} {names['training_set']}",
        estimates=output.parent / "estimates" if settings["save_estimates"] else None,
    )
    write_scores(output, scores)
    return estimator.device
