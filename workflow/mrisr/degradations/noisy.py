"""Noise of an acquisition: another degradation, then complex noise before the magnitude (Gudbjartsson, MRM 34:910)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np

from mrisr import plugins
from mrisr.errors import InputError, require_integer
from mrisr.imaging.random import generator

from ._slices import each_slice

FOREGROUND = 0.1
"""Pixels above this fraction of the image's maximum count as signal."""


class Noisy:
    """Degrades, adds Gaussian noise to both channels of the complex image, and takes the magnitude: Rician noise.

    The noise differs from slice to slice. It depends only on the seed and the slice's name.

    Parameters
    ----------
    degradation : str or {"kind", "options"}
        What comes before the noise.
    snr : float
        Mean of the degraded image's foreground, divided by the noise's standard deviation in each channel. The
        foreground is all pixels above a tenth of the image's maximum.
    seed : int
        Seed of the noise.
    """

    PARTS = {"degradation": "degradations"}
    IS_RANDOM = True

    def __init__(
        self,
        *,
        scale: int,
        grid: Literal["same", "low"],
        degradation: str | dict = "truncation",
        snr: float = 20.0,
        seed: int = 0,
    ):
        if not (snr > 0 and math.isfinite(snr)):
            raise InputError(f"noisy: snr must be a positive number, not {snr!r}")
        require_integer("noisy: seed", seed, at_least=0)
        self.before = plugins.build_part("degradations", degradation, scale=scale, grid=grid)
        self.snr, self.seed = snr, seed

    def __call__(self, images: np.ndarray, *, slice_ids: Sequence[str | int] | None = None) -> np.ndarray:
        """Degrade images [H, W], [C, H, W] or [N, C, H, W]; float32 of the same rank, not clipped.

        ``slice_ids`` names the N images (one for the lower ranks); by default 0 to N - 1.
        """
        degraded = self.before(images, slice_ids=slice_ids).astype(np.float64)
        return each_slice(self._with_noise, degraded, slice_ids)

    def _with_noise(self, image: np.ndarray, name: str) -> np.ndarray:
        signal = image[image > FOREGROUND * image.max()]
        deviation = signal.mean() / self.snr if signal.size else 0.0
        real, imaginary = generator(self.seed, name).normal(0, deviation, (2, *image.shape))
        return np.hypot(image + real, imaginary)
