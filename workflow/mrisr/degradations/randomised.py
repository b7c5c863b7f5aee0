"""Randomised: a random chain of MRI degradations for every slice (after BSRGAN, Zhang et al., ICCV 2021)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from scipy import ndimage

from mrisr.errors import InputError, require_integer, require_not_negative
from mrisr.imaging import kspace
from mrisr.imaging.blur import blur_kernel
from mrisr.imaging.planes import as_planes, require_whole_blocks
from mrisr.imaging.random import generator
from mrisr.imaging.resampling import at_block_centres, resample

from ._slices import each_slice

WINDOWS = (kspace.rectangle(1.0), kspace.hann, kspace.hamming)
"""Windows of the kept part of k-space. The rectangle causes ringing."""
ISOTROPIC = 0.5
"""Probability that a blur has the same width along both axes."""
LEAST_RATIO = 0.4
"""Least ratio of the widths of an anisotropic blur."""
LEFT_OUT = 0.25
"""Probability that a chain leaves a step out."""


class Randomised:
    """Applies a blur, a k-space window and Rician noise in random order and strength, once or twice, and then samples.

    BSRGAN and Real-ESRGAN do this for photographs; here the operators are those of MRI. Random are the blur (isotropic,
    or anisotropic at an angle), the kept part of k-space and its window, the noise, the order, the number of passes,
    and the sampling of the low grid (block centres, block means or bicubic). They depend only on the seed and the
    slice's name.

    Parameters
    ----------
    sigma : (float, float)
        Range of the blur's standard deviation, pixels of the slice; uniform.
    kept : (float, float)
        Range of the kept part of each k-space axis, as a multiple of 1/scale; uniform. At most the whole axis is kept.
    noise : (float, float)
        Range of the noise's standard deviation in each channel of the complex image; uniform.
    twice : float
        Probability of a second pass, with widths and noise halved.
    seed : int
        Seed of all draws.
    """

    IS_RANDOM = True

    def __init__(
        self,
        *,
        scale: int,
        grid: Literal["same", "low"],
        sigma: tuple[float, float] = (0.3, 2.0),
        kept: tuple[float, float] = (0.8, 1.6),
        noise: tuple[float, float] = (0.0, 0.02),
        twice: float = 0.5,
        seed: int = 0,
    ):
        for name, (least, most) in {"sigma": sigma, "kept": kept, "noise": noise}.items():
            require_not_negative("randomised", {name: least})
            if not least <= most < np.inf or (name == "kept" and least == 0):
                raise InputError(f"randomised: {name} must be [least, most], not [{least!r}, {most!r}]")
        if not 0 <= twice <= 1:
            raise InputError(f"randomised: twice must be a probability, not {twice!r}")
        require_integer("randomised: seed", seed, at_least=0)
        self.scale, self.grid, self.seed = scale, grid, seed
        self.sigma, self.kept, self.noise, self.twice = sigma, kept, noise, twice

    def __call__(self, images: np.ndarray, *, slice_ids: Sequence[str | int] | None = None) -> np.ndarray:
        """Degrade images [H, W], [C, H, W] or [N, C, H, W]; float32 of the same rank, not clipped.

        ``slice_ids`` names the N images (one for the lower ranks); by default 0 to N - 1.
        """
        as_planes(images)
        images = np.asarray(images)
        if self.grid == "low":
            require_whole_blocks(images, self.scale)
        return each_slice(self._degrade, images, slice_ids)

    def _degrade(self, image: np.ndarray, name: str) -> np.ndarray:
        """One slice [C, H, W]."""
        draw = generator(self.seed, name)
        image = image.astype(np.float64)
        passes = 1 + (draw.random() < self.twice)
        for strength in (1.0, 0.5)[:passes]:
            for step in draw.permutation(3):
                if draw.random() >= LEFT_OUT:
                    image = (self._blurred, self._windowed, self._noised)[step](image, draw, strength)
        return self._sampled(image, draw) if self.grid == "low" else image

    def _blurred(self, image: np.ndarray, draw: np.random.Generator, strength: float) -> np.ndarray:
        width, angle = strength * draw.uniform(*self.sigma), draw.uniform(0, 180)
        ratio = 1.0 if draw.random() < ISOTROPIC else draw.uniform(LEAST_RATIO, 1)
        if width == 0:
            return image
        kernel = blur_kernel((width, ratio * width), angle)
        return np.stack([ndimage.convolve(channel, kernel, mode="reflect") for channel in image])

    def _windowed(self, image: np.ndarray, draw: np.random.Generator, strength: float) -> np.ndarray:
        kept = min(draw.uniform(*self.kept) / self.scale, 1.0)
        window: Callable[[np.ndarray], np.ndarray] = WINDOWS[draw.integers(len(WINDOWS))]
        response = kspace.central_band(window, scale=1 / kept, root=False)
        return np.abs(kspace.low_pass(image, (response, response)))

    def _noised(self, image: np.ndarray, draw: np.random.Generator, strength: float) -> np.ndarray:
        deviation = strength * draw.uniform(*self.noise)
        real, imaginary = draw.normal(0, deviation, (2, *image.shape))
        return np.hypot(image + real, imaginary) if deviation else image

    def _sampled(self, image: np.ndarray, draw: np.random.Generator) -> np.ndarray:
        way = draw.integers(3)
        if way == 0:
            return at_block_centres(image, self.scale)
        channels, height, width = image.shape
        if way == 1:
            blocks = image.reshape(channels, height // self.scale, self.scale, width // self.scale, self.scale)
            return blocks.mean(axis=(2, 4))
        return resample(image, (height // self.scale, width // self.scale))
