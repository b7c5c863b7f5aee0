"""FSIM: similarity of phase congruency and of gradients (Zhang, Zhang, Mou and Zhang, IEEE TIP 20:2378, 2011)."""

from __future__ import annotations

import functools

import numpy as np
from scipy import ndimage

WHITE = 255.0
"""Upper end of the range of values for which the constants are given."""
CONGRUENCY, GRADIENT = 0.85, 160.0
"""Stabilisers of the similarity (2 a b + T) / (a^2 + b^2 + T) of phase congruencies and of gradient magnitudes."""
ANALYSED = 256
"""Images are reduced by the integer that brings their shorter side closest to this many pixels."""
SCALES, ORIENTATIONS = 4, 4
SHORTEST = 6
"""Wavelength of the finest scale in pixels. Each next scale has twice the wavelength."""
BANDWIDTH, OVERLAP = 0.55, 1.2
"""Of the log Gabor filters: sigma over centre frequency, and distance between orientations over angular sigma."""
CUTOFF, ORDER = 0.45, 15
"""Of the low pass that keeps the corners of the spectrum out."""
DEVIATIONS, LOWERED = 2.0, 1.7
"""The noise threshold is mean plus so many deviations of the noise's energy, divided by an empirical factor."""
TINY = np.finfo(float).eps
SCHARR = np.outer([3, 10, 3], [1, 0, -1]) / 16


class FSIM:
    """Mean of both similarities, weighted by the larger phase congruency; 1 for a perfect estimate.

    Phase congruency is Kovesi's, on four scales and four orientations, with his noise threshold. Channels are compared
    one by one and averaged. NaN if neither image has structure.
    """

    LABEL = "FSIM"
    HIGHER_IS_BETTER = True
    RANGE = (0.0, 1.0)

    def __call__(self, reference: np.ndarray, estimate: np.ndarray, *, data_range: float = 1.0) -> float:
        """FSIM of float64 images of equal shape."""
        pair = [image.reshape(-1, *image.shape[-2:]) * (WHITE / data_range) for image in (reference, estimate)]
        return np.mean([_similarity(*(_reduced(image) for image in channels)) for channels in zip(*pair, strict=True)])


def _similarity(first: np.ndarray, second: np.ndarray) -> float:
    congruencies = [_phase_congruency(image) for image in (first, second)]
    similar = _ratio(*congruencies, CONGRUENCY) * _ratio(*(_gradient(image) for image in (first, second)), GRADIENT)
    weights = np.maximum(*congruencies)
    return (similar * weights).sum() / weights.sum()


def _ratio(first: np.ndarray, second: np.ndarray, stabiliser: float) -> np.ndarray:
    return (2 * first * second + stabiliser) / (first**2 + second**2 + stabiliser)


def _reduced(image: np.ndarray) -> np.ndarray:
    """Block means that bring the shorter side closest to `ANALYSED` pixels; rows and columns left over are cut off."""
    block = max(1, round(min(image.shape) / ANALYSED))
    height, width = (side // block for side in image.shape)
    return image[: height * block, : width * block].reshape(height, block, width, block).mean(axis=(1, 3))


def _gradient(image: np.ndarray) -> np.ndarray:
    """Magnitude of Scharr's gradient, with zeros beyond the edge."""
    return np.hypot(*(ndimage.correlate(image, kernel, mode="constant") for kernel in (SCHARR, SCHARR.T)))


def _phase_congruency(image: np.ndarray) -> np.ndarray:
    """Energy above the noise divided by the sum of amplitudes, both over all scales and orientations."""
    spectrum = np.fft.fft2(image)
    energy, amplitude = np.zeros_like(image), np.full_like(image, TINY)
    for filters, spread in _filters(image.shape):
        responses = np.fft.ifft2(spectrum * filters)
        total = responses.sum(axis=0)
        # The response of each scale along the mean phase, minus its part across it.
        turned = responses * (total.conj() / (np.abs(total) + TINY))
        aligned = (turned.real - np.abs(turned.imag)).sum(axis=0)
        energy += np.maximum(aligned - _threshold(responses[0], filters[0], spread), 0)
        amplitude += np.abs(responses).sum(axis=0)
    return energy / amplitude


def _threshold(finest: np.ndarray, finest_filter: np.ndarray, spread: float) -> float:
    """Energy that noise alone would give. The median squared response at the finest scale measures the noise."""
    power = np.median(np.abs(finest) ** 2) / np.log(2) / (finest_filter**2).sum()
    tau = np.sqrt(power * spread)
    return tau * (np.sqrt(np.pi / 2) + DEVIATIONS * np.sqrt(2 - np.pi / 2)) / LOWERED


@functools.lru_cache(maxsize=4)
def _filters(shape: tuple[int, int]) -> list[tuple[np.ndarray, float]]:
    """For each orientation the filters [scale, H, W] in frequency, and the energy of white noise in their sum."""
    rows, columns = np.meshgrid(*(_frequencies(side) for side in shape), indexing="ij")
    radius, angle = np.hypot(rows, columns), np.arctan2(-rows, columns)
    low_pass = 1 / (1 + (radius / CUTOFF) ** (2 * ORDER))
    radius[0, 0] = 1
    centres = 1 / (SHORTEST * 2.0 ** np.arange(SCALES))
    radial = [np.exp(-(np.log(radius / centre) ** 2) / (2 * np.log(BANDWIDTH) ** 2)) * low_pass for centre in centres]
    for one in radial:
        one[0, 0] = 0
    sigma = np.pi / ORIENTATIONS / OVERLAP
    found = []
    for orientation in np.arange(ORIENTATIONS) * np.pi / ORIENTATIONS:
        away = np.abs(np.angle(np.exp(1j * (angle - orientation))))
        filters = np.stack(radial) * np.exp(-(away**2) / (2 * sigma**2))
        pulses = np.fft.ifft2(filters).real * np.sqrt(filters[0].size)
        found.append((filters, float((pulses.sum(axis=0) ** 2).sum())))
    return found


def _frequencies(side: int) -> np.ndarray:
    """Cycles per pixel of each frequency. The authors' grid of an odd side reaches from -0.5 to 0.5."""
    return np.fft.fftfreq(side) * (side / (side - 1) if side % 2 and side > 1 else 1)
