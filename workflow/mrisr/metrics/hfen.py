"""HFEN: high-frequency error norm, ||LoG(x^ - x)|| / ||LoG(x)|| (Ravishankar and Bresler, IEEE TMI 30:1028, 2011)."""

from __future__ import annotations

import functools

import numpy as np
import scipy.fft

from mrisr.errors import InputError

from ._image import values_inside

NEGLIGIBLE = 1e-12
"""Ratio of the norms of LoG(x) and x, up to which the edges of x are only rounding errors. A single float32 step in x
gives a far larger ratio."""


class HFEN:
    """Norm of the filtered error divided by the norm of the filtered reference; 0 for a perfect estimate.

    Norms are over all pixels and channels. The filter, a Laplacian of Gaussian, sums to zero, and images are mirrored
    beyond their border. NaN where the reference has no edges (a constant image).

    Parameters
    ----------
    sigma : float
        Standard deviation of the Gaussian in pixels; the training-bias authors' code uses 3.
    size : int
        Side of the square kernel in pixels, odd.
    masked : bool
        Compare inside the volume's mask only. Without a mask, the whole slice is inside.
    """

    LABEL = "HFEN"
    HIGHER_IS_BETTER = False
    RANGE = (0.0, None)

    def __init__(self, *, sigma: float = 1.5, size: int = 15, masked: bool = False):
        if not 0 < sigma < np.inf:
            raise InputError(f"hfen: sigma must be a positive number of pixels, not {sigma!r}")
        if not isinstance(size, int) or size < 3 or size % 2 == 0:
            raise InputError(f"hfen: size must be an odd number of pixels from 3 on, not {size!r}")
        self.sigma, self.size, self.masked = sigma, size, masked

    def __call__(self, reference: np.ndarray, estimate: np.ndarray, *, data_range: float = 1.0, mask=None) -> float:
        """HFEN of float64 images of equal shape; the data range has no influence.

        ``mask`` [H, W] says which pixels of the filtered images count.
        """
        edges = self._edge_norm(reference, mask)
        if edges <= NEGLIGIBLE * np.linalg.norm(reference):
            return np.nan
        return self._edge_norm(estimate - reference, mask) / edges

    def _edge_norm(self, images: np.ndarray, mask: np.ndarray | None) -> float:
        """||LoG(images)||. With mirrored borders the filter multiplies DCT coefficients, and the DCT keeps norms."""
        if not np.isfinite(images).all():
            return np.nan
        spectrum = scipy.fft.dctn(images, axes=(-2, -1), norm="ortho")
        filtered = spectrum * _transfer_function(images.shape[-2:], self.size, self.sigma)
        if mask is not None:
            filtered = values_inside(scipy.fft.idctn(filtered, axes=(-2, -1), norm="ortho"), mask)
        return float(np.linalg.norm(filtered))


@functools.lru_cache(maxsize=16)
def _transfer_function(shape: tuple[int, int], size: int, sigma: float) -> np.ndarray:
    """Factor of each DCT coefficient: sum over the kernel of h(i, j) cos(pi k i / H) cos(pi l j / W)."""
    offsets = np.arange(size) - size // 2
    rows, columns = (np.cos(np.pi * np.outer(np.arange(n), offsets) / n) for n in shape)
    return rows @ laplacian_of_gaussian(size, sigma) @ columns.T


def laplacian_of_gaussian(size: int, sigma: float) -> np.ndarray:
    """Zero-sum Laplacian of Gaussian [size, size], as MATLAB's ``fspecial('log', size, sigma)``."""
    square = (np.arange(size) - size // 2) ** 2.0
    radius = square[:, None] + square
    weights = np.exp(-radius / (2 * sigma**2))
    kernel = weights / weights.sum() * (radius - 2 * sigma**2) / sigma**4
    return kernel - kernel.mean()
