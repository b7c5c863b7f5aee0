"""Checkerboard: energy of the error at the frequencies at which strided and sub-pixel layers leave a pattern."""

from __future__ import annotations

import numpy as np

from mrisr.errors import InputError


class Checkerboard:
    """Root mean square of the error's pattern with a period of ``period`` pixels, divided by the data range.

    The error is averaged over all blocks of ``period`` x ``period`` pixels, separately for each place in a block. The
    mean over the places is subtracted. What is left is the error at the frequencies (i, j) / ``period``. It is taken in
    tiles of about ``tile`` pixels, because the strength of the pattern follows the anatomy. 0 for a perfect estimate.

    Parameters
    ----------
    period : int
        Period of the pattern in pixels, 2 or more: the scale of the network.
    tile : int
        Side of a tile in pixels, at least ``period``. It is made a multiple of ``period``.
    """

    LABEL = "checkerboard"
    HIGHER_IS_BETTER = False
    RANGE = (0.0, None)

    def __init__(self, *, period: int = 2, tile: int = 16):
        if period < 2 or tile < period:
            raise InputError(f"checkerboard: period must be from 2 to tile pixels, not {period} with a tile of {tile}")
        self.period, self.tile = period, tile - tile % period

    def __call__(self, reference: np.ndarray, estimate: np.ndarray, *, data_range: float = 1.0) -> float:
        """Strength of the pattern in float64 images [H, W] or [C, H, W] of equal shape.

        NaN for images smaller than a period. Pixels that fill no whole tile at the far edges are left out.
        """
        error = (estimate - reference).reshape(-1, *reference.shape[-2:])
        sides = [min(self.tile, length - length % self.period) for length in error.shape[-2:]]
        if 0 in sides:
            return np.nan
        (height, width), p = sides, self.period
        rows, columns = error.shape[-2] // height, error.shape[-1] // width
        blocks = error[:, : rows * height, : columns * width]
        blocks = blocks.reshape(len(error), rows, height // p, p, columns, width // p, p).mean(axis=(2, 5))
        pattern = blocks - blocks.mean(axis=(2, 4), keepdims=True)
        return np.sqrt(np.mean(pattern**2)) / data_range
