"""Generalised Gaussian distributions fitted by their moments, symmetric and asymmetric.

Shapes are read off a table, as in the published code of BRISQUE's authors: 2 is a normal, 1 a Laplace distribution.
Moment matching: Sharifi and Leon-Garcia, IEEE TCSVT 5:52, 1995; with two sides: Lasmar et al., ICIP 2009.
"""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln

SHAPES = 0.2 + 0.001 * np.arange(9801)
"""Shapes that a fit can have, 0.2 to 10."""
RATIOS = np.exp(2 * gammaln(2 / SHAPES) - gammaln(1 / SHAPES) - gammaln(3 / SHAPES))
"""E|x|^2 / E[x^2] of a symmetric distribution of each shape, ascending."""


def fit_ggd(values: np.ndarray) -> tuple[float, float]:
    """Shape and variance of a zero-mean generalised Gaussian distribution; NaN if all values are zero."""
    variance, magnitude = np.mean(values**2), np.mean(np.abs(values))
    if not magnitude > 0:
        return np.nan, np.nan
    shape = SHAPES[np.argmin(np.abs(1 / RATIOS - variance / magnitude**2))]
    return float(shape), float(variance)


def fit_aggd(values: np.ndarray) -> tuple[float, float, float, float]:
    """Shape, mean, left and right variance of an asymmetric distribution with its mode at zero.

    The variances are mean squares of the negative and of the positive values. Without either, the result is NaN.
    """
    negative, positive = values[values < 0], values[values > 0]
    if not (negative.size and positive.size):
        return np.nan, np.nan, np.nan, np.nan
    left, right = np.mean(negative**2), np.mean(positive**2)
    skew = np.sqrt(left / right)
    ratio = np.mean(np.abs(values)) ** 2 / np.mean(values**2)
    symmetric = ratio * (skew**3 + 1) * (skew + 1) / (skew**2 + 1) ** 2
    shape = SHAPES[np.argmin(np.abs(RATIOS - symmetric))]
    spread = np.exp(gammaln(2 / shape) - (gammaln(1 / shape) + gammaln(3 / shape)) / 2)
    return float(shape), float((np.sqrt(right) - np.sqrt(left)) * spread), float(left), float(right)
