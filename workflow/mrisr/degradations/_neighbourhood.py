"""Filters of a square neighbourhood of an odd number of pixels."""

from __future__ import annotations

import numpy as np

from mrisr.errors import InputError

from ._operator import Filter

PADDING = {"reflect": "symmetric", "nearest": "edge", "mirror": "reflect", "wrap": "wrap", "constant": "constant"}
"""What numpy calls the modes of scipy.ndimage."""


class NeighbourhoodFilter(Filter):
    """A filter over size x size pixels around each pixel. ``border`` is a mode of scipy.ndimage, for the image's edges.

    Raises
    ------
    InputError
        The size is even. The centre of such a square lies between pixels, so the image would shift by half a pixel.
    """

    def __init__(self, *, scale: int, grid: str, size: int, border: str):
        super().__init__(scale=scale, grid=grid)
        name = type(self).__name__.lower()
        if size < 1 or size % 2 == 0:
            raise InputError(
                f"{name}: size must be an odd number of pixels (an even one shifts the image), not {size!r}"
            )
        self.size, self.border = size, border

    def _extended(self, planes: np.ndarray) -> np.ndarray:
        """Planes [P, H, W] with half a square more on each side."""
        half = self.size // 2
        return np.pad(planes, [(0, 0), (half, half), (half, half)], PADDING[self.border])
