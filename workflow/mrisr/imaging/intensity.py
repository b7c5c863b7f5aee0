"""Scales values from a volume's units to [0, 1], and says which slices count as empty."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mrisr.errors import InputError

Bounds = tuple[float, float]
"""The two values that become 0 and 1."""
FIXED: dict[str, Bounds] = {"none": (0.0, 1.0), "byte": (0.0, 255.0)}
"""The bounds of methods that do not look at the values."""
FAR = 2
"""How many widths of the range a value has to lie outside to be called far outside."""


def bounds(
    array: np.ndarray, inside: np.ndarray | None, *, method: str, low_percentile: float, percentile: float, **_: Any
) -> Bounds:
    """Two percentiles, or minimum and maximum, of the voxels inside; fixed for the methods ``none`` and ``byte``."""
    values = array if inside is None else array[inside]
    low, high = float(values.min()), float(values.max())
    if method in FIXED:
        least, greatest = FIXED[method]
        if low < least or high > greatest:
            raise InputError(
                f"its values reach from {low:.6g} to {high:.6g}; normalise.method: {method} takes "
                f"[{least:g}, {greatest:g}] only"
            )
        return FIXED[method]
    if low == high:
        raise InputError(f"is constant: every voxel is {low:.6g}; give a volume with something in it")
    if method == "percentile":
        low, high = percentiles(values, low_percentile, percentile)
        if low == high:
            share = f"{percentile - low_percentile:g} %"
            raise InputError(f"{share} of its voxels are {low:.6g}; set normalise.method to minmax")
    return low, high


def percentiles(values: np.ndarray, low: float, high: float) -> Bounds:
    """The values below which ``low`` and ``high`` per cent of all values lie, between two values linearly."""
    found = np.percentile(values, (low, high))
    return float(found[0]), float(found[1])


def far_outside(values: np.ndarray, low: float, high: float) -> Bounds | None:
    """The least and the greatest of all values, if one of them lies far outside the range between two percentiles.

    Far means further from the nearer end of the range than `FAR` times its width. None if neither is far, or if the
    range is empty.
    """
    start, end = percentiles(values, low, high)
    least, greatest = float(values.min()), float(values.max())
    return (least, greatest) if 0 < FAR * (end - start) < max(start - least, greatest - end) else None


def slice_bounds(image: np.ndarray, inside: np.ndarray | None, **normalise: Any) -> Bounds | None:
    """The `bounds` of one slice; None if they cannot be found, as for a constant slice."""
    if inside is not None and not inside.any():
        return None
    try:
        return bounds(image, inside, **normalise)
    except InputError:
        return None


def scaled(image: np.ndarray, inside: np.ndarray | None, limits: Bounds) -> np.ndarray:
    """A slice [H, W] or [H, W, C] in [0, 1], clipped; 0 outside the mask."""
    low, high = limits
    image = np.clip((image - np.float32(low)) / np.float32(high - low), 0, 1)
    if inside is None:
        return image
    return np.where(inside if image.ndim == 2 else inside[..., None], image, np.float32(0))


def is_empty(image: np.ndarray, rule: Mapping[str, float]) -> bool:
    """Whether fewer than ``fraction`` of the pixels (of the channels' mean) exceed ``threshold``."""
    grey = image if image.ndim == 2 else image.mean(axis=-1)
    return float((grey > rule["threshold"]).mean()) < rule["fraction"]
