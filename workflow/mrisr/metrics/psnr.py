"""PSNR: peak signal-to-noise ratio, 10 log10(L^2 / MSE) with the data range L."""

from __future__ import annotations

import numpy as np


class PSNR:
    """Ratio in decibels over all pixels and channels; infinite for a perfect estimate.

    The training-bias paper prints L without the square. At its L = 1 this is the same.
    """

    LABEL = "PSNR (dB)"
    HIGHER_IS_BETTER = True
    RANGE = (None, None)

    def __call__(self, reference: np.ndarray, estimate: np.ndarray, *, data_range: float = 1.0) -> float:
        """PSNR of float64 images of equal shape."""
        return 10 * np.log10(data_range**2 / np.mean((estimate - reference) ** 2))
