"""Evaluates a baseline, a method without training, on every test set."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mrisr import baselines, plugins

from .scoring import score_test_sets, with_files, write_scores


def run(
    reads: Mapping[str, Any], writes: Mapping[str, str], *, settings: Mapping[str, Any], identity: str, progress=None
) -> None:
    """Write the scores.csv of a baseline, the action of the stage `baseline`.

    The table's column ``architecture`` holds the baseline's name; ``loss`` and ``training_set`` are empty. ``settings``
    are the job's: baseline (its name in the study, its kind and options), metrics, groups, scale, grid, and the fold if
    there are folds.
    """
    method = settings["baseline"]
    upscale = baselines.build(method["kind"], scale=settings["scale"], grid=settings["grid"], **method["options"])
    scores = score_test_sets(
        lambda degraded: np.clip(upscale(degraded), 0, 1),
        reads["test_sets"],
        metrics=with_files(settings["metrics"], reads),
        groups=settings["groups"],
        names={
            "scale": settings["scale"],
            "architecture": method["name"],
            "loss": None,
            "training_set": None,
            "seed": None,
            "fold": settings.get("fold"),
        },
        identity=identity,
        progress=progress,
        masks=reads.get("masks"),
        sees_reference=bool(plugins.constant("baselines", method["kind"], "SEES_REFERENCE")),
    )
    write_scores(Path(writes["scores"]), scores)
