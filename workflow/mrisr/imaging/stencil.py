"""Correlation of images with a few weights along one axis.

Each weight is one pass of elementwise products and sums. For fewer than about twenty weights this is faster than a
transform or a matrix product. Also, its digits are the same on every processor.
"""

from __future__ import annotations

import numpy as np


def correlate(images: np.ndarray, weights: np.ndarray, *, axis: int, stride: int = 1, count: int) -> np.ndarray:
    """Sum of ``weights[k] * images[stride * j + k]`` for j = 0 to ``count`` - 1 along an axis.

    Parameters
    ----------
    images : ndarray
        Floating point, [..., H, W]. The result has its type.
    weights : ndarray [n]
    axis : int
        -2 or -1.
    stride : int
    count : int
        Length of the result along the axis. The images must reach that far: stride (count - 1) + n pixels.
    """
    weights = weights.astype(images.dtype)
    phases = [_every(images, axis, phase, stride) for phase in range(min(stride, len(weights)))]
    parts = [_part(phases[k % stride], axis, k // stride, count) for k in range(len(weights))]
    half = len(weights) // 2
    if np.array_equal(weights, weights[::-1]):
        # Two pixels of equal weight share a product.
        total = parts[half] * weights[half] if len(weights) % 2 else None
        for near, far, weight in zip(parts[:half], parts[::-1], weights[:half], strict=False):
            total = _added(total, near + far, weight)
        return total
    total = None
    for part, weight in zip(parts, weights, strict=True):
        total = _added(total, part.copy(), weight)
    return total


def _added(total: np.ndarray | None, part: np.ndarray, weight: np.floating) -> np.ndarray:
    """``total + weight * part``; both arrays are overwritten."""
    part *= weight
    if total is None:
        return part
    total += part
    return total


def _every(images: np.ndarray, axis: int, first: int, stride: int) -> np.ndarray:
    """Every ``stride``-th pixel of an axis. A copy, because steps within a row are slow to read again and again."""
    taken = images[..., first::stride, :] if axis == -2 else images[..., first::stride]
    return taken if stride == 1 or axis == -2 else np.ascontiguousarray(taken)


def _part(images: np.ndarray, axis: int, first: int, count: int) -> np.ndarray:
    return images[..., first : first + count, :] if axis == -2 else images[..., first : first + count]
