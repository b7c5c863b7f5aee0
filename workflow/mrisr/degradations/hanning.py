"""Hanning filtering: the central 1/scale of k-space under a root-Hann window (training-bias experiment)."""

from __future__ import annotations

from typing import Literal

import numpy as np

from mrisr.imaging import kspace

from ._operator import Operator


class Hanning(Operator):
    """Low pass by a Hann window over the central band of each axis, zero beyond; magnitude of the inverse transform.

    Parameters
    ----------
    root : bool
        Square root of the outer product of the two windows, as in the training-bias experiment:
        half amplitude at 0.67 of the band, none at its end. False is the plain window.
    """

    def __init__(self, *, scale: int, grid: Literal["same", "low"], root: bool = True):
        super().__init__(scale=scale, grid=grid)
        self.response = kspace.central_band(kspace.hann, scale=scale, root=root)

    def _degrade(self, planes: np.ndarray) -> np.ndarray:
        crop = self.scale if self.grid == "low" else 1
        return np.abs(kspace.low_pass(planes, (self.response, self.response), crop=crop))
