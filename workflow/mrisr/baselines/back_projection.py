"""Iterative back-projection: the estimate, degraded again, must be the input (Irani and Peleg, CVGIP 53:231, 1991)."""

from __future__ import annotations

from typing import Literal

import numpy as np

from mrisr.errors import InputError
from mrisr.imaging.resampling import resample

from ._enlargement import Enlargement, Observation


class BackProjection(Enlargement):
    """Starts with bicubic interpolation. Each iteration adds the enlarged difference of input and degraded estimate.

    Parameters
    ----------
    observation : {"box", "bicubic"}
        The assumed degradation of the input, see `Observation`.
    iterations : int
        Number of corrections.
    """

    GRIDS = ("low",)

    def __init__(self, *, scale: int, observation: Literal["box", "bicubic"] = "box", iterations: int = 20):
        super().__init__(scale=scale)
        if iterations < 1:
            raise InputError(f"back_projection: iterations must be 1 or more, not {iterations}")
        self.observation, self.iterations = observation, iterations

    def _enlarge(self, plane: np.ndarray) -> np.ndarray:
        observe = Observation(self.observation, plane.shape, self.scale)
        shape = (plane.shape[0] * self.scale, plane.shape[1] * self.scale)
        estimate = resample(plane, shape)
        for _ in range(self.iterations):
            estimate = estimate + resample(plane - observe(estimate), shape)
        return estimate
