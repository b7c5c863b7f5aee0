"""Estimates of large slices in overlapping tiles, so that memory is bounded."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

SIDE = 384
"""Side of a tile in pixels of the input."""
OVERLAP = 64
"""Pixels that neighbouring tiles share. Half of them is further than the default networks without attention look."""


def tiled(
    estimate: Callable[[np.ndarray], np.ndarray],
    image: np.ndarray,
    scale: int,
    *,
    side: int = SIDE,
    overlap: int = OVERLAP,
) -> np.ndarray:
    """Estimate a slice, at once if it is no larger than a tile.

    In the overlap the weight of a tile rises from 0 to 1 between the quarters of the overlap. The outer quarters are
    not used, because there a tile does not see all that the network looks at.

    Parameters
    ----------
    estimate : callable
        [C, h, w] -> [C, scale * h, scale * w].
    image : ndarray float32 [C, H, W]

    Returns
    -------
    ndarray float32 [C, scale * H, scale * W]
    """
    height, width = image.shape[1:]
    if max(height, width) <= side:
        return estimate(image)
    total = np.zeros((image.shape[0], height * scale, width * scale), np.float32)
    weights = np.zeros(total.shape[1:], np.float32)
    for rows in _ranges(height, side, overlap):
        for columns in _ranges(width, side, overlap):
            part = estimate(np.ascontiguousarray(image[:, slice(*rows), slice(*columns)]))
            down, across = (
                _weights(first, last, n, overlap, scale) for (first, last), n in ((rows, height), (columns, width))
            )
            weight = np.outer(down, across)
            where = tuple(slice(scale * first, scale * last) for first, last in (rows, columns))
            total[:, *where] += part * weight
            weights[where] += weight
    return total / weights


def _ranges(length: int, side: int, overlap: int) -> Iterator[tuple[int, int]]:
    """First and last pixel of the tiles of an axis. The last tile ends at the border."""
    first = 0
    while first + side < length:
        yield first, first + side
        first += side - overlap
    yield max(0, length - side), length


def _weights(first: int, last: int, length: int, overlap: int, scale: int) -> np.ndarray:
    """Weights of a tile along an axis, in pixels of the estimate; 1 up to the border of the slice."""
    place = (np.arange(scale * (last - first)) + 0.5) / scale
    rising = np.ones_like(place) if first == 0 else _ramp(place, overlap)
    falling = np.ones_like(place) if last == length else _ramp(last - first - place, overlap)
    return np.minimum(rising, falling).astype(np.float32)


def _ramp(distance: np.ndarray, overlap: int) -> np.ndarray:
    """0 in the outer quarter of the overlap, 1 from its third quarter on. A trace keeps single pixels from 0 / 0."""
    return np.clip((distance - overlap / 4) / (overlap / 2), 1e-6, 1)
