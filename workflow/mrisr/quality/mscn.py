"""MSCN: mean-subtracted, contrast-normalised coefficients, and the products of neighbouring ones.

Mittal, Moorthy and Bovik, IEEE TIP 21:4695, 2012, https://doi.org/10.1109/TIP.2012.2214050; equations 4 to 6 of the
realistic-downsampling paper. In an undistorted natural image the coefficients are close to a unit normal distribution;
blur, noise and blocking each change it in a way of their own.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy import ndimage

from mrisr.errors import InputError

SIZE = 7
"""Side of the Gaussian window in pixels."""
BRISQUE_SIGMA, FIGURE_SIGMA = 7 / 6, 1.0
"""Standard deviations of the window in pixels: BRISQUE's authors', and the realistic-downsampling paper's."""
STABILISER = 1.0
"""C, added to the local deviation, on the scale of 0 to `WHITE`."""
WHITE = 255.0
NEGLIGIBLE = 1e-9
"""Coefficients below this are rounding errors of a constant window, about 1e-13. They become 0, because otherwise their
random signs would count in the asymmetric fits. From a grey value of 0.25 on, one step of float32 in any pixel of
the window gives more."""
BORDERS = {"zero": "constant", "replicate": "nearest"}
"""How the image continues beyond the edge, with scipy's name for it. BRISQUE's authors (``filter2``) take zeros;
MATLAB's own ``brisque`` repeats the edge pixel."""
SHIFTS = {"horizontal": (0, 1), "vertical": (1, 0), "diagonal": (1, 1), "antidiagonal": (-1, 1)}
"""Shift from a neighbour to the pixel it is multiplied with, (rows, columns), in the order of BRISQUE's features."""


def mscn(
    image: np.ndarray,
    *,
    data_range: float = 1.0,
    sigma: float = FIGURE_SIGMA,
    border: Literal["zero", "replicate"] = "zero",
) -> np.ndarray:
    """(I - mu) / (deviation + C) with the Gaussian-weighted mean and deviation around each pixel.

    Parameters
    ----------
    image : ndarray
        [..., H, W], values from 0 to ``data_range``, which becomes `WHITE`.
    data_range : float
        Largest value that an image can have.
    sigma : float
        Standard deviation of the `SIZE` x `SIZE` window, pixels.
    border : {"zero", "replicate"}
        How the image continues beyond the edge, see `BORDERS`.

    Returns
    -------
    ndarray
        float64 [..., H, W]; 0 where the image is constant over the window.

    Raises
    ------
    InputError
        An unknown border.
    """
    if border not in BORDERS:
        raise InputError(f"brisque: border must be one of {', '.join(BORDERS)}, not {border!r}")
    image = np.asarray(image, np.float64) * (WHITE / data_range)
    mean = _mean(image, sigma, border)
    # Rounding may make the difference of two equal numbers negative.
    deviation = np.sqrt(np.abs(_mean(image**2, sigma, border) - mean**2))
    coefficients = (image - mean) / (deviation + STABILISER)
    return np.where(np.abs(coefficients) < NEGLIGIBLE, 0.0, coefficients)


def neighbour_product(coefficients: np.ndarray, direction: str, *, wrap: bool = False) -> np.ndarray:
    """Each coefficient times its neighbour in one of the four directions of `SHIFTS`.

    Parameters
    ----------
    coefficients : ndarray
        [H, W] from `mscn`.
    direction : str
        ``diagonal`` is D(m, n) = I(m, n) I(m - 1, n - 1) of the realistic-downsampling paper.
    wrap : bool
        The neighbour beyond the edge is the pixel at the opposite edge, as in BRISQUE (``circshift``): [H, W].
        Otherwise pixels without a neighbour are left out.
    """
    rows, columns = SHIFTS[direction]
    products = coefficients * np.roll(coefficients, (rows, columns), axis=(0, 1))
    if wrap:
        return products
    height, width = products.shape
    return products[max(rows, 0) : height + min(rows, 0), max(columns, 0) : width + min(columns, 0)]


def _mean(image: np.ndarray, sigma: float, border: str) -> np.ndarray:
    weights = np.exp(-0.5 * ((np.arange(SIZE) - SIZE // 2) / sigma) ** 2)
    weights /= weights.sum()
    for axis in (-2, -1):
        image = ndimage.correlate1d(image, weights, axis=axis, mode=BORDERS[border])
    return image
