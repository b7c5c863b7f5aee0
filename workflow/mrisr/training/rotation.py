"""Turns patches by 45 degrees about their centre.

The degraded patch and its reference have the same centre, so both turn about the same point of the anatomy. Values
between pixels are interpolated by a cubic spline (Unser, IEEE Signal Process. Mag. 16:22, 1999). Of the usual cubics it
blurs least, and the network learns to make the reference. A turned square covers pixels beyond the original square.
Patches are therefore cut from a larger square and lie far enough from the border of the slice (`positions`). A slice
too small for that is continued by its mirror image.
"""

from __future__ import annotations

import math

import numpy as np

SPLINE = 8
"""Pixels read around a sample: 2 for the cubic, and 6 over which the spline's edge effects decay (0.27 per pixel)."""


def reach(side: int) -> int:
    """How many pixels around a patch of ``side`` x ``side`` are read to turn it by 45 degrees."""
    return math.ceil((side - 1) / 2 * (math.sqrt(2) - 1)) + SPLINE


def positions(length: int, side: int) -> tuple[int, int]:
    """First and last position of a patch to be turned, along an axis of ``length`` pixels (at least ``side``)."""
    margin = min(reach(side), (length - side) // 2)
    return margin, length - side - margin


def turned_patch(image: np.ndarray, top: int, left: int, side: int) -> np.ndarray:
    """The patch of a slice that begins at (top, left), turned by 45 degrees.

    [C, H, W] in [0, 1] -> float32 [C, side, side] in [0, 1]. Overshoots of the cubic are clipped.
    """
    margin = reach(side)
    bounds = [(start - margin, start + side + margin) for start in (top, left)]
    rows, columns = (slice(max(first, 0), last) for first, last in bounds)
    beyond = [(max(-first, 0), max(last - n, 0)) for (first, last), n in zip(bounds, image.shape[1:], strict=True)]
    region = np.pad(image[:, rows, columns], [(0, 0), *beyond], mode="symmetric")
    return turned(region, side).clip(0, 1)


def turned(region: np.ndarray, side: int) -> np.ndarray:
    """The patch in the centre of a region, turned by 45 degrees in the direction of `numpy.rot90`.

    Parameters
    ----------
    region : array of float [C, R, R]
        The patch with at least ``reach(side)`` more pixels on every side. R - side is even.
    side : int
        Side of the patch.

    Returns
    -------
    float32 [C, side, side]
        Not clipped, although a cubic may overshoot.
    """
    # A pixel at offset d from the centre takes the value at offset (d_row + d_column, d_column - d_row) / sqrt 2.
    turn = np.array([[1, 1], [-1, 1]]) * math.sqrt(0.5)
    offset = (region.shape[-1] - 1) / 2 - turn @ np.full(2, (side - 1) / 2)
    shape = (side, side)
    # Trainings that turn nothing do not wait for this import.
    from scipy import ndimage

    planes = [ndimage.affine_transform(plane, turn, offset, shape, np.float32, mode="mirror") for plane in region]
    return np.stack(planes)
