"""Moves images by a part of a pixel, to simulate two images that are not aligned.

The image is mirrored at its border and moved by a phase ramp in k-space. All frequencies below the highest keep their
amplitude, so moving does not blur.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import scipy.fft

from mrisr.errors import InputError

from .planes import as_planes


def moved(images: np.ndarray, shift: tuple[float, float]) -> np.ndarray:
    """Move the content of images [..., H, W] by a number of pixels along each axis, towards higher indices if positive.

    The image continues beyond its border as its mirror image. The precision stays that of the images.
    """
    for axis, pixels in zip((-2, -1), shift, strict=True):
        if pixels:
            images = _moved_along(np.moveaxis(images, axis, -1), pixels)
            images = np.moveaxis(images, -1, axis)
    return np.ascontiguousarray(images)


def _moved_along(images: np.ndarray, pixels: float) -> np.ndarray:
    n = images.shape[-1]
    mirrored = np.concatenate([images, images[..., ::-1]], axis=-1)
    ramp = np.exp(-1j * np.pi * np.arange(n + 1) * pixels / n)
    spectrum = scipy.fft.rfft(mirrored) * ramp.astype(np.result_type(images.dtype, np.complex64))
    return scipy.fft.irfft(spectrum, n=2 * n)[..., :n]


class Shifted:
    """A degradation whose result is displaced along both axes.

    The slice is moved before it is degraded, as if the samples had been taken beside their places. Noise is not
    interpolated. A degradation that does not look at the slice (``IS_GIVEN``) has its result moved instead.

    Parameters
    ----------
    operator : callable
        A degradation, see `mrisr.degradations.build`.
    shift : float
        Pixels of the slice.
    scale, grid
        Those of the degradation.

    Raises
    ------
    InputError
        The shift is no finite number.
    """

    def __init__(self, operator: Callable, shift: float, *, scale: int, grid: str):
        if isinstance(shift, bool) or not isinstance(shift, int | float) or not math.isfinite(shift):
            raise InputError(f"degradations: shift must be a finite number of pixels, not {shift!r}")
        self.operator, self.shift = operator, float(shift)
        self.of_result = self.shift / scale if grid == "low" else self.shift

    def __call__(self, images: np.ndarray, *, slice_ids: Sequence[str | int] | None = None) -> np.ndarray:
        """Degrade images [H, W], [C, H, W] or [N, C, H, W]; float32 of the same rank, not clipped."""
        as_planes(images)
        if getattr(self.operator, "IS_GIVEN", False):
            return moved(self.operator(images, slice_ids=slice_ids), (self.of_result, self.of_result))
        return self.operator(moved(np.asarray(images), (self.shift, self.shift)), slice_ids=slice_ids)
