"""Whether two scans show the same anatomy, whatever their contrast: local correlation.

After the local cross-correlation of Avants et al., Medical Image Analysis 12:26, 2008, without its sign.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

SIGMA = 1.5
"""Standard deviation of the Gaussian window, voxels."""


BINS = 32
"""Number of grey levels of the reference, each of as many voxels, between which the curve of values is interpolated."""


def similarity(scan: np.ndarray, reference: np.ndarray, where: np.ndarray) -> float:
    """How much of the structure of a scan agrees with that of a reference of any contrast, 0 to 1.

    The reference first gets the contrast of the scan: each grey value becomes the mean of the scan over the voxels of
    that value in the reference (the curve behind the correlation ratio of Roche et al., MICCAI 1998). Then
    `local_correlation` compares both. So the curve from one scan's values to the other's need not be monotone.

    Parameters
    ----------
    scan, reference : ndarray
        Floating point of the same shape, any units.
    where : ndarray
        bool, the voxels that count.
    """
    if not where.any():
        return 0.0
    return local_correlation(scan, _in_contrast_of(scan, reference, where), where)


def _in_contrast_of(scan: np.ndarray, reference: np.ndarray, where: np.ndarray) -> np.ndarray:
    """The reference with each value replaced by the scan's mean over the voxels with that value."""
    values, targets = reference[where].astype(np.float64), scan[where].astype(np.float64)
    edges = np.unique(np.quantile(values, np.linspace(0, 1, BINS + 1)[1:-1]))
    level = np.searchsorted(edges, values)
    count = np.bincount(level, minlength=len(edges) + 1)
    used = count > 0
    centres, means = (
        np.bincount(level, weights=v, minlength=len(count))[used] / count[used] for v in (values, targets)
    )
    return np.interp(reference, centres, means)


def local_correlation(first: np.ndarray, second: np.ndarray, where: np.ndarray) -> float:
    """How much of the structure of two scans agrees, 0 to 1.

    In a Gaussian window around each voxel, the covariance of both scans is taken without its sign. The similarity is
    the sum of these over the sum of the products of both deviations: a mean of absolute correlations, in which windows
    with much structure count more. So an inverted contrast and a shading that varies slowly change it little. Noise
    lowers it. Unrelated scans have more than 0, because a window holds few values.

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
