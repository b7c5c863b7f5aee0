"""Lanczos interpolation: a sinc inside a sinc window (Duchon, J. Appl. Meteorol. 18:1016, 1979)."""

from __future__ import annotations

import numpy as np

from mrisr.errors import InputError

from ._enlargement import Enlargement


class Lanczos(Enlargement):
    """Weights sinc(x) sinc(x / lobes) for |x| < lobes, normalised to sum 1; mirrored at the edges.

    Parameters
    ----------
    lobes : int
        Lobes of the kernel on each side, pixels of the low grid.
    """

    GRIDS = ("low",)

    def __init__(self, *, scale: int, lobes: int = 3):
        super().__init__(scale=scale)
        if lobes < 1:
            raise InputError(f"lanczos: lobes must be 1 or more, not {lobes}")
        self.lobes = lobes

    def _enlarge(self, plane: np.ndarray) -> np.ndarray:
        return self._matrix(plane.shape[0]) @ plane @ self._matrix(plane.shape[1]).T

    def _matrix(self, side: int) -> np.ndarray:
        """Weights [scale * side, side] of one axis."""
        centres = (np.arange(side * self.scale) + 0.5) / self.scale - 0.5
        taps = np.floor(centres).astype(int)[:, None] + np.arange(1 - self.lobes, self.lobes + 1)
        offsets = centres[:, None] - taps
        weights = np.where(np.abs(offsets) < self.lobes, np.sinc(offsets) * np.sinc(offsets / self.lobes), 0)
        weights /= weights.sum(axis=1, keepdims=True)
        mirrored = taps % (2 * side)
        matrix = np.zeros((side * self.scale, side))
        np.add.at(matrix, (np.arange(len(matrix))[:, None], np.minimum(mirrored, 2 * side - 1 - mirrored)), weights)
        return matrix
