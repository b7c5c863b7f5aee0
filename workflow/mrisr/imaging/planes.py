"""Images of any accepted rank as a stack of planes."""

from __future__ import annotations

import numpy as np

from mrisr.errors import InputError


def as_planes(images: np.ndarray) -> np.ndarray:
    """Check images [H, W], [C, H, W] or [N, C, H, W] and return a view of them as [planes, H, W].

    Raises
    ------
    InputError
        The rank is another, an axis is empty, or values are not floating point, NaN or infinite.
    """
    images = np.asarray(images)
    if images.ndim not in (2, 3, 4) or images.size == 0:
        raise InputError(f"images must be [H, W], [C, H, W] or [N, C, H, W] and not empty, not of shape {images.shape}")
    if not np.issubdtype(images.dtype, np.floating):
        raise InputError(f"images must be floating point in [0, 1], not {images.dtype}: normalise them first")
    if not np.isfinite(images).all():
        raise InputError("images contain NaN or infinity")
    return images.reshape(-1, *images.shape[-2:])


def require_whole_blocks(images: np.ndarray, scale: int) -> None:
    """Raise `InputError` unless the sides of images [..., H, W] are multiples of the scale."""
    height, width = images.shape[-2:]
    if height % scale or width % scale:
        fitting = f"{height - height % scale} x {width - width % scale}"
        raise InputError(f"images of {height} x {width} are not whole {scale}-by-{scale} blocks: crop to {fitting}")
