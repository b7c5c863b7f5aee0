"""SSIM: structural similarity under a Gaussian window (Wang et al. 2004, https://doi.org/10.1109/TIP.2003.819861)."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from mrisr.errors import InputError

from ._image import compared_part, require_border, without_border

TRUNCATE = 3.5
"""Half width of the window in sigmas: 11 x 11 pixels at sigma 1.5, as in the paper and in scikit-image."""


class SSIM:
    """Mean over pixels and channels of the structural similarity, 1 for a perfect estimate.

    Covariances are population covariances. A border of half a window (5 pixels) is left out, because the window would
    leave the image there. The result is that of scikit-image's
    ``structural_similarity(gaussian_weights=True, use_sample_covariance=False)``.

    Parameters
    ----------
    sigma : float
        Standard deviation of the window in pixels.
    k1 : float
        Stabiliser of the luminance term, as a fraction of the data range.
    k2 : float
        Stabiliser of the contrast term, as a fraction of the data range.
    border : int
        Pixels at each edge that are left out, besides those where the window would leave the image.
    luma : bool
        Compare the luma (ITU-R BT.601, studio range) of images with three channels.
    masked : bool
        Compare inside the volume's mask only. Windows still see what is outside. Without a mask, the whole slice is
        inside.
    """

    LABEL = "SSIM"
    HIGHER_IS_BETTER = True
    RANGE = (-1.0, 1.0)

    def __init__(
        self,
        *,
        sigma: float = 1.5,
        k1: float = 0.01,
        k2: float = 0.03,
        border: int = 0,
        luma: bool = False,
        masked: bool = False,
    ):
        require_border(border, "ssim")
        self.part = {"border": border, "luma": luma, "metric": "ssim"}
        self.masked = masked
        if not (0 < sigma < np.inf and k1 > 0 and k2 > 0):
            raise InputError(f"ssim: sigma, k1 and k2 must be positive, not {sigma!r}, {k1!r}, {k2!r}")
        self.sigma, self.k1, self.k2 = sigma, k1, k2
        self.border = int(TRUNCATE * sigma + 0.5)

    def __call__(self, reference: np.ndarray, estimate: np.ndarray, *, data_range: float = 1.0, mask=None) -> float:
        """SSIM of float64 images of equal shape; `InputError` if they are smaller than the window.

        ``mask`` [H, W] says at which pixels the similarity counts. NaN if there are none.
        """
        reference, estimate = (compared_part(i, data_range=data_range, **self.part) for i in (reference, estimate))
        if min(reference.shape[-2:]) <= 2 * self.border:
            side = 2 * self.border + 1
            raise InputError(f"ssim: images of {reference.shape[-2:]} are smaller than the window of {side} x {side}")
        c1, c2 = (self.k1 * data_range) ** 2, (self.k2 * data_range) ** 2
        mean_x, mean_y = self._mean(reference), self._mean(estimate)
        variances = self._mean(reference**2 + estimate**2) - mean_x**2 - mean_y**2
        covariance = self._mean(reference * estimate) - mean_x * mean_y
        luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
        similar = luminance * (2 * covariance + c2) / (variances + c2)
        if mask is None:
            return np.mean(similar)
        mask = without_border(mask, self.part["border"] + self.border)
        return np.mean(similar[..., mask]) if mask.any() else np.nan

    def _mean(self, images: np.ndarray) -> np.ndarray:
        """Mean under the window wherever it lies inside the image."""
        inside = slice(self.border, -self.border or None)
        smooth = ndimage.gaussian_filter(images, self.sigma, truncate=TRUNCATE, axes=(-2, -1))
        return smooth[..., inside, inside]
