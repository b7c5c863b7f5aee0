"""Fourier ring correlation: how well two images agree, frequency by frequency (Saxton and Baumeister 1982).

At each ring of spatial frequency it is Re(sum F G*) / sqrt(sum |F|^2 sum |G|^2), 1 for equal images, about 0 for images
that have nothing in common there. Brightness and contrast have no influence.
"""

from __future__ import annotations

import functools

import numpy as np
import scipy.fft
from scipy.signal.windows import hann

NYQUIST = 0.5
"""Highest frequency of a ring, cycles per pixel. The corners of k-space beyond it are left out."""
ROUNDING = 1e-12
"""Energy of a ring, relative to all energy, up to which it is only rounding errors of float64."""


def ring_correlation(reference: np.ndarray, estimate: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Frequency and correlation of each ring.

    Rings are as wide as a sample of k-space along the shorter side. The mean is taken out and both images are faded out
    by a Hann window, so that opposite borders do not meet. Channels are correlated together.

    Parameters
    ----------
    reference, estimate : ndarray
        [H, W] or [C, H, W] of equal shape, float64.

    Returns
    -------
    frequencies, correlations : ndarray [n]
        Centres of the rings in cycles per pixel, at most 0.5, and the correlation in -1 to 1; NaN in a ring where one
        of the images has no energy.
    """
    rings, frequencies = _rings(reference.shape[-2:])
    sums = _ring_sums(reference, estimate, rings, len(frequencies))
    return frequencies, _correlation(*sums)


def band_correlation(reference: np.ndarray, estimate: np.ndarray, *, above: float) -> float:
    """Correlation of all frequencies above ``above`` cycles per pixel, up to 0.5, together.

    NaN if the reference has no energy there; 0 if only the estimate has none.
    """
    radius = _radius(reference.shape[-2:])
    band = np.where((radius > above) & (radius <= NYQUIST), 0, -1)
    cross, first, second = _ring_sums(reference, estimate, band, 1)
    if np.isnan(first[0]) or np.isnan(second[0]) or first[0] <= 0:
        return np.nan
    return float(_correlation(cross, first, second)[0]) if second[0] > 0 else 0.0


def cutoff(frequencies: np.ndarray, correlations: np.ndarray, *, threshold: float) -> float:
    """Lowest frequency at which a correlation falls below a threshold, as a fraction of the highest frequency (0.5).

    Between rings it is interpolated linearly. 1 if the correlation never falls below; rings without energy are left
    out; NaN if no ring has energy.
    """
    known = np.isfinite(correlations)
    if not known.any():
        return np.nan
    frequencies, correlations = frequencies[known], correlations[known]
    below = np.flatnonzero(correlations < threshold)
    if below.size == 0:
        return 1.0
    place = below[0]
    if place == 0:
        return 0.0
    left, right = correlations[place - 1 : place + 1]
    part = (left - threshold) / (left - right)
    return float(frequencies[place - 1] + part * (frequencies[place] - frequencies[place - 1])) / NYQUIST


def scan(reference: np.ndarray, estimate: np.ndarray, *, side: int, step: int, threshold: float) -> np.ndarray:
    """Cutoff of every patch, [n, m]: the scanning Fourier ring correlation of Kc et al. (arXiv 2603.04673).

    Patch (i, j) begins at pixel (i step, j step). NaN where a patch of the reference is constant.

    Parameters
    ----------
    reference, estimate : ndarray
        [H, W] or [C, H, W] of equal shape, float64, not smaller than a patch.
    side, step : int
        Side of a square patch, and distance of neighbouring patches, pixels.
    threshold : float
        As for `cutoff`.
    """
    height, width = reference.shape[-2:]
    tops, lefts = range(0, height - side + 1, step), range(0, width - side + 1, step)
    parts = [[(..., slice(top, top + side), slice(left, left + side)) for left in lefts] for top in tops]
    return np.array(
        [[cutoff(*ring_correlation(reference[p], estimate[p]), threshold=threshold) for p in row] for row in parts]
    )


def _correlation(cross: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where((first > 0) & (second > 0), (cross / np.sqrt(first * second)).clip(-1, 1), np.nan)


def _ring_sums(first: np.ndarray, second: np.ndarray, rings: np.ndarray, count: int) -> tuple[np.ndarray, ...]:
    """Sums over each ring of Re(F G*), |F|^2 and |G|^2. Energy that is only rounding counts as 0."""
    spectra = [_spectrum(image) for image in (first, second)]
    weights = _weights(first.shape[-1])
    parts = (spectra[0] * spectra[1].conj(), *(np.abs(spectrum) ** 2 for spectrum in spectra))
    inside = rings >= 0
    sums = [
        np.bincount(rings[inside], (part.real * weights).sum(axis=0)[inside], minlength=count)[:count] for part in parts
    ]
    for part, total in zip(parts[1:], sums[1:], strict=True):
        total[total <= ROUNDING * (part * weights).sum()] = 0
    return tuple(sums)


def _spectrum(image: np.ndarray) -> np.ndarray:
    """Spectrum [C, H, W // 2 + 1] of an image, its weighted mean taken out, under the window."""
    image = image.reshape(-1, *image.shape[-2:])
    window = patch_window(image.shape[-2:])
    mean = (image * window).sum(axis=(-2, -1), keepdims=True) / window.sum()
    return scipy.fft.rfft2((image - mean) * window)


@functools.lru_cache(maxsize=8)
def patch_window(shape: tuple[int, int]) -> np.ndarray:
    """The Hann window [H, W] under which images are compared, positive everywhere."""
    return hann(shape[0] + 2)[1:-1, None] * hann(shape[1] + 2)[1:-1]


@functools.lru_cache(maxsize=8)
def _radius(shape: tuple[int, int]) -> np.ndarray:
    """Frequency of each sample of the real transform, cycles per pixel."""
    return np.hypot(scipy.fft.fftfreq(shape[0])[:, None], scipy.fft.rfftfreq(shape[1]))


def _weights(width: int) -> np.ndarray:
    """How often a column of the real transform stands in the whole transform."""
    weights = np.full(width // 2 + 1, 2.0)
    weights[0] = 1
    if width % 2 == 0:
        weights[-1] = 1
    return weights


@functools.lru_cache(maxsize=8)
def _rings(shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Index of each sample's ring, -1 outside all rings, and the frequencies of the rings."""
    step = 1 / min(shape)
    count = round(NYQUIST / step)
    rings = np.rint(_radius(shape) / step).astype(int) - 1
    rings[(rings >= count) | (_radius(shape) > NYQUIST)] = -1
    return rings, np.arange(1, count + 1) * step
