"""The kernels that estimates are compared with; applying one is `mrisr.degradations._kernel`."""

from __future__ import annotations

import numpy as np

from mrisr.degradations._kernel import AFTER, BEFORE, SCALE, SIZE, apply, normalised
from mrisr.degradations._resampling import resampling_matrix

__all__ = ["AFTER", "BEFORE", "SCALE", "SIZE", "apply", "bicubic_kernel", "normalised"]


def bicubic_kernel() -> np.ndarray:
    """Anti-aliased bicubic downsampling by 2 (Keys, a = -0.5) as a kernel [13, 13] that sums to 1, float64."""
    n = 2 * SIZE + 2
    # A row of the resampling far from the edges; its eight taps begin three pixels before the block.
    row = n // (2 * SCALE)
    taps = resampling_matrix(n, n // SCALE)[row, SCALE * row - BEFORE : SCALE * row - BEFORE + SIZE]
    return np.outer(taps, taps)
