"""Where an estimated kernel lies, how large it is, and how well kernels of several seeds agree. Measures of our own."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

SHARE = 0.95
"""Part of a kernel's absolute weight that its support holds."""


def offset(kernel: np.ndarray) -> tuple[float, float]:
    """Rows and columns from the middle of a 2 x 2 block, index k / 2, to the centre of mass of a kernel [k, k].

    An offset displaces the degraded image by as many pixels of the high-resolution slice. The sum of the kernel must
    not be 0.
    """
    kernel = np.asarray(kernel, np.float64)
    total = kernel.sum()
    places = (np.arange(size) - size / 2 for size in kernel.shape)
    rows, columns = (float(kernel.sum(axis=1 - axis) @ place / total) for axis, place in enumerate(places))
    return rows, columns


def support(kernel: np.ndarray) -> int:
    """The least number of taps whose absolute values have `SHARE` of the sum of all absolute values."""
    weights = np.sort(np.abs(np.asarray(kernel, np.float64)), axis=None)[::-1]
    held = np.cumsum(weights)
    # Rounding of the sum must not add a tap.
    return int(np.searchsorted(held, SHARE * held[-1] * (1 - 1e-12))) + 1


def similarities(kernels: Sequence[np.ndarray]) -> np.ndarray:
    """Cosines between kernels [n, k, k] as vectors: [n, n], 1 for kernels that are equal up to a factor."""
    flat = np.asarray(kernels, np.float64).reshape(len(kernels), -1)
    flat = flat / np.linalg.norm(flat, axis=1, keepdims=True)
    return flat @ flat.T


def agreement(kernels: Sequence[np.ndarray]) -> float:
    """Mean cosine over all pairs of kernels [n, k, k]; NaN for fewer than two."""
    pairs = list(itertools.combinations(range(len(kernels)), 2))
    found = similarities(kernels) if pairs else None
    return float(np.mean([found[pair] for pair in pairs])) if pairs else np.nan
