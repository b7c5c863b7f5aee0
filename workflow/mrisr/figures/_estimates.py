"""What the models of a picture make of a slice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mrisr.evaluation.estimates import ModelEstimator

from ._models import Names, model_titles, shown_models


def estimators(
    reads: Mapping[str, Any], settings: Mapping[str, Any], shown: Mapping[str, Any]
) -> Iterator[tuple[str, ModelEstimator]]:
    """Each model of a picture as a function of a slice, by its training set."""
    for model, path in shown_models(settings["models"], reads["weights"], shown):
        yield model["training_set"], ModelEstimator(Path(path), device="cpu")


def titled_estimators(reads: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, tuple[ModelEstimator, Names]]:
    """All models of a job as functions of a slice, and their names, by `model_titles`."""
    models = settings["models"]
    made = (ModelEstimator(Path(path), device="cpu") for path in reads["weights"])
    return dict(zip(model_titles(models), zip(made, models, strict=True), strict=True))
