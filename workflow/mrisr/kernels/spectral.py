"""Spectral: the kernel without phase whose power spectrum explains that of the low-resolution slice, in closed form."""

from __future__ import annotations

import numpy as np

from mrisr.errors import InputError
from mrisr.imaging.kernel import SCALE, SIZE

from ._by_slice import BySlice
from ._spectra import SEGMENT, centred_kernel, folded, power_spectra, used


class Spectral(BySlice):
    """Least squares for the autocorrelation of the kernel; the kernel is the root of its spectrum, without phase.

    The low-resolution slice's power spectrum is linear in the autocorrelation, aliases included. Errors count relative
    to the spectrum of sampling without blur. The scans need not be registered. Noise of the low-resolution slice is
    taken for sharpness.

    Parameters
    ----------
    scale : int
        2.
    ridge : float
        Weight of the squared autocorrelation at its largest lag, above 0; it falls with the square of the lag.
    """

    GIVES = "kernels"
    SCALES = (2,)
    LEAST_SIDE = SEGMENT

    def __init__(self, *, scale: int, ridge: float = 0.1):
        if scale != SCALE:
            raise InputError(f"spectral: estimates kernels at scale {SCALE}, not {scale!r}")
        if not ridge > 0:
            raise InputError(f"spectral: ridge must be above 0, not {ridge!r}")
        self.ridge = ridge

    def find(self, sharp: np.ndarray, low: np.ndarray) -> np.ndarray:
        """A kernel [13, 13], not normalised, for a pair of images [H, W] in [-1, 1]."""
        fine, coarse = power_spectra(sharp, low)
        lags, waves = _waves()
        without = folded(fine)[used()]
        rows, ratios = (folded(fine * waves)[:, used()] / without).T, coarse[used()] / without
        products = rows.T @ rows
        far = np.square(lags).sum(axis=1) / (2 * (SIZE - 1) ** 2)
        products += np.diag(self.ridge * np.trace(products) / len(products) * (far + 1e-9))
        autocorrelation = np.linalg.solve(products, rows.T @ ratios)
        power = np.tensordot(autocorrelation, waves, axes=1)
        return centred_kernel(np.sqrt(np.maximum(power, 0)))


def _waves() -> tuple[np.ndarray, np.ndarray]:
    """Lags [n, 2] of an autocorrelation, one of each opposite pair, and their cosines [n, 64, 64]."""
    span = range(1 - SIZE, SIZE)
    lags = np.array([(row, column) for row in span for column in span if (row, column) >= (0, 0)])
    frequencies = np.fft.fftfreq(SEGMENT)
    turns = lags[:, 0, None, None] * frequencies[:, None] + lags[:, 1, None, None] * frequencies
    return lags, np.cos(2 * np.pi * turns)
