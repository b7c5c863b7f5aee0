"""Degradations of a stack of 720 x 512 slices, beside the obvious call of NumPy, SciPy or scikit-image.

The obvious call is what a reader would write in a loop over slices. On the low grid it takes every second pixel, which
shifts the image by half a pixel; ours does not. It is given single precision, as ours is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from mrisr import degradations
from scipy import ndimage
from skimage.transform import resize

from benchmarks.side_by_side import Row, compare

SLICES, HEIGHT, WIDTH = 8, 720, 512


def rows() -> Iterator[Row]:
    """One row a degradation and grid."""
    images = ndimage.gaussian_filter(np.random.default_rng(0).random((SLICES, HEIGHT, WIDTH), np.float32), (0, 2, 2))
    for (name, grid), obvious in OBVIOUS.items():
        operator = degradations.build(name, scale=2, grid=grid)
        yield compare(
            "degradations",
            f"{name}, {grid} grid",
            lambda operator=operator: operator(images[:, None]),
            lambda obvious=obvious: [obvious(image) for image in images],
            unit="slice",
            units=SLICES,
            target=3.0 if name in ("hanning", "hamming", "bicubic", "truncation") else 1.0,
        )


def _every_second(call: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
    return lambda image: call(image)[::2, ::2]


def _gaussian(image: np.ndarray) -> np.ndarray:
    return ndimage.gaussian_filter(image, 1.0, mode="wrap")


def _mean(image: np.ndarray) -> np.ndarray:
    return ndimage.uniform_filter(image, 3)


def _median(image: np.ndarray) -> np.ndarray:
    return ndimage.median_filter(image, 3)


def _windowed(window: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
    def degrade(image: np.ndarray) -> np.ndarray:
        axes = [np.abs(np.fft.fftfreq(n)) * 4 for n in image.shape]
        weights = np.outer(*(np.where(u <= 1, np.sqrt(window(np.minimum(u, 1))), 0) for u in axes))
        return np.abs(np.fft.ifft2(np.fft.fft2(image) * weights)).astype(np.float32)

    return degrade


def _cropped(image: np.ndarray) -> np.ndarray:
    height, width = image.shape
    centred = np.fft.fftshift(np.fft.fft2(image))
    kept = centred[height // 4 : height * 3 // 4, width // 4 : width * 3 // 4]
    return (np.abs(np.fft.ifft2(np.fft.ifftshift(kept))) / 4).astype(np.float32)


def _halved(image: np.ndarray) -> np.ndarray:
    return resize(image, (image.shape[0] // 2, image.shape[1] // 2), order=3, anti_aliasing=True)


HANN = _windowed(lambda u: 0.5 + 0.5 * np.cos(np.pi * u))
HAMMING = _windowed(lambda u: 0.54 + 0.46 * np.cos(np.pi * u))
OBVIOUS: dict[tuple[str, str], Callable[[np.ndarray], np.ndarray]] = {
    ("gaussian", "same"): _gaussian,
    ("gaussian", "low"): _every_second(_gaussian),
    ("mean", "same"): _mean,
    ("mean", "low"): _every_second(_mean),
    ("median", "same"): _median,
    ("median", "low"): _every_second(_median),
    ("hanning", "same"): HANN,
    ("hanning", "low"): _cropped,
    ("hamming", "same"): HAMMING,
    ("hamming", "low"): _cropped,
    ("truncation", "same"): _windowed(np.ones_like),
    ("truncation", "low"): _cropped,
    ("bicubic", "same"): lambda image: resize(_halved(image), image.shape, order=3),
    ("bicubic", "low"): _halved,
}
"""The crop of k-space has no window here: a window costs the obvious call a few per cent more."""
