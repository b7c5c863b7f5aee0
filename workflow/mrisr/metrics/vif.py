"""VIF: visual information fidelity in the pixel domain (Sheikh and Bovik, IEEE TIP 15:430, 2006)."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from mrisr.errors import InputError

SCALES = 4
NOISE = 2.0
"""Variance of the noise of the visual system, for images in 0 to 255."""
WHITE = 255.0
TINY = 1e-8
SMALLEST = 41
"""Smallest side of an image in pixels. Smaller sides leave no whole window at the coarsest scale."""


class VIF:
    """Fraction of the reference's information that the estimate keeps; 1 for a perfect estimate.

    This is the authors' fast version, on four scales of the image itself. It exceeds 1 if the contrast is enhanced.
    Channels are compared one by one and averaged. NaN for a constant reference, which holds no information.
    """

    LABEL = "VIF"
    HIGHER_IS_BETTER = True
    RANGE = (0.0, None)

    def __call__(self, reference: np.ndarray, estimate: np.ndarray, *, data_range: float = 1.0) -> float:
        """VIF of float64 images of equal shape; `InputError` below 41 x 41 pixels."""
        if min(reference.shape[-2:]) < SMALLEST:
            raise InputError(f"vif: images need {SMALLEST} x {SMALLEST} pixels or more, not {reference.shape[-2:]}")
        pair = [image.reshape(-1, *image.shape[-2:]) * (WHITE / data_range) for image in (reference, estimate)]
        return np.mean([_fidelity(*channels) for channels in zip(*pair, strict=True)])


def _fidelity(first: np.ndarray, second: np.ndarray) -> float:
    kept = held = 0.0
    for scale in range(1, SCALES + 1):
        side = 2 ** (SCALES - scale + 1) + 1
        if scale > 1:
            first, second = (_mean(image, side)[::2, ::2] for image in (first, second))
        mean_1, mean_2 = _mean(first, side), _mean(second, side)
        variance_1 = np.maximum(_mean(first**2, side) - mean_1**2, 0)
        variance_2 = np.maximum(_mean(second**2, side) - mean_2**2, 0)
        covariance = _mean(first * second, side) - mean_1 * mean_2
        gain = np.where(variance_1 >= TINY, covariance / (variance_1 + TINY), 0)
        rest = np.where(variance_1 >= TINY, variance_2 - gain * covariance, variance_2)
        variance_1 = np.where(variance_1 >= TINY, variance_1, 0)
        flat = variance_2 < TINY
        gain, rest = np.where(flat, 0, gain), np.where(flat, 0, rest)
        rest, gain = np.where(gain < 0, variance_2, rest), np.maximum(gain, 0)
        rest = np.maximum(rest, TINY)
        kept += np.log10(1 + gain**2 * variance_1 / (rest + NOISE)).sum()
        held += np.log10(1 + variance_1 / NOISE).sum()
    return kept / held if held else np.nan


def _mean(image: np.ndarray, side: int) -> np.ndarray:
    """Mean under a Gaussian window, wherever the window lies inside the image. Its sigma is a fifth of its side."""
    offsets = np.arange(side) - side // 2
    weights = np.exp(-(offsets**2) / (2 * (side / 5) ** 2))
    weights /= weights.sum()
    smooth = ndimage.correlate1d(ndimage.correlate1d(image, weights, axis=0), weights, axis=1)
    inside = slice(side // 2, -(side // 2))
    return smooth[inside, inside]
