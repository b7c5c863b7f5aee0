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
        norm = 2 * observe.norm**2
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
    down, right = np.zeros_like(image), np.zeros_like(image)
    np.subtract(image[1:], image[:-1], out=down[:-1])
    np.subtract(image[:, 1:], image[:, :-1], out=right[:, :-1])
    length = down**2
    length += right**2
    length += SMOOTHING**2
    np.sqrt(length, out=length)
    down /= length
    right /= length
    divergence = down + right
    divergence[1:] -= down[:-1]
    divergence[:, 1:] -= right[:, :-1]
    return divergence


def _shrunken(image: np.ndarray, threshold: float) -> np.ndarray:
    """The image with all singular values reduced by the threshold, but not below zero.

    They are the roots of the eigenvalues of the image's smaller Gram matrix, which take less time to find.
    """
    if image.shape[0] < image.shape[1]:
        return _shrunken(image.T, threshold).T
    squares, vectors = np.linalg.eigh(image.T @ image)
    values = np.sqrt(np.maximum(squares, 0))
    kept = np.divide(np.maximum(values - threshold, 0), values, out=np.zeros_like(values), where=values > 0)
    return image @ ((vectors * kept) @ vectors.T)
