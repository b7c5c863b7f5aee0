"""Base class of the baselines that enlarge images, and models of how low-resolution pixels are formed."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from scipy import ndimage

from mrisr.errors import InputError
from mrisr.imaging.planes import as_planes
from mrisr.imaging.resampling import resampling_matrix

OBSERVATIONS = ("box", "bicubic")


class Enlargement(ABC):
    """A baseline of the low grid that enlarges each axis ``scale`` times. At scale 1 the image does not change."""

    def __init__(self, *, scale: int):
        self.scale = scale

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Images [h, w], [C, h, w] or [N, C, h, w] as float32 on the high-resolution grid."""
        planes = as_planes(images)
        height, width = (self.scale * side for side in planes.shape[-2:])
        if self.scale == 1:
            estimates = planes.astype(np.float32)
        else:
            flat = planes.reshape(-1, *planes.shape[-2:]).astype(np.float64)
            estimates = np.stack([self._enlarge(plane) for plane in flat]).astype(np.float32)
        return estimates.reshape(*np.shape(images)[:-2], height, width)

    @abstractmethod
    def _enlarge(self, plane: np.ndarray) -> np.ndarray:
        """One image [h, w] as float64 -> [scale * h, scale * w]."""


class Observation:
    """A linear model of how the low-resolution image y is formed from the high-resolution image x: y = R x C^T.

    Parameters
    ----------
    kind : {"box", "bicubic"}
        Mean over the scale x scale block of a pixel, or anti-aliased cubic resampling (Keys, a = -0.5).
    shape : (int, int)
        Sides of the low image.
    scale : int
        Factor between the grids.
    """

    def __init__(self, kind: str, shape: tuple[int, int], scale: int):
        if kind not in OBSERVATIONS:
            raise InputError(f"baselines: observation must be one of {', '.join(OBSERVATIONS)}, not {kind!r}")
        self.is_box, self.scale = kind == "box", scale
        if not self.is_box:
            self.rows, self.columns = (resampling_matrix(side * scale, side) for side in shape)

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """[H, W] -> [h, w]."""
        if self.is_box:
            scale = self.scale
            return sum(image[row::scale, column::scale] for row in range(scale) for column in range(scale)) / scale**2
        return self.rows @ image @ self.columns.T

    def adjoint(self, image: np.ndarray) -> np.ndarray:
        """[h, w] -> [H, W], the transpose."""
        if self.is_box:
            return (image / self.scale**2).repeat(self.scale, 0).repeat(self.scale, 1)
        return self.rows.T @ image @ self.columns

    @property
    def norm(self) -> float:
        """Largest singular value of the model."""
        if self.is_box:
            return 1 / self.scale
        return float(np.linalg.norm(self.rows, 2) * np.linalg.norm(self.columns, 2))


def spline(plane: np.ndarray, scale: int, order: int) -> np.ndarray:
    """Spline interpolation of an image [h, w] that mirrors at its edges; block centres stay where they are."""
    return ndimage.zoom(plane, scale, order=order, mode="reflect", grid_mode=True)
