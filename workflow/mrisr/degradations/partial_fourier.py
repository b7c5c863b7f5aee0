"""Partial Fourier: lines on one side of k-space are not acquired and stay zero (McGibney et al., MRM 30:51, 1993)."""

from __future__ import annotations

from typing import Literal

import numpy as np
import scipy.fft

from mrisr.errors import InputError
from mrisr.imaging import kspace

from ._operator import Operator


class PartialFourier(Operator):
    """Keeps the central band without the most negative frequencies of one axis; magnitude of the inverse transform.

    The lines are filled with zeros without phase correction, which blurs along the axis. Beyond the symmetric part only
    one line of each pair is left, so those details have half their amplitude.

    Parameters
    ----------
    fraction : float
        Acquired fraction of the lines of the central band, from 0.5 (excluded) to 1; scanners offer 5/8 to 7/8.
    axis : int
        Axis along which lines are left out: 0 or 1.
    """

    def __init__(self, *, scale: int, grid: Literal["same", "low"], fraction: float = 0.625, axis: Literal[0, 1] = 0):
        super().__init__(scale=scale, grid=grid)
        if not 0.5 < fraction <= 1:
            raise InputError(f"partial_fourier: fraction must be above 0.5 and at most 1, not {fraction!r}")
        self.fraction, self.axis = fraction, axis - 2
        self.band = kspace.central_band(kspace.rectangle(1.0), scale=scale, root=False)

    def _degrade(self, planes: np.ndarray) -> np.ndarray:
        # The phase ramp of the crop is applied first, so that leaving out lines does not shift the image.
        crop = self.scale if self.grid == "low" else 1
        low = kspace.low_pass(planes, (self.band, self.band), crop=crop)
        n = low.shape[self.axis]
        highest = n / 2 if self.grid == "low" else n / (2 * self.scale)
        lines = scipy.fft.fftfreq(n, 1 / n) >= -(2 * self.fraction - 1) * highest
        shape = [1, 1, 1]
        shape[self.axis] = n
        spectrum = scipy.fft.fft(low, axis=self.axis) * lines.reshape(shape)
        return np.abs(scipy.fft.ifft(spectrum, axis=self.axis))
