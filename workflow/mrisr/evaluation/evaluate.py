"""Evaluates one trained model on every test set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .estimates import ModelEstimator
from .scoring import score_test_sets, with_files, write_scores


def run(
    reads: Mapping[str, Any],
    writes: Mapping[str, str],
    *,
    settings: Mapping[str, Any],
    identity: str,
    names: Mapping[str, Any],
    device: str,
    progress: Callable[[int, int], Any] | None = None,
) -> dict[str, str]:
    """Write the scores.csv of a model, the action of the stage `evaluate`. Returns the device, for the job's record.

    ``settings`` are the job's (metrics, groups, threads, save_estimates). ``names`` are the leading columns of
    the table.
    """
    output = Path(writes["scores"])
    estimator = ModelEstimator(Path(reads["weights"]), threads=settings["threads"], device=device)
    scores = score_test_sets(
        estimator,
        reads["test_sets"],
        metrics=with_files(settings["metrics"], reads),
        groups=settings["groups"],
        names=names,
        identity=identity,
        progress=progress,
        masks=reads.get("masks"),
        estimates=output.parent / "estimates" if settings["save_estimates"] else None,
    )
    write_scores(output, scores)
    return {"device": estimator.device}
