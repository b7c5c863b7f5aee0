"""Mean power spectra of a pair of slices, by Welch's method (Welch, IEEE Trans. Audio Electroacoust. 15:70, 1967).

The spectra of the two slices do not depend on where structures lie, so the scans need not be registered. Sampling at
every second pixel folds the spectrum: a frequency of the coarse grid holds the energy of four of the fine one.
"""

from __future__ import annotations

import numpy as np

from mrisr.imaging.kernel import SCALE, SIZE

SEGMENT = 64
"""Side of a segment of the high-resolution slice in pixels; that of the low-resolution slice is half of it."""
LOWEST = 2
"""Frequencies of fewer periods than this along both axes of a segment are left out: the window smears the mean."""


def power_spectra(sharp: np.ndarray, low: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Power spectra of slices [H, W] and [H/2, W/2]: [64, 64] and [32, 32], in numpy's order, per pixel squared."""
    return _welch(sharp, SEGMENT), _welch(low, SEGMENT // SCALE)


def folded(spectrum: np.ndarray) -> np.ndarray:
    """The spectrum of every second pixel of an image: [..., 64, 64] -> [..., 32, 32]."""
    half = SEGMENT // SCALE
    aliases = spectrum.reshape(*spectrum.shape[:-2], SCALE, half, SCALE, half)
    return aliases.sum(axis=(-4, -2)) / SCALE**4


def used() -> np.ndarray:
    """Which frequencies of the coarse grid are compared, bool [32, 32]."""
    periods = np.abs(np.fft.fftfreq(SEGMENT // SCALE, SCALE / SEGMENT))
    return np.maximum(periods[:, None], periods) >= LOWEST


def centred_kernel(transfer: np.ndarray) -> np.ndarray:
    """The kernel [13, 13] about (6.5, 6.5) whose transfer function without phase is real, [64, 64]; not normalised."""
    phase = np.exp(-2j * np.pi * np.fft.fftfreq(SEGMENT) * SIZE / 2)
    return np.fft.ifft2(transfer * np.outer(phase, phase)).real[:SIZE, :SIZE]


def _welch(image: np.ndarray, side: int) -> np.ndarray:
    """Mean of the periodograms of windowed segments that overlap by half."""
    window = np.sin(np.pi * (np.arange(side) + 0.5) / side) ** 2
    weights = np.outer(window, window)
    views = np.lib.stride_tricks.sliding_window_view(image.astype(np.float64), (side, side))
    segments = views[:: side // 2, :: side // 2].reshape(-1, side, side)
    means = (segments * weights).sum(axis=(1, 2), keepdims=True) / weights.sum()
    return np.mean(np.abs(np.fft.fft2((segments - means) * weights)) ** 2, axis=0)
