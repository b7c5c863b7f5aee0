"""Patches turned by 45 degrees about their centre.

The degraded patch and its reference have the same centre, so both turn about the same point of the anatomy. What lies
between the pixels is interpolated by a cubic spline (Unser, IEEE Signal Process. Mag. 16:22, 1999): of the usual cubics
the one that blurs least, which matters because the reference is what a network learns to make. A turned square reads
beyond the one that it replaces, so it is cut from a larger one and no padding enters.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import ndimage

SPLINE = 8
"""Pixels read around a sample: 2 for the cubic, 6 more over which the spline forgets where the region ended (0.27^6)."""


def reach(side: int) -> int:
    """Pixels around a patch of ``side`` x ``side`` that it reads when it is turned by 45 degrees."""
    return math.ceil((side - 1) / 2 * (math.sqrt(2) - 1)) + SPLINE


def turned(region: np.ndarray, side: int) -> np.ndarray:
    """The patch in the centre of a region, turned by 45 degrees in the direction of `numpy.rot90`.

    Parameters
    ----------
    region : array of float [C, R, R]
        The patch with at least ``reach(side)`` pixels on every side; R - side even.
    side : int
        Side of the patch.

    Returns
    -------
    float32 [C, side, side]
        Not clipped: a cubic may overshoot.
    """
    # A pixel at d from the centre shows what was at (d_row + d_column, d_column - d_row) / sqrt 2.
    turn = np.array([[1, 1], [-1, 1]]) * math.sqrt(0.5)
    offset = (region.shape[-1] - 1) / 2 - turn @ np.full(2, (side - 1) / 2)
    shape = (side, side)
    planes = [ndimage.affine_transform(plane, turn, offset, shape, np.float32, mode="mirror") for plane in region]
    return np.stack(planes)
