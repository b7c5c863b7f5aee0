"""Truncation of k-space: the central 1/scale of each axis is kept, the rest becomes zero (Gibbs ringing)."""

from __future__ import annotations

from typing import Literal

import numpy as np

from mrisr.errors import InputError
from mrisr.imaging import kspace

from ._operator import Operator


class Truncation(Operator):
    """Ideal low pass of the high-resolution slice, like an acquisition of fewer samples without a window.

    Parameters
    ----------
    kept : float
        Fraction of the central band that is kept, above 0 and at most 1.
    """

    LINEAR = True

    def __init__(self, *, scale: int, grid: Literal["same", "low"], kept: float = 1.0):
        super().__init__(scale=scale, grid=grid)
        if not 0 < kept <= 1:
            raise InputError(f"truncation: kept must be above 0 and at most 1, not {kept!r}")
        self.response = kspace.central_band(kspace.rectangle(kept), scale=scale, root=False)

    def _degrade(self, planes: np.ndarray) -> np.ndarray:
        crop = self.scale if self.grid == "low" else 1
        return kspace.low_pass(planes, (self.response, self.response), crop=crop)
