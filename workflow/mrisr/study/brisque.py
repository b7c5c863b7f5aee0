"""The section ``brisque``: what the metric learns its score from."""

from __future__ import annotations

from pydantic import Field

from .section import PathText, Positive, Section, Seed


class Brisque(Section):
    """What the metric ``brisque`` learns its score from: the slices of the training subjects."""

    scores: PathText | None = Field(None, description="table of people's scores; null: the documented proxy")
    slices: Positive = Field(56, description="reference slices of the proxy, evenly from all there are")
    seed: Seed = Field(0, description="of the proxy's noise")
