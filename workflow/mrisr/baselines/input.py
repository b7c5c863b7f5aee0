"""Input: the degraded image itself, the baseline on the high-resolution grid."""

from __future__ import annotations

import numpy as np

from mrisr.errors import InputError
from mrisr.imaging.planes import as_planes


class Input:
    """Returns the image as it is. Only for scale 1; for other scales see `bicubic`."""

    GRIDS = ("same",)

    def __init__(self, *, scale: int):
        if scale != 1:
            raise InputError(f"baselines: 'input' has no scale {scale}, only 1; use 'bicubic'")

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Images [H, W], [C, H, W] or [N, C, H, W] as float32."""
        return as_planes(images).reshape(np.shape(images)).astype(np.float32)
