"""The section ``brisque``: what the metric learns its score from."""

from __future__ import annotations

from pydantic import Field

from .section import PathText, Positive, Section, Seed


class Brisque(Section):
    """What the metric ``brisque`` learns its score from: the slices of the training subjects."""

    scores: PathText | None = Field(
        None, description="table of people's scores; null: the proxy that docs/methods.md describes"
    )
    slices: Positive = Field(56, description="number of reference slices of the proxy, taken evenly from all")
    seed: Seed = Field(0, description="seed of the proxy's noise")
