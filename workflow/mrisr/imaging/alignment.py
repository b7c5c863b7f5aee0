"""Estimates the displacement between a low-resolution image and its high-resolution image by phase correlation.

The cross-power spectrum of two images that differ by a displacement has a phase that is linear in frequency (Kuglin and
Hines 1975). Only frequencies that the low-resolution image can hold are used. A symmetric blur, another contrast and
noise change its amplitude. They leave this phase as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import scipy.fft
from scipy import optimize
from scipy.signal.windows import tukey

from mrisr.errors import InputError

from .shifting import moved

BAND = 0.6
"""Part of the low-resolution image's band that is used. The rest is blurred and aliased most."""
TAPER = 0.5
"""Part of each side over which the images fade to zero, so that their borders do not count."""
ROUNDS = 3
"""Times that the displacement found so far is taken out and the rest is estimated."""


@dataclass(frozen=True)
class Displacement:
    """How far a low-resolution image lies from its high-resolution image.

    ``rows``, ``columns``: pixels of the high-resolution image, positive towards higher indices. ``agreement``: weighted
    mean cosine of the phases that are left, 1 if the displacement explains them all, about 0 for unrelated images.
    """

    rows: float
    columns: float
    agreement: float

    @property
    def largest(self) -> float:
        """The larger of both components, without its sign."""
        return max(abs(self.rows), abs(self.columns))


def displacement(pairs: Iterable[tuple[np.ndarray, np.ndarray]]) -> Displacement:
    """Displacement of low-resolution images from their high-resolution images, the same for all pairs.

    Parameters
    ----------
    pairs : iterable of (low [h, w], high [H, W])
        H / h and W / w are whole numbers; all pairs have the same sizes. Pixel j of the low image belongs at the centre
        of its block, (j + 0.5) H / h - 0.5.

    Raises
    ------
    InputError
        There is no pair with any content, or the sides are no whole multiples.
    """
    pairs = [(np.asarray(low, np.float64), np.asarray(high, np.float64)) for low, high in pairs]
    pairs = [pair for pair in pairs if all(np.ptp(image) > 0 for image in pair)]
    if not pairs:
        raise InputError("alignment: there is no pair of images with any content")
    steps = _steps(*pairs[0])
    found, agreement = np.zeros(2), 0.0
    for turn in range(ROUNDS):
        rest, agreement = _rest(pairs, found, steps, anywhere=turn == 0)
        found = found + rest * steps
    return Displacement(float(found[0]), float(found[1]), agreement)


def _steps(low: np.ndarray, high: np.ndarray) -> tuple[int, int]:
    if any(n % m for n, m in zip(high.shape, low.shape, strict=True)):
        sizes = " and ".join(" x ".join(map(str, image.shape)) for image in (low, high))
        raise InputError(f"alignment: the sizes {sizes} are no whole multiples of each other")
    return high.shape[0] // low.shape[0], high.shape[1] // low.shape[1]


def _rest(
    pairs: list[tuple[np.ndarray, np.ndarray]], found: np.ndarray, steps: tuple[int, int], *, anywhere: bool
) -> tuple[np.ndarray, float]:
    """What is left of the displacement, in pixels of the low image, after the high image is moved by ``found``."""
    shape = pairs[0][0].shape
    window = tukey(shape[0], TAPER)[:, None] * tukey(shape[1], TAPER)
    cross = sum(_cross_power(low, _on_low_grid(moved(high, tuple(found)), steps), window) for low, high in pairs)
    rows, columns = scipy.fft.fftfreq(shape[0])[:, None], scipy.fft.rfftfreq(shape[1])
    radius = np.hypot(rows, columns)
    # Images have little power at high frequencies, where a displacement shows most: weight by the frequency.
    cross = cross * radius * (radius <= BAND / 2)
    if not np.abs(cross).any():
        return np.zeros(2), 0.0

    def disagreement(shift: np.ndarray) -> float:
        return -float(np.real(cross * np.exp(2j * np.pi * (rows * shift[0] + columns * shift[1]))).sum())

    start = _peak(cross, shape) if anywhere else np.zeros(2)
    best = optimize.minimize(disagreement, start, method="Nelder-Mead", options={"xatol": 1e-4, "fatol": 1e-9})
    return best.x, -best.fun / float(np.abs(cross).sum())


def _on_low_grid(image: np.ndarray, steps: tuple[int, int]) -> np.ndarray:
    """The image without the frequencies that the low grid cannot hold, sampled at the centres of its blocks."""
    image = _cropped(image, steps[1])
    return _cropped(image.T, steps[0]).T


def _cropped(image: np.ndarray, step: int) -> np.ndarray:
    """Crop the spectrum of the columns [H, W] -> [H, W / step], see `mrisr.imaging.kspace.low_pass`."""
    n = image.shape[1]
    ramp = np.exp(1j * np.pi * np.arange(n // step // 2 + 1) * (step - 1) / n) / step
    return scipy.fft.irfft(scipy.fft.rfft(image)[:, : len(ramp)] * ramp, n=n // step)


def _cross_power(low: np.ndarray, high: np.ndarray, window: np.ndarray) -> np.ndarray:
    """Cross-power spectrum of two images of one size, each with unit energy."""
    spectra = [scipy.fft.rfft2((image - np.average(image, weights=window)) * window) for image in (low, high)]
    first, second = (spectrum / max(np.linalg.norm(spectrum), np.finfo(float).tiny) for spectrum in spectra)
    return first * second.conj()


def _peak(cross: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """The displacement in whole pixels at which the correlation is largest."""
    correlation = scipy.fft.irfft2(cross, s=shape)
    place = np.unravel_index(correlation.argmax(), shape)
    return np.array([(i + n // 2) % n - n // 2 for i, n in zip(place, shape, strict=True)], float)
