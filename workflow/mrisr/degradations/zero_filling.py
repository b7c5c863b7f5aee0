"""Zero-filling: a Fermi window keeps the centre of k-space, the rest becomes zero (realistic-downsampling paper)."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import scipy.fft
from scipy.special import expit

from mrisr.errors import InputError
from mrisr.imaging import kspace

from ._operator import Operator


class ZeroFilling(Operator):
    """Keeps the central rectangle of k-space, times 1 / (1 + exp((r - cutoff) / width)) (Bernstein et al. 2001).

    r is the distance from the centre of k-space, each axis in units of the rectangle's half side. The window is divided
    by its value at the centre, so it is exactly 1 there. Beyond the rectangle k-space is zero. On the same grid k-space
    keeps its full size; on the low grid it is cropped to N / scale samples per axis.

    Parameters
    ----------
    area : float, optional
        Fraction of k-space in the rectangle. By default it is 1 / scale^2, which is all that the low grid can hold. The
        realistic-downsampling paper has 0.25 at scale 2.
    cutoff : float
        Radius of half amplitude, as a fraction of the rectangle's half side.
    width : float
        Width of the transition. The amplitude falls from 0.88 to 0.12 over four times this width.
    """

    LINEAR = True

    def __init__(
        self,
        *,
        scale: int,
        grid: Literal["same", "low"],
        area: float | None = None,
        cutoff: float = 0.9,
        width: float = 0.05,
    ):
        super().__init__(scale=scale, grid=grid)
        highest = 1 / scale**2 if grid == "low" else 1.0
        if area is not None and not 0 < area <= highest * (1 + 1e-9):
            raise InputError(
                f"zero_filling: area must be above 0 and at most {highest:.4g} on the {grid} grid at scale {scale}, "
                f"not {area!r}"
            )
        for name, value in (("cutoff", cutoff), ("width", width)):
            if not (math.isfinite(value) and value > 0):
                raise InputError(f"zero_filling: {name} must be a positive number, not {value!r}")
        self.kept = 1 / scale if area is None else math.sqrt(area)
        self.cutoff, self.width = cutoff, width

    def _degrade(self, planes: np.ndarray) -> np.ndarray:
        shape = planes.shape[-2:]
        filtered = scipy.fft.irfft2(scipy.fft.rfft2(planes) * self._window(*shape), s=shape)
        if self.grid == "same":
            return filtered
        return kspace.low_pass(filtered, (_everything, _everything), crop=self.scale)

    def _window(self, height: int, width: int) -> np.ndarray:
        """Amplitude at the frequencies of the real transform of [height, width]."""
        # In units of the rectangle's half side, kept * N / 2 samples from the centre.
        rows = np.abs(scipy.fft.fftfreq(height))[:, None] * 2 / self.kept
        columns = scipy.fft.rfftfreq(width) * 2 / self.kept
        # As for Hanning and Hamming, lines on the edge belong to the rectangle. The tolerance allows for rounding.
        inside = np.maximum(rows, columns) <= 1 + 1e-9
        distance = np.hypot(rows, columns)
        window = inside * expit((self.cutoff - distance) / self.width)
        return window / window[0, 0]


def _everything(k: np.ndarray, n: int) -> np.ndarray:
    """A response of 1 everywhere, for a crop of k-space without a filter."""
    return np.ones(len(k))
