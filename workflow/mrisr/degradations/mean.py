"""Mean filter: each pixel becomes the mean of the square around it."""

from __future__ import annotations

from typing import Literal

import numpy as np

from mrisr.imaging.stencil import correlate

from ._neighbourhood import NeighbourhoodFilter


class Mean(NeighbourhoodFilter):
    """Mean over size x size pixels of the high-resolution slice.

    Parameters
    ----------
    size : int
        Side of the square in pixels, odd.
    border : {"reflect", "nearest", "mirror", "wrap", "constant"}
        Values beyond the edge, as in scipy.ndimage (``constant``: zeros).
    """

    LINEAR = True

    def __init__(
        self,
        *,
        scale: int,
        grid: Literal["same", "low"],
        size: int = 3,
        border: Literal["reflect", "nearest", "mirror", "wrap", "constant"] = "reflect",
    ):
        super().__init__(scale=scale, grid=grid, size=size, border=border)

    def _filter(self, planes: np.ndarray) -> np.ndarray:
        extended, weights = self._extended(planes), np.full(self.size, 1 / self.size)
        rows = correlate(extended, weights, axis=-2, count=planes.shape[-2])
        return correlate(rows, weights, axis=-1, count=planes.shape[-1])
