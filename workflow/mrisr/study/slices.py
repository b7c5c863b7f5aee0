"""The section ``slices``: which slices of a volume are used, and in which range of values."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .section import Positive, Real, Section

Counts = dict[Literal["train", "validation", "test"], Positive]


class Empty(Section):
    """A slice is empty, and left out, when fewer than ``fraction`` of its pixels exceed ``threshold``."""

    threshold: Real = Field(0.1, ge=0, le=1, description="value from which on a pixel counts, in [0, 1]")
    fraction: Real = Field(0.1, ge=0, le=1, description="least fraction of such pixels")


class Normalise(Section):
    """How intensities become [0, 1]: minimum to 0, maximum or a percentile to 1, clipped."""

    method: Literal["percentile", "minmax", "none"] = Field(
        "percentile", description="what becomes 1; none: values are in [0, 1] already"
    )
    per: Literal["volume", "slice"] = Field("volume", description="whose values set the range")
    percentile: Real = Field(99.9, gt=0, le=100, description="for the method percentile")


class Slices(Section):
    """Which slices of a volume are used, and in which range of values."""

    axis: Literal["axial", "coronal", "sagittal", 0, 1, 2] = Field(
        "axial", description="axis that is cut: the stored one closest to the named one, or its number"
    )
    range: str | None = Field(None, description="first:last[:step], indices or fractions of the axis")
    count: Positive | Counts | None = Field(
        None, description="slices of a split, with folds of the three together, evenly over subjects; null: all"
    )
    empty: Empty = Empty()
    normalise: Normalise = Normalise()
    minimum: Positive = Field(32, description="smallest side of a slice, pixels")
    volume_4d: Literal["error", "first"] | Annotated[int, Field(ge=0)] = Field(
        "error", description="which volume of a file with several"
    )
    complex: Literal["error", "magnitude"] = Field("error", description="what is done with complex numbers")
    nonfinite: Literal["error", "zero"] = Field("error", description="what is done with NaN and infinity")
