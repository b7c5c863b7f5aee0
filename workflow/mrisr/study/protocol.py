"""The section ``protocol``: the grid of the degraded images, and the scales."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field

from mrisr import plugins

from .checks import Study, listed, repeated
from .section import Section


class Protocol(Section):
    """The grid of the degraded images. ``same``: they keep the grid of the slices, and models run at scale 1. ``low``:
    their grid is ``scale`` times coarser, and models enlarge them."""

    grid: Literal["same", "low"] = Field("same", description="grid of the degraded images")
    scales: list[Annotated[int, Field(ge=2, le=8)]] = Field(
        [2], min_length=1, description="factors of the degradations"
    )


def problems(study: Study) -> Iterable[str]:
    """Scales that are given twice, or that an architecture does not have."""
    yield from repeated("protocol.scales", study.protocol.scales)
    for scale in study.protocol.scales:
        model_scale = study.model_scale(scale)
        for name, method in study.architectures.items():
            scales = plugins.constant("models", method.kind or name, "SCALES")
            if scales and model_scale not in scales:
                problem = f"the architecture '{name}' has no scale {model_scale}"
                yield f"protocol.scales: {scale}: {problem} (allowed: {listed(scales)})"
