"""NMU and LRTV on block means of a slice, beside straight formulations in NumPy.

The straight formulations follow the same equations with the same numbers of iterations. They are what a reader of the
papers would write: sums over shifted copies, block means by reshaping, one step after another. Both ways give the same
estimate.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from mrisr import baselines
from scipy import ndimage

from benchmarks.side_by_side import Row, compare

SIDE, SCALE = 252, 2
AGREEMENT = 1e-6
"""Largest difference of both ways, for intensities in [0, 1]."""


def rows() -> Iterator[Row]:
    """One row a method."""
    random = ndimage.gaussian_filter(np.random.default_rng(0).random((SIDE, SIDE)), 3)
    image = np.clip((random - random.min()) / np.ptp(random) * (random > np.median(random)), 0, 1)
    low = _block_means(image).astype(np.float32)
    for name, straight in (("nmu", straight_nmu), ("lrtv", straight_lrtv)):
        method = baselines.build(name, scale=SCALE)
        difference = np.abs(method(low) - straight(low.astype(np.float64))).max()
        if difference > AGREEMENT:
            raise AssertionError(f"{name}: both ways differ by {difference:.2g}")
        yield compare(
            "baselines",
            f"{name} of {SIDE // SCALE} x {SIDE // SCALE} pixels",
            lambda method=method: method(low),
            lambda straight=straight: straight(low.astype(np.float64)),
            unit="slice",
            units=1,
            target=1.0,
        )


def _block_means(image: np.ndarray) -> np.ndarray:
    height, width = (side // SCALE for side in image.shape)
    return image.reshape(height, SCALE, width, SCALE).mean(axis=(1, 3))


def _blocks(image: np.ndarray) -> np.ndarray:
    return image.repeat(SCALE, 0).repeat(SCALE, 1)


def _spline(low: np.ndarray) -> np.ndarray:
    return ndimage.zoom(low, SCALE, order=3, mode="reflect", grid_mode=True)


def _window_mean(image: np.ndarray) -> np.ndarray:
    """Mean over 3 x 3 pixels as a sum of shifted copies."""
    padded = np.pad(image, 1, mode="symmetric")
    height, width = image.shape
    return sum(padded[i : i + height, j : j + width] for i in range(3) for j in range(3)) / 9


def straight_nmu(low: np.ndarray) -> np.ndarray:
    """Manjon et al. on a slice [h, w] in [0, 1], at scale 2, with the defaults of the baseline."""
    factor = 256 / low.max()
    low = low * factor
    estimate = _spline(low)
    estimate = estimate + _blocks(low - _block_means(estimate))
    variance = np.maximum(_window_mean(estimate**2) - _window_mean(estimate) ** 2, 0)
    strength, before = np.sqrt(variance) / 2, np.inf
    height, width = estimate.shape
    for _ in range(40):
        padded = np.pad(estimate, 3, mode="symmetric")
        total, weights = np.zeros_like(estimate), np.zeros_like(estimate)
        for i in range(7):
            for j in range(7):
                other = padded[i : i + height, j : j + width]
                weight = np.exp(-_window_mean((estimate - other) ** 2) / np.maximum(strength**2, 1e-12))
                total += weight * other
                weights += weight
        filtered = total / weights
        filtered = filtered + _blocks(low - _block_means(filtered))
        change = np.abs(filtered - estimate).mean()
        estimate = filtered
        if change <= 1e-3:
            break
        if before / change < 1.2:
            strength = strength / 2
        before = change
    return estimate / factor


def straight_lrtv(low: np.ndarray) -> np.ndarray:
    """Shi et al. on a slice [h, w] in [0, 1], at scale 2, with the defaults of the baseline."""
    low = low * 255
    image = _spline(low)
    copy, multiplier, penalty = image, np.zeros_like(image), 0.1
    for _ in range(60):
        step = 1 / (2 / SCALE**2 + penalty + 8 * 0.01)
        for _ in range(10):
            down = np.diff(image, axis=0, append=image[-1:])
            right = np.diff(image, axis=1, append=image[:, -1:])
            length = np.sqrt(down**2 + right**2 + 1)
            curvature = np.diff(down / length, axis=0, prepend=0) + np.diff(right / length, axis=1, prepend=0)
            gradient = 2 * _blocks(_block_means(image) - low) / SCALE**2 + penalty * (image - copy + multiplier)
            image = image - step * (gradient - 0.01 * curvature)
        left, values, right = np.linalg.svd(image + multiplier, full_matrices=False)
        copy = left @ np.diag(np.maximum(values - 0.01 / penalty, 0)) @ right
        multiplier = multiplier + image - copy
        penalty *= 1.05
    return image / 255
