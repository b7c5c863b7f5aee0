"""HaarPSI: perceptual similarity by Haar wavelets (Reisenhofer et al., Signal Process. Image Commun. 61:33, 2018)."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from scipy.special import expit, logit

from mrisr.errors import InputError

from ._image import halved

SCALES = 3
"""Number of scales. The first two are compared; the third gives the weights."""
WHITE = 255.0
"""Upper end of the range of values for which ``c`` is given."""


class HaarPSI:
    """Similarity of Haar coefficients, weighted by the coarse ones, 1 for a perfect estimate.

    The defaults are those fitted to medical images, HaarPSI-MED (Karner et al., arXiv 2410.24098; its authors' code
    names c = 5 and alpha = 4.9). The original ones, for photographs, are c = 30 and alpha = 4.2. Channels are compared
    one by one and averaged.

    Parameters
    ----------
    c : float
        Stabiliser of the similarity (2 a b + c) / (a^2 + b^2 + c), for images in 0 to 255. The paper prints c^2. The
        authors' code and all published values use c.
    alpha : float
        Slope of the logistic function that is applied to similarities.
    """

    LABEL = "HaarPSI"
    HIGHER_IS_BETTER = True
    RANGE = (0.0, 1.0)

    def __init__(self, *, c: float = 5.0, alpha: float = 4.9):
        if min(c, alpha) <= 0:
            raise InputError(f"haarpsi: c and alpha must be positive, not {c!r} and {alpha!r}")
        self.c, self.alpha = c, alpha

    def __call__(self, reference: np.ndarray, estimate: np.ndarray, *, data_range: float = 1.0) -> float:
        """HaarPSI of float64 images of equal shape."""
        pair = [halved(image.reshape(-1, *image.shape[-2:]) * (WHITE / data_range)) for image in (reference, estimate)]
        return np.mean([self._similarity(*channels) for channels in zip(*pair, strict=True)])

    def _similarity(self, first: np.ndarray, second: np.ndarray) -> float:
        # Images without any structure count as equal.
        weight = np.finfo(float).eps
        total = weight * expit(self.alpha)
        for axis in (0, 1):
            *fine, coarse = zip(*(_coefficients(image, axis) for image in (first, second)), strict=True)
            similar = np.mean([(2 * a * b + self.c) / (a**2 + b**2 + self.c) for a, b in fine], axis=0)
            weights = np.maximum(*coarse)
            total += (expit(self.alpha * similar) * weights).sum()
            weight += weights.sum()
        return (logit(total / weight) / self.alpha) ** 2


def _coefficients(image: np.ndarray, axis: int) -> list[np.ndarray]:
    """Magnitudes of the Haar coefficients along an axis at each scale, with zeros beyond the edge."""
    found = []
    for scale in range(1, SCALES + 1):
        side = 2**scale
        step = np.repeat([1.0, -1.0], side // 2)
        # The window begins side/2 - 1 pixels before its pixel.
        options = {"mode": "constant", "origin": -1}
        means = ndimage.correlate1d(image, np.full(side, 1 / side), axis=1 - axis, **options)
        found.append(np.abs(ndimage.correlate1d(means, step, axis=axis, **options)))
    return found
