"""Hidden: simulates a real low-resolution scan in a way that estimators do not know (realistic-downsampling)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from scipy import ndimage

from mrisr.errors import InputError, require_integer, require_not_negative
from mrisr.imaging.blur import blur_kernel
from mrisr.imaging.denoise import denoise as denoised
from mrisr.imaging.planes import as_planes, require_whole_blocks
from mrisr.imaging.random import generator
from mrisr.imaging.resampling import at_block_centres

from ._slices import each_slice


class Hidden:
    """Changes the contrast, displaces smoothly, blurs obliquely, samples, and adds Rician noise, in this order.

    Displacement, contrast and noise differ from slice to slice. They depend only on the seed and the slice's name.
    Without them a method that is trained by a pixel loss would have an easier task than with two real scans. The
    defaults are typical of two scans of one session after registration and denoising.

    Parameters
    ----------
    sigma : (float, float)
        Standard deviations of the Gaussian blur along its two axes, pixels of the high-resolution slice.
    angle : float
        Angle of the blur's axes in degrees. At 0 the first axis runs down the columns.
    displacement : float
        Root mean square of each component of the displacement, pixels of the high-resolution slice.
    smoothness : float
        Standard deviation of the Gaussian that makes the displacement smooth, pixels.
    contrast : float
        Standard deviation of the logarithm of the exponent that values are raised to.
    noise : float
        Standard deviation of the noise in each of the two channels of the complex image.
    seed : int
        Seed of displacement, contrast and noise.
    denoise : bool
        Denoise the result by non-local means, as real scans are denoised. Only an image with noise is.
    """

    STANDS_IN = True
    """It replaces real low-resolution scans. Every table of its test sets says so."""

    def __init__(
        self,
        *,
        scale: int,
        grid: Literal["same", "low"],
        sigma: tuple[float, float] = (2.0, 1.0),
        angle: float = 30.0,
        displacement: float = 0.25,
        smoothness: float = 16.0,
        contrast: float = 0.05,
        noise: float = 0.005,
        seed: int = 0,
        denoise: bool = False,
    ):
        values = {"displacement": displacement, "smoothness": smoothness, "contrast": contrast, "noise": noise}
        require_not_negative("hidden", values)
        if not all(math.isfinite(s) and s > 0 for s in sigma):
            raise InputError(f"hidden: sigma must be two numbers above 0, not {sigma!r}")
        if not math.isfinite(angle):
            raise InputError(f"hidden: angle must be a number of degrees, not {angle!r}")
        require_integer("hidden: seed", seed, at_least=0)
        self.scale, self.grid, self.seed = scale, grid, seed
        self.displacement, self.smoothness, self.contrast, self.noise = values.values()
        self.kernel, self.denoise = blur_kernel(sigma, angle), denoise

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
        """One slice [C, H, W], float64."""
        draw = generator(self.seed, name, bytes_a_word=1)
        changed = np.clip(image.astype(np.float64), 0, None) ** math.exp(self.contrast * draw.standard_normal())
        field = self._field(draw, image.shape[1:])
        moved = [self._displaced(channel, field) for channel in changed]
        blurred = np.stack([ndimage.convolve(channel, self.kernel, mode="reflect") for channel in moved])
        if self.grid == "low":
            blurred = at_block_centres(blurred, self.scale)
        real, imaginary = draw.normal(0, self.noise, (2, *blurred.shape)) if self.noise else (0.0, 0.0)
        if not self.noise:
            return blurred
        noisy = np.hypot(blurred + real, imaginary)
        return denoised(noisy) if self.denoise else noisy

    def _field(self, draw: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """Displacement [2, H, W] in pixels."""
        field = draw.standard_normal((2, *shape))
        field = np.stack([ndimage.gaussian_filter(part, self.smoothness, mode="reflect") for part in field])
        size = np.sqrt((field**2).mean(axis=(1, 2), keepdims=True))
        return self.displacement * field / np.where(size > 0, size, 1)

    def _displaced(self, channel: np.ndarray, field: np.ndarray) -> np.ndarray:
        if self.displacement == 0:
            return channel
        places = np.indices(channel.shape) + field
        return ndimage.map_coordinates(channel, places, order=3, mode="mirror")
