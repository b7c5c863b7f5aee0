"""Whether two scans show the same anatomy, whatever their contrast: local correlation.

After the local cross-correlation of Avants et al., Medical Image Analysis 12:26, 2008, without its sign.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

SIGMA = 1.5
"""Standard deviation of the Gaussian window, voxels."""


def local_correlation(first: np.ndarray, second: np.ndarray, where: np.ndarray) -> float:
    """How much of the structure of two scans agrees, 0 to 1.

    In a Gaussian window around each voxel, the covariance of both scans is taken without its sign. The similarity is
    the sum of these over the sum of the products of both deviations: a mean of absolute correlations, in which windows
    with much structure count more. So an inverted contrast, a curve of the values and a shading that varies slowly
    change it little. Noise lowers it. Unrelated scans have more than 0, because a window holds few values.

    Parameters
    ----------
    first, second : ndarray
        Floating point of the same shape, any units.
    where : ndarray
        bool, the voxels that count. Others are in no window.

    Returns
    -------
    float
        0 if either scan is constant, or if no voxel counts.
    """
    weights = where.astype(np.float64)
    inside = _smooth(weights)[where]
    first, second = (_standardised(scan, where) for scan in (first, second))

    def mean(values: np.ndarray) -> np.ndarray:
        return _smooth(values * weights)[where] / inside

    one, other = mean(first), mean(second)
    covariance = np.abs(mean(first * second) - one * other)
    # Rounding may make the difference of two equal numbers negative.
    spreads = [np.sqrt(np.maximum(mean(x**2) - m**2, 0)) for x, m in ((first, one), (second, other))]
    possible = float(np.sum(spreads[0] * spreads[1]))
    return min(1.0, float(covariance.sum()) / possible) if possible > 0 else 0.0


def _standardised(scan: np.ndarray, where: np.ndarray) -> np.ndarray:
    """The scan in units of its deviation over the voxels that count; all 0 if it is constant there."""
    values = scan[where].astype(np.float64)
    if values.size == 0 or np.ptp(values) == 0:
        return np.zeros(scan.shape)
    return (scan.astype(np.float64) - values.mean()) / values.std()


def _smooth(values: np.ndarray) -> np.ndarray:
    return ndimage.gaussian_filter(values, SIGMA, mode="constant")
