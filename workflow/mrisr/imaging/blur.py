"""Kernels of anisotropic blurs."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np


def blur_kernel(sigma: Sequence[float], angle: float) -> np.ndarray:
    """A Gaussian of standard deviations ``sigma`` whose first axis is turned by ``angle`` degrees from array axis 0.

    The kernel is square, of odd size, float64. It reaches four standard deviations and sums to 1.
    """
    turn = math.radians(angle)
    axes = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    inverse = axes @ np.diag(1 / np.square(sigma)) @ axes.T
    reach = math.ceil(4 * max(sigma))
    places = np.stack(np.meshgrid(*[np.arange(-reach, reach + 1)] * 2, indexing="ij"))
    kernel = np.exp(-0.5 * np.einsum("iab,ij,jab->ab", places, inverse, places))
    return kernel / kernel.sum()
