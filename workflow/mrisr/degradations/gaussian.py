"""Gaussian blur: a Gaussian low pass of k-space, exp(-2 pi^2 sigma^2 f^2), circular at the border."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from mrisr.errors import InputError
from mrisr.imaging import kspace

from ._operator import Filter


class Gaussian(Filter):
    """Gaussian low pass of the high-resolution slice.

    Parameters
    ----------
    sigma : float or [float, float]
        Standard deviation in pixels of the slice, one for both axes or (axis 0, axis 1). A k-space Gaussian of
        standard deviation S samples on an axis of N pixels is sigma = N / (2 pi S): 100 samples on the 720 x 512 slices
        of the training-bias paper are [1.146, 0.815].
    """

    LINEAR = True

    def __init__(self, *, scale: int, grid: Literal["same", "low"], sigma: float | list[float] = 1.0):
        super().__init__(scale=scale, grid=grid)
        self.sigma = tuple(sigma) if isinstance(sigma, list | tuple) else (sigma, sigma)
        if len(self.sigma) != 2 or not all(math.isfinite(value) and value >= 0 for value in self.sigma):
            raise InputError(f"gaussian: sigma must be a number of pixels >= 0 or a list of two, not {sigma!r}")

    def _filter(self, planes: np.ndarray) -> np.ndarray:
        return kspace.low_pass(planes, tuple(kspace.gaussian(sigma) for sigma in self.sigma))
