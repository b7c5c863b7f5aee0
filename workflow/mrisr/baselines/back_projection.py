"""Iterative back-projection: the estimate, degraded again, must be the input (Irani and Peleg, CVGIP 53:231, 1991)."""

from __future__ import annotations

from typing import Literal

import numpy as np

from mrisr.errors import InputError
from mrisr.imaging.resampling import resample

from ._enlargement import Enlargement, Observation


class BackProjection(Enlargement):
    """Begin with bicubic interpolation, then add the enlarged difference of input and degraded estimate, repeatedly.

    Parameters
    ----------
    observation : {"box", "bicubic"}
        How the input is taken to have come about.
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
