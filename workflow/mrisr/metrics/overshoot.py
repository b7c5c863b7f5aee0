"""Overshoot: how far an estimate leaves the range of its reference nearby, the trace of over-sharpening."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from mrisr.errors import InputError


class Overshoot:
    """Mean distance of the estimate to the range of the reference around each pixel, divided by the data range.

    The range is from the least to the greatest value of the reference within ``reach`` pixels along both axes. Halos of
    over-sharpened edges leave it; blur and displacements of at most ``reach`` pixels do not. 0 for a perfect estimate.

    Parameters
    ----------
    reach : int
        Pixels to each side, 0 or more.
    """

    LABEL = "overshoot"
    HIGHER_IS_BETTER = False
    RANGE = (0.0, None)

    def __init__(self, *, reach: int = 2):
        if reach < 0:
            raise InputError(f"overshoot: reach must be 0 or more pixels, not {reach}")
        self.side = 2 * reach + 1

    def __call__(self, reference: np.ndarray, estimate: np.ndarray, *, data_range: float = 1.0) -> float:
        """Overshoot of float64 images [H, W] or [C, H, W] of equal shape."""
        size = (1,) * (reference.ndim - 2) + (self.side, self.side)
        least = ndimage.minimum_filter(reference, size, mode="nearest")
        greatest = ndimage.maximum_filter(reference, size, mode="nearest")
        return np.mean(np.maximum(least - estimate, 0) + np.maximum(estimate - greatest, 0)) / data_range
