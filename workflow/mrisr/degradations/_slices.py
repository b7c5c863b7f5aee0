"""What degradations share that draw something for every slice: each slice is degraded by itself, under its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np


def each_slice(
    degrade: Callable[[np.ndarray, str], np.ndarray],
    images: np.ndarray,
    slice_ids: Sequence[str | int] | None,
) -> np.ndarray:
    """Degrade images [H, W], [C, H, W] or [N, C, H, W] slice by slice; float32 of the same rank, not clipped.

    ``degrade`` takes a slice [C, H, W] and its name. ``slice_ids`` names the N images (one for the lower ranks); by
    default 0 to N - 1.
    """
    stack = images.reshape(-1, *(images.shape[-3:] if images.ndim > 2 else (1, *images.shape)))
    names = range(len(stack)) if slice_ids is None else slice_ids
    degraded = np.stack([degrade(image, str(name)) for image, name in zip(stack, names, strict=True)])
    return degraded.reshape(*images.shape[:-2], *degraded.shape[-2:]).astype(np.float32)
