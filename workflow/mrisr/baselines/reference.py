"""Reference: the high-resolution slice itself, the ceiling of every table."""

from __future__ import annotations

import numpy as np

from mrisr.imaging.planes import as_planes


class Reference:
    """Returns the image as it is. An evaluation gives it the high-resolution slice, and no other baseline sees that.

    Its scores are those of a perfect estimate. For a metric without reference, such as BRISQUE, they say what real
    slices have.
    """

    GRIDS = ("same", "low")
    SEES_REFERENCE = True

    def __init__(self, *, scale: int):
        self.scale = scale

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Images [H, W], [C, H, W] or [N, C, H, W] as float32."""
        return as_planes(images).reshape(np.shape(images)).astype(np.float32)
