"""Nearest neighbour: every pixel becomes a block."""

from __future__ import annotations

import numpy as np

from ._enlargement import Enlargement


class Nearest(Enlargement):
    """Each pixel repeated scale times along both axes."""

    GRIDS = ("low",)

    def __init__(self, *, scale: int):
        super().__init__(scale=scale)

    def _enlarge(self, plane: np.ndarray) -> np.ndarray:
        return plane.repeat(self.scale, 0).repeat(self.scale, 1)
