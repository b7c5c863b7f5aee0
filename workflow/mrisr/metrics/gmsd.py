"""GMSD: gradient magnitude similarity deviation (Xue et al., IEEE TIP 23:684, 2014)."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ._image import halved

STABILISER = 170 / 255**2
"""The paper's constant for squared gradients of images in 0 to 255, here for a data range of 1."""


class GMSD:
    """Standard deviation over the image of the similarity of both gradients' magnitudes, 0 for a perfect estimate.

    Images are halved first; gradients are Prewitt's. Channels are compared one by one and averaged.
    """

    LABEL = "GMSD"
    HIGHER_IS_BETTER = False
    RANGE = (0.0, None)

    def __call__(self, reference: np.ndarray, estimate: np.ndarray, *, data_range: float = 1.0) -> float:
        """GMSD of float64 images of equal shape."""
        first, second = (_gradient(halved(image / data_range)) for image in (reference, estimate))
        similarity = (2 * first * second + STABILISER) / (first**2 + second**2 + STABILISER)
        return np.mean(similarity.std(axis=(-2, -1)))


def _gradient(images: np.ndarray) -> np.ndarray:
    """Magnitude of Prewitt's gradient, with zeros beyond the edge."""
    parts = []
    for along, across in ((-2, -1), (-1, -2)):
        smooth = ndimage.correlate1d(images, [1 / 3] * 3, axis=across, mode="constant")
        parts.append(ndimage.correlate1d(smooth, [1.0, 0.0, -1.0], axis=along, mode="constant"))
    return np.hypot(*parts)
