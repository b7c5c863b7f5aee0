"""One slice of each test group as every method restores it: baselines beside models (robust-residual, Figure 1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from mrisr import metrics
from mrisr.arrays import load_slices
from mrisr.imaging.orientation import orient, pixel_aspect
from mrisr.pairs import Pair, read_pairs

from ._shown import chosen_slice, restored
from .panel import draw


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
            pairs = {pair.index: pair for pair in read_pairs(**files) if pair.subject == of_group["subject"]}
            pair = pairs[chosen_slice(pairs, of_group)].loaded()
            _, metadata = load_slices(files["references"][pair.subject], [])
            affine, axis = metadata["affine"], metadata["axis"]
            estimates = {
                **restored(settings, pair.degraded),
                **_models(of_group["models"], reads["weights"][shown["group"]], test_set, pair.degraded),
            }
            yield (
                name,
                draw(
                    orient(pair.reference, affine, axis),
                    orient(pair.degraded, affine, axis),
                    {method: orient(image, affine, axis) for method, image in estimates.items()},
                    test_set=test_set,
                    scores=_scores(pair, estimates),
                    aspect=pixel_aspect(affine, axis),
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


def _scores(pair: Pair, estimates: Mapping[str, np.ndarray]) -> dict[str, dict[str, float]]:
    return {
        name: {metric.upper(): metrics.compute(metric, pair.reference, image) for metric in ("psnr", "ssim")}
        for name, image in estimates.items()
    }
