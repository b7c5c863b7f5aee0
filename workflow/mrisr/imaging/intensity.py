"""Scales values from a volume's units to [0, 1], and says which slices count as empty."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mrisr.errors import InputError

Bounds = tuple[float, float]
"""The two values that become 0 and 1."""


def bounds(array: np.ndarray, inside: np.ndarray | None, *, method: str, percentile: float, **_: Any) -> Bounds:
    """The values that become 0 and 1: the minimum, and the maximum or a percentile. For ``none`` they are 0 and 1.

    ``inside`` selects the voxels that count; None means all.
    """
    values = array if inside is None else array[inside]
    low, high = float(values.min()), float(values.max())
    if method == "none":
        if low < 0 or high > 1:
            raise InputError(f"its values reach from {low:.6g} to {high:.6g}; normalise.method: none takes [0, 1] only")
        return 0.0, 1.0
    if low == high:
        raise InputError(f"is constant: every voxel is {low:.6g}; give a volume with something in it")
    if method == "percentile":
        high = float(np.percentile(values, percentile))
        if low == high:
            raise InputError(f"{percentile:g} % of its voxels are {low:.6g}; set normalise.method to minmax")
    return low, high


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
