"""One slice of each test group as every method restores it: baselines beside models (robust-residual, Figure 1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ._shown import restored
from ._test_slices import View, shown_pair
from .panel import draw, measured


class Comparison:
    """One slice of a test group as every method restores it: baselines beside models (robust-residual, Figure 1)."""

    CATEGORY = "Pictures"
    ALWAYS = False
    READS = ("shown_methods",)
    FOR_EACH = ("test_set", "group")
    OPTIONS = {}

    @staticmethod
    def pictures(reads: Mapping[str, Any], settings: Mapping[str, Any]) -> Iterator[tuple[str, Figure]]:
        """The comparisons of a job, for which each method is run on the slice: file name without suffix, and figure."""
        for name, shown in settings["pictures"].items():
            of_group, test_set = settings["shown"][shown["group"]], shown["test_set"]
            files = reads["test_sets"][shown["group"]][test_set]
            pair = shown_pair(files, of_group)
            view = View.of(files["references"][pair.subject])
            estimates = {
                **restored(settings, pair.degraded),
                **_models(of_group["models"], reads["weights"][shown["group"]], test_set, pair.degraded),
            }
            yield (
                name,
                draw(
                    view(pair.reference),
                    view(pair.degraded),
                    {method: view(image) for method, image in estimates.items()},
                    test_set=test_set,
                    scores=measured(pair, estimates),
                    aspect=view.aspect,
                    mark_matched=False,
                ),
            )


def _models(models, weights, test_set: str, degraded: np.ndarray) -> dict[str, np.ndarray]:
    """Outputs of the models that were trained on the test set's degradation, or of all if none was."""
    from mrisr.evaluation.estimates import ModelEstimator

    matched = [training_set == test_set for _, _, training_set in models]
    chosen = [
        pair for pair, own in zip(zip(models, weights, strict=True), matched, strict=True) if own or not any(matched)
    ]
    return {
        f"{architecture} ({loss})" if any(matched) else f"{architecture} ({loss}, {training_set})": ModelEstimator(
            Path(path), device="cpu"
        )(degraded)
        for (architecture, loss, training_set), path in chosen
    }
