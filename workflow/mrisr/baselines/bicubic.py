"""Bicubic: cubic interpolation of the low-resolution image (Keys 1981), the baseline on the low grid."""

from __future__ import annotations

import numpy as np

from mrisr.errors import InputError
from mrisr.imaging.planes import as_planes
from mrisr.imaging.resampling import resample


class Bicubic:
    """Enlarges each axis ``scale`` times. Block centres stay in place. At scale 1 the image does not change.

    Parameters
    ----------
    a : float
        Keys' parameter: -0.5 (MATLAB, PIL) or -0.75 (OpenCV, torch).
    """

    GRIDS = ("low",)

    def __init__(self, *, scale: int, a: float = -0.5):
        if not -3 <= a <= 0:
            raise InputError(f"bicubic: a must be between -3 and 0 (usual: -0.5, -0.75), not {a!r}")
        self.scale, self.a = scale, a

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Images [h, w], [C, h, w] or [N, C, h, w] as float32 on the high-resolution grid."""
        planes = as_planes(images).astype(np.float64)
        height, width = (self.scale * side for side in planes.shape[-2:])
        return (
            resample(planes, (height, width), a=self.a)
            .astype(np.float32)
            .reshape(*np.shape(images)[:-2], height, width)
        )
