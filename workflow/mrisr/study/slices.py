"""The section ``slices``: which slices of a volume are used, and in which range of values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from .checks import Study
from .section import Index, Positive, PositiveReal, Real, Section

Counts = dict[Literal["train", "validation", "test"], Positive]


class Empty(Section):
    """Empty slices are left out. A slice is empty if fewer than ``fraction`` of its pixels exceed ``threshold``."""

    threshold: Real = Field(0.1, ge=0, le=1, description="a pixel above this value counts, in [0, 1]")
    fraction: Real = Field(0.1, ge=0, le=1, description="lowest fraction of such pixels in a slice that is used")


class Normalise(Section):
    """How intensities become [0, 1]: by two percentiles, or by minimum and maximum. Values are clipped."""

    method: Literal["percentile", "minmax", "none", "byte"] = Field(
        "percentile",
        description="what becomes 0 and 1: two percentiles, or minimum and maximum (minmax), which one voxel can move;"
        " none: values are in [0, 1] already; byte: values are in [0, 255], as in pictures of 8 bits",
    )
    per: Literal["volume", "slice"] = Field("volume", description="limits of the whole volume, or of each slice")
    low_percentile: Real = Field(
        0.1, ge=0, lt=100, description="which percentile becomes 0, for the method percentile; 0 is the minimum"
    )
    percentile: Real = Field(
        99.9, gt=0, le=100, description="which percentile becomes 1, for the method percentile; 100 is the maximum"
    )


class Slices(Section):
    """Which slices of a volume are used, and in which range of values."""

    axis: Literal["axial", "coronal", "sagittal", 0, 1, 2] = Field(
        "axial", description="axis to cut along: the stored axis closest to this name, or the number of a stored axis"
    )
    range: str | None = Field(
        None,
        description="which slices may be used, as first:last[:step], in indices or fractions of the axis; null: all",
    )
    count: Positive | Counts | None = Field(
        None,
        description="number of slices of a split, shared out evenly over its subjects; with folds, of the three splits"
        " together; null: all",
    )
    empty: Empty = Empty()
    normalise: Normalise = Normalise()
    outside_mask: Literal["zero", "keep"] = Field(
        "zero",
        description="what is done outside a volume's mask: voxels become zero, as for the mask of a brain; keep: the"
        " slices stay whole and only scores inside the mask use it, as for the mask of a lesion",
    )
    minimum: Positive = Field(32, description="smallest allowed side of a slice, in pixels")
    volume_4d: Literal["error", "first"] | Index = Field(
        "error", description="which volume of a file with several volumes is read"
    )
    complex: Literal["error", "magnitude"] = Field("error", description="what is done with complex numbers")
    nonfinite: Literal["error", "zero"] = Field("error", description="what is done with NaN and infinity")
    limit_gib: PositiveReal = Field(
        4.0,
        description="largest volume that is read, in GiB of all voxels that its header claims, a voxel as 4 bytes"
        " (float32) or as more if the file has more; a larger one is refused before its voxels are decoded",
    )


def problems(study: Study) -> Iterable[str]:
    """Percentiles in the wrong order."""
    normalise = study.slices.normalise
    if normalise.low_percentile >= normalise.percentile:
        yield (
            f"slices.normalise.low_percentile: is {normalise.low_percentile:g}, and percentile is "
            f"{normalise.percentile:g}; the first has to be lower"
        )
