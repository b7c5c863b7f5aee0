"""How a scan's slices look beside the degraded slices of a study: their blur, and their noise.

The blur shows in the radial power spectrum. Images of one contrast have nearly the same spectrum before they are
degraded, so a difference at high frequencies comes from the degradation. The noise is that of `denoise.noise_level`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.fft

from mrisr.arrays import Cache, stored_slices
from mrisr.errors import InputError

from .denoise import noise_level

SLICES = 6
"""Slices of a volume that are compared."""
BINS = 24
"""Rings of the spectrum, up to half a cycle per pixel."""
SCALED_BELOW = 0.1
"""Cycles per pixel below which spectra are made equal. Contrast and size of the head differ there, not the blur."""
FLOOR = 1e-9
"""Power, relative to the strongest ring, below which nothing is compared: rounding."""


@dataclass(frozen=True)
class Look:
    """The look of a stack of slices.

    Attributes
    ----------
    spectrum : ndarray [BINS]
        Power of each ring in dB, relative to the mean below `SCALED_BELOW`.
    noise : float
        Standard deviation of white noise, as a fraction of the range.
    """

    spectrum: np.ndarray
    noise: float


def middle(count: int) -> list[int]:
    """Places of up to `SLICES` slices, evenly spaced over the middle half of ``count``."""
    return sorted({round(place) for place in np.linspace(0.25 * (count - 1), 0.75 * (count - 1), min(count, SLICES))})


def mean_look(looks: Sequence[Look]) -> Look:
    """The mean of spectra in dB, and the median noise."""
    return Look(np.mean([one.spectrum for one in looks], axis=0), float(np.median([one.noise for one in looks])))


def look(slices: Iterable[np.ndarray]) -> Look:
    """The look of slices [C, H, W] in [0, 1]. They may have different sizes."""
    spectra, noises = [], []
    for image in slices:
        for plane in image:
            spectra.append(_rings(plane))
            noises.append(noise_level(plane))
    mean = np.mean(spectra, axis=0)
    levels = 10 * np.log10(np.maximum(mean, FLOOR * mean.max()))
    return Look(levels - levels[_frequencies() < SCALED_BELOW].mean(), float(np.median(noises)))


def look_of_file(path: Path) -> Look:
    """The look of the middle slices of a slices file; `InputError` if it has none or cannot be read."""
    slices = list(stored_slices(path, Cache(0)).values())
    if not slices:
        raise InputError(f"{path}: has no slices; delete it and run again")
    return look(np.asarray(slices[place]) for place in middle(len(slices)))


def distance(one: Look, other: Look) -> float:
    """Root mean square of the difference of two spectra above `SCALED_BELOW`, in dB."""
    above = _frequencies() >= SCALED_BELOW
    return float(np.sqrt(np.mean((one.spectrum - other.spectrum)[above] ** 2)))


def nearest(scan: Look, known: Mapping[str, Look]) -> dict[str, float]:
    """Distance of a scan to each degradation, the nearest first."""
    return dict(sorted(((name, distance(scan, of)) for name, of in known.items()), key=lambda entry: entry[1]))


def _frequencies() -> np.ndarray:
    """Middle of each ring, cycles per pixel."""
    return (np.arange(BINS) + 0.5) / BINS / 2


def _rings(plane: np.ndarray) -> np.ndarray:
    """Mean power in each ring of a plane [H, W], which fades out toward its border."""
    height, width = plane.shape
    window = np.outer(np.hanning(height + 2)[1:-1], np.hanning(width + 2)[1:-1])
    centred = plane - np.average(plane, weights=window)
    power = np.abs(scipy.fft.fft2(centred * window)) ** 2 / (window**2).sum()
    radius = np.hypot(scipy.fft.fftfreq(height)[:, None], scipy.fft.fftfreq(width))
    ring = np.minimum((radius * 2 * BINS).astype(int), BINS)
    sums = np.bincount(ring.ravel(), power.ravel(), BINS + 1)[:BINS]
    return sums / np.maximum(np.bincount(ring.ravel(), minlength=BINS + 1)[:BINS], 1)
