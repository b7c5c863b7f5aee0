"""Gaussian fit: the anisotropic, rotated Gaussian whose power spectrum explains that of the low-resolution slice."""

from __future__ import annotations

import numpy as np
from scipy import optimize

from mrisr.errors import InputError
from mrisr.imaging.kernel import SCALE, SIZE

from ._by_slice import BySlice
from ._spectra import SEGMENT, folded, power_spectra, used

START = 1.0
"""Standard deviation that the search begins with, pixels."""


class GaussianFit(BySlice):
    """Least squares on the logarithm of the low-resolution slice's power spectrum, aliases included.

    Free are the two standard deviations, the angle, and the strength of the signal, which a change of contrast alters.
    The scans need not be registered. Noise of the low-resolution slice is taken for sharpness.

    Parameters
    ----------
    scale : int
        2.
    widest : float
        Greatest standard deviation in pixels, above 0.
    """

    GIVES = "kernels"
    SCALES = (2,)
    LEAST_SIDE = SEGMENT

    def __init__(self, *, scale: int, widest: float = 3.0):
        if scale != SCALE:
            raise InputError(f"gaussian_fit: estimates kernels at scale {SCALE}, not {scale!r}")
        if not 0 < widest < np.inf:
            raise InputError(f"gaussian_fit: widest must be a number of pixels above 0, not {widest!r}")
        self.widest = widest

    def find(self, sharp: np.ndarray, low: np.ndarray) -> np.ndarray:
        """A kernel [13, 13], not normalised, for a pair of images [H, W] in [-1, 1]."""
        fine, coarse = power_spectra(sharp, low)
        frequencies = np.fft.fftfreq(SEGMENT)
        rows, columns = np.meshgrid(frequencies, frequencies, indexing="ij")

        def errors(root: np.ndarray) -> np.ndarray:
            """Differences of the logarithms. ``root`` is the lower root of the covariance, and the signal's log."""
            first, mixed, second, strength = root
            along, across = first * rows + mixed * columns, second * columns
            power = np.exp(-4 * np.pi**2 * (along**2 + across**2))
            return (strength + np.log(folded(fine * power)) - np.log(coarse))[used()]

        w = self.widest
        bounds = ([0, -w, 0, -np.inf], [w, w, w, np.inf])
        start = np.minimum([START, 0, START], w / 2)
        first, mixed, second, _ = optimize.least_squares(errors, [*start, 0], bounds=bounds).x
        root = np.array([[first, 0], [mixed, second]])
        return _gaussian(root @ root.T)


def _gaussian(covariance: np.ndarray) -> np.ndarray:
    """A Gaussian [13, 13] about (6.5, 6.5), not normalised. A width of 0.1 pixels is added for the inverse."""
    inverse = np.linalg.inv(covariance + 0.01 * np.eye(2))
    places = np.stack(np.meshgrid(*[np.arange(SIZE) - SIZE / 2] * 2, indexing="ij"))
    return np.exp(-0.5 * np.einsum("iab,ij,jab->ab", places, inverse, places))
