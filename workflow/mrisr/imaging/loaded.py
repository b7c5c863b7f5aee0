"""A volume in memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class LoadedVolume:
    """A volume: ``array`` float32 [X, Y, Z] or [X, Y, Z, 3], in the file's units and its axes as stored.

    ``affine`` [4, 4] maps voxel indices to RAS+ world coordinates in mm. ``files`` are the files it was read from.
    ``notes`` say what reading changed, if anything.
    """

    array: np.ndarray
    affine: np.ndarray
    files: tuple[Path, ...]
    notes: tuple[str, ...] = ()

    @property
    def spacing(self) -> np.ndarray:
        """Distance of neighbouring voxels along each axis, [3], mm."""
        return np.sqrt((self.affine[:3, :3] ** 2).sum(axis=0))
