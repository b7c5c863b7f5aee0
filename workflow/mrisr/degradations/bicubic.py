"""Bicubic down-sampling: Keys' cubic convolution, by default as MATLAB's imresize (a = -0.5, anti-aliased)."""

from __future__ import annotations

from typing import Literal

import numpy as np

from mrisr.errors import InputError
from mrisr.imaging.resampling import resample

from ._operator import Operator


class Bicubic(Operator):
    """Downsamples by the scale. On the same grid it then upsamples with the same cubic.

    Parameters
    ----------
    a : float
        Keys' parameter: -0.5 (MATLAB, PIL) or -0.75 (OpenCV, torch).
    antialias : bool
        Stretch the kernel by the scale on the way down. OpenCV and torch have it off by default, with a = -0.75.
    border : {"symmetric", "replicate"}, optional
        By default symmetric with ``antialias``, and replicate without.
    """

    LINEAR = True
    WHOLE_BLOCKS = True

    def __init__(
        self,
        *,
        scale: int,
        grid: Literal["same", "low"],
        a: float = -0.5,
        antialias: bool = True,
        border: Literal["symmetric", "replicate"] | None = None,
    ):
        super().__init__(scale=scale, grid=grid)
        if not -3 <= a <= 0:
            raise InputError(f"bicubic: a must be between -3 and 0 (usual: -0.5, -0.75), not {a!r}")
        self.options = {"a": a, "antialias": antialias, "border": border}

    def _degrade(self, planes: np.ndarray) -> np.ndarray:
        height, width = planes.shape[-2:]
        low = resample(planes, (height // self.scale, width // self.scale), **self.options)
        return low if self.grid == "low" else resample(low, (height, width), **self.options)
