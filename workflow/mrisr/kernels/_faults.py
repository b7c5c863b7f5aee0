"""Tests whether an estimated kernel is a plausible downsampling kernel."""

from __future__ import annotations

import numpy as np

SUM = 0.2
"""Greatest distance of the sum from 1. In a good training it is below 0.03."""
SHIFT = 1.0
"""Greatest distance of the centre of mass from the centre along an axis, pixels of the high-resolution grid."""
BORDER = 2
OUTSIDE = 0.3
"""Greatest share of the magnitude in the two outer rings. For a Gaussian of sigma 3 pixels it is 0.21."""
SWING = 3.0
"""Greatest ratio of the magnitude to the sum. For the bicubic kernel it is 1.4."""


def fault(kernel: np.ndarray) -> str | None:
    """What is wrong with a trained, not yet normalised kernel [k, k], k odd; None if it can be used.

    At scale 2 the right centre is half a pixel behind the middle tap.
    """
    kernel = np.asarray(kernel, np.float64)
    if not np.isfinite(kernel).all():
        return "not a number"
    total, magnitude = kernel.sum(), np.abs(kernel).sum()
    if abs(total - 1) > SUM:
        return f"sum {total:.2f} instead of 1"
    if magnitude > SWING * total:
        return f"magnitude {magnitude / total:.1f} times the sum"
    if magnitude - np.abs(kernel[BORDER:-BORDER, BORDER:-BORDER]).sum() > OUTSIDE * magnitude:
        return "mass at the border"
    index = np.arange(len(kernel))
    centre = np.array([kernel.sum(1) @ index, kernel.sum(0) @ index]) / total
    if np.abs(centre - len(kernel) / 2).max() > SHIFT:
        return "centre of mass at {:.1f}, {:.1f}".format(*centre)
    return None
