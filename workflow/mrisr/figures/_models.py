"""The models that a picture shows: which they are, and what they are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mrisr.statistics.order import MODEL

Names = Mapping[str, Any]


def shown_models(models: Sequence[Names], files: Sequence[str], shown: Names) -> list[tuple[Names, str]]:
    """Those of the models, each with its file, that have the architecture and the loss of a picture."""
    return [
        (model, path)
        for model, path in zip(models, files, strict=True)
        if all(model[key] == shown[key] for key in ("architecture", "loss"))
    ]


def model_titles(models: Sequence[Names]) -> list[str]:
    """Names of models: the architecture, and the loss and the training set if others have other ones."""
    for parts in (MODEL[1:2], MODEL[1:3], MODEL[1:]):
        titles = [" / ".join(model[part] for part in parts) for model in models]
        if len(set(titles)) == len(titles):
            break
    return titles


def training_names(models: Sequence[Names]) -> list[str]:
    """Names of trainings: the training set, and the seed and the fold if others have other ones."""
    told = [key for key in ("seed", "fold") if len({model[key] for model in models}) > 1]
    return [", ".join([str(model["training_set"]), *(f"{key} {model[key]}" for key in told)]) for model in models]
