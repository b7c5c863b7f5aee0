"""FRC beyond the low grid: does an estimate hold true detail that its input cannot hold?"""

from __future__ import annotations

import numpy as np

from mrisr.errors import InputError
from mrisr.imaging.frc import NYQUIST, band_correlation


class FRCBeyond:
    """Fourier correlation of all frequencies above the Nyquist frequency of the low grid, up to that of the slice.

    1: the detail there is that of the reference. 0: it has nothing to do with it, or there is none. An interpolation
    adds little there, and a network that invents structure adds what does not correlate.

    Parameters
    ----------
    scale : int
        Scale of the degradation. The workflow sets it; by hand it is 2 unless given.
    """

    LABEL = "FRC beyond LR Nyquist"
    HIGHER_IS_BETTER = True
    RANGE = (-1.0, 1.0)

    def __init__(self, *, scale: int = 2):
        if scale < 2:
            raise InputError(f"frc_beyond: scale must be at least 2, not {scale!r}")
        self.above = NYQUIST / scale

    def __call__(self, reference: np.ndarray, estimate: np.ndarray, *, data_range: float = 1.0) -> float:
        """Correlation for float64 images of equal shape; brightness and contrast have no influence."""
        if not np.isfinite(estimate).all():
            return np.nan
        return band_correlation(reference, estimate, above=self.above)
