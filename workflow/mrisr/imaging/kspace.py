"""Low passes in k-space, on the full grid or cropped to the low one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.fft

Response = Callable[[np.ndarray, int], np.ndarray]
"""Amplitude at the non-negative frequencies k (cycles per field of view) of an axis of n samples."""


def low_pass(images: np.ndarray, responses: tuple[Response, Response], *, crop: int = 1) -> np.ndarray:
    """Multiply the spectrum of real images [..., H, W] by one response per axis; [..., H/crop, W/crop].

    With ``crop`` = s only the central N/s samples of k-space are kept. The half-pixel ramp exp(i pi k (s - 1) / N) puts
    the new pixel centres at the centres of the s-by-s blocks; without it the image would be shifted by (s - 1) / 2
    pixels. The division by s keeps the mean. The real transform takes the real part of the unpaired line k = N / 2s.
    Images of single precision are transformed in single precision (to about 3e-7 of their range).
    """
    for axis, response in zip((-2, -1), responses, strict=True):
        n = images.shape[axis]
        k = np.arange(n // crop // 2 + 1)
        factors = response(k, n)
        if crop > 1:
            factors = factors * np.exp(1j * np.pi * k * (crop - 1) / n) / crop
        # Beyond the last frequency that is kept, the inverse transform takes zeros.
        kept = np.flatnonzero(factors)[-1] + 1 if factors.any() else 1
        spectrum = scipy.fft.rfft(images, axis=axis)
        if axis == -2:
            spectrum = spectrum[..., :kept, :] * _in_precision(factors[:kept, None], images)
        else:
            spectrum = spectrum[..., :kept] * _in_precision(factors[:kept], images)
        images = scipy.fft.irfft(spectrum, n=n // crop, axis=axis, overwrite_x=True)
    return images


def _in_precision(factors: np.ndarray, images: np.ndarray) -> np.ndarray:
    single = np.complex64 if np.iscomplexobj(factors) else np.float32
    return factors.astype(single) if images.dtype == np.float32 else factors


def central_band(window: Callable[[np.ndarray], np.ndarray], *, scale: float, root: bool) -> Response:
    """A window over the central 1/scale of an axis, zero beyond: a function of u = |k| / K with K = N / (2 scale).

    ``root`` takes the square root. The training-bias experiment does so with the outer product of two 1-D windows.
    """

    def response(k: np.ndarray, n: int) -> np.ndarray:
        u = 2 * scale * k / n
        amplitude = window(np.minimum(u, 1.0))
        return np.where(u <= 1, np.sqrt(amplitude) if root else amplitude, 0.0)

    return response


def rectangle(kept: float) -> Callable[[np.ndarray], np.ndarray]:
    """A window that is 1 up to u = ``kept`` and 0 beyond: it truncates, and edges ring."""
    return lambda u: np.where(u <= kept, 1.0, 0.0)


def hann(u: np.ndarray) -> np.ndarray:
    """Hann window, 1 at u = 0 and 0 at u = 1; its root falls to one half at u = 0.67."""
    return 0.5 + 0.5 * np.cos(np.pi * u)


def hamming(u: np.ndarray) -> np.ndarray:
    """Hamming window, 1 at u = 0 and 0.08 at u = 1; its root falls to one half at u = 0.72 and ends at 0.28."""
    return 0.54 + 0.46 * np.cos(np.pi * u)


def gaussian(sigma: float) -> Response:
    """Transfer function exp(-2 pi^2 sigma^2 f^2) of a Gaussian blur of ``sigma`` pixels, f = k / n cycles per pixel."""
    return lambda k, n: np.exp(-2 * (np.pi * sigma * k / n) ** 2)
