"""NMU: non-local upsampling, where similar patches correct each other (Manjon et al., MedIA 14:784, 2010)."""

from __future__ import annotations

import numpy as np

from mrisr.errors import InputError

from ._enlargement import Enlargement, Observation, spline

MAXIMUM = 256.0
"""Intensities are scaled to this maximum, for which the constants below are meant."""
SLOW = 1.2
"""If an iteration's change is not smaller than the last one by this factor, the filter's strength is halved."""
LEAST_CHANGE = 1e-3
"""Mean change of a pixel at which the iteration ends."""
TINY = 1e-12


class NMU(Enlargement):
    """Starts with a cubic spline. Each iteration takes weighted means of similar patches and corrects the block means.

    A weight is exp(-d / h^2). d is the mean squared difference of two patches, and h half the local standard deviation
    of the first estimate. h is halved if an iteration's change is not clearly smaller than that of the one before. The
    correction makes the block means of the estimate equal to the input.

    Parameters
    ----------
    search, patch : int
        Radius of the window that is searched for similar patches, and radius of a patch, pixels of the high grid.
    iterations : int
        Greatest number of iterations.
    """

    GRIDS = ("low",)

    def __init__(self, *, scale: int, search: int = 3, patch: int = 1, iterations: int = 40):
        super().__init__(scale=scale)
        if min(search, patch, iterations) < 1:
            raise InputError("nmu: search, patch and iterations must be 1 or more")
        self.search, self.patch, self.iterations = search, patch, iterations

    def _enlarge(self, plane: np.ndarray) -> np.ndarray:
        factor = MAXIMUM / max(float(np.abs(plane).max()), TINY)
        low = plane * factor
        observe = Observation("box", low.shape, self.scale)
        estimate = self._corrected(spline(low, self.scale, order=3), low, observe)
        strength, before = _local_deviation(estimate, self.patch) / 2, np.inf
        for _ in range(self.iterations):
            filtered = self._corrected(self._non_local_mean(estimate, strength), low, observe)
            change = np.abs(filtered - estimate).mean()
            estimate = filtered
            if change <= LEAST_CHANGE:
                break
            if before / change < SLOW:
                strength = strength / 2
            before = change
        return estimate / factor

    def _corrected(self, estimate: np.ndarray, low: np.ndarray, observe: Observation) -> np.ndarray:
        """The estimate with the block means of the input."""
        missing = low - observe(estimate)
        return estimate + missing.repeat(self.scale, 0).repeat(self.scale, 1)

    def _non_local_mean(self, image: np.ndarray, strength: np.ndarray) -> np.ndarray:
        """Weighted mean of similar patches for all pixels at once, one offset of the search window after another."""
        radius = self.search
        mirrored = np.pad(image, radius, mode="symmetric")
        factor = -1 / np.maximum(strength**2, TINY)
        # A pixel's own weight is 1.
        total, weights, difference = image.copy(), np.ones_like(image), np.empty_like(image)
        height, width = image.shape
        for row in range(2 * radius + 1):
            for column in range(2 * radius + 1):
                if row == column == radius:
                    continue
                other = mirrored[row : row + height, column : column + width]
                np.subtract(image, other, out=difference)
                np.multiply(difference, difference, out=difference)
                weight = _window_mean(difference, self.patch)
                weight *= factor
                np.exp(weight, out=weight)
                weights += weight
                weight *= other
                total += weight
        return total / weights


def _window_mean(image: np.ndarray, radius: int) -> np.ndarray:
    """Mean in the square window around each pixel, by sums of shifted copies along each axis."""
    side, (height, width) = 2 * radius + 1, image.shape
    padded = np.pad(image, radius, mode="symmetric")
    rows = padded[:height] + padded[1 : 1 + height]
    for shift in range(2, side):
        rows += padded[shift : shift + height]
    mean = rows[:, :width] + rows[:, 1 : 1 + width]
    for shift in range(2, side):
        mean += rows[:, shift : shift + width]
    mean /= side**2
    return mean


def _local_deviation(image: np.ndarray, radius: int) -> np.ndarray:
    """Standard deviation in the square window around each pixel."""
    mean, square = (_window_mean(i, radius) for i in (image, image**2))
    return np.sqrt(np.maximum(square - mean**2, 0))
