"""Cubic resampling as one matrix per axis (Keys 1981, https://doi.org/10.1109/TASSP.1981.1163711).

Pixel centres lie at i + 0.5 and both grids span the same extent, so nothing shifts: output pixel j reads the input at
(j + 0.5) n_in / n_out - 0.5. With anti-aliasing and the symmetric border this is MATLAB's ``imresize``. Without
anti-aliasing, with a = -0.75 and the replicated border, it is the ``bicubic`` of OpenCV and torch.
"""

from __future__ import annotations

import functools

import numpy as np

from mrisr.errors import InputError

BORDERS = ("symmetric", "replicate")


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
    border = border or ("symmetric" if antialias else "replicate")
    if border not in BORDERS:
        raise InputError(f"bicubic: border must be one of {', '.join(BORDERS)}, not {border!r}")
    stretch = max(1.0, n_in / n_out) if antialias else 1.0
    centres = (np.arange(n_out) + 0.5) * n_in / n_out - 0.5
    first = np.floor(centres - 2 * stretch).astype(int)
    taps = first[:, None] + np.arange(int(np.ceil(4 * stretch)) + 2)
    weights = keys_cubic((centres[:, None] - taps) / stretch, a)
    weights /= weights.sum(axis=1, keepdims=True)
    matrix = np.zeros((n_out, n_in))
    np.add.at(matrix, (np.arange(n_out)[:, None], _inside(taps, n_in, border)), weights)
    matrix.setflags(write=False)
    return matrix


def resample(
    images: np.ndarray, shape: tuple[int, int], *, a: float = -0.5, antialias: bool = True, border: str | None = None
) -> np.ndarray:
    """Resample images [..., H, W] to [..., *shape]; options as in `resampling_matrix`."""
    rows, columns = (
        resampling_matrix(n_in, n_out, a=a, antialias=antialias, border=border)
        for n_in, n_out in zip(images.shape[-2:], shape, strict=True)
    )
    return rows @ images @ columns.T


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
