"""Denoises the slices of a scan by non-local means (Buades et al., Image Process. On Line 1:208, 2011)."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from skimage.restoration import denoise_nl_means

LAPLACIAN = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]])
"""Difference of two Laplacians. It is zero on planes and multiplies the noise's standard deviation by 6 (Immerkaer,
CVIU 64:300, 1996)."""


def denoise(
    planes: np.ndarray, *, patch: int = 5, distance: int = 6, strength: float = 0.8, sigma: float | None = None
) -> np.ndarray:
    """Denoise slices, each by itself.

    The noise has to be independent from pixel to pixel. Denoise a scan on its own grid, before interpolation.

    Parameters
    ----------
    planes : array of float [..., H, W]
        Any range of values.
    patch, distance : int
        Side of the compared patches, and greatest distance between them, pixels.
    strength : float
        Decay of the weights, as a multiple of the noise's standard deviation.
    sigma : float, optional
        Standard deviation of the noise; by default it is estimated in each slice (`noise_level`).

    Returns
    -------
    float32 [..., H, W]
    """
    flat = np.asarray(planes, np.float32).reshape(-1, *planes.shape[-2:])
    levels = [noise_level(plane) if sigma is None else sigma for plane in flat]
    options = {"patch_size": patch, "patch_distance": distance, "fast_mode": True, "preserve_range": True}
    cleaned = [
        denoise_nl_means(plane, h=strength * level, sigma=level, **options) if level > 0 else plane
        for plane, level in zip(flat, levels, strict=True)
    ]
    return np.stack(cleaned).astype(np.float32).reshape(planes.shape)


def noise_level(plane: np.ndarray) -> float:
    """Standard deviation of the noise of an image [H, W], from the median of second differences in bright pixels.

    In air the noise of a magnitude image is smaller than in tissue, so only pixels above the mean count. The median
    ignores edges.
    """
    differences = ndimage.convolve(np.asarray(plane, np.float64), LAPLACIAN, mode="mirror")
    bright = plane > plane.mean()
    # The median of a normal variable's absolute value is 0.6745 standard deviations.
    return float(np.median(np.abs(differences[bright]))) / 0.6745 / 6 if bright.any() else 0.0
