"""The classes of distortion on which the realistic-downsampling paper trains BRISQUE.

The paper does not give their strengths; the three strengths of each are chosen here. Images are [..., H, W] in [0, 1]
and are clipped to that range afterwards, as stored images are.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.fft
from scipy import ndimage

from mrisr.imaging.resampling import resample

BLOCK = 8
"""Side of the blocks of the DCT compression in pixels, as in JPEG."""


def low_resolution(image: np.ndarray, factor: float, random: np.random.Generator) -> np.ndarray:
    """Downsample by the factor with an anti-aliased cubic, and upsample again by a cubic."""
    height, width = image.shape[-2:]
    return resample(resample(image, (round(height / factor), round(width / factor))), (height, width))


def gaussian_blur(image: np.ndarray, sigma: float, random: np.random.Generator) -> np.ndarray:
    """Blur by a Gaussian of ``sigma`` pixels, with the edge pixel repeated beyond the border."""
    return ndimage.gaussian_filter(image, sigma, mode="nearest", axes=(-2, -1))


def gaussian_noise(image: np.ndarray, sigma: float, random: np.random.Generator) -> np.ndarray:
    """Add independent normal noise with the standard deviation ``sigma``."""
    return image + sigma * random.standard_normal(image.shape)


def rician_noise(image: np.ndarray, sigma: float, random: np.random.Generator) -> np.ndarray:
    """Magnitude of the image with normal noise of ``sigma`` in its real and in its imaginary part."""
    real, imaginary = sigma * random.standard_normal((2, *image.shape))
    return np.hypot(image + real, imaginary)


def dct_compression(image: np.ndarray, step: float, random: np.random.Generator) -> np.ndarray:
    """Round the coefficients of each block's orthonormal DCT to multiples of ``step``."""
    height, width = image.shape[-2:]
    beyond = [(0, 0)] * (image.ndim - 2) + [(0, -height % BLOCK), (0, -width % BLOCK)]
    padded = np.pad(image, beyond, mode="edge")
    rows, columns = (side // BLOCK for side in padded.shape[-2:])
    blocks = padded.reshape(*image.shape[:-2], rows, BLOCK, columns, BLOCK)
    coefficients = scipy.fft.dctn(blocks, axes=(-3, -1), norm="ortho")
    blocks = scipy.fft.idctn(step * np.round(coefficients / step), axes=(-3, -1), norm="ortho")
    return blocks.reshape(padded.shape)[..., :height, :width]


Distortion = Callable[[np.ndarray, float, np.random.Generator], np.ndarray]
STRENGTHS: dict[str, tuple[Distortion, tuple[float, ...]]] = {
    "low_resolution": (low_resolution, (2.0, 3.0, 4.0)),
    "gaussian_blur": (gaussian_blur, (0.8, 1.6, 3.2)),
    "gaussian_noise": (gaussian_noise, (0.02, 0.05, 0.1)),
    "rician_noise": (rician_noise, (0.02, 0.05, 0.1)),
    "dct_compression": (dct_compression, (0.1, 0.3, 0.6)),
}
"""Each class and its strengths, mild to severe: factor, pixels, and fractions of white."""


def distorted(image: np.ndarray, name: str, strength: float, random: np.random.Generator) -> np.ndarray:
    """An image [..., H, W] in [0, 1] with one of `STRENGTHS`, float64 of the same shape and range."""
    return np.clip(STRENGTHS[name][0](np.asarray(image, np.float64), strength, random), 0, 1)
