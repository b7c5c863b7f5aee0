"""PSNR: peak signal-to-noise ratio, 10 log10(L^2 / MSE) with the data range L."""

from __future__ import annotations

import numpy as np

from ._image import compared_part, require_border, values_inside, without_border


class PSNR:
    """Ratio in decibels over all pixels and channels; infinite for a perfect estimate.

    The training-bias paper prints L without the square. At its L = 1 this is the same.

    Parameters
    ----------
    border : int
        Pixels at each edge that are left out. The field of the efficient-sr paper leaves out as many as the scale.
    luma : bool
        Compare the luma (ITU-R BT.601, studio range) of images with three channels.
    masked : bool
        Compare inside the volume's mask only. Without a mask, the whole slice is inside.
    """

    LABEL = "PSNR (dB)"
    HIGHER_IS_BETTER = True
    RANGE = (None, None)

    def __init__(self, *, border: int = 0, luma: bool = False, masked: bool = False):
        require_border(border, "psnr")
        self.part = {"border": border, "luma": luma, "metric": "psnr"}
        self.masked = masked

    def __call__(self, reference: np.ndarray, estimate: np.ndarray, *, data_range: float = 1.0, mask=None) -> float:
        """PSNR of float64 images of equal shape; ``mask`` [H, W] says which pixels count."""
        reference, estimate = (compared_part(i, data_range=data_range, **self.part) for i in (reference, estimate))
        errors = (estimate - reference) ** 2
        if mask is not None:
            errors = values_inside(errors, without_border(mask, self.part["border"]))
        return 10 * np.log10(data_range**2 / np.mean(errors)) if errors.size else np.nan
