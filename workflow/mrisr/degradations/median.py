"""Median filter: each pixel becomes the median of the square around it."""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy import ndimage

from ._neighbourhood import NeighbourhoodFilter


class Median(NeighbourhoodFilter):
    """Median over size x size pixels of the high-resolution slice.

    Parameters
    ----------
    size : int
        Side of the square in pixels, odd.
    border : {"reflect", "nearest", "mirror", "wrap", "constant"}
        Values beyond the edge, as in scipy.ndimage (``constant``: zeros).
    """

    LINEAR = False

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
        if self.size == 3:
            return _median_of_nine(self._extended(planes))
        return ndimage.median_filter(planes, size=self.size, mode=self.border, axes=(-2, -1))


def _median_of_nine(extended: np.ndarray) -> np.ndarray:
    """Median of each 3 x 3 square: [P, H + 2, W + 2] -> [P, H, W].

    The three pixels of each column are sorted once and serve three squares. The median of nine is the median of the
    largest low, the median middle and the smallest high pixel of its three columns.
    """
    above, centre, below = extended[:, :-2], extended[:, 1:-1], extended[:, 2:]
    small, large = np.minimum(above, centre), np.maximum(above, centre)
    low, rest = np.minimum(small, below), np.maximum(small, below)
    middle, high = np.minimum(rest, large), np.maximum(rest, large)
    lows, middles, highs = ((c[..., :-2], c[..., 1:-1], c[..., 2:]) for c in (low, middle, high))
    largest = np.maximum(np.maximum(lows[0], lows[1]), lows[2])
    smallest = np.minimum(np.minimum(highs[0], highs[1]), highs[2])
    return _median_of_three(largest, _median_of_three(*middles), smallest)


def _median_of_three(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    return np.maximum(np.minimum(a, b), np.minimum(np.maximum(a, b), c))
