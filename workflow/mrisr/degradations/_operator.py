"""Base classes of degradations. They limit the working memory and sample the low grid."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from mrisr.imaging.planes import as_planes, require_whole_blocks
from mrisr.imaging.resampling import at_block_centres

CHUNK_PIXELS = 2**18
"""Pixels that are degraded at once, 1 MB. They stay in the processor's cache, and memory is bounded."""


class Operator(ABC):
    """A degradation that treats each plane by itself. A subclass adds the formula.

    A subclass defines ``_degrade``: float32 planes [P, H, W] -> [P, H, W] under ``same``, [P, H/s, W/s] under ``low``.

    Attributes
    ----------
    LINEAR : bool
        True if the operator is linear.
    WHOLE_BLOCKS : bool
        True if H and W must be multiples of the scale on the same grid too. On the low grid they always must.
    """

    LINEAR = False
    WHOLE_BLOCKS = False

    def __init__(self, *, scale: int, grid: str):
        self.scale, self.grid = scale, grid

    def __call__(self, images: np.ndarray, *, slice_ids: Sequence[str | int] | None = None) -> np.ndarray:
        """Degrade images [H, W], [C, H, W] or [N, C, H, W]; float32 of the same rank, not clipped.

        ``slice_ids`` names the N images. The degradation of an image does not depend on its name here.
        """
        planes = as_planes(images)
        if self.WHOLE_BLOCKS or self.grid == "low":
            require_whole_blocks(planes, self.scale)
        chunk = max(1, CHUNK_PIXELS // planes[0].size)
        degraded = [
            self._degrade(planes[start : start + chunk].astype(np.float32)).astype(np.float32, copy=False)
            for start in range(0, len(planes), chunk)
        ]
        return np.concatenate(degraded).reshape(*np.shape(images)[:-2], *degraded[0].shape[-2:])

    @abstractmethod
    def _degrade(self, planes: np.ndarray) -> np.ndarray:
        """The formula of the degradation."""


class Filter(Operator):
    """A degradation that is an image filter. On the low grid its result is sampled at block centres.

    A subclass defines ``_filter``: float32 planes [P, H, W] -> [P, H, W].
    """

    def _degrade(self, planes: np.ndarray) -> np.ndarray:
        filtered = self._filter(planes)
        return at_block_centres(filtered, self.scale) if self.grid == "low" else filtered

    @abstractmethod
    def _filter(self, planes: np.ndarray) -> np.ndarray:
        """The formula of the filter."""
