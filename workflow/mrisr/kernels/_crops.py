"""Where crops are taken: with a probability proportional to the gradient magnitude that a crop holds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch


def gradient_magnitude(image: np.ndarray) -> np.ndarray:
    """Length of the gradient of [H, W], central differences, float64."""
    return np.hypot(*np.gradient(image.astype(np.float64)))


def crop_weights(image: np.ndarray, size: int) -> np.ndarray:
    """Gradient magnitude summed over every crop of ``size`` x ``size``, [H - size + 1, W - size + 1], float64.

    All zero for an image without structure.
    """
    sums = np.pad(gradient_magnitude(image), ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    inside = sums[size:, size:] - sums[:-size, size:] - sums[size:, :-size] + sums[:-size, :-size]
    # Rounding leaves tiny sums in flat regions: these are differences of large sums.
    return np.where(inside > 1e-9 * sums[-1, -1], inside, 0.0)


def draw(image: np.ndarray, size: int, count: int, random: np.random.Generator) -> np.ndarray:
    """Top left corners of ``count`` crops of an image with structure, int64 [count, 2]."""
    weights = crop_weights(image, size)
    cumulative = np.cumsum(weights.ravel())
    drawn = np.searchsorted(cumulative, random.random(count) * cumulative[-1], side="right")
    # If the product rounds up to the last sum, the index would lie beyond the last crop.
    last = np.flatnonzero(weights.ravel())[-1]
    return np.stack(np.unravel_index(np.minimum(drawn, last), weights.shape), axis=1)


class Crops:
    """Crops of N images at corners drawn beforehand: one crop of each image per iteration.

    Parameters
    ----------
    images : sequence of ndarray
        float32 [H, W]; sizes may differ.
    corners : ndarray
        int64 [N, iterations, 2].
    size : int
        Side of a crop.
    """

    def __init__(self, images: Sequence[np.ndarray], corners: np.ndarray, size: int, device: torch.device):
        widths = np.array([image.shape[1] for image in images])
        begins = np.cumsum([0, *(image.size for image in images[:-1])])
        first = begins[:, None] + corners[..., 0] * widths[:, None] + corners[..., 1]
        steps = np.arange(size)
        self.pixels = torch.from_numpy(np.concatenate([image.ravel() for image in images])).to(device)
        self.first = torch.from_numpy(first).to(device)
        self.offsets = torch.from_numpy(steps[:, None] * widths[:, None, None] + steps).to(device)

    def __call__(self, iteration: int) -> torch.Tensor:
        """The crops [N, size, size] of an iteration."""
        return self.pixels[self.first[:, iteration, None, None] + self.offsets]
