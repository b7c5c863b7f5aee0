"""LRTV: low rank and total variation beside data fidelity (Shi et al., IEEE TMI 34:2459, 2015)."""

from __future__ import annotations

from typing import Literal

import numpy as np

from mrisr.errors import InputError

from ._enlargement import Enlargement, Observation, spline

RANGE = 255.0
"""Intensities are scaled to this range, for which the weights are meant."""
PENALTY, GROWTH = 0.1, 1.05
"""Initial weight of the distance between the image and its low-rank copy, and its factor per iteration."""
STEPS = 10
"""Gradient steps of the image between two low-rank steps."""
SMOOTHING = 1.0
"""Total variation is computed as sqrt(gradient^2 + SMOOTHING^2), which is differentiable everywhere."""


class LRTV(Enlargement):
    """Minimises |observation(x) - y|^2 + tv * TV(x) + rank * (sum of the singular values of x), slice by slice.

    The method alternates: gradient steps for the image, smaller singular values for its low-rank copy, and an update of
    the multiplier that makes both equal.

    Parameters
    ----------
    observation : {"box", "bicubic"}
        The assumed degradation of the input, see `mrisr.baselines._enlargement.Observation`.
    tv, rank : float
        Weights of total variation and of the sum of singular values, for intensities in 0 to 255.
    iterations : int
        Number of low-rank steps.
    """

    GRIDS = ("low",)

    def __init__(
        self,
        *,
        scale: int,
        observation: Literal["box", "bicubic"] = "box",
        tv: float = 0.01,
        rank: float = 0.01,
        iterations: int = 60,
    ):
        super().__init__(scale=scale)
        if min(tv, rank) < 0 or iterations < 1:
            raise InputError("lrtv: tv and rank must be 0 or more, and iterations 1 or more")
        self.observation, self.tv, self.rank, self.iterations = observation, tv, rank, iterations

    def _enlarge(self, plane: np.ndarray) -> np.ndarray:
        low = plane * RANGE
        observe = Observation(self.observation, low.shape, self.scale)
        image = spline(low, self.scale, order=3)
        copy, multiplier, penalty = image, np.zeros_like(image), PENALTY
        norm = 2 * (np.linalg.norm(observe.rows, 2) * np.linalg.norm(observe.columns, 2)) ** 2
        for _ in range(self.iterations):
            # The step is the inverse of the largest curvature, so it never makes the objective larger.
            step = 1 / (norm + penalty + 8 * self.tv / SMOOTHING)
            for _ in range(STEPS):
                gradient = 2 * observe.adjoint(observe(image) - low) + penalty * (image - copy + multiplier)
                image = image - step * (gradient - self.tv * _curvature(image))
            copy = _shrunken(image + multiplier, self.rank / penalty)
            multiplier = multiplier + image - copy
            penalty *= GROWTH
        return image / RANGE


def _curvature(image: np.ndarray) -> np.ndarray:
    """Divergence of the normalised gradient: the negative gradient of the total variation."""
    down, right = (np.diff(image, axis=axis, append=np.take(image, [-1], axis)) for axis in (0, 1))
    length = np.sqrt(down**2 + right**2 + SMOOTHING**2)
    down, right = down / length, right / length
    return sum(np.diff(part, axis=axis, prepend=0) for axis, part in ((0, down), (1, right)))


def _shrunken(image: np.ndarray, threshold: float) -> np.ndarray:
    """The image with all singular values reduced by the threshold, but not below zero."""
    left, values, right = np.linalg.svd(image, full_matrices=False)
    return left * np.maximum(values - threshold, 0) @ right
