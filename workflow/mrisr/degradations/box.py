"""Box: the mean over each scale-by-scale block, the degradation that LRTV and NMU assume (robust-residual)."""

from __future__ import annotations

from typing import Literal

import numpy as np

from ._operator import Operator


class Box(Operator):
    """Mean over blocks. On the same grid every pixel of a block gets the block's mean. Nothing shifts."""

    LINEAR = True
    WHOLE_BLOCKS = True

    def __init__(self, *, scale: int, grid: Literal["same", "low"]):
        super().__init__(scale=scale, grid=grid)

    def _degrade(self, planes: np.ndarray) -> np.ndarray:
        count, height, width = planes.shape
        step = self.scale
        means = planes.reshape(count, height // step, step, width // step, step).mean(axis=(2, 4))
        return means if self.grid == "low" else means.repeat(step, 1).repeat(step, 2)
