"""FRC cutoff: up to which frequency an estimate agrees with its reference (Banterle et al., J Struct Biol 183:363)."""

from __future__ import annotations

import numpy as np

from mrisr.errors import InputError
from mrisr.imaging.frc import cutoff, ring_correlation


class FRCCutoff:
    """Lowest frequency at which the Fourier ring correlation falls below a threshold, as a fraction of Nyquist.

    1: the two agree at all frequencies that the grid can hold. 1/scale: they agree at what the low grid can hold. This
    is resolution in the sense of agreement with the reference. Sharpness that is invented does not raise it.

    Parameters
    ----------
    threshold : float
        Correlation between 0 and 1. 0.5 is usual where one of the images counts as free of noise, 1/7 for two noisy
        halves of a data set.
    """

    LABEL = "FRC cutoff (of Nyquist)"
    HIGHER_IS_BETTER = True
    RANGE = (0.0, 1.0)

    def __init__(self, *, threshold: float = 0.5):
        if not 0 < threshold < 1:
            raise InputError(f"frc_cutoff: threshold must be between 0 and 1, not {threshold!r}")
        self.threshold = threshold

    def __call__(self, reference: np.ndarray, estimate: np.ndarray, *, data_range: float = 1.0) -> float:
        """Cutoff for float64 images of equal shape; brightness and contrast have no influence."""
        if not np.isfinite(estimate).all():
            return np.nan
        return cutoff(*ring_correlation(reference, estimate), threshold=self.threshold)
