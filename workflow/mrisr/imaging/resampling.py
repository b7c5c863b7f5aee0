"""Cubic resampling, one axis after the other (Keys 1981, https://doi.org/10.1109/TASSP.1981.1163711).

Pixel centres lie at i + 0.5 and both grids span the same extent, so nothing shifts: output pixel j reads the input at
(j + 0.5) n_in / n_out - 0.5. With anti-aliasing and the symmetric border this is MATLAB's ``imresize``. Without
anti-aliasing, with a = -0.75 and the replicated border, it is the ``bicubic`` of OpenCV and torch.

If the lengths have a simple ratio, output pixels in the same place relative to the input have the same weights. Then
an axis is a few correlations. Otherwise it is a product with a matrix.
"""

from __future__ import annotations

import functools
import math

import numpy as np

from mrisr.errors import InputError

from .stencil import correlate

BORDERS = ("symmetric", "replicate")
MOST_PLACES = 8
"""Most different places of an output pixel relative to the input, for which an axis is resampled by correlations."""


def keys_cubic(x: np.ndarray, a: float) -> np.ndarray:
    """Keys' cubic convolution kernel: 1 at 0, 0 at all other integers, zero from |x| = 2 on."""
    x = np.abs(x)
    near = ((a + 2) * x - (a + 3)) * x**2 + 1
    far = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return np.where(x <= 1, near, np.where(x < 2, far, 0.0))


@functools.lru_cache(maxsize=64)
def resampling_matrix(
    n_in: int, n_out: int, *, a: float = -0.5, antialias: bool = True, border: str | None = None
) -> np.ndarray:
    """Weights [n_out, n_in] (float64, read-only, rows sum to 1) that resample one axis.

    Parameters
    ----------
    a : float
        Parameter of the cubic: -0.5 (MATLAB, PIL) or -0.75 (OpenCV, torch).
    antialias : bool
        Stretch the kernel by n_in / n_out when the axis gets shorter. No effect when it gets longer.
    border : {"symmetric", "replicate"}, optional
        How the image continues beyond the edge: mirrored, or with the edge pixel repeated. By default symmetric with
        anti-aliasing (as MATLAB) and replicate without (as OpenCV and torch).

    Raises
    ------
    InputError
        An unknown border.
    """
    first, weights = _taps(n_in, n_out, n_out, a, antialias)
    taps = first[:, None] + np.arange(weights.shape[1])
    matrix = np.zeros((n_out, n_in))
    np.add.at(matrix, (np.arange(n_out)[:, None], _inside(taps, n_in, _border(border, antialias))), weights)
    matrix.setflags(write=False)
    return matrix


def resample(
    images: np.ndarray, shape: tuple[int, int], *, a: float = -0.5, antialias: bool = True, border: str | None = None
) -> np.ndarray:
    """Resample images [..., H, W] to [..., *shape], in their precision; options as in `resampling_matrix`."""
    for axis, n_out in zip((-2, -1), shape, strict=True):
        images = _resample_axis(images, n_out, axis, a, antialias, _border(border, antialias))
    return images


def _resample_axis(images: np.ndarray, n_out: int, axis: int, a: float, antialias: bool, border: str) -> np.ndarray:
    n_in = images.shape[axis]
    places = n_out // math.gcd(n_in, n_out)
    if places > MOST_PLACES:
        matrix = resampling_matrix(n_in, n_out, a=a, antialias=antialias, border=border)
        return matrix @ images if axis == -2 else images @ matrix.T
    stride, count = n_in * places // n_out, n_out // places
    firsts, weights = _taps(n_in, n_out, places, a, antialias)
    before = max(0, -firsts.min())
    after = max(0, firsts.max() + weights.shape[1] + stride * (count - 1) - n_in)
    images = np.take(images, _inside(np.arange(-before, n_in + after), n_in, border), axis=axis)
    shape = [*images.shape]
    shape[axis] = n_out
    resampled = np.empty(shape, images.dtype)
    for place, (first, row) in enumerate(zip(firsts + before, weights, strict=True)):
        used = np.flatnonzero(row)
        first, row = first + used[0], row[used[0] : used[-1] + 1]
        part = images[..., first:, :] if axis == -2 else images[..., first:]
        where = (..., slice(place, None, places), slice(None)) if axis == -2 else (..., slice(place, None, places))
        resampled[where] = correlate(part, row, axis=axis, stride=stride, count=count)
    return resampled


def _taps(n_in: int, n_out: int, rows: int, a: float, antialias: bool) -> tuple[np.ndarray, np.ndarray]:
    """First input pixel [rows] and weights [rows, taps] of the first ``rows`` output pixels, before the border."""
    stretch = max(1.0, n_in / n_out) if antialias else 1.0
    centres = (np.arange(rows) + 0.5) * n_in / n_out - 0.5
    first = np.floor(centres - 2 * stretch).astype(int)
    taps = first[:, None] + np.arange(int(np.ceil(4 * stretch)) + 2)
    weights = keys_cubic((centres[:, None] - taps) / stretch, a)
    return first, weights / weights.sum(axis=1, keepdims=True)


def _border(border: str | None, antialias: bool) -> str:
    border = border or ("symmetric" if antialias else "replicate")
    if border not in BORDERS:
        raise InputError(f"bicubic: border must be one of {', '.join(BORDERS)}, not {border!r}")
    return border


def at_block_centres(images: np.ndarray, scale: int) -> np.ndarray:
    """Sample images [..., H, W] at the centres of their scale-by-scale blocks: [..., H/scale, W/scale].

    Cubic interpolation (a = -0.5) without a low pass. At odd scales the centre of a block is a pixel, and its value is
    taken. Taking every scale-th pixel instead would shift the image by (scale - 1) / 2 pixels.
    """
    height, width = images.shape[-2:]
    return resample(images, (height // scale, width // scale), antialias=False)


def _inside(index: np.ndarray, n: int, border: str) -> np.ndarray:
    if border == "replicate":
        return np.clip(index, 0, n - 1)
    index = index % (2 * n)
    return np.minimum(index, 2 * n - 1 - index)
