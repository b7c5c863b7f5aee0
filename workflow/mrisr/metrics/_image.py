"""Steps of several metrics: leave out a border or the outside of a mask, take the luma, average 2 x 2 blocks."""

from __future__ import annotations

import numpy as np

from mrisr.errors import InputError

LUMA = np.array([65.481, 128.553, 24.966]) / 255
"""Weights of red, green and blue, and the offset below: ITU-R BT.601 on studio range, as in photo papers."""
OFFSET = 16 / 255


def compared_part(image: np.ndarray, *, border: int, luma: bool, data_range: float, metric: str) -> np.ndarray:
    """The part of an image [H, W] or [C, H, W] that a metric compares, of the same rank.

    Raises
    ------
    InputError
        Nothing is left inside the border, or ``luma`` is set for an image without three channels.
    """
    if luma:
        if image.ndim != 3 or len(image) != 3:
            raise InputError(
                f"{metric}: luma needs images of 3 channels (red, green, blue), not of shape {image.shape}"
            )
        image = np.tensordot(LUMA, image, axes=1)[None] + OFFSET * data_range
    if not border:
        return image
    if min(image.shape[-2:]) <= 2 * border:
        raise InputError(f"{metric}: a border of {border} pixels leaves nothing of images of {image.shape[-2:]}")
    return without_border(image, border)


def without_border(image: np.ndarray, border: int) -> np.ndarray:
    """An image [..., H, W] without ``border`` pixels at each edge."""
    return image[..., border:-border, border:-border] if border else image


def values_inside(values: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
    """The values of an image [..., H, W] that count: all, or those where ``mask`` [H, W] is true."""
    return values if mask is None else values[..., mask]


def require_border(border: int, metric: str) -> None:
    """Raise `InputError` for a negative border."""
    if border < 0:
        raise InputError(f"{metric}: border must be 0 or more pixels, not {border}")


def halved(image: np.ndarray) -> np.ndarray:
    """Means of 2 x 2 blocks [..., H/2, W/2]; an odd side is completed with zeros."""
    height, width = image.shape[-2:]
    padded = np.pad(image, [(0, 0)] * (image.ndim - 2) + [(0, height % 2), (0, width % 2)])
    rows = padded[..., ::2, :] + padded[..., 1::2, :]
    return (rows[..., ::2] + rows[..., 1::2]) / 4
