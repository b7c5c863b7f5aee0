"""The 36 natural scene statistics of BRISQUE: 18 at the image's own scale, 18 at half of it.

Mittal, Moorthy and Bovik, IEEE TIP 21:4695, 2012. Implementations differ at the edges. This one follows the authors'
published code: zeros beyond the edge, products that wrap around, halving by an anti-aliased cubic (MATLAB's
``imresize``), shapes from a table. The authors use 8-bit images; here nothing is rounded.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

from mrisr.errors import InputError
from mrisr.imaging.resampling import resample

from .ggd import fit_aggd, fit_ggd
from .mscn import BRISQUE_SIGMA, SHIFTS, SIZE, mscn, neighbour_product

SCALES = 2
SMALLEST = 2 * SIZE
"""Smallest side of an image: half of it must hold the window."""
LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue (Recommendation ITU-R BT.601), as MATLAB's ``rgb2gray``."""
NAMES = tuple(
    f"{name}_{scale}"
    for scale in range(1, SCALES + 1)
    for name in (
        *("shape", "variance"),
        *(f"{way}_{part}" for way in SHIFTS for part in ("shape", "mean", "left_variance", "right_variance")),
    )
)
"""Names of the features, in order."""


def features(
    image: np.ndarray, *, data_range: float = 1.0, border: Literal["zero", "replicate"] = "zero"
) -> np.ndarray:
    """The features of an image.

    Parameters
    ----------
    image : ndarray
        [H, W], [1, H, W] or [3, H, W] (RGB, converted to luma), values from 0 to ``data_range``.
    data_range : float
        Largest value that an image can have.
    border : {"zero", "replicate"}
        How the image continues beyond its edge when means and deviations are taken.

    Returns
    -------
    ndarray
        float64 [36], see `NAMES`. All NaN if a distribution cannot be fitted, as for a constant image or one with NaN.

    Raises
    ------
    InputError
        The image has another shape, or a side below `SMALLEST` pixels.
    """
    plane = luma(np.asarray(image, np.float64))
    if min(plane.shape) < SMALLEST:
        raise InputError(f"brisque: images of {plane.shape} are smaller than {SMALLEST} x {SMALLEST} pixels")
    found = []
    for scale in range(SCALES):
        plane = half(plane) if scale else plane
        found += _of_one_scale(mscn(plane, data_range=data_range, sigma=BRISQUE_SIGMA, border=border))
    return np.array(found) if np.isfinite(found).all() else np.full(len(NAMES), np.nan)


def _of_one_scale(coefficients: np.ndarray) -> Iterator[float]:
    yield from fit_ggd(coefficients)
    for direction in SHIFTS:
        yield from fit_aggd(neighbour_product(coefficients, direction, wrap=True))


def luma(image: np.ndarray) -> np.ndarray:
    """Grey image [H, W] of an image of one or three channels."""
    if image.ndim == 3 and image.shape[0] == 3:
        return np.tensordot(LUMA, image, axes=1)
    if image.ndim == 3 and image.shape[0] == 1:
        return image[0]
    if image.ndim != 2:
        raise InputError(f"brisque: images must be [H, W], [1, H, W] or [3, H, W], not of shape {image.shape}")
    return image


def half(image: np.ndarray) -> np.ndarray:
    """MATLAB's ``imresize(image, 0.5)``: [H, W] to [ceil(H / 2), ceil(W / 2)], output pixel j centred on 2 j + 1/2."""
    # An odd side is padded by its mirrored border. Otherwise the factor would not be exactly 2.
    rows, columns = (0 if side % 2 == 0 else SIZE for side in image.shape)
    height, width = (-(-side // 2) for side in image.shape)
    padded = np.pad(image, ((0, rows), (0, columns)), mode="symmetric")
    return resample(padded, (padded.shape[0] // 2, padded.shape[1] // 2))[:height, :width]
