"""Downsampling by a kernel: cross-correlation with the slice, at every second pixel of each axis."""

from __future__ import annotations

import numpy as np

from mrisr.errors import InputError

from .resampling import resampling_matrix

SCALE = 2
SIZE = 13
"""Taps of a kernel along an axis. Index 6.5 falls on the centre of a 2 x 2 block."""
BEFORE, AFTER = 6, 5
"""Pixels added before and after an axis. One more before than after keeps the image in place."""


def normalised(kernel: np.ndarray) -> np.ndarray:
    """The kernel [13, 13] divided by its sum, float64.

    Raises
    ------
    InputError
        The shape is another, a value is not finite, or the sum is not positive.
    """
    kernel = np.asarray(kernel, np.float64)
    if kernel.shape != (SIZE, SIZE):
        raise InputError(f"kernels: a kernel must be {SIZE} x {SIZE}, not of shape {kernel.shape}")
    if not np.isfinite(kernel).all() or kernel.sum() <= 0:
        raise InputError("kernels: a kernel must be finite and have a positive sum; was its estimation successful?")
    return kernel / kernel.sum()


def apply(images: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Downsample images [..., H, W], H and W even, with a kernel [13, 13]: [..., H/2, W/2], float32.

    The kernel is scaled to sum 1. The image is mirrored beyond its edges, as in the anti-aliased bicubic degradation.
    If the kernel's centre of mass is 6.5, pixel j of the result is centred at 2 j + 0.5, the centre of its block.

    Raises
    ------
    InputError
        A side is not even, or `normalised` refuses the kernel.
    """
    kernel, images = normalised(kernel), np.asarray(images, np.float64)
    height, width = images.shape[-2:]
    if height % SCALE or width % SCALE:
        raise InputError(f"kernels: images of {height} x {width} cannot be halved; crop them to even sides")
    sides = [(0, 0)] * (images.ndim - 2) + [(BEFORE, AFTER)] * 2
    padded = np.pad(images, sides, mode="symmetric")
    result = np.zeros((*images.shape[:-2], height // SCALE, width // SCALE))
    for row, column in np.argwhere(kernel):
        result += kernel[row, column] * padded[..., row : row + height : SCALE, column : column + width : SCALE]
    return result.astype(np.float32)


def bicubic_kernel() -> np.ndarray:
    """Anti-aliased bicubic downsampling by 2 (Keys, a = -0.5) as a kernel [13, 13] that sums to 1, float64."""
    n = 2 * SIZE + 2
    # A row of the resampling matrix far from the edges. Its eight taps begin three pixels before the block.
    row = n // (2 * SCALE)
    taps = resampling_matrix(n, n // SCALE)[row, SCALE * row - BEFORE : SCALE * row - BEFORE + SIZE]
    return np.outer(taps, taps)
